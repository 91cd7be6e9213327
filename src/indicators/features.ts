import { z } from 'zod'
import { bollinger } from './bollinger.ts'
import { freshColumns } from './columns.ts'
import { drawdownFrom, runningPeak } from './drawdown.ts'
import { rsi } from './momentum.ts'
import { sma } from './moving-average.ts'
import { dailyReturn, volatilityOfReturns } from './volatility.ts'

const number = z.number().nullable()

/** Indicators of one asset at one close, in its own currency; null until the window is full. */
export const Features = z.strictObject({
  dailyReturn: number,
  sma20: number,
  sma50: number,
  sma200: number,
  rsi14: number,
  bollinger20: z.strictObject({ lower: number, middle: number, upper: number, percentB: number }),
  /** Annualized with 252: sample standard deviation of the last 20 daily returns times sqrt(252). */
  volatility20: number,
  /** Fraction below the highest close of the history at hand, zero or more. */
  drawdown: number,
})
export type Features = z.infer<typeof Features>

/** All indicators of one asset at every close: arrays as long as its closes, NaN until the window is full. */
export type FeatureColumns = {
  readonly dailyReturn: Float64Array
  readonly sma20: Float64Array
  readonly sma50: Float64Array
  readonly sma200: Float64Array
  readonly rsi14: Float64Array
  readonly bollingerLower: Float64Array
  readonly bollingerMiddle: Float64Array
  readonly bollingerUpper: Float64Array
  readonly percentB: Float64Array
  readonly volatility20: Float64Array
  readonly drawdown: Float64Array
  readonly runningPeak: Float64Array
}

/**
 * @param closes one asset's split-adjusted closes on its own exchange's sessions, above zero, oldest first, without gaps
 * Every row depends on its own and earlier closes alone.
 */
export function featureColumns(closes: Float64Array): FeatureColumns {
  return columnsIn(closes, freshColumns(closes.length, columnsTaken))
}

/** Eleven for the result, in which SMA 20 is the middle band, and one for the means that the volatility leaves behind. */
const columnsTaken = 12

function columnsIn(closes: Float64Array, column: () => Float64Array): FeatureColumns {
  const returns = dailyReturn(closes, column())
  const peaks = runningPeak(closes, column())
  const bands = { lower: column(), middle: column(), upper: column(), percentB: column() }
  bollinger(closes, 20, 2, bands)
  return {
    dailyReturn: returns,
    // The same numbers by definition, so the same array.
    sma20: bands.middle,
    sma50: sma(closes, 50, column()),
    sma200: sma(closes, 200, column()),
    rsi14: rsi(closes, 14, column()),
    bollingerLower: bands.lower,
    bollingerMiddle: bands.middle,
    bollingerUpper: bands.upper,
    percentB: bands.percentB,
    volatility20: volatilityOfReturns(returns, 20, { mean: column(), squares: column() }),
    drawdown: drawdownFrom(peaks, closes, column()),
    runningPeak: peaks,
  }
}

/** The columns of many assets, in their order; each has its own length, since exchanges keep different holidays. */
export function featureTable(closesByAsset: readonly Float64Array[]): readonly FeatureColumns[] {
  // One buffer for all: many middling ones are handed back to the kernel and come again page by page, which doubles the time.
  let values = 0
  for (const closes of closesByAsset) values += closes.length * columnsTaken
  const buffer = new ArrayBuffer(values * Float64Array.BYTES_PER_ELEMENT)
  let offset = 0
  return closesByAsset.map((closes) =>
    columnsIn(closes, () => {
      const column = new Float64Array(buffer, offset, closes.length)
      offset += column.byteLength
      return column
    }),
  )
}

/** One row of the columns, as it is recorded: what is not known is null. */
export function featuresAt(columns: FeatureColumns, index: number): Features {
  const at = (column: Float64Array): number | null => known(column[index])
  return {
    dailyReturn: at(columns.dailyReturn),
    sma20: at(columns.sma20),
    sma50: at(columns.sma50),
    sma200: at(columns.sma200),
    rsi14: at(columns.rsi14),
    bollinger20: {
      lower: at(columns.bollingerLower),
      middle: at(columns.bollingerMiddle),
      upper: at(columns.bollingerUpper),
      percentB: at(columns.percentB),
    },
    volatility20: at(columns.volatility20),
    drawdown: at(columns.drawdown),
  }
}

function known(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : value
}
