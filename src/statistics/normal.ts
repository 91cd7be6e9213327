import { strict as assert } from 'node:assert'

const halfLogTwoPi = 0.5 * Math.log(2 * Math.PI)

/**
 * Probability that a standard normal variate is at most x.
 *
 * @returns in [0, 1]; in the lower tail correct to about 13 digits of itself, not only of 1
 * Example: normalCdf(1.96) -> 0.9750
 * Source: Marsaglia, Evaluating the normal distribution, Journal of Statistical Software 11(4), 2004: the series near zero;
 * Abramowitz & Stegun 26.2.14 in the tails: the continued fraction of Laplace.
 */
export function normalCdf(x: number): number {
  if (x >= 3) return 1 - upperTail(x)
  if (x <= -3) return upperTail(-x)
  let term = x
  let sum = x
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd
    sum += term
  }
  return 0.5 + sum * Math.exp(-0.5 * x * x - halfLogTwoPi)
}

/** From the inside out: a hundred levels settle all digits from x = 3 on. */
function upperTail(x: number): number {
  let fraction = x
  for (let level = 100; level >= 1; level--) fraction = x + level / fraction
  return Math.exp(-0.5 * x * x - halfLogTwoPi) / fraction
}

/**
 * The value that a standard normal variate does not exceed with the given probability: the inverse of `normalCdf`.
 *
 * @param probability in [0, 1]; the ends give -Infinity and Infinity
 * Example: normalQuantile(0.95) -> 1.6449
 * Source: Abramowitz & Stegun 26.2.23 as a first guess, then Halley's iteration.
 */
export function normalQuantile(probability: number): number {
  assert(probability >= 0 && probability <= 1, `${probability} is no probability`)
  if (probability > 0.5) return -normalQuantile(1 - probability)
  if (probability === 0) return -Infinity
  const t = Math.sqrt(-2 * Math.log(probability))
  const guess = (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t
  // Each step triples the right digits; the guess has three.
  let x = guess
  for (let step = 0; step < 3; step++) {
    const error = (normalCdf(x) - probability) * Math.exp(0.5 * x * x + halfLogTwoPi)
    x -= error / (1 + 0.5 * x * error)
  }
  return x
}

/**
 * Quantile of Student's t.
 *
 * @param probability in (0, 1)
 * @param degrees degrees of freedom, not necessarily whole, at least 5: to three digits there, to six from 20 on
 * Example: studentQuantile(0.975, 10) -> 2.228
 * Source: Abramowitz & Stegun 26.7.5 (Cornish and Fisher).
 */
export function studentQuantile(probability: number, degrees: number): number {
  assert(degrees >= 5, `${degrees} degrees of freedom are too few for this expansion`)
  const x = normalQuantile(probability)
  const x2 = x * x
  const terms = [
    (x2 + 1) / 4,
    ((5 * x2 + 16) * x2 + 3) / 96,
    (((3 * x2 + 19) * x2 + 17) * x2 - 15) / 384,
    ((((79 * x2 + 776) * x2 + 1482) * x2 - 1920) * x2 - 945) / 92_160,
  ]
  return x * terms.reduceRight((sum, term) => (sum + term) / degrees, 0) + x
}
