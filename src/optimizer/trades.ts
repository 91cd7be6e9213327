import type { Candidate } from './candidate.ts'
import type { Core, Row } from './core.ts'
import { ColumnWriter, type SparseColumns } from './engine.ts'
import { product } from './measures.ts'
import type { Goal } from './primal.ts'

export type TradesForm = {
  readonly core: Core
  readonly goal: Goal
  readonly read: (candidate: Candidate) => Candidate
}

/**
 * A core with ties w - bought + sold = previous, rewritten in what is bought and sold alone: w is replaced everywhere,
 * the ties go, and the bounds of w become bounds of the trades, since nobody needs to buy and sell the same asset.
 * Where the quadratic solver stumbles over one form it mostly takes the other.
 *
 * Columns 0..n-1 are bought, n..2n-1 sold. Only for goals without CVaR.
 */
export function tradesForm(core: Core, goal: Goal, previous: Float64Array): TradesForm {
  const n = core.assets
  const firstTie = core.firstTie!
  const kept = [...core.rows.keys()].filter((index) => index < firstTie || index >= firstTie + n)
  const start = hessianTimes(goal.hessian!, previous)
  const cost = Float64Array.from({ length: 2 * n }, (_, j) => {
    const i = j % n
    const weight = goal.cost[i]! + start[i]!
    return j < n ? weight + goal.cost[n + i]! : -weight + goal.cost[2 * n + i]!
  })
  const lower = new Float64Array(2 * n)
  const upper = new Float64Array(2 * n)
  for (let i = 0; i < n; i += 1) {
    lower[i] = Math.max(0, core.lower[i]! - previous[i]!)
    upper[i] = Math.max(0, core.upper[i]! - previous[i]!)
    lower[n + i] = Math.max(0, previous[i]! - core.upper[i]!)
    upper[n + i] = Math.max(0, previous[i]! - core.lower[i]!)
  }
  return {
    core: {
      ...core,
      assets: 2 * n,
      columns: 2 * n,
      lower,
      upper,
      rows: kept.map((index) => inTrades(core.rows[index]!, n, previous)),
      firstTie: undefined,
    },
    goal: { cost, hessian: doubled(goal.hessian!, n) },
    read: (candidate) => {
      const weights = previous.map((before, i) => before + candidate.weights[i]! - candidate.weights[n + i]!)
      const rowPrices = new Float64Array(core.rows.length)
      kept.forEach((index, k) => {
        rowPrices[index] = candidate.rowPrices[k]!
      })
      // The price of a tie is whatever the other prices leave of a weight's marginal cost.
      const curvature = hessianTimes(goal.hessian!, weights)
      for (let i = 0; i < n; i += 1) rowPrices[firstTie + i] = goal.cost[i]! + curvature[i]!
      for (const index of kept) {
        const row = core.rows[index]!
        row.indices.forEach((j, k) => {
          if (j < n) rowPrices[firstTie + j]! -= rowPrices[index]! * row.values[k]!
        })
      }
      return { weights, rowPrices }
    },
  }
}

function inTrades(row: Row, n: number, previous: Float64Array): Row {
  const values = new Float64Array(2 * n)
  let shift = 0
  row.indices.forEach((j, k) => {
    const value = row.values[k]!
    if (j < n) {
      values[j]! += value
      values[n + j]! -= value
      shift += value * previous[j]!
    } else {
      values[j - n]! += value
    }
  })
  return { lower: row.lower - shift, upper: row.upper - shift, indices: Int32Array.from(values.keys()), values }
}

/** The lower triangle of [[H, -H], [-H, H]]. */
function doubled(hessian: SparseColumns, n: number): SparseColumns {
  const full = dense(hessian, n)
  const writer = new ColumnWriter(2 * n * n + n)
  for (let j = 0; j < 2 * n; j += 1) {
    for (let i = j; i < 2 * n; i += 1) {
      const value = full[(i % n) * n + (j % n)]!
      writer.entry(i, i < n === j < n ? value : -value)
    }
    writer.endColumn()
  }
  return writer.finish()
}

export function hessianTimes(hessian: SparseColumns, vector: Float64Array): Float64Array {
  return product(dense(hessian, vector.length), vector)
}

function dense({ starts, indices, values }: SparseColumns, n: number): Float64Array {
  const full = new Float64Array(n * n)
  for (let j = 0; j < n; j += 1) {
    for (let k = starts[j]!; k < starts[j + 1]!; k += 1) {
      full[indices[k]! * n + j] = values[k]!
      full[j * n + indices[k]!] = values[k]!
    }
  }
  return full
}
