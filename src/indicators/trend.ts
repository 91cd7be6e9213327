import { strict as assert } from 'node:assert'

/** Columns of one asset's own bars in the order of their dates, split-adjusted and finite, all of one length. */
export type HighLow = { readonly high: Float64Array; readonly low: Float64Array }
export type HighLowClose = HighLow & { readonly close: Float64Array }

/**
 * Average directional index: Wilder's average of |up - down| / (up + down), where up and down are Wilder's sums of the
 * moves that exceeded the day before's range on one side. Wilder divides up and down by the same average true range, which
 * cancels in the ratio, so that no close is asked for. Without any directional move the ratio is 0: nothing trends.
 *
 * @param bars highs and lows
 * @param window sessions, at least 2. The first sums hold the window's first bar (no move) and window - 1 moves, as Tulip
 *   Indicators has it; Wilder's worksheet starts one bar later, and the two meet within a few windows
 * @returns same length, in [0, 100], NaN before index 2 * (window - 1)
 * Example: highs and lows that rise by 1 every session -> 100
 * Source: Wilder, New Concepts in Technical Trading Systems, 1978.
 */
export function adx(bars: HighLow, window: number): Float64Array {
  const { high, low } = bars
  assert(Number.isInteger(window) && window >= 2, `a window of ${window} sessions`)
  assert(high.length === low.length, 'highs and lows of different lengths')
  const size = high.length
  const first = 2 * (window - 1)
  const index = new Float64Array(size)
  index.fill(Number.NaN, 0, Math.min(size, first))
  const keep = (window - 1) / window
  let up = 0
  let down = 0
  let sum = 0
  for (let i = 1; i < size; i++) {
    const rise = high[i]! - high[i - 1]!
    const fall = low[i - 1]! - low[i]!
    const decay = i < window ? 1 : keep
    up = up * decay + (rise > fall && rise > 0 ? rise : 0)
    down = down * decay + (fall > rise && fall > 0 ? fall : 0)
    if (i < window - 1) continue
    const total = up + down
    const directional = total > 0 ? (100 * Math.abs(up - down)) / total : 0
    // The first value is the plain mean of the window's first ratios, each later one Wilder's average.
    sum = sum * (i <= first ? 1 : keep) + directional
    if (i >= first) index[i] = sum / window
  }
  return index
}

/**
 * True range: the session's range, stretched to the previous close where that lies outside it.
 *
 * @returns price units, same length; the first session has no previous close, so its range stands alone
 * Example: previous close 10, low 11, high 12 -> 2
 */
export function trueRange(bars: HighLowClose): Float64Array {
  const { high, low, close } = bars
  const size = close.length
  const ranges = new Float64Array(size)
  for (let i = 0; i < size; i++) {
    const before = i === 0 ? close[0]! : close[i - 1]!
    const top = i === 0 ? high[0]! : Math.max(high[i]!, before)
    const bottom = i === 0 ? low[0]! : Math.min(low[i]!, before)
    ranges[i] = top - bottom
  }
  return ranges
}

/**
 * Wilder's average of the true range, which starts with the plain mean of the first `window` ranges.
 *
 * @param window sessions, at least 1
 * @returns price units, same length, NaN before index window - 1
 */
export function averageTrueRange(bars: HighLowClose, window: number): Float64Array {
  assert(Number.isInteger(window) && window >= 1, `a window of ${window} sessions`)
  const ranges = trueRange(bars)
  const size = ranges.length
  const averages = new Float64Array(size)
  averages.fill(Number.NaN, 0, Math.min(size, window - 1))
  let sum = 0
  for (let i = 0; i < size; i++) {
    sum = (i < window ? sum : (sum * (window - 1)) / window) + ranges[i]!
    if (i >= window - 1) averages[i] = sum / window
  }
  return averages
}
