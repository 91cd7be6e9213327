import type { IsoDate } from '../units.ts'
import type { Bar, History, Split } from './bar.ts'
import { addDays } from './calendar-days.ts'

/** What counts as a change of unit rather than a price, and how long the new one must trade before it is believed. */
export type JumpTerms = {
  /** Closes of neighbouring bars that differ by at least this factor, up or down, without a split on record. */
  readonly ratio: number
  /** Calendar days from the jump on whose bars are not used. */
  readonly quarantineDays: number
}

export type Jump = { readonly symbol: string; readonly date: IsoDate; readonly ratio: number }

/**
 * A history without what cannot be traded on: bars without volume, whose prices nobody paid, and the days after a jump that
 * looks like a redenomination, a swap of tokens or a wrong digit. In those days nothing is traded or valued anew: what is held
 * keeps its last price, and is closed as delisted when they outlast the patience for silence. After them the series goes on in
 * its new unit, joined by a split at the ratio of the prices, so that the jump is nobody's gain or loss.
 *
 * Whether a bar stays hangs on it and on those before it alone.
 *
 * Example: closes 1, 1.02, 103, 104, ... with ratio 20 and 60 days: the 101-fold day and the 59 after it are left out.
 */
export function withoutJumps(
  history: History,
  terms: JumpTerms,
): { readonly history: History; readonly jumps: readonly Jump[]; readonly idle: number } {
  const bars: Bar[] = []
  const splits: Split[] = [...history.splits]
  const jumps: Jump[] = []
  let idle = 0
  let until: IsoDate = ''
  let joined = true
  let previous: Bar | undefined
  for (const bar of history.bars) {
    if (bar.volume === 0) {
      idle++
      continue
    }
    if (previous !== undefined) {
      const ratio = (bar.close / previous.close) * splitBetween(history.splits, previous.date, bar.date)
      if (ratio >= terms.ratio || ratio <= 1 / terms.ratio) {
        jumps.push({ symbol: history.symbol, date: bar.date, ratio })
        until = addDays(bar.date, terms.quarantineDays)
        joined = false
      }
    }
    previous = bar
    if (bar.date < until) continue
    const last = bars.at(-1)
    if (!joined && last !== undefined) {
      const known = splitBetween(history.splits, last.date, bar.date)
      splits.push({ date: bar.date, ratio: last.close / bar.close / known })
    }
    joined = true
    bars.push(bar)
  }
  if (jumps.length === 0 && idle === 0) return { history, jumps, idle }
  splits.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
  return { history: { ...history, bars, splits }, jumps, idle }
}

/** New units for each old one over the days after `after` up to `to`. */
function splitBetween(splits: readonly Split[], after: IsoDate, to: IsoDate): number {
  let ratio = 1
  for (const split of splits) if (split.date > after && split.date <= to) ratio *= split.ratio
  return ratio
}
