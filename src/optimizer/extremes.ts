import { attemptsFor } from './attempts.ts'
import { minimizedValue, provesConflict } from './certificate.ts'
import { type Core, coreOf } from './core.ts'
import type { Engine } from './engine.ts'
import { largest, measuresOf } from './measures.ts'
import { primalForm } from './primal.ts'
import type { Problem } from './problem.ts'
import { brokenLimits, checked, feasibilityTolerance } from './solution.ts'

/** Whether any portfolio keeps every limit of the problem. */
export function feasible(problem: Problem, engine: Engine): boolean {
  if (leastOf(problem, engine, (core) => new Float64Array(core.columns)) === undefined) return false
  const limit = problem.constraints.maxCvar
  if (limit === undefined) return true
  return lowestCvar(problem, engine) <= limit + feasibilityTolerance * largest(problem.scenarios!.values)
}

/**
 * Whether it is proved that no portfolio keeps every limit: by prices of the limits that nothing can pay, or by a lower
 * bound on CVaR above its limit. The prices come from the linear program of the least total violation.
 */
export function provedInfeasible(problem: Problem, engine: Engine): boolean {
  const core = coreOf(problem)
  const { model, read } = primalForm(...leastViolation(core))
  const answer = engine.run(model, { presolve: false })
  if (answer.status === 'optimal' && provesConflict(problem, core, read(answer).rowPrices)) return true
  const { maxCvar, ...constraints } = problem.constraints
  if (maxCvar === undefined) return false
  const lowest: Problem = { ...problem, objective: 'min-cvar', constraints }
  return attemptsFor(lowest).some((attempt) => {
    const candidate = attempt.run(engine)
    const result = candidate === undefined ? undefined : checked(lowest, candidate, attempt.form)
    return result !== undefined && 'status' in result && result.proof.lowerBound > maxCvar
  })
}

/** The core with a column on either side of each row that takes up what the row is broken by, at a cost of 1. */
function leastViolation(core: Core): [Core, { readonly cost: Float64Array }] {
  const first = core.columns
  const columns = first + 2 * core.rows.length
  const rows = core.rows.map((row, index) => ({
    ...row,
    indices: Int32Array.of(...row.indices, first + 2 * index, first + 2 * index + 1),
    values: Float64Array.of(...row.values, 1, -1),
  }))
  const lower = new Float64Array(columns)
  const upper = new Float64Array(columns).fill(Infinity)
  lower.set(core.lower)
  upper.set(core.upper)
  return [{ ...core, columns, lower, upper, rows }, { cost: new Float64Array(columns).fill(1, first) }]
}

/** Weights with the least of a linear quantity, a limit on CVaR aside; undefined when there are none. */
export function leastOf(
  problem: Problem,
  engine: Engine,
  quantity: (core: Core) => Float64Array,
): Float64Array | undefined {
  const core = coreOf(problem)
  const { model, read } = primalForm(core, { cost: quantity(core) })
  const answer = engine.run(model, { presolve: true })
  return answer.status === 'optimal' ? read(answer).weights : undefined
}

/** The lowest CVaR that the other limits allow; -Infinity where nothing ends it. */
export function lowestCvar(problem: Problem, engine: Engine): number {
  const { maxCvar: _, ...constraints } = problem.constraints
  const weights = firstWeights({ ...problem, objective: 'min-cvar', constraints }, engine)
  return weights === undefined ? -Infinity : measuresOf(problem, weights).cvar!
}

/** Why an unbounded problem is so, or undefined when it does not look unbounded after all. */
export function unboundedBecause(problem: Problem, engine: Engine): string | undefined {
  const { minWeight, maxWeight } = problem.constraints
  if (minWeight.every(Number.isFinite) && maxWeight.every(Number.isFinite)) return undefined
  // Boxed in far away an unbounded problem runs into the box, and goes on improving in a larger one.
  const far = 1e5
  const near = firstWeights(boxed(problem, far / 10), engine)
  const weights = firstWeights(boxed(problem, far), engine)
  if (near === undefined || weights === undefined) return undefined
  if (brokenLimits(problem, weights, measuresOf(problem, weights)).length > 0) return undefined
  const value = minimizedValue(problem, measuresOf(problem, weights))
  const gain = minimizedValue(problem, measuresOf(problem, near)) - value
  if (gain < Math.abs(value) / 2) return undefined
  const missing = problem.assets.flatMap((asset, i) => {
    if (weights[i]! >= 0.5 * far && maxWeight[i] === Infinity) return [`${asset} has no maxWeight`]
    if (weights[i]! <= -0.5 * far && minWeight[i] === -Infinity) return [`${asset} has no minWeight`]
    return []
  })
  if (missing.length === 0) return undefined
  return `the objective improves without end as weights grow: ${missing.slice(0, 6).join(', ')}`
}

function boxed(problem: Problem, far: number): Problem {
  const { constraints } = problem
  return {
    ...problem,
    constraints: {
      ...constraints,
      minWeight: constraints.minWeight.map((low) => Math.max(low, -far)),
      maxWeight: constraints.maxWeight.map((high) => Math.min(high, far)),
    },
  }
}

function firstWeights(problem: Problem, engine: Engine): Float64Array | undefined {
  for (const attempt of attemptsFor(problem)) {
    const candidate = attempt.run(engine)
    if (candidate !== undefined) return candidate.weights
  }
  return undefined
}
