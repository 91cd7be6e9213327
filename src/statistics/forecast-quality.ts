import { moments } from './moments.ts'
import { openRanker, rankInto } from './ranks.ts'

export type ForecastQuality = {
  /** Pearson's, of forecasts and what came; null where either does not vary. */
  readonly correlation: number | null
  /** Spearman's: the same of average ranks. */
  readonly rankCorrelation: number | null
  /** 1 - squared errors / squared deviations of what came from its mean; null where it does not vary. */
  readonly rSquared: number | null
  readonly meanSquaredError: number
}

/**
 * How forecasts agree with what came.
 *
 * @param forecasts one for each row, at least one
 * Example: [1, 2, 3] against [1, 3, 2] -> correlation 0.5, rank correlation 0.5, mean squared error 2 / 3, R squared 0
 */
export function forecastQuality(forecasts: Float64Array, target: ArrayLike<number>): ForecastQuality {
  const came = Float64Array.from(target)
  const size = came.length
  let squares = 0
  for (let t = 0; t < size; t++) squares += (came[t]! - forecasts[t]!) ** 2
  const { mean, varies } = moments(came)
  let spread = 0
  for (const value of came) spread += (value - mean) ** 2
  return {
    correlation: correlation(forecasts, came),
    rankCorrelation: correlation(ranksOf(forecasts), ranksOf(came)),
    rSquared: varies ? 1 - squares / spread : null,
    meanSquaredError: squares / size,
  }
}

function ranksOf(values: Float64Array): Float64Array {
  const ranker = openRanker(values.length)
  rankInto(ranker, values, values.length)
  return ranker.ranks
}

function correlation(a: Float64Array, b: Float64Array): number | null {
  const [ofA, ofB] = [moments(a), moments(b)]
  if (!ofA.varies || !ofB.varies) return null
  let product = 0
  let squaresA = 0
  let squaresB = 0
  for (let t = 0; t < a.length; t++) {
    const [x, y] = [a[t]! - ofA.mean, b[t]! - ofB.mean]
    product += x * y
    squaresA += x * x
    squaresB += y * y
  }
  return product / Math.sqrt(squaresA * squaresB)
}
