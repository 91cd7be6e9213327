import { strict as assert } from 'node:assert'
import type { Instrument } from '../market/bar.ts'
import { firstFillable } from '../market/calendar.ts'
import type { Column, Panel } from '../market/panel.ts'
import { cents, fromCents } from '../units.ts'
import type { Costs } from './book.ts'
import { type CoinCharge, liquidityAtOpen } from './coin-costs.ts'
import { fillCoin } from './coin-fills.ts'
import { buyQuantity, type CostRates, costRates, floorToStep, tidyQuantity } from './costs.ts'
import { type ClosingTerms, closeDelisted } from './delisting.ts'
import { FillLedger } from './fill-ledger.ts'
import { HeldPositions } from './held-positions.ts'
import type { DividendCredit, Holdings, Lapsed, Order, SessionEvents, SplitApplied, Waiting } from './holdings.ts'
import { bought, realized, sold } from './position.ts'
import { columnOf } from './valuation.ts'

/** How one instrument is charged; `coin` in place of spread and tax where costs hang on how it trades. */
export type Charge = Pick<Instrument, 'currency' | 'halfSpreadBps' | 'purchaseTax'> & { readonly coin?: CoinCharge }
export type Charged = ReadonlyMap<string, Charge>

export type Opening = {
  readonly holdings: Holdings
  readonly panel: Panel
  readonly session: number
  readonly costs: Costs
  readonly charged: Charged
  readonly orderExpirySessions: number
  /** How what trades no more is closed; the default terms where it is absent. */
  readonly closing?: ClosingTerms
}

/** What happened at the opens beside the fills. */
export type OtherEvents = Omit<SessionEvents, 'fills'>

/**
 * One session up to its opens: splits, dividends, the closing of what trades no more, then the openings in the order of time, sells before buys, buys in the
 * decision's order. Cash a sell frees is there for what opens after it. Pure: the same holdings and prices give the same events.
 *
 * @param session index of the session in the panel; nothing later than its opens and its rate is read
 * @returns what happened, and the holdings after it
 */
export function openSession(input: Opening): { readonly holdings: Holdings; readonly events: SessionEvents } {
  const ledger = new FillLedger(input.panel, 32)
  const { holdings, events } = openSessionOnto(ledger, input)
  const { splits, dividends, lapsed, waiting } = events
  return { holdings, events: { splits, dividends, fills: ledger.toArray(), lapsed, waiting } }
}

/** The same for a fold over many sessions: the fills are added to a ledger that goes from session to session. */
export function openSessionOnto(
  fills: FillLedger,
  input: Opening,
): { readonly holdings: Holdings; readonly events: OtherEvents } {
  const { panel, session } = input
  const date = panel.sessions[session]!
  const ledger: Ledger = {
    cashCents: input.holdings.cashCents,
    positions: new HeldPositions(input.holdings.positions),
    exits: input.holdings.exits,
    events: { splits: [], dividends: [], fills, lapsed: [], waiting: [] },
  }
  const orders = closeDelisted(ledger, corporateActions(ledger, input.holdings, panel, session), input)
  const columns = orders.map(({ symbol }) => columnOf(panel, symbol, 'has an order pending'))
  /** What each order leaves pending: itself until its exchange opens, then nothing if it is filled or lapses. */
  const left: (Order | null)[] = orders.slice()
  for (const exchange of panel.exchanges) {
    if (panel.isOpen[exchange][session] !== 1) continue
    for (const side of sides) {
      for (let index = 0; index < orders.length; index++) {
        const order = orders[index]!
        const column = columns[index]!
        if (order.side !== side || column.exchange !== exchange) continue
        // Decided after this session had opened: it waits for the next open as if the session were not there.
        if (exchange === 'CRYPTO' && firstFillable(exchange, order.decidedOn) > date) continue
        const charge = input.charged.get(order.symbol)
        if (canFill(column, session, charge)) {
          left[index] = null
          fillOrder(ledger, order, column, charge, input)
        } else {
          left[index] = waitOrExpire(ledger, order, input.orderExpirySessions)
        }
      }
    }
  }
  assert(ledger.cashCents >= 0, `cash fell below zero on ${date}`)
  return {
    holdings: {
      cashCents: ledger.cashCents,
      positions: ledger.positions.toArray(),
      pending: left.filter((order) => order !== null),
      exits: ledger.exits,
    },
    events: ledger.events,
  }
}

type Ledger = {
  cashCents: number
  readonly positions: HeldPositions
  exits: Readonly<Record<string, string>>
  readonly events: {
    splits: SplitApplied[]
    dividends: DividendCredit[]
    fills: FillLedger
    lapsed: Lapsed[]
    waiting: Waiting[]
  }
}

const sides = ['sell', 'buy'] as const

/** Splits change quantity and pending sells; dividends are paid on what was held at the previous close. */
function corporateActions(ledger: Ledger, before: Holdings, panel: Panel, session: number): readonly Order[] {
  const date = panel.sessions[session]!
  let orders: readonly Order[] = before.pending
  if (hasActions(panel)[session] === 0) return orders
  for (const position of before.positions) {
    const column = columnOf(panel, position.symbol, 'is held')
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

/** Sessions at which anything of the panel splits or pays: 1 there, 0 elsewhere. A fold over years asks at each. */
function hasActions(panel: Panel): Uint8Array {
  const known = actions.get(panel)
  if (known !== undefined) return known
  const sessions = new Uint8Array(panel.sessions.length)
  for (const { split, dividend } of panel.columns) {
    for (let t = 0; t < sessions.length; t++) if (split[t] !== 1 || dividend[t]! > 0) sessions[t] = 1
  }
  actions.set(panel, sessions)
  return sessions
}

const actions = new WeakMap<Panel, Uint8Array>()

/** Whether there is an open to fill at, a rate, and for a coin what its costs rest on. */
function canFill(column: Column, session: number, charge: Charge | undefined): boolean {
  if (Number.isNaN(column.open[session]!) || Number.isNaN(column.rate[session]!)) return false
  return charge?.coin === undefined || liquidityAtOpen(charge.coin, session) !== null
}

/** @returns the order that goes on waiting, null when it has waited for too long */
function waitOrExpire(ledger: Ledger, order: Order, orderExpirySessions: number): Order | null {
  const waited = order.waited + 1
  if (waited >= orderExpirySessions) {
    lapse(ledger, order, 'expired', `no open in ${waited} sessions`)
    return null
  }
  ledger.events.waiting.push({ orderId: order.id, symbol: order.symbol, waited })
  return { ...order, waited }
}

type FillInput = Pick<Opening, 'costs' | 'panel' | 'session'>

function fillOrder(ledger: Ledger, order: Order, column: Column, charge: Charge | undefined, input: FillInput): void {
  if (charge === undefined) assert.fail(`no costs for ${order.symbol}`)
  const { costs, panel, session } = input
  const date = panel.sessions[session]!
  if (charge.coin !== undefined) {
    const liquidity = liquidityAtOpen(charge.coin, session)
    assert(liquidity !== null, `no volume of ${order.symbol} is known`)
    const { minimumTicket } = costs
    fillCoin(ledger, { order, column, session, date, charge: charge.coin, liquidity, minimumTicket })
    return
  }
  const rates = costRates(charge, order.side, date, costs, panel.base)
  if (order.side === 'buy') fillBuy(ledger, order, column, session, date, rates, costs)
  else fillSell(ledger, order, column, session, date, rates, costs)
}

function lapse(ledger: Ledger, order: Order, kind: Lapsed['kind'], because: string): void {
  ledger.events.lapsed.push({ orderId: order.id, symbol: order.symbol, side: order.side, kind, because })
}

function fillBuy(
  ledger: Ledger,
  order: Order,
  column: Column,
  session: number,
  date: string,
  rates: CostRates,
  costs: Costs,
): void {
  const price = column.open[session]!
  const rate = column.rate[session]!
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
  const cashChangeCents = -cents(value + ledger.events.fills.charge(value, rates))
  ledger.events.fills.add(order, column, session, quantity, cashChangeCents, spendCents < wantedCents ? wantedCents : 0)
  ledger.cashCents += cashChangeCents
  const position = ledger.positions.get(order.symbol)
  ledger.positions.set(
    order.symbol,
    bought(position, { symbol: order.symbol, currency: column.currency, quantity, price, rate, date }),
  )
}

function fillSell(
  ledger: Ledger,
  order: Order,
  column: Column,
  session: number,
  date: string,
  rates: CostRates,
  costs: Costs,
): void {
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
  const price = column.open[session]!
  const rate = column.rate[session]!
  const value = quantity * price * rate
  const cashChangeCents = cents(value - ledger.events.fills.charge(value, rates))
  if (ledger.cashCents + cashChangeCents < 0) {
    const cash = fromCents(ledger.cashCents).toFixed(2)
    lapse(ledger, order, 'no-cash', `selling would cost more than it brings, and cash of ${cash} does not pay the rest`)
    return
  }
  ledger.events.fills.add(order, column, session, -quantity, cashChangeCents)
  const { asset, currency } = realized(position, quantity, price, rate)
  ledger.events.fills.realize(asset, currency)
  ledger.cashCents += cashChangeCents
  const left = sold(position, quantity)
  if (left === null) {
    ledger.positions.delete(order.symbol)
    ledger.exits = { ...ledger.exits, [order.symbol]: date }
  } else {
    ledger.positions.set(order.symbol, left)
  }
}
