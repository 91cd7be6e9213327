import type { Problem } from './problem.ts'

/** One linear limit: lower <= sum(values * columns[indices]) <= upper. */
export type Row = {
  readonly lower: number
  readonly upper: number
  readonly indices: Int32Array
  readonly values: Float64Array
}

/**
 * The linear limits of a problem without its objective and without CVaR.
 *
 * Columns 0..n-1 are weights. Where trading costs or is limited, columns n..2n-1 are bought and 2n..3n-1 sold
 * fractions, tied by w - bought + sold = previous. A solution may buy and sell the same asset at once only by wasting
 * money, so what is reported is always computed from the weights alone.
 */
export type Core = {
  readonly assets: number
  readonly columns: number
  readonly lower: Float64Array
  readonly upper: Float64Array
  readonly rows: readonly Row[]
  /** Position in `rows` of the first of the n ties between weights and trades, if there are any. */
  readonly firstTie: number | undefined
  /** Position in `rows` of the limit on expected return, if there is one: the last. */
  readonly targetRow: number | undefined
  /** Cost per unit bought or sold, a fraction. */
  readonly costRate: number
  /** The expected return after costs is returns . columns; absent where expected returns are unknown. */
  readonly returns: Float64Array | undefined
}

/** @param targetReturn replaces the problem's own; -Infinity keeps the row and makes it idle */
export function coreOf(problem: Problem, targetReturn: number | undefined = problem.constraints.targetReturn): Core {
  const limits = problem.constraints
  const n = problem.assets.length
  const costRate = limits.costBps / 10_000
  const previous = limits.previousWeights
  const trades = previous !== undefined && (costRate > 0 || limits.maxTurnover !== undefined)
  const columns = trades ? 3 * n : n
  const rows: Row[] = []
  rows.push(sumRow(range(0, n), 1 - limits.maxCash, 1 - limits.minCash))
  for (const group of limits.groups) rows.push(sumRow(group.assets, group.min, group.max))
  const firstTie = trades ? rows.length : undefined
  if (trades) {
    for (let i = 0; i < n; i += 1) {
      const before = previous[i]!
      const indices = Int32Array.of(i, n + i, 2 * n + i)
      rows.push({ lower: before, upper: before, indices, values: Float64Array.of(1, -1, 1) })
    }
    if (limits.maxTurnover !== undefined) {
      rows.push(sumRow(range(n, 3 * n), Number.NEGATIVE_INFINITY, 2 * limits.maxTurnover))
    }
  }
  const returns = problem.expectedReturns === undefined ? undefined : new Float64Array(columns).fill(-costRate)
  returns?.set(problem.expectedReturns!)
  let targetRow: number | undefined
  if (returns !== undefined && targetReturn !== undefined) {
    // Scaled to coefficients near 1, so that the solver's tolerances mean the same for daily and for annual returns.
    const scale = unitScale(returns)
    targetRow = rows.length
    rows.push({
      lower: targetReturn * scale,
      upper: Number.POSITIVE_INFINITY,
      indices: range(0, columns),
      values: returns.map((value) => value * scale),
    })
  }
  const lower = new Float64Array(columns)
  const upper = new Float64Array(columns).fill(Number.POSITIVE_INFINITY)
  lower.set(limits.minWeight)
  upper.set(limits.maxWeight)
  return { assets: n, columns, lower, upper, rows, firstTie, targetRow, costRate, returns }
}

/** The power of two that brings the largest absolute value near 1: multiplying by it loses no digit. */
export function unitScale(values: Float64Array): number {
  let largest = 0
  for (const value of values) largest = Math.max(largest, Math.abs(value))
  return largest > 0 && Number.isFinite(largest) ? 2 ** -Math.round(Math.log2(largest)) : 1
}

function sumRow(indices: Int32Array, lower: number, upper: number): Row {
  return { lower, upper, indices, values: new Float64Array(indices.length).fill(1) }
}

function range(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to - from }, (_, index) => from + index)
}
