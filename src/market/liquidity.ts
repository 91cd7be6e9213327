import type { Column } from './panel.ts'

/** Over how many sessions each figure looks back, and the bounds of the spread. */
export type LiquidityTerms = {
  readonly volumeDays: number
  readonly volatilityDays: number
  readonly spreadDays: number
  /** Fractions of the price. */
  readonly halfSpreadFloor: number
  readonly halfSpreadCap: number
}

/**
 * How well one asset can be traded, by session; each figure is known at the close of its session and reads nothing later.
 * NaN where there is too little to read it from.
 */
export type Liquidity = {
  /** Mean traded value a session in the base currency; a session without a bar counts as zero. */
  readonly volume: Float64Array
  /** Sample standard deviation of daily log returns. */
  readonly volatility: Float64Array
  /** Half of the estimated bid-ask spread, fraction of the price, between floor and cap; the cap where it cannot be estimated. */
  readonly halfSpread: Float64Array
}

/** The figures of one asset on all sessions, each window summed anew so that where a history begins changes nothing. */
export function liquidity(column: Column, terms: LiquidityTerms): Liquidity {
  const size = column.close.length
  const value = new Float64Array(size)
  const squares = new Float64Array(size).fill(Number.NaN)
  const returns = new Float64Array(size).fill(Number.NaN)
  let first = size
  for (let t = 0; t < size; t++) {
    const close = column.close[t]!
    if (Number.isNaN(close)) continue
    if (first === size) first = t
    value[t] = column.volume[t]! * close * column.rate[t]!
    if (t === 0 || Number.isNaN(column.close[t - 1]!)) continue
    returns[t] = Math.log((close * column.split[t]!) / column.close[t - 1]!)
    squares[t] = abdiRanaldo(column, t)
  }
  const volume = new Float64Array(size).fill(Number.NaN)
  const volatility = new Float64Array(size).fill(Number.NaN)
  const halfSpread = new Float64Array(size).fill(Number.NaN)
  for (let t = first; t < size; t++) {
    if (t - first + 1 >= terms.volumeDays) volume[t] = sum(value, t, terms.volumeDays) / terms.volumeDays
    volatility[t] = deviation(returns, t, terms.volatilityDays)
    const square = mean(squares, t, terms.spreadDays)
    // A negative mean says that the spread is too small to be seen in daily prices.
    const half = Number.isNaN(square) ? terms.halfSpreadCap : Math.sqrt(Math.max(square, 0)) / 2
    halfSpread[t] = Math.min(terms.halfSpreadCap, Math.max(terms.halfSpreadFloor, half))
  }
  return { volume, volatility, halfSpread }
}

/**
 * The squared spread that two neighbouring days speak for: 4 (c - m)(c - m'), with c the log close of the first day and m, m'
 * the means of log high and log low of the first and the second. The close lies half a spread off the middle on either side;
 * the two middles carry the price's own movement, whose product with both is zero on average.
 *
 * The estimate over a window is sqrt(max(0, mean)), the monthly-corrected estimator; half of it is what a taker pays.
 *
 * Example: day 1 high 102, low 98, close 101; day 2 high 103, low 99:
 *   c = ln 101 = 4.61512, m = 4.60497, m' = 4.61492
 *   -> 4 * 0.010150 * 0.000196 = 0.0000080: a spread of sqrt(0.0000080) = 0.28 %, of which a taker pays half
 * Source: Abdi and Ranaldo, A Simple Estimation of Bid-Ask Spreads from Daily Close, High, and Low Prices, Review of
 * Financial Studies 30(12), 2017, equations 8 and 11.
 */
function abdiRanaldo({ close, high, low, split }: Column, t: number): number {
  const c = Math.log(close[t - 1]!)
  const before = (Math.log(high[t - 1]!) + Math.log(low[t - 1]!)) / 2
  const after = (Math.log(high[t]!) + Math.log(low[t]!)) / 2 + Math.log(split[t]!)
  return 4 * (c - before) * (c - after)
}

function sum(values: Float64Array, last: number, count: number): number {
  let total = 0
  for (let t = last - count + 1; t <= last; t++) total += values[t]!
  return total
}

/** Mean of those in the window that are known; NaN when they are fewer than half of it. */
function mean(values: Float64Array, last: number, count: number): number {
  let total = 0
  let known = 0
  for (let t = Math.max(0, last - count + 1); t <= last; t++) {
    const value = values[t]!
    if (Number.isNaN(value)) continue
    total += value
    known++
  }
  return known >= count / 2 ? total / known : Number.NaN
}

function deviation(values: Float64Array, last: number, count: number): number {
  const center = mean(values, last, count)
  if (Number.isNaN(center)) return Number.NaN
  let squares = 0
  let known = 0
  for (let t = Math.max(0, last - count + 1); t <= last; t++) {
    const value = values[t]!
    if (Number.isNaN(value)) continue
    squares += (value - center) ** 2
    known++
  }
  return known > 1 ? Math.sqrt(squares / (known - 1)) : Number.NaN
}
