import { z } from 'zod'
import { defineJob, stamp } from '../src/job.ts'
import { Instant } from '../src/units.ts'
import { type ChannelRun, publishPending } from './publish.ts'

/**
 * Sends what was rendered. It follows each job that may have rendered something; its own schedule finds what was left behind
 * by a crash, a quota or a channel that was away.
 */
export const publishJob = defineJob({
  name: 'publish',
  summary: 'send what was rendered',
  queue: 'posts',
  schedule: [{ everyMinutes: 15 }],
  // In days that are played back it follows the jobs alone.
  live: true,
  payload: z.strictObject({ at: Instant, after: z.string().nullable() }),
  payloads: (firedAt) => [{ at: firedAt, after: null }],
  // A run that asks for another does so while it still lies in the queue itself.
  identity: ({ at, after }) => (after === null ? stamp(at) : `after-${after}-${Date.parse(at)}`),

  run: async (ctx, { at }) => {
    const runs = await publishPending(ctx, ctx.channels.publishers, ctx.clock.now(at))
    const next = runs.flatMap(({ pending, nextAt }) => (pending > 0 && nextAt !== null ? [nextAt] : []))
    const again = next.length === 0 ? {} : { again: next.reduce((first, one) => (one < first ? one : first)) }
    const waiting = runs.filter(({ pending }) => pending > 0).map(said)
    const sent = runs.reduce((sum, { sent, found }) => sum + sent + found, 0)
    const givenUp = runs.reduce((sum, one) => sum + one.givenUp, 0)
    return sent + givenUp === 0
      ? { kind: 'nothing', because: waiting.join('; ') || 'nothing to send', ...again }
      : {
          kind: 'done',
          did: [`sent ${sent}`, givenUp > 0 && `gave up ${givenUp}`, ...waiting].filter(Boolean).join('; '),
          ...again,
        }
  },
})

function said({ channel, pending, because }: ChannelRun): string {
  return `${channel}: ${pending} ${pending === 1 ? 'post waits' : 'posts wait'}${because === null ? '' : `, ${because}`}`
}
