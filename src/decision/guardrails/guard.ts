import type { Instrument } from '../../market/bar.ts'
import { isoWeek } from '../../market/calendar.ts'
import type { Order, Position } from '../../portfolio/holdings.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { cents, fromCents } from '../../units.ts'
import type { Clamp, ClampRule } from '../decision.ts'
import type { View, Wish } from '../policy.ts'
import { sessionsUntilNextOpen } from './sessions.ts'
import { findStops, type Stop } from './stop-loss.ts'

export type Guarded = {
  /** Stops first, then what is left of the wishes in their order. */
  readonly orders: readonly Order[]
  readonly clamps: readonly Clamp[]
  readonly stops: readonly Stop[]
  /** Pending orders that a stop replaces. */
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
  const state: State = {
    view,
    guarded,
    stopped: new Set(stops.map((stop) => stop.symbol)),
    positions: new Map(view.holdings.positions.map((position) => [position.symbol, position])),
    waiting: new Set(view.holdings.pending.map((order) => order.symbol)),
    seen: new Set(),
    freeCashCents: view.freeCashCents,
    trades: view.tradesThisWeek + stops.length,
    clamps: [],
  }
  const date = view.market.panel.sessions[view.session]!
  const orders: Order[] = []
  const sell = (symbol: string, quantity: number, reason: Order['reason']) => {
    orders.push({
      id: `${date}/${orders.length + 1}`,
      symbol,
      side: 'sell',
      quantity,
      decidedOn: date,
      reason,
      waited: 0,
    })
  }
  const buy = (symbol: string, amountCents: number) => {
    const id = `${date}/${orders.length + 1}`
    orders.push({ id, symbol, side: 'buy', amountCents, decidedOn: date, reason: 'policy', waited: 0 })
  }
  for (const stop of stops) sell(stop.symbol, stop.quantity, 'stop')
  for (const wish of wishes) {
    const size = checkWish(state, wish)
    if (size === 0) continue
    state.seen.add(wish.symbol)
    state.trades++
    if (wish.side === 'buy') {
      state.freeCashCents -= size
      buy(wish.symbol, size)
    } else {
      sell(wish.symbol, size, 'policy')
    }
  }
  const cancelled = view.holdings.pending.filter((order) => state.stopped.has(order.symbol)).map((order) => order.id)
  return { orders, clamps: state.clamps, stops, cancelled }
}

type State = {
  readonly view: View
  readonly guarded: boolean
  readonly stopped: ReadonlySet<string>
  readonly positions: ReadonlyMap<string, Position>
  readonly waiting: ReadonlySet<string>
  readonly seen: Set<string>
  freeCashCents: number
  trades: number
  readonly clamps: Clamp[]
}

/** What is left of a wish: cents of a buy, shares of a sell, 0 when refused. */
function checkWish(state: State, wish: Wish): number {
  const { view } = state
  const { book, instruments } = view.market
  const wanted = wish.side === 'buy' ? wish.amountCents : wish.quantity
  const clamp = (rule: ClampRule, after: number, because: string, before = wanted) => {
    state.clamps.push({ rule, symbol: wish.symbol, side: wish.side, before, after, because })
    return after
  }
  const instrument = instruments.get(wish.symbol) ?? standIn(view, wish.symbol)
  if (instrument === null) return clamp('unknown-symbol', 0, 'not an instrument of this book')
  if (state.stopped.has(wish.symbol)) return clamp('stop-loss', 0, 'the stop-loss sells it all at the next open')
  if (state.seen.has(wish.symbol)) return clamp('duplicate', 0, 'named before in the same decision')
  if (!(unitValue(view.market.panel, wish.symbol, view.session) > 0)) return clamp('no-price', 0, 'no close is known')
  if (state.waiting.has(wish.symbol)) return clamp('pending-order', 0, 'an earlier order still waits for an open')
  return wish.side === 'buy'
    ? checkBuy(state, wish, instrument, clamp)
    : checkSell(state, wish, instrument, clamp, book.costs.minimumTicket)
}

type ClampCall = (rule: ClampRule, after: number, because: string, before?: number) => number

function checkSell(
  state: State,
  wish: Wish & { side: 'sell' },
  instrument: Traded,
  clamp: ClampCall,
  minimumTicket: number,
): number {
  const { view } = state
  const position = state.positions.get(wish.symbol)
  if (position === undefined) return clamp('no-position', 0, 'nothing of it is held')
  if (state.guarded) {
    const early = holdingBlock(view, position, instrument)
    if (early !== null) return clamp('minimum-holding', 0, early)
    const capped = weeklyBlock(view, state.trades)
    if (capped !== null) return clamp('weekly-trades', 0, capped)
  }
  const quantity = Math.min(wish.quantity, position.quantity)
  const value = quantity * unitValue(view.market.panel, wish.symbol, view.session)
  if (quantity < position.quantity && value < minimumTicket) {
    return clamp('minimum-ticket', 0, `worth ${value.toFixed(2)}, tickets start at ${minimumTicket}`)
  }
  return quantity
}

function checkBuy(state: State, wish: Wish & { side: 'buy' }, instrument: Traded, clamp: ClampCall): number {
  const { view } = state
  const { book } = view.market
  const { limits } = book
  let amount = wish.amountCents
  if (state.guarded) {
    const cooling = cooldownBlock(view, instrument)
    if (cooling !== null) return clamp('reentry-cooldown', 0, cooling)
    const capped = weeklyBlock(view, state.trades)
    if (capped !== null) return clamp('weekly-trades', 0, capped)
    const held = state.positions.get(wish.symbol)?.quantity ?? 0
    const room = Math.max(
      0,
      Math.floor(
        (limits.maxWeight * view.equity - held * unitValue(view.market.panel, wish.symbol, view.session)) * 100,
      ),
    )
    if (amount > room)
      amount = clamp('max-weight', room, `at most ${pct(limits.maxWeight)} of equity in one asset`, amount)
    const floor = limits.cashFloor[view.regime().volatility]
    const spendable = Math.max(0, Math.floor(state.freeCashCents - floor * view.equity * 100 + 1e-6))
    if (amount > spendable)
      amount = clamp('cash-floor', spendable, `at least ${pct(floor)} of equity stays in cash`, amount)
  }
  const ticket = cents(book.costs.minimumTicket)
  if (amount >= ticket) return amount
  // A wish that a limit above took to nothing has been explained; one that was too small from the start has not.
  if (amount > 0 || wish.amountCents === 0) {
    clamp(
      'minimum-ticket',
      0,
      `${fromCents(amount).toFixed(2)} is left, tickets start at ${book.costs.minimumTicket}`,
      amount,
    )
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
  if (exit === undefined || view.holdings.positions.some((position) => position.symbol === instrument.symbol))
    return null
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
