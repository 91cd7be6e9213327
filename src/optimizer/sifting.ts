import type { Candidate } from './candidate.ts'
import { portfolioReturns } from './measures.ts'
import type { Problem } from './problem.ts'

/** Scenarios to begin with, in multiples of the tail; and how many at least, below which sifting gains nothing. */
const tailsAtFirst = 4
const fewestScenarios = 400
const mostRounds = 8
/** The same with more assets than scenarios to begin with: noise is fitted exactly then, and each round finds other losses. */
const mostRoundsWide = 2

/**
 * Solves a problem of CVaR on the scenarios that matter.
 *
 * A scenario outside the worst tail has no say in CVaR. So the problem is solved on those that look worst beforehand,
 * with the same tail mass; if the weights found have a scenario in their tail that was left out, it is added and the
 * problem solved again. When none is, the part's answer is the whole's, and the check on the whole problem says so.
 *
 * @param solveOn a way to solve the problem, or a part of it that has fewer scenarios and is a problem itself
 */
export function sifted(problem: Problem, solveOn: (part: Problem) => Candidate | undefined): Candidate | undefined {
  const { count } = problem.scenarios!
  const mass = (1 - problem.confidence) * count
  const atFirst = Math.ceil(tailsAtFirst * mass)
  if (count < fewestScenarios || atFirst > count / 2) return solveOn(problem)
  const equal = new Float64Array(problem.assets.length).fill(1 / problem.assets.length)
  const chosen = new Uint8Array(count)
  const rounds = problem.assets.length > atFirst ? mostRoundsWide : mostRounds
  choose(problem, equal, atFirst, chosen)
  for (let round = 0; round < rounds; round += 1) {
    const places = placesOf(chosen)
    const candidate = solveOn(partOf(problem, places, mass))
    if (candidate === undefined) break
    if (choose(problem, candidate.weights, Math.ceil(mass), chosen) === 0) return onWhole(candidate, places, count)
    choose(problem, candidate.weights, Math.ceil(1.5 * mass), chosen)
  }
  return solveOn(problem)
}

/**
 * The same from weights that are likely near the best ones, such as yesterday's: they name the scenarios to begin
 * with, fewer than a guess has to take, and every round begins where the last one ended.
 *
 * @param solveOn its second argument are the weights to begin at
 * @returns undefined where it does not come to an end soon: the caller solves without a start then
 */
export function siftedFrom(
  near: Float64Array,
  problem: Problem,
  solveOn: (part: Problem, near: Float64Array) => Candidate | undefined,
): Candidate | undefined {
  const { count } = problem.scenarios!
  const mass = (1 - problem.confidence) * count
  // Up to one scenario per asset, and one, lies exactly at the edge of the tail of the best weights.
  const margin = Math.ceil(mass / 2) + problem.assets.length
  const chosen = new Uint8Array(count)
  let weights = near
  choose(problem, weights, Math.ceil(mass) + margin, chosen)
  for (let round = 0; round < mostRounds; round += 1) {
    const places = placesOf(chosen)
    const candidate = solveOn(partOf(problem, places, mass), weights)
    if (candidate === undefined) return undefined
    weights = candidate.weights
    if (choose(problem, weights, Math.ceil(mass), chosen) === 0) return onWhole(candidate, places, count)
    choose(problem, weights, Math.ceil(mass) + margin, chosen)
  }
  return undefined
}

/** Marks the worst scenarios of a portfolio; the number of those that were not marked before. */
function choose(problem: Problem, weights: Float64Array, worst: number, chosen: Uint8Array): number {
  const returns = portfolioReturns(problem, weights)
  const edge = returns.toSorted()[Math.min(worst, returns.length) - 1]!
  let added = 0
  returns.forEach((value, s) => {
    if (value > edge || chosen[s] === 1) return
    chosen[s] = 1
    added += 1
  })
  return added
}

function placesOf(chosen: Uint8Array): Int32Array {
  const places = new Int32Array(chosen.length)
  let count = 0
  for (let s = 0; s < chosen.length; s += 1) {
    if (chosen[s] === 1) places[count++] = s
  }
  return places.subarray(0, count)
}

function partOf(problem: Problem, places: Int32Array, mass: number): Problem {
  const n = problem.assets.length
  const values = new Float64Array(places.length * n)
  places.forEach((s, k) => {
    values.set(problem.scenarios!.values.subarray(s * n, s * n + n), k * n)
  })
  return { ...problem, scenarios: { count: places.length, values }, confidence: 1 - mass / places.length }
}

function onWhole(candidate: Candidate, places: Int32Array, count: number): Candidate {
  if (candidate.tail === undefined) return candidate
  const tail = new Float64Array(count)
  places.forEach((s, k) => {
    tail[s] = candidate.tail![k]!
  })
  return { ...candidate, tail }
}
