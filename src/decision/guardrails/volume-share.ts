import { liquidityAtClose, quantityStep } from '../../portfolio/coin-costs.ts'
import { floorToStep } from '../../portfolio/costs.ts'
import type { Order } from '../../portfolio/holdings.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { cents } from '../../units.ts'
import type { Clamp } from '../decision.ts'
import type { View } from '../policy.ts'
import type { Guarded } from './guard.ts'

/**
 * Orders of coins within their share of the mean traded value a day, as known at this close, whoever decided them. What is
 * left of an order below the minimum ticket is not placed, unless it sells all that is held. A market of shares passes as it is.
 */
export function withinVolume(view: View, guarded: Guarded): Guarded {
  if (view.market.coins === undefined) return guarded
  const clamps: Clamp[] = []
  const orders = guarded.orders.flatMap((order) => cap(view, order, clamps) ?? [])
  return clamps.length === 0 ? guarded : { ...guarded, orders, clamps: [...guarded.clamps, ...clamps] }
}

function cap(view: View, order: Order, clamps: Clamp[]): Order | null {
  const { charged, panel, book } = view.market
  const charge = charged.get(order.symbol)?.coin
  if (charge === undefined) return order
  const { symbol, side } = order
  const before = side === 'buy' ? order.amountCents! : order.quantity!
  const clamp = (after: number, because: string) =>
    clamps.push({ rule: 'volume-share', symbol, side, before, after, because })
  const known = liquidityAtClose(charge.liquidity, view.session)
  if (known === null) {
    clamp(0, 'too few days of prices and volume to know what an order costs')
    return null
  }
  const most = charge.volumeShareMax * known.volume
  const because = `at most ${Number((charge.volumeShareMax * 100).toPrecision(6))} % of ${known.volume.toFixed(0)} traded a day`
  const ticket = book.costs.minimumTicket
  if (side === 'buy') {
    if (before <= most * 100) return order
    const amountCents = most < ticket ? 0 : Math.floor(most * 100)
    clamp(amountCents, because)
    return amountCents === 0 || amountCents < cents(ticket) ? null : { ...order, amountCents }
  }
  const unit = unitValue(panel, symbol, view.session)
  if (before * unit <= most) return order
  const quantity = floorToStep(most / unit, quantityStep(charge, unit))
  clamp(quantity, because)
  return quantity > 0 ? { ...order, quantity } : null
}
