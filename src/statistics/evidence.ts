/** Stakes of the equal mixture; with differences clipped to 5 % no factor 1 + L x falls below 0.2. */
export const stakes = [1, 2, 4, 8, 16] as const
/** Differences beyond this fraction a day count as this much. */
export const clip = 0.05

/** An e-value of 20 or more is called evidence: under the null it is reached with probability at most 1/20, however often one looks. */
export const evidenceAt = 20

/**
 * Anytime-valid e-value of a series against an opponent: the equal mixture over L in {1, 2, 4, 8, 16} of prod(1 + L x),
 * with x the difference of net daily returns clipped to +-5 %. Null hypothesis: the clipped difference has no positive mean
 * on any day, given the past; then the running value is a nonnegative supermartingale that starts at 1.
 *
 * @param returns net returns per session, fractions, oldest first
 * @param opponent the opponent's, over the same sessions
 * @returns 1 for no sessions; 20 or more is evidence
 * Example: one session, 3 % against 1 % -> x = 0.02 -> mean of 1.02, 1.04, 1.08, 1.16, 1.32 = 1.124
 * Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86(1), 2024.
 */
export function eValue(returns: ArrayLike<number>, opponent: ArrayLike<number>): number {
  let sum = 0
  for (const stake of stakes) {
    let log = 0
    for (let t = 0; t < returns.length; t++) {
      log += Math.log1p(stake * clippedDifference(returns, opponent, t))
    }
    sum += Math.exp(log)
  }
  return sum / stakes.length
}

function clippedDifference(returns: ArrayLike<number>, opponent: ArrayLike<number>, t: number): number {
  return Math.min(clip, Math.max(-clip, returns[t]! - opponent[t]!))
}

/** Differences of net returns per session, clipped to +-5 %. Example: 3 % against -4 % -> 0.05 */
export function clippedDifferences(returns: ArrayLike<number>, opponent: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: returns.length }, (_, t) => clippedDifference(returns, opponent, t))
}

/**
 * The e-value after each session, for whoever looks at it every week.
 *
 * @returns as long as the returns; the last one is `eValue` of all. Example: 3 %, then 1 %, against 1 % -> [1.124, 1.124]
 */
export function eValuePath(returns: ArrayLike<number>, opponent: ArrayLike<number>): Float64Array {
  const wealth = stakes.map(() => 1)
  return clippedDifferences(returns, opponent).map((x) => {
    let sum = 0
    for (let i = 0; i < stakes.length; i++) {
      wealth[i]! *= 1 + stakes[i]! * x
      sum += wealth[i]!
    }
    return sum / stakes.length
  })
}

/**
 * Length of record at which the e-value would reach `evidenceAt`, if every stake went on growing at its mean rate so far. A
 * reading of the past and no promise: the next half may well be slower.
 *
 * @returns sessions in all, those so far included; null when no stake has grown, since then no length would do
 * Example: 1 % ahead on every session -> stake 16 multiplies by 1.16, and (1.01^30 + ... + 1.16^30) / 5 is 20.5 -> 30
 */
export function periodsToEvidence(returns: ArrayLike<number>, opponent: ArrayLike<number>): number | null {
  const rates = stakes.map(() => 0)
  for (const x of clippedDifferences(returns, opponent)) {
    for (let i = 0; i < stakes.length; i++) rates[i]! += Math.log1p(stakes[i]! * x) / returns.length
  }
  if (Math.max(...rates) <= 0) return null
  const reached = (periods: number) =>
    rates.reduce((sum, rate) => sum + Math.exp(rate * periods), 0) >= evidenceAt * stakes.length
  // The sum is convex in the length and starts below the mark, so it is reached once and stays.
  let high = 1
  while (!reached(high)) high *= 2
  let low = high / 2
  while (high - low > Math.max(1, 1e-6 * high)) {
    const middle = Math.floor((low + high) / 2)
    if (reached(middle)) high = middle
    else low = middle
  }
  return high
}

/**
 * Net returns of a mix of the main benchmark and cash that holds, on each session, the mean exposure that the policy had
 * on all sessions before: an opponent that low exposure alone cannot beat.
 *
 * @param benchmark returns per session
 * @param exposure invested fraction of equity at each close, one more than returns: `exposure[t]` is known before `benchmark[t]`
 */
export function exposureMatched(benchmark: readonly number[], exposure: readonly number[]): readonly number[] {
  let sum = 0
  return benchmark.map((value, t) => {
    sum += exposure[t]!
    return value * (sum / (t + 1))
  })
}

/** Simple returns of a series of values, one fewer than the values. */
export function simpleReturns(values: readonly number[]): readonly number[] {
  return values.slice(1).map((value, t) => value / values[t]! - 1)
}
