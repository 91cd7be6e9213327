import { strict as assert } from 'node:assert'
import { isoWeek } from '../market/calendar.ts'
import type { Panel } from '../market/panel.ts'
import type { Problem } from '../optimizer/problem.ts'
import type { Solution } from '../optimizer/solution.ts'
import type { FillLedger } from '../portfolio/fill-ledger.ts'
import type { Holdings, Order, SessionEvents } from '../portfolio/holdings.ts'
import { type Opening, type OtherEvents, openSession, openSessionOnto } from '../portfolio/session.ts'
import { equityAt } from '../portfolio/valuation.ts'
import { cents } from '../units.ts'
import type { BookMarket } from './book-market.ts'
import { type Guarded, guard } from './guardrails/guard.ts'
import { withinVolume } from './guardrails/volume-share.ts'
import type { Policy, Request, Settled, View } from './policy.ts'
import { regimeAt } from './regime-at.ts'

/** Whatever solves the convex problems of the policies that optimize; it stands outside the day and is awaited. */
export type Solver = (problem: Problem) => Promise<Solution>

/** One portfolio, who decides it, and the orders decided so far this ISO week. */
export type Run = {
  readonly policy: Policy
  readonly guarded: boolean
  readonly holdings: Holdings
  readonly week: { readonly name: string; readonly trades: number }
  /** A benchmark may hold the index that stands in for an ETF. */
  readonly isBenchmark: boolean
}

/** A portfolio before its first session: the initial cash and nothing else. */
export function startRun(
  market: BookMarket,
  policy: Policy,
  options: { readonly guarded?: boolean; readonly isBenchmark?: boolean } = {},
): Run {
  return {
    policy,
    guarded: options.guarded ?? policy.guarded,
    holdings: { cashCents: cents(market.book.initialCash), positions: [], pending: [], exits: {} },
    week: { name: '', trades: 0 },
    isBenchmark: options.isBenchmark ?? false,
  }
}

/** The opens of a session: what waited is filled, dividends are credited, splits applied. */
export function openDay(
  market: BookMarket,
  run: Run,
  session: number,
): { readonly run: Run; readonly events: SessionEvents } {
  const { holdings, events } = openSession(openingOf(market, run, session))
  return { run: { ...run, holdings }, events }
}

/** The same for a fold over many sessions: the fills are added to a ledger that goes from session to session. */
export function openDayOnto(
  fills: FillLedger,
  market: BookMarket,
  run: Run,
  session: number,
): { readonly run: Run; readonly events: OtherEvents } {
  const { holdings, events } = openSessionOnto(fills, openingOf(market, run, session))
  return { run: { ...run, holdings }, events }
}

function openingOf(market: BookMarket, { holdings }: Run, session: number): Opening {
  const { panel, charged, book } = market
  return {
    holdings,
    panel,
    session,
    costs: book.costs,
    charged,
    orderExpirySessions: book.limits.orderExpirySessions,
    closing: market,
  }
}

/** What the run's policy sees at a session's close. */
export function viewAt(market: BookMarket, run: Run, session: number, firstSession: number): View {
  const week = weekAt(market.panel, session)
  let promised = 0
  for (const order of run.holdings.pending) promised += order.amountCents ?? 0
  return {
    market,
    session,
    firstSession,
    holdings: run.holdings,
    equity: equityAt(run.holdings, market.panel, session),
    freeCashCents: Math.max(0, run.holdings.cashCents - promised),
    tradesThisWeek: run.week.name === week ? run.week.trades : 0,
    standInAllowed: run.isBenchmark,
    regime: () => regimeAt(market, session),
  }
}

/** Second half of the day: the guardrails have the last word, and what they leave becomes pending orders. */
export function settleDay(run: Run, view: View, settled: Settled): { readonly run: Run; readonly guarded: Guarded } {
  const guarded = withinVolume(view, guard(view, settled.kind === 'wishes' ? settled.wishes : [], run.guarded))
  return { run: placeOrders(run, view, guarded.orders, guarded.cancelled), guarded }
}

/** The run with new orders pending and counted as trades of their week. */
export function placeOrders(run: Run, view: View, orders: readonly Order[], cancelled: readonly string[]): Run {
  if (orders.length === 0 && cancelled.length === 0) return run
  const { pending } = run.holdings
  const kept = cancelled.length === 0 ? pending : pending.filter((order) => !cancelled.includes(order.id))
  return {
    ...run,
    holdings: { ...run.holdings, pending: [...kept, ...orders] },
    week: { name: weekAt(view.market.panel, view.session), trades: view.tradesThisWeek + orders.length },
  }
}

/** ISO weeks of a panel's sessions, found out once for all runs on it. */
const weeks = new WeakMap<Panel, readonly string[]>()

function weekAt(panel: Panel, session: number): string {
  let names = weeks.get(panel)
  if (names === undefined) {
    names = panel.sessions.map(isoWeek)
    weeks.set(panel, names)
  }
  return names[session]!
}

/** What a control came to: solved where it optimizes. Controls never ask a model. */
export async function settleControl(request: Request, solve: Solver): Promise<Settled> {
  assert(request.kind !== 'ask', 'a control does not ask a model')
  return request.kind === 'solve' ? request.settle(await solve(request.problem)) : request
}
