import type { SessionEvents } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { fromCents } from '../units.ts'

/** Shares bought and sold again, matched first in, first out, by quantity. */
export type RoundTrip = {
  readonly symbol: string
  /** Shares as of the sale, after splits. */
  readonly quantity: number
  readonly openedOn: IsoDate
  readonly closedOn: IsoDate
  /** Base currency, after the costs of both fills in proportion to the quantity; dividends aside. */
  readonly profit: number
}

type Lot = { readonly quantity: number; readonly openedOn: IsoDate; readonly cost: number }

export type Trips = {
  readonly lots: Readonly<Record<string, readonly Lot[]>>
  readonly completed: readonly RoundTrip[]
}

export const noTrips: Trips = { lots: {}, completed: [] }

/**
 * Round trips after one more session.
 *
 * Example: buy 10 for 100 in all, buy 10 for 120, sell 15 for 165 -> trips of 10 (profit 10) and 5 (profit -5), 5 left
 */
export function matchTrips(trips: Trips, events: SessionEvents): Trips {
  if (events.fills.length === 0 && events.splits.length === 0) return trips
  const lots: Record<string, readonly Lot[]> = { ...trips.lots }
  const completed = [...trips.completed]
  for (const { symbol, ratio } of events.splits) {
    lots[symbol] = (lots[symbol] ?? []).map((lot) => ({ ...lot, quantity: lot.quantity * ratio }))
  }
  for (const fill of events.fills) {
    const cash = fromCents(Math.abs(fill.cashChangeCents))
    const queue = [...(lots[fill.symbol] ?? [])]
    if (fill.quantity > 0) queue.push({ quantity: fill.quantity, openedOn: fill.date, cost: cash })
    let left = -fill.quantity
    while (left > 1e-9 && queue.length > 0) {
      const lot = queue.shift()!
      const quantity = Math.min(left, lot.quantity)
      const cost = lot.cost * (quantity / lot.quantity)
      const profit = cash * (quantity / -fill.quantity) - cost
      completed.push({ symbol: fill.symbol, quantity, openedOn: lot.openedOn, closedOn: fill.date, profit })
      if (lot.quantity - quantity > 1e-9)
        queue.unshift({ ...lot, quantity: lot.quantity - quantity, cost: lot.cost - cost })
      left -= quantity
    }
    lots[fill.symbol] = queue
  }
  return { lots, completed }
}
