import type { Column } from '../market/panel.ts'
import { cents, fromCents, type IsoDate } from '../units.ts'
import { type CoinCharge, type FillLiquidity, impactFactor, quantityStep } from './coin-costs.ts'
import { floorToStep, sumCosts } from './costs.ts'
import type { HeldPositions } from './held-positions.ts'
import type { Fill, FillCosts, Lapsed, Order } from './holdings.ts'
import { bought, realized, sold } from './position.ts'

/** What a fill changes in place: the portfolio of one session while its events are worked out. */
type Ledger = {
  cashCents: number
  readonly positions: HeldPositions
  exits: Readonly<Record<string, IsoDate>>
  readonly events: { readonly fills: { readonly push: (fill: Fill) => void }; readonly lapsed: Lapsed[] }
}

type Opening = {
  readonly order: Order
  readonly column: Column
  readonly session: number
  readonly date: IsoDate
  readonly charge: CoinCharge
  /** Known at the last close before the open. */
  readonly liquidity: FillLiquidity
  readonly minimumTicket: number
}

/** Fee, half-spread and impact of a fill worth `value` at the open, base currency, unrounded; kinds that are zero are left out. */
export function coinCosts(value: number, charge: CoinCharge, liquidity: FillLiquidity): FillCosts {
  const costs: FillCosts = {}
  const impact = impactFactor(charge, liquidity) * value ** 1.5
  if (liquidity.halfSpread > 0) costs.spread = liquidity.halfSpread * value
  if (impact > 0) costs.impact = impact
  if (charge.takerFee > 0) costs.fee = charge.takerFee * value
  return costs
}

/**
 * Value at the open that an amount of cash pays for, costs included: the root of v (1 + fee + half-spread) + factor v^1.5 =
 * amount, by Newton's method from above, where the function is convex and rises, so that every step comes closer.
 *
 * Example: amount 1000, fee 0.002, half-spread 0.001, factor 0.0005: v = 982.0 costs 1.96 + 0.98 + 15.39
 */
export function affordableValue(amount: number, charge: CoinCharge, liquidity: FillLiquidity): number {
  const linear = 1 + charge.takerFee + liquidity.halfSpread
  const factor = impactFactor(charge, liquidity)
  let value = amount / linear
  for (let step = 0; step < 60; step++) {
    const excess = linear * value + factor * value ** 1.5 - amount
    if (excess <= amount * 1e-15) break
    value -= excess / (linear + 1.5 * factor * Math.sqrt(value))
  }
  return value
}

/** Fills an order of a coin at its open, up to its share of the traded value; what is beyond lapses, and the fill says so. */
export function fillCoin(ledger: Ledger, opening: Opening): void {
  if (opening.order.side === 'buy') fillBuy(ledger, opening)
  else fillSell(ledger, opening)
}

function fillBuy(ledger: Ledger, opening: Opening): void {
  const { order, column, session, date, charge, liquidity } = opening
  const price = column.open[session]!
  const rate = column.rate[session]!
  const unit = price * rate
  const wantedCents = order.amountCents!
  const spendCents = Math.min(wantedCents, ledger.cashCents)
  const tooLittle = spendCents < wantedCents && spendCents < cents(opening.minimumTicket)
  const most = charge.volumeShareMax * liquidity.volume
  const affordable = affordableValue(fromCents(spendCents), charge, liquidity)
  const isCapped = affordable > most
  const step = quantityStep(charge, unit)
  let quantity = tooLittle ? 0 : floorToStep(Math.min(affordable, most) / unit, step)
  let costs = coinCosts(quantity * unit, charge, liquidity)
  if (quantity * unit + sumCosts(costs) > fromCents(spendCents) + 1e-9) {
    // The quotient was a hair above a whole number of lots.
    quantity = floorToStep(quantity - step / 2, step)
    costs = coinCosts(quantity * unit, charge, liquidity)
  }
  if (!(quantity > 0)) {
    const cash = fromCents(ledger.cashCents).toFixed(2)
    const because = isCapped
      ? `${percent(charge.volumeShareMax)} of the traded value is less than one lot`
      : `cash of ${cash} does not pay a ticket of ${fromCents(wantedCents).toFixed(2)}`
    ledger.events.lapsed.push({ orderId: order.id, symbol: order.symbol, side: 'buy', kind: 'no-cash', because })
    return
  }
  const cashChangeCents = -cents(quantity * unit + sumCosts(costs))
  const { currency } = column
  ledger.events.fills.push({
    orderId: order.id,
    date,
    symbol: order.symbol,
    quantity,
    price,
    currency,
    rate,
    costs,
    cashChangeCents,
    ...((isCapped || spendCents < wantedCents) && { wantedCents }),
    reason: order.reason,
    liquidity: { ...liquidity },
    ...(isCapped && { note: capNote(charge) }),
  })
  ledger.cashCents += cashChangeCents
  const position = ledger.positions.get(order.symbol)
  ledger.positions.set(order.symbol, bought(position, { symbol: order.symbol, currency, quantity, price, rate, date }))
}

function fillSell(ledger: Ledger, opening: Opening): void {
  const { order, column, session, date, charge, liquidity } = opening
  const { symbol } = order
  const lapse = (kind: Lapsed['kind'], because: string) =>
    ledger.events.lapsed.push({ orderId: order.id, symbol, side: 'sell', kind, because })
  const position = ledger.positions.get(symbol)
  if (position === undefined) {
    lapse('nothing-held', `no ${symbol} is held any more`)
    return
  }
  const price = column.open[session]!
  const rate = column.rate[session]!
  const unit = price * rate
  const most = (charge.volumeShareMax * liquidity.volume) / unit
  const wanted = Math.min(order.quantity!, position.quantity)
  const isCapped = wanted > most
  // The whole goes as it is, lots or not; a part in lots.
  const isWhole = !isCapped && wanted >= position.quantity * (1 - 1e-12)
  const quantity = isWhole ? position.quantity : floorToStep(Math.min(wanted, most), quantityStep(charge, unit))
  if (!(quantity > 0)) {
    lapse('nothing-held', 'less than one lot is left to sell')
    return
  }
  const costs = coinCosts(quantity * unit, charge, liquidity)
  const cashChangeCents = cents(quantity * unit - sumCosts(costs))
  if (ledger.cashCents + cashChangeCents < 0) {
    const cash = fromCents(ledger.cashCents).toFixed(2)
    lapse('no-cash', `selling would cost more than it brings, and cash of ${cash} does not pay the rest`)
    return
  }
  ledger.events.fills.push({
    orderId: order.id,
    date,
    symbol,
    quantity: -quantity,
    price,
    currency: column.currency,
    rate,
    costs,
    cashChangeCents,
    realized: realized(position, quantity, price, rate),
    reason: order.reason,
    liquidity: { ...liquidity },
    ...(isCapped && { note: capNote(charge) }),
  })
  ledger.cashCents += cashChangeCents
  const left = sold(position, quantity)
  if (left === null) {
    ledger.positions.delete(symbol)
    ledger.exits = { ...ledger.exits, [symbol]: date }
  } else ledger.positions.set(symbol, left)
}

const percent = (fraction: number) => `${Number((fraction * 100).toPrecision(6))} %`
const capNote = ({ volumeShareMax }: CoinCharge) =>
  `in part: ${percent(volumeShareMax)} of the traded value a day is the most`
