import { cents } from '../../units.ts'
import { isInAt } from '../book-market.ts'
import { nothing, type Policy } from '../policy.ts'

/**
 * Spends all cash on one symbol at its first opportunity, and again whenever cash reaches a ticket: that is how
 * dividends are reinvested at the next open, at cost.
 */
export function buyAndHold(symbol: string): Policy {
  return {
    name: `buy-and-hold:${symbol}`,
    guarded: false,
    prepare: ({ market, session, freeCashCents }) => {
      const column = market.panel.bySymbol.get(symbol)
      if (column === undefined || Number.isNaN(column.mark[session]!) || !isInAt(market, symbol, session))
        return nothing
      if (freeCashCents < cents(market.book.costs.minimumTicket)) return nothing
      return {
        kind: 'wishes',
        wishes: [{ side: 'buy', symbol, amountCents: freeCashCents, reason: '', pct: 100 }],
        summary: '',
      }
    },
  }
}

/** Keeps the initial cash. */
export const doNothing: Policy = { name: 'do-nothing', guarded: false, prepare: () => nothing }
