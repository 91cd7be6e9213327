import type { BookMarket } from '../src/decision/book-market.ts'
import type { DecisionEntry } from '../src/journal/entry.ts'
import { firstFillable, openAt } from '../src/market/calendar.ts'
import type { Instant } from '../src/units.ts'

/**
 * The first open at which anything that a decision ordered can fill: it is announced before that. Orders that were late when
 * they were recorded are told as missed and hurry nobody. Where nothing is ordered, the first open of any of its exchanges.
 */
export function firstOpenOf(market: BookMarket, { date, orders, missed }: DecisionEntry): Instant | null {
  const late = new Set(missed.map(({ orderId }) => orderId))
  const waiting = orders
    .filter(({ id }) => !late.has(id))
    .flatMap(({ symbol }) => market.panel.bySymbol.get(symbol) ?? [])
  const exchanges = waiting.length > 0 ? waiting.map(({ exchange }) => exchange) : market.panel.exchanges
  const opens = exchanges.map((exchange) => openAt(exchange, firstFillable(exchange, date)))
  return opens.toSorted()[0] ?? null
}
