import { strict as assert } from 'node:assert'
import type { IsoDate } from '../units.ts'
import { type BucketSpread, bucketSpread } from './bucket-spread.ts'
import type { Bucketing } from './buckets.ts'
import { finite, meanOfKnown } from './known-mean.ts'
import { lagsFor, neweyWest } from './newey-west.ts'
import { predecessors, rankAutocorrelations } from './rank-autocorrelation.ts'
import { fewestPairs, type Grid, rankCorrelations } from './ranks.ts'

/** Everything about a signal that does not depend on the horizon. Rows of the grid are dates, oldest first. */
export type SignalTable = {
  readonly dates: readonly IsoDate[]
  /** Sessions up to and including each date, counted on one common line: distances between dates are in sessions. */
  readonly position: Int32Array
  /** Higher means more is expected of the asset; NaN where there is no signal. */
  readonly signals: Grid
}

/** What the signals of one horizon are held against. */
export type ForwardReturns = {
  /** Sessions from entry to exit. */
  readonly horizon: number
  /** Shape of the signals' grid: simple total returns, fractions, NaN where unknown. */
  readonly returns: Grid
  /** First entry and last exit of the row's returns, null without any. */
  readonly spans: readonly (readonly [IsoDate, IsoDate] | null)[]
}

export type IcOptions = {
  readonly bucketing: Bucketing
  /** One way, of the traded value. */
  readonly costsBps: number
  /** Of the Newey-West error; chosen by `lagsFor` unless given. */
  readonly lags?: number
}

export type IcDate = {
  readonly date: IsoDate
  readonly ic: number | null
  /** Assets with a signal and a forward return. */
  readonly assets: number
  /** Mean return of the highest bucket less that of the lowest, before costs. */
  readonly spread: number | null
  /** Mean share of new names in the highest and the lowest bucket, against the holding that this one replaces. */
  readonly turnover: number | null
  /** Correlation of the signal's ranks with those of that earlier date. */
  readonly rankAutocorrelation: number | null
  readonly from: IsoDate | null
  readonly to: IsoDate | null
  /** Why there is no IC. */
  readonly because?: string
}

export type IcSummary = {
  readonly horizon: number
  /** Mean over the dates of Spearman's correlation of signal and forward return. */
  readonly meanIc: number | null
  /** Of the dates' coefficients, n - 1. */
  readonly std: number | null
  /** meanIc / std, per date: not annualized. */
  readonly icir: number | null
  /** meanIc over its Newey-West standard error. */
  readonly tStat: number | null
  /** A |tStat| above this is unlikely (5 %) to be chance. */
  readonly tCritical: number | null
  /** 95 % interval of the mean: meanIc +- tCritical standard errors. */
  readonly low: number | null
  readonly high: number | null
  readonly lags: number | null
  /** Dates with a coefficient. */
  readonly n: number
  /** Highest less lowest bucket, mean over dates, per holding of `horizon` sessions, net of costs. */
  readonly quantileSpread: number | null
  readonly quantileSpreadGross: number | null
  readonly turnover: number | null
  readonly rankAutocorrelation: number | null
  readonly quantiles: BucketSpread['quantiles']
  readonly byDate: readonly IcDate[]
  /** Sentences by the name of the field that they are about: why it is null, or what it leaves out. */
  readonly notes: Readonly<Record<string, string>>
}

/**
 * How well a signal has ordered the returns that followed it, at one horizon.
 *
 * Costs: a holding of `horizon` sessions replaces the last one that has ended by then, so a bucket whose share of new names is
 * T sells T and buys T: 2 T costsBps for each of the two sides. Without any holding before, T counts as 1.
 *
 * Example: signals [1, 2, 3] and returns [0.01, 0.03, 0.02] on one date -> IC 0.5; two such dates -> meanIc 0.5, std 0
 * Source: Grinold & Kahn, Active portfolio management, 1999, chapter 6; alphalens `performance.py`.
 */
export function informationCoefficient(table: SignalTable, forward: ForwardReturns, options: IcOptions): IcSummary {
  const { signals, dates } = table
  assert(signals.rows === dates.length && forward.returns.columns === signals.columns, 'grids of one shape')
  const { correlation, pairs } = rankCorrelations(signals, forward.returns)
  const known = correlation.filter((value) => !Number.isNaN(value))
  const earlier = predecessors(table.position, forward.horizon)
  const spread = bucketSpread(signals, forward.returns, { bucketing: options.bucketing, earlier })
  const autocorrelation = rankAutocorrelations(signals, earlier)
  const gross = meanOfKnown(spread.byDate)
  const turnover = meanOfKnown(spread.turnoverByDate)
  const net = gross === null ? null : gross - 4 * (turnover ?? 1) * (options.costsBps / 10_000)
  const notes: Record<string, string> = {}
  const byDate = dates.map((date, row): IcDate => {
    const because = whyNone(correlation[row]!, pairs[row]!)
    return {
      date,
      ic: finite(correlation[row]!),
      assets: pairs[row]!,
      spread: finite(spread.byDate[row]!),
      turnover: finite(spread.turnoverByDate[row]!),
      rankAutocorrelation: finite(autocorrelation[row]!),
      from: forward.spans[row]?.[0] ?? null,
      to: forward.spans[row]?.[1] ?? null,
      ...(because !== null && { because }),
    }
  })
  const lost = dates.length - known.length
  if (lost > 0) notes.n = `${lost} of ${dates.length} dates have no coefficient; byDate says why`
  if (gross === null) notes.quantileSpread = 'no date has returns in both the highest and the lowest bucket'
  else if (turnover === null) notes.quantileSpread = 'no earlier holding to compare with: all of it is taken as new'
  if (turnover === null) notes.turnover = 'no date has an earlier holding that had ended by then'
  if (meanOfKnown(autocorrelation) === null)
    notes.rankAutocorrelation = 'no two dates a horizon apart share three assets'
  return {
    horizon: forward.horizon,
    ...summary(known, overlapOf(table.position, correlation, forward.horizon), options.lags, notes),
    n: known.length,
    quantileSpread: net,
    quantileSpreadGross: gross,
    turnover,
    rankAutocorrelation: meanOfKnown(autocorrelation),
    quantiles: spread.quantiles,
    byDate,
    notes,
  }
}

type Summary = Pick<IcSummary, 'meanIc' | 'std' | 'icir' | 'tStat' | 'tCritical' | 'low' | 'high' | 'lags'>

function summary(
  known: Float64Array,
  overlap: number,
  wanted: number | undefined,
  notes: Record<string, string>,
): Summary {
  const none = { std: null, icir: null, tStat: null, tCritical: null, low: null, high: null, lags: null }
  const meanIc = meanOfKnown(known)
  if (known.length < 2) {
    notes.meanIc = `${known.length === 0 ? 'no date has' : 'one date alone has'} a coefficient; a mean with an error needs two`
    return { meanIc: null, ...none }
  }
  let squares = 0
  for (const value of known) squares += (value - meanIc!) ** 2
  const std = Math.sqrt(squares / (known.length - 1))
  const { standardError, critical, lags } = neweyWest(
    known,
    wanted === undefined ? lagsFor(known.length, overlap) : Math.min(wanted, known.length - 1),
  )
  // Coefficients lie within one, so a spread of this size is the rounding of their mean.
  if (std < 1e-12 || standardError === 0) {
    const same = 'the coefficients of all dates are equal, so there is nothing to divide by'
    notes.icir = same
    notes.tStat = same
    return { ...none, meanIc, std: std < 1e-12 ? 0 : std, lags }
  }
  const reach = critical * standardError
  return {
    meanIc,
    std,
    icir: meanIc! / std,
    tStat: meanIc! / standardError,
    tCritical: critical,
    low: meanIc! - reach,
    high: meanIc! + reach,
    lags,
  }
}

function whyNone(correlation: number, pairs: number): string | null {
  if (!Number.isNaN(correlation)) return null
  if (pairs < fewestPairs) return `${pairs} assets have a signal and a return; a rank correlation needs ${fewestPairs}`
  return 'all signals or all returns of the date are equal'
}

/** The largest number of following dates with a coefficient whose returns begin before this date's have ended. */
function overlapOf(position: Int32Array, correlation: Float64Array, horizon: number): number {
  const known = position.filter((_, row) => !Number.isNaN(correlation[row]!))
  let most = 0
  for (let row = 0, next = 0; row < known.length; row++) {
    while (next < known.length && known[next]! < known[row]! + horizon) next++
    most = Math.max(most, next - row - 1)
  }
  return most
}
