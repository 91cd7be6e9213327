import { isoWeek } from '../market/calendar.ts'
import { addCosts, sumCosts } from '../portfolio/costs.ts'
import type { Fill, FillCosts } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { cents, fromCents } from '../units.ts'
import type { SessionEntry } from './entry.ts'
import type { BookState } from './replay.ts'
import type { PeriodKind, PeriodReport } from './report-entry.ts'

/** What the report needs beside the state: the closes' positions before the period and at its end, and the period's sessions. */
export type PeriodFacts = {
  /** Value of each position at the close before the period, base currency. */
  readonly valuesBefore: Readonly<Record<string, number>>
  readonly valuesAfter: Readonly<Record<string, number>>
  readonly sessions: readonly SessionEntry[]
  /** Sessions between two dates, both included, on the exchange of a symbol. */
  readonly sessionsBetween: (symbol: string, from: IsoDate, to: IsoDate) => number
}

/** Name of the week or the month that a date lies in. Example: periodName('month', '2020-03-12') -> '2020-03' */
export function periodName(kind: PeriodKind, date: IsoDate): string {
  return kind === 'week' ? isoWeek(date) : date.slice(0, 7)
}

/** The part of a report that needs no prices but those in the journal. */
export type PeriodFigures = Omit<
  PeriodReport,
  'evidence' | 'decisions' | 'decisionsBecause' | 'performance' | 'catalysts'
>

/**
 * One week or month of a book and everything since its start, from the journal alone.
 *
 * @param date last day of the report, which has a close
 */
export function periodFigures(
  state: BookState,
  { kind, date }: { readonly kind: PeriodKind; readonly date: IsoDate },
  facts: PeriodFacts,
): PeriodFigures {
  const name = periodName(kind, date)
  const within = (day: { readonly date: IsoDate }) => day.date <= date && periodName(kind, day.date) === name
  const closes = state.closes.filter(within)
  const before = state.closes.filter((close) => close.date < closes[0]!.date).at(-1)
  const last = closes.at(-1)!
  const start = fromCents(state.opened.initialCashCents)
  const equityStart = before?.equity ?? start
  const benchmarkStart = (policy: string) => before?.benchmarks[policy] ?? start
  const fills = state.fills.filter(within)
  let costsPeriod: FillCosts = {}
  for (const fill of fills) costsPeriod = addCosts(costsPeriod, fill.costs)
  const profits = profitBySymbol(facts)
  const ranked = [...profits].sort((a, b) => b.profit - a.profit)
  const trips = state.trips.completed
  const held = trips.map((trip) => facts.sessionsBetween(trip.symbol, trip.openedOn, trip.closedOn) - 1)
  const decisions = state.decisions.map(({ body }) => body)
  const decided = decisions.filter(within)
  const close = state.lastClose!.body
  const weights = state.closes.map((past) => fromCents(past.cashCents) / past.equity)
  let unrealizedAsset = 0
  let unrealizedCurrency = 0
  for (const position of close.positions) {
    unrealizedAsset += position.unrealized.asset
    unrealizedCurrency += position.unrealized.currency
  }
  return {
    period: { kind, name },
    from: closes[0]!.date,
    to: last.date,
    sessions: closes.length,
    equityStartCents: cents(equityStart),
    equityEndCents: cents(last.equity),
    periodReturn: last.equity / equityStart - 1,
    benchmarkReturns: Object.fromEntries(
      Object.entries(last.benchmarks).map(([policy, equity]) => [policy, equity / benchmarkStart(policy) - 1]),
    ),
    standing: close.standing,
    best: ranked[0] ?? null,
    worst: ranked.at(-1) ?? null,
    costsPeriod,
    costsSinceStart: state.costs,
    equityAtTwiceTheCosts: last.equity - sumCosts(state.costs),
    trades: fills.length,
    stops: fills.filter((fill) => fill.reason === 'stop').length,
    turnover: { period: turnoverOf(state, fills), sinceStart: turnoverOf(state, state.fills) },
    clampsByRule: countClamps(decided),
    missedDays: decided
      .filter((decision) => decision.outcome === 'no-decision')
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

/**
 * Half the absolute traded value over the equity of the close before, summed over fills of a book.
 *
 * Example: sells worth 1,000 and buys worth 1,000 at an open after a close of 10,000 -> 0.1
 */
export function turnoverOf(state: BookState, fills: readonly Fill[]): number {
  if (fills.length === 0) return 0
  const before = new Map<IsoDate, number>()
  let equity = fromCents(state.opened.initialCashCents)
  for (const close of state.closes) {
    before.set(close.date, equity)
    equity = close.equity
  }
  return fills.reduce((sum, fill) => {
    const value = Math.abs(fill.quantity * fill.price * fill.rate)
    return sum + value / 2 / (before.get(fill.date) ?? equity)
  }, 0)
}

/** Profit of each symbol over the period, before costs: change in value, less what was bought, plus what was sold and paid out. */
function profitBySymbol(facts: PeriodFacts): { readonly symbol: string; readonly profit: number }[] {
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
