import type { BookMarket } from '../decision/book-market.ts'
import { floorToStep } from '../portfolio/costs.ts'
import type { Holdings, Order } from '../portfolio/holdings.ts'
import { openSession } from '../portfolio/session.ts'
import { equityAt, unitValue } from '../portfolio/valuation.ts'
import { type Random, randomFrom, randomInt } from '../random.ts'
import { cents } from '../units.ts'
import type { Simulation } from './simulate.ts'

/** One order of the policy, without its asset: the day, the side, and how large it was. */
export type Ticket = {
  /** Panel index of the session at whose close it was decided. */
  readonly session: number
  readonly side: 'buy' | 'sell'
  /** A buy as a fraction of the policy's equity at that close; a sell as a fraction of the position sold from. */
  readonly fraction: number
}

export type RandomAllocators = {
  readonly count: number
  /** Agents that ended with at least the policy's equity. */
  readonly atLeastAsGood: number
  /** (1 + atLeastAsGood) / (1 + count): small when few random choices of assets do as well. */
  readonly p: number
  /** Net returns of the agents, ascending. */
  readonly netReturns: Float64Array
}

/**
 * What luck in choosing assets would have earned: agents that copy a policy's dates, sides and ticket sizes, draw only the
 * assets, and pay the same costs. A buy draws among the instruments with a price, a sell among what the agent holds.
 *
 * @param tickets of the policy, oldest first; see `ticketsOf`
 * @param first panel index of the book's first session; `last` of its last one
 * @param finalEquity the policy's, base currency
 */
export function randomAllocators(input: {
  readonly market: BookMarket
  readonly tickets: readonly Ticket[]
  readonly first: number
  readonly last: number
  readonly finalEquity: number
  readonly count: number
  readonly seed: string
}): RandomAllocators {
  const { market, first, last, count } = input
  const bySession = new Map<number, Ticket[]>()
  for (const ticket of input.tickets) {
    const found = bySession.get(ticket.session)
    if (found === undefined) bySession.set(ticket.session, [ticket])
    else found.push(ticket)
  }
  const eventful = eventfulSessions(market, first, last)
  const netReturns = new Float64Array(count)
  let atLeastAsGood = 0
  for (let agent = 0; agent < count; agent++) {
    const equity = runAgent(market, bySession, eventful, first, last, randomFrom('allocator', input.seed, agent))
    netReturns[agent] = equity / market.book.initialCash - 1
    if (equity >= input.finalEquity) atLeastAsGood++
  }
  netReturns.sort()
  return { count, atLeastAsGood, p: (1 + atLeastAsGood) / (1 + count), netReturns }
}

/** Sessions on which some instrument splits or pays: on others, without orders waiting, nothing happens to holdings. */
function eventfulSessions(market: BookMarket, first: number, last: number): Uint8Array {
  const flags = new Uint8Array(last + 1)
  for (const { symbol } of market.tradable) {
    const column = market.panel.bySymbol.get(symbol)!
    for (let t = first; t <= last; t++) if (column.dividend[t] !== 0 || column.split[t] !== 1) flags[t] = 1
  }
  return flags
}

function runAgent(
  market: BookMarket,
  tickets: ReadonlyMap<number, readonly Ticket[]>,
  eventful: Uint8Array,
  first: number,
  last: number,
  random: Random,
): number {
  const { panel, book } = market
  const { costs } = book
  let holdings: Holdings = { cashCents: cents(book.initialCash), positions: [], pending: [], exits: {} }
  for (let session = first; session <= last; session++) {
    if (session > first && (holdings.pending.length > 0 || eventful[session] === 1)) {
      holdings = openSession({
        holdings,
        panel,
        session,
        costs,
        charged: market.charged,
        orderExpirySessions: book.limits.orderExpirySessions,
      }).holdings
    }
    const due = tickets.get(session)
    if (due !== undefined) holdings = placeTickets(market, holdings, due, session, random)
  }
  return equityAt(holdings, panel, last)
}

function placeTickets(
  market: BookMarket,
  holdings: Holdings,
  due: readonly Ticket[],
  session: number,
  random: Random,
): Holdings {
  const { panel, book, tradable } = market
  const decidedOn = panel.sessions[session]!
  const equity = equityAt(holdings, panel, session)
  const busy = new Set(holdings.pending.map((order) => order.symbol))
  const placed: Order[] = []
  for (const ticket of due) {
    const id = `${decidedOn}/${placed.length + 1}`
    const common = { id, decidedOn, reason: 'policy' as const, waited: 0 }
    if (ticket.side === 'sell') {
      const free = holdings.positions.filter((position) => !busy.has(position.symbol))
      const position = free[randomInt(random, free.length)]
      if (position === undefined) continue
      const quantity =
        ticket.fraction >= 1 - 1e-9
          ? position.quantity
          : floorToStep(position.quantity * ticket.fraction, book.costs.quantityStep)
      if (!(quantity > 0)) continue
      busy.add(position.symbol)
      placed.push({ ...common, symbol: position.symbol, side: 'sell', quantity })
      continue
    }
    const amountCents = Math.floor(ticket.fraction * equity * 100)
    const free = tradable.filter(({ symbol }) => !busy.has(symbol) && unitValue(panel, symbol, session) > 0)
    const instrument = free[randomInt(random, free.length)]
    if (instrument === undefined || amountCents < cents(book.costs.minimumTicket)) continue
    busy.add(instrument.symbol)
    placed.push({ ...common, symbol: instrument.symbol, side: 'buy', amountCents })
  }
  return placed.length === 0 ? holdings : { ...holdings, pending: [...holdings.pending, ...placed] }
}

/**
 * A policy's orders as tickets.
 *
 * @param held shares of a symbol at the close of a session, before its orders
 */
export function ticketsOf(
  market: BookMarket,
  orders: readonly Order[],
  simulation: Pick<Simulation, 'equity' | 'firstSession'>,
  held: (symbol: string, session: number) => number,
): readonly Ticket[] {
  return orders.flatMap((order): Ticket[] => {
    const session = market.panel.indexOf.get(order.decidedOn)
    if (session === undefined) return []
    if (order.side === 'buy') {
      return [
        {
          session,
          side: 'buy',
          fraction: order.amountCents! / 100 / simulation.equity[session - simulation.firstSession]!,
        },
      ]
    }
    const before = held(order.symbol, session)
    return before > 0 ? [{ session, side: 'sell', fraction: Math.min(1, order.quantity! / before) }] : []
  })
}
