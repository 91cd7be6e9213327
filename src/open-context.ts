import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openJournal } from './adapters/database/journal.ts'
import { solve } from './adapters/highs.ts'
import { openSpending } from './adapters/spending.ts'
import type { Config } from './config.ts'
import { type Clock, type Context, stateReader } from './context.ts'
import { type BookMarket, listingsOf, openBookMarket } from './decision/book-market.ts'
import { addDays } from './market/calendar.ts'
import type { PriceSource } from './market/price-source.ts'
import type { AllocatorBook } from './portfolio/book.ts'
import type { Instant, IsoDate } from './units.ts'

/** Calendar days of prices before the first session: two years, which regime, indicators and the CVaR control need. */
export const historyDays = 800

/** A book's prices up to a date, with the history that decisions need before `first`. */
export async function readBookMarket(
  source: PriceSource,
  book: AllocatorBook,
  range: { readonly first: IsoDate; readonly to: IsoDate; readonly through?: IsoDate },
  now: Instant,
): Promise<BookMarket> {
  const from = addDays(range.first, -historyDays)
  const history = await source.history({ listings: listingsOf(book), base: book.currency, from, to: range.to, now })
  return openBookMarket(book, history, {
    from,
    to: range.to,
    ...(range.through !== undefined && { through: range.through }),
  })
}

/** The moment by which a question about the past up to `to` is asked: recorded and simulated prices do not hang on today's date. */
export function askedAt(source: PriceSource, to: IsoDate): Instant {
  return source.nature === 'live' ? new Date().toISOString() : `${to}T23:59:59.999Z`
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
  readonly clock: Clock
  readonly market: Context['market']
  readonly say: (line: string) => void
}): Promise<Context> {
  const { config } = input
  // A setting under a name of its own changes nothing, which is seldom what was meant.
  for (const warning of config.warnings) input.say(warning)
  const journal = await openJournal(input.databaseUrl)
  const model = config.model === null ? null : (await import('./adapters/model.ts')).openModel(config.model)
  return {
    config,
    home: input.home ?? config.home,
    journal,
    prices: input.prices,
    clock: input.clock,
    model,
    spending: openSpending(config.home),
    solve,
    promptTemplate: readFileSync(fileURLToPath(new URL('../prompts/allocator.md', import.meta.url)), 'utf8'),
    market: input.market,
    state: stateReader(journal),
    say: input.say,
  }
}
