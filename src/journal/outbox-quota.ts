import { addDays, weekday } from '../market/calendar.ts'
import type { Instant, IsoDate } from '../units.ts'
import type { RenderedPost } from './entry.ts'
import type { Usage } from './outbox.ts'

/** How much a post matters when not everything can be posted. */
export type Importance = 'digest' | 'decision' | 'routine'

export type Quota = { readonly dailyTexts: number; readonly monthlyTexts: number }

/** Texts that one weekly report may need. */
const digestTexts = 3

/**
 * Reports come first, then decisions that trade or that failed, then all else: fills, and days on which nothing is done.
 *
 * @param tradesOrFailed of a decision: whether it has orders, or none was reached
 */
export function importanceOf(purpose: RenderedPost['purpose'], tradesOrFailed: boolean): Importance {
  if (purpose === 'weekly' || purpose === 'monthly') return 'digest'
  return purpose === 'decision' && tradesOrFailed ? 'decision' : 'routine'
}

export type Allowance =
  | { readonly kind: 'go' }
  /** The day's posts are used up; the post keeps its place until the next UTC day. */
  | { readonly kind: 'tomorrow'; readonly because: string }
  /** It will not be posted. */
  | { readonly kind: 'no'; readonly because: string }

/**
 * Whether a post may go out under the quota of a UTC day and month.
 *
 * Of the month's texts, three are kept for each Friday that is left, at most half the quota: the weekly reports always have
 * room. A routine post must also leave one for each weekday that is left, so that decisions have room. Of the day's texts, a
 * routine post leaves one for a decision. What is routine and finds no room is left out; what matters waits for the next day.
 *
 * @param texts of the post
 */
export function allowance(
  quota: Quota,
  used: { readonly day: Usage; readonly month: Usage },
  post: { readonly importance: Importance; readonly texts: number },
  at: Instant,
): Allowance {
  const { importance, texts } = post
  const leftInMonth = quota.monthlyTexts - used.month.texts
  const leftInDay = quota.dailyTexts - used.day.texts
  const { fridays, weekdays } = daysLeft(at.slice(0, 10))
  const forDigests = Math.min(digestTexts * fridays, Math.floor(quota.monthlyTexts / 2))
  const kept = { digest: 0, decision: forDigests, routine: forDigests + weekdays }[importance]
  if (texts > leftInMonth - kept) {
    const keeping = kept === 0 ? '' : `, and what matters more may need ${kept}`
    const because = `quota: ${Math.max(0, leftInMonth)} of ${quota.monthlyTexts} posts are left this month${keeping}`
    return { kind: 'no', because }
  }
  const forDecision = importance === 'routine' ? 1 : 0
  if (texts > leftInDay - forDecision) {
    const keeping = forDecision === 0 || leftInDay < 1 ? '' : ', of which one is kept for a decision'
    const because = `quota: ${Math.max(0, leftInDay)} of ${quota.dailyTexts} posts are left today${keeping}`
    // A thread that no day has room for would wait for ever.
    return importance === 'routine' || texts > quota.dailyTexts
      ? { kind: 'no', because }
      : { kind: 'tomorrow', because }
  }
  return { kind: 'go' }
}

/** Fridays and weekdays from a date to the end of its month, the date included. */
function daysLeft(date: IsoDate): { readonly fridays: number; readonly weekdays: number } {
  let fridays = 0
  let weekdays = 0
  for (let day = date; day.slice(0, 7) === date.slice(0, 7); day = addDays(day, 1)) {
    const number = weekday(day)
    if (number === 5) fridays++
    if (number <= 5) weekdays++
  }
  return { fridays, weekdays }
}
