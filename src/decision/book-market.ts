import type { Book } from '../catalysts/catalyst-book.ts'
import { InputError } from '../errors.ts'
import type { Instrument } from '../market/bar.ts'
import { buildPanel, type Panel } from '../market/panel.ts'
import type { Listing, MarketHistory, Pair } from '../market/price-source.ts'
import type { AllocatorBook, Limits } from '../portfolio/book.ts'
import {
  type Delisting,
  defaultDelisting,
  isGone,
  isMember,
  silentOn,
  type Universe,
  universeOf,
} from '../portfolio/membership.ts'
import type { Charge, Charged } from '../portfolio/session.ts'
import type { IsoDate } from '../units.ts'
import { type CoinMarket, coinListings, openCatalystMarket } from './catalyst-market.ts'
import { heldSymbol } from './held-symbol.ts'

export { heldSymbol } from './held-symbol.ts'

/** An opponent of the book: a control policy and how posts name it. */
export type Benchmark = {
  readonly policy: string
  readonly shortName: string
  /** An index without dividends stands in for an ETF that the market lacks. */
  readonly priceOnly: boolean
}

/** What a day needs of a book, whatever its kind: an allocator's is its file, a catalyst book's is made of its file and its market. */
export type TradedBook = Omit<AllocatorBook, 'kind' | 'limits'> & {
  readonly limits: Limits & {
    /** Half the absolute traded value over equity, of one decision of the optimizer. */
    readonly maxTurnover?: number
    /** CVaR 95 of one session, as a fraction of equity, beyond which the optimizer's portfolio is scaled down. */
    readonly maxCvar?: number
  }
}

/** Sessions that make a year, to annualize by: coins trade every day. */
export function sessionsPerYear({ coins }: Pick<BookMarket, 'coins'>): number {
  return coins === undefined ? 252 : 365
}

/** A book on a market: what of it can be traded there, and against whom it is measured. */
export type BookMarket = {
  readonly book: TradedBook
  /** The book as its file has it. */
  readonly rules: Book
  readonly panel: Panel
  /** Instruments of the book that the market has, in the book's order. */
  readonly tradable: readonly Instrument[]
  /** The same by symbol. */
  readonly instruments: ReadonlyMap<string, Instrument>
  /** How orders are charged, stand-ins included: they pay what the instrument they stand in for pays. */
  readonly charged: Charged
  readonly benchmarks: readonly Benchmark[]
  /** When each instrument was in, by symbol; those absent always are. */
  readonly universe: Universe
  readonly delisting: Delisting
  /** On a market of coins. */
  readonly coins?: CoinMarket
  /** What was left out, and other facts of the market that a reader must know. */
  readonly notes: readonly string[]
}

/**
 * Everything a source must be asked for: the book's instruments and the stand-ins of its benchmarks, or the coins of its market.
 *
 * @param pairs what the market trades, for a book that is not a list of instruments
 */
export function listingsOf(book: Book, pairs: readonly Pair[] = []): readonly Listing[] {
  if (book.kind === 'catalyst') return coinListings(book, pairs)
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

/**
 * Puts a book on a market: aligns prices, leaves out what the market lacks and says so.
 *
 * @throws InputError when nothing of the book can be traded there
 */
export function openBookMarket(
  book: Book,
  market: MarketHistory,
  range: { readonly from: IsoDate; readonly to: IsoDate; readonly through?: IsoDate },
): BookMarket {
  if (book.kind === 'catalyst') return openCatalystMarket(book, market, range)
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
  const charged = new Map<string, Charge>(tradable.map((instrument) => [instrument.symbol, instrument]))
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
  const universe = universeOf(book.universe)
  const delisting = book.delisting ?? defaultDelisting
  return { book, rules: book, panel, tradable, instruments, charged, benchmarks, universe, delisting, notes }
}

/**
 * Instruments that may be decided at the close of a session, in the book's order: members of that date that have not been
 * without a price for so long that they count as delisted.
 */
export function membersAt(market: BookMarket, session: number): readonly Instrument[] {
  const { tradable } = market
  if (allIn(market, session)) return tradable
  const known = members.get(market) ?? []
  if (known.length === 0) members.set(market, known)
  known[session] ??= tradable.filter(({ symbol }) => isInAt(market, symbol, session))
  return known[session]
}

/** By session: a thousand random allocators ask for the same ones. */
const members = new WeakMap<BookMarket, (readonly Instrument[])[]>()

/** Whether nobody needs to be looked at: no universe by date, and nothing has been silent for long. */
export function allIn({ panel, universe, delisting }: BookMarket, session: number): boolean {
  return universe.size === 0 && silentOn(panel, delisting.afterSessions)[session] === 0
}

/** Whether an instrument, or an index that stands in for one, may be decided at the close of a session. */
export function isInAt(market: BookMarket, symbol: string, session: number): boolean {
  if (allIn(market, session)) return true
  const { panel, universe, delisting } = market
  const column = panel.bySymbol.get(symbol)
  if (column === undefined || isGone(panel, column, session, delisting)) return false
  return universe.size === 0 || isMember(universe, symbol, panel.sessions[session]!)
}
