import { strict as assert } from 'node:assert'

export type ProspectParameters = {
  /** Curvature of gains. */
  readonly alpha: number
  /** Curvature of losses. */
  readonly beta: number
  /** Loss aversion: how many times a loss of one unit outweighs a gain of one unit. */
  readonly lambda: number
  /** Curvature of the probability weights of gains. */
  readonly gamma: number
  /** Curvature of the probability weights of losses. */
  readonly delta: number
}

/** Medians of the experiment. Source: Tversky & Kahneman, Journal of Risk and Uncertainty 5(4), 1992, pp. 311-312. */
export const medianParameters: ProspectParameters = { alpha: 0.88, beta: 0.88, lambda: 2.25, gamma: 0.61, delta: 0.69 }

export type Outcome = { readonly amount: number; readonly probability: number }

/**
 * Value of a gain or loss against the reference point.
 *
 * @param amount gain above zero, loss below, in the unit in which it is felt: the function is a power, so the unit matters
 * @returns amount^alpha for a gain, -lambda * (-amount)^beta for a loss. Example: 100 -> 57.5, -100 -> -129.5
 * Source: Tversky & Kahneman 1992, equation 5.
 */
export function prospectValue(amount: number, parameters: ProspectParameters = medianParameters): number {
  return amount >= 0 ? amount ** parameters.alpha : -parameters.lambda * (-amount) ** parameters.beta
}

/**
 * Decision weight of a probability: small ones weigh more than they are, large ones less.
 *
 * @param probability in [0, 1]
 * @param curvature gamma for gains, delta for losses; 1 leaves the probability as it is
 * @returns p^c / (p^c + (1 - p)^c)^(1 / c). Example: probability 0.01, curvature 0.61 -> 0.055
 * Source: Tversky & Kahneman 1992, equation 6.
 */
export function decisionWeight(probability: number, curvature: number): number {
  const power = probability ** curvature
  return power / (power + (1 - probability) ** curvature) ** (1 / curvature)
}

/**
 * Cumulative prospect theory: value of a gamble, its outcomes weighted by rank, gains from the best down and losses from
 * the worst up. Each weighs what it adds to the weight of everything at least as extreme.
 *
 * @param outcomes in any order; probabilities add up to 1
 * @returns in units of `prospectValue`. Example: 200 with 0.71, else 0 -> 57.2, about as good as 100 for sure
 * Source: Tversky & Kahneman 1992, equations 1 and 2.
 */
export function prospectUtility(
  outcomes: readonly Outcome[],
  parameters: ProspectParameters = medianParameters,
): number {
  const total = outcomes.reduce((sum, outcome) => sum + outcome.probability, 0)
  assert(Math.abs(total - 1) < 1e-9, `probabilities add up to ${total}, not to 1`)
  const gains = outcomes.filter((outcome) => outcome.amount > 0).sort((a, b) => b.amount - a.amount)
  const losses = outcomes.filter((outcome) => outcome.amount < 0).sort((a, b) => a.amount - b.amount)
  return rankedValue(gains, parameters.gamma, parameters) + rankedValue(losses, parameters.delta, parameters)
}

function rankedValue(fromExtreme: readonly Outcome[], curvature: number, parameters: ProspectParameters): number {
  let value = 0
  let probability = 0
  let weight = 0
  for (const outcome of fromExtreme) {
    probability = Math.min(1, probability + outcome.probability)
    const next = decisionWeight(probability, curvature)
    value += (next - weight) * prospectValue(outcome.amount, parameters)
    weight = next
  }
  return value
}

/**
 * How a position feels against its cost: the value of its gain or loss in percent of cost.
 *
 * @param changeFraction close against average cost, fraction
 * @returns Example: 0.1 -> 10^0.88 = 7.59; -0.1 -> -2.25 * 7.59 = -17.07
 */
export function positionValue(changeFraction: number): number {
  return prospectValue(100 * changeFraction)
}
