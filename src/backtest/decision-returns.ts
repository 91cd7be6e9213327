import type { Panel } from '../market/panel.ts'
import type { Fill } from '../portfolio/holdings.ts'
import { type Cluster, clusteredInterval, clusteredMean } from './influence.ts'

/** Sessions after a decision at which its outcome is looked at. */
export const horizons = [1, 5, 20] as const

export const decisionSides = ['buy', 'sell', 'stop'] as const
/** `stop` are the sales that the stop-loss forced: nobody decided them. */
export type DecisionSide = (typeof decisionSides)[number]

/** What came after the decisions of one side, over one horizon. */
export type ForwardReturn = {
  readonly side: DecisionSide
  /** The fill's session is the first. */
  readonly sessions: number
  /** Decisions whose window is over, and the dates of their fills. */
  readonly count: number
  readonly dates: number
  /** Decisions whose window is not over: they have no value yet, and never that of a shorter window. */
  readonly tooRecent: number
  /** Mean total return of the asset, of the benchmark over the same window, and the difference; null without decisions. */
  readonly asset: number | null
  readonly benchmark: number | null
  readonly excess: number | null
  /** 95 % interval of the difference, by dates. */
  readonly low: number | null
  readonly high: number | null
  /** Share of the decisions after which the asset did better than the benchmark. */
  readonly ahead: number | null
  /** Why there is no interval. */
  readonly because: string | null
}

/** Return of an opponent from the opens of a session to the closes of another; NaN where it has no price. */
export type WindowReturn = (from: number, to: number) => number

/**
 * Total return of one share in the base currency, from a price to the close of a session; dividends are added, not reinvested.
 *
 * @param start base currency for one share, at the open of session `from`; a dividend of that day is not earned any more
 * Example: bought at 10, split 2 for 1, dividend of 0.5 a new share, close 6 -> (2 * 6 + 2 * 0.5) / 10 - 1 = 30 %
 */
export function totalReturn(
  panel: Panel,
  symbol: string,
  { start, from, to }: { readonly start: number; readonly from: number; readonly to: number },
): number {
  const column = panel.bySymbol.get(symbol)
  if (column === undefined) return Number.NaN
  let shares = 1
  let paid = 0
  for (let t = from + 1; t <= to; t++) {
    shares *= column.split[t]!
    const dividend = column.dividend[t]!
    if (dividend !== 0) paid += shares * dividend * column.rate[t]!
  }
  return (shares * column.mark[to]! * column.rate[to]! + paid) / start - 1
}

/** The same for whoever buys at the session's own open, or at the last close where its exchange does not open that day. */
export function holdingReturn(panel: Panel, symbol: string): WindowReturn {
  return (from, to) => {
    const column = panel.bySymbol.get(symbol)
    if (column === undefined) return Number.NaN
    const open = column.open[from]!
    const start = (Number.isNaN(open) ? column.mark[from]! : open) * column.rate[from]!
    return totalReturn(panel, symbol, { start, from, to })
  }
}

/**
 * Forward returns of the decisions that were filled, by side and horizon. What a guardrail refused was never done, and is no
 * decision here. A window of h sessions runs from the open of the fill to the h-th close from there, in the book's sessions.
 *
 * @param last panel index of the last session that may be looked at
 * @param benchmark null when the book has none: then there is no difference either
 */
export function forwardReturns(input: {
  readonly panel: Panel
  readonly fills: readonly Fill[]
  readonly last: number
  readonly benchmark: WindowReturn | null
}): readonly ForwardReturn[] {
  return decisionSides.flatMap((side) => {
    const fills = input.fills.filter((fill) => sideOf(fill) === side)
    return horizons.map((sessions) => forwardReturn(input, fills, side, sessions))
  })
}

/** Null for what nobody decided: sales of what left the universe, and closings of what trades no more. */
function sideOf(fill: Fill): DecisionSide | null {
  if (fill.reason === 'stop') return 'stop'
  if (fill.reason !== 'policy') return null
  return fill.quantity > 0 ? 'buy' : 'sell'
}

function forwardReturn(
  { panel, last, benchmark }: Parameters<typeof forwardReturns>[0],
  fills: readonly Fill[],
  side: DecisionSide,
  sessions: number,
): ForwardReturn {
  const byDate = new Map<number, Cluster>()
  let tooRecent = 0
  let count = 0
  let ahead = 0
  let assets = 0
  let benchmarks = 0
  for (const fill of fills) {
    const from = panel.indexOf.get(fill.date)!
    const to = from + sessions - 1
    if (to > last) {
      tooRecent++
      continue
    }
    const asset = totalReturn(panel, fill.symbol, { start: fill.price * fill.rate, from, to })
    const theirs = benchmark?.(from, to) ?? Number.NaN
    const excess = asset - theirs
    const cluster = byDate.get(from) ?? { sum: 0, count: 0 }
    byDate.set(from, { sum: cluster.sum + excess, count: cluster.count + 1 })
    count++
    assets += asset
    benchmarks += theirs
    if (excess > 0) ahead++
  }
  const none = { asset: null, benchmark: null, excess: null, low: null, high: null, ahead: null }
  const facts = { side, sessions, count, dates: byDate.size, tooRecent }
  if (count === 0) return { ...facts, ...none, because: 'there is no such decision whose window is over' }
  const asset = assets / count
  if (Number.isNaN(benchmarks)) {
    return { ...facts, ...none, asset, because: 'the book has no benchmark with a price on all these dates' }
  }
  const { mean, influences } = clusteredMean([...byDate.values()])
  const interval = clusteredInterval(mean, influences, { blockLength: blockLength([...byDate.keys()], sessions) })
  return { ...facts, asset, benchmark: benchmarks / count, excess: mean, ahead: ahead / count, ...interval }
}

/**
 * Dates drawn together: 1 where no windows overlap, else two and a half times the mean number of dates whose windows share
 * sessions. With blocks of just that length the interval covered the truth in 88 % of our simulations, with these in 95 %.
 *
 * @param dates panel indices, ascending. Example: daily dates, 20 sessions -> about 48
 */
export function blockLength(dates: readonly number[], sessions: number): number {
  let pairs = 0
  let earliest = 0
  for (let i = 0; i < dates.length; i++) {
    while (dates[i]! - dates[earliest]! >= sessions) earliest++
    pairs += i - earliest + 1
  }
  return 1 + 2.5 * (Math.max(1, pairs / dates.length) - 1)
}
