import type { Attempt, Candidate } from './candidate.ts'
import { type Core, type Row, unitScale } from './core.ts'
import type { Engine } from './engine.ts'
import { interiorPoint } from './interior-point.ts'
import { largest, measuresOf, worstTail } from './measures.ts'
import { type Goal, primalForm } from './primal.ts'
import type { Problem } from './problem.ts'
import { hessianTimes, tradesForm } from './trades.ts'
import { proximalGoal } from './variance.ts'

type Solver = (core: Core, goal: Goal) => Candidate | undefined

/** Ways to solve a quadratic problem, the fastest first; the later ones are for when a check refuses an answer. */
export function quadraticAttempts(problem: Problem, core: Core, goal: Goal): readonly Attempt[] {
  const previous = core.firstTie === undefined ? undefined : problem.constraints.previousWeights
  const { cvar: _, ...smooth } = goal
  const under = (solver: Solver): Candidate | undefined =>
    goal.cvar === undefined ? solver(core, smooth) : withTailCuts(problem, core, smooth, solver)
  const attempts: Attempt[] = [
    { form: 'quadratic', run: (engine) => under(plain(engine, 0)) },
    { form: 'quadratic, a little regularized', run: (engine) => under(plain(engine, 1e-11)) },
  ]
  if (previous !== undefined) {
    attempts.push({ form: 'quadratic in trades', run: (engine) => under(inTrades(plain(engine, 0), previous)) })
  }
  attempts.push({ form: 'quadratic by proximal steps', run: (engine) => under(proximal(plain(engine, 0))) })
  if (previous !== undefined) {
    const form = 'quadratic in trades by proximal steps'
    attempts.push({ form, run: (engine) => under(proximal(inTrades(plain(engine, 0), previous))) })
  }
  if (core.columns <= mostInteriorColumns) {
    attempts.push({ form: 'quadratic by interior points', run: (engine) => under(inside(engine, previous)) })
  }
  return attempts
}

function plain(engine: Engine, regularization: number): Solver {
  return (core, goal) => {
    const { model, read } = primalForm(core, goal)
    const answer = engine.run(model, { presolve: true, regularization })
    return answer.status === 'optimal' ? read(answer) : undefined
  }
}

function inTrades(solver: Solver, previous: Float64Array): Solver {
  return (core, goal) => {
    const form = tradesForm(core, goal, previous)
    const candidate = solver(form.core, form.goal)
    return candidate === undefined ? undefined : form.read(candidate)
  }
}

/** Each step factors a dense matrix of this order, and nothing looks at the clock meanwhile. */
const mostInteriorColumns = 600

/** Weights from the interior, and their prices from the linear program of the tangent there. */
function inside(engine: Engine, previous: Float64Array | undefined): Solver {
  const interior: Solver = (core, goal) => ({
    weights: interiorPoint(core, goal, engine.checkTime),
    rowPrices: new Float64Array(core.rows.length),
  })
  const solver = previous === undefined ? interior : inTrades(interior, previous)
  return (core, goal) => {
    const found = solver(core, goal)
    if (found === undefined) return undefined
    const cost = Float64Array.from(goal.cost)
    hessianTimes(goal.hessian!, found.weights).forEach((entry, i) => {
      cost[i]! += entry
    })
    const { model, read } = primalForm(core, { cost })
    const answer = engine.run(model, { presolve: true })
    return answer.status === 'optimal' ? { weights: found.weights, rowPrices: read(answer).rowPrices } : undefined
  }
}

const mostProximalSteps = 30

/**
 * A quadratic program by a few better conditioned ones: each adds p/2 |w - w_k|^2 around the last answer w_k, which
 * vanishes as the steps do. For covariances so singular that the solver stops early or gives up.
 * Source: Rockafellar, SIAM Journal on Control and Optimization 14(5), 1976.
 */
function proximal(solver: Solver): Solver {
  return (core, goal) => {
    const weight = 1e-3 / unitScale(goal.hessian!.values)
    let centre = new Float64Array(core.assets)
    let found: Candidate | undefined
    for (let step = 0; step < mostProximalSteps; step += 1) {
      const next = solver(core, proximalGoal(goal, centre, weight))
      if (next === undefined) return found
      const moved = largest(next.weights.map((value, i) => value - centre[i]!))
      found = next
      centre = Float64Array.from(next.weights)
      if (moved < 1e-12) break
    }
    return found
  }
}

const mostCuts = 200

/**
 * A limit on CVaR as the few linear limits that matter: CVaR is the largest mean loss over all tails, so each answer
 * that breaks the limit names a tail whose mean loss must keep it, and the problem is solved again with that row.
 * The tails are finitely many, and each is named once.
 * Source: Kuenzi-Bay and Mayer, Computational Management Science 3(1), 2006.
 */
function withTailCuts(problem: Problem, core: Core, goal: Goal, solver: Solver): Candidate | undefined {
  const limit = problem.constraints.maxCvar!
  const tolerance = 1e-11 / unitScale(problem.scenarios!.values)
  const tails: { readonly tail: Float64Array; readonly scale: number }[] = []
  const cuts: Row[] = []
  while (cuts.length < mostCuts) {
    const candidate = solver({ ...core, rows: [...core.rows, ...cuts] }, goal)
    if (candidate === undefined) return undefined
    if (measuresOf(problem, candidate.weights).cvar! <= limit + tolerance) return joined(candidate, core, tails)
    const { tail, losses } = worstTail(problem, candidate.weights)
    // A tail named twice is as near as the solver comes to the limit.
    if (tails.some((known) => known.tail.every((mass, s) => mass === tail[s]))) return joined(candidate, core, tails)
    const values = new Float64Array(core.columns).fill(core.costRate)
    values.set(losses)
    const scale = unitScale(values)
    tails.push({ tail, scale })
    cuts.push({
      lower: -Infinity,
      upper: limit * scale,
      indices: Int32Array.from(values.keys()),
      values: values.map((value) => value * scale),
    })
  }
  return undefined
}

/** The prices of the cuts as one price of the CVaR limit, and the tail that they mix. */
function joined(
  candidate: Candidate,
  core: Core,
  tails: readonly { readonly tail: Float64Array; readonly scale: number }[],
): Candidate {
  const count = tails[0]?.tail.length ?? 0
  const rowPrices = candidate.rowPrices.slice(0, core.rows.length)
  const mix = new Float64Array(count)
  let cvarPrice = 0
  tails.forEach(({ tail, scale }, k) => {
    const price = Math.max(0, -candidate.rowPrices[core.rows.length + k]!) * scale
    cvarPrice += price
    for (let s = 0; s < count; s += 1) mix[s]! += price * tail[s]!
  })
  if (cvarPrice === 0) return { weights: candidate.weights, rowPrices }
  return { weights: candidate.weights, rowPrices, cvarPrice, tail: mix.map((mass) => mass / cvarPrice) }
}
