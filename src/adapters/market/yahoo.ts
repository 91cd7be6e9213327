import { InputError } from '../../errors.ts'
import type { History } from '../../market/bar.ts'
import { addDays, closeAt, dateIn, isSession, openAt, zoneOf } from '../../market/calendar.ts'
import type {
  HistoryRequest,
  Listing,
  MarketHistory,
  PriceSource,
  Quote,
  RateHistory,
} from '../../market/price-source.ts'
import type { Currency, Instant, IsoDate } from '../../units.ts'
import type { YahooAnswer } from './yahoo-answer.ts'
import { openYahooCache, type YahooCache } from './yahoo-cache.ts'
import { openYahooClient, type YahooClient, type YahooPeriod } from './yahoo-client.ts'
import { asTraded, type Cut, historyFromYahoo, instantOf, YAHOO_DELAY_MS } from './yahoo-history.ts'
import { newRateBetween, rateSymbol, ratesFromYahoo } from './yahoo-rates.ts'

export type YahooOptions = {
  /** YAHOO_URL: stands in for every host of yahoo.com. */
  readonly url?: string
  /** Where answers are kept for the rest of the day; null keeps none. */
  readonly cacheDirectory: string | null
  readonly timeoutMs?: number
  readonly attempts?: number
  readonly delayMs?: number
  /** The wall clock: splits up to it are undone in prices of earlier days. */
  readonly today?: () => Instant
}

/**
 * Daily prices as traded, dividends, splits and rates from Yahoo. Its interface is unofficial and may stop any day; `csv:DIR`
 * does the same from files.
 */
export function openYahooMarket(options: YahooOptions): PriceSource {
  const { timeoutMs = 20_000, attempts = 4, delayMs = 1000 } = options
  const client = openYahooClient({ url: options.url, timeoutMs, attempts, delayMs })
  const cache = options.cacheDirectory === null ? null : openYahooCache(options.cacheDirectory)
  const today = options.today ?? (() => new Date().toISOString())
  return {
    spec: 'yahoo',
    label: 'Yahoo',
    nature: 'live',
    history: (request) => fetchHistory({ client, cache, today: today() }, request),
    quotes: (listings, now) => fetchQuotes(client, listings, now),
    range: async () => null,
  }
}

type Open = { readonly client: YahooClient; readonly cache: YahooCache | null; readonly today: Instant }
type Wanted = {
  readonly symbol: string
  readonly currency: Currency
  /** Whether an answer of that moment still holds. */
  readonly isFresh: (askedAt: Instant) => boolean
}
type Obtained =
  | {
      readonly kind: 'answer'
      readonly answer: YahooAnswer
      readonly askedAt: Instant
      readonly notes: readonly string[]
    }
  | { readonly kind: 'unknown'; readonly because: string }

async function fetchHistory(open: Open, request: HistoryRequest): Promise<MarketHistory> {
  const { listings, base, now } = request
  const today = new Date(Math.max(Date.parse(now), Date.parse(open.today))).toISOString()
  const period = periodOf(request.from, today)
  const currencies = [...new Set(listings.map((listing) => listing.currency))].filter((currency) => currency !== base)
  const wanted: readonly Wanted[] = [
    ...listings.map((listing) => ({ ...listing, isFresh: (at: Instant) => !hasMoved(listing, at, now) })),
    ...currencies.map((currency) => ({
      symbol: rateSymbol(base, currency),
      currency,
      isFresh: (at: Instant) => !newRateBetween(at, now),
    })),
  ]
  refuseSymbols(wanted)
  const obtained = await all(wanted, (one, signal) => obtain(open, one, { period, now, signal }))
  refuseCurrencies(wanted, obtained)

  const histories: History[] = []
  const rates: RateHistory[] = []
  const absent: { readonly symbol: string; readonly because: string }[] = []
  const notes: string[] = []
  obtained.forEach((one, index) => {
    const { symbol } = wanted[index]!
    if (one.kind === 'unknown') {
      absent.push({ symbol, because: `Yahoo has nothing under ${symbol}: ${one.because}` })
      return
    }
    const cut: Cut = { from: request.from, to: request.to, now, askedAt: one.askedAt, today }
    const listing = listings[index]
    const currency = currencies[index - listings.length]!
    const read =
      listing === undefined
        ? ratesFromYahoo({ base, currency }, one.answer, cut)
        : historyFromYahoo(listing, one.answer, cut)
    notes.push(...one.notes, ...read.notes)
    const isEmpty = 'bars' in read.history ? read.history.bars.length === 0 : read.history.rates.length === 0
    if (isEmpty) {
      absent.push({ symbol, because: `Yahoo has no finished day of ${symbol} from ${request.from} to ${request.to}` })
    } else if ('bars' in read.history) histories.push(read.history)
    else rates.push(read.history)
  })
  return { histories, rates, absent, notes }
}

/**
 * One symbol's answer, from disk where it still holds. An answer always runs from the day before `from` (London's midnight may
 * lie there) to the day after today, so that every split that Yahoo has put into its prices is known.
 */
async function obtain(
  open: Open,
  wanted: Wanted,
  ask: { readonly period: YahooPeriod; readonly now: Instant; readonly signal: AbortSignal },
): Promise<Obtained> {
  const { symbol } = wanted
  const notes: string[] = []
  const isFresh = (askedAt: Instant) =>
    askedAt.slice(0, 10) === ask.now.slice(0, 10) && (askedAt >= ask.now || wanted.isFresh(askedAt))
  const cached = (await open.cache?.read(symbol, ask.period, isFresh)) ?? 'absent'
  if (typeof cached === 'object') return { kind: 'answer', ...cached, notes }
  if (cached === 'damaged') notes.push(`The cached answer for ${symbol} was damaged; Yahoo was asked again.`)
  const reply = await open.client(symbol, ask.period, ask.signal)
  if (reply.kind === 'unknown') return reply
  const answered = { answer: reply.answer, askedAt: ask.now }
  try {
    await open.cache?.write(symbol, ask.period, answered)
  } catch (error) {
    const said = error instanceof Error ? error.message : 'unknown error'
    notes.push(`The answer for ${symbol} could not be cached (${said}).`)
  }
  return { kind: 'answer', ...answered, notes }
}

/** Whether a session has opened, closed or settled in Yahoo's data between two moments of one day. */
function hasMoved(listing: Listing, before: Instant, now: Instant): boolean {
  const zone = zoneOf(listing.exchange)
  return [dateIn(before, zone), dateIn(now, zone)].some((date) => {
    if (!isSession(listing.exchange, date)) return false
    const close = closeAt(listing.exchange, date)
    const settled = new Date(Date.parse(close) + YAHOO_DELAY_MS).toISOString()
    return [openAt(listing.exchange, date), close, settled].some((moment) => before < moment && moment <= now)
  })
}

async function fetchQuotes(client: YahooClient, listings: readonly Listing[], now: Instant): Promise<readonly Quote[]> {
  const wanted = listings.map((listing) => ({ ...listing, isFresh: () => false }))
  refuseSymbols(wanted)
  const period = periodOf(addDays(now.slice(0, 10), -5), now)
  const obtained = await all(wanted, (one, signal) =>
    obtain({ client, cache: null, today: now }, one, { period, now, signal }),
  )
  refuseCurrencies(wanted, obtained)
  const quotes: Quote[] = []
  obtained.forEach((one, index) => {
    if (one.kind === 'unknown' || one.answer.price === null || one.answer.priceAt === null) return
    const { symbol, currency } = wanted[index]!
    const at = instantOf(one.answer.priceAt)
    if (one.answer.price > 0 && at <= now) quotes.push({ symbol, currency, price: asTraded(one.answer.price, 1), at })
  })
  return quotes
}

function periodOf(from: IsoDate, until: Instant): YahooPeriod {
  const seconds = (date: IsoDate) => Date.parse(`${date}T00:00:00.000Z`) / 1000
  const end = until.slice(0, 10)
  return { from: seconds(addDays(from < end ? from : end, -1)), to: seconds(addDays(end, 2)) }
}

/** Runs all; the first failure stops the rest, so that a server that refuses is not asked another hundred times. */
async function all<In, Out>(
  items: readonly In[],
  run: (item: In, signal: AbortSignal) => Promise<Out>,
): Promise<Out[]> {
  const stop = new AbortController()
  let failure: { readonly error: unknown } | undefined
  const outcomes = await Promise.allSettled(
    items.map((item) =>
      run(item, stop.signal).catch((error: unknown) => {
        failure ??= { error }
        stop.abort()
        throw error
      }),
    ),
  )
  if (failure !== undefined) throw failure.error
  return outcomes.map((outcome) => (outcome as PromiseFulfilledResult<Out>).value)
}

function refuseSymbols(wanted: readonly Wanted[]): void {
  const faults = wanted
    .filter(({ symbol }) => /^\.*$/.test(symbol) || symbol.length > 64)
    .map(({ symbol }) => `"${symbol.slice(0, 64)}" is not a symbol; write it as Yahoo does, for example MC.PA`)
  if (faults.length > 0) throw new InputError(faults)
}

/** A price in another unit than the book expects is refused, never guessed: pence taken for pounds is a hundredfold error. */
function refuseCurrencies(wanted: readonly Wanted[], obtained: readonly Obtained[]): void {
  const faults: string[] = []
  obtained.forEach((one, index) => {
    const { symbol, currency } = wanted[index]!
    if (one.kind === 'unknown' || one.answer.currency === currency) return
    const quoted = one.answer.currency
    if (quoted === null) {
      faults.push(`Yahoo does not say in which currency it quotes ${symbol}, the book expects ${currency}`)
      return
    }
    const pence = quoted === 'GBp' || quoted === 'GBX' ? ' (pence)' : ''
    faults.push(
      `Yahoo quotes ${symbol} in ${quoted.slice(0, 8)}${pence}, the book expects ${currency}; mend the currency in the book or take ${symbol} out`,
    )
  })
  if (faults.length > 0) throw new InputError(faults)
}
