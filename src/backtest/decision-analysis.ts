import { strict as assert } from 'node:assert'
import { type BookMarket, heldSymbol } from '../decision/book-market.ts'
import { regimeAt } from '../decision/regime-at.ts'
import { sumCosts } from '../portfolio/costs.ts'
import type { DividendCredit, Fill, Order } from '../portfolio/holdings.ts'
import { type CashDrag, cashDrag } from './cash-drag.ts'
import { type ForwardReturn, forwardReturns, holdingReturn, type WindowReturn } from './decision-returns.ts'
import { type Disposition, disposition } from './disposition.ts'
import { type HoldingTimes, holdingTimes, roundTrips } from './holding-time.ts'
import { type KeywordRates, keywordRates, type Reasoning } from './reasoning.ts'
import { type Ledger, worth } from './walk.ts'

/** What a policy decided and what came of it. Simulations have these fields, and so has a live book's replay. */
export type Decided = {
  /** Panel index of the first session. */
  readonly firstSession: number
  /** At each close, base currency, unrounded. */
  readonly equity: Float64Array
  /** Every order decided, filled or not. */
  readonly orders: readonly Order[]
  readonly fills: readonly Fill[]
  readonly dividends: readonly DividendCredit[]
  /** Sum over sessions of half the absolute traded value over the equity of the close before. */
  readonly turnover: number
}

export type DecisionAnalysis = {
  /** Orders decided, and those that were filled; what a guardrail refused is neither. */
  readonly orders: number
  readonly filled: number
  /** The opponent of the forward returns and of the cash; null without benchmarks. */
  readonly benchmark: string | null
  readonly forward: readonly ForwardReturn[]
  readonly holding: HoldingTimes
  /** Turnover a year; null below 60 returns, where the first purchases would pass for a habit. */
  readonly turnoverPerYear: number | null
  /** Costs as a fraction of the mean equity, a year; null likewise. */
  readonly costsPerYear: number | null
  readonly cash: CashDrag
  readonly disposition: Disposition
  /** Null where the decider gives no reasons, as controls do not. */
  readonly keywords: KeywordRates | null
}

const tradingDays = 252
const returnsFewest = 60

/**
 * Everything that can be said about the decisions of a run beside what they earned.
 *
 * @param benchmark equity of the book's first benchmark at the same closes, null without one
 * @param guarded whether the book's guardrails applied
 * @param volatility regime of a session; by the market's prices unless given
 * @param sessionsPerYear 252 unless given
 */
export function decisionAnalysis(input: {
  readonly market: BookMarket
  readonly decided: Decided
  readonly benchmark: Float64Array | null
  readonly guarded: boolean
  readonly reasoning?: readonly Reasoning[]
  readonly volatility?: (session: number) => 'high' | 'normal' | 'low'
  readonly sessionsPerYear?: number
}): DecisionAnalysis {
  const { market, decided, benchmark, guarded } = input
  const { panel, book } = market
  const { firstSession: first, equity, orders, fills } = decided
  const last = first + equity.length - 1
  const ledger: Ledger = { panel, initialCash: book.initialCash, first, last, fills, dividends: decided.dividends }
  const returns = equity.length - 1
  const perYear = (total: number) =>
    returns < returnsFewest ? null : (total / returns) * (input.sessionsPerYear ?? tradingDays)
  const filled = new Set(fills.map((fill) => fill.orderId))
  assert(orders.length > 0 || fills.length === 0, 'fills without the orders they came from: simulate with keepOrders')
  const meanEquity = equity.reduce((sum, value) => sum + value, 0) / equity.length
  return {
    orders: orders.length,
    filled: orders.filter((order) => filled.has(order.id)).length,
    benchmark: market.benchmarks[0]?.shortName ?? null,
    forward: forwardReturns({ panel, fills, last, benchmark: mainBenchmark(market, first, benchmark) }),
    holding: holdingTimes(roundTrips(ledger), panel),
    turnoverPerYear: perYear(decided.turnover),
    costsPerYear: perYear(fills.reduce((sum, fill) => sum + sumCosts(fill.costs), 0) / meanEquity),
    cash: cashDrag({
      panel,
      first,
      cash: worth(ledger).cash,
      equity,
      orders,
      fills,
      limits: book.limits,
      volatility: input.volatility ?? ((session) => regimeAt(market, session).volatility),
      guarded,
      benchmark,
    }),
    disposition: disposition(ledger),
    keywords: input.reasoning === undefined || input.reasoning.length === 0 ? null : keywordRates(input.reasoning),
  }
}

/** A benchmark that holds one symbol has opens of its own; another one counts from the close before. */
function mainBenchmark(market: BookMarket, first: number, equity: Float64Array | null): WindowReturn | null {
  const [main] = market.benchmarks
  if (main === undefined) return null
  const symbol = heldSymbol(main.policy)
  if (symbol !== null) return holdingReturn(market.panel, symbol)
  return equity === null ? null : (from, to) => equity[to - first]! / equity[from - 1 - first]! - 1
}
