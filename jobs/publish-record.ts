import type { Context } from '../src/context.ts'
import { outboxBook, outboxKeys, type PendingPost } from '../src/journal/outbox.ts'
import type { Channel, PostingEntry, ReleasedEntry } from '../src/journal/outbox-entry.ts'
import type { Step } from '../src/journal/outbox-step.ts'
import type { Publisher } from '../src/posts/publisher.ts'
import type { Instant } from '../src/units.ts'
import type { Outbound } from './publish-memory.ts'

/** One channel's turn to send, as long as it lasts. */
export type Run = {
  readonly ctx: Context
  readonly outbound: Outbound
  readonly publisher: Publisher
  readonly channel: Channel
  /** Time of the journal, and of the system. */
  readonly now: () => Instant
  readonly systemNow: () => Instant
  readonly count: { sent: number; found: number; givenUp: number }
}

/** The channel has it. */
export async function recordPosted(
  run: Run,
  { channel, post, part, late }: PostingEntry,
  externalId: string,
  how: 'sent' | 'found',
): Promise<void> {
  const body = { channel, post, part, externalId, how, late }
  const key = outboxKeys.posted(body)
  if (!(await run.outbound.append([{ at: run.now(), kind: 'posted', book: outboxBook, key, body }], null))) return
  run.count[how] += 1
  run.outbound.succeeded(channel)
}

/**
 * The post will not be on the channel.
 *
 * @param isFinal whatever others wrote meanwhile: the channel itself refused it
 */
export async function giveUp(
  run: Run,
  { post, because }: Pick<Extract<Step, { kind: 'give-up' }>, 'post' | 'because'>,
  isFinal = false,
): Promise<void> {
  const lastSeq = isFinal ? null : (await run.outbound.read()).lastSeq
  if (!(await run.outbound.append([unposted(post, run.now(), because)], lastSeq))) return
  run.count.givenUp += 1
  run.ctx.say(`${run.channel}: the ${post.entry.body.purpose} post of entry ${post.entry.seq} is not sent: ${because}`)
}

export function unposted({ channel, entry, sent }: PendingPost, at: Instant, because: string) {
  const body = { channel, post: entry.seq, part: sent.length, because: because.slice(0, 500) }
  return { at, kind: 'unposted', book: outboxBook, key: outboxKeys.unposted(channel, entry.seq), body } as const
}

/** The attempt is over: from now on others need not wait for the end of its claim. */
export async function release(
  run: Run,
  { channel, post, part, attempt }: PostingEntry,
  outcome: ReleasedEntry['outcome'],
): Promise<void> {
  const body = { channel, post, part, attempt, outcome }
  const key = outboxKeys.released(body)
  await run.outbound.append([{ at: run.now(), kind: 'released', book: outboxBook, key, body }], null)
}
