import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openJournal } from './adapters/database/journal.ts'
import { solve } from './adapters/highs.ts'
import { openSpending, type Spending } from './adapters/spending.ts'
import type { Book } from './catalysts/catalyst-book.ts'
import type { Config } from './config.ts'
import { type Channels, type Clock, type Context, noChannels, stateReader } from './context.ts'
import { type BookMarket, heldSymbol, listingsOf, openBookMarket } from './decision/book-market.ts'
import type { Solver } from './decision/day.ts'
import { addDays } from './market/calendar.ts'
import type { Listing, MarketHistory, PriceSource } from './market/price-source.ts'
import type { Instant, IsoDate } from './units.ts'

/** Calendar days of prices before the first session: two years, which regime, indicators and the CVaR control need. */
export const historyDays = 800

/**
 * What a source has of a book: its instruments, or the coins that trade there.
 *
 * @param range keep: coins that must not be left out, since they are held
 */
export async function readHistory(
  source: PriceSource,
  book: Book,
  range: { readonly from: IsoDate; readonly to: IsoDate; readonly keep?: readonly string[] },
  now: Instant,
): Promise<MarketHistory> {
  const { from, to, keep } = range
  const found = await coinsOf(source, book, keep)
  const history = await source.history({ listings: listingsOf(book, found.pairs), base: book.currency, from, to, now })
  return book.kind === 'catalyst'
    ? { ...history, pairs: found.pairs, notes: [...found.notes, ...history.notes] }
    : history
}

/** First and last date for which a source can have data of a book, where it knows. */
export async function rangeOf(source: PriceSource, book: Book): ReturnType<PriceSource['range']> {
  return source.range(await listingsOn(source, book))
}

/** What a source can be asked for of a book: its instruments, or the coins that trade there. */
export async function listingsOn(source: PriceSource, book: Book): Promise<readonly Listing[]> {
  return listingsOf(book, (await coinsOf(source, book)).pairs)
}

/** Nothing for a list of instruments, and for a market that trades no coins. */
async function coinsOf(source: PriceSource, book: Book, keep: readonly string[] = []) {
  if (book.kind !== 'catalyst' || source.pairs === undefined) return { pairs: [], notes: [] }
  const held = book.benchmarks.flatMap(({ policy }) => heldSymbol(policy) ?? [])
  return source.pairs({
    quotes: [book.universe.quote, 'USD'],
    volume: book.universe.volume,
    always: [...held, ...keep],
  })
}

/** A book's prices up to a date, with the history that decisions need before `first`. */
export async function readBookMarket(
  source: PriceSource,
  book: Book,
  range: {
    readonly first: IsoDate
    readonly to: IsoDate
    readonly through?: IsoDate
    /** Coins that must not be left out, since they are held. */
    readonly keep?: readonly string[]
  },
  now: Instant,
): Promise<BookMarket> {
  const from = addDays(range.first, -historyDays)
  const history = await readHistory(
    source,
    book,
    { from, to: range.to, ...(range.keep !== undefined && { keep: range.keep }) },
    now,
  )
  return openBookMarket(book, history, {
    from,
    to: range.to,
    ...(range.through !== undefined && { through: range.through }),
  })
}

/** The moment by which a question about the past up to `to` is asked: recorded and simulated prices do not hang on today's date. */
export function askedAt(source: PriceSource, to: IsoDate): Instant {
  // The day of a coin is over when the next one begins.
  return source.nature === 'live' ? new Date().toISOString() : `${addDays(to, 1)}T00:00:00.000Z`
}

/**
 * Opens everything a job needs. Close the journal when done.
 *
 * @param home the folder that the journal belongs to; PRIMER_HOME unless given
 * @param market how a book's prices are had; recorded prices may be read once for all dates
 */
export async function openContext(input: {
  readonly config: Config
  readonly home?: string
  readonly databaseUrl: string
  readonly prices: PriceSource
  /** Where books of coins trade; `prices` unless given. */
  readonly coinPrices?: PriceSource
  readonly clock: Clock
  readonly market: Context['market']
  readonly say: (line: string) => void
  readonly channels?: Channels
  /** Never aborted unless given. */
  readonly stopping?: AbortSignal
  /** The solver of this thread, unless a service has one in a thread of its own. */
  readonly solve?: Solver
}): Promise<Context> {
  const { config } = input
  // A setting under a name of its own changes nothing, which is seldom what was meant.
  for (const warning of config.warnings) input.say(warning)
  const journal = await openJournal(input.databaseUrl)
  const spending = openSpending(config.home)
  return {
    config,
    home: input.home ?? config.home,
    journal,
    prices: input.prices,
    pricesOf: (book) => (book.kind === 'catalyst' ? (input.coinPrices ?? input.prices) : input.prices),
    clock: input.clock,
    model: await openModelOf(config, spending),
    spending,
    solve: input.solve ?? solve,
    promptTemplate: readFileSync(fileURLToPath(new URL('../prompts/allocator.md', import.meta.url)), 'utf8'),
    market: input.market,
    state: stateReader(journal),
    channels: input.channels ?? noChannels,
    stopping: input.stopping ?? new AbortController().signal,
    say: input.say,
  }
}

/** The model that is configured, lined up with all others of this home at one desk; null without one. */
export async function openModelOf(config: Config, spending: Spending): Promise<Context['model']> {
  if (config.model === null) return null
  const { dailyBudgetUsd, requestsPerMinute, timeoutMs } = config.model
  const { openModel } = await import('./adapters/model.ts')
  const { openModelDesk } = await import('./adapters/model/desk.ts')
  const callMostMs = timeoutMs + 10_000
  const desk = openModelDesk({ home: config.home, spending, dailyBudgetUsd, requestsPerMinute, callMostMs })
  return openModel(config.model, undefined, desk)
}
