import { type Regime, regime, regimeSessions } from '../indicators/regime.ts'
import type { Column } from '../market/panel.ts'
import { type BookMarket, heldSymbol, membersAt } from './book-market.ts'

/** Own bars of one instrument up to a session, oldest first, adjusted for the splits known by then. */
export type OwnBars = {
  readonly sessions: Int32Array
  readonly high: Float64Array
  readonly low: Float64Array
  readonly close: Float64Array
}

/**
 * The last bars an instrument had up to a session, gaps left out.
 *
 * @param most at most so many bars
 */
export function ownBars(column: Column, session: number, most: number): OwnBars {
  const sessions: number[] = []
  const factors: number[] = []
  let factor = 1
  for (let t = session; t >= 0 && sessions.length < most; t--) {
    if (!Number.isNaN(column.close[t]!)) {
      sessions.push(t)
      factors.push(factor)
    }
    factor *= column.split[t]!
  }
  sessions.reverse()
  factors.reverse()
  const adjusted = (prices: Float64Array) => Float64Array.from(sessions, (t, i) => prices[t]! / factors[i]!)
  return {
    sessions: Int32Array.from(sessions),
    high: adjusted(column.high),
    low: adjusted(column.low),
    close: adjusted(column.close),
  }
}

/**
 * The instrument whose volatility and trend stand for the market: the first buy-and-hold benchmark that pays dividends, else
 * the first instrument; only such as have a close by the session.
 */
export function mainInstrument(market: BookMarket, session: number): Column | null {
  const { bySymbol } = market.panel
  const candidates = [
    ...market.benchmarks.flatMap(({ policy, priceOnly }) => (priceOnly ? [] : [heldSymbol(policy) ?? ''])),
    ...membersAt(market, session).map(({ symbol }) => symbol),
  ]
  for (const symbol of candidates) {
    const column = bySymbol.get(symbol)
    if (column !== undefined && column.markedOn[session]! >= 0) return column
  }
  return null
}

/** The regime at a session's close, from prices up to it. All policies of a market share it, so it is computed once a session. */
export function regimeAt(market: BookMarket, session: number): Regime {
  let known = memo.get(market)
  if (known === undefined) {
    known = new Map()
    memo.set(market, known)
  }
  let found = known.get(session)
  if (found === undefined) {
    found = computeRegime(market, session)
    known.set(session, found)
  }
  return found
}

const memo = new WeakMap<BookMarket, Map<number, Regime>>()

function computeRegime(market: BookMarket, session: number): Regime {
  const main = mainInstrument(market, session)
  const none = new Float64Array()
  const { high, low, close } =
    main === null ? { high: none, low: none, close: none } : ownBars(main, session, regimeSessions)
  return regime({
    date: market.panel.sessions[session]!,
    symbol: main?.symbol ?? 'any instrument',
    high,
    low,
    close,
    returns: membersAt(market, session).map(({ symbol }) =>
      market.panel.bySymbol.get(symbol)!.tradedReturn.subarray(0, session + 1),
    ),
  })
}
