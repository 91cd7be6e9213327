import { strict as assert } from 'node:assert'
import type { IsoDate } from '../units.ts'
import { meanCorrelation } from './correlation.ts'
import { adx } from './trend.ts'
import { volatility } from './volatility.ts'

/** State of the market at one close. What the history does not carry is null, and its word the neutral one. */
export type Regime = {
  readonly date: IsoDate
  readonly volatility: 'high' | 'normal' | 'low'
  readonly trend: 'trending' | 'ranging' | 'unclear'
  readonly correlation: 'high' | 'normal' | 'low'
  /** In [0, 100]: see `percentile`. */
  readonly volatilityPercentile: number | null
  readonly adx14: number | null
  readonly meanCorrelation60: number | null
  /** Which figure is null and why; null when all are known. */
  readonly because: string | null
}

export type RegimeInput = {
  readonly date: IsoDate
  /** Of the main benchmark, which the sentences name. */
  readonly symbol: string
  /** Split-adjusted bars of the main benchmark's own sessions up to `date`, oldest first. */
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  /** Daily returns of the universe, one array per asset on common sessions up to `date`, NaN where an asset has none. */
  readonly returns: readonly Float64Array[]
}

const volatilityWindow = 20
const volatilityValues = 252
const correlationWindow = 60
/** Sessions of the main benchmark that volatility and trend are read from: 252 values, each over 20 returns. */
export const regimeSessions = volatilityValues + volatilityWindow

/**
 * The regime at the last session of the input.
 *
 * Volatility: percentile of the latest 20-session volatility among the last 252 such values; high from 75, low up to 25.
 * Trend: ADX 14 from highs and lows; trending from 25, ranging up to 20. Correlation: mean of the universe's pairwise
 * correlations over 60 common sessions; high above 0.7, low below 0.3.
 * Volatility and trend read exactly the last 272 sessions, so that a longer history does not change them; with fewer they
 * are null, 'normal' and 'unclear', and `because` says so.
 */
export function regime(input: RegimeInput): Regime {
  const { date, symbol, high, low, close, returns } = input
  assert(high.length === close.length && low.length === close.length, `${symbol}: columns of different lengths`)
  const missing: string[] = []
  let volatilityPercentile: number | null = null
  let adx14: number | null = null
  if (close.length >= regimeSessions) {
    const values = volatility(close.subarray(-regimeSessions), volatilityWindow).subarray(volatilityWindow)
    volatilityPercentile = percentile(values)
    adx14 = adx({ high: high.subarray(-regimeSessions), low: low.subarray(-regimeSessions) }, 14).at(-1)!
  } else {
    missing.push(
      `volatility and trend need ${regimeSessions} sessions of ${symbol}, and ${close.length} are known by ${date}`,
    )
  }
  const meanCorrelation60 = meanCorrelation(returns, correlationWindow)
  if (meanCorrelation60 === null) {
    missing.push(`correlation needs two assets with ${correlationWindow} common returns that move`)
  }
  return {
    date,
    volatility: volatilityWord(volatilityPercentile),
    trend: trendWord(adx14),
    correlation: correlationWord(meanCorrelation60),
    volatilityPercentile,
    adx14,
    meanCorrelation60,
    because: missing.length === 0 ? null : missing.join('; '),
  }
}

/**
 * Percentile of the last value among all of them: percent that lie below it, plus half the percent that equal it (itself
 * included), so that a value among equals stands at 50.
 *
 * @param values at least one
 * @returns in (0, 100). Example: [1, 2, 3, 4, 3] -> 100 * (2 + 2 / 2) / 5 = 60
 */
export function percentile(values: Float64Array): number {
  const latest = values.at(-1)!
  let below = 0
  let equal = 0
  for (const value of values) {
    if (value < latest) below++
    else if (value === latest) equal++
  }
  return (100 * (below + equal / 2)) / values.length
}

function volatilityWord(value: number | null): Regime['volatility'] {
  if (value === null) return 'normal'
  return value >= 75 ? 'high' : value <= 25 ? 'low' : 'normal'
}

function trendWord(value: number | null): Regime['trend'] {
  if (value === null) return 'unclear'
  return value >= 25 ? 'trending' : value <= 20 ? 'ranging' : 'unclear'
}

function correlationWord(value: number | null): Regime['correlation'] {
  if (value === null) return 'normal'
  return value > 0.7 ? 'high' : value < 0.3 ? 'low' : 'normal'
}
