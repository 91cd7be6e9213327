import { type Bucketing, bucketsOf, bucketTurnover, meansByBucket } from './buckets.ts'
import { meanOfKnown } from './known-mean.ts'
import type { Grid } from './ranks.ts'

/** What the buckets of a signal have earned. Rows are dates, NaN where unknown. */
export type BucketSpread = {
  /** Mean return of the highest bucket less that of the lowest. */
  readonly byDate: Float64Array
  /** Mean of the two buckets' turnover against the date's predecessor. */
  readonly turnoverByDate: Float64Array
  /** Lowest first. `meanReturn` is the mean of the dates' means, before costs; `dates` how many had any. */
  readonly quantiles: readonly {
    readonly quantile: number
    readonly meanReturn: number | null
    readonly turnover: number | null
    readonly dates: number
  }[]
}

/**
 * Cuts every date's assets into buckets by their signal and follows each bucket, equally weighted.
 *
 * An asset belongs to its bucket by its signal alone, whether or not its return is known later: on the date nobody knew.
 *
 * @param earlier row of each row's predecessor, -1 without one
 */
export function bucketSpread(
  { rows, columns, values }: Grid,
  returns: Grid,
  { bucketing, earlier }: { readonly bucketing: Bucketing; readonly earlier: Int32Array },
): BucketSpread {
  const { count } = bucketing
  const buckets = Array.from({ length: rows }, (_, row) =>
    bucketsOf(values.subarray(row * columns, (row + 1) * columns), bucketing),
  )
  const byDate = new Float64Array(rows)
  const turnoverByDate = new Float64Array(rows)
  const means = Array.from({ length: count }, () => new Float64Array(rows))
  const turnovers = Array.from({ length: count }, () => new Float64Array(rows))
  for (let row = 0; row < rows; row++) {
    const ofDate = meansByBucket(buckets[row]!, count, returns.values, row * columns)
    const before = buckets[earlier[row]!]
    for (let bucket = 0; bucket < count; bucket++) {
      means[bucket]![row] = ofDate[bucket]!
      turnovers[bucket]![row] = before === undefined ? Number.NaN : bucketTurnover(buckets[row]!, before, bucket + 1)
    }
    byDate[row] = ofDate[count - 1]! - ofDate[0]!
    turnoverByDate[row] = (turnovers[0]![row]! + turnovers[count - 1]![row]!) / 2
  }
  const quantiles = means.map((mean, bucket) => ({
    quantile: bucket + 1,
    meanReturn: meanOfKnown(mean),
    turnover: meanOfKnown(turnovers[bucket]!),
    dates: mean.filter((value) => !Number.isNaN(value)).length,
  }))
  return { byDate, turnoverByDate, quantiles }
}
