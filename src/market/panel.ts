import { strict as assert } from 'node:assert'
import { InputError } from '../errors.ts'
import type { Currency, Instant, IsoDate } from '../units.ts'
import type { Exchange, History } from './bar.ts'
import { sessionsBetween } from './calendar.ts'
import type { Listing, MarketHistory } from './price-source.ts'

/**
 * One instrument over all sessions of the panel. Numbers are as traded; index = session; NaN = no bar that day.
 * `mark` is what a share is worth at the close: the last official close at or before the session, divided by the splits
 * since then; `markedOn` is the session of that close, -1 before the first one.
 */
export type Column = {
  /** Place in the panel's columns. */
  readonly index: number
  readonly symbol: string
  readonly currency: Currency
  readonly exchange: Exchange
  readonly open: Float64Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
  readonly volume: Float64Array
  /** Cash per share on the ex-date, 0 otherwise. */
  readonly dividend: Float64Array
  /** New shares for an old one before that session's open, 1 otherwise. */
  readonly split: Float64Array
  /** Base currency for one unit of `currency`: the last rate published by that date, NaN before the first. */
  readonly rate: Float64Array
  /** Date on which that rate was published. */
  readonly rateDate: readonly (IsoDate | null)[]
  /** When it became known; null for the base currency itself. */
  readonly rateKnownAt: readonly (Instant | null)[]
  readonly mark: Float64Array
  readonly markedOn: Int32Array
  /** Total return of one share in the base currency since the previous session, dividends included; NaN without two marks. */
  readonly baseReturn: Float64Array
  /** The same on the sessions with a close of its own, NaN on others: for correlations, aligned by trade date. */
  readonly tradedReturn: Float64Array
}

/** Prices aligned by trade date: the sessions are the days on which any of the exchanges is open, oldest first. */
export type Panel = {
  readonly base: Currency
  readonly sessions: readonly IsoDate[]
  readonly indexOf: ReadonlyMap<IsoDate, number>
  /** In the order in which they open on a day. */
  readonly exchanges: readonly Exchange[]
  /** 1 where the exchange is open in that session. */
  readonly isOpen: Readonly<Record<Exchange, Uint8Array>>
  readonly columns: readonly Column[]
  readonly bySymbol: ReadonlyMap<string, Column>
  readonly notes: readonly string[]
}

const openingOrder: readonly Exchange[] = ['CRYPTO', 'XPAR', 'XNYS']

/**
 * Aligns what a source sent by trade date.
 *
 * @param listings instruments wanted, in the book's order; those without any bar are left out
 * @param from first session wanted; nothing earlier is kept
 * @param to last session wanted; sessions after the last bar of all are left out
 * @throws InputError when a currency has no rate at all
 */
export function buildPanel(request: {
  readonly market: MarketHistory
  readonly listings: readonly Listing[]
  readonly base: Currency
  readonly from: IsoDate
  readonly to: IsoDate
  /** Calendar sessions up to this date are there even without a bar yet: for looking at a session that is still open. */
  readonly through?: IsoDate
}): Panel {
  const { market, listings, base } = request
  const histories = new Map(market.histories.map((history) => [history.symbol, history]))
  const present = listings.filter((listing) => (histories.get(listing.symbol)?.bars.length ?? 0) > 0)
  const sessions = sessionDates(present, histories, request)
  const indexOf = new Map(sessions.dates.map((date, index) => [date, index]))
  const rates = new Map<Currency, RateColumn>()
  const columns = present.map((listing, index) => {
    let rate = rates.get(listing.currency)
    if (rate === undefined) {
      rate = rateColumn(listing.currency, base, market, sessions.dates)
      rates.set(listing.currency, rate)
    }
    return { index, ...buildColumn(listing, histories.get(listing.symbol)!, sessions.dates, indexOf, rate) }
  })
  return {
    base,
    sessions: sessions.dates,
    indexOf,
    exchanges: openingOrder.filter((exchange) => present.some((listing) => listing.exchange === exchange)),
    isOpen: sessions.isOpen,
    columns,
    bySymbol: new Map(columns.map((column) => [column.symbol, column])),
    notes: market.notes,
  }
}

type Range = { readonly from: IsoDate; readonly to: IsoDate; readonly through?: IsoDate }

function sessionDates(present: readonly Listing[], histories: ReadonlyMap<string, History>, range: Range) {
  const barDates: Record<Exchange, Set<IsoDate>> = { CRYPTO: new Set(), XPAR: new Set(), XNYS: new Set() }
  let first = '9999-12-31'
  let last = '0000-01-01'
  for (const listing of present) {
    for (const bar of histories.get(listing.symbol)!.bars) {
      if (bar.date < range.from || bar.date > range.to) continue
      barDates[listing.exchange].add(bar.date)
      if (bar.date < first) first = bar.date
      if (bar.date > last) last = bar.date
    }
  }
  if (range.through !== undefined && range.through > last) last = range.through
  const openDates = new Map<Exchange, Set<IsoDate>>()
  const all = new Set<IsoDate>()
  for (const exchange of openingOrder) {
    const open = new Set(barDates[exchange])
    if (first <= last && present.some((listing) => listing.exchange === exchange)) {
      for (const date of sessionsBetween(exchange, first, last)) open.add(date)
    }
    openDates.set(exchange, open)
    for (const date of open) all.add(date)
  }
  const dates = [...all].sort()
  const flags = (exchange: Exchange) => Uint8Array.from(dates, (date) => (openDates.get(exchange)!.has(date) ? 1 : 0))
  return { dates, isOpen: { CRYPTO: flags('CRYPTO'), XPAR: flags('XPAR'), XNYS: flags('XNYS') } }
}

type RateColumn = Pick<Column, 'rate' | 'rateDate' | 'rateKnownAt'>

function rateColumn(
  currency: Currency,
  base: Currency,
  market: MarketHistory,
  sessions: readonly IsoDate[],
): RateColumn {
  if (currency === base) {
    return {
      rate: new Float64Array(sessions.length).fill(1),
      rateDate: sessions,
      rateKnownAt: sessions.map(() => null),
    }
  }
  const published =
    market.rates.find((candidate) => candidate.currency === currency && candidate.base === base)?.rates ?? []
  if (published.length === 0) {
    throw new InputError(
      `the market has no ${currency}/${base} rate, and the book holds ${currency} instruments in a ${base} book; ` +
        `add the rate (for CSV the file ${base}${currency}%3DX.csv) or take those instruments out`,
    )
  }
  const rate = new Float64Array(sessions.length).fill(Number.NaN)
  const rateDate = new Array<IsoDate | null>(sessions.length).fill(null)
  const rateKnownAt = new Array<Instant | null>(sessions.length).fill(null)
  let next = 0
  for (let t = 0; t < sessions.length; t++) {
    while (next < published.length && published[next]!.date <= sessions[t]!) next++
    if (next > 0) {
      rate[t] = published[next - 1]!.rate
      rateDate[t] = published[next - 1]!.date
      rateKnownAt[t] = published[next - 1]!.knownAt
    }
  }
  return { rate, rateDate, rateKnownAt }
}

function buildColumn(
  listing: Listing,
  history: History,
  sessions: readonly IsoDate[],
  indexOf: ReadonlyMap<IsoDate, number>,
  rates: RateColumn,
): Omit<Column, 'index'> {
  assert(
    history.currency === listing.currency,
    `${listing.symbol} came in ${history.currency}, the book has ${listing.currency}`,
  )
  const size = sessions.length
  const empty = () => new Float64Array(size).fill(Number.NaN)
  const open = empty()
  const high = empty()
  const low = empty()
  const close = empty()
  const volume = empty()
  for (const bar of history.bars) {
    const t = indexOf.get(bar.date)
    if (t === undefined) continue
    open[t] = bar.open
    high[t] = bar.high
    low[t] = bar.low
    close[t] = bar.close
    volume[t] = bar.volume
  }
  const dividend = new Float64Array(size)
  for (const paid of history.dividends) {
    const t = firstSessionFrom(sessions, paid.date)
    if (t !== null && paid.date >= sessions[0]!) dividend[t]! += paid.amount
  }
  const split = new Float64Array(size).fill(1)
  for (const done of history.splits) {
    const t = firstSessionFrom(sessions, done.date)
    if (t !== null && done.date >= sessions[0]!) split[t]! *= done.ratio
  }
  const { mark, markedOn } = marks(close, split)
  const baseReturn = baseReturns(mark, dividend, split, rates.rate)
  return {
    symbol: listing.symbol,
    currency: listing.currency,
    exchange: listing.exchange,
    open,
    high,
    low,
    close,
    volume,
    dividend,
    split,
    ...rates,
    mark,
    markedOn,
    baseReturn,
    tradedReturn: baseReturn.map((value, t) => (Number.isNaN(close[t]!) ? Number.NaN : value)),
  }
}

/** Index of the first session on or after a date, null when there is none. */
export function firstSessionFrom(sessions: readonly IsoDate[], date: IsoDate): number | null {
  let low = 0
  let high = sessions.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sessions[middle]! < date) low = middle + 1
    else high = middle
  }
  return low < sessions.length ? low : null
}

function marks(close: Float64Array, split: Float64Array) {
  const mark = new Float64Array(close.length).fill(Number.NaN)
  const markedOn = new Int32Array(close.length).fill(-1)
  let last = Number.NaN
  let lastIndex = -1
  for (let t = 0; t < close.length; t++) {
    last /= split[t]!
    if (!Number.isNaN(close[t]!)) {
      last = close[t]!
      lastIndex = t
    }
    mark[t] = last
    markedOn[t] = lastIndex
  }
  return { mark, markedOn }
}

function baseReturns(
  mark: Float64Array,
  dividend: Float64Array,
  split: Float64Array,
  rate: Float64Array,
): Float64Array {
  const returns = new Float64Array(mark.length).fill(Number.NaN)
  for (let t = 1; t < mark.length; t++) {
    const before = mark[t - 1]! * rate[t - 1]!
    // A dividend is paid on the shares of the evening before, so a split of the same day does not multiply it.
    returns[t] = ((split[t]! * mark[t]! + dividend[t]!) * rate[t]!) / before - 1
  }
  return returns
}
