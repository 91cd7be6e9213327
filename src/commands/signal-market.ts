import { readBook } from '../books.ts'
import { readConfig } from '../config.ts'
import { listingsOf } from '../decision/book-market.ts'
import { InputError } from '../errors.ts'
import type { History } from '../market/bar.ts'
import { addDays, isSession, nextSession, weekday } from '../market/calendar.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import type { Listing, MarketHistory, PriceSource, RateHistory } from '../market/price-source.ts'
import { withoutJumps } from '../market/redenomination.ts'
import { openMarket } from '../open-market.ts'
import { type PriceKind, type Worth, worthOver } from '../statistics/worth.ts'
import type { Currency, IsoDate } from '../units.ts'
import type { CommandIo } from './command.ts'
import { Faults, type SignalRow } from './signal-file.ts'

/** When an asset trades: on an exchange with a calendar, or always (a pair such as BTC/USD). */
type Hours = Listing['exchange'] | 'always'
type SignalListing = Listing & { readonly hours: Hours }

export type SignalAsset = SignalListing & { readonly history: History }

/** Sessions of one kind of hours: the dates on which any of its assets has a bar. */
export type Axis = { readonly sessions: readonly IsoDate[]; readonly indexOf: ReadonlyMap<IsoDate, number> }

export type SignalMarket = {
  readonly spec: string
  /** In which all worths are; `own` where each asset keeps its own. */
  readonly currency: Currency | 'own'
  readonly assets: ReadonlyMap<string, SignalAsset>
  readonly axisOf: (asset: SignalAsset) => Axis
  /** Every date on which anything traded, oldest first. */
  readonly allSessions: readonly IsoDate[]
  /** Total-return index of an asset over its axis, in `currency`. */
  readonly worthOf: (asset: SignalAsset, prices: PriceKind) => Worth
  readonly notes: readonly string[]
}

export type MarketRequest = {
  readonly market: string
  readonly symbols: readonly string[]
  /** A currency, `own`, or undefined: the assets' own where they share one, else the book's. */
  readonly base: string | undefined
  readonly from: IsoDate
  readonly to: IsoDate
}

/**
 * Prices for the assets of a file. What is wrong goes to `faults`: unknown assets, mixed currencies without a rate, malformed
 * bars. Null when nothing could be loaded because of it.
 */
export async function openSignalMarket(
  request: MarketRequest,
  { io, faults }: { readonly io: CommandIo; readonly faults: Faults },
): Promise<SignalMarket | null> {
  let source: PriceSource
  try {
    source = await openMarket(parseMarketSpec(request.market), readConfig(io.environment))
  } catch (error) {
    faults.take(error)
    return null
  }
  // Whoever sent a faulty file is told so before a server is asked.
  if (source.nature === 'live' && faults.any) return null
  const listings = request.symbols.flatMap((symbol) => {
    const listing = listingOf(symbol)
    if (typeof listing === 'string') faults.add(listing)
    return typeof listing === 'string' ? [] : [listing]
  })
  const { currency: wanted, notes } = chooseCurrency(listings, request.base, faults)
  const first = await askAll(source, listings, { ...request, currency: wanted }, faults)
  // Without a rate the prices may still be there, and with them faults of assets and dates that should be told in the same breath.
  const currency = first === null ? 'own' : wanted
  const asked =
    first ?? (source.nature === 'live' ? null : await askAll(source, listings, { ...request, currency }, new Faults()))
  if (asked === null) return null
  const assets = new Map<string, SignalAsset>()
  for (const listing of listings) {
    const history = asked.histories.find(({ symbol }) => symbol === listing.symbol)
    if (history !== undefined && history.bars.length > 0) assets.set(listing.symbol, { ...listing, history })
    else {
      const because = asked.absent.find(({ symbol }) => symbol === listing.symbol)?.because
      faults.add(`${listing.symbol} is unknown to ${request.market}: ${because ?? 'it sent no bar'}`)
    }
  }
  const rates = ratesInto(currency, [...assets.values()], asked.rates, faults)
  const axes = axesOf([...assets.values()])
  if (source.nature === 'simulated')
    notes.push(`All prices are ${source.label}: they say nothing about any real market.`)
  return {
    spec: request.market,
    currency,
    assets,
    axisOf: (asset) => axes.get(asset.hours)!,
    allSessions: [...new Set([...axes.values()].flatMap(({ sessions }) => sessions))].sort(),
    worthOf: (asset, prices) => {
      const rate = rates.get(asset.currency)
      return worthOver(asset.history, {
        sessions: axes.get(asset.hours)!.sessions,
        prices,
        ...(rate !== undefined && { rates: rate }),
      })
    },
    notes: [...notes, ...asked.notes, ...jumpNotes([...assets.values()])],
  }
}

/** Pairs whose closes jump as none does that is traded in one unit: what is computed from them would be about the unit. */
function jumpNotes(assets: readonly SignalAsset[]): string[] {
  const jumps = assets
    .filter(({ hours }) => hours === 'always')
    .flatMap(({ history }) => withoutJumps(history, { ratio: 20, quarantineDays: 60 }).jumps)
    .map(({ symbol, date, ratio }) => `${symbol} ${date} (${Number(ratio.toPrecision(3))}-fold)`)
  if (jumps.length === 0) return []
  const more = jumps.length > 8 ? ` and ${jumps.length - 8} more` : ''
  return [
    `Closes that differ twentyfold from one bar to the next are taken as they are: ${jumps.slice(0, 8).join(', ')}${more}; where the coin changed its unit, leave it out or mend its prices.`,
  ]
}

/** From the books where they have it, else from the way it is written, as Yahoo does. */
function listingOf(symbol: string): SignalListing | string {
  const known = listingsOf(readBook('allocator')).find((listing) => listing.symbol === symbol)
  if (known !== undefined) return { ...known, hours: known.exchange }
  const pair = /^[^/]+\/(USD[TC]?|[A-Z]{3})$/.exec(symbol)
  // Stablecoins are counted as the dollars that they stand for. A day of a pair is over at its end in UTC.
  if (pair) return { symbol, currency: pair[1]!.slice(0, 3), exchange: 'CRYPTO', hours: 'always' }
  if (symbol.endsWith('.PA')) return { symbol, currency: 'EUR', exchange: 'XPAR', hours: 'XPAR' }
  if (/\.(?![AB]$)[A-Z]{1,3}$/.test(symbol)) {
    return `${symbol} is on an exchange whose sessions and currency are not known here; there are New York, Paris (.PA) and pairs such as BTC/USD`
  }
  return { symbol, currency: 'USD', exchange: 'XNYS', hours: 'XNYS' }
}

function chooseCurrency(
  listings: readonly SignalListing[],
  base: string | undefined,
  faults: Faults,
): { readonly currency: Currency | 'own'; readonly notes: string[] } {
  const currencies = [...new Set(listings.map(({ currency }) => currency))].sort()
  if (base !== undefined) {
    if (base !== 'own' && !/^[A-Z]{3}$/.test(base)) {
      faults.add(`--base ${JSON.stringify(base)} is no currency; write a code such as EUR, or own`)
      return { currency: 'own', notes: [] }
    }
    return { currency: base, notes: [] }
  }
  if (currencies.length <= 1) return { currency: currencies[0] ?? 'own', notes: [] }
  const { currency } = readBook('allocator')
  const note = `Prices are in ${currencies.join(' and ')}: all returns are in ${currency}, at each day's published rate; --base own compares returns in their own currencies.`
  return { currency, notes: [note] }
}

/** One request for each kind of hours, and for each currency where nothing is converted, so that no rate is asked for. */
async function askAll(
  source: PriceSource,
  listings: readonly SignalListing[],
  { currency, from, to }: { readonly currency: Currency | 'own'; readonly from: IsoDate; readonly to: IsoDate },
  faults: Faults,
): Promise<MarketHistory | null> {
  const batches = Map.groupBy(
    listings,
    (listing) => `${listing.hours === 'always'} ${currency === 'own' ? listing.currency : ''}`,
  )
  const answers: MarketHistory[] = []
  for (const batch of batches.values()) {
    try {
      const answer = await source.history({
        listings: batch.map(({ symbol, currency: own, exchange }) => ({ symbol, currency: own, exchange })),
        base: currency === 'own' ? batch[0]!.currency : currency,
        from,
        to,
        now: new Date().toISOString(),
      })
      answers.push(answer)
    } catch (error) {
      faults.take(error)
      return null
    }
  }
  return {
    histories: answers.flatMap(({ histories }) => histories),
    rates: answers.flatMap(({ rates }) => rates),
    absent: answers.flatMap(({ absent }) => absent),
    notes: answers.flatMap(({ notes }) => notes),
  }
}

function ratesInto(
  currency: Currency | 'own',
  assets: readonly SignalAsset[],
  rates: readonly RateHistory[],
  faults: Faults,
): ReadonlyMap<Currency, RateHistory> {
  const found = new Map<Currency, RateHistory>()
  if (currency === 'own') return found
  for (const foreign of new Set(assets.map((asset) => asset.currency))) {
    if (foreign === currency) continue
    const rate = rates.find((candidate) => candidate.currency === foreign && candidate.base === currency)
    if (rate !== undefined && rate.rates.length > 0) found.set(foreign, rate)
    else {
      const symbols = assets.filter((asset) => asset.currency === foreign).map(({ symbol }) => symbol)
      faults.add(
        `mixed currencies without a rate: ${symbols.slice(0, 3).join(', ')} trade in ${foreign} and the market has no rate into ${currency}; give it, or take --base own`,
      )
    }
  }
  return found
}

function axesOf(assets: readonly SignalAsset[]): ReadonlyMap<Hours, Axis> {
  const axes = new Map<Hours, Axis>()
  for (const [hours, here] of Map.groupBy(assets, (asset) => asset.hours)) {
    const sessions = [...new Set(here.flatMap(({ history }) => history.bars.map(({ date }) => date)))].sort()
    axes.set(hours, { sessions, indexOf: new Map(sessions.map((date, index) => [date, index])) })
  }
  return axes
}

const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/**
 * Holds every row's date against the sessions of its asset: days with a bar, and days the calendar calls open. Others are faults,
 * or with `snap` move to the next session.
 *
 * @returns the rows of known assets, on sessions, and how many were moved
 */
export function onSessions(
  rows: readonly SignalRow[],
  market: SignalMarket,
  { name, snap, faults }: { readonly name: string; readonly snap: boolean; readonly faults: Faults },
): { readonly rows: readonly SignalRow[]; readonly moved: number } {
  let moved = 0
  const kept: SignalRow[] = []
  const taken = new Map<string, SignalRow>()
  for (const row of rows) {
    const asset = market.assets.get(row.asset)
    if (asset === undefined) continue
    let { date } = row
    if (!isOpen(asset, date, market)) {
      if (!snap) {
        faults.add(
          `${name} line ${row.line}: ${date}, a ${dayNames[weekday(date) - 1]}, is no session of ${row.asset} (${asset.hours}); date it on the session it was known at, or move such rows to the next one with --snap`,
        )
        continue
      }
      date = nextOpen(asset, date, market)
      moved++
    }
    const key = `${date} ${row.asset}`
    const other = taken.get(key)
    if (other !== undefined && other.date !== row.date) {
      faults.add(
        `${name} lines ${other.line} and ${row.line}: ${other.date} and ${row.date} are both taken as ${date} for ${row.asset}; keep one`,
      )
    }
    taken.set(key, row)
    kept.push({ ...row, date })
  }
  return { rows: kept, moved }
}

function isOpen(asset: SignalAsset, date: IsoDate, market: SignalMarket): boolean {
  if (asset.hours === 'always') return true
  return isSession(asset.hours, date) || market.axisOf(asset).indexOf.has(date)
}

function nextOpen(asset: SignalAsset, date: IsoDate, market: SignalMarket): IsoDate {
  const calendar = nextSession(asset.exchange, date)
  const bar = market.axisOf(asset).sessions.find((session) => session > date)
  return bar !== undefined && bar < calendar ? bar : calendar
}

/** Calendar days that surely hold so many sessions, holidays included. */
export function daysFor(sessions: number): number {
  return Math.ceil(1.6 * sessions) + 15
}

/** A date so many days away, kept within what a date can say. */
export function shifted(date: IsoDate, days: number): IsoDate {
  const year = Number(date.slice(0, 4)) + days / 365
  return year < 1001 ? '1000-01-01' : year > 9998 ? '9999-12-31' : addDays(date, days)
}

/** The numbers of an option such as `1,5,20`, each a whole one within the limits. */
export function wholeNumbers(
  option: string,
  text: string,
  limits: { readonly min: number; readonly max: number },
): readonly number[] {
  const numbers = text.split(',').map((part) => (/^\s*[+-]?\d{1,6}\s*$/.test(part) ? Number(part) : Number.NaN))
  if (numbers.every((number) => number >= limits.min && number <= limits.max)) return numbers
  throw new InputError(`${option} ${JSON.stringify(text)}: write whole numbers from ${limits.min} to ${limits.max}`)
}
