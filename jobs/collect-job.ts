import { z } from 'zod'
import { defineJob } from '../src/job.ts'
import { Instant } from '../src/units.ts'
import { collectFromX } from './collect.ts'

/** Listens on X, which tells nobody by itself. What a missed look would have found, the next one finds. */
export const collectJob = defineJob({
  name: 'collect',
  summary: 'listen on X',
  queue: 'listening',
  schedule: ({ x }) => [{ everyMinutes: x.pollMinutes }],
  payload: z.strictObject({ at: Instant }),
  payloads: (firedAt, config) => (config.x.appKey === null ? [] : [{ at: firedAt }]),

  run: async (ctx, { at }) => {
    const { xReader, publishers } = ctx.channels
    if (xReader === null) return { kind: 'nothing', because: 'X is not configured' }
    const onX = publishers.find(({ channel }) => channel === 'x') ?? null
    const { written, deletions, because } = await collectFromX(ctx, xReader, ctx.clock.now(at), onX)
    const rest = because === null ? '' : `; not everything was read: ${because}`
    return written + deletions === 0
      ? { kind: 'nothing', because: `nothing new${rest}` }
      : { kind: 'done', did: `wrote down ${written}, erased ${deletions}${rest}` }
  },
})
