import { bootstrapFewest, bootstrapMean } from '../statistics/bootstrap.ts'

/** A 95 % interval, or the sentence that says why there is none. */
export type Interval =
  | { readonly low: number; readonly high: number; readonly because: null }
  | { readonly low: null; readonly high: null; readonly because: string }

/** Fewer stretches without overlap than this carry no interval, however many decisions lie in them. */
const stretchesFewest = 4

/**
 * 95 % interval of an estimate made of clusters, by resampling whole dates: what was decided on one day shares its market,
 * so ten decisions of a day are hardly more than one. Dates are drawn in blocks where their windows overlap.
 *
 * The estimate is given with the pull of each date on it (its influence: how far it would move if that date weighed more, a
 * mean of zero over the dates). Resampling the pulls is resampling the estimate, to first order.
 *
 * @param influences one for each date, oldest first
 * @param options blockLength: mean number of dates drawn together, at least 1
 * Source: Davison & Hinkley, Bootstrap methods and their application, 1997, section 2.7; Politis & Romano, JASA 89(428), 1994.
 */
export function clusteredInterval(
  estimate: number,
  influences: readonly number[],
  { blockLength, seed = 1 }: { readonly blockLength: number; readonly seed?: number },
): Interval {
  const dates = influences.length
  if (dates < bootstrapFewest) return none(`an interval needs ${bootstrapFewest} dates; there are ${dates}`)
  if (dates / blockLength < stretchesFewest) {
    const stretches = Math.floor(dates / blockLength)
    return none(
      `windows overlap so much that ${dates} dates are only ${stretches} stretches; ${stretchesFewest} are asked`,
    )
  }
  const { low, high } = bootstrapMean(influences, { confidence: 0.95, seed, paths: 4000, blockLength })
  return { low: estimate + low, high: estimate + high, because: null }
}

function none(because: string): Interval {
  return { low: null, high: null, because }
}

export type Cluster = { readonly sum: number; readonly count: number }

/** Mean over all members of the clusters, and the pull of each cluster on it. Example: (3, 1), (1, 3) -> mean 1, pulls 1, -1 */
export function clusteredMean(clusters: readonly Cluster[]): { readonly mean: number; readonly influences: number[] } {
  let sum = 0
  let count = 0
  for (const cluster of clusters) {
    sum += cluster.sum
    count += cluster.count
  }
  const mean = sum / count
  const perCluster = count / clusters.length
  return { mean, influences: clusters.map((cluster) => (cluster.sum - mean * cluster.count) / perCluster) }
}
