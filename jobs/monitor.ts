import type { Context, OpenBook } from '../src/context.ts'
import { findAlerts } from '../src/decision/alerts.ts'
import { type BookMarket, heldSymbol } from '../src/decision/book-market.ts'
import { openDay, type Run, startRun, viewAt } from '../src/decision/day.ts'
import { doNothing } from '../src/decision/policies/buy-and-hold.ts'
import { renderAlertPost } from '../src/posts/alert-post.ts'
import type { Instant, IsoDate } from '../src/units.ts'
import { appendStep } from './steps.ts'

/** The step of a look that found something. */
export function monitorKey(book: string, date: IsoDate, at: Instant): string {
  return `${book}/${date}/monitor/${at.slice(11, 16)}`
}

/**
 * Looks at prices between decisions: one alert per asset, kind and session, told again only when it grows by a further step.
 * It never trades. One entry and one post a run, and none when nothing is new.
 */
export async function checkSession(
  ctx: Context,
  market: BookMarket,
  open: OpenBook,
  session: number,
  now: Instant,
): Promise<number> {
  const book = open.opened.book
  const date = market.panel.sessions[session]!
  const key = monitorKey(book, date, now)
  if ((await ctx.journal.done(key)) === null) {
    // Whoever died between an alert and its post may not have come back to that look.
    await postAlert(ctx, open, date)
    const { state } = open
    const watched = new Set(state.holdings.positions.map((position) => position.symbol))
    for (const { policy } of market.benchmarks) {
      const symbol = heldSymbol(policy)
      if (symbol !== null) watched.add(symbol)
    }
    const listings = [...watched].flatMap((symbol) => {
      const column = market.panel.bySymbol.get(symbol)
      return column === undefined || market.panel.isOpen[column.exchange][session] !== 1 ? [] : [column]
    })
    const quotes = await ctx.pricesOf(market.rules).quotes(listings, now)
    const told = await Array.fromAsync(ctx.journal.read({ book, kinds: ['alert'], fromAt: `${date}T00:00:00.000Z` }))
    const already = new Map<string, number>()
    for (const entry of told) {
      if (entry.kind !== 'alert' || entry.body.date !== date) continue
      for (const { symbol, kind, level } of entry.body.alerts) {
        already.set(`${symbol}/${kind}`, Math.max(level, already.get(`${symbol}/${kind}`) ?? 0))
      }
    }
    const alerts = findAlerts({
      view: viewAt(market, runSince(market, state, session), session, session),
      quotes,
      limits: market.book.monitor,
      watched: listings.map((listing) => listing.symbol),
      peakEquity: state.peakEquity,
      already,
    })
    if (alerts.length === 0) return 0
    const body = { date, checkedAt: now, alerts: alerts.map((alert) => ({ ...alert })) }
    await appendStep(ctx, [{ at: now, kind: 'alert', book, key, body }], { book, seq: state.seq })
  }
  return postAlert(ctx, open, date)
}

/** The post of a session's last alert, unless it is there. @returns how many alerts it tells of */
async function postAlert(ctx: Context, open: OpenBook, date: IsoDate): Promise<number> {
  const { book } = open.opened
  const alert = await ctx.journal.last(book, 'alert')
  if (alert === null || alert.body.date !== date) return 0
  const { checkedAt, alerts } = alert.body
  const key = `${book}/${date}/post-monitor/${checkedAt.slice(11, 16)}`
  if ((await ctx.journal.done(key)) !== null) return 0
  const held = open.state.holdings.positions.map(({ symbol }) => symbol)
  const post = renderAlertPost({ opened: open.opened, alert, held })
  await ctx.journal.append([{ at: checkedAt, kind: 'post', book, key, body: post }])
  return alerts.length
}

/**
 * The book as it is in a session that is under way and not booked yet: splits and dividends of the sessions since the last
 * booked one are in its prices already, so they must be in its shares and cash. Orders wait for their official open.
 */
function runSince(market: BookMarket, state: OpenBook['state'], session: number): Run {
  let run: Run = { ...startRun(market, doNothing), holdings: { ...state.holdings, pending: [] } }
  const booked = market.panel.indexOf.get(state.lastSession ?? '') ?? session
  for (let t = booked + 1; t <= session; t++) run = openDay(market, run, t).run
  return run
}
