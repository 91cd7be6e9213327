import { isMember, stayAt } from '../../portfolio/membership.ts'
import type { View } from '../policy.ts'

/** A position that leaves the universe: sold whole at the next open, whatever anybody decides. */
export type Exit = { readonly symbol: string; readonly quantity: number }

type Seen = Pick<View, 'market' | 'session' | 'holdings'>
const none: readonly never[] = []

/**
 * What is held of instruments that are no members at this close, but for what a stop sells anyway, what already waits to be
 * sold for this reason, and what is delisted: that has no next open.
 */
export function findExits({ market, session, holdings }: Seen, stopped: ReadonlySet<string>): readonly Exit[] {
  const { universe, panel } = market
  if (universe.size === 0) return none
  const date = panel.sessions[session]!
  return holdings.positions.flatMap(({ symbol, quantity }) => {
    if (isMember(universe, symbol, date) || stopped.has(symbol)) return []
    if (stayAt(universe, symbol, date)?.delisted === true) return []
    const selling = holdings.pending.some((order) => order.symbol === symbol && order.reason === 'universe')
    return selling ? [] : [{ symbol, quantity }]
  })
}

/** Ids of orders that wait to buy what is no member at this close. */
export function vainBuys({ market, session, holdings }: Seen): readonly string[] {
  const { universe, panel } = market
  if (universe.size === 0) return none
  const date = panel.sessions[session]!
  return holdings.pending
    .filter(({ side, symbol }) => side === 'buy' && !isMember(universe, symbol, date))
    .map(({ id }) => id)
}
