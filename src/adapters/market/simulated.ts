import { InputError } from '../../errors.ts'
import { addDays, closeAt, dateIn, instantAt, openAt, zoneOf } from '../../market/calendar.ts'
import type {
  HistoryRequest,
  Listing,
  MarketHistory,
  PriceSource,
  Quote,
  Rate,
  RateHistory,
} from '../../market/price-source.ts'
import { openSimulation, type Simulation } from '../../market/simulation.ts'
import { simulatedWorld } from '../../market/simulation-factors.ts'
import type { Currency, Instant, IsoDate } from '../../units.ts'

/**
 * Invented prices (see `market/simulation.ts`) behind the port of real ones. No price here says anything about a real market.
 *
 * @param seed any short text; the same seed gives the same world on every machine
 */
export function openSimulatedMarket(seed: string): PriceSource {
  if (!/^[\w.-]{1,64}$/.test(seed)) {
    throw new InputError(
      `simulated:${seed.slice(0, 64)} has no usable seed; write letters, digits, dots, hyphens or underscores, for example simulated:1`,
    )
  }
  const simulation = openSimulation(seed)
  return {
    spec: `simulated:${seed}`,
    label: `simulated prices (seed ${seed})`,
    nature: 'simulated',
    history: async (request) => historyOf(simulation, request),
    quotes: async (listings, now) => {
      refuseCurrencies(listings)
      return listings.flatMap((listing) => quoteOf(simulation, listing, now) ?? [])
    },
    range: async () => simulatedWorld,
  }
}

function historyOf(simulation: Simulation, request: HistoryRequest): MarketHistory {
  const { listings, base, from, to, now } = request
  refuseCurrencies(listings)
  const currencies = [...new Set(listings.map(({ currency }) => currency))].filter((currency) => currency !== base)
  const histories = listings.map((listing) => {
    const { bars, dividends, splits } = simulation.series(listing, to)
    const { symbol, currency, exchange } = listing
    const today = dateIn(now, zoneOf(exchange))
    // Moments are costly to compute, and only today's decide.
    const lastOpened = before(to, openAt(exchange, today) <= now ? today : addDays(today, -1))
    const lastClosed = before(to, closeAt(exchange, today) <= now ? today : addDays(today, -1))
    return {
      symbol,
      currency,
      bars: between(bars, from, lastClosed),
      dividends: between(dividends, from, lastOpened),
      splits: between(splits, from, lastOpened),
    }
  })
  const isEmpty = (symbol: string) => histories.some((one) => one.symbol === symbol && one.bars.length === 0)
  return {
    histories: histories.filter(({ symbol }) => !isEmpty(symbol)),
    rates: currencies.map((currency) => ratesOf(simulation, { base, currency }, request)),
    absent: listings
      .filter(({ symbol }) => isEmpty(symbol))
      .map(({ symbol }) => ({
        symbol,
        because: `the simulation runs from ${simulatedWorld.from} to ${simulatedWorld.to} and has no finished day from ${from} to ${to}`,
      })),
    notes: [],
  }
}

/** The day's rate, published at 16:00 in Paris like the ECB's reference rates. */
function ratesOf(
  simulation: Simulation,
  pair: { readonly base: Currency; readonly currency: Currency },
  { from, to, now }: HistoryRequest,
): RateHistory {
  const { dates, values } = simulation.euroRates(pair.currency)
  const base = simulation.euroRates(pair.base).values
  const rates: Rate[] = []
  dates.forEach((date, t) => {
    if (date < from || date > to) return
    const knownAt = instantAt(date, '16:00', 'Europe/Paris')
    if (knownAt <= now) rates.push({ date, rate: base[t]! / values[t]!, knownAt })
  })
  return { ...pair, rates }
}

/** The last official price that `now` knows: today's open from the open on, its close from the close on. */
function quoteOf(simulation: Simulation, listing: Listing, now: Instant): Quote | null {
  const { symbol, currency, exchange } = listing
  const today = dateIn(now, zoneOf(exchange))
  const { bars } = simulation.series(listing, today)
  for (let i = countWhile(bars, ({ date }) => date <= today) - 1; i >= 0; i--) {
    const bar = bars[i]!
    const closed = closeAt(exchange, bar.date)
    if (closed <= now) return { symbol, currency, price: bar.close, at: closed }
    const opened = openAt(exchange, bar.date)
    if (opened <= now) return { symbol, currency, price: bar.open, at: opened }
  }
  return null
}

/** The earlier of two dates. */
function before(one: IsoDate, other: IsoDate): IsoDate {
  return one < other ? one : other
}

type Dated = { readonly date: IsoDate }

/** Those from one date to another, both included; the items come oldest first. */
function between<T extends Dated>(items: readonly T[], from: IsoDate, to: IsoDate): readonly T[] {
  return items.slice(
    countWhile(items, ({ date }) => date < from),
    countWhile(items, ({ date }) => date <= to),
  )
}

/** How many items at the start hold the condition, which those after them do not. */
function countWhile<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(items[middle]!)) low = middle + 1
    else high = middle
  }
  return low
}

const currencyOf = { XNYS: 'USD', XPAR: 'EUR', CRYPTO: null } as const

function refuseCurrencies(listings: readonly Listing[]): void {
  const faults = listings
    .filter(({ currency, exchange }) => currency !== currencyOf[exchange])
    .map(({ symbol, currency, exchange }) =>
      currencyOf[exchange] === null
        ? `the simulation has no coins, and the book asks for ${symbol}; use csv:DIR or ccxt:EXCHANGE`
        : `the simulation quotes ${symbol} on ${exchange} in ${currencyOf[exchange]}, the book expects ${currency}`,
    )
  if (faults.length > 0) throw new InputError(faults)
}
