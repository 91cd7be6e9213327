import type { Instant } from '../units.ts'
import type { Entry, RenderedPost } from './entry.ts'
import type { Channel, PostingEntry, ReleasedEntry } from './outbox-entry.ts'

/** Name of the journal's book that holds what was sent. */
export const outboxBook = 'outbox'

/** Kinds of entries from which the outbox is read. */
export const outboxKinds = ['post', 'posting', 'posted', 'unposted', 'released'] as const

/** A claim on a part, and what its worker wrote when the attempt was over without success; null until then. */
export type Attempt = PostingEntry & { readonly released: ReleasedEntry['outcome'] | null }

/** A post that is not yet through on a channel. */
export type PendingPost = {
  readonly entry: Entry<'post'>
  readonly channel: Channel
  /** External ids of the parts that are on the channel, in order. */
  readonly sent: readonly string[]
  /** Parts in all, and whether it said to be late, both as the first attempt laid it out; null before one. */
  readonly layout: { readonly parts: number; readonly late: boolean } | null
  /** Attempts at the part that comes next, oldest first: what became of them the channel must be asked. */
  readonly attempts: readonly Attempt[]
}

/** What was sent on a channel in one UTC day; a text counts at its first attempt. */
export type Usage = { readonly texts: number; readonly costUsd: number }

/** Everything the outbox knows, as the journal's entries up to `upTo` have it. */
export type Outbox = {
  readonly channels: readonly Channel[]
  /** Last entry read. */
  readonly upTo: number
  /** Last entry of the book `outbox`, which an append expects. */
  readonly lastSeq: number
  /** By `key`, in the order of posts. */
  readonly pending: ReadonlyMap<string, PendingPost>
  /** By channel and UTC day of the journal's time: `x/2026-11-20`. */
  readonly usage: ReadonlyMap<string, Usage>
}

export function emptyOutbox(channels: readonly Channel[]): Outbox {
  return { channels, upTo: 0, lastSeq: 0, pending: new Map(), usage: new Map() }
}

/** Texts on X or messages on Discord that a post comes to when it is on time; 0 where it is not meant for the channel. */
export function partsOf(post: RenderedPost, channel: Channel): number {
  if (channel === 'x') return post.x.length
  return post.discord === null ? 0 : 1
}

/**
 * The outbox after further entries. A post that is through on every channel is forgotten, so that months of posts weigh nothing.
 *
 * @param entries of the kinds in `outboxKinds`, in order, after those known
 */
export function readOutbox(known: Outbox, entries: readonly Entry[]): Outbox {
  let { upTo, lastSeq } = known
  const pending = new Map(known.pending)
  const usage = new Map(known.usage)
  const change = (channel: Channel, post: number, next: (now: PendingPost) => PendingPost | null) => {
    const key = pendingKey(channel, post)
    const now = pending.get(key)
    if (now === undefined) return
    const then = next(now)
    if (then === null) pending.delete(key)
    else pending.set(key, then)
  }
  for (const entry of entries) {
    upTo = entry.seq
    if (entry.book === outboxBook) lastSeq = entry.seq
    switch (entry.kind) {
      case 'post':
        for (const channel of known.channels) {
          if (partsOf(entry.body, channel) === 0) continue
          const post: PendingPost = { entry, channel, sent: [], layout: null, attempts: [] }
          pending.set(pendingKey(channel, entry.seq), post)
        }
        break
      case 'posting': {
        const { channel, post, part, parts, late, attempt, costUsd } = entry.body
        if (attempt === 1) {
          const day = usageKey(channel, entry.at)
          const { texts, costUsd: before } = usage.get(day) ?? { texts: 0, costUsd: 0 }
          usage.set(day, { texts: texts + 1, costUsd: before + costUsd })
        }
        change(channel, post, (now) => {
          const attempts = [...now.attempts, { ...entry.body, released: null }]
          // Until its first part is out, a post may still become late.
          return { ...now, attempts, layout: part === 0 || now.layout === null ? { parts, late } : now.layout }
        })
        break
      }
      case 'posted': {
        const { channel, post, externalId, late } = entry.body
        change(channel, post, (now) => {
          const sent = [...now.sent, externalId]
          const parts = now.sent.length === 0 ? partsSent(now, late) : (now.layout?.parts ?? 1)
          return sent.length >= parts ? null : { ...now, sent, layout: { parts, late }, attempts: [] }
        })
        break
      }
      case 'released': {
        const { channel, post, part, attempt, outcome } = entry.body
        change(channel, post, (now) => {
          const isIt = (one: Attempt) => one.part === part && one.attempt === attempt
          return { ...now, attempts: now.attempts.map((one) => (isIt(one) ? { ...one, released: outcome } : one)) }
        })
        break
      }
      case 'unposted':
        change(entry.body.channel, entry.body.post, () => null)
    }
  }
  return { channels: known.channels, upTo, lastSeq, pending, usage }
}

/** A first part may have been attempted on time and late; what the channel has decides how the rest goes on. */
function partsSent({ attempts, layout }: PendingPost, late: boolean): number {
  return attempts.findLast((attempt) => attempt.late === late)?.parts ?? layout?.parts ?? 1
}

function pendingKey(channel: Channel, post: number): string {
  return `${channel}/${post}`
}

function usageKey(channel: Channel, at: Instant): string {
  return `${channel}/${at.slice(0, 10)}`
}

/** What went out on a channel in the UTC day and the UTC month of a moment. */
export function usageAt(outbox: Outbox, channel: Channel, at: Instant): { readonly day: Usage; readonly month: Usage } {
  const none: Usage = { texts: 0, costUsd: 0 }
  let month = none
  for (const [key, { texts, costUsd }] of outbox.usage) {
    if (!key.startsWith(`${channel}/${at.slice(0, 7)}`)) continue
    month = { texts: month.texts + texts, costUsd: month.costUsd + costUsd }
  }
  return { day: outbox.usage.get(usageKey(channel, at)) ?? none, month }
}

/** Each book's oldest post that is not through: the one whose turn it is. */
export function turnsOn(outbox: Outbox, channel: Channel): readonly PendingPost[] {
  const byBook = new Map<string, PendingPost>()
  for (const post of outbox.pending.values()) {
    if (post.channel === channel && !byBook.has(post.entry.book)) byBook.set(post.entry.book, post)
  }
  return [...byBook.values()]
}

/** Keys under which each step of a post is written once. */
export const outboxKeys = {
  posting: ({ channel, post, part, attempt }: Pick<PostingEntry, 'channel' | 'post' | 'part' | 'attempt'>) =>
    `outbox/${channel}/${post}/${part}/posting${attempt === 1 ? '' : `-${attempt}`}`,
  released: ({ channel, post, part, attempt }: ReleasedEntry) =>
    `outbox/${channel}/${post}/${part}/released${attempt === 1 ? '' : `-${attempt}`}`,
  posted: ({ channel, post, part }: Pick<PostingEntry, 'channel' | 'post' | 'part'>) =>
    `outbox/${channel}/${post}/${part}/posted`,
  unposted: (channel: Channel, post: number) => `outbox/${channel}/${post}/unposted`,
} as const
