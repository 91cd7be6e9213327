import { strict as assert } from 'node:assert'
import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { openDay, type Run, startRun } from '../src/decision/day.ts'
import { doNothing } from '../src/decision/policies/buy-and-hold.ts'
import type { CloseEntry, Entry } from '../src/journal/entry.ts'
import { applyEvents, type ClosedDay } from '../src/journal/replay.ts'
import { standingAt } from '../src/journal/standing.ts'
import { addCosts } from '../src/portfolio/costs.ts'
import type { FillCosts, Holdings, SessionEvents } from '../src/portfolio/holdings.ts'
import { equityAt, valuePositions } from '../src/portfolio/valuation.ts'
import { renderFillsPost } from '../src/posts/fills-post.ts'
import type { Instant } from '../src/units.ts'
import { appendStep, dueOf } from './steps.ts'

/**
 * Books one session: what its opens did to the book and to each benchmark, and the values at its closes. Two entries, one
 * transaction; then the post about it. Safe to run twice.
 */
export async function fillSession(
  ctx: Context,
  market: BookMarket,
  open: OpenBook,
  session: number,
): Promise<OpenBook> {
  const { state } = open
  const date = market.panel.sessions[session]!
  const book = open.opened.book
  if (state.lastSession === null || state.lastSession < date) {
    const main = openPortfolio(market, state.holdings, session)
    const others = Object.entries(state.benchmarks).map(
      ([name, holdings]) => [name, openPortfolio(market, holdings, session)] as const,
    )
    assert.deepEqual(
      applyEvents(state.holdings, main.events),
      main.holdings,
      `replay of ${date} differs from the session itself`,
    )
    const benchmarks = Object.fromEntries(
      others.map(([name, after]) => [name, equityAt(after.holdings, market.panel, session)]),
    )
    const close = closeBody(open, market, session, main, benchmarks)
    const at = ctx.clock.now(dueOf(market.rules).fill(date))
    const events = Object.fromEntries(others.map(([name, after]) => [name, after.events]))
    const key = `${book}/${date}/fill`
    await appendStep(
      ctx,
      [
        { at, kind: 'session', book, key, body: { date, events: main.events, benchmarks: events } },
        { at, kind: 'close', book, body: close },
      ],
      { book, seq: state.seq },
    )
  }
  await postFills(ctx, open.opened, date, ctx.clock.now(dueOf(market.rules).fill(date)))
  return (await ctx.state(book))!
}

type Opened = { readonly holdings: Holdings; readonly events: SessionEvents }

function openPortfolio(market: BookMarket, holdings: Holdings, session: number): Opened {
  const run: Run = { ...startRun(market, doNothing), holdings }
  const opened = openDay(market, run, session)
  return { holdings: opened.run.holdings, events: opened.events }
}

function closeBody(
  open: OpenBook,
  market: BookMarket,
  session: number,
  main: Opened,
  benchmarks: Readonly<Record<string, number>>,
): CloseEntry {
  const { state, opened } = open
  const date = market.panel.sessions[session]!
  const equity = equityAt(main.holdings, market.panel, session)
  const today: ClosedDay = { date, equity, cashCents: main.holdings.cashCents, benchmarks }
  let costs: FillCosts = state.costs
  for (const fill of main.events.fills) costs = addCosts(costs, fill.costs)
  let dividendsCents = state.dividendsCents
  for (const credit of main.events.dividends) dividendsCents += credit.cashChangeCents
  return {
    date,
    cashCents: main.holdings.cashCents,
    equity,
    positions: valuePositions(main.holdings, market.panel, session).map((valued) => ({
      ...valued,
      unrealized: { ...valued.unrealized },
    })),
    costs,
    dividendsCents,
    benchmarks: { ...benchmarks },
    standing: standingAt(opened.body, [...state.closes, today]),
    holdings: main.holdings,
  }
}

async function postFills(ctx: Context, opened: Entry<'opened'>, date: string, at: Instant): Promise<void> {
  const book = opened.book
  const key = `${book}/${date}/post-fills`
  if ((await ctx.journal.done(key)) !== null) return
  const session = await ctx.journal.last(book, 'session')
  const close = await ctx.journal.last(book, 'close')
  if (session === null || close === null || session.body.date !== date) return
  const post = renderFillsPost({ opened, session, close })
  if (post === null) return
  await ctx.journal.append([{ at, kind: 'post', book, key, body: post }])
}
