import type { Attempt, Candidate } from './candidate.ts'
import { type Core, coreOf, unitScale } from './core.ts'
import { cvarDual } from './cvar.ts'
import type { Engine, EngineAnswer } from './engine.ts'
import { measuresOf } from './measures.ts'
import { type Goal, primalForm } from './primal.ts'
import type { Problem } from './problem.ts'
import { quadraticAttempts } from './quadratic.ts'
import { sifted, siftedFrom } from './sifting.ts'
import { varianceGoal } from './variance.ts'

/**
 * Ways to solve a problem, the fastest first; the later ones are for when a check refuses an answer.
 * @param near weights that are likely near the best ones
 */
export function attemptsFor(problem: Problem, near?: Float64Array): readonly Attempt[] {
  const core = coreOf(problem)
  const goal = goalOf(problem, core)
  const primal = (form: string, options: { readonly presolve: boolean }): Attempt => ({
    form,
    run: (engine) => {
      const { model, read } = primalForm(core, goal)
      const answer = engine.run(model, options)
      return answer.status === 'optimal' ? read(answer) : undefined
    },
  })
  if (goal.hessian !== undefined) return quadraticAttempts(problem, core, goal)
  const linear = [primal('primal', { presolve: false }), primal('primal, presolved', { presolve: true })]
  const dual = dualAttempt(problem, core)
  if (dual === undefined) return linear
  return [...warmAttempt(problem, core, near), dual, ...linear]
}

function goalOf(problem: Problem, core: Core): Goal {
  const { objective, scenarios, confidence, constraints } = problem
  if (objective === 'min-cvar') {
    const cost = new Float64Array(core.columns).fill(core.costRate, core.assets)
    return { cost, cvar: { scenarios: scenarios!, confidence } }
  }
  const goal = objective === 'max-return' ? { cost: core.returns!.map((value) => -value) } : varianceGoal(problem, core)
  if (constraints.maxCvar === undefined) return goal
  return { ...goal, cvar: { scenarios: scenarios!, confidence, limit: constraints.maxCvar } }
}

function dualAttempt(problem: Problem, core: Core): Attempt | undefined {
  if (problem.objective === 'min-cvar')
    return { form: 'dual', run: (engine) => sifted(problem, (part) => minimumCvar(part, core, engine)) }
  if (problem.objective === 'max-return' && problem.constraints.maxCvar !== undefined) {
    return { form: 'dual along the frontier', run: (engine) => sifted(problem, (part) => maximumReturn(part, engine)) }
  }
  return undefined
}

function warmAttempt(problem: Problem, core: Core, near: Float64Array | undefined): readonly Attempt[] {
  if (near === undefined || problem.objective !== 'min-cvar') return []
  const run: Attempt['run'] = (engine) =>
    siftedFrom(near, problem, (part, weights) => minimumCvar(part, core, engine, weights))
  return [{ form: 'dual, warm', run }]
}

function minimumCvar(problem: Problem, core: Core, engine: Engine, near?: Float64Array): Candidate | undefined {
  const { model, read, startAt } = cvarDual(core, problem.scenarios!, problem.confidence)
  const start = near === undefined ? {} : { start: startAt(near, problem.constraints.previousWeights) }
  const answer = engine.run(model, { presolve: false, scaling: false, ...start })
  return answer.status === 'optimal' ? read(answer) : undefined
}

/** Far more than the frontier of any real problem has taken (5 to 10). */
const mostSteps = 60

/**
 * The highest expected return whose minimum CVaR is still within the limit.
 *
 * The lowest CVaR for a target return is a convex, piecewise linear function of the target, and the price of the
 * target is its slope: Newton's method from the highest return of all comes down to the limit in a few steps, each a
 * warm re-solve of the dual form with one changed cost.
 */
function maximumReturn(problem: Problem, engine: Engine): Candidate | undefined {
  const limit = problem.constraints.maxCvar!
  const plain = coreOf({ ...problem, constraints: withoutTarget(problem) })
  const { model, read } = primalForm(plain, { cost: plain.returns!.map((value) => -value) })
  const freely = engine.run(model, { presolve: true })
  if (freely.status !== 'optimal') return undefined
  const free = read(freely)
  const ownTarget = problem.constraints.targetReturn === undefined ? [] : [0]
  const priced = (candidate: Candidate, price: number): Candidate => ({
    ...candidate,
    rowPrices: Float64Array.of(
      ...candidate.rowPrices.slice(0, plain.rows.length).map((entry) => entry / price),
      ...ownTarget,
    ),
    cvarPrice: 1 / price,
  })
  const highest = measuresOf(problem, free.weights)
  if (highest.cvar! <= limit) return { ...priced(free, 1), cvarPrice: 0 }

  let target = highest.expectedReturn!
  const core = coreOf(problem, target)
  const form = cvarDual(core, problem.scenarios!, problem.confidence)
  const scale = unitScale(core.returns!)
  const tolerance = 1e-12 / unitScale(problem.scenarios!.values)
  let steps = 0
  let best: Candidate | undefined
  const next = (answer: EngineAnswer) => {
    const candidate = form.read(answer)
    const slope = candidate.rowPrices[plain.rows.length]! * scale
    const excess = measuresOf(problem, candidate.weights).cvar! - limit
    best = slope > 0 ? priced(candidate, slope) : undefined
    steps += 1
    if (best === undefined || excess <= tolerance || steps === mostSteps || form.targetColumn === undefined)
      return undefined
    target -= excess / slope
    return { column: form.targetColumn, cost: form.targetCost(target) }
  }
  const last = engine.run(form.model, { presolve: false, scaling: false, again: next })
  return last.status === 'optimal' ? best : undefined
}

function withoutTarget(problem: Problem): Problem['constraints'] {
  const { targetReturn: _, ...rest } = problem.constraints
  return rest
}
