import type { Panel } from '../market/panel.ts'
import type { IsoDate } from '../units.ts'
import { cents } from '../units.ts'
import type { HeldPositions } from './held-positions.ts'
import type { Fill, Lapsed, Order } from './holdings.ts'
import { closingAt, type Delisting, defaultDelisting, silentOn, type Universe, universeOf } from './membership.ts'
import { realized } from './position.ts'

/** Under which terms a book closes what stops trading. */
export type ClosingTerms = { readonly universe: Universe; readonly delisting: Delisting }

const usualTerms: ClosingTerms = { universe: universeOf(), delisting: defaultDelisting }

/** What is held changes in place: the portfolio of one session while its events are worked out. */
type Ledger = {
  cashCents: number
  readonly positions: HeldPositions
  exits: Readonly<Record<string, IsoDate>>
  readonly events: { readonly fills: { readonly push: (fill: Fill) => void }; readonly lapsed: Lapsed[] }
}

/**
 * Closes what is held of assets that stopped trading, before the openings: at the last traded close less the haircut, which
 * stands for all costs. It never stays at a frozen value, nor falls to nothing without a word.
 *
 * @param orders that wait for an open
 * @returns those that still do: orders on a closed asset lapse
 */
export function closeDelisted(
  ledger: Ledger,
  orders: readonly Order[],
  input: { readonly panel: Panel; readonly session: number; readonly closing?: ClosingTerms },
): readonly Order[] {
  const { panel, session } = input
  const { universe, delisting: terms } = input.closing ?? usualTerms
  // Nearly every day of nearly every market: nobody is walked through.
  if (universe.size === 0 && silentOn(panel, terms.afterSessions)[session] === 0) return orders
  let left = orders
  for (const position of ledger.positions.values()) {
    const { symbol, quantity } = position
    const column = panel.bySymbol.get(symbol)!
    const closing = closingAt({ panel, universe, terms }, column, session)
    if (closing === null) continue
    const date = panel.sessions[session]!
    const rate = column.rate[session]!
    const cashChangeCents = cents(quantity * closing.price * rate)
    ledger.events.fills.push({
      orderId: `${date}/delisted/${symbol}`,
      date,
      symbol,
      quantity: -quantity,
      price: closing.price,
      currency: column.currency,
      rate,
      costs: {},
      cashChangeCents,
      realized: realized(position, quantity, closing.price, rate),
      reason: 'delisted',
      note: closing.because,
    })
    ledger.cashCents += cashChangeCents
    ledger.positions.delete(symbol)
    ledger.exits = { ...ledger.exits, [symbol]: date }
    left = left.filter((order) => {
      if (order.symbol !== symbol) return true
      const because = `${symbol} trades no more`
      ledger.events.lapsed.push({ orderId: order.id, symbol, side: order.side, kind: 'expired', because })
      return false
    })
  }
  return left
}
