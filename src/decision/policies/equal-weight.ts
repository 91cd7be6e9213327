import { floorToStep } from '../../portfolio/costs.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { nothing, type Policy, type Wish } from '../policy.ts'
import { isRebalanceSession, type Rebalance } from './rebalance.ts'

/**
 * The same value in every tradable instrument that has a price (1/N), restored at the book's first session and then
 * at the first session of each month (week, day). Sells what is above, spends on what is below, in the book's order;
 * when cash and the value of the sells do not pay for all buys, every buy is scaled down alike.
 */
export function equalWeight(rebalance: Rebalance = 'monthly'): Policy {
  return {
    name: 'equal-weight',
    guarded: false,
    prepare: (view) => {
      const { market, session, holdings, equity } = view
      const { panel, book, tradable } = market
      if (!isRebalanceSession(panel.sessions, session, view.firstSession, rebalance)) return nothing
      const busy = new Set<string>()
      for (const order of holdings.pending) busy.add(order.symbol)
      const held = new Map<string, number>()
      for (const position of holdings.positions) held.set(position.symbol, position.quantity)
      const priced = tradable.filter(({ symbol }) => unitValue(view.market.panel, symbol, session) > 0)
      const target = equity / priced.length
      const step = book.costs.quantityStep
      const ticket = book.costs.minimumTicket
      const sells: Wish[] = []
      const buys: { readonly symbol: string; readonly gap: number }[] = []
      let proceeds = 0
      let wanted = 0
      for (const { symbol } of priced) {
        if (busy.has(symbol)) continue
        const value = unitValue(view.market.panel, symbol, session)
        const gap = target - (held.get(symbol) ?? 0) * value
        if (gap <= -ticket) {
          sells.push({ side: 'sell', symbol, quantity: floorToStep(-gap / value, step), reason: '' })
          proceeds -= gap
        } else if (gap >= ticket) {
          buys.push({ symbol, gap })
          wanted += gap
        }
      }
      const available = view.freeCashCents / 100 + proceeds
      const scale = wanted > available ? available / wanted : 1
      const wishes: Wish[] = [...sells]
      for (const { symbol, gap } of buys) {
        const amountCents = Math.floor(gap * scale * 100 + 1e-6)
        if (amountCents >= ticket * 100) wishes.push({ side: 'buy', symbol, amountCents, reason: '' })
      }
      return { kind: 'wishes', wishes, summary: '' }
    },
  }
}
