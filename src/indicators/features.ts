import { z } from 'zod'

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
