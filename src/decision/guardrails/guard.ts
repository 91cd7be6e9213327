import type { Instrument } from '../../market/bar.ts'
import { isoWeek } from '../../market/calendar.ts'
import type { Panel } from '../../market/panel.ts'
import { positionFinder } from '../../portfolio/held-positions.ts'
import type { Order, Position } from '../../portfolio/holdings.ts'
import { isMember } from '../../portfolio/membership.ts'
import { cents, fromCents } from '../../units.ts'
import { allIn, isInAt } from '../book-market.ts'
import type { Clamp, ClampRule } from '../decision.ts'
import type { View, Wish } from '../policy.ts'
import { sessionsUntilNextOpen } from './sessions.ts'
import { findStops, type Stop } from './stop-loss.ts'
import { findExits, vainBuys } from './universe-exits.ts'

export type Guarded = {
  /** Stops first, then sales of what left the universe, then what is left of the wishes in their order. */
  readonly orders: readonly Order[]
  readonly clamps: readonly Clamp[]
  readonly stops: readonly Stop[]
  /** Pending orders that a stop or a sale of what left the universe replaces, and buys of what left it. */
  readonly cancelled: readonly string[]
}

/**
 * Turns wishes into orders under the book's limits. The stop-loss beats every other rule; each change is recorded as
 * rule, before and after (cents for buys, shares for sells, 0 when refused).
 *
 * @param guarded false for controls that run without guardrails: then only what cannot be ordered at all is refused,
 *   and the minimum ticket holds
 */
export function guard(view: View, wishes: readonly Wish[], guarded: boolean): Guarded {
  const stops = guarded ? findStops(view) : []
  const stopped = new Set(stops.map((stop) => stop.symbol))
  const exits = findExits(view, stopped)
  const state: State = {
    view,
    guarded,
    stopped,
    leaving: new Set(exits.map((exit) => exit.symbol)),
    waiting: new Set(view.holdings.pending.map((order) => order.symbol)),
    allIn: allIn(view.market, view.session),
    held: positionFinder(view.holdings.positions),
    seen: new Uint8Array(view.market.panel.columns.length),
    freeCashCents: view.freeCashCents,
    trades: view.tradesThisWeek + stops.length + exits.length,
    clamps: [],
  }
  const date = view.market.panel.sessions[view.session]!
  const ids = orderIds(view.market.panel, view.session)
  const nextId = () => {
    const index = orders.length
    ids[index] ??= `${date}/${index + 1}`
    return ids[index]
  }
  const orders: Order[] = []
  const sell = (symbol: string, quantity: number, reason: Order['reason']) => {
    orders.push({
      id: nextId(),
      symbol,
      side: 'sell',
      quantity,
      decidedOn: date,
      reason,
      waited: 0,
    })
  }
  const buy = (symbol: string, amountCents: number) => {
    orders.push({ id: nextId(), symbol, side: 'buy', amountCents, decidedOn: date, reason: 'policy', waited: 0 })
  }
  for (const stop of stops) sell(stop.symbol, stop.quantity, 'stop')
  for (const exit of exits) sell(exit.symbol, exit.quantity, 'universe')
  for (const wish of wishes) {
    const size = checkWish(state, wish)
    if (size === 0) continue
    state.trades++
    if (wish.side === 'buy') {
      state.freeCashCents -= size
      buy(wish.symbol, size)
    } else {
      sell(wish.symbol, size, 'policy')
    }
  }
  const replaced = view.holdings.pending.filter(({ symbol }) => state.stopped.has(symbol) || state.leaving.has(symbol))
  const cancelled = [...new Set([...replaced.map((order) => order.id), ...vainBuys(view)])]
  return { orders, clamps: state.clamps, stops, cancelled }
}

/** Ids of a session's orders, in their order: one text each for all that is folded over a market, since every fill keeps one. */
function orderIds(panel: Panel, session: number): string[] {
  let sessions = known.get(panel)
  if (sessions === undefined) {
    sessions = []
    known.set(panel, sessions)
  }
  sessions[session] ??= []
  return sessions[session]
}

const known = new WeakMap<Panel, string[][]>()

type State = {
  readonly view: View
  readonly guarded: boolean
  readonly stopped: ReadonlySet<string>
  readonly leaving: ReadonlySet<string>
  readonly waiting: ReadonlySet<string>
  readonly allIn: boolean
  readonly held: (symbol: string) => Position | undefined
  /** By index of the column: 1 for what the decision has ordered already. */
  readonly seen: Uint8Array
  freeCashCents: number
  trades: number
  readonly clamps: Clamp[]
}

/** What is left of a wish: cents of a buy, shares of a sell, 0 when refused. */
function checkWish(state: State, wish: Wish): number {
  const { view } = state
  const { panel, instruments } = view.market
  const instrument = instruments.get(wish.symbol) ?? standIn(view, wish.symbol)
  if (instrument === null) return clamp(state, wish, 'unknown-symbol', 0, 'not an instrument of this book')
  const column = panel.bySymbol.get(wish.symbol)!
  if (state.stopped.size > 0 && state.stopped.has(wish.symbol))
    return clamp(state, wish, 'stop-loss', 0, 'the stop-loss sells it all at the next open')
  if (state.leaving.size > 0 && state.leaving.has(wish.symbol))
    return clamp(state, wish, 'pending-order', 0, 'it left the universe: all of it is sold at the next open')
  if (wish.side === 'buy' && !state.allIn && !isInAt(view.market, wish.symbol, view.session)) {
    return isMember(view.market.universe, wish.symbol, panel.sessions[view.session]!)
      ? clamp(state, wish, 'no-price', 0, `no price in ${view.market.delisting.afterSessions} sessions`)
      : clamp(state, wish, 'unknown-symbol', 0, 'not in the universe at this close')
  }
  if (state.seen[column.index] === 1) return clamp(state, wish, 'duplicate', 0, 'named before in the same decision')
  const price = column.mark[view.session]! * column.rate[view.session]!
  if (!(price > 0)) return clamp(state, wish, 'no-price', 0, 'no close is known')
  if (state.waiting.size > 0 && state.waiting.has(wish.symbol))
    return clamp(state, wish, 'pending-order', 0, 'an earlier order still waits for an open')
  const size =
    wish.side === 'buy' ? checkBuy(state, wish, instrument, price) : checkSell(state, wish, instrument, price)
  if (size !== 0) state.seen[column.index] = 1
  return size
}

/** Notes what a rule leaves of a wish, of which `before` was left until then. A function of its own: most wishes meet no rule. */
function clamp(
  state: State,
  wish: Wish,
  rule: ClampRule,
  after: number,
  because: string,
  before = wish.side === 'buy' ? wish.amountCents : wish.quantity,
): number {
  state.clamps.push({ rule, symbol: wish.symbol, side: wish.side, before, after, because })
  return after
}

/** @param price of one share in the base currency at this close */
function checkSell(state: State, wish: Wish & { side: 'sell' }, instrument: Traded, price: number): number {
  const { view } = state
  const { minimumTicket } = view.market.book.costs
  const position = state.held(wish.symbol)
  if (position === undefined) return clamp(state, wish, 'no-position', 0, 'nothing of it is held')
  if (state.guarded) {
    const early = holdingBlock(view, position, instrument)
    if (early !== null) return clamp(state, wish, 'minimum-holding', 0, early)
    const capped = weeklyBlock(view, state.trades)
    if (capped !== null) return clamp(state, wish, 'weekly-trades', 0, capped)
  }
  const quantity = Math.min(wish.quantity, position.quantity)
  const value = quantity * price
  if (quantity < position.quantity && value < minimumTicket) {
    return clamp(state, wish, 'minimum-ticket', 0, `worth ${value.toFixed(2)}, tickets start at ${minimumTicket}`)
  }
  return quantity
}

/** @param price of one share in the base currency at this close */
function checkBuy(state: State, wish: Wish & { side: 'buy' }, instrument: Traded, price: number): number {
  const { view } = state
  const { book } = view.market
  const { limits } = book
  let amount = wish.amountCents
  if (state.guarded) {
    const cooling = cooldownBlock(view, instrument)
    if (cooling !== null) return clamp(state, wish, 'reentry-cooldown', 0, cooling)
    const capped = weeklyBlock(view, state.trades)
    if (capped !== null) return clamp(state, wish, 'weekly-trades', 0, capped)
    const held = state.held(wish.symbol)?.quantity ?? 0
    const room = Math.max(0, Math.floor((limits.maxWeight * view.equity - held * price) * 100))
    if (amount > room)
      amount = clamp(state, wish, 'max-weight', room, `at most ${pct(limits.maxWeight)} of equity in one asset`, amount)
    const floor = limits.cashFloor[view.regime().volatility]
    const spendable = Math.max(0, Math.floor(state.freeCashCents - floor * view.equity * 100 + 1e-6))
    if (amount > spendable)
      amount = clamp(state, wish, 'cash-floor', spendable, `at least ${pct(floor)} of equity stays in cash`, amount)
  }
  const ticket = cents(book.costs.minimumTicket)
  if (amount >= ticket) return amount
  // A wish that a limit above took to nothing has been explained; one that was too small from the start has not.
  if (amount > 0 || wish.amountCents === 0) {
    const because = `${fromCents(amount).toFixed(2)} is left, tickets start at ${book.costs.minimumTicket}`
    clamp(state, wish, 'minimum-ticket', 0, because, amount)
  }
  return 0
}

const pct = (fraction: number) => `${Number((fraction * 100).toFixed(2))} %`

type Traded = Pick<Instrument, 'symbol' | 'exchange'>

/** Benchmarks may buy the index that stands in for an ETF; nobody else meets it, since it is not an instrument of the book. */
function standIn(view: View, symbol: string): Traded | null {
  const column = view.market.panel.bySymbol.get(symbol)
  const isBenchmark = view.market.benchmarks.some(
    (benchmark) => benchmark.priceOnly && benchmark.policy === `buy-and-hold:${symbol}`,
  )
  return column !== undefined && isBenchmark && view.standInAllowed === true
    ? { symbol, exchange: column.exchange }
    : null
}

/** Why a position may not be sold yet, null when it may. */
export function holdingBlock(view: View, position: Position, instrument: Traded): string | null {
  const needed = view.market.book.limits.minimumHoldingSessions
  const held = sessionsUntilNextOpen(view.market.panel, instrument.exchange, position.openedOn, view.session)
  return held >= needed ? null : `held ${held} of at least ${needed} sessions by the next open`
}

/** Why a symbol may not be bought again yet, null when it may. */
export function cooldownBlock(view: View, instrument: Traded): string | null {
  const exit = view.holdings.exits[instrument.symbol]
  if (exit === undefined || positionFinder(view.holdings.positions)(instrument.symbol) !== undefined) return null
  const needed = view.market.book.limits.reentryCooldownSessions
  const passed = sessionsUntilNextOpen(view.market.panel, instrument.exchange, exit, view.session)
  return passed >= needed ? null : `sold out ${passed} sessions before the next open, re-entry after ${needed}`
}

/** Why no trade is left this week, null when one is. */
export function weeklyBlock(view: View, trades: number): string | null {
  const volatility = view.regime().volatility
  const most = view.market.book.limits.tradesPerWeek[volatility]
  if (trades < most) return null
  const week = isoWeek(view.market.panel.sessions[view.session]!)
  return `weekly trade cap: ${most} in ${volatility} volatility, all used in ${week}`
}
