import type { Candidate } from './candidate.ts'
import type { Core, Row } from './core.ts'
import { dot, largest, type Measures, meanLosses, product } from './measures.ts'
import type { Problem } from './problem.ts'

/** The objective turned into something to minimize, and what was proved about it. */
export type Proof = {
  /** Value of the minimized objective at the weights. */
  readonly value: number
  /** No portfolio within the limits has a smaller value. */
  readonly lowerBound: number
  /** How far the value may stand above the bound to count as optimal: 1e-8 of what one unit of weight makes. */
  readonly tolerance: number
}

/** The objective as a quantity to minimize. */
export function minimizedValue(problem: Problem, measures: Measures): number {
  switch (problem.objective) {
    case 'min-cvar':
      return measures.cvar!
    case 'max-return':
      return -measures.expectedReturn!
    case 'min-variance':
      return measures.variance!
    case 'max-utility':
      return (problem.riskAversion / 2) * measures.variance! - measures.expectedReturn!
  }
}

/**
 * A lower bound on the objective over all allowed portfolios, from multipliers, by weak duality: it holds whatever the
 * multipliers are, so it needs no trust in the solver that proposed them, and a bad proposal only makes it loose.
 *
 * The convex objective is replaced by a tangent at the weights (for CVaR: the loss under the proposed tail), every
 * limit i by its price y_i, and what remains is minimized over the box of the columns:
 *   bound = constant + sum_i y_i limit_i + sum_j min over the box of (cost - A'y)_j x_j
 * Weights without limits get a box ten times larger than the weights found; a convex problem that has no better
 * point in a box around its point has none at all.
 * Source: Boyd and Vandenberghe, Convex Optimization, section 5.5.
 */
export function prove(
  problem: Problem,
  core: Core,
  candidate: Candidate,
  weights: Float64Array,
  measures: Measures,
): Proof {
  const value = minimizedValue(problem, measures)
  const { cost, constant, marginal } = tangent(problem, core, candidate, weights, value, measures)
  const priced: Priced[] = core.rows.map((row, index) => ({ row, price: candidate.rowPrices[index]! }))
  const cut = cvarCut(problem, core, candidate)
  if (cut !== undefined) priced.push({ row: cut, price: -(candidate.cvarPrice ?? 0) })
  const size = Math.max(1, largest(weights))
  const { bound, rounding } = boundBy(cost, priced, boxOf(problem, core, 10 * size))
  return { value, lowerBound: constant + bound, tolerance: 1e-8 * marginal * size + rounding + 1e-15 }
}

type Priced = { readonly row: Row; readonly price: number }
type Box = { readonly lower: Float64Array; readonly upper: Float64Array }

/** sum_i y_i limit_i + sum_j min over the box of (cost - A'y)_j x_j, and how far rounding may have moved it. */
function boundBy(
  cost: Float64Array,
  priced: readonly Priced[],
  box: Box,
): { readonly bound: number; readonly rounding: number } {
  const reduced = Float64Array.from(cost)
  let bound = 0
  let spent = 0
  for (const { row, price } of priced) {
    const limit = price > 0 ? row.lower : row.upper
    if (price === 0 || !Number.isFinite(limit)) continue
    bound += price * limit
    spent += Math.abs(price * limit)
    row.indices.forEach((j, k) => {
      reduced[j]! -= price * row.values[k]!
    })
  }
  reduced.forEach((rest, j) => {
    if (rest !== 0) bound += rest > 0 ? rest * box.lower[j]! : rest * box.upper[j]!
  })
  return { bound, rounding: 1e-14 * spent }
}

/**
 * Whether prices prove that no portfolio keeps the rows of a core: if keeping them all were possible, what they are
 * worth at those prices could not be more than the columns can pay (Farkas's lemma). Weights without limits are
 * followed up to 10,000 times equity.
 */
export function provesConflict(problem: Problem, core: Core, rowPrices: Float64Array): boolean {
  const priced = core.rows.map((row, index) => ({ row, price: rowPrices[index]! }))
  const { bound, rounding } = boundBy(new Float64Array(core.columns), priced, boxOf(problem, core, 1e4))
  return bound > rounding + 1e-10
}

type Tangent = {
  readonly cost: Float64Array
  readonly constant: number
  /** What one unit of weight makes at most, before terms of opposite sign cancel: the scale of rounding. */
  readonly marginal: number
}

function tangent(
  problem: Problem,
  core: Core,
  candidate: Candidate,
  weights: Float64Array,
  value: number,
  measures: Measures,
): Tangent {
  const cost = new Float64Array(core.columns)
  const paysCosts = problem.objective !== 'min-variance'
  if (paysCosts) cost.fill(core.costRate, core.assets)
  if (problem.objective === 'min-cvar' || problem.objective === 'max-return') {
    const linear = problem.objective === 'min-cvar' ? tailLosses(problem, candidate) : negated(problem.expectedReturns!)
    cost.set(linear)
    const marginal = problem.objective === 'min-cvar' ? largest(problem.scenarios!.values) : largest(cost)
    return { cost, constant: 0, marginal: marginal + core.costRate }
  }
  const aversion = problem.objective === 'min-variance' ? 2 : problem.riskAversion
  const returns = problem.objective === 'max-utility' ? problem.expectedReturns! : new Float64Array(weights.length)
  const risk = product(problem.covariance!, weights)
  const gradient = risk.map((entry, i) => aversion * entry - returns[i]!)
  cost.set(gradient)
  const traded = paysCosts ? core.costRate * measures.traded : 0
  const uncancelled = product(problem.covariance!.map(Math.abs), weights.map(Math.abs))
  return {
    cost,
    constant: value - traded - dot(gradient, weights),
    marginal: aversion * largest(uncancelled) + largest(returns),
  }
}

function negated(values: Float64Array): Float64Array {
  return values.map((value) => -value)
}

/** CVaR is at least the mean loss under any tail; so a limit on CVaR limits that linear loss. */
function cvarCut(problem: Problem, core: Core, candidate: Candidate): Row | undefined {
  const limit = problem.constraints.maxCvar
  if (limit === undefined || candidate.tail === undefined || problem.objective === 'min-cvar') return undefined
  const values = new Float64Array(core.columns).fill(core.costRate)
  values.set(tailLosses(problem, candidate))
  return { lower: -Infinity, upper: limit, indices: Int32Array.from(values.keys()), values }
}

/** Mean loss of each asset under the tail, after the tail is made a valid one: between 0 and its capacity, summing to 1. */
function tailLosses(problem: Problem, candidate: Candidate): Float64Array {
  const capacity = 1 / ((1 - problem.confidence) * problem.scenarios!.count)
  const tail = candidate.tail!.map((mass) => Math.min(capacity, Math.max(0, mass)))
  const total = tail.reduce((sum, mass) => sum + mass, 0)
  return meanLosses(
    problem,
    tail.map((mass) => mass / total),
  )
}

/** Bounds of the columns, none beyond `reach`; nobody needs to trade less or more than from the previous weight to a bound. */
function boxOf(problem: Problem, core: Core, reach: number): Box {
  const n = core.assets
  const lower = core.lower.map((low) => Math.max(low, -reach))
  const upper = core.upper.map((high) => Math.min(high, reach))
  const previous = problem.constraints.previousWeights
  if (core.columns > n && previous !== undefined) {
    for (let i = 0; i < n; i += 1) {
      lower[n + i] = Math.max(0, lower[i]! - previous[i]!)
      upper[n + i] = Math.max(0, upper[i]! - previous[i]!)
      lower[2 * n + i] = Math.max(0, previous[i]! - upper[i]!)
      upper[2 * n + i] = Math.max(0, previous[i]! - lower[i]!)
    }
  }
  return { lower, upper }
}
