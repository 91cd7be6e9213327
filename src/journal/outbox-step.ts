import type { Instant } from '../units.ts'
import type { Attempt, PendingPost } from './outbox.ts'
import type { Allowance } from './outbox-quota.ts'

/**
 * What happens next to a post on a channel. Two workers never send the same text:
 *
 * - A claim is an entry `posting` under a key that can be written once, and is written only if nobody wrote to the book
 *   `outbox` since its writer looked. So one worker alone may send, in the order of each book, within the quota.
 * - A claim lasts `claimMs`, longer than any send takes. Until then only its worker asks the channel about it, unless the
 *   attempt is known to be over: its worker wrote so (`released`), or is known to be gone. Even then `settleMs` pass first,
 *   counted from when this process learned it, so that clocks need not agree: nobody finds a message missing that is still on
 *   its way.
 * - Before a further attempt the channel is asked. Where it cannot be asked, the post waits.
 *
 * What no journal can rule out is a worker that stands still (a suspended machine) between its last look at the clock and
 * its request, and a channel whose history lags behind. There the channel's own memory helps: Discord answers a nonce of the
 * last minutes with the message it has, and X refuses a text that it has.
 */
export type Step =
  /** Nothing is on the channel: claim the part and send it. */
  | { readonly kind: 'claim'; readonly post: PendingPost; readonly part: number; readonly attempt: number }
  /** It may be on the channel: ask. */
  | { readonly kind: 'ask'; readonly post: PendingPost; readonly part: number }
  | { readonly kind: 'give-up'; readonly post: PendingPost; readonly part: number; readonly because: string }
  /** Not before `until`, by the system clock; null: not before the next day of the journal. */
  | { readonly kind: 'wait'; readonly until: Instant | null; readonly because: string }

export type StepFacts = {
  /** Time of the journal. */
  readonly now: Instant
  /** System time, in which claims are counted. */
  readonly systemNow: Instant
  /** This process. */
  readonly worker: string
  /** What this process knows of an attempt beyond the journal; all of it may be forgotten without harm. */
  readonly known: (attempt: Attempt) => {
    /** When its request was over, or was first known to be, by the system clock; null where it may be under way. */
    readonly endedAt: Instant | null
    /** When the channel was last asked about it and did not have it, by the system clock. */
    readonly missingAt: Instant | null
  }
  readonly allowance: (post: PendingPost) => Allowance
}

/** How long a claim keeps others away, in milliseconds: longer than `sendMostMs`, and clocks that differ by half a minute. */
export const claimMs = 120_000
/** What a worker sent with its last breath, or a server still works on after it failed to answer, arrives within this time. */
export const settleMs = 5_000
/** Another worker's claim may be over long before its time: the journal is looked at again after so long. */
const lookAgainMs = 10_000
/** Longest pause between two attempts. */
const pauseMostMs = 3_600_000
/** A post older than this is not worth a reader's time, and many at once after a long standstill would be a flood. */
export const ageMostMs = 3 * 86_400_000

export function nextStep(post: PendingPost, facts: StepFacts): Step {
  const part = post.sent.length
  const last = post.attempts.at(-1)
  const wait = last === undefined ? null : whatOf(last, post, facts)
  if (wait === 'ask') return { kind: 'ask', post, part }
  if (wait !== null) return wait
  if (isTooOld(post, facts.now)) {
    const because = `too old: rendered at ${post.entry.at} and not sent within three days`
    return { kind: 'give-up', post, part, because }
  }
  // What has begun is ended: half a thread says less than either.
  if (part === 0) {
    const allowed = facts.allowance(post)
    if (allowed.kind === 'no') return { kind: 'give-up', post, part, because: allowed.because }
    if (allowed.kind === 'tomorrow') return { kind: 'wait', until: null, because: allowed.because }
  }
  return { kind: 'claim', post, part, attempt: post.attempts.length + 1 }
}

/** What the last attempt demands before anything else is done: to wait, to ask, or nothing. */
function whatOf(last: Attempt, post: PendingPost, facts: StepFacts): Step | 'ask' | null {
  const { endedAt, missingAt } = facts.known(last)
  const count = post.attempts.length
  const claimedMs = Date.parse(last.claimedAt)
  const endedMs = endedAt === null ? null : Date.parse(endedAt)
  const nowMs = Date.parse(facts.systemNow)
  const until = (ms: number, because: string): Step => ({ kind: 'wait', until: new Date(ms).toISOString(), because })
  if (last.released === 'unsent') {
    const againMs = claimedMs + pauseMs(count, settleMs)
    return nowMs < againMs && !isTooOld(post, facts.now) ? until(againMs, 'it was tried a moment ago') : null
  }
  // A process's own attempts are over when it comes here again: it sends one at a time.
  const isMine = last.worker === facts.worker
  const askMs = isMine ? claimedMs : endedMs === null ? claimedMs + claimMs : endedMs + settleMs
  if (nowMs < askMs) {
    return until(endedMs === null ? Math.min(askMs, nowMs + lookAgainMs) : askMs, 'another worker may be sending it')
  }
  if (missingAt === null) return 'ask'
  if (isTooOld(post, facts.now)) return null
  const againMs = endedMs === null ? claimedMs + pauseMs(count, claimMs) : endedMs + pauseMs(count, settleMs)
  if (nowMs < againMs) return until(againMs, 'it was tried a moment ago')
  // What was not there a while ago may be there now.
  return Date.parse(missingAt) >= againMs ? null : 'ask'
}

/** Pauses double, so that a channel that fails for days is asked some eighty times, not thousands. */
function pauseMs(attempts: number, firstMs: number): number {
  return Math.min(firstMs * 2 ** (attempts - 1), pauseMostMs)
}

export function isTooOld(post: PendingPost, now: Instant): boolean {
  return Date.parse(now) - Date.parse(post.entry.at) > ageMostMs
}
