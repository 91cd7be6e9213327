import { type BookMarket, membersAt } from '../decision/book-market.ts'
import { findExits, vainBuys } from '../decision/guardrails/universe-exits.ts'
import type { Instrument } from '../market/bar.ts'
import { floorToStep } from '../portfolio/costs.ts'
import { FillLedger } from '../portfolio/fill-ledger.ts'
import type { Holdings, Order } from '../portfolio/holdings.ts'
import { closingAt } from '../portfolio/membership.ts'
import { openSessionOnto } from '../portfolio/session.ts'
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
 * assets, and pay the same costs. A buy draws among the members of the date with a price, a sell among what the agent holds.
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
  const events = eventsBySession(market, first, last)
  // One for all: what an agent bought at which price is nothing that anybody asks for.
  const fills = new FillLedger(market.panel, 32)
  const priced = new Map(Array.from(bySession.keys(), (session) => [session, pricedMembers(market, session)]))
  const netReturns = new Float64Array(count)
  let atLeastAsGood = 0
  for (let agent = 0; agent < count; agent++) {
    const equity = runAgent(
      market,
      bySession,
      { events, fills, priced },
      first,
      last,
      randomFrom('allocator', input.seed, agent),
    )
    netReturns[agent] = equity / market.book.initialCash - 1
    if (equity >= input.finalEquity) atLeastAsGood++
  }
  netReturns.sort()
  return { count, atLeastAsGood, p: (1 + atLeastAsGood) / (1 + count), netReturns }
}

type Events = readonly (ReadonlySet<string> | undefined)[]

/** What splits, pays or stops trading on each session: to whom holds none of it, without orders waiting, nothing happens. */
function eventsBySession(market: BookMarket, first: number, last: number): Events {
  const { panel, universe, delisting } = market
  const terms = { panel, universe, terms: delisting }
  const events: (Set<string> | undefined)[] = []
  for (const { symbol } of market.tradable) {
    const column = market.panel.bySymbol.get(symbol)!
    for (let t = first; t <= last; t++) {
      const closes =
        t > 0 && (universe.size > 0 || Number.isNaN(column.open[t]!)) && closingAt(terms, column, t) !== null
      if (column.dividend[t] === 0 && column.split[t] === 1 && !closes) continue
      const known = events[t]
      if (known === undefined) events[t] = new Set([symbol])
      else known.add(symbol)
    }
  }
  return events
}

type Priced = ReadonlyMap<number, readonly Instrument[]>

/** What can be bought by tickets of a session's close: the same for every agent. */
function pricedMembers(market: BookMarket, session: number): readonly Instrument[] {
  return membersAt(market, session).filter(({ symbol }) => unitValue(market.panel, symbol, session) > 0)
}

function runAgent(
  market: BookMarket,
  tickets: ReadonlyMap<number, readonly Ticket[]>,
  { events, fills, priced }: { readonly events: Events; readonly fills: FillLedger; readonly priced: Priced },
  first: number,
  last: number,
  random: Random,
): number {
  const { panel, book } = market
  const { costs } = book
  let holdings: Holdings = { cashCents: cents(book.initialCash), positions: [], pending: [], exits: {} }
  for (let session = first; session <= last; session++) {
    const happening = events[session]
    const touched = happening !== undefined && holdings.positions.some(({ symbol }) => happening.has(symbol))
    if (session > first && (holdings.pending.length > 0 || touched)) {
      fills.clear()
      holdings = openSessionOnto(fills, {
        holdings,
        panel,
        session,
        costs,
        charged: market.charged,
        orderExpirySessions: book.limits.orderExpirySessions,
        closing: market,
      }).holdings
    }
    if (market.universe.size > 0) holdings = leaveUniverse(market, holdings, session)
    const due = tickets.get(session)
    if (due !== undefined) holdings = placeTickets(market, holdings, due, session, priced.get(session)!, random)
  }
  return equityAt(holdings, panel, last)
}

/** What left the universe is sold at the next open, as of any other portfolio. */
function leaveUniverse(market: BookMarket, holdings: Holdings, session: number): Holdings {
  const view = { market, session, holdings }
  const exits = findExits(view, new Set())
  const vain = new Set(vainBuys(view))
  if (exits.length === 0 && vain.size === 0) return holdings
  const leaving = new Set(exits.map(({ symbol }) => symbol))
  const decidedOn = market.panel.sessions[session]!
  const sales = exits.map(({ symbol, quantity }): Order => {
    const id = `${decidedOn}/universe/${symbol}`
    return { id, symbol, side: 'sell', quantity, decidedOn, reason: 'universe', waited: 0 }
  })
  const kept = holdings.pending.filter(({ id, symbol }) => !vain.has(id) && !leaving.has(symbol))
  return { ...holdings, pending: [...kept, ...sales] }
}

function placeTickets(
  market: BookMarket,
  holdings: Holdings,
  due: readonly Ticket[],
  session: number,
  priced: readonly Instrument[],
  random: Random,
): Holdings {
  const { panel, book } = market
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
    const free = busy.size === 0 ? priced : priced.filter(({ symbol }) => !busy.has(symbol))
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
