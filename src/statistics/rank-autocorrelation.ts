import { fewestPairs, type Grid, openRanker, rankInto } from './ranks.ts'

/**
 * Correlation of each date's ranks with those of its predecessor: near 1 for a signal that hardly moves, 0 for one that starts
 * anew. Over the assets that both dates have; the ranks themselves are those among all assets of each date.
 *
 * @param earlier row of each row's predecessor, -1 without one
 * @returns in [-1, 1], NaN where there is none. Example: [1, 2, 3] after [3, 2, 1] -> -1
 * Source: alphalens `factor_rank_autocorrelation`.
 */
export function rankAutocorrelations({ rows, columns, values }: Grid, earlier: Int32Array): Float64Array {
  const ranks = new Float64Array(rows * columns).fill(Number.NaN)
  const ranker = openRanker(columns)
  const present = new Float64Array(columns)
  for (let row = 0; row < rows; row++) {
    let count = 0
    for (let i = 0; i < columns; i++) {
      if (!Number.isNaN(values[row * columns + i]!)) present[count++] = values[row * columns + i]!
    }
    rankInto(ranker, present, count)
    for (let i = columns - 1; i >= 0; i--) {
      if (!Number.isNaN(values[row * columns + i]!)) ranks[row * columns + i] = ranker.ranks[--count]!
    }
  }
  return Float64Array.from({ length: rows }, (_, row) =>
    earlier[row]! < 0 ? Number.NaN : pearson(ranks, row * columns, earlier[row]! * columns, columns),
  )
}

function pearson(values: Float64Array, one: number, other: number, columns: number): number {
  let [count, sumX, sumY, squaresX, squaresY, products] = [0, 0, 0, 0, 0, 0]
  for (let i = 0; i < columns; i++) {
    const x = values[one + i]!
    const y = values[other + i]!
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    count++
    sumX += x
    sumY += y
    squaresX += x * x
    squaresY += y * y
    products += x * y
  }
  if (count < fewestPairs) return Number.NaN
  const spread = (squaresX - (sumX * sumX) / count) * (squaresY - (sumY * sumY) / count)
  if (spread <= 1e-12) return Number.NaN
  return Math.max(-1, Math.min(1, (products - (sumX * sumY) / count) / Math.sqrt(spread)))
}

/** For each date the last earlier one at least `horizon` sessions before it: its holding has ended when this one begins. -1 if none. */
export function predecessors(position: Int32Array, horizon: number): Int32Array {
  let candidate = -1
  return position.map((at) => {
    while (position[candidate + 1]! <= at - horizon) candidate++
    return candidate
  })
}
