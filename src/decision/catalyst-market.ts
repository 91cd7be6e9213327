import type { CatalystBook } from '../catalysts/catalyst-book.ts'
import { InputError } from '../errors.ts'
import type { History, Instrument } from '../market/bar.ts'
import { type Liquidity, type LiquidityTerms, liquidity } from '../market/liquidity.ts'
import { buildPanel, type Panel } from '../market/panel.ts'
import type { Listing, MarketHistory, Pair } from '../market/price-source.ts'
import { type Jump, withoutJumps } from '../market/redenomination.ts'
import { type Candidate, drawUniverse, excludedBecause } from '../market/universe.ts'
import type { CoinCharge } from '../portfolio/coin-costs.ts'
import { universeOf } from '../portfolio/membership.ts'
import type { Charge } from '../portfolio/session.ts'
import { fromBps, type IsoDate } from '../units.ts'
import type { Benchmark, BookMarket, TradedBook } from './book-market.ts'
import { heldSymbol } from './held-symbol.ts'

/** What no list of coins can show of those that are not on it. */
export const survivorsNote =
  'Coins that the source does not have are missing from every date: where its list was drawn up later, they are those that failed (survivorship).'

/** What a market of coins adds to a book: how each trades, and the file's own terms. */
export type CoinMarket = {
  readonly book: CatalystBook
  /** By symbol, benchmarks included. */
  readonly liquidity: ReadonlyMap<string, Liquidity>
  /** How orders of each are charged: the exchange's own fee and lot where it states them. */
  readonly charges: ReadonlyMap<string, CoinCharge>
  /** Those that the universe is drawn from, in the order of their symbols. */
  readonly candidates: readonly Candidate[]
  /** What was left out for good, such as majors, with the reason. */
  readonly excluded: ReadonlyMap<string, string>
  readonly jumps: readonly Jump[]
}

/**
 * The pairs of a market that a book looks at: those in its quote currency, or in dollars where the market has none of it; of
 * coins that may be in, and of those that its benchmarks hold.
 */
export function pairsOf(book: CatalystBook, all: readonly Pair[]): readonly Pair[] {
  const quote = all.some((pair) => pair.quote === book.universe.quote) ? book.universe.quote : 'USD'
  const held = new Set(book.benchmarks.map(({ policy }) => heldSymbol(policy)))
  return all
    .filter((pair) => pair.quote === quote)
    .filter((pair) => excludedBecause(pair.base, book.universe) === null || held.has(pair.base))
    .sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
}

/** What a source is asked for. */
export function coinListings(book: CatalystBook, pairs: readonly Pair[]): readonly Listing[] {
  return pairsOf(book, pairs).map(({ symbol }) => ({ symbol, currency: book.currency, exchange: 'CRYPTO' }))
}

/**
 * Puts a catalyst book on a market: cleans the prices of jumps and idle days, aligns them, estimates how each coin trades, and
 * draws the universe of every date from what was known on it.
 *
 * @throws InputError when the market has no pair of the book
 */
export function openCatalystMarket(
  book: CatalystBook,
  market: MarketHistory,
  range: { readonly from: IsoDate; readonly to: IsoDate; readonly through?: IsoDate },
): BookMarket {
  const pairs = pairsOf(book, market.pairs ?? [])
  const cleaned = cleanedHistories(book, market.histories)
  const listings = coinListings(book, pairs)
  const panel = buildPanel({
    market: { ...market, histories: cleaned.histories },
    listings,
    base: book.currency,
    ...range,
  })
  const present = pairs.filter(({ symbol }) => panel.bySymbol.has(symbol))
  const candidates: Candidate[] = []
  const excluded = new Map<string, string>()
  const figures = new Map<string, Liquidity>()
  const charged = new Map<string, Charge>()
  const charges = new Map<string, CoinCharge>()
  const instruments = new Map<string, Instrument>()
  for (const pair of present) {
    const column = panel.bySymbol.get(pair.symbol)!
    const own = liquidity(column, termsOf(book))
    const instrument = coinInstrument(pair, book)
    figures.set(pair.symbol, own)
    instruments.set(pair.symbol, instrument)
    const charge = coinCharge(pair, own, book)
    charges.set(pair.symbol, charge)
    charged.set(pair.symbol, { ...instrument, coin: charge })
    const because = excludedBecause(pair.base, book.universe)
    if (because === null) candidates.push({ column, liquidity: own })
    else excluded.set(pair.symbol, because)
  }
  if (candidates.length === 0) {
    const because = market.absent[0] === undefined ? '' : `; of ${market.absent[0].symbol}: ${market.absent[0].because}`
    throw new InputError(
      `the market has no prices up to ${range.to} of any coin against ${book.universe.quote} or USD for the book ${book.name}${because}; ` +
        'set COIN_MARKET=ccxt:EXCHANGE, or csv:DIR with files such as AAVE%2FUSDT.csv, and check the dates',
    )
  }
  const tradable = candidates.map(({ column }) => instruments.get(column.symbol)!)
  const benchmarks = benchmarksOn(book, present)
  const universe = new Map(universeOf(drawUniverse(panel, candidates, book.universe)))
  // Without a row a coin would always be in.
  for (const { symbol } of tradable) if (!universe.has(symbol)) universe.set(symbol, [])
  return {
    book: tradedBook(book, tradable),
    rules: book,
    panel,
    tradable,
    instruments,
    charged,
    benchmarks: benchmarks.found,
    universe,
    delisting: book.delisting,
    notes: [
      ...panel.notes,
      ...notesOf(book, panel, present, cleaned),
      ...absentNote(pairs, market.absent),
      ...benchmarks.notes,
    ],
    coins: { book, liquidity: figures, charges, candidates, excluded, jumps: cleaned.jumps },
  }
}

type Cleaned = { readonly histories: readonly History[]; readonly jumps: readonly Jump[]; readonly idle: number }

function cleanedHistories(book: CatalystBook, histories: readonly History[]): Cleaned {
  const cleaned = histories.map((history) => withoutJumps(history, book.universe.jump))
  return {
    histories: cleaned.map(({ history }) => history),
    jumps: cleaned.flatMap(({ jumps }) => jumps),
    idle: cleaned.reduce((sum, { idle }) => sum + idle, 0),
  }
}

function termsOf({ costs, universe }: CatalystBook): LiquidityTerms {
  return {
    volumeDays: universe.volume.days,
    volatilityDays: costs.impact.volatilityDays,
    spreadDays: costs.halfSpread.days,
    halfSpreadFloor: fromBps(costs.halfSpread.floorBps),
    halfSpreadCap: fromBps(costs.halfSpread.capBps),
  }
}

function coinInstrument({ symbol, base }: Pair, book: CatalystBook): Instrument {
  return {
    symbol,
    name: base,
    shortName: base,
    currency: book.currency,
    exchange: 'CRYPTO',
    kind: 'coin',
    // Estimated for each session instead, see CoinCharge.
    halfSpreadBps: 0,
  }
}

function coinCharge(pair: Pair, figures: Liquidity, { costs }: CatalystBook): CoinCharge {
  return {
    takerFee: fromBps(pair.takerFeeBps ?? costs.takerFeeBps),
    impactY: costs.impact.y,
    volumeShareMax: costs.volumeShareMax,
    quantityStep: pair.quantityStep,
    lotValue: costs.lotValue,
    liquidity: figures,
  }
}

function benchmarksOn(book: CatalystBook, present: readonly Pair[]) {
  const found: Benchmark[] = []
  const notes: string[] = []
  for (const { policy, shortName } of book.benchmarks) {
    const coin = heldSymbol(policy)
    const pair = coin === null ? undefined : present.find(({ base, symbol }) => base === coin || symbol === coin)
    if (coin === null) found.push({ policy, shortName, priceOnly: false })
    else if (pair !== undefined) found.push({ policy: `buy-and-hold:${pair.symbol}`, shortName, priceOnly: false })
    else notes.push(`Benchmark ${policy} left out, since the market has no prices for it.`)
  }
  return { found, notes }
}

/** The book in the terms of the day: a limit that a catalyst book does not have is set where it never binds. */
function tradedBook(book: CatalystBook, instruments: readonly Instrument[]): TradedBook {
  const always = <T>(value: T) => ({ high: value, normal: value, low: value })
  const { limits, costs } = book
  return {
    name: book.name,
    title: book.title,
    currency: book.currency,
    initialCash: book.initialCash,
    instruments: [...instruments],
    benchmarks: book.benchmarks.map((benchmark) => ({ ...benchmark })),
    delisting: book.delisting,
    costs: {
      commissionBps: 0,
      commissionMin: 0,
      fxBps: 0,
      purchaseTaxes: {},
      minimumTicket: costs.minimumTicket,
      quantityStep: 1e-8,
    },
    limits: {
      stopLoss: always(1),
      minimumHoldingSessions: 0,
      reentryCooldownSessions: 0,
      tradesPerWeek: always(Number.MAX_SAFE_INTEGER),
      maxWeight: limits.maxWeight,
      cashFloor: always(limits.minCash),
      cashCeiling: always(1),
      orderExpirySessions: limits.orderExpirySessions,
      maxTurnover: limits.maxTurnover,
      maxCvar: limits.maxCvar,
    },
    monitor: book.monitor,
  }
}

/** Coins of which the market has no prices for these dates, with the reason of the first. */
function absentNote(pairs: readonly Pair[], absent: MarketHistory['absent']): string[] {
  const lacking = absent.filter(({ symbol }) => pairs.some((pair) => pair.symbol === symbol))
  const [first] = lacking
  if (first === undefined) return []
  if (lacking.length === 1) return [`Left out for want of prices: ${first.symbol}: ${first.because}.`]
  const named = lacking.slice(0, 8).map(({ symbol }) => symbol)
  const more = lacking.length > 8 ? ` and ${lacking.length - 8} more` : ''
  return [`Left out for want of prices: ${named.join(', ')}${more}; of ${first.symbol}: ${first.because}.`]
}

function notesOf(book: CatalystBook, panel: Panel, present: readonly Pair[], { jumps, idle }: Cleaned): string[] {
  const { costs, universe } = book
  const { halfSpread } = costs
  const count = (many: number, one: string) => `${many} ${one}${many === 1 ? '' : 's'}`
  const notes = [
    `${count(present.length, 'coin')} with prices; who is in on a date is drawn from volume and age up to that date.`,
    survivorsNote,
    `A decision on the bar of a day falls at 00:30 UTC of the next and fills at the open of the day after that.`,
    `Half-spreads are estimated from daily prices (Abdi and Ranaldo 2017, ${halfSpread.days} days, ${halfSpread.floorBps} to ${halfSpread.capBps} bps), not quoted; impact is ${costs.impact.y} * daily volatility * sqrt(order / mean traded value a day); no order is above ${costs.volumeShareMax * 100} % of that value.`,
    `A coin without a price for ${book.delisting.afterSessions} days is closed at its last one less ${book.delisting.haircut * 100} %.`,
  ]
  const quotes = new Set(present.map(({ quote }) => quote))
  if (!quotes.has('USD') || quotes.size > 1) notes.push(`${[...quotes].join(', ')} is counted as one dollar.`)
  else if (universe.quote !== 'USD') notes.push(`The market quotes in USD, which stands in for ${universe.quote}.`)
  if (present.every(({ takerFeeBps }) => takerFeeBps === null)) {
    notes.push(
      `The market states no fees and lots: ${costs.takerFeeBps} bps and lots worth at most ${costs.lotValue} are assumed.`,
    )
  }
  if (idle > 0) notes.push(`${count(idle, 'bar')} without volume left out: nobody traded at those prices.`)
  const seen = jumps.filter(
    ({ date }) => panel.sessions.length > 0 && date >= panel.sessions[0]! && date <= panel.sessions.at(-1)!,
  )
  if (seen.length > 0) {
    const named = seen
      .slice(0, 8)
      .map(({ symbol, date, ratio }) => `${symbol} ${date} (${Number(ratio.toPrecision(3))}-fold)`)
    notes.push(
      `${count(seen.length, 'jump')} by a factor of ${universe.jump.ratio} or more, taken for a change of unit or a wrong price and not traded for ${universe.jump.quarantineDays} days: ${named.join(', ')}${seen.length > 8 ? ` and ${seen.length - 8} more` : ''}.`,
    )
  }
  return notes
}
