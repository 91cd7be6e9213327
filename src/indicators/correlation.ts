import { strict as assert } from 'node:assert'

// Returns are differences of ratios near 1, so they carry a rounding of 1e-16 whatever their size: a spread below this
// is rounding, and its correlation would be noise.
const spreadFloor = 1e-15

/**
 * Pearson correlation of two aligned return series over their last `window` common sessions.
 *
 * @param x returns by session, oldest first, aligned by trade date; NaN where the asset has none
 * @param y the same sessions
 * @param window common observations wanted, at least 2; they must lie within the last 2 * window sessions, so that an asset
 *   that no longer trades has no correlation instead of an old one
 * @returns in [-1, 1], exactly 1 for equal series; null with fewer observations or where a series does not move
 * Example: x [1, 2, 3] %, y [1, 3, 2] %, window 3 -> 0.5
 */
export function correlation(x: Float64Array, y: Float64Array, window: number): number | null {
  assert(x.length === y.length, 'series of different lengths are not aligned')
  assert(Number.isInteger(window) && window >= 2, `a window of ${window} observations`)
  const last = x.length - 1
  const oldest = Math.max(0, x.length - 2 * window)
  let count = 0
  let pivotX = 0
  let pivotY = 0
  let sumX = 0
  let sumY = 0
  let sumXx = 0
  let sumYy = 0
  let sumXy = 0
  for (let i = last; i >= oldest && count < window; i--) {
    const a = x[i]!
    const b = y[i]!
    if (Number.isNaN(a) || Number.isNaN(b)) continue
    if (count === 0) {
      pivotX = a
      pivotY = b
    }
    count++
    const dx = a - pivotX
    const dy = b - pivotY
    sumX += dx
    sumY += dy
    sumXx += dx * dx
    sumYy += dy * dy
    sumXy += dx * dy
  }
  if (count < window) return null
  const varX = sumXx - (sumX * sumX) / count
  const varY = sumYy - (sumY * sumY) / count
  const floor = count * spreadFloor * spreadFloor
  if (!(varX > floor && varY > floor)) return null
  const r = (sumXy - (sumX * sumY) / count) / Math.sqrt(varX * varY)
  return r > 1 ? 1 : Math.max(r, -1)
}

/**
 * Correlation of every pair.
 *
 * @param returns one array per asset, all on the same sessions
 * @returns symmetric, rows and columns in the order of `returns`; see `correlation`
 */
export function correlationMatrix(
  returns: readonly Float64Array[],
  window: number,
): readonly (readonly (number | null)[])[] {
  const matrix: (number | null)[][] = returns.map(() => new Array<number | null>(returns.length).fill(null))
  for (let i = 0; i < returns.length; i++) {
    for (let j = 0; j <= i; j++) {
      const r = correlation(returns[i]!, returns[j]!, window)
      matrix[i]![j] = r
      matrix[j]![i] = r
    }
  }
  return matrix
}

/** Mean over the pairs of different assets that have a correlation; null when no pair has one. */
export function meanCorrelation(returns: readonly Float64Array[], window: number): number | null {
  let sum = 0
  let pairs = 0
  for (let i = 1; i < returns.length; i++) {
    for (let j = 0; j < i; j++) {
      const r = correlation(returns[i]!, returns[j]!, window)
      if (r === null) continue
      sum += r
      pairs++
    }
  }
  return pairs === 0 ? null : sum / pairs
}
