import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type BookMarket, openBookMarket } from '../../src/decision/book-market.ts'
import type { Exchange, History, Instrument } from '../../src/market/bar.ts'
import { type AllocatorBook, parseBook } from '../../src/portfolio/book.ts'

/** One day of an invented asset. A missing day is a day without a bar. */
export type Day = { readonly open: number; readonly close: number; readonly dividend?: number; readonly split?: number }

export type Asset = {
  readonly symbol: string
  readonly exchange?: Exchange
  readonly currency?: 'EUR' | 'USD'
  readonly halfSpreadBps?: number
  readonly purchaseTax?: string
  readonly days: Readonly<Record<string, Day>>
}

/** The allocator's rules with the assets given in place of its instruments, and no benchmarks. */
export function bookOf(assets: readonly Asset[], change: Partial<AllocatorBook> = {}): AllocatorBook {
  const file = fileURLToPath(new URL('../../books/allocator.json', import.meta.url))
  const book = parseBook(JSON.parse(readFileSync(file, 'utf8')), 'books/allocator.json')
  return { ...book, instruments: assets.map(instrumentOf), benchmarks: [], ...change }
}

function instrumentOf({
  symbol,
  exchange = 'XPAR',
  currency = 'EUR',
  halfSpreadBps = 3,
  purchaseTax,
}: Asset): Instrument {
  return {
    symbol,
    name: symbol,
    shortName: symbol,
    currency,
    exchange,
    kind: 'share',
    halfSpreadBps,
    ...(purchaseTax !== undefined && { purchaseTax }),
  }
}

/** A market of invented prices. `usdPerEur` is published on the dates given, as the ECB does. */
export function marketOf(
  assets: readonly Asset[],
  options: { readonly usdPerEur?: Readonly<Record<string, number>>; readonly book?: AllocatorBook } = {},
): BookMarket {
  const book = options.book ?? bookOf(assets)
  const histories = assets.map(historyOf)
  const dates = assets.flatMap(({ days }) => Object.keys(days)).sort()
  const rates = Object.entries(options.usdPerEur ?? {}).map(([date, value]) => ({
    date,
    rate: 1 / value,
    knownAt: `${date}T15:00:00.000Z`,
  }))
  return openBookMarket(
    book,
    { histories, rates: rates.length === 0 ? [] : [{ currency: 'USD', base: 'EUR', rates }], absent: [], notes: [] },
    { from: dates[0]!, to: dates.at(-1)! },
  )
}

function historyOf({ symbol, currency = 'EUR', days }: Asset): History {
  const rows = Object.entries(days).sort(([a], [b]) => (a < b ? -1 : 1))
  const traded = rows.filter(([, day]) => !Number.isNaN(day.open))
  return {
    symbol,
    currency,
    bars: traded.map(([date, { open, close }]) => ({
      date,
      open,
      high: Math.max(open, close),
      low: Math.min(open, close),
      close,
      volume: 1000,
    })),
    dividends: rows.flatMap(([date, { dividend }]) => (dividend === undefined ? [] : [{ date, amount: dividend }])),
    splits: rows.flatMap(([date, { split }]) => (split === undefined ? [] : [{ date, ratio: split }])),
  }
}

/** The same price on every date. */
export function flat(dates: readonly string[], price: number): Record<string, Day> {
  return Object.fromEntries(dates.map((date) => [date, { open: price, close: price }]))
}
