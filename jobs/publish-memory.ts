import twitter from 'twitter-text'
import type { Journal } from '../src/adapters/database/journal.ts'
import type { Context } from '../src/context.ts'
import { ConflictError } from '../src/errors.ts'
import type { Entry, NewEntry } from '../src/journal/entry.ts'
import {
  emptyOutbox,
  type Outbox,
  outboxBook,
  outboxKinds,
  type PendingPost,
  partsOf,
  readOutbox,
} from '../src/journal/outbox.ts'
import { Channel, type PostingEntry } from '../src/journal/outbox-entry.ts'
import { type Importance, importanceOf } from '../src/journal/outbox-quota.ts'
import type { Step, StepFacts } from '../src/journal/outbox-step.ts'
import type { Picture, Publisher } from '../src/posts/publisher.ts'
import { postOnTerminal } from '../src/posts/terminal.ts'
import type { Instant, IsoDate } from '../src/units.ts'

type Say = (line: string) => void
type Hold = { readonly untilMs: number; readonly untilDay: IsoDate | null; readonly because: string }

/**
 * What a process knows about sending beyond the journal. All of it may be lost at any moment: then the channel is asked, or
 * tried once more, where this memory would have spared it.
 */
export type Outbound = {
  readonly worker: string
  /** Runs one after another. */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
  /** The outbox as the journal has it now. */
  readonly read: () => Promise<Outbox>
  /** @returns false when somebody wrote first (to the book at all, where `lastSeq` is given): look again */
  readonly append: (entries: readonly NewEntry[], lastSeq: number | null) => Promise<boolean>
  readonly known: StepFacts['known']
  /** The first time counts. */
  readonly hasEnded: (attempt: PostingEntry, at: Instant) => void
  readonly wasMissing: (attempt: PostingEntry, at: Instant) => void
  readonly holdOn: (channel: Channel, now: Instant, systemNow: Instant) => Extract<Step, { kind: 'wait' }> | null
  /** `grows`: each further one without a success in between lasts twice as long, at most an hour. */
  readonly hold: (
    channel: Channel,
    hold: { readonly forMs: number; readonly grows: boolean; readonly because: string },
    systemNow: Instant,
    say: Say,
  ) => void
  readonly succeeded: (channel: Channel) => void
  /** Until a UTC day of the journal's time. */
  readonly holdUntilDay: (channel: Channel, day: IsoDate, because: string, say: Say) => void
  /** The same pictures for both channels, drawn once. */
  readonly pictures: (post: Entry<'post'>, draw: () => Promise<readonly Picture[]>) => Promise<readonly Picture[]>
  readonly importance: Map<number, Importance>
  /** Posts up to here were shown as previews. */
  previewedTo: number
  readonly channels: readonly Channel[]
}

const known = new WeakMap<Journal, Outbound>()

/** The memory that belongs to a journal as it is open in this process. */
export function openOutbound(
  ctx: Context,
  publishers: readonly Publisher[],
  worker: string | (() => string),
): Outbound {
  const channels = publishers.map(({ channel }) => channel)
  const before = known.get(ctx.journal)
  if (before !== undefined && before.channels.join() === channels.join()) return before
  const outbound = newOutbound(ctx.journal, channels, typeof worker === 'string' ? worker : worker())
  known.set(ctx.journal, outbound)
  return outbound
}

function newOutbound(journal: Journal, channels: readonly Channel[], worker: string): Outbound {
  let outbox = emptyOutbox(channels)
  let running: Promise<unknown> = Promise.resolve()
  let reading: Promise<unknown> = Promise.resolve()
  const ended = new Map<string, Instant>()
  const missing = new Map<string, Instant>()
  const failures = new Map<Channel, number>()
  const holds = new Map<Channel, Hold>()
  const drawn = new Map<number, Promise<readonly Picture[]>>()
  const nameOf = ({ channel, post, part, attempt }: PostingEntry) => `${channel}/${post}/${part}/${attempt}`
  const holdFor = (channel: Channel, hold: Hold, say: Say) => {
    holds.set(channel, hold)
    const until = hold.untilDay === null ? new Date(hold.untilMs).toISOString() : `${hold.untilDay}, UTC`
    say(`${channel}: nothing is sent before ${until}: ${hold.because}`)
  }
  return {
    worker,
    channels,
    importance: new Map(),
    previewedTo: 0,
    alone(work) {
      const mine = running.then(work)
      running = mine.catch(() => {})
      return mine
    },
    read() {
      // Both channels read at once; what one has read the other must not read again.
      const mine = reading.then(async () => {
        const entries = await Array.fromAsync(journal.read({ kinds: outboxKinds, fromSeq: outbox.upTo + 1 }))
        if (entries.length > 0) outbox = readOutbox(outbox, entries)
        for (const seq of drawn.keys()) {
          if (!channels.some((channel) => outbox.pending.has(`${channel}/${seq}`))) drawn.delete(seq)
        }
        return outbox
      })
      reading = mine.catch(() => {})
      return mine
    },
    async append(entries, lastSeq) {
      try {
        const options = lastSeq === null ? {} : { expect: { book: outboxBook, seq: lastSeq } }
        return (await journal.append(entries, options)).kind === 'appended'
      } catch (error) {
        if (error instanceof ConflictError) return false
        throw error
      }
    },
    known(attempt) {
      const name = nameOf(attempt)
      return { endedAt: ended.get(name) ?? null, missingAt: missing.get(name) ?? null }
    },
    hasEnded(attempt, at) {
      const name = nameOf(attempt)
      if (!ended.has(name)) ended.set(name, at)
    },
    wasMissing: (attempt, at) => void missing.set(nameOf(attempt), at),
    holdOn(channel, now, systemNow) {
      const hold = holds.get(channel)
      if (hold === undefined) return null
      const isOver = hold.untilDay === null ? Date.parse(systemNow) >= hold.untilMs : now.slice(0, 10) >= hold.untilDay
      if (isOver) {
        holds.delete(channel)
        return null
      }
      const until = hold.untilDay === null ? new Date(hold.untilMs).toISOString() : null
      return { kind: 'wait', until, because: hold.because }
    },
    hold(channel, { forMs, grows, because }, systemNow, say) {
      const before = failures.get(channel) ?? 0
      const lastsMs = grows ? Math.min(forMs * 2 ** before, 3_600_000) : forMs
      failures.set(channel, before + 1)
      holdFor(channel, { untilMs: Date.parse(systemNow) + lastsMs, untilDay: null, because }, say)
    },
    succeeded: (channel) => void failures.delete(channel),
    holdUntilDay: (channel, untilDay, because, say) => holdFor(channel, { untilMs: 0, untilDay, because }, say),
    pictures(post, draw) {
      const pictures = drawn.get(post.seq) ?? draw()
      drawn.set(post.seq, pictures)
      return pictures
    },
  }
}

/** How much each post matters; of a decision the entry that it tells of says it. */
export async function importanceIn(
  ctx: Context,
  { importance }: Outbound,
  posts: readonly PendingPost[],
): Promise<ReadonlyMap<number, Importance>> {
  for (const { entry } of posts) {
    if (importance.has(entry.seq)) continue
    const { purpose, of } = entry.body
    const [told] = purpose === 'decision' ? await Array.fromAsync(ctx.journal.read({ fromSeq: of.seq, limit: 1 })) : []
    const matters = told?.kind === 'decision' && (told.body.orders.length > 0 || told.body.outcome === 'no-decision')
    importance.set(entry.seq, importanceOf(purpose, matters))
  }
  return importance
}

/** Price of a post on X in US dollars, by its price list of 2026-04-16: one with a link costs more than ten times as much. */
export function costOnX(text: string): number {
  return twitter.extractUrls(text).length > 0 ? 0.2 : 0.015
}

/** A post that no channel takes is shown, once in a process and only while it is news. */
export async function showPreviews(ctx: Context, outbound: Outbound, now: Instant): Promise<void> {
  const missing = Channel.options.filter((channel) => !outbound.channels.includes(channel))
  if (missing.length === 0) return
  const newsMs = Date.parse(now) - 86_400_000
  const news = ctx.journal.read({
    kinds: ['post'],
    fromSeq: outbound.previewedTo + 1,
    fromAt: new Date(newsMs).toISOString(),
  })
  for await (const post of news) {
    outbound.previewedTo = post.seq
    if (post.kind !== 'post') continue
    const where = missing.filter((channel) => partsOf(post.body, channel) > 0)
    if (where.length === 0) continue
    ctx.say(`preview, ${where.join(' and ')} not configured:\n${postOnTerminal(post.body)}`)
  }
}
