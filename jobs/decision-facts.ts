import type { Guarded } from '../src/decision/guardrails/guard.ts'
import type { View } from '../src/decision/policy.ts'
import type { DecisionEntry } from '../src/journal/entry.ts'

/** Positions that a decision leaves as they are. */
export function holdsOf(view: View, guarded: Guarded): number {
  const traded = new Set(guarded.orders.map((order) => order.symbol))
  return view.holdings.positions.filter((position) => !traded.has(position.symbol)).length
}

/** Cash held against what the day's regime asks for. */
export function cashDragOf(view: View): DecisionEntry['cashDrag'] {
  const { limits } = view.market.book
  const { volatility } = view.regime()
  return {
    cashWeight: view.holdings.cashCents / 100 / view.equity,
    floor: limits.cashFloor[volatility],
    ceiling: limits.cashCeiling[volatility],
  }
}
