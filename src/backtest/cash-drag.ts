import { isoWeek } from '../market/calendar.ts'
import type { Panel } from '../market/panel.ts'
import type { Limits } from '../portfolio/book.ts'
import type { Fill, Order } from '../portfolio/holdings.ts'
import { fromCents } from '../units.ts'

export type CashDrag = {
  readonly sessions: number
  /** Mean of cash over equity at the closes; cash promised to orders counts as cash. */
  readonly meanCashWeight: number
  /** Closes at which free cash, that is cash less what waiting orders will spend, was above the regime's ceiling. */
  readonly aboveCeiling: number
  /** Of those: trades were left in the week, so more could have been invested. */
  readonly drag: number
  /** Of those: the weekly trades were used up, so nothing more could be done. */
  readonly capBound: number
  /**
   * What the free cash above the ceiling would have earned in the main benchmark over the next sessions: fractions of equity,
   * summed, negative where being in cash was lucky. Null without a benchmark.
   */
  readonly forgone: { readonly drag: number; readonly capBound: number } | null
}

/**
 * Cash above the upper bound of the regime, which is reported and never enforced, and whether the weekly cap was the reason.
 *
 * @param cash base currency at each close from session `first` on, and equity as long
 * @param volatility regime of a session
 * @param guarded without guardrails there is no weekly cap to be bound by
 * @param benchmark equity of the main benchmark at the same closes
 */
export function cashDrag(input: {
  readonly panel: Panel
  readonly first: number
  readonly cash: Float64Array
  readonly equity: Float64Array
  readonly orders: readonly Order[]
  readonly fills: readonly Fill[]
  readonly limits: Pick<Limits, 'cashCeiling' | 'tradesPerWeek'>
  readonly volatility: (session: number) => 'high' | 'normal' | 'low'
  readonly guarded: boolean
  readonly benchmark: Float64Array | null
}): CashDrag {
  const { panel, first, cash, equity, limits, benchmark } = input
  const promised = promisedCash(input)
  const decidedOn = Map.groupBy(input.orders, (order) => order.decidedOn)
  let week = ''
  let trades = 0
  let weights = 0
  let drag = 0
  let capBound = 0
  const forgone = { drag: 0, capBound: 0 }
  for (let t = 0; t < cash.length; t++) {
    const date = panel.sessions[first + t]!
    if (isoWeek(date) !== week) {
      week = isoWeek(date)
      trades = 0
    }
    trades += decidedOn.get(date)?.length ?? 0
    weights += cash[t]! / equity[t]!
    const volatility = input.volatility(first + t)
    const above = (cash[t]! - promised[t]!) / equity[t]! - limits.cashCeiling[volatility]
    if (above <= 1e-9) continue
    const kind = input.guarded && trades >= limits.tradesPerWeek[volatility] ? 'capBound' : 'drag'
    if (kind === 'drag') drag++
    else capBound++
    if (benchmark !== null && t + 1 < cash.length) forgone[kind] += above * (benchmark[t + 1]! / benchmark[t]! - 1)
  }
  return {
    sessions: cash.length,
    meanCashWeight: weights / cash.length,
    aboveCeiling: drag + capBound,
    drag,
    capBound,
    forgone: benchmark === null ? null : forgone,
  }
}

/** Cash of buys decided and not yet filled, at each close; one that was never filled counts at its own close only. */
function promisedCash(input: Parameters<typeof cashDrag>[0]): Float64Array {
  const { panel, first } = input
  const promised = new Float64Array(input.cash.length)
  const filledOn = new Map(input.fills.map((fill) => [fill.orderId, panel.indexOf.get(fill.date)!]))
  for (const order of input.orders) {
    if (order.amountCents === undefined) continue
    const from = panel.indexOf.get(order.decidedOn)! - first
    const until = (filledOn.get(order.id) ?? from + first + 1) - first
    for (let t = from; t < until && t < promised.length; t++) promised[t]! += fromCents(order.amountCents)
  }
  return promised
}
