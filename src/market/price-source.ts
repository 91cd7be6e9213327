import type { Currency, Instant, IsoDate } from '../units.ts'
import type { Exchange, History } from './bar.ts'

/** What a source is asked for: a symbol, and the currency and exchange the book expects it in. */
export type Listing = { readonly symbol: string; readonly currency: Currency; readonly exchange: Exchange }

/** One published exchange rate: units of the base currency for one unit of `currency`. */
export type Rate = { readonly date: IsoDate; readonly rate: number; readonly knownAt: Instant }
export type RateHistory = { readonly currency: Currency; readonly base: Currency; readonly rates: readonly Rate[] }

/** A pair that trades on a market of coins. */
export type Pair = {
  /** Such as `AAVE/USDT`. */
  readonly symbol: string
  readonly base: string
  readonly quote: string
  /** Smallest step of a quantity; null where the market does not say. */
  readonly quantityStep: number | null
  readonly takerFeeBps: number | null
}

export type PairsRequest = {
  /** Quote currencies wanted. */
  readonly quotes: readonly string[]
  /** Mean traded value a day that is of interest, in the quote currency: a live market may leave out what lies far from it. */
  readonly volume: { readonly min: number; readonly max: number }
  /** Symbols that must not be left out, and base coins likewise. */
  readonly always: readonly string[]
}

export type HistoryRequest = {
  readonly listings: readonly Listing[]
  /** The book's base currency: rates are asked for every other currency among the listings. */
  readonly base: Currency
  readonly from: IsoDate
  readonly to: IsoDate
  /** The moment of asking: a bar whose session has not closed by then is not returned. */
  readonly now: Instant
}

/** A symbol without data is `absent` with the reason; a fault in what was sent is thrown, never dropped silently. */
export type MarketHistory = {
  readonly histories: readonly History[]
  readonly rates: readonly RateHistory[]
  readonly absent: readonly { readonly symbol: string; readonly because: string }[]
  /** On a market of coins, those that were found there. */
  readonly pairs?: readonly Pair[]
  /** Facts a reader must know, one sentence each: rows dropped, days the calendar calls closed. */
  readonly notes: readonly string[]
}

/** A price now, for the monitor. `previousClose` is the official close of the session before. */
export type Quote = {
  readonly symbol: string
  readonly currency: Currency
  readonly price: number
  readonly at: Instant
}

/**
 * Where prices come from: Yahoo, exchanges, a directory of CSV files, or a simulation.
 * Throws `InputError` for what the user gave (a malformed file), `MarketDataError` for what the world did.
 */
export type PriceSource = {
  /** As it was asked for: `yahoo`, `csv:DIR`, `simulated:SEED`. */
  readonly spec: string
  /** How a reader is told: 'Yahoo', 'CSV files', 'simulated prices (seed 1)'. */
  readonly label: string
  /** `live` prices grow with real time; `recorded` ones lie in the past and are played back on a simulated clock. */
  readonly nature: 'live' | 'recorded' | 'simulated'
  readonly history: (request: HistoryRequest) => Promise<MarketHistory>
  /** What trades on a market of coins, by symbol; absent where there are none. Notes say what was left out. */
  readonly pairs?: (
    request: PairsRequest,
  ) => Promise<{ readonly pairs: readonly Pair[]; readonly notes: readonly string[] }>
  /** Latest prices known at `now`; a symbol without one is left out. */
  readonly quotes: (listings: readonly Listing[], now: Instant) => Promise<readonly Quote[]>
  /** First and last date for which it can have data, where it knows (`recorded` and `simulated` ones do). */
  readonly range: (listings: readonly Listing[]) => Promise<{ readonly from: IsoDate; readonly to: IsoDate } | null>
}
