import { type Random, randomFrom, randomInt } from '../random.ts'
import type { IsoDate } from '../units.ts'

/** One event's path, as the summary needs it. Index = day of the event window. */
export type EventPath = { readonly date: IsoDate; readonly path: Float64Array }

/** One day of the event window over all events. */
export type EventDay = {
  /** Sessions from the event; 0 is its own. */
  readonly day: number
  readonly mean: number
  /** Between events (or between dates, where those are averaged first), n - 1. */
  readonly std: number | null
  /** 95 % by bootstrap: whole dates are drawn, so that events of one day stay together. */
  readonly low: number | null
  readonly high: number | null
  /** mean / (std / sqrt(n)): right only if events are independent of each other. */
  readonly t: number | null
  readonly n: number
}

export type EventSummary = {
  readonly n: number
  /** Different dates among them: what the bootstrap draws. */
  readonly dates: number
  readonly abnormalReturns: readonly EventDay[]
  /** Running sums of each event's abnormal returns from the first day of the window on. */
  readonly cumulativeAbnormalReturns: readonly EventDay[]
}

export type SummaryOptions = {
  /** First day of the window. */
  readonly first: number
  readonly seed: number
  /** Labels the chance, so that one group's draws do not depend on another's. */
  readonly label: string
  /** Average the events of one date first, so that each date counts once. */
  readonly byDate: boolean
  readonly resamples?: number
}

const confidence = 0.95

/**
 * Mean abnormal and cumulative abnormal returns with bootstrap intervals.
 *
 * @param events at least one; every path covers the window
 * Example: paths [0.01, 0.03] and [0.03, 0.01] -> means [0.02, 0.02], cumulative [0.02, 0.04]
 * Source: Efron & Tibshirani, An introduction to the bootstrap, 1993, section 13.3 (percentiles); Cameron, Gelbach & Miller,
 * Review of Economics and Statistics 90(3), 2008 (drawing clusters whole).
 */
export function summarizeEvents(events: readonly EventPath[], options: SummaryOptions): EventSummary {
  const clusters = clustersOf(events, options.byDate)
  const units = options.byDate ? clusters.map(({ sums }) => sums) : events.map(({ path }) => path)
  const length = units[0]!.length
  const { low, high } = bootstrap(clusters, length, options)
  const rows = (of: (path: Float64Array) => Float64Array, offset: number): EventDay[] => {
    const paths = units.map(of)
    return Array.from({ length }, (_, day): EventDay => {
      const { mean, std } = meanAndDeviation(Float64Array.from(paths, (path) => path[day]!))
      const [below, above] = [low[offset + day] ?? null, high[offset + day] ?? null]
      return {
        day: options.first + day,
        mean,
        std,
        low: below,
        high: above,
        t: tOf(mean, std, paths.length),
        n: paths.length,
      }
    })
  }
  return {
    n: events.length,
    dates: new Set(events.map(({ date }) => date)).size,
    abnormalReturns: rows((path) => path, 0),
    cumulativeAbnormalReturns: rows(runningSum, length),
  }
}

type Cluster = { readonly sums: Float64Array; readonly size: number }

/** Events of one date added up, or averaged to a single one. In the order of dates. */
function clustersOf(events: readonly EventPath[], byDate: boolean): readonly Cluster[] {
  const found = new Map<IsoDate, { sums: Float64Array; size: number }>()
  for (const { date, path } of [...events].sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))) {
    const cluster = found.get(date) ?? { sums: new Float64Array(path.length), size: 0 }
    for (let day = 0; day < path.length; day++) cluster.sums[day]! += path[day]!
    cluster.size++
    found.set(date, cluster)
  }
  const clusters = [...found.values()]
  return byDate ? clusters.map(({ sums, size }) => ({ sums: sums.map((sum) => sum / size), size: 1 })) : clusters
}

/** Percentiles of the resampled means: those of each day, then those of the running sums. Empty with fewer than two dates. */
function bootstrap(clusters: readonly Cluster[], length: number, options: SummaryOptions) {
  if (clusters.length < 2) return { low: [], high: [] }
  const { resamples = 2000, seed, label } = options
  const random: Random = randomFrom('events', seed, label)
  const drawn = Array.from({ length: 2 * length }, () => new Float64Array(resamples))
  const sums = new Float64Array(length)
  for (let sample = 0; sample < resamples; sample++) {
    sums.fill(0)
    let size = 0
    for (let draw = 0; draw < clusters.length; draw++) {
      const cluster = clusters[randomInt(random, clusters.length)]!
      size += cluster.size
      for (let day = 0; day < length; day++) sums[day]! += cluster.sums[day]!
    }
    let running = 0
    for (let day = 0; day < length; day++) {
      running += sums[day]! / size
      drawn[day]![sample] = sums[day]! / size
      drawn[length + day]![sample] = running
    }
  }
  const tail = (1 - confidence) / 2
  const sorted = drawn.map((means) => means.sort())
  return {
    low: sorted.map((means) => percentile(means, tail)),
    high: sorted.map((means) => percentile(means, 1 - tail)),
  }
}

function percentile(ascending: Float64Array, probability: number): number {
  const place = probability * (ascending.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, ascending.length - 1)
  return ascending[below]! + (place - below) * (ascending[above]! - ascending[below]!)
}

function runningSum(path: Float64Array): Float64Array {
  let running = 0
  return path.map((value) => {
    running += value
    return running
  })
}

/** Mean and standard deviation (n - 1), null where one value alone has none. */
export function meanAndDeviation(values: Float64Array): { readonly mean: number; readonly std: number | null } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  if (values.length < 2) return { mean, std: null }
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, std: Math.sqrt(squares / (values.length - 1)) }
}

/** Mean over its standard error, null where there is no error to divide by. */
export function tOf(mean: number, std: number | null, count: number): number | null {
  // Equal values leave only the rounding of their mean.
  return std === null || std <= 1e-12 * Math.abs(mean) || std === 0 ? null : (mean * Math.sqrt(count)) / std
}
