import { floorToStep } from '../../portfolio/costs.ts'
import { positionFinder } from '../../portfolio/held-positions.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { membersAt } from '../book-market.ts'
import { nothing, type Policy, type Wish } from '../policy.ts'
import { isRebalanceSession, type Rebalance } from './rebalance.ts'

/**
 * The same value in every member of the universe that has a price (1/N), restored at the book's first session and then
 * at the first session of each month (week, day). Sells what is above, spends on what is below, in the book's order;
 * when cash and the value of the sells do not pay for all buys, every buy is scaled down alike.
 */
export function equalWeight(rebalance: Rebalance = 'monthly'): Policy {
  return {
    name: 'equal-weight',
    guarded: false,
    prepare: (view) => {
      const { market, session, holdings, equity } = view
      const { panel, book } = market
      if (!isRebalanceSession(panel.sessions, session, view.firstSession, rebalance)) return nothing
      const busy = new Set<string>()
      for (const order of holdings.pending) busy.add(order.symbol)
      const held = positionFinder(holdings.positions)
      const members = membersAt(market, session)
      const values = members.map(({ symbol }) => unitValue(panel, symbol, session))
      const target = equity / values.filter((value) => value > 0).length
      const step = book.costs.quantityStep
      const ticket = book.costs.minimumTicket
      const wishes: Wish[] = []
      const buys: { readonly symbol: string; readonly gap: number }[] = []
      let proceeds = 0
      let wanted = 0
      for (let index = 0; index < members.length; index++) {
        const { symbol } = members[index]!
        const value = values[index]!
        if (!(value > 0) || (busy.size > 0 && busy.has(symbol))) continue
        const gap = target - (held(symbol)?.quantity ?? 0) * value
        if (gap <= -ticket) {
          wishes.push({ side: 'sell', symbol, quantity: floorToStep(-gap / value, step), reason: '' })
          proceeds -= gap
        } else if (gap >= ticket) {
          buys.push({ symbol, gap })
          wanted += gap
        }
      }
      const available = view.freeCashCents / 100 + proceeds
      const scale = wanted > available ? available / wanted : 1
      for (const { symbol, gap } of buys) {
        const amountCents = Math.floor(gap * scale * 100 + 1e-6)
        if (amountCents >= ticket * 100) wishes.push({ side: 'buy', symbol, amountCents, reason: '' })
      }
      return { kind: 'wishes', wishes, summary: '' }
    },
  }
}
