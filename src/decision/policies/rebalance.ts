import { isoWeek } from '../../market/calendar.ts'
import type { IsoDate } from '../../units.ts'

export const rebalances = ['daily', 'weekly', 'monthly'] as const
export type Rebalance = (typeof rebalances)[number]

/**
 * Whether a periodic policy acts at this session: the book's first one, then the first of each ISO week or month.
 * It looks back one session only, so the calendar ahead is not needed.
 */
export function isRebalanceSession(
  sessions: readonly IsoDate[],
  session: number,
  firstSession: number,
  rebalance: Rebalance,
): boolean {
  if (session === firstSession || rebalance === 'daily') return true
  const today = sessions[session]!
  const before = sessions[session - 1]!
  return rebalance === 'weekly' ? isoWeek(today) !== isoWeek(before) : today.slice(0, 7) !== before.slice(0, 7)
}
