import { strict as assert } from 'node:assert'
import { fixedBCritical } from '../statistics/newey-west.ts'
import { studentQuantile } from '../statistics/normal.ts'

/** What came of the signals of one kind, in the order of their exits. */
export type Outcomes = {
  /** Session of the decision that could first use the signal. */
  readonly decided: Int32Array
  /** Session at whose open the horizon ends: known at that session's close, not before. Rising. */
  readonly exit: Int32Array
  readonly score: Float64Array
  /** Residual return over the horizon in units of residual volatility * sqrt(horizon), cut at 5. */
  readonly outcome: Float64Array
}

/** How well a kind's scores foretold, as far as was known on a date. */
export type PooledIc = {
  readonly n: number
  /** Decision dates among them: the clusters of the error. */
  readonly dates: number
  /** Null where there are too few to say. */
  readonly ic: number | null
  readonly standardError: number | null
  /** 95 % interval. */
  readonly low: number | null
  readonly high: number | null
  /** What may be used: ic * max(0, 1 - (standardError / ic)^2), 0 where the ic is not positive or not known. */
  readonly shrunk: number
}

/** Below this many dates an error that is clustered by date means nothing. */
export const fewestDates = 10

/**
 * Information coefficient pooled over all events of a kind whose horizon has ended: the correlation about zero of score and
 * outcome, sum(s z) / sqrt(sum(s^2) sum(z^2)). About zero, since a kind whose texts are all good news has an edge when its assets
 * rise against the market, not when louder news rise more. The standard error is the delta method's with events of one decision
 * date taken together, times sqrt(dates / (dates - 1)); where dates whose horizons overlap lean the same way, as those of a signal
 * that is repeated day after day do, it counts what they have in common too. The interval takes Student's quantile for the dates,
 * or that of the overlap where it is larger.
 *
 * @param until last session whose close is known
 * Example: scores 1, 1, -1, -1 and outcomes 1, 1, -1, -1 on enough dates -> 1
 * Source: shrinkage after the positive part of James and Stein (1961); errors by cluster: Liang & Zeger, Biometrika 73(1), 1986;
 * overlap as in `neweyWest`.
 */
export function pooledIc({ decided, exit, score, outcome }: Outcomes, until: number): PooledIc {
  let n = 0
  let products = 0
  let scores = 0
  let outcomes = 0
  for (; n < exit.length && exit[n]! <= until; n++) {
    assert(n === 0 || exit[n]! >= exit[n - 1]!, 'outcomes must stand in the order of their exits')
    products += score[n]! * outcome[n]!
    scores += score[n]! ** 2
    outcomes += outcome[n]! ** 2
  }
  const clusters = new Map<number, number>()
  const scale = Math.sqrt(scores * outcomes)
  const ic = scale < 1e-12 ? null : products / scale
  for (let i = 0; i < n; i++) {
    // Influence of one event on the coefficient.
    const own =
      ic === null
        ? 0
        : (score[i]! * outcome[i]!) / scale - (ic / 2) * (score[i]! ** 2 / scores + outcome[i]! ** 2 / outcomes)
    clusters.set(decided[i]!, (clusters.get(decided[i]!) ?? 0) + own)
  }
  const dates = clusters.size
  if (ic === null || dates < fewestDates) {
    return { n, dates, ic: null, standardError: null, low: null, high: null, shrunk: 0 }
  }
  const { variance, critical } = clustered(clusters, exit[n - 1]! - decided[n - 1]!)
  const standardError = Math.sqrt(variance)
  const shrunk = ic > 0 ? ic * Math.max(0, 1 - (standardError / ic) ** 2) : 0
  const half = critical * standardError
  return { n, dates, ic, standardError, low: ic - half, high: ic + half, shrunk }
}

/**
 * Variance of a sum of influences by date: their squares, or with what dates have in common whose horizons overlap (Bartlett weights
 * over twice the horizon) where that is more, times dates / (dates - 1).
 */
function clustered(
  clusters: ReadonlyMap<number, number>,
  horizon: number,
): { readonly variance: number; readonly critical: number } {
  const dates = clusters.size
  const days = [...clusters.keys()]
  const [first, last] = [Math.min(...days), Math.max(...days)]
  const own = new Float64Array(last - first + 1)
  for (const [day, influence] of clusters) own[day - first] = influence
  const lags = 2 * horizon
  let alone = 0
  for (const influence of own) alone += influence * influence
  let together = alone
  for (let lag = 1; lag <= Math.min(lags, own.length - 1); lag++) {
    let products = 0
    for (let t = lag; t < own.length; t++) products += own[t]! * own[t - lag]!
    together += 2 * (1 - lag / (lags + 1)) * products
  }
  return {
    variance: (Math.max(alone, together) * dates) / (dates - 1),
    critical: Math.max(studentQuantile(0.975, dates - 1), fixedBCritical((lags + 1) / own.length)),
  }
}
