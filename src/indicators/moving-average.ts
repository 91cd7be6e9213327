import { windowMean } from './window.ts'

/**
 * Simple moving average.
 *
 * @param values for example split-adjusted closes of one asset, one per session of its own exchange, oldest first, finite
 * @param window sessions, at least 1
 * @param into buffer of the same length to write to; fresh unless given
 * @returns same length and unit, NaN until the window is full. Example: sma([1, 2, 3, 5], 3) -> [NaN, NaN, 2, 10 / 3]
 */
export function sma(
  values: Float64Array,
  window: number,
  into: Float64Array = new Float64Array(values.length),
): Float64Array {
  return windowMean(values, window, into)
}
