import { backward, choleskyInPlace } from './dense.ts'
import { type Scenarios, sampleCovariance, scenarioMeans } from './matrices.ts'

export type ShrunkReturns = {
  readonly expectedReturns: Float64Array
  /** Share of the common return in each, in [0, 1]. */
  readonly intensity: number
  /** The common return: that of the portfolio of least variance, short sales allowed. */
  readonly toward: number
}

/**
 * Means of the scenarios shrunk toward one common return, since the highest of many means is mostly luck: Bayes-Stein.
 *
 * With m the means, S the sample covariance times (T - 1) / (T - N - 2), and g the return of the portfolio of least variance,
 *   w = (N + 2) / ((N + 2) + T (m - g)' S^-1 (m - g)),   result (1 - w) m + w g.
 *
 * @param scenarios T rows, more than `assets` + 2
 * Example: all means equal -> intensity 1, and they stay as they are
 * Source: Jorion, Bayes-Stein estimation for portfolio analysis, Journal of Financial and Quantitative Analysis 21(3), 1986.
 */
export function shrunkReturns(scenarios: Scenarios, assets: number): ShrunkReturns {
  const { count } = scenarios
  const means = scenarioMeans(scenarios, assets)
  const factor = sampleCovariance(scenarios, assets).map((value) => (value * (count - 1)) / (count - assets - 2))
  // A hair on the diagonal: an asset that others make up exactly would leave no pivot.
  let trace = 0
  for (let i = 0; i < assets; i += 1) trace += factor[i * assets + i]!
  for (let i = 0; i < assets; i += 1) factor[i * assets + i]! += (1e-10 * trace) / assets
  choleskyInPlace(factor, assets, Number.POSITIVE_INFINITY)
  const least = backward(factor, assets, new Float64Array(assets).fill(1))
  const total = least.reduce((sum, value) => sum + value, 0)
  const toward = total > 0 ? dot(least, means) / total : means.reduce((sum, value) => sum + value, 0) / assets
  const off = means.map((value) => value - toward)
  const distance = count * Math.max(0, dot(off, backward(factor, assets, off)))
  const intensity = (assets + 2) / (assets + 2 + distance)
  return { expectedReturns: means.map((value) => (1 - intensity) * value + intensity * toward), intensity, toward }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i += 1) sum += a[i]! * b[i]!
  return sum
}
