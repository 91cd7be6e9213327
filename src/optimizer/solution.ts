import type { Candidate } from './candidate.ts'
import { type Proof, prove } from './certificate.ts'
import { coreOf } from './core.ts'
import { largest, type Measures, measuresOf } from './measures.ts'
import type { Problem } from './problem.ts'

export type OptimalSolution = {
  readonly status: 'optimal'
  /** Fraction of equity per asset; with `cash` they sum to 1. */
  readonly weights: Readonly<Record<string, number>>
  readonly cash: number
  /** The CVaR, expected return, variance or utility that was optimized. */
  readonly objective: number
  /** Per period, after costs; null where neither expected returns nor scenarios were given. */
  readonly expectedReturn: number | null
  readonly cvar?: number
  readonly var?: number
  readonly variance?: number
  readonly turnover?: number
  /** What the check proved. Not part of the written answer. */
  readonly proof: Proof
  /** Which way of solving gave it, such as `dual`. Not part of the written answer. */
  readonly form: string
}

/** `infeasible`: no portfolio keeps every limit. `unbounded`: some limit is missing. Both are answers, and say why. */
export type NoSolution = { readonly status: 'infeasible' | 'unbounded'; readonly because: string }
export type Solution = OptimalSolution | NoSolution

/** Limits count as kept within this much of equity, and returns within this much of the largest return. */
export const feasibilityTolerance = 1e-7

/** The solution a candidate stands for, or the list of what is wrong with it. */
export function checked(
  problem: Problem,
  candidate: Candidate,
  form: string,
): OptimalSolution | { readonly wrong: readonly string[] } {
  const core = coreOf(problem)
  const weights = tidied(problem, candidate.weights)
  const measures = measuresOf(problem, weights)
  const wrong = brokenLimits(problem, weights, measures)
  if (wrong.length > 0) return { wrong }
  const proof = prove(problem, core, candidate, weights, measures)
  if (!(proof.value - proof.lowerBound <= proof.tolerance)) {
    return { wrong: [`the objective is ${proof.value} but is only proved to be at least ${proof.lowerBound}`] }
  }
  return { ...solutionOf(problem, weights, measures, proof), form }
}

function solutionOf(
  problem: Problem,
  weights: Float64Array,
  measures: Measures,
  proof: Proof,
): Omit<OptimalSolution, 'form'> {
  const maximized = problem.objective === 'max-return' || problem.objective === 'max-utility'
  const { expectedReturn, cvar, variance } = measures
  const limits = problem.constraints
  const fixedCash = limits.minCash === limits.maxCash
  return {
    status: 'optimal',
    weights: Object.fromEntries(problem.assets.map((asset, i) => [asset, plain(weights[i]!)])),
    cash: fixedCash ? limits.minCash : plain(dustless(measures.cash)),
    objective: plain(maximized ? -proof.value : proof.value),
    expectedReturn: expectedReturn === undefined ? null : plain(expectedReturn),
    ...(cvar === undefined ? {} : { cvar: plain(cvar) }),
    ...(measures.var === undefined ? {} : { var: plain(measures.var) }),
    ...(variance === undefined ? {} : { variance: plain(variance) }),
    ...(limits.previousWeights === undefined ? {} : { turnover: plain(dustless(measures.traded / 2)) }),
    proof,
  }
}

/** The answer `primer optimize` writes. Without an optimum the figures are null. */
export function solutionDocument(solution: Solution): Readonly<Record<string, unknown>> {
  if (solution.status !== 'optimal') {
    const { status, because } = solution
    return { status, because, weights: null, cash: null, objective: null, expectedReturn: null }
  }
  const { proof: _, form: __, ...written } = solution
  return written
}

/** Zero has no sign for a reader. */
function plain(value: number): number {
  return value === 0 ? 0 : value
}

/** Below this a weight is a solver's rounding, not a position. */
const dust = 1e-11

function dustless(value: number): number {
  return Math.abs(value) < dust ? 0 : value
}

/**
 * Weights without rounding dust: on their bound, on the previous weight or on zero where they are within 1e-11 of it,
 * and where cash is at a limit the rest of the sum put on the weight with the most room, so that sums stay exact.
 */
export function tidied(problem: Problem, weights: Float64Array): Float64Array {
  const { minWeight, maxWeight, minCash, maxCash, previousWeights } = problem.constraints
  const tidy = weights.map((weight, i) => {
    if (Math.abs(weight - minWeight[i]!) < dust) return minWeight[i]!
    if (Math.abs(weight - maxWeight[i]!) < dust) return maxWeight[i]!
    const before = previousWeights?.[i] ?? 0
    return Math.abs(weight - before) < dust ? before : dustless(weight)
  })
  const cash = 1 - tidy.reduce((sum, weight) => sum + weight, 0)
  const rest = cash - Math.min(maxCash, Math.max(minCash, cash))
  if (Math.abs(rest) < 1e-15 || Math.abs(rest) > 1e-9) return tidy
  const room = (i: number): number => Math.min(tidy[i]! - minWeight[i]!, maxWeight[i]! - tidy[i]!)
  let roomiest = 0
  for (let i = 1; i < tidy.length; i += 1) if (room(i) > room(roomiest)) roomiest = i
  if (room(roomiest) > Math.abs(rest)) tidy[roomiest]! += rest
  return tidy
}

/** Every limit of the problem that the weights break, in words. */
export function brokenLimits(problem: Problem, weights: Float64Array, measures: Measures): readonly string[] {
  const limits = problem.constraints
  const size = Math.max(1, largest(weights))
  const slack = feasibilityTolerance * size
  const broken: string[] = []
  const keep = (name: string, value: number, min: number, max: number, tolerance: number): void => {
    // Written so that a value which is no number breaks the limit.
    if (!(value >= min - tolerance && value <= max + tolerance))
      broken.push(`${name} is ${value}, outside ${min} to ${max}`)
  }
  weights.forEach((weight, i) => {
    keep(`the weight of ${problem.assets[i]}`, weight, limits.minWeight[i]!, limits.maxWeight[i]!, slack)
  })
  keep('cash', measures.cash, limits.minCash, limits.maxCash, slack)
  limits.groups.forEach((group, index) => {
    const sum = group.assets.reduce((total, i) => total + weights[i]!, 0)
    keep(`groups[${index}]`, sum, group.min, group.max, slack)
  })
  if (limits.maxTurnover !== undefined) keep('turnover', measures.traded / 2, 0, limits.maxTurnover, slack)
  if (limits.targetReturn !== undefined) {
    const tolerance = slack * (largest(problem.expectedReturns!) + limits.costBps / 10_000)
    keep('the expected return', measures.expectedReturn!, limits.targetReturn, Infinity, tolerance)
  }
  if (limits.maxCvar !== undefined) {
    const tolerance = slack * (largest(problem.scenarios!.values) + limits.costBps / 10_000)
    keep('CVaR', measures.cvar!, -Infinity, limits.maxCvar, tolerance)
  }
  return broken
}
