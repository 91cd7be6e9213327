import { strict as assert } from 'node:assert'

/** Loss figures per period, fractions, positive when a loss; null where the sample cannot carry them. */
export type RiskFigures = {
  readonly observations: number
  readonly var95: number | null
  readonly cvar95: number | null
  readonly var99: number | null
  readonly cvar99: number | null
  /** Which figures are null and why; null when all are known. */
  readonly because: string | null
}

/** The tail of 95 % then holds three returns, that of 99 % two and a half: with fewer, a "tail" is one bad day. */
const observationsFor95 = 60
const observationsFor99 = 250
/** Below this many returns a mean over a variance is chance, and no bound is drawn from it. */
const observationsForKelly = 60

/**
 * Historical value at risk: the smallest loss that at least `confidence` of the periods did not exceed.
 *
 * @param returns simple return per period, fractions, in any order, at least one
 * @param confidence in (0, 1), for example 0.95
 * @returns fraction per period, positive when a loss, negative when even the tail gained
 * Example: returns [0.01, -0.02, -0.04, 0.03], confidence 0.75 -> 0.02: three of four losses are at most that
 * Source: Rockafellar & Uryasev, Journal of Risk 2(3), 2000.
 */
export function valueAtRisk(returns: ArrayLike<number>, confidence: number): number {
  return tailLoss(ascending(returns), confidence).atRisk
}

/**
 * Expected shortfall (CVaR): mean loss over the worst 1 - confidence of the periods. Where that is not a whole number of
 * periods, the last one counts with the fraction that is left, so the figure is the optimum of the linear program.
 *
 * @param returns simple return per period, fractions, in any order, at least one
 * @param confidence in (0, 1), for example 0.95
 * @returns fraction per period, positive when a loss; never below the value at risk
 * Example: returns [0.01, -0.02, -0.04, 0.03], confidence 0.625 -> (0.04 + 0.5 * 0.02) / 1.5 = 0.0333
 * Source: Rockafellar & Uryasev, Journal of Risk 2(3), 2000; Journal of Banking & Finance 26(7), 2002, for the fraction.
 */
export function expectedShortfall(returns: ArrayLike<number>, confidence: number): number {
  return tailLoss(ascending(returns), confidence).shortfall
}

/**
 * Value at risk and expected shortfall at 95 and 99 %.
 *
 * @param returns of equity including cash, per session, fractions, in any order
 * @returns figures of 95 % from 60 returns on, of 99 % from 250 on. Example: 59 returns -> all null, with the reason
 */
export function risk(returns: ArrayLike<number>): RiskFigures {
  const observations = returns.length
  const sorted = ascending(returns)
  const at95 = observations >= observationsFor95 ? tailLoss(sorted, 0.95) : null
  const at99 = observations >= observationsFor99 ? tailLoss(sorted, 0.99) : null
  const needs = [
    ...(at95 === null ? [`95 % needs ${observationsFor95} returns`] : []),
    ...(at99 === null ? [`99 % needs ${observationsFor99}`] : []),
  ]
  return {
    observations,
    var95: at95?.atRisk ?? null,
    cvar95: at95?.shortfall ?? null,
    var99: at99?.atRisk ?? null,
    cvar99: at99?.shortfall ?? null,
    because:
      needs.length === 0 ? null : `${needs.join(', ')}${at95 === null ? '' : ' returns'}; there are ${observations}`,
  }
}

/**
 * Half the Kelly fraction: 0.5 * mean / variance of the returns, an upper bound for a position's share of equity.
 *
 * @param returns simple return per session, fractions, in any order
 * @returns in [0, 1]: 0 when the mean is not a gain; null below 60 returns, or when the returns do not vary
 * Example: mean 0.0004 and standard deviation 0.02 a session -> 0.5 * 0.0004 / 0.0004 = 0.5
 * Source: Thorp, The Kelly criterion in blackjack, sports betting and the stock market, 2006, section 7: f* = m / s^2.
 */
export function halfKelly(returns: ArrayLike<number>): number | null {
  const count = returns.length
  if (count < observationsForKelly) return null
  let mean = 0
  for (let i = 0; i < count; i++) mean += returns[i]! / count
  let squares = 0
  for (let i = 0; i < count; i++) squares += (returns[i]! - mean) ** 2
  const variance = squares / (count - 1)
  assert(Number.isFinite(variance), 'returns must be numbers')
  // Returns come from prices near one another and carry a rounding of 1e-16: a spread of that size is none.
  if (variance < 1e-30) return null
  return Math.min(1, Math.max(0, (0.5 * mean) / variance))
}

/**
 * Largest fall from a running peak, the start included.
 *
 * @param returns simple return per period, fractions, oldest first; compounded
 * @returns fraction of the peak, zero or more. Example: [0.1, -0.1, 0.1] -> 0.1; [-0.5, 0.2] -> 0.5
 */
export function maxDrawdown(returns: ArrayLike<number>): number {
  let equity = 1
  let peak = 1
  let deepest = 0
  for (let i = 0; i < returns.length; i++) {
    equity *= 1 + returns[i]!
    peak = Math.max(peak, equity)
    deepest = Math.max(deepest, 1 - equity / peak)
  }
  return deepest
}

function ascending(returns: ArrayLike<number>): Float64Array {
  return Float64Array.from(returns).sort()
}

/** Both figures from returns in ascending order, worst first. */
function tailLoss(sorted: Float64Array, confidence: number): { readonly atRisk: number; readonly shortfall: number } {
  assert(confidence > 0 && confidence < 1, `a confidence of ${confidence} is not between 0 and 1`)
  assert(sorted.length > 0, 'a tail needs at least one return')
  // NaN sorts last, so a look at both ends is enough.
  assert(Number.isFinite(sorted[0]) && Number.isFinite(sorted.at(-1)), 'returns must be numbers')
  const tail = (1 - confidence) * sorted.length
  // (1 - 0.95) * 60 is 3.0000000000000027 where 3 is meant.
  const whole = Math.min(sorted.length - 1, Math.floor(tail + 1e-9))
  let sum = 0
  for (let i = 0; i < whole; i++) sum += sorted[i]!
  sum += Math.max(0, tail - whole) * sorted[whole]!
  // Zero minus, so that nothing lost is 0 and not -0.
  return { atRisk: 0 - sorted[whole]!, shortfall: 0 - sum / tail }
}
