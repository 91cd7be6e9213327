import { strict as assert } from 'node:assert'
import { isoWeek } from '../market/calendar.ts'
import { addCosts, tidyQuantity } from '../portfolio/costs.ts'
import {
  costKinds,
  type DividendCredit,
  type Fill,
  type FillCosts,
  type Holdings,
  type Order,
  type Position,
  type SessionEvents,
} from '../portfolio/holdings.ts'
import { bought, sold } from '../portfolio/position.ts'
import type { IsoDate } from '../units.ts'
import { cents, fromCents } from '../units.ts'
import type { CloseEntry, DecisionEntry, Entry, Opened } from './entry.ts'
import { matchTrips, noTrips, type Trips } from './round-trips.ts'

/** One close of the book, as far as later sessions need it. */
export type ClosedDay = {
  readonly date: IsoDate
  /** Base currency, unrounded. */
  readonly equity: number
  readonly cashCents: number
  readonly benchmarks: Readonly<Record<string, number>>
}

type Week = { readonly name: string; readonly trades: number }

/** A book rebuilt from its journal alone. */
export type BookState = {
  readonly opened: Opened
  /** Sequence number of the book's last entry seen. */
  readonly seq: number
  readonly holdings: Holdings
  readonly benchmarks: Readonly<Record<string, Holdings>>
  /** Trades decided in the ISO week named. */
  readonly week: Week
  readonly benchmarkWeeks: Readonly<Record<string, Week>>
  readonly lastSession: IsoDate | null
  readonly closes: readonly ClosedDay[]
  readonly peakEquity: number
  readonly costs: FillCosts
  readonly dividendsCents: number
  readonly realized: { readonly asset: number; readonly currency: number }
  readonly fills: readonly Fill[]
  readonly dividends: readonly DividendCredit[]
  readonly trips: Trips
  readonly decisions: readonly { readonly seq: number; readonly body: DecisionEntry }[]
  readonly lastClose: { readonly seq: number; readonly body: CloseEntry } | null
}

/** The state before anything happened, from the book's first entry. */
export function openState(entry: Entry<'opened'>): BookState {
  const empty: Holdings = { cashCents: entry.body.initialCashCents, positions: [], pending: [], exits: {} }
  return {
    opened: entry.body,
    seq: entry.seq,
    holdings: empty,
    benchmarks: Object.fromEntries(entry.body.benchmarks.map((benchmark) => [benchmark.policy, empty])),
    week: { name: '', trades: 0 },
    benchmarkWeeks: {},
    lastSession: null,
    closes: [],
    peakEquity: fromCents(entry.body.initialCashCents),
    costs: {},
    dividendsCents: 0,
    realized: { asset: 0, currency: 0 },
    fills: [],
    dividends: [],
    trips: noTrips,
    decisions: [],
    lastClose: null,
  }
}

/** The state after one more entry of the same book. Entries that change nothing of the book only move `seq`. */
export function applyEntry(state: BookState, entry: Entry): BookState {
  assert(entry.seq > state.seq, `entry ${entry.seq} came after ${state.seq}`)
  const next = { ...state, seq: entry.seq }
  switch (entry.kind) {
    case 'session': {
      const { date, events, benchmarks } = entry.body
      let { costs, dividendsCents, realized } = state
      for (const fill of events.fills) {
        costs = addCosts(costs, fill.costs)
        if (fill.realized !== undefined) {
          realized = {
            asset: realized.asset + fill.realized.asset,
            currency: realized.currency + fill.realized.currency,
          }
        }
      }
      for (const credit of events.dividends) dividendsCents += credit.cashChangeCents
      return {
        ...next,
        lastSession: date,
        holdings: applyEvents(state.holdings, events),
        benchmarks: mapRecord(state.benchmarks, (holdings, name) =>
          benchmarks[name] === undefined ? holdings : applyEvents(holdings, benchmarks[name]),
        ),
        costs,
        dividendsCents,
        realized,
        trips: matchTrips(state.trips, events),
        fills: events.fills.length === 0 ? state.fills : [...state.fills, ...events.fills],
        dividends: events.dividends.length === 0 ? state.dividends : [...state.dividends, ...events.dividends],
      }
    }
    case 'close': {
      const { date, equity, cashCents, benchmarks } = entry.body
      return {
        ...next,
        closes: [...state.closes, { date, equity, cashCents, benchmarks }],
        peakEquity: Math.max(state.peakEquity, equity),
        lastClose: { seq: entry.seq, body: entry.body },
      }
    }
    case 'decision': {
      const { date, orders, cancelled, missed, benchmarkOrders } = entry.body
      const name = isoWeek(date)
      const lost = new Set([...cancelled, ...missed.map((order) => order.orderId)])
      return {
        ...next,
        holdings: addOrders(state.holdings, orders, lost),
        benchmarks: mapRecord(state.benchmarks, (holdings, policy) =>
          addOrders(holdings, benchmarkOrders[policy] ?? [], new Set()),
        ),
        week: { name, trades: (state.week.name === name ? state.week.trades : 0) + orders.length },
        benchmarkWeeks: {
          ...state.benchmarkWeeks,
          ...mapRecord(benchmarkOrders, (placed, policy) => {
            const before = state.benchmarkWeeks[policy]
            return { name, trades: (before?.name === name ? before.trades : 0) + placed.length }
          }),
        },
        decisions: [...state.decisions, { seq: entry.seq, body: entry.body }],
      }
    }
    default:
      return next
  }
}

function addOrders(holdings: Holdings, orders: readonly Order[], lost: ReadonlySet<string>): Holdings {
  if (orders.length === 0 && lost.size === 0) return holdings
  return { ...holdings, pending: [...holdings.pending, ...orders].filter((order) => !lost.has(order.id)) }
}

function mapRecord<T, U>(record: Readonly<Record<string, T>>, change: (value: T, key: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}

/**
 * Holdings after recorded events, from the events alone: no price is looked up and nothing is computed again that the
 * journal states, so a difference from the live holdings shows a fault in either.
 */
export function applyEvents(holdings: Holdings, events: SessionEvents): Holdings {
  const positions = new Map(holdings.positions.map((position) => [position.symbol, position]))
  let cashCents = holdings.cashCents
  let exits = holdings.exits
  let pending = holdings.pending
  for (const split of events.splits) {
    const position = positions.get(split.symbol)
    assert(position !== undefined, `a split of ${split.symbol}, which is not held`)
    positions.set(split.symbol, { ...position, quantity: split.quantityAfter })
    pending = pending.map((order) =>
      order.symbol === split.symbol && order.quantity !== undefined
        ? { ...order, quantity: tidyQuantity(order.quantity * split.ratio) }
        : order,
    )
  }
  for (const credit of events.dividends) cashCents += credit.cashChangeCents
  const done = new Set<string>()
  for (const fill of events.fills) {
    done.add(fill.orderId)
    cashCents += fill.cashChangeCents
    const position = positions.get(fill.symbol)
    if (fill.quantity > 0) {
      positions.set(fill.symbol, bought(position, fill))
      continue
    }
    assert(position !== undefined, `a sale of ${fill.symbol}, which is not held`)
    const left: Position | null = sold(position, -fill.quantity)
    if (left === null) {
      positions.delete(fill.symbol)
      exits = { ...exits, [fill.symbol]: fill.date }
    } else positions.set(fill.symbol, left)
  }
  for (const order of events.lapsed) done.add(order.orderId)
  const waited = new Map(events.waiting.map((order) => [order.orderId, order.waited]))
  return {
    cashCents,
    positions: [...positions.values()],
    pending: pending
      .filter((order) => !done.has(order.id))
      .map((order) => ({ ...order, waited: waited.get(order.id) ?? order.waited })),
    exits,
  }
}

/** A book's state from all its entries, oldest first; null when the book was never opened. */
export function replay(entries: Iterable<Entry>): BookState | null {
  let state: BookState | null = null
  for (const entry of entries) {
    if (entry.kind === 'opened') state = openState(entry as Entry<'opened'>)
    else if (state !== null) state = applyEntry(state, entry)
  }
  return state
}

/** What a replay found that disagrees with what was recorded at a close, one sentence each; none when all agrees to the cent. */
export function compareWithClose(state: BookState, close: CloseEntry): readonly string[] {
  const differences: string[] = []
  const say = (what: string, rebuilt: unknown, recorded: unknown) =>
    differences.push(`${close.date}: ${what} is ${String(rebuilt)} rebuilt, ${String(recorded)} recorded`)
  if (state.holdings.cashCents !== close.cashCents) say('cash in cents', state.holdings.cashCents, close.cashCents)
  const recorded = new Map(close.positions.map((position) => [position.symbol, position]))
  let equity = fromCents(state.holdings.cashCents)
  for (const position of state.holdings.positions) {
    const valued = recorded.get(position.symbol)
    recorded.delete(position.symbol)
    if (valued === undefined) {
      say(`quantity of ${position.symbol}`, position.quantity, 0)
      continue
    }
    if (valued.quantity !== position.quantity) say(`quantity of ${position.symbol}`, position.quantity, valued.quantity)
    equity += position.quantity * valued.price * valued.rate
  }
  for (const valued of recorded.values()) say(`quantity of ${valued.symbol}`, 0, valued.quantity)
  if (cents(equity) !== cents(close.equity)) say('equity', equity.toFixed(2), close.equity.toFixed(2))
  for (const kind of costKinds) {
    const rebuilt = cents(state.costs[kind] ?? 0)
    const said = cents(close.costs[kind] ?? 0)
    if (rebuilt !== said) say(`${kind} costs in cents`, rebuilt, said)
  }
  if (state.dividendsCents !== close.dividendsCents)
    say('dividends in cents', state.dividendsCents, close.dividendsCents)
  if (cents(close.equity) !== close.standing.equityCents)
    say('equity in the standing, in cents', cents(close.equity), close.standing.equityCents)
  const pending = (holdings: Holdings) => JSON.stringify(holdings.pending.map(({ id, waited }) => [id, waited]))
  if (pending(state.holdings) !== pending(close.holdings))
    say('pending orders', pending(state.holdings), pending(close.holdings))
  return differences
}
