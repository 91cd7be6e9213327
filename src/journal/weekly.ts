import { isoWeek } from '../market/calendar.ts'
import { addCosts, sumCosts } from '../portfolio/costs.ts'
import type { FillCosts } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { cents, fromCents } from '../units.ts'
import type { ReportEntry, SessionEntry } from './entry.ts'
import type { BookState } from './replay.ts'

/** What the report needs beside the state: the closes' positions before the week and at its end, and the week's sessions. */
export type WeekFacts = {
  /** Value of each position at the close before the week, base currency. */
  readonly valuesBefore: Readonly<Record<string, number>>
  readonly valuesAfter: Readonly<Record<string, number>>
  readonly sessions: readonly SessionEntry[]
  /** Sessions between two dates, both included, on the exchange of a symbol. */
  readonly sessionsBetween: (symbol: string, from: IsoDate, to: IsoDate) => number
}

/**
 * One ISO week of a book and everything since its start, from the journal alone.
 *
 * @param date last day of the report; the week is its ISO week
 */
export function weeklyReport(state: BookState, date: IsoDate, facts: WeekFacts): ReportEntry {
  const week = isoWeek(date)
  const inWeek = state.closes.filter((close) => isoWeek(close.date) === week && close.date <= date)
  const before = state.closes.filter((close) => close.date < inWeek[0]!.date).at(-1)
  const last = inWeek.at(-1)!
  const start = fromCents(state.opened.initialCashCents)
  const equityStart = before?.equity ?? start
  const benchmarkStart = (policy: string) => before?.benchmarks[policy] ?? start
  const fills = state.fills.filter((fill) => isoWeek(fill.date) === week && fill.date <= date)
  let costsWeek: FillCosts = {}
  for (const fill of fills) costsWeek = addCosts(costsWeek, fill.costs)
  const profits = profitBySymbol(facts)
  const ranked = [...profits].sort((a, b) => b.profit - a.profit)
  const trips = state.trips.completed
  const held = trips.map((trip) => facts.sessionsBetween(trip.symbol, trip.openedOn, trip.closedOn) - 1)
  const decisions = state.decisions.map(({ body }) => body)
  const close = state.lastClose!.body
  const weights = state.closes.map((past) => fromCents(past.cashCents) / past.equity)
  let unrealizedAsset = 0
  let unrealizedCurrency = 0
  for (const position of close.positions) {
    unrealizedAsset += position.unrealized.asset
    unrealizedCurrency += position.unrealized.currency
  }
  return {
    week,
    from: inWeek[0]!.date,
    to: last.date,
    sessions: inWeek.length,
    equityStartCents: cents(equityStart),
    equityEndCents: cents(last.equity),
    weekReturn: last.equity / equityStart - 1,
    benchmarkWeekReturns: Object.fromEntries(
      Object.entries(last.benchmarks).map(([policy, equity]) => [policy, equity / benchmarkStart(policy) - 1]),
    ),
    standing: close.standing,
    best: ranked[0] ?? null,
    worst: ranked.at(-1) ?? null,
    costsWeek,
    costsSinceStart: state.costs,
    equityAtTwiceTheCosts: last.equity - sumCosts(state.costs),
    trades: fills.length,
    stops: fills.filter((fill) => fill.reason === 'stop').length,
    clampsByRule: countClamps(decisions.filter((decision) => isoWeek(decision.date) === week)),
    missedDays: decisions
      .filter((decision) => decision.outcome === 'no-decision' && isoWeek(decision.date) === week)
      .map((decision) => ({ date: decision.date, because: decision.because ?? 'no reason recorded' })),
    roundTrips: {
      count: trips.length,
      profitable: trips.filter((trip) => trip.profit > 0).length,
      meanSessions: held.length === 0 ? null : held.reduce((sum, count) => sum + count, 0) / held.length,
    },
    cashDrag: {
      meanCashWeight: weights.reduce((sum, weight) => sum + weight, 0) / weights.length,
      sessionsAboveCeiling: decisions.filter(({ cashDrag }) => cashDrag.cashWeight > cashDrag.ceiling).length,
    },
    realized: { ...state.realized },
    unrealized: { asset: unrealizedAsset, currency: unrealizedCurrency },
    dividendsCents: state.dividendsCents,
    positions: [...state.holdings.positions],
  }
}

/** Profit of each symbol over the week, before costs: change in value, less what was bought, plus what was sold and paid out. */
function profitBySymbol(facts: WeekFacts): { readonly symbol: string; readonly profit: number }[] {
  const profits = new Map<string, number>()
  const add = (symbol: string, amount: number) => profits.set(symbol, (profits.get(symbol) ?? 0) + amount)
  for (const [symbol, value] of Object.entries(facts.valuesBefore)) add(symbol, -value)
  for (const [symbol, value] of Object.entries(facts.valuesAfter)) add(symbol, value)
  for (const { events } of facts.sessions) {
    for (const fill of events.fills) add(fill.symbol, -fill.quantity * fill.price * fill.rate)
    for (const credit of events.dividends) add(credit.symbol, fromCents(credit.cashChangeCents))
  }
  return [...profits].map(([symbol, profit]) => ({ symbol, profit }))
}

function countClamps(
  decisions: readonly { readonly clamps: readonly { readonly rule: string }[] }[],
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { clamps } of decisions) for (const { rule } of clamps) counts[rule] = (counts[rule] ?? 0) + 1
  return counts
}
