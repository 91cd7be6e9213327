import { strict as assert } from 'node:assert'

// A running sum carries the rounding of a value long after it left: an outlier of 1e9 costs a price of 100 seven digits for
// ever. Here the series is cut into blocks of `window` values, and every window is the end of one block and the start of the
// next: two sums that hold nothing but the window's own values (the cut of van Herk, Pattern Recognition Letters 13(7), 1992).
// Both are taken about the block's first value, the pivot, which lies in every window that they serve: a flat window gives its
// value exactly, and since no deviation exceeds the window's range, a variance loses no more than a factor of the window.
// The sums of the block before wait in the output, where the result will stand.

/**
 * Mean of the last `window` values, at every index.
 *
 * @param values finite, oldest first
 * @param window at least 1
 * @param into as long as `values`; overwritten and returned
 * @returns NaN before index window - 1. Example: [1, 2, 3, 5], 3 -> [NaN, NaN, 2, 10 / 3]
 */
export function windowMean(values: Float64Array, window: number, into: Float64Array): Float64Array {
  assert(Number.isInteger(window) && window >= 1, `a window of ${window} values`)
  const size = values.length
  const share = 1 / window
  for (let start = 0; start < size; start += window) {
    const pivot = values[start]!
    const last = start + window - 1
    const end = Math.min(last + 1, size)
    let sum = 0
    let i = last - 1
    if (start > 0) {
      for (; i >= end; i--) sum += values[i - window + 1]! - pivot
      for (; i >= start; i--) {
        sum += values[i - window + 1]! - pivot
        into[i] = sum
      }
    }
    if (end > last) into[last] = 0
    sum = 0
    i = start
    if (start === 0) for (; i < last && i < end; i++) sum += values[i]! - pivot
    for (; i < end; i++) {
      sum += values[i]! - pivot
      into[i] = pivot + (sum + into[i]!) * share
    }
  }
  return into.fill(Number.NaN, 0, Math.min(size, window - 1))
}

/** Mean, and sum of squared deviations from it, of the last `window` values at every index. */
export type WindowMoments = { readonly mean: Float64Array; readonly squares: Float64Array }

/**
 * As `windowMean`, with the sum of squares.
 *
 * @param from index of the first value that counts; what precedes it is never read
 * @param into two arrays as long as `values`; overwritten and returned
 * @returns NaN before index from + window - 1. Example: [1, 2, 3], 3, 0 -> mean[2] = 2, squares[2] = 2
 */
export function windowMoments(values: Float64Array, window: number, from: number, into: WindowMoments): WindowMoments {
  assert(Number.isInteger(window) && window >= 1, `a window of ${window} values`)
  const { mean, squares } = into
  const size = values.length
  const share = 1 / window
  for (let start = from; start < size; start += window) {
    const pivot = values[start]!
    const last = start + window - 1
    const end = Math.min(last + 1, size)
    let sum = 0
    let square = 0
    let i = last - 1
    if (start > from) {
      for (; i >= end; i--) {
        const deviation = values[i - window + 1]! - pivot
        sum += deviation
        square += deviation * deviation
      }
      for (; i >= start; i--) {
        const deviation = values[i - window + 1]! - pivot
        sum += deviation
        square += deviation * deviation
        mean[i] = sum
        squares[i] = square
      }
    }
    if (end > last) {
      mean[last] = 0
      squares[last] = 0
    }
    sum = 0
    square = 0
    i = start
    if (start === from) {
      for (; i < last && i < end; i++) {
        const deviation = values[i]! - pivot
        sum += deviation
        square += deviation * deviation
      }
    }
    for (; i < end; i++) {
      const deviation = values[i]! - pivot
      sum += deviation
      square += deviation * deviation
      const total = sum + mean[i]!
      const aboutMean = square + squares[i]! - total * total * share
      mean[i] = pivot + total * share
      squares[i] = Math.max(aboutMean, 0)
    }
  }
  mean.fill(Number.NaN, 0, Math.min(size, from + window - 1))
  squares.fill(Number.NaN, 0, Math.min(size, from + window - 1))
  return into
}
