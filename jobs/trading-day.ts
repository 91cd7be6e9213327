import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { InputError, MarketDataError } from '../src/errors.ts'
import { isoWeek, nextSession } from '../src/market/calendar.ts'
import { firstSessionFrom } from '../src/market/panel.ts'
import { unitValue } from '../src/portfolio/valuation.ts'
import type { IsoDate } from '../src/units.ts'
import { decideSession, missSession, postDecision } from './allocate.ts'
import { fillSession } from './fill.ts'

/**
 * Books every session that the journal lacks, up to and including `session`. Orders waiting from before are filled at their
 * opens, since they were recorded before them; a session whose decision was never taken is recorded as missed, not made up.
 */
export async function catchUp(ctx: Context, market: BookMarket, open: OpenBook, session: number): Promise<OpenBook> {
  const { sessions } = market.panel
  let current = open
  for (let t = nextToBook(market, current); t <= session; t++) {
    const before = sessions[t - 1]
    if (current.state.lastSession !== null && before !== undefined && current.state.lastSession === before) {
      current = await missIfUndecided(ctx, market, current, t - 1)
    }
    if (ctx.pricesOf(market.rules).nature === 'live') refuseHalfSession(market, t)
    refuseUnpriced(ctx, market, current, t)
    current = await fillSession(ctx, market, current, t)
  }
  return current
}

/**
 * A live source that has no bar at all of an exchange that was open is late, not halted: booking would lose that day's fills.
 * Once a later day has its bars, the exchange was closed after all, as on a day of mourning that no calendar foresaw.
 */
function refuseHalfSession(market: BookMarket, session: number): void {
  const { panel } = market
  for (const exchange of panel.exchanges) {
    if (panel.isOpen[exchange][session] !== 1) continue
    const columns = panel.columns.filter((column) => column.exchange === exchange)
    if (columns.some(({ close }) => close.subarray(session).some((price) => !Number.isNaN(price)))) continue
    throw new MarketDataError(
      `no price of ${panel.sessions[session]} for any instrument on ${exchange}, which was open: the source is late; run the job again`,
      { retryable: true },
    )
  }
}

/** What is held and has no price at all cannot be valued; the day waits until the source has it again. */
function refuseUnpriced(ctx: Context, market: BookMarket, { opened, state }: OpenBook, session: number): void {
  const everything = [state.holdings, ...Object.values(state.benchmarks)]
  const held = new Set(everything.flatMap(({ positions }) => positions.map(({ symbol }) => symbol)))
  const unpriced = [...held].filter((symbol) => Number.isNaN(unitValue(market.panel, symbol, session)))
  if (unpriced.length === 0) return
  const prices = ctx.pricesOf(market.rules)
  const said =
    `${prices.label}: no price up to ${market.panel.sessions[session]} for ${unpriced.join(', ')}, which the book ` +
    `${opened.book} or a benchmark of it holds`
  if (prices.nature !== 'live') throw new InputError(`${said}; bring the prices back. Nothing was booked`)
  throw new MarketDataError(`${said}; nothing was booked, run the job again`, { retryable: true })
}

/** First session that is to be booked; the last one booked comes again, in case its post is still missing. */
function nextToBook(market: BookMarket, open: OpenBook): number {
  const { lastSession, opened } = open.state
  return firstSessionFrom(market.panel.sessions, lastSession ?? opened.firstSession) ?? market.panel.sessions.length
}

async function missIfUndecided(ctx: Context, market: BookMarket, open: OpenBook, session: number): Promise<OpenBook> {
  const date = market.panel.sessions[session]!
  if (open.state.decisions.at(-1)?.body.date !== date) {
    return missSession(ctx, market, open, session, 'the program did not run that day, or had no prices')
  }
  // Killed between a decision and its post, the program may come back on the next day only.
  await postDecision(ctx, market, open, date)
  return (await ctx.state(open.opened.book))!
}

/** The allocator's job at a session's close: book what is missing, then decide. */
export async function allocate(ctx: Context, market: BookMarket, open: OpenBook, session: number): Promise<OpenBook> {
  return decideSession(ctx, market, await catchUp(ctx, market, open, session), session)
}

/** Whether a date is its ISO week's last one on which any exchange of the market is open: the report falls due after it. */
export function endsWeek(market: BookMarket, date: IsoDate): boolean {
  return market.panel.exchanges.every((exchange) => isoWeek(nextSession(exchange, date)) !== isoWeek(date))
}

/** Whether a date is its calendar month's last one on which any exchange of the market is open. */
export function endsMonth(market: BookMarket, date: IsoDate): boolean {
  return market.panel.exchanges.every((exchange) => nextSession(exchange, date).slice(0, 7) !== date.slice(0, 7))
}
