import { moments } from './moments.ts'

/**
 * Mean block length for the stationary bootstrap of a mean, from the autocorrelation of the series itself.
 *
 * The first lag is sought from which a run of lags is insignificant; twice that lag bounds a flat-top window, through which
 * spectral density and its curvature at zero are estimated. What comes out near 1 for independent returns grows with their
 * memory, up to min(3 sqrt(n), n / 3).
 *
 * @param values oldest first
 * @returns periods, at least 1; 1 when the values do not vary or are fewer than 10
 * Source: Politis & White, Econometric Reviews 23(1), 2004, with the correction of Patton, Politis & White, 28(4), 2009.
 */
export function automaticBlockLength(values: ArrayLike<number>): number {
  const { count, mean, varies } = moments(values)
  if (count < 10 || !varies) return 1
  const off = Float64Array.from(values, (value) => value - mean)
  const run = Math.max(5, Math.floor(Math.log10(count)))
  const lagMost = Math.min(count - 1, Math.ceil(Math.sqrt(count)) + run)
  const covariances = Float64Array.from({ length: lagMost + 1 }, (_, lag) => autocovariance(off, lag))
  const bound = 2 * Math.sqrt(Math.log10(count) / count) * covariances[0]!
  let window = lagMost
  for (let lag = 1, quiet = 0; lag <= lagMost; lag++) {
    quiet = Math.abs(covariances[lag]!) < bound ? quiet + 1 : 0
    if (quiet === run) {
      window = Math.min(2 * (lag - run + 1), lagMost)
      break
    }
  }
  let density = covariances[0]!
  let curvature = 0
  for (let lag = 1; lag <= window; lag++) {
    const weight = Math.min(1, 2 * (1 - lag / window))
    density += 2 * weight * covariances[lag]!
    curvature += 2 * weight * lag * covariances[lag]!
  }
  const length = Math.cbrt((curvature / density) ** 2 * count)
  const lengthMost = Math.ceil(Math.min(3 * Math.sqrt(count), count / 3))
  return Math.max(1, Math.min(length, lengthMost))
}

function autocovariance(off: Float64Array, lag: number): number {
  let sum = 0
  for (let i = lag; i < off.length; i++) sum += off[i]! * off[i - lag]!
  return sum / off.length
}
