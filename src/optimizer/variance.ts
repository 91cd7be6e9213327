import type { Core } from './core.ts'
import { ColumnWriter, type SparseColumns } from './engine.ts'
import type { Goal } from './primal.ts'
import type { Problem } from './problem.ts'

/**
 * The quadratic objectives as something to minimize over a core.
 *
 * min-variance: w'Cw, that is H = 2C. max-utility: riskAversion / 2 * w'Cw - expected return after costs, H = riskAversion * C.
 * A zero Hessian is left out: what remains is a linear program.
 * Example: C = [[0.04]], riskAversion 3 -> H = [[0.12]]
 * Source: Markowitz, Journal of Finance 7(1), 1952.
 */
export function varianceGoal(problem: Problem, core: Core): Goal {
  const utility = problem.objective === 'max-utility'
  const hessian = lowerTriangle(problem.covariance!, core.assets, utility ? problem.riskAversion : 2)
  const cost = utility ? core.returns!.map((value) => -value) : new Float64Array(core.columns)
  return { cost, ...(hessian.values.length === 0 ? {} : { hessian }) }
}

/** The goal plus weight / 2 * |w - centre|^2, less a constant. */
export function proximalGoal(goal: Goal, centre: Float64Array, weight: number): Goal {
  const n = centre.length
  const { starts, indices, values } = goal.hessian!
  const writer = new ColumnWriter(values.length + n)
  for (let j = 0; j < n; j += 1) {
    let diagonal = weight
    for (let k = starts[j]!; k < starts[j + 1]!; k += 1) if (indices[k] === j) diagonal += values[k]!
    writer.entry(j, diagonal)
    for (let k = starts[j]!; k < starts[j + 1]!; k += 1) if (indices[k] !== j) writer.entry(indices[k]!, values[k]!)
    writer.endColumn()
  }
  const cost = goal.cost.map((value, j) => (j < n ? value - weight * centre[j]! : value))
  return { ...goal, cost, hessian: writer.finish() }
}

function lowerTriangle(matrix: Float64Array, n: number, factor: number): SparseColumns {
  const writer = new ColumnWriter((n * (n + 1)) / 2)
  for (let j = 0; j < n; j += 1) {
    for (let i = j; i < n; i += 1) writer.entry(i, matrix[i * n + j]! * factor)
    writer.endColumn()
  }
  return writer.finish()
}
