import { strict as assert } from 'node:assert'
import { clip, clippedDifferences, evidenceAt, stakes } from './evidence.ts'

/** Bounds of a mean difference per session, a fraction. */
export type ConfidenceBounds = { readonly low: number; readonly high: number }

/** The largest share of the distance to ruin that a stake may take; at a mean of zero it leaves all stakes as they are. */
const ruinShare = clip * stakes[stakes.length - 1]!

/**
 * Bounds for the mean clipped difference that hold at every length of record at once, however often one looks: the means
 * against which the same bets have not yet won.
 *
 * For a candidate mean m the bets are prod(1 + L (x - m)), with L cut to 0.8 / (5 % + m) where m is above zero, since no
 * factor may fall below zero. The value falls as m rises, so the means that are refused form a half line. At m = 0 it is
 * `eValue`: the lower bound lies above zero exactly when the e-value is above 1 / alpha. The upper bound comes from the same
 * bets with the roles exchanged.
 *
 * @param returns net returns per session, fractions, oldest first
 * @param opponent the opponent's, over the same sessions
 * @param alpha chance that one bound is ever wrong; both together: at most twice that. 1 / 20 unless given
 * @returns fractions per session within +-5 %. Example: no session yet -> -0.05 and 0.05
 * Source: Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B 86(1), 2024.
 */
export function confidenceBounds(
  returns: ArrayLike<number>,
  opponent: ArrayLike<number>,
  alpha: number = 1 / evidenceAt,
): ConfidenceBounds {
  assert(alpha > 0 && alpha < 1, `a chance of ${alpha} is not between 0 and 1`)
  const differences = clippedDifferences(returns, opponent)
  const low = lowerBound(differences, alpha)
  const high = -lowerBound(
    differences.map((x) => -x),
    alpha,
  )
  return { low, high: high === 0 ? 0 : high }
}

function lowerBound(differences: Float64Array, alpha: number): number {
  const refused = (mean: number) => logEValue(differences, mean) >= -Math.log(alpha)
  if (!refused(-clip)) return -clip
  let low = -clip
  let high = clip
  // 0.1 / 2^40 is 1e-13, far below any figure shown. What is returned was refused, so the bound errs downwards.
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2
    if (refused(middle)) low = middle
    else high = middle
  }
  return low
}

function logEValue(differences: Float64Array, mean: number): number {
  const logs = stakes.map((stake) => logWealth(differences, mean, Math.min(stake, ruinShare / (clip + mean))))
  const largest = Math.max(...logs)
  return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / stakes.length)
}

/** Factors lie in [0.2, 2.6], so that 64 of them stay within a number; a logarithm for each would cost ten times more. */
function logWealth(differences: Float64Array, mean: number, stake: number): number {
  let log = 0
  for (let start = 0; start < differences.length; start += 64) {
    const end = Math.min(start + 64, differences.length)
    let product = 1
    for (let t = start; t < end; t++) product *= 1 + stake * (differences[t]! - mean)
    log += Math.log(product)
  }
  return log
}
