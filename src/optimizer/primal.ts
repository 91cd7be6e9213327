import type { Candidate } from './candidate.ts'
import { type Core, unitScale } from './core.ts'
import { ColumnWriter, type EngineAnswer, type LinearModel, type SparseColumns } from './engine.ts'
import type { Scenarios } from './matrices.ts'

/** What to minimize over a core: cost.x + w'Hw/2, plus CVaR, or with CVaR at most `limit`. */
export type Goal = {
  /** One per column of the core. */
  readonly cost: Float64Array
  /** Lower triangle of H over the weights. */
  readonly hessian?: SparseColumns
  readonly cvar?: { readonly scenarios: Scenarios; readonly confidence: number; readonly limit?: number }
}

export type PrimalForm = { readonly model: LinearModel; readonly read: (answer: EngineAnswer) => Candidate }

/**
 * The usual form of a problem: the core's own columns and rows and, where CVaR takes part, a threshold t, an excess
 * z_s >= 0 per scenario and a row z_s + t + R_s.w >= 0 each (Rockafellar and Uryasev, Journal of Risk 2(3), 2000).
 * Everything can be written in this form; the dual form of cvar.ts is only faster.
 */
export function primalForm(core: Core, goal: Goal): PrimalForm {
  const scenarios = goal.cvar?.scenarios
  const count = scenarios?.count ?? 0
  const limit = goal.cvar?.limit
  const cvarScale = scenarios === undefined ? 1 : unitScale(scenarios.values)
  const isObjective = scenarios !== undefined && limit === undefined
  const costScale = isObjective ? cvarScale : unitScale(goal.hessian?.values ?? goal.cost)
  const capacity = goal.cvar === undefined ? 0 : 1 / ((1 - goal.cvar.confidence) * count)

  const firstScenarioRow = core.rows.length
  const limitRow = firstScenarioRow + count
  const columns = core.columns + (scenarios === undefined ? 0 : 1 + count)
  const cost = new Float64Array(columns)
  const lower = new Float64Array(columns)
  const upper = new Float64Array(columns).fill(Infinity)
  cost.set(goal.cost.map((value) => value * costScale))
  lower.set(core.lower)
  upper.set(core.upper)

  const writer = new ColumnWriter((count + core.rows.length) * (core.assets + 3))
  const byColumn = coreEntries(core)
  for (let j = 0; j < core.columns; j += 1) {
    for (const [row, value] of byColumn[j]!) writer.entry(row, value)
    if (scenarios !== undefined && j < core.assets) {
      for (let s = 0; s < count; s += 1) {
        writer.entry(firstScenarioRow + s, scenarios.values[s * core.assets + j]! * cvarScale)
      }
    }
    if (limit !== undefined && j >= core.assets) writer.entry(limitRow, core.costRate * cvarScale)
    writer.endColumn()
  }
  if (scenarios !== undefined) {
    const threshold = core.columns
    for (let s = 0; s < count; s += 1) writer.entry(firstScenarioRow + s, 1)
    if (limit !== undefined) writer.entry(limitRow, 1)
    writer.endColumn()
    lower[threshold] = -Infinity
    if (isObjective) cost.fill(1, threshold, threshold + 1).fill(capacity, threshold + 1)
    for (let s = 0; s < count; s += 1) {
      writer.entry(firstScenarioRow + s, 1)
      if (limit !== undefined) writer.entry(limitRow, capacity)
      writer.endColumn()
    }
  }
  const rowLower = [...core.rows.map((row) => row.lower), ...new Array<number>(count).fill(0)]
  const rowUpper = [...core.rows.map((row) => row.upper), ...new Array<number>(count).fill(Infinity)]
  if (limit !== undefined) {
    rowLower.push(-Infinity)
    rowUpper.push(limit * cvarScale)
  }
  return {
    model: {
      cost,
      lower,
      upper,
      rowLower: Float64Array.from(rowLower),
      rowUpper: Float64Array.from(rowUpper),
      matrix: writer.finish(),
      ...(goal.hessian === undefined ? {} : { hessian: widened(goal.hessian, columns, costScale) }),
    },
    read: (answer) => {
      const limitPrice = limit === undefined ? 0 : -answer.rowDuals[limitRow]!
      const tailPrices = answer.rowDuals.slice(firstScenarioRow, limitRow)
      const mass = limit === undefined ? 1 : limitPrice
      return {
        weights: answer.columns.slice(0, core.assets),
        rowPrices: answer.rowDuals.slice(0, core.rows.length).map((price) => price / costScale),
        ...(scenarios === undefined ? {} : { tail: mass > 0 ? tailPrices.map((price) => price / mass) : tailPrices }),
        ...(limit === undefined ? {} : { cvarPrice: (limitPrice * cvarScale) / costScale }),
      }
    },
  }
}

function coreEntries(core: Core): (readonly [number, number])[][] {
  const entries: (readonly [number, number])[][] = Array.from({ length: core.columns }, () => [])
  core.rows.forEach((row, index) => {
    row.indices.forEach((j, k) => {
      entries[j]!.push([index, row.values[k]!])
    })
  })
  return entries
}

/** The Hessian over all columns: those after the weights have none. */
function widened(hessian: SparseColumns, columns: number, scale: number): SparseColumns {
  const starts = new Int32Array(columns + 1).fill(hessian.values.length)
  starts.set(hessian.starts)
  return { starts, indices: hessian.indices, values: hessian.values.map((value) => value * scale) }
}
