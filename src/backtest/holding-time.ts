import { matchTrips, noTrips, type RoundTrip, type Trips } from '../journal/round-trips.ts'
import type { Panel } from '../market/panel.ts'
import type { SessionEvents } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { type Ledger, walk } from './walk.ts'

/** Holding times, in sessions of the asset's own exchange from the opening fill to the closing one. */
const bounds = [
  { from: 0, to: 5 },
  { from: 6, to: 20 },
  { from: 21, to: null },
] as const

export type HoldingBucket = {
  readonly from: number
  /** Null for no upper bound. */
  readonly to: number | null
  readonly trips: number
  /** Trips with a profit after the costs of both fills. */
  readonly profitable: number
  /** Sum, base currency. */
  readonly profit: number
}

export type HoldingTimes = {
  readonly trips: number
  readonly profitable: number
  readonly profit: number
  readonly meanSessions: number | null
  readonly buckets: readonly HoldingBucket[]
}

/** Round trips of a ledger, matched first in, first out, by quantity: a partial exit closes part of a lot and leaves its date alone. */
export function roundTrips(ledger: Ledger): readonly RoundTrip[] {
  let trips: Trips = noTrips
  // Splits come before the fills of their session; between two splits the order of the fills is all that matters.
  let waiting: SessionEvents = { splits: [], dividends: [], fills: [], lapsed: [], waiting: [] }
  for (const { date, splits, fills } of walk(ledger)) {
    if (splits.length > 0) {
      trips = matchTrips(trips, waiting)
      const applied = splits.map((split) => ({ ...split, date, quantityBefore: 1, quantityAfter: split.ratio }))
      waiting = { ...waiting, splits: applied, fills: [] }
    }
    if (fills.length > 0) waiting = { ...waiting, fills: [...waiting.fills, ...fills] }
  }
  return matchTrips(trips, waiting).completed
}

/** Hit rate by holding time: how many round trips ended with a profit, and how long they lasted. */
export function holdingTimes(trips: readonly RoundTrip[], panel: Panel): HoldingTimes {
  const held = trips.map((trip) => sessionsHeld(panel, trip))
  const sum = (chosen: readonly RoundTrip[]) => chosen.reduce((total, { profit }) => total + profit, 0)
  const wins = (chosen: readonly RoundTrip[]) => chosen.filter(({ profit }) => profit > 0).length
  return {
    trips: trips.length,
    profitable: wins(trips),
    profit: sum(trips),
    meanSessions: trips.length === 0 ? null : held.reduce((total, sessions) => total + sessions, 0) / trips.length,
    buckets: bounds.map(({ from, to }) => {
      const chosen = trips.filter((_, i) => held[i]! >= from && (to === null || held[i]! <= to))
      return { from, to, trips: chosen.length, profitable: wins(chosen), profit: sum(chosen) }
    }),
  }
}

/** Example: bought at Monday's open, sold at the next Monday's -> 5 */
export function sessionsHeld(
  panel: Panel,
  trip: { readonly symbol: string; readonly openedOn: IsoDate; readonly closedOn: IsoDate },
): number {
  const open = panel.isOpen[panel.bySymbol.get(trip.symbol)!.exchange]
  const to = panel.indexOf.get(trip.closedOn)!
  let sessions = 0
  for (let t = panel.indexOf.get(trip.openedOn)! + 1; t <= to; t++) sessions += open[t]!
  return sessions
}
