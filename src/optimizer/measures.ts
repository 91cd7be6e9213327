import type { Problem } from './problem.ts'

/** What a portfolio earns and risks per period, after the cost of changing to it. */
export type Measures = {
  readonly cash: number
  /** Sum of absolute changes from the previous weights, 0 without them. */
  readonly traded: number
  readonly expectedReturn: number | undefined
  readonly cvar: number | undefined
  readonly var: number | undefined
  readonly variance: number | undefined
}

/** Computed from the weights alone, by sorting and summing, with nothing taken from a solver. */
export function measuresOf(problem: Problem, weights: Float64Array): Measures {
  const { previousWeights, costBps } = problem.constraints
  let invested = 0
  let traded = 0
  weights.forEach((weight, i) => {
    invested += weight
    if (previousWeights !== undefined) traded += Math.abs(weight - previousWeights[i]!)
  })
  const cost = (traded * costBps) / 10_000
  const returns = problem.scenarios === undefined ? undefined : portfolioReturns(problem, weights)
  const tail = returns === undefined ? undefined : tailLoss(returns, problem.confidence)
  return {
    cash: 1 - invested,
    traded,
    expectedReturn: problem.expectedReturns === undefined ? undefined : dot(problem.expectedReturns, weights) - cost,
    cvar: tail === undefined ? undefined : tail.cvar + cost,
    var: tail === undefined ? undefined : tail.var + cost,
    variance: varianceOf(problem, weights, returns),
  }
}

/**
 * Value at risk and expected shortfall (CVaR) of equally likely returns, positive when a loss.
 *
 * VaR is the smallest loss that at least `confidence` of the outcomes do not exceed. CVaR is the mean of the worst
 * tail of mass 1 - confidence, of which the loss at its edge may count in part: with it
 * CVaR = VaR + sum(max(0, loss - VaR)) / ((1 - confidence) count). With fewer outcomes than 1 / (1 - confidence)
 * both are the worst loss.
 *
 * @param returns one per outcome, fractions, any order
 * Example: returns [-0.04, -0.02, 0.01, 0.03], confidence 0.6 -> the tail is 1.6 outcomes: var 0.02,
 * cvar (0.04 + 0.6 * 0.02) / 1.6 = 0.0325
 * Source: Rockafellar and Uryasev, Journal of Risk 2(3), 2000.
 */
export function tailLoss(returns: Float64Array, confidence: number): { readonly var: number; readonly cvar: number } {
  const worstFirst = returns.toSorted()
  const mass = (1 - confidence) * worstFirst.length
  // Within rounding of a whole count the mass is that count: 0.05 * 20 is one outcome, not slightly more.
  const beyond = Math.min(worstFirst.length - 1, Math.floor(mass + 1e-9 * Math.max(1, mass)))
  const edge = worstFirst[beyond]!
  let excess = 0
  for (let s = 0; s < beyond; s += 1) excess += edge - worstFirst[s]!
  return { var: -edge, cvar: -edge + excess / mass }
}

/** The tail of mass 1 - confidence that is worst for these weights, and each asset's mean loss in it. */
export function worstTail(
  problem: Problem,
  weights: Float64Array,
): { readonly tail: Float64Array; readonly losses: Float64Array } {
  const returns = portfolioReturns(problem, weights)
  const worstFirst = Array.from(returns.keys()).sort((a, b) => returns[a]! - returns[b]! || a - b)
  const capacity = 1 / ((1 - problem.confidence) * returns.length)
  const tail = new Float64Array(returns.length)
  let left = 1
  for (const s of worstFirst) {
    tail[s] = Math.min(capacity, left)
    left -= tail[s]!
    if (left <= 0) break
  }
  return { tail, losses: meanLosses(problem, tail) }
}

/** Mean loss of each asset when scenario s has probability tail[s]. */
export function meanLosses(problem: Problem, tail: Float64Array): Float64Array {
  const { count, values } = problem.scenarios!
  const n = problem.assets.length
  const losses = new Float64Array(n)
  for (let s = 0; s < count; s += 1) {
    const mass = tail[s]!
    if (mass > 0) for (let i = 0; i < n; i += 1) losses[i]! -= mass * values[s * n + i]!
  }
  return losses
}

/** Return of the weights in each scenario, before costs. */
export function portfolioReturns(problem: Problem, weights: Float64Array): Float64Array {
  const n = weights.length
  const { count, values } = problem.scenarios!
  const returns = new Float64Array(count)
  for (let s = 0; s < count; s += 1) {
    let sum = 0
    for (let i = 0; i < n; i += 1) sum += values[s * n + i]! * weights[i]!
    returns[s] = sum
  }
  return returns
}

/** From the covariance where the problem has one, else the sample variance of the portfolio's own returns. */
function varianceOf(problem: Problem, weights: Float64Array, returns: Float64Array | undefined): number | undefined {
  if (problem.covariance !== undefined) return Math.max(0, dot(product(problem.covariance, weights), weights))
  if (returns === undefined || returns.length < 2) return undefined
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  return returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1)
}

/** Matrix (n x n by rows) times vector. */
export function product(matrix: Float64Array, vector: Float64Array): Float64Array {
  const n = vector.length
  const result = new Float64Array(n)
  for (let i = 0; i < n; i += 1) {
    let sum = 0
    for (let j = 0; j < n; j += 1) sum += matrix[i * n + j]! * vector[j]!
    result[i] = sum
  }
  return result
}

export function dot(left: Float64Array, right: Float64Array): number {
  let sum = 0
  for (let i = 0; i < left.length; i += 1) sum += left[i]! * right[i]!
  return sum
}

/** The largest absolute value. */
export function largest(values: Float64Array): number {
  let most = 0
  for (let i = 0; i < values.length; i += 1) most = Math.max(most, Math.abs(values[i]!))
  return most
}
