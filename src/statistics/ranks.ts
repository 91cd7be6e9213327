/** Buffers for ranking, kept between calls, with room for so many values. */
export type Ranker = {
  /** Ranks of the last call: 1 the smallest, equal values share their mean rank. */
  readonly ranks: Float64Array
  readonly sorted: Float64Array
  readonly order: Int32Array
}

export function openRanker(most: number): Ranker {
  return { ranks: new Float64Array(most), sorted: new Float64Array(most), order: new Int32Array(most) }
}

/** Up to here moving values aside one by one is faster than the engine's own sort. */
const insertionMost = 64

/**
 * Ranks the first `count` values into `ranker.ranks` without allocating.
 *
 * @param values numbers, none NaN
 * @returns the sum of t^3 - t over groups of t equal values: 0 without ties
 * Example: [3, 1, 3] -> ranks [2.5, 1, 2.5], ties 2^3 - 2 = 6
 */
export function rankInto(ranker: Ranker, values: Float64Array, count: number): number {
  const { ranks, order } = ranker
  if (count > insertionMost) return rankBySearch(ranker, values, count)
  const hasTies = insertionSort(ranker, values, count)
  if (hasTies) return rankTied(ranker, count)
  for (let k = 0; k < count; k++) ranks[order[k]!] = k + 1
  return 0
}

/** Sorts values and their places together. Returns whether any two are equal. */
function insertionSort({ sorted, order }: Ranker, values: Float64Array, count: number): boolean {
  let hasTies = false
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    let j = i - 1
    while (j >= 0 && sorted[j]! > value) {
      sorted[j + 1] = sorted[j]!
      order[j + 1] = order[j]!
      j--
    }
    if (j >= 0 && sorted[j] === value) hasTies = true
    sorted[j + 1] = value
    order[j + 1] = i
  }
  return hasTies
}

function rankTied({ ranks, sorted, order }: Ranker, count: number): number {
  let ties = 0
  for (let k = 0; k < count; ) {
    let end = k + 1
    while (end < count && sorted[end] === sorted[k]) end++
    ties += (end - k) ** 3 - (end - k)
    for (let i = k; i < end; i++) ranks[order[i]!] = (k + 1 + end) / 2
    k = end
  }
  return ties
}

/** For many values: the engine sorts a copy, and each value is looked up in it. */
function rankBySearch({ ranks, sorted }: Ranker, values: Float64Array, count: number): number {
  const own = sorted.subarray(0, count)
  own.set(values.subarray(0, count))
  own.sort()
  let ties = 0
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >>> 1
      if (own[middle]! < value) low = middle + 1
      else high = middle
    }
    let end = low + 1
    if (end < count && own[end] === value) {
      high = count
      while (end < high) {
        const middle = (end + high) >>> 1
        if (own[middle]! <= value) end = middle + 1
        else high = middle
      }
    }
    // Each of t equal values adds its share, t^2 - 1.
    ties += (end - low) ** 2 - 1
    ranks[i] = (low + 1 + end) / 2
  }
  return ties
}

/** Ranks of a list. Example: averageRanks([10, 30, 20]) -> [1, 3, 2] */
export function averageRanks(values: ArrayLike<number>): Float64Array {
  const ranker = openRanker(values.length)
  rankInto(ranker, Float64Array.from(values), values.length)
  return ranker.ranks
}

/** Rows are dates, columns are assets, one after the other; NaN where there is no value. */
export type Grid = { readonly rows: number; readonly columns: number; readonly values: Float64Array }

/** With fewer pairs a rank correlation can only be -1, 0 or 1, so it says nothing. */
export const fewestPairs = 3

/**
 * Spearman's rank correlation of two grids, row by row, over the columns in which both have a value.
 *
 * Pearson's correlation of the average ranks. Since the ranks of n values always add up to n (n + 1) / 2, and their squares to
 * a known sum less (t^3 - t) / 12 for each group of t ties, only the sum of their products is left to compute.
 *
 * @returns correlation: in [-1, 1], NaN with fewer than `fewestPairs` pairs or where one side is all ties; pairs: how many
 * Example: row [1, 2, 3, 4] against [4, 3, 2, 1] -> -1
 * Source: Kendall & Gibbons, Rank correlation methods, 1990, sections 1.14 and 3.8 (ties).
 */
export function rankCorrelations(
  one: Grid,
  other: Grid,
): { readonly correlation: Float64Array; readonly pairs: Int32Array } {
  const { rows, columns } = one
  const correlation = new Float64Array(rows)
  const pairs = new Int32Array(rows)
  const [left, right] = [new Float64Array(columns), new Float64Array(columns)]
  const [first, second] = [openRanker(columns), openRanker(columns)]
  for (let row = 0; row < rows; row++) {
    const start = row * columns
    let count = 0
    for (let i = start; i < start + columns; i++) {
      const x = one.values[i]!
      const y = other.values[i]!
      if (Number.isNaN(x) || Number.isNaN(y)) continue
      left[count] = x
      right[count++] = y
    }
    pairs[row] = count
    correlation[row] = count < fewestPairs ? Number.NaN : spearman(first, second, left, right, count)
  }
  return { correlation, pairs }
}

function spearman(first: Ranker, second: Ranker, left: Float64Array, right: Float64Array, count: number): number {
  const leftTies = rankInto(first, left, count)
  const rightTies = rankInto(second, right, count)
  let products = 0
  for (let i = 0; i < count; i++) products += first.ranks[i]! * second.ranks[i]!
  const covariance = products - (count * (count + 1) * (count + 1)) / 4
  const squares = (count * (count * count - 1)) / 12
  const spread = (squares - leftTies / 12) * (squares - rightTies / 12)
  if (spread <= 0) return Number.NaN
  // Ranks are halves of whole numbers, so both sides are exact and only the root rounds.
  return Math.max(-1, Math.min(1, covariance / Math.sqrt(spread)))
}
