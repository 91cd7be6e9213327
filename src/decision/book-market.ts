import { InputError } from '../errors.ts'
import type { Instrument } from '../market/bar.ts'
import { buildPanel, type Panel } from '../market/panel.ts'
import type { Listing, MarketHistory } from '../market/price-source.ts'
import type { AllocatorBook } from '../portfolio/book.ts'
import type { Charged } from '../portfolio/session.ts'
import type { IsoDate } from '../units.ts'

/** An opponent of the book: a control policy and how posts name it. */
export type Benchmark = {
  readonly policy: string
  readonly shortName: string
  /** An index without dividends stands in for an ETF that the market lacks. */
  readonly priceOnly: boolean
}

/** A book on a market: what of it can be traded there, and against whom it is measured. */
export type BookMarket = {
  readonly book: AllocatorBook
  readonly panel: Panel
  /** Instruments of the book that the market has, in the book's order. */
  readonly tradable: readonly Instrument[]
  /** The same by symbol. */
  readonly instruments: ReadonlyMap<string, Instrument>
  /** How orders are charged, stand-ins included: they pay what the instrument they stand in for pays. */
  readonly charged: Charged
  readonly benchmarks: readonly Benchmark[]
  /** What was left out, and other facts of the market that a reader must know. */
  readonly notes: readonly string[]
}

/** Everything a source must be asked for: the book's instruments and the stand-ins of its benchmarks. */
export function listingsOf(book: AllocatorBook): readonly Listing[] {
  const listings: Listing[] = book.instruments.map(({ symbol, currency, exchange }) => ({ symbol, currency, exchange }))
  for (const benchmark of book.benchmarks) {
    const replaced = heldSymbol(benchmark.policy)
    const instrument = book.instruments.find((candidate) => candidate.symbol === replaced)
    if (benchmark.standIn !== undefined && instrument !== undefined) {
      listings.push({ symbol: benchmark.standIn.symbol, currency: instrument.currency, exchange: instrument.exchange })
    }
  }
  return listings
}

/** Symbol of a `buy-and-hold:SYMBOL` policy, null for others. */
export function heldSymbol(policy: string): string | null {
  return /^buy-and-hold:(.+)$/.exec(policy)?.[1] ?? null
}

/**
 * Puts a book on a market: aligns prices, leaves out what the market lacks and says so.
 *
 * @throws InputError when nothing of the book can be traded there
 */
export function openBookMarket(
  book: AllocatorBook,
  market: MarketHistory,
  range: { readonly from: IsoDate; readonly to: IsoDate; readonly through?: IsoDate },
): BookMarket {
  const panel = buildPanel({ market, listings: listingsOf(book), base: book.currency, ...range })
  const tradable = book.instruments.filter((instrument) => panel.bySymbol.has(instrument.symbol))
  if (tradable.length === 0) {
    // A source says of each symbol why it has nothing: no file, or prices of other dates.
    const because = market.absent[0] === undefined ? '' : `; of ${market.absent[0].symbol}: ${market.absent[0].because}`
    const symbols = book.instruments.map((instrument) => instrument.symbol).join(' ')
    throw new InputError(
      `the market has no prices up to ${range.to} for any instrument of the book ${book.name} (${symbols})${because}; ` +
        'check the symbols, the dates and the market',
    )
  }
  const charged = new Map<string, Pick<Instrument, 'currency' | 'halfSpreadBps' | 'purchaseTax'>>(
    tradable.map((instrument) => [instrument.symbol, instrument]),
  )
  const notes = [...panel.notes]
  const missing = book.instruments
    .filter((instrument) => !panel.bySymbol.has(instrument.symbol))
    .map((instrument) => instrument.symbol)
  if (missing.length > 0) notes.push(`Left out, since the market has no prices for them: ${missing.join(' ')}.`)
  const benchmarks: Benchmark[] = []
  for (const { policy, shortName, standIn } of book.benchmarks) {
    const symbol = heldSymbol(policy)
    if (symbol === null || charged.has(symbol)) {
      benchmarks.push({ policy, shortName, priceOnly: false })
    } else if (standIn !== undefined && panel.bySymbol.has(standIn.symbol)) {
      charged.set(standIn.symbol, book.instruments.find((instrument) => instrument.symbol === symbol)!)
      benchmarks.push({ policy: `buy-and-hold:${standIn.symbol}`, shortName: standIn.shortName, priceOnly: true })
      notes.push(
        `Benchmark ${standIn.symbol} stands in for ${symbol}: an index, price only (no dividends), not tradeable.`,
      )
    } else {
      notes.push(`Benchmark ${policy} left out, since the market has no prices for it.`)
    }
  }
  const instruments = new Map(tradable.map((instrument) => [instrument.symbol, instrument]))
  return { book, panel, tradable, instruments, charged, benchmarks, notes }
}
