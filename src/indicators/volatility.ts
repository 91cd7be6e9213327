import { strict as assert } from 'node:assert'
import { type WindowMoments, windowMoments } from './window.ts'

const sessionsPerYear = 252

/**
 * Simple return of each session: close / previous close - 1.
 *
 * @param closes split-adjusted, above zero, oldest first
 * @param into buffer of the same length to write to; fresh unless given
 * @returns fractions, same length, NaN at index 0. Example: [100, 102] -> [NaN, 0.02]
 */
export function dailyReturn(closes: Float64Array, into: Float64Array = new Float64Array(closes.length)): Float64Array {
  for (let i = 1; i < closes.length; i++) into[i] = closes[i]! / closes[i - 1]! - 1
  return into.fill(Number.NaN, 0, Math.min(closes.length, 1))
}

/**
 * Annualized volatility: sample standard deviation (divided by n - 1) of the last `window` daily returns, times sqrt(252).
 *
 * @param closes split-adjusted, above zero, oldest first
 * @param window returns, at least 2
 * @returns fractions a year, same length, NaN before index `window`
 * Example: closes [100, 102, 102], window 2 -> last: sd(0.02, 0) = 0.0141, times 15.87 = 0.2245
 */
export function volatility(closes: Float64Array, window: number): Float64Array {
  return volatilityOfReturns(dailyReturn(closes), window)
}

/**
 * As `volatility`, from daily returns of which the first is missing.
 *
 * @param into two buffers of the same length; the result is `squares`, and `mean` is left with what no caller needs
 */
export function volatilityOfReturns(
  returns: Float64Array,
  window: number,
  into: WindowMoments = freshMoments(returns.length),
): Float64Array {
  assert(window >= 2, 'a sample standard deviation needs two returns')
  const { squares } = windowMoments(returns, window, 1, into)
  const perYear = sessionsPerYear / (window - 1)
  for (let i = 0; i < squares.length; i++) squares[i] = Math.sqrt(squares[i]! * perYear)
  return squares
}

function freshMoments(size: number): WindowMoments {
  return { mean: new Float64Array(size), squares: new Float64Array(size) }
}
