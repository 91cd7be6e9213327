import { z } from 'zod'
import { MarketDataError } from '../../errors.ts'

/** A moment in seconds since 1970; the bounds keep it inside what a date can hold. */
const seconds = z.number().min(-1e10).max(1e10)

/** A row as Yahoo sent it: split-adjusted, any figure possibly missing. */
const Row = z.strictObject({
  at: seconds,
  open: z.number().nullable(),
  high: z.number().nullable(),
  low: z.number().nullable(),
  close: z.number().nullable(),
  volume: z.number().nullable(),
})
export type YahooRow = z.infer<typeof Row>

/** What one call of `chart()` told us, before any interpretation. This is what the cache keeps. */
export const YahooAnswer = z.strictObject({
  currency: z.string().nullable(),
  zone: z.string().nullable(),
  price: z.number().nullable(),
  priceAt: seconds.nullable(),
  rows: z.array(Row),
  dividends: z.array(z.strictObject({ at: seconds, amount: z.number() })),
  splits: z.array(z.strictObject({ at: seconds, numerator: z.number(), denominator: z.number() })),
})
export type YahooAnswer = z.infer<typeof YahooAnswer>

/** The library turns some times into dates and leaves others as seconds; both mean the same moment. */
const moment = z.union([seconds, z.date().transform((date) => date.getTime() / 1000)])
const column = z.array(z.number().nullable()).max(100_000)

const Wire = z.object({
  meta: z.object({
    currency: z.string().nullish(),
    exchangeTimezoneName: z.string().nullish(),
    regularMarketPrice: z.number().nullish(),
    regularMarketTime: moment.nullish(),
  }),
  timestamp: z.array(seconds).max(100_000).optional(),
  indicators: z.object({
    quote: z
      .array(z.object({ open: column, high: column, low: column, close: column, volume: column }))
      .max(1)
      .optional(),
  }),
  events: z
    .object({
      dividends: z.record(z.string(), z.object({ amount: z.number(), date: moment })).optional(),
      splits: z
        .record(
          z.string(),
          z.object({ date: moment, numerator: z.number().positive(), denominator: z.number().positive() }),
        )
        .optional(),
    })
    .nullish(),
})

/**
 * The raw result of `chart(..., {return: 'object'})` as validated data.
 * The library's own validation is off: it refuses an answer whole for any new field of Yahoo's.
 *
 * @throws MarketDataError when the shape is not Yahoo's, or its columns differ in length
 */
export function parseYahooAnswer(symbol: string, value: unknown): YahooAnswer {
  const parsed = Wire.safeParse(value)
  if (!parsed.success) {
    const faults = parsed.error.issues.slice(0, 3).map((issue) => `${issue.path.join('.')}: ${issue.message}`)
    throw malformed(symbol, faults.join('; '))
  }
  const { meta, timestamp = [], indicators, events } = parsed.data
  const quote = indicators.quote?.[0] ?? { open: [], high: [], low: [], close: [], volume: [] }
  for (const [name, values] of Object.entries(quote)) {
    if (values.length !== timestamp.length) {
      throw malformed(symbol, `${timestamp.length} timestamps but ${values.length} values of ${name}`)
    }
  }
  return {
    currency: meta.currency ?? null,
    zone: meta.exchangeTimezoneName ?? null,
    price: meta.regularMarketPrice ?? null,
    priceAt: meta.regularMarketTime ?? null,
    rows: timestamp.map((at, i) => ({
      at,
      open: quote.open[i]!,
      high: quote.high[i]!,
      low: quote.low[i]!,
      close: quote.close[i]!,
      volume: quote.volume[i]!,
    })),
    dividends: Object.values(events?.dividends ?? {}).map(({ date, amount }) => ({ at: date, amount })),
    splits: Object.values(events?.splits ?? {}).map(({ date, numerator, denominator }) => ({
      at: date,
      numerator,
      denominator,
    })),
  }
}

function malformed(symbol: string, because: string): MarketDataError {
  return new MarketDataError(
    `Yahoo's answer for ${symbol} does not have the shape of a chart (${because}); try again later, or use csv:DIR.`,
    { retryable: true },
  )
}
