import { strict as assert } from 'node:assert'
import type { Instrument } from '../market/bar.ts'
import type { Column, Panel } from '../market/panel.ts'
import { cents, fromCents } from '../units.ts'
import type { Costs } from './book.ts'
import { buyQuantity, costRates, fillCosts, sumCosts, tidyQuantity } from './costs.ts'
import type {
  DividendCredit,
  Fill,
  Holdings,
  Lapsed,
  Order,
  Position,
  SessionEvents,
  SplitApplied,
  Waiting,
} from './holdings.ts'

export type Charged = ReadonlyMap<string, Pick<Instrument, 'currency' | 'halfSpreadBps' | 'purchaseTax'>>

/**
 * One session up to its opens: splits, dividends, then the openings in the order of time, sells before buys, buys in the
 * decision's order. Cash a sell frees is there for what opens after it. Pure: the same holdings and prices give the same events.
 *
 * @param session index of the session in the panel; nothing later than its opens and its rate is read
 * @returns what happened, and the holdings after it
 */
export function openSession(input: {
  readonly holdings: Holdings
  readonly panel: Panel
  readonly session: number
  readonly costs: Costs
  readonly charged: Charged
  readonly orderExpirySessions: number
}): { readonly holdings: Holdings; readonly events: SessionEvents } {
  const { panel, session } = input
  const date = panel.sessions[session]!
  const ledger: Ledger = {
    cashCents: input.holdings.cashCents,
    positions: new Map(input.holdings.positions.map((position) => [position.symbol, position])),
    exits: input.holdings.exits,
    events: { splits: [], dividends: [], fills: [], lapsed: [], waiting: [] },
  }
  const orders = corporateActions(ledger, input.holdings.pending, panel, session)
  const waiting = new Map<string, Order>()
  for (const exchange of panel.exchanges) {
    if (panel.isOpen[exchange][session] !== 1) continue
    const due = orders.filter((order) => panel.bySymbol.get(order.symbol)?.exchange === exchange)
    if (due.length === 0) continue
    for (const side of ['sell', 'buy'] as const) {
      for (const order of due) {
        if (order.side !== side) continue
        const column = panel.bySymbol.get(order.symbol)!
        if (Number.isNaN(column.open[session]!) || Number.isNaN(column.rate[session]!)) {
          waitOrExpire(ledger, order, waiting, input.orderExpirySessions)
        } else {
          fillOrder(ledger, order, column, session, date, input)
        }
      }
    }
  }
  const pending = orders.flatMap((order) => {
    const column = panel.bySymbol.get(order.symbol)
    assert(column !== undefined, `no prices for ${order.symbol}, which has an order pending`)
    if (panel.isOpen[column.exchange][session] !== 1) return [order]
    const left = waiting.get(order.id)
    return left === undefined ? [] : [left]
  })
  assert(ledger.cashCents >= 0, `cash fell below zero on ${date}`)
  return {
    holdings: {
      cashCents: ledger.cashCents,
      positions: [...ledger.positions.values()],
      pending,
      exits: ledger.exits,
    },
    events: ledger.events,
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Ledger = {
  cashCents: number
  readonly positions: Map<string, Position>
  exits: Readonly<Record<string, string>>
  readonly events: {
    splits: SplitApplied[]
    dividends: DividendCredit[]
    fills: Fill[]
    lapsed: Lapsed[]
    waiting: Waiting[]
  }
}

/** Splits change quantity and pending sells; dividends are paid on what was held at the previous close. */
function corporateActions(ledger: Ledger, pending: readonly Order[], panel: Panel, session: number): readonly Order[] {
  const date = panel.sessions[session]!
  let orders = pending
  for (const position of ledger.positions.values()) {
    const column = panel.bySymbol.get(position.symbol)
    assert(column !== undefined, `no prices for ${position.symbol}, which is held`)
    const ratio = column.split[session]!
    let quantity = position.quantity
    if (ratio !== 1) {
      quantity = tidyQuantity(position.quantity * ratio)
      ledger.positions.set(position.symbol, { ...position, quantity })
      ledger.events.splits.push({
        date,
        symbol: position.symbol,
        ratio,
        quantityBefore: position.quantity,
        quantityAfter: quantity,
      })
      orders = orders.map((order) =>
        order.symbol === position.symbol && order.quantity !== undefined
          ? { ...order, quantity: tidyQuantity(order.quantity * ratio) }
          : order,
      )
    }
    const perShare = column.dividend[session]!
    if (perShare > 0) {
      const rate = column.rate[session]!
      assert(!Number.isNaN(rate), `no ${position.currency} rate on ${date} for the dividend of ${position.symbol}`)
      const cashChangeCents = cents(quantity * perShare * rate)
      ledger.cashCents += cashChangeCents
      ledger.events.dividends.push({
        date,
        symbol: position.symbol,
        quantity,
        perShare,
        currency: column.currency,
        rate,
        cashChangeCents,
      })
    }
  }
  return orders
}

function waitOrExpire(ledger: Ledger, order: Order, waiting: Map<string, Order>, orderExpirySessions: number): void {
  const waited = order.waited + 1
  if (waited >= orderExpirySessions) {
    ledger.events.lapsed.push({
      orderId: order.id,
      symbol: order.symbol,
      side: order.side,
      kind: 'expired',
      because: `no open in ${waited} sessions`,
    })
  } else {
    ledger.events.waiting.push({ orderId: order.id, symbol: order.symbol, waited })
    waiting.set(order.id, { ...order, waited })
  }
}

type FillInput = { readonly costs: Costs; readonly charged: Charged; readonly panel: Panel }

function fillOrder(
  ledger: Ledger,
  order: Order,
  column: Column,
  session: number,
  date: string,
  input: FillInput,
): void {
  const price = column.open[session]!
  const rate = column.rate[session]!
  const charged = input.charged.get(order.symbol)
  assert(charged !== undefined, `no costs for ${order.symbol}`)
  const rates = costRates(charged, order.side, date, input.costs, input.panel.base)
  const lapse = (kind: Lapsed['kind'], because: string) => {
    ledger.events.lapsed.push({ orderId: order.id, symbol: order.symbol, side: order.side, kind, because })
  }
  const common = {
    orderId: order.id,
    date,
    symbol: order.symbol,
    price,
    currency: column.currency,
    rate,
    reason: order.reason,
  }
  const position = ledger.positions.get(order.symbol)
  if (order.side === 'buy') {
    const wantedCents = order.amountCents!
    const spendCents = Math.min(wantedCents, ledger.cashCents)
    const quantity =
      spendCents < cents(input.costs.minimumTicket) && spendCents < wantedCents
        ? 0
        : buyQuantity(fromCents(spendCents), price * rate, input.costs.quantityStep, rates)
    if (quantity === 0) {
      lapse(
        'no-cash',
        `cash of ${fromCents(ledger.cashCents).toFixed(2)} does not pay a ticket of ${fromCents(wantedCents).toFixed(2)}`,
      )
      return
    }
    const costs = fillCosts(quantity * price * rate, rates)
    const fill: Mutable<Fill> = {
      ...common,
      quantity,
      costs,
      cashChangeCents: -cents(quantity * price * rate + sumCosts(costs)),
    }
    if (spendCents < wantedCents) fill.wantedCents = wantedCents
    ledger.events.fills.push(fill)
    ledger.cashCents += fill.cashChangeCents
    ledger.positions.set(order.symbol, bought(position, fill))
    return
  }
  if (position === undefined) {
    lapse('nothing-held', `no ${order.symbol} is held any more`)
    return
  }
  const quantity = order.quantity! >= position.quantity - 1e-9 ? position.quantity : order.quantity!
  const costs = fillCosts(quantity * price * rate, rates)
  const cashChangeCents = cents(quantity * price * rate - sumCosts(costs))
  if (ledger.cashCents + cashChangeCents < 0) {
    lapse(
      'no-cash',
      `selling would cost more than it brings, and cash of ${fromCents(ledger.cashCents).toFixed(2)} does not pay the rest`,
    )
    return
  }
  const fill: Fill = {
    ...common,
    quantity: -quantity,
    costs,
    cashChangeCents,
    realized: realized(position, quantity, price, rate),
  }
  ledger.events.fills.push(fill)
  ledger.cashCents += cashChangeCents
  const left = sold(position, quantity)
  if (left === null) {
    ledger.positions.delete(order.symbol)
    ledger.exits = { ...ledger.exits, [order.symbol]: date }
  } else {
    ledger.positions.set(order.symbol, left)
  }
}

/** A position after buying: quantities and costs add, the opening date stays. */
export function bought(
  position: Position | undefined,
  fill: Pick<Fill, 'symbol' | 'currency' | 'quantity' | 'price' | 'rate' | 'date'>,
): Position {
  const costLocal = fill.quantity * fill.price
  const costBase = costLocal * fill.rate
  if (position === undefined) {
    return {
      symbol: fill.symbol,
      currency: fill.currency,
      quantity: fill.quantity,
      costLocal,
      costBase,
      openedOn: fill.date,
    }
  }
  return {
    ...position,
    quantity: tidyQuantity(position.quantity + fill.quantity),
    costLocal: position.costLocal + costLocal,
    costBase: position.costBase + costBase,
  }
}

/** A position after selling a part at average cost; null when nothing is left. */
export function sold(position: Position, quantity: number): Position | null {
  const left = tidyQuantity(position.quantity - quantity)
  if (!(left > 0)) return null
  const kept = left / position.quantity
  return { ...position, quantity: left, costLocal: position.costLocal * kept, costBase: position.costBase * kept }
}

/**
 * Profit of a sale over average cost, before costs, base currency, in two parts that add up to it:
 * `asset` = quantity * (price - average cost) * average purchase rate, `currency` = quantity * price * (rate - average purchase rate).
 */
function realized(
  position: Position,
  quantity: number,
  price: number,
  rate: number,
): { asset: number; currency: number } {
  const averageCost = position.costLocal / position.quantity
  const averageRate = position.costBase / position.costLocal
  return { asset: quantity * (price - averageCost) * averageRate, currency: quantity * price * (rate - averageRate) }
}
