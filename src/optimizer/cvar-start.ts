import type { Core } from './core.ts'
import type { StartingBasis } from './engine.ts'
import type { Scenarios } from './matrices.ts'
import { tailLoss } from './measures.ts'

/** Which columns of the dual form price a limit of the core, and which the second bound of a core column. */
export type DualLayout = {
  readonly columns: number
  /** `side` is the limit that is priced; `both` where they are equal and the price may have any sign. */
  readonly prices: readonly { readonly row: number; readonly column: number; readonly side: Side }[]
  readonly secondBounds: readonly { readonly coreColumn: number; readonly column: number }[]
}
export type Side = 'lower' | 'upper' | 'both'

/** Closer than this to a bound, in units of weight or of the largest return, counts as on it. */
const near = 1e-9

/**
 * The basis of the dual form (cvar.ts) that belongs to weights, if those were optimal.
 *
 * By complementary slackness a scenario beyond VaR has all the mass it can hold, one before it none, and one exactly
 * at VaR is in the basis; so is the price of a limit that binds and, for each column of the core, the slack of its
 * row where it stands on its first bound and the price of its second bound where it stands there. It takes nothing
 * but weights: after a day, when one scenario has gone and another come, most of it is still right.
 * Source: Bertsimas and Tsitsiklis, Introduction to Linear Optimization, sections 3.2 and 4.3.
 */
export function cvarStart(
  core: Core,
  scenarios: Scenarios,
  options: {
    readonly confidence: number
    readonly layout: DualLayout
    readonly weights: Float64Array
    readonly previousWeights: Float64Array | undefined
  },
): StartingBasis {
  const { confidence, layout, weights, previousWeights } = options
  const columns = new Int32Array(layout.columns)
  const rows = new Int32Array(core.columns + 1)
  columns.set(tailStatuses(scenarios, weights, confidence))
  const values = coreValues(core, weights, previousWeights)
  for (const { row, column, side } of layout.prices) {
    const { indices, values: entries, lower, upper } = core.rows[row]!
    let activity = 0
    indices.forEach((j, k) => {
      activity += entries[k]! * values[j]!
    })
    const binds = side === 'both' || Math.abs(activity - (side === 'lower' ? lower : upper)) < near
    columns[column] = binds ? 1 : side === 'lower' ? 0 : 2
  }
  for (let j = 0; j < core.columns; j += 1) {
    const low = Number.isFinite(core.lower[j]!)
    const first = low ? core.lower[j]! : core.upper[j]!
    const onFirst = Math.abs(values[j]! - first) < near
    rows[j] = onFirst ? 1 : low || !Number.isFinite(first) ? 2 : 0
  }
  for (const { coreColumn, column } of layout.secondBounds) {
    const onSecond = Math.abs(values[coreColumn]! - core.upper[coreColumn]!) < near
    if (onSecond && rows[coreColumn] !== 1) columns[column] = 1
  }
  return { columns, rows }
}

function tailStatuses(scenarios: Scenarios, weights: Float64Array, confidence: number): Int32Array {
  const n = weights.length
  const losses = new Float64Array(scenarios.count)
  for (let s = 0; s < scenarios.count; s += 1) {
    for (let i = 0; i < n; i += 1) losses[s]! -= scenarios.values[s * n + i]! * weights[i]!
  }
  const edge = tailLoss(
    losses.map((loss) => -loss),
    confidence,
  ).var
  return Int32Array.from(losses, (loss) => {
    if (Math.abs(loss - edge) < near) return 1
    return loss > edge ? 2 : 0
  })
}

/** Weights, then what is bought and what is sold to come to them. */
function coreValues(core: Core, weights: Float64Array, previous: Float64Array | undefined): Float64Array {
  const n = core.assets
  const values = new Float64Array(core.columns)
  values.set(weights)
  if (core.columns > n && previous !== undefined) {
    for (let i = 0; i < n; i += 1) {
      const change = weights[i]! - previous[i]!
      values[n + i] = Math.max(0, change)
      values[2 * n + i] = Math.max(0, -change)
    }
  }
  return values
}
