import { strict as assert } from 'node:assert'
import { type Figure, type Missing, missing } from './figure.ts'
import { type Moments, meanOverDeviation } from './moments.ts'
import { normalCdf, normalQuantile } from './normal.ts'

// Everything here is per period, never annualized: an annual ratio with a count of days is how a ratio of 1 over one year
// once looked certain. It is in fact reached by chance one time in six.

/** A Sharpe ratio per period, and the shape of the excess returns that it came from. */
export type SharpeSample = {
  readonly sharpe: number
  readonly count: number
  readonly skewness: number
  /** 3 for a normal. */
  readonly kurtosis: number
}

/** What inference needs of a series of excess returns: from 4 on, since fewer have no kurtosis of their own. */
export function sharpeSample(excess: Moments): SharpeSample | Missing {
  if (excess.count < 4) return missing(`the shape of the returns needs 4 of them; there are ${excess.count}`)
  const sharpe = meanOverDeviation(excess, 'the excess returns')
  if (typeof sharpe !== 'number') return sharpe
  return { sharpe, count: excess.count, skewness: excess.skewness, kurtosis: excess.kurtosis }
}

/**
 * Variance of a Sharpe ratio times the number of periods less one: 1 - skewness * S + (kurtosis - 1) / 4 * S^2. It is never
 * negative, since kurtosis is at least 1 + skewness^2.
 *
 * Source: Mertens 2002, as in Bailey & Lopez de Prado, The Sharpe ratio efficient frontier, Journal of Risk 15(2), 2012.
 */
export function sharpeVarianceFactor({ sharpe, skewness, kurtosis }: Omit<SharpeSample, 'count'>): number {
  return Math.max(0, 1 - skewness * sharpe + ((kurtosis - 1) / 4) * sharpe * sharpe)
}

/**
 * Standard error of a Sharpe ratio per period.
 *
 * Example: sharpe 0.7079, count 134, skewness -0.225, kurtosis 2.957 -> 0.1028
 * Source: Bailey & Lopez de Prado 2012, equation 9.
 */
export function sharpeStandardError(sample: SharpeSample): number {
  return Math.sqrt(sharpeVarianceFactor(sample) / (sample.count - 1))
}

/**
 * Probabilistic Sharpe ratio: probability that the true Sharpe ratio lies above another one, the sample's length and shape
 * considered.
 *
 * @param above the ratio to beat, per period
 * @returns in [0, 1]. Example: 0.458 over 24 months, skewness -2.448, kurtosis 10.164, against 0 -> 0.913
 * Source: Bailey & Lopez de Prado 2012, equation 10.
 */
export function probabilisticSharpe(sample: SharpeSample, above: number): Figure {
  const error = sharpeStandardError(sample)
  if (error === 0) return missing('these returns leave the Sharpe ratio no uncertainty, which no real series does')
  return normalCdf((sample.sharpe - above) / error)
}

/**
 * Minimum track record length: periods after which a Sharpe ratio of this size and shape would be above another one with the
 * given confidence.
 *
 * @param above the ratio to beat, per period
 * @param confidence in (0, 1); at 0.5 or less a single period says as much
 * @returns periods, not rounded. Example: an annual ratio of 2 against 1, normal, daily, 95 % -> 2.73 years
 * Source: Bailey & Lopez de Prado 2012, equation 11.
 */
export function minTrackRecordLength(
  sample: Omit<SharpeSample, 'count'>,
  { above, confidence }: { readonly above: number; readonly confidence: number },
): Figure {
  assert(confidence > 0 && confidence < 1, `a confidence of ${confidence} is not between 0 and 1`)
  if (sample.sharpe <= above)
    return missing('the Sharpe ratio is not above the one to beat, so no record is long enough')
  const distance = Math.max(0, normalQuantile(confidence)) / (sample.sharpe - above)
  return 1 + sharpeVarianceFactor(sample) * distance * distance
}
