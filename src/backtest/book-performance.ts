import type { Performance } from '../journal/catalyst-report-entry.ts'
import { simpleReturns } from '../statistics/evidence.ts'
import { type Figure, isKnown } from '../statistics/figure.ts'
import { sharpeRatio, sortinoRatio, volatility } from '../statistics/performance.ts'
import { maxDrawdown } from '../statistics/risk.ts'
import { ratioFewest } from '../statistics/stats.ts'

/**
 * A book's own figures on its net daily returns since the start.
 *
 * @param equity its closes, oldest first, at least one
 * @param periodsPerYear 252, or 365 where every day is a session
 */
export function bookPerformance(equity: readonly number[], periodsPerYear: number): Performance {
  const returns = simpleReturns(equity)
  const few =
    returns.length < ratioFewest
      ? `ratios begin at ${ratioFewest} net daily returns; there are ${returns.length}`
      : null
  let because = few
  const settled = (figure: () => Figure): number | null => {
    if (few !== null) return null
    const found = figure()
    if (isKnown(found)) return found
    because ??= found.because
    return null
  }
  return {
    returns: returns.length,
    sharpe: settled(() => sharpeRatio(returns, { periodsPerYear })),
    sortino: settled(() => sortinoRatio(returns, { periodsPerYear })),
    volatility: settled(() => volatility(returns, { periodsPerYear })),
    maxDrawdown: returns.length === 0 ? 0 : maxDrawdown(returns),
    because,
  }
}
