import type { View } from '../policy.ts'

/** A position that the stop-loss sells whole at the next open. `change` is the close against average cost, negative. */
export type Stop = {
  readonly symbol: string
  readonly quantity: number
  readonly close: number
  readonly averageCost: number
  readonly change: number
}

/**
 * Positions whose official close of this session lies at or below average cost less the stop of the volatility regime,
 * both in local currency, costs aside. An asset without a close today is not judged by an older one.
 */
export function findStops(view: View): readonly Stop[] {
  if (view.holdings.positions.length === 0) return []
  const { panel, book } = view.market
  const stop = book.limits.stopLoss[view.regime().volatility]
  const stops: Stop[] = []
  for (const position of view.holdings.positions) {
    const close = panel.bySymbol.get(position.symbol)?.close[view.session] ?? Number.NaN
    const averageCost = position.costLocal / position.quantity
    const change = close / averageCost - 1
    const alreadySelling = view.holdings.pending.some(
      (order) => order.symbol === position.symbol && order.reason === 'stop',
    )
    if (change <= -stop + 1e-12 && !alreadySelling) {
      stops.push({ symbol: position.symbol, quantity: position.quantity, close, averageCost, change })
    }
  }
  return stops
}
