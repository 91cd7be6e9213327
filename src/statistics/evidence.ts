/** Stakes of the equal mixture; with differences clipped to 5 % no factor 1 + L x falls below 0.2. */
const stakes = [1, 2, 4, 8, 16] as const
const clip = 0.05

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
export function eValue(returns: readonly number[], opponent: readonly number[]): number {
  let sum = 0
  for (const stake of stakes) {
    let log = 0
    for (let t = 0; t < returns.length; t++) {
      const x = Math.min(clip, Math.max(-clip, returns[t]! - opponent[t]!))
      log += Math.log1p(stake * x)
    }
    sum += Math.exp(log)
  }
  return sum / stakes.length
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
