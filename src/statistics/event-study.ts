import type { IsoDate } from '../units.ts'

/**
 * How a normal return is told from an abnormal one. `market`: alpha + beta * benchmark, by least squares; `market-adjusted`: the
 * benchmark's return; `mean`: the asset's own mean. All three are estimated, or at least measured, before the event window.
 */
export const normalModels = ['market', 'market-adjusted', 'mean'] as const
export type NormalModel = (typeof normalModels)[number]

/** Returns of an asset and the benchmark between the dates on which both have a close. Index 0 holds none (NaN). */
export type AlignedReturns = {
  readonly dates: readonly IsoDate[]
  readonly asset: Float64Array
  readonly benchmark: Float64Array
}

export type StudyWindow = {
  /** Event window in sessions from day 0, both ends included: [-5, 20]. */
  readonly first: number
  readonly last: number
  /** Returns wanted for the estimation, and sessions left free between its end and the event window. */
  readonly length: number
  readonly gap: number
}

/** With fewer returns no line is worth drawing. */
export const fewestEstimation = 30

export type AbnormalPath = {
  readonly kind: 'measured'
  /** Per session, not annualized. 0 and 1 for `market-adjusted`; beta 0 for `mean`. */
  readonly alpha: number
  readonly beta: number
  /** Of the residuals in the estimation window, with the degrees of freedom of the model. */
  readonly residualDeviation: number
  readonly estimation: { readonly from: IsoDate; readonly to: IsoDate; readonly returns: number }
  /** One for each day of the event window, simple returns. */
  readonly abnormal: Float64Array
  /** Sum of the abnormal returns over the window. */
  readonly car: number
  /** car over its prediction error: about standard normal where nothing happens. NaN when the model leaves no residuals. */
  readonly standardizedCar: number
  /** Standardized residuals (unit sum of squares) by date, for the correlation between events of one day. */
  readonly residuals: ReadonlyMap<IsoDate, number>
}
export type Dropped = { readonly kind: 'dropped'; readonly because: string }

/**
 * Closes of both on their common dates, as returns: a day on which one of them did not trade is part of the next return of both,
 * so that every return of the pair spans the same time.
 *
 * @param asset total-return index by date, NaN without a close; benchmark likewise
 */
export function alignReturns(
  asset: ReadonlyMap<IsoDate, number>,
  benchmark: ReadonlyMap<IsoDate, number>,
): AlignedReturns {
  const dates = [...asset.keys()].filter((date) => benchmark.has(date)).sort()
  const returnsOf = (worth: ReadonlyMap<IsoDate, number>) =>
    Float64Array.from(dates, (date, i) => (i === 0 ? Number.NaN : worth.get(date)! / worth.get(dates[i - 1]!)! - 1))
  return { dates, asset: returnsOf(asset), benchmark: returnsOf(benchmark) }
}

/**
 * Abnormal returns of one event: what the asset earned beyond the model that was fitted before the event window began.
 *
 * The estimation window holds up to `length` returns that end `gap` sessions before the event window; none of it lies inside
 * the window, so an event cannot make itself look normal.
 *
 * @param zero index of day 0 in `returns.dates`
 * Example: estimation pairs (benchmark, asset) (0, 0.01), (0.01, 0.03), (0.02, 0.05) -> alpha 0.01, beta 2; on a day with
 * benchmark 0.01 and asset 0.10 the abnormal return is 0.10 - 0.03 = 0.07
 * Source: MacKinlay, Event studies in economics and finance, Journal of Economic Literature 35(1), 1997.
 */
export function abnormalPath(
  returns: AlignedReturns,
  zero: number,
  { first, last, length, gap, model }: StudyWindow & { readonly model: NormalModel },
): AbnormalPath | Dropped {
  const { asset, benchmark, dates } = returns
  const end = zero + first - gap
  const start = Math.max(1, end - length)
  const count = end - start
  const needed = Math.min(length, fewestEstimation)
  if (count < needed) {
    return dropped(
      `too little history: ${Math.max(0, count)} returns before the event window, at least ${needed} are needed`,
    )
  }
  if (zero + last >= dates.length) {
    const after = dates.length - 1 - zero
    return dropped(`the event window reaches ${last} sessions after it, the prices ${after}`)
  }
  const fit = fitModel(asset.subarray(start, end), benchmark.subarray(start, end), model)
  if (fit === null) return dropped('the benchmark does not vary in the estimation window')
  const { alpha, beta } = fit
  const abnormal = Float64Array.from(
    { length: last - first + 1 },
    (_, day) => asset[zero + first + day]! - alpha - beta * benchmark[zero + first + day]!,
  )
  const car = abnormal.reduce((sum, value) => sum + value, 0)
  const residual = (i: number) => asset[i]! - alpha - beta * benchmark[i]!
  const scale = Math.sqrt(fit.squares)
  const residuals = new Map<IsoDate, number>()
  if (scale > 0) for (let i = start; i < end; i++) residuals.set(dates[i]!, residual(i) / scale)
  const deviation = Math.sqrt(fit.squares / Math.max(1, count - fit.parameters))
  return {
    kind: 'measured',
    alpha,
    beta,
    residualDeviation: deviation,
    estimation: { from: dates[start]!, to: dates[end - 1]!, returns: count },
    abnormal,
    car,
    standardizedCar:
      scale > 0
        ? car / (deviation * predictionFactor(fit, benchmark.subarray(zero + first, zero + last + 1), count))
        : Number.NaN,
    residuals,
  }
}

type Fit = {
  readonly alpha: number
  readonly beta: number
  /** Sum of squared residuals, 0 where only rounding is left. */
  readonly squares: number
  readonly parameters: number
  readonly benchmarkMean: number
  /** Sum of squares of the benchmark about its mean; Infinity where beta was not estimated. */
  readonly benchmarkSquares: number
}

function fitModel(asset: Float64Array, benchmark: Float64Array, model: NormalModel): Fit | null {
  const count = asset.length
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / count
  const [assetMean, benchmarkMean] = [mean(asset), mean(benchmark)]
  let [products, squares, total] = [0, 0, 0]
  for (let i = 0; i < count; i++) {
    products += (benchmark[i]! - benchmarkMean) * (asset[i]! - assetMean)
    squares += (benchmark[i]! - benchmarkMean) ** 2
    total += asset[i]! * asset[i]!
  }
  // Returns carry a rounding of 1e-16: a spread of that size is none.
  if (model === 'market' && squares < 1e-26 * count) return null
  const beta = model === 'market' ? products / squares : model === 'mean' ? 0 : 1
  const alpha = model === 'market-adjusted' ? 0 : assetMean - beta * benchmarkMean
  let left = 0
  for (let i = 0; i < count; i++) left += (asset[i]! - alpha - beta * benchmark[i]!) ** 2
  return {
    alpha,
    beta,
    squares: left <= 1e-20 * total ? 0 : left,
    parameters: model === 'market' ? 2 : model === 'mean' ? 1 : 0,
    benchmarkMean,
    benchmarkSquares: model === 'market' ? squares : Number.POSITIVE_INFINITY,
  }
}

/**
 * Standard deviations of a residual that a sum over the window is uncertain by, the estimates of alpha and beta included:
 * sqrt(W + W^2 / L + (sum of the window's benchmark returns less their mean)^2 / benchmark's sum of squares).
 *
 * Source: Campbell, Lo & MacKinlay, The econometrics of financial markets, 1997, section 4.4.
 */
function predictionFactor(fit: Fit, window: Float64Array, count: number): number {
  const days = window.length
  const off = window.reduce((sum, value) => sum + value - fit.benchmarkMean, 0)
  const ofAlpha = fit.parameters === 0 ? 0 : (days * days) / count
  return Math.sqrt(days + ofAlpha + (off * off) / fit.benchmarkSquares)
}

function dropped(because: string): Dropped {
  return { kind: 'dropped', because }
}
