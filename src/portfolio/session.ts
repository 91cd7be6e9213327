import { strict as assert } from 'node:assert'
import type { Instrument } from '../market/bar.ts'
import type { Column, Panel } from '../market/panel.ts'
import { cents, fromCents } from '../units.ts'
import type { Costs } from './book.ts'
import { buyQuantity, type CostRates, costRates, fillCosts, floorToStep, sumCosts, tidyQuantity } from './costs.ts'
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
import { bought, realized, sold } from './position.ts'

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
    positions: new Map(),
    exits: input.holdings.exits,
    events: { splits: [], dividends: [], fills: [], lapsed: [], waiting: [] },
  }
  for (const position of input.holdings.positions) ledger.positions.set(position.symbol, position)
  const orders = corporateActions(ledger, input.holdings.pending, panel, session)
  const waiting = new Map<string, Order>()
  for (const exchange of panel.exchanges) {
    if (panel.isOpen[exchange][session] !== 1) continue
    const due =
      panel.exchanges.length === 1
        ? orders
        : orders.filter((order) => panel.bySymbol.get(order.symbol)?.exchange === exchange)
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
  const pending: Order[] = []
  for (const order of orders) {
    const exchange = panel.bySymbol.get(order.symbol)?.exchange
    assert(exchange !== undefined, `no prices for ${order.symbol}, which has an order pending`)
    const left = panel.isOpen[exchange][session] === 1 ? waiting.get(order.id) : order
    if (left !== undefined) pending.push(left)
  }
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
    if (ratio !== 1) {
      const quantity = tidyQuantity(position.quantity * ratio)
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
      const cashChangeCents = cents(position.quantity * perShare * rate)
      ledger.cashCents += cashChangeCents
      ledger.events.dividends.push({
        date,
        symbol: position.symbol,
        quantity: position.quantity,
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

// Objects are written out whole here, without spreads: a backtest makes hundreds of thousands of them.
function fillOrder(
  ledger: Ledger,
  order: Order,
  column: Column,
  session: number,
  date: string,
  input: FillInput,
): void {
  const charged = input.charged.get(order.symbol)
  assert(charged !== undefined, `no costs for ${order.symbol}`)
  const rates = costRates(charged, order.side, date, input.costs, input.panel.base)
  const quote = { date, price: column.open[session]!, rate: column.rate[session]!, currency: column.currency }
  if (order.side === 'buy') fillBuy(ledger, order, quote, rates, input.costs)
  else fillSell(ledger, order, quote, rates, input.costs)
}

type Quote = { readonly date: string; readonly price: number; readonly rate: number; readonly currency: string }

function lapse(ledger: Ledger, order: Order, kind: Lapsed['kind'], because: string): void {
  ledger.events.lapsed.push({ orderId: order.id, symbol: order.symbol, side: order.side, kind, because })
}

function fillBuy(ledger: Ledger, order: Order, quote: Quote, rates: CostRates, costs: Costs): void {
  const { date, price, rate, currency } = quote
  const wantedCents = order.amountCents!
  const spendCents = Math.min(wantedCents, ledger.cashCents)
  const tooLittle = spendCents < wantedCents && spendCents < cents(costs.minimumTicket)
  const quantity = tooLittle ? 0 : buyQuantity(fromCents(spendCents), price * rate, costs.quantityStep, rates)
  if (quantity === 0) {
    const cash = fromCents(ledger.cashCents).toFixed(2)
    lapse(ledger, order, 'no-cash', `cash of ${cash} does not pay a ticket of ${fromCents(wantedCents).toFixed(2)}`)
    return
  }
  const value = quantity * price * rate
  const paid = fillCosts(value, rates)
  const fill: Fill = {
    orderId: order.id,
    date,
    symbol: order.symbol,
    quantity,
    price,
    currency,
    rate,
    costs: paid,
    cashChangeCents: -cents(value + sumCosts(paid)),
    reason: order.reason,
  }
  if (spendCents < wantedCents) fill.wantedCents = wantedCents
  ledger.events.fills.push(fill)
  ledger.cashCents += fill.cashChangeCents
  ledger.positions.set(order.symbol, bought(ledger.positions.get(order.symbol), fill))
}

function fillSell(ledger: Ledger, order: Order, quote: Quote, rates: CostRates, costs: Costs): void {
  const { date, price, rate, currency } = quote
  const position = ledger.positions.get(order.symbol)
  if (position === undefined) {
    lapse(ledger, order, 'nothing-held', `no ${order.symbol} is held any more`)
    return
  }
  // An odd split leaves a pending sale off the grid of quantities: a part is sold in whole steps, the whole as it is.
  const isWhole = order.quantity! >= position.quantity - 1e-9
  const quantity = isWhole ? position.quantity : floorToStep(order.quantity!, costs.quantityStep)
  if (quantity === 0) {
    lapse(ledger, order, 'nothing-held', 'less than one step of quantity is left to sell')
    return
  }
  const value = quantity * price * rate
  const paid = fillCosts(value, rates)
  const cashChangeCents = cents(value - sumCosts(paid))
  if (ledger.cashCents + cashChangeCents < 0) {
    const cash = fromCents(ledger.cashCents).toFixed(2)
    lapse(ledger, order, 'no-cash', `selling would cost more than it brings, and cash of ${cash} does not pay the rest`)
    return
  }
  ledger.events.fills.push({
    orderId: order.id,
    date,
    symbol: order.symbol,
    quantity: -quantity,
    price,
    currency,
    rate,
    costs: paid,
    cashChangeCents,
    realized: realized(position, quantity, price, rate),
    reason: order.reason,
  })
  ledger.cashCents += cashChangeCents
  const left = sold(position, quantity)
  if (left === null) {
    ledger.positions.delete(order.symbol)
    ledger.exits = { ...ledger.exits, [order.symbol]: date }
  } else {
    ledger.positions.set(order.symbol, left)
  }
}
