import { strict as assert } from 'node:assert'
import { type Figure, mapFigure, missing } from './figure.ts'
import { meanOverDeviation, moments } from './moments.ts'
import { maxDrawdown } from './risk.ts'

// Everywhere here: returns are simple and net, fractions per period, oldest first, none below -1. What a benchmark does
// changes no figure but those that name one. No figure is judged: there is no good or bad ratio, only its uncertainty.

export type Convention = {
  /** Periods in a year: 252 sessions, 52 weeks, 12 months, 365 days of a market that never closes. */
  readonly periodsPerYear: number
  /** Return of cash per period, a fraction; 0 unless given. */
  readonly riskFreePerPeriod?: number
}

/** Compounded return of the whole series. Example: [0.1, -0.1] -> -0.01 */
export function totalReturn(returns: ArrayLike<number>): number {
  let equity = 1
  for (let i = 0; i < returns.length; i++) equity *= 1 + returns[i]!
  return equity - 1
}

/**
 * Geometric return per year: the constant yearly return that gives the same total.
 *
 * @returns (1 + total)^(periodsPerYear / n) - 1. Example: 6 % in 112 of 252 sessions a year -> 14.0 %
 */
export function annualReturn(returns: ArrayLike<number>, { periodsPerYear }: Convention): Figure {
  if (returns.length === 0) return missing('there is no return')
  let logs = 0
  for (let i = 0; i < returns.length; i++) logs += Math.log1p(returns[i]!)
  return Math.expm1((logs * periodsPerYear) / returns.length)
}

/** Standard deviation (n - 1) per year, as if periods were independent. Example: 1 % a session -> 0.01 * sqrt(252) = 15.9 % */
export function volatility(returns: ArrayLike<number>, { periodsPerYear }: Convention): Figure {
  if (returns.length < 2) return missing(`a standard deviation needs 2 returns; there are ${returns.length}`)
  return moments(returns).deviation * Math.sqrt(periodsPerYear)
}

/**
 * Sharpe ratio: mean excess over its standard deviation (n - 1), annualized by the square root of time.
 *
 * Example: [0.02, -0.01], 252 -> mean 0.005, deviation 0.0212 -> 0.236 * sqrt(252) = 3.74, which two returns do not deserve
 * Source: Sharpe, The Sharpe ratio, Journal of Portfolio Management 21(1), 1994.
 */
export function sharpeRatio(returns: ArrayLike<number>, convention: Convention): Figure {
  const perPeriod = meanOverDeviation(moments(excessReturns(returns, convention)), 'the excess returns')
  return mapFigure(perPeriod, (ratio) => ratio * Math.sqrt(convention.periodsPerYear))
}

/**
 * Sortino ratio: mean excess over the root mean square of the negative excess, over all periods; annualized.
 *
 * Example: [0.03, -0.02, 0.02], 252 -> mean 0.01, root of 0.0004 / 3 = 0.01155 -> 0.866 * sqrt(252) = 13.7
 * Source: Sortino & Price, Performance measurement in a downside risk framework, Journal of Investing 3(3), 1994.
 */
export function sortinoRatio(returns: ArrayLike<number>, convention: Convention): Figure {
  const excess = excessReturns(returns, convention)
  if (excess.length === 0) return missing('there is no return')
  let sum = 0
  let squares = 0
  for (const value of excess) {
    sum += value
    if (value < 0) squares += value * value
  }
  if (squares === 0) return missing('no return is below the cash rate, so there is no downside to divide by')
  const downside = Math.sqrt(squares / excess.length)
  return (sum / excess.length / downside) * Math.sqrt(convention.periodsPerYear)
}

/** Annual return over the largest drawdown. Example: 10 % a year and a drawdown of 20 % -> 0.5. Source: Young, Futures, 1991. */
export function calmarRatio(returns: ArrayLike<number>, convention: Convention): Figure {
  const deepest = maxDrawdown(returns)
  if (deepest === 0) return missing('there was no drawdown to divide by')
  return mapFigure(annualReturn(returns, convention), (annual) => annual / deepest)
}

/**
 * Omega ratio at 0: sum of the gains over sum of the losses.
 *
 * Example: [0.02, -0.01, 0.01] -> 3. Source: Keating & Shadwick, A universal performance measure, 2002.
 */
export function omegaRatio(returns: ArrayLike<number>): Figure {
  let gains = 0
  let losses = 0
  for (let i = 0; i < returns.length; i++) {
    if (returns[i]! > 0) gains += returns[i]!
    else losses -= returns[i]!
  }
  return losses > 0 ? gains / losses : missing('no return is a loss, so there is nothing to divide by')
}

/** Skewness of the population, from 3 returns on (two are always symmetric). Example: [0, 0, 3] -> 0.707 */
export function skewness(returns: ArrayLike<number>): Figure {
  const shape = moments(returns)
  if (shape.count < 3) return missing(`skewness needs 3 returns; there are ${shape.count}`)
  return shape.varies ? shape.skewness : missing('the returns do not vary')
}

/** Kurtosis of the population less 3, from 4 returns on: 0 for a normal. Example: [1, 2, 3, 4] -> 1.64 - 3 = -1.36 */
export function excessKurtosis(returns: ArrayLike<number>): Figure {
  const shape = moments(returns)
  if (shape.count < 4) return missing(`kurtosis needs 4 returns; there are ${shape.count}`)
  return shape.varies ? shape.kurtosis - 3 : missing('the returns do not vary')
}

/**
 * Market model: excess return = alpha + beta * benchmark's excess return, by least squares.
 *
 * @returns beta; alpha per year, compounded: (1 + alpha per period)^periodsPerYear - 1
 * Example: the benchmark against itself -> beta 1, alpha 0; cash against anything -> beta 0, alpha 0
 * Source: Jensen, The performance of mutual funds, Journal of Finance 23(2), 1968.
 */
export function marketModel(
  returns: ArrayLike<number>,
  benchmark: ArrayLike<number>,
  convention: Convention,
): { readonly alpha: Figure; readonly beta: Figure } {
  assert(returns.length === benchmark.length, 'a benchmark has one return for each of ours')
  const count = returns.length
  const both = (figure: Figure) => ({ alpha: figure, beta: figure })
  if (count < 3) return both(missing(`a line through fewer than 3 points proves nothing; there are ${count}`))
  const theirs = moments(benchmark)
  if (!theirs.varies) return both(missing('the benchmark does not vary'))
  const ourMean = moments(returns).mean
  let products = 0
  let squares = 0
  for (let i = 0; i < count; i++) {
    const off = benchmark[i]! - theirs.mean
    products += off * (returns[i]! - ourMean)
    squares += off * off
  }
  const cash = convention.riskFreePerPeriod ?? 0
  const beta = products / squares
  const alpha = ourMean - cash - beta * (theirs.mean - cash)
  if (alpha <= -1) return { alpha: missing('alpha is below -100 % a period, which cannot compound'), beta }
  return { alpha: Math.expm1(Math.log1p(alpha) * convention.periodsPerYear), beta }
}

/**
 * Information ratio: mean difference to the benchmark over its standard deviation (n - 1), annualized like the Sharpe ratio.
 *
 * Example: differences [0.01, 0, 0.02], 252 -> 0.01 / 0.01 * sqrt(252) = 15.9
 * Source: Grinold & Kahn, Active portfolio management, 1999, chapter 5.
 */
export function informationRatio(
  returns: ArrayLike<number>,
  benchmark: ArrayLike<number>,
  { periodsPerYear }: Convention,
): Figure {
  assert(returns.length === benchmark.length, 'a benchmark has one return for each of ours')
  const differences = Float64Array.from(returns, (value, i) => value - benchmark[i]!)
  const perPeriod = meanOverDeviation(moments(differences), 'the differences to the benchmark')
  return mapFigure(perPeriod, (ratio) => ratio * Math.sqrt(periodsPerYear))
}

/** Returns less the return of cash. */
export function excessReturns(
  returns: ArrayLike<number>,
  { riskFreePerPeriod = 0 }: Pick<Convention, 'riskFreePerPeriod'>,
): Float64Array {
  return Float64Array.from(returns, (value) => value - riskFreePerPeriod)
}
