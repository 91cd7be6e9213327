/** How the assets of one date are cut into buckets by their signal: equally many in each, or equal steps of the signal. */
export type Bucketing = { readonly kind: 'quantiles' | 'bins'; readonly count: number }

/**
 * Bucket of each value among those of one date: 1 for the lowest, `count` for the highest, 0 where there is no value.
 *
 * Edges lie between the values: at the k/count quantile (straight line between neighbours) or at equal steps from the lowest to
 * the highest value. A value on an edge belongs to the bucket below it, so equal values always share a bucket and a bucket may
 * be empty. That is `pandas.qcut` and `pandas.cut`, as alphalens uses them.
 *
 * @param values NaN where there is none
 * Example: [1, 2, 3, 4] in 3 -> quantiles [1, 1, 2, 3] and bins [1, 1, 2, 3]; in 8 bins [1, 3, 6, 8]
 * Source: Hyndman & Fan, American Statistician 50(4), 1996, definition 7.
 */
export function bucketsOf(values: Float64Array, { kind, count }: Bucketing): Uint16Array {
  const ascending = values.filter((value) => !Number.isNaN(value)).sort()
  const buckets = new Uint16Array(values.length)
  const last = ascending.length - 1
  if (last < 0) return buckets
  const edges = Array.from({ length: count - 1 }, (_, i) =>
    kind === 'quantiles' ? quantile(ascending, i + 1, count) : step(ascending[0]!, ascending[last]!, i + 1, count),
  )
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    let bucket = 1
    while (bucket < count && value > edges[bucket - 1]!) bucket++
    buckets[i] = bucket
  }
  return buckets
}

/** The part/parts quantile. Whole numbers are divided last, so that an edge meant to be a value is that value. */
function quantile(ascending: Float64Array, part: number, parts: number): number {
  const place = (part * (ascending.length - 1)) / parts
  const below = Math.floor(place)
  const low = ascending[below]!
  return place === below ? low : low + (place - below) * (ascending[below + 1]! - low)
}

function step(lowest: number, highest: number, part: number, parts: number): number {
  return lowest + ((highest - lowest) * part) / parts
}

/**
 * Mean of the known values in each bucket. Index 0 is the lowest bucket; NaN for one without any.
 *
 * @param offset where the row of `values` begins
 */
export function meansByBucket(buckets: Uint16Array, count: number, values: Float64Array, offset: number): Float64Array {
  const sums = new Float64Array(count)
  const counts = new Int32Array(count)
  for (let i = 0; i < buckets.length; i++) {
    const bucket = buckets[i]!
    const value = values[offset + i]!
    if (bucket === 0 || Number.isNaN(value)) continue
    sums[bucket - 1]! += value
    counts[bucket - 1]!++
  }
  return sums.map((sum, bucket) => (counts[bucket] === 0 ? Number.NaN : sum / counts[bucket]!))
}

/**
 * Share of a bucket's assets that were not in it before, NaN where it is empty on either date.
 *
 * Example: bucket 2 holds B C now and A B before -> 0.5. Source: alphalens `quantile_turnover`.
 */
export function bucketTurnover(now: Uint16Array, before: Uint16Array, bucket: number): number {
  let members = 0
  let former = 0
  let kept = 0
  for (let i = 0; i < now.length; i++) {
    const isNow = now[i] === bucket
    const was = before[i] === bucket
    if (isNow) members++
    if (was) former++
    if (isNow && was) kept++
  }
  return members === 0 || former === 0 ? Number.NaN : 1 - kept / members
}
