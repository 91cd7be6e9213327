import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type CatalystBook, parseCatalystBook } from '../../src/catalysts/catalyst-book.ts'
import { type BookMarket, openBookMarket } from '../../src/decision/book-market.ts'
import type { Bar, History } from '../../src/market/bar.ts'
import { addDays } from '../../src/market/calendar.ts'
import type { MarketHistory } from '../../src/market/price-source.ts'

type Change = {
  readonly [K in keyof CatalystBook]?: CatalystBook[K] extends readonly unknown[]
    ? CatalystBook[K]
    : CatalystBook[K] extends object
      ? Partial<CatalystBook[K]>
      : CatalystBook[K]
}

/** The catalyst book with some of its terms replaced; without benchmarks unless they are given. */
export function coinBook(change: Change = {}): CatalystBook {
  const file = fileURLToPath(new URL('../../books/catalyst.json', import.meta.url))
  const book = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const merged: Record<string, unknown> = { ...book, benchmarks: [], sources: [] }
  for (const [name, value] of Object.entries(change)) {
    const before = merged[name]
    const isTerms = typeof before === 'object' && before !== null && !Array.isArray(value)
    merged[name] = isTerms ? { ...before, ...(value as object) } : value
  }
  return parseCatalystBook(merged, 'catalyst.json of a test')
}

/** A book that takes in every coin of a small invented market a few days after its first bar. */
export function openBook(change: Change = {}): CatalystBook {
  const { universe } = coinBook()
  return coinBook({
    ...change,
    universe: {
      ...universe,
      minimumAgeDays: 5,
      review: 'daily',
      volume: { min: 1, max: 1e15, days: 5, keepFactor: 1 },
      ...change.universe,
    },
    costs: {
      halfSpread: { estimator: 'abdi-ranaldo', days: 10, floorBps: 10, capBps: 300 },
      impact: { y: 1, volatilityDays: 10 },
      ...change.costs,
    },
  })
}

/** One bar a day from a date on; null is a day without one. A number is a day at that price, moving 1 % either way. */
export function bars(from: string, days: readonly (number | Partial<Bar> | null)[]): Bar[] {
  return days.flatMap((day, index) => {
    if (day === null) return []
    const given = typeof day === 'number' ? { close: day } : day
    const close = given.close ?? 1
    const open = given.open ?? close
    return [
      {
        date: addDays(from, index),
        open,
        high: Math.max(open, close) * 1.01,
        low: Math.min(open, close) * 0.99,
        close,
        volume: 1e6 / close,
        ...given,
      },
    ]
  })
}

/** So many days around a price, up and down by a fraction in turns, so that there is a volatility to charge by. */
export function wavering(price: number, days: number, by = 0.02): number[] {
  return Array.from({ length: days }, (_, index) => price * (index % 2 === 0 ? 1 : 1 + by))
}

export function coinHistory(coins: Readonly<Record<string, readonly Bar[]>>): MarketHistory {
  const histories = Object.entries(coins).map(
    ([symbol, own]): History => ({ symbol, currency: 'USD', bars: own, dividends: [], splits: [] }),
  )
  const pairs = Object.keys(coins).map((symbol) => {
    const [base = '', quote = ''] = symbol.split('/')
    return { symbol, base, quote, quantityStep: null, takerFeeBps: null }
  })
  return { histories, rates: [], absent: [], notes: [], pairs }
}

export function coinMarket(coins: Readonly<Record<string, readonly Bar[]>>, book: CatalystBook): BookMarket {
  const dates = Object.values(coins)
    .flatMap((own) => own.map(({ date }) => date))
    .sort()
  return openBookMarket(book, coinHistory(coins), { from: dates[0]!, to: dates.at(-1)! })
}
