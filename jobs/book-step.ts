import { bookNames } from '../src/books.ts'
import type { Book } from '../src/catalysts/catalyst-book.ts'
import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { InputError, MarketDataError } from '../src/errors.ts'
import type { Exchange } from '../src/market/bar.ts'
import { closeAt, firstFillable, isSession, nextSession, openAt } from '../src/market/calendar.ts'
import { rangeOf } from '../src/open-context.ts'
import type { Instant, IsoDate } from '../src/units.ts'
import { openBook } from './open-book.ts'
import { dueOf } from './steps.ts'

/** Steps of a book's day. */
export type BookStep = 'fill' | 'allocate' | 'monitor' | 'report'

/** Where a step stands: the book's prices, the session, and the state of its journal. */
export type Standing = {
  readonly market: BookMarket
  readonly session: number
  readonly date: IsoDate
  readonly open: OpenBook
}

export const newYork = 'America/New_York'

/** The books that these jobs run. */
export function allocatorBooks(): readonly string[] {
  return bookNames('allocator')
}

/**
 * The market and the book's state for a step of a session.
 *
 * @param wanted the session; the latest one up to the market's last date, or to today, when it is undefined
 * @throws InputError when there is no such session, when it lies before what is booked, or when there is nothing to work on
 */
export async function standOn(
  ctx: Context,
  step: BookStep,
  book: Book,
  wanted: IsoDate | undefined,
): Promise<Standing> {
  const until = wanted ?? (await latestDate(ctx, book))
  const known = await ctx.state(book.name)
  const lastBooked = known?.state.lastSession ?? until
  // What texts have shown is counted from the same day on as in a backtest of the book's dates.
  const first = book.kind === 'catalyst' && known !== null ? known.state.opened.firstSession : lastBooked
  const market = await ctx.market(book, {
    first: until < first ? until : first,
    to: until,
    ...(known !== null && { keep: heldIn(known.state) }),
    ...(step === 'monitor' && ctx.clock.kind === 'system' && { through: until }),
  })
  const session = wanted === undefined || step === 'report' ? lastSessionTo(market, until) : sessionOn(market, wanted)
  const date = market.panel.sessions[session]!
  const last = known?.state.lastSession ?? null
  if (last !== null && date < last && step !== 'report') {
    throw new InputError(
      `the book ${book.name} is booked up to ${last}: ${date} lies before it, and the past is not booked again`,
    )
  }
  if (known === null && (step === 'monitor' || step === 'report')) {
    throw new InputError(
      `the book ${book.name} has no record yet, so there is nothing to ${step}; primer run allocate begins one`,
    )
  }
  const open = await openBook(ctx, book, market, date, ctx.clock.now(dueOf(book).fill(date)))
  return { market, session, date, open }
}

/** What the book and its benchmarks hold or wait for: its prices are needed whatever became of it. */
function heldIn({ holdings, benchmarks }: OpenBook['state']): readonly string[] {
  const all = [holdings, ...Object.values(benchmarks)]
  return [...new Set(all.flatMap(({ positions, pending }) => [...positions, ...pending].map(({ symbol }) => symbol)))]
}

async function latestDate(ctx: Context, book: Book): Promise<IsoDate> {
  const range = await rangeOf(ctx.pricesOf(book), book)
  const today = new Date().toISOString().slice(0, 10)
  return range === null || range.to > today ? today : range.to
}

/** Index of the last session up to a date: what is meant when none is named, and what a report of a week ends with. */
function lastSessionTo(market: BookMarket, date: IsoDate): number {
  const found = market.panel.sessions.findLastIndex((session) => session <= date)
  if (found < 0) throw new InputError(`the market has no session of this book up to ${date}`)
  return found
}

function sessionOn(market: BookMarket, date: IsoDate): number {
  const { sessions, indexOf } = market.panel
  const found = indexOf.get(date)
  if (found !== undefined) return found
  const before = sessions.findLast((session) => session < date) ?? 'not known'
  throw new NoSessionError(
    `${date} is no session of this book that the market has closes for; the last one before it is ${before}`,
  )
}

/** The market has no such session, or not yet. */
class NoSessionError extends InputError {}

/** The exchanges of a book's instruments. */
export function exchangesOf(book: Book): readonly Exchange[] {
  return book.kind === 'catalyst' ? ['CRYPTO'] : [...new Set(book.instruments.map(({ exchange }) => exchange))]
}

/** Whether any of a book's exchanges trades on a date. */
export function tradesOn(book: Book, date: IsoDate): boolean {
  return exchangesOf(book).some((exchange) => isSession(exchange, date))
}

/** Whether one of a book's exchanges is open at a moment, its closing price included. */
export function tradesAt(book: Book, date: IsoDate, moment: Instant): boolean {
  return exchangesOf(book).some(
    (exchange) => isSession(exchange, date) && openAt(exchange, date) <= moment && moment <= closeAt(exchange, date),
  )
}

/** When the last of a book's exchanges opens for what was decided on a session: from then on nothing of it can be filled. */
export function lastOpenAfter(book: Book, date: IsoDate): Instant {
  return exchangesOf(book)
    .map((exchange) => openAt(exchange, firstFillable(exchange, date)))
    .reduce((latest, at) => (at > latest ? at : latest))
}

/** When the first of a book's exchanges opens after a session. */
export function firstOpenAfter(book: Book, date: IsoDate): Instant {
  return exchangesOf(book)
    .map((exchange) => openAt(exchange, firstFillable(exchange, date)))
    .reduce((earliest, at) => (at < earliest ? at : earliest))
}

/** Whether a date ends its period for every exchange of a book: the next session of each lies in another one. */
export function endsPeriod(book: Book, date: IsoDate, periodOf: (date: IsoDate) => string): boolean {
  return exchangesOf(book).every((exchange) => periodOf(nextSession(exchange, date)) !== periodOf(date))
}

/**
 * As `standOn` for a run that a schedule started: a session that the market does not have yet is awaited where prices are
 * live, and is nothing to do where they are recorded.
 *
 * @returns why there is nothing to do, or where the step stands
 */
export async function standOnSchedule(
  ctx: Context,
  step: BookStep,
  book: Book,
  date: IsoDate,
): Promise<Standing | string> {
  if (!tradesOn(book, date)) return `${date} is no session of the book ${book.name}`
  const known = await ctx.state(book.name)
  const last = known?.state.lastSession ?? null
  if (step !== 'report' && last !== null && date < last) return `the book ${book.name} is booked up to ${last} already`
  if (known === null && (step === 'monitor' || step === 'report')) return `the book ${book.name} has no record yet`
  try {
    return await standOn(ctx, step, book, date)
  } catch (error) {
    if (!(error instanceof NoSessionError)) throw error
    const prices = ctx.pricesOf(book)
    if (prices.nature !== 'live') return error.message
    throw new MarketDataError(`${prices.label}: ${error.message}; the source is late, the job runs again`, {
      retryable: true,
      cause: error,
    })
  }
}
