import { freshColumns } from './columns.ts'
import { windowMoments } from './window.ts'

export type Bollinger = {
  readonly lower: Float64Array
  readonly middle: Float64Array
  readonly upper: Float64Array
  /** Where the close lies between the bands: 0 on the lower one, 1 on the upper one; NaN where the bands meet. */
  readonly percentB: Float64Array
}

/**
 * Bollinger bands: the moving average plus and minus a number of population standard deviations (divided by n).
 *
 * @param closes split-adjusted, oldest first, finite
 * @param window sessions, at least 1
 * @param deviations half the bands' width, in standard deviations, above zero
 * @param into buffers of the same length to write to; fresh unless given
 * @returns arrays of the same length, NaN until the window is full
 * Example: closes [1, 2, 3], window 3, deviations 2 -> last: middle 2, deviation sqrt(2 / 3), bands 0.367 and 3.633, percentB 0.806
 * Source: Bollinger, Bollinger on Bollinger Bands, 2001.
 */
export function bollinger(
  closes: Float64Array,
  window: number,
  deviations: number,
  into: Bollinger = freshBands(closes.length),
): Bollinger {
  const { lower, middle, upper, percentB } = into
  // The sums of squares are not needed once read: the upper band takes their place.
  windowMoments(closes, window, 0, { mean: middle, squares: upper })
  const share = 1 / window
  for (let i = 0; i < closes.length; i++) {
    const center = middle[i]!
    const half = deviations * Math.sqrt(upper[i]! * share)
    lower[i] = center - half
    upper[i] = center + half
    percentB[i] = half > 0 ? 0.5 + (closes[i]! - center) / (2 * half) : Number.NaN
  }
  return into
}

function freshBands(size: number): Bollinger {
  const column = freshColumns(size, 4)
  return { lower: column(), middle: column(), upper: column(), percentB: column() }
}
