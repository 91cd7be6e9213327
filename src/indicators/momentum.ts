import { strict as assert } from 'node:assert'

/**
 * Relative strength index: 100 * gains / (gains + losses), both averaged as Wilder does: the first average is the plain
 * mean of the first `window` changes, each later one (window - 1) / window of the last plus 1 / window of the new change.
 *
 * Without losses it is 100, without gains 0. Without any change it is 50: turning a series upside down turns an index of x
 * into 100 - x, a flat series is its own mirror image, and 50 is the one value that agrees.
 *
 * @param closes split-adjusted, oldest first, finite
 * @param window changes in the first average, at least 1
 * @param into buffer of the same length to write to; fresh unless given
 * @returns same length, in [0, 100], NaN before index `window`. Example: rsi([10, 11, 10, 12], 2) -> [NaN, NaN, 50, 83.33]:
 *   averages (0.5, 0.5), then (0.5 + 2) / 2 = 1.25 and 0.5 / 2 = 0.25
 * Source: Wilder, New Concepts in Technical Trading Systems, 1978.
 */
export function rsi(
  closes: Float64Array,
  window: number,
  into: Float64Array = new Float64Array(closes.length),
): Float64Array {
  assert(Number.isInteger(window) && window >= 1, `a window of ${window} changes`)
  const size = closes.length
  into.fill(Number.NaN, 0, Math.min(size, window))
  // Sums instead of averages: the factor 1 / window cancels in the ratio.
  let gains = 0
  let losses = 0
  for (let i = 1; i < window && i < size; i++) {
    const change = closes[i]! - closes[i - 1]!
    if (change > 0) gains += change
    else losses -= change
  }
  const keep = (window - 1) / window
  for (let i = window; i < size; i++) {
    const change = closes[i]! - closes[i - 1]!
    const decay = i === window ? 1 : keep
    gains = gains * decay + Math.max(change, 0)
    losses = losses * decay + (change < 0 ? -change : 0)
    const total = gains + losses
    into[i] = total > 0 ? 100 * (gains / total) : 50
  }
  return into
}
