import { tidyQuantity } from './costs.ts'
import type { Fill, Position } from './holdings.ts'

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
    symbol: position.symbol,
    currency: position.currency,
    quantity: tidyQuantity(position.quantity + fill.quantity),
    costLocal: position.costLocal + costLocal,
    costBase: position.costBase + costBase,
    openedOn: position.openedOn,
  }
}

/** A position after selling a part at average cost; null when nothing is left. */
export function sold(position: Position, quantity: number): Position | null {
  const left = tidyQuantity(position.quantity - quantity)
  if (!(left > 0)) return null
  const kept = left / position.quantity
  return {
    symbol: position.symbol,
    currency: position.currency,
    quantity: left,
    costLocal: position.costLocal * kept,
    costBase: position.costBase * kept,
    openedOn: position.openedOn,
  }
}

/**
 * Profit of a sale over average cost, before costs, base currency, in two parts that add up to it:
 * `asset` = quantity * (price - average cost) * average purchase rate, `currency` = quantity * price * (rate - average purchase rate).
 */
export function realized(
  position: Position,
  quantity: number,
  price: number,
  rate: number,
): { asset: number; currency: number } {
  const averageCost = position.costLocal / position.quantity
  const averageRate = position.costBase / position.costLocal
  return { asset: quantity * (price - averageCost) * averageRate, currency: quantity * price * (rate - averageRate) }
}
