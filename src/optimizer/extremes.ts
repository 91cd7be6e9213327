import { attemptsFor } from './attempts.ts'
import { minimizedValue } from './certificate.ts'
import { type Core, coreOf } from './core.ts'
import type { Engine } from './engine.ts'
import { largest, measuresOf } from './measures.ts'
import { primalForm } from './primal.ts'
import type { Problem } from './problem.ts'
import { feasibilityTolerance } from './solution.ts'

/** Whether any portfolio keeps every limit of the problem. */
export function feasible(problem: Problem, engine: Engine): boolean {
  if (leastOf(problem, engine, (core) => new Float64Array(core.columns)) === undefined) return false
  const limit = problem.constraints.maxCvar
  if (limit === undefined) return true
  return lowestCvar(problem, engine) <= limit + feasibilityTolerance * largest(problem.scenarios!.values)
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
