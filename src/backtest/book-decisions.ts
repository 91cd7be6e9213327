import { parseAnswer } from '../decision/answer.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { regimeAt } from '../decision/regime-at.ts'
import type { AttemptEntry } from '../journal/entry.ts'
import type { DecisionFigures } from '../journal/evidence-entry.ts'
import { turnoverOf } from '../journal/period-report.ts'
import type { BookState } from '../journal/replay.ts'
import { tidyQuantity } from '../portfolio/costs.ts'
import { fromCents } from '../units.ts'
import type { AllocatorRank } from './book-evidence.ts'
import { type Decided, decisionAnalysis } from './decision-analysis.ts'
import { randomAllocators, ticketsOf } from './random-allocators.ts'
import { type Reasoning, stability } from './reasoning.ts'
import { type Ledger, walk, worth } from './walk.ts'

/** Values that differ by more than this fraction were not made of the same prices. */
const revisionMost = 0.005

/** A live book's record on the prices at hand, or why the two do not go together. */
export type BookRecord =
  | { readonly kind: 'sound'; readonly decided: Decided; readonly ledger: Ledger }
  | { readonly kind: 'differs'; readonly because: string }

/**
 * What a book decided and what came of it, as a backtest would have it, so that both are analysed by the same lines. Prices come
 * from the market and not from the journal, so the record is first rebuilt on them: a source may have lost a symbol, a session
 * or a split since, and figures made of that would be wrong without looking it.
 */
export function bookRecord(market: BookMarket, state: BookState): BookRecord {
  const { panel } = market
  const first = panel.indexOf.get(state.opened.firstSession)
  if (first === undefined) return differs(`it has no session ${state.opened.firstSession}, on which the book began`)
  for (const [t, { date }] of state.closes.entries()) {
    const found = panel.sessions[first + t]
    if (found !== date) return differs(`its session ${found ?? 'after its end'} is ${date} in the journal`)
  }
  const [main] = market.benchmarks
  if (main?.policy !== state.opened.benchmarks[0]?.policy) return differs('its main benchmark is another')
  const last = first + state.closes.length - 1
  const fills = state.fills.filter(({ date }) => panel.indexOf.has(date))
  const ledger: Ledger = {
    panel,
    initialCash: fromCents(state.opened.initialCashCents),
    first,
    last,
    fills,
    dividends: state.dividends,
  }
  const fault = quantityFault(ledger, state) ?? valueFault(ledger, state)
  if (fault !== null) return differs(fault)
  return {
    kind: 'sound',
    ledger,
    decided: {
      firstSession: first,
      equity: Float64Array.from(state.closes, ({ equity }) => equity),
      // What was missed was never placed: nobody can be judged by it.
      orders: state.decisions.flatMap(({ body }) =>
        body.orders.filter(({ id }) => !body.missed.some(({ orderId }) => orderId === id)),
      ),
      fills,
      dividends: state.dividends,
      turnover: turnoverOf(state, fills),
    },
  }
}

function differs(because: string): BookRecord {
  return { kind: 'differs', because: `the market at hand is not the one that was booked: ${because}` }
}

/** Shares by the fills and the market's splits, against those of the journal. */
function quantityFault({ panel, first, last, fills }: Ledger, state: BookState): string | null {
  const gone = fills.find(({ symbol }) => !panel.bySymbol.has(symbol))
  if (gone !== undefined) return `it has no prices of ${gone.symbol}`
  const on = Map.groupBy(fills, ({ date }) => date)
  const held = new Map<string, number>()
  for (let session = first; session <= last; session++) {
    for (const [symbol, quantity] of held) {
      const ratio = panel.bySymbol.get(symbol)!.split[session]!
      if (ratio !== 1) held.set(symbol, tidyQuantity(quantity * ratio))
    }
    for (const { symbol, quantity } of on.get(panel.sessions[session]!) ?? []) {
      const left = tidyQuantity((held.get(symbol) ?? 0) + quantity)
      if (left < 0) return `${panel.sessions[session]} sold more of ${symbol} than its splits leave`
      held.set(symbol, left)
    }
  }
  const recorded = new Map(state.holdings.positions.map(({ symbol, quantity }) => [symbol, quantity]))
  for (const [symbol, quantity] of held) {
    const said = recorded.get(symbol) ?? 0
    if (Math.abs(quantity - said) > 1e-6 * Math.max(1, said)) {
      return `it makes ${quantity} of ${symbol} out of the fills, and the journal holds ${said}`
    }
  }
  return null
}

function valueFault(ledger: Ledger, state: BookState): string | null {
  const { equity } = worth(ledger)
  for (const [t, close] of state.closes.entries()) {
    if (!(Math.abs(equity[t]! / close.equity - 1) <= revisionMost)) {
      return `it values the book at ${equity[t]!.toFixed(2)} on ${close.date}, where ${close.equity.toFixed(2)} was recorded`
    }
  }
  return null
}

/**
 * The decision figures of a live book.
 *
 * @param attempts calls of the model; those that answered the same question again show how stable its answers are
 */
export function bookDecisions(
  market: BookMarket,
  state: BookState,
  { decided }: Extract<BookRecord, { kind: 'sound' }>,
  { attempts, sessionsPerYear }: { readonly attempts: readonly AttemptEntry[]; readonly sessionsPerYear: number },
): DecisionFigures {
  const [main] = state.opened.benchmarks
  const regimes = new Map(state.decisions.map(({ body }) => [body.date, body.regime.volatility]))
  const reasoning = state.opened.decider === 'model' ? reasonsOf(state) : []
  const analysis = decisionAnalysis({
    market,
    decided,
    benchmark:
      main === undefined ? null : Float64Array.from(state.closes, ({ benchmarks }) => benchmarks[main.policy]!),
    guarded: true,
    sessionsPerYear,
    reasoning,
    // The regime that the decision was told, not one of prices that may have been revised since.
    volatility: (session) => regimes.get(market.panel.sessions[session]!) ?? regimeAt(market, session).volatility,
  })
  return { ...analysis, stability: repeatedCalls(attempts) }
}

function reasonsOf(state: BookState): readonly Reasoning[] {
  return state.decisions.flatMap(({ body }) => {
    const text = [body.summary, ...body.actions.map(({ reason }) => reason)].join(' ').trim()
    return body.outcome === 'decision' && text !== '' ? [{ date: body.date, text }] : []
  })
}

/**
 * Mean agreement over the dates on which the same question was answered more than once, as happens when the program is killed
 * between an answer and its decision.
 */
export function repeatedCalls(attempts: readonly AttemptEntry[]): DecisionFigures['stability'] {
  const byDate = Map.groupBy(
    attempts.filter(({ outcome, rawAnswer }) => outcome === 'accepted' && rawAnswer !== null),
    ({ date, model }) => `${date} ${model}`,
  )
  let dates = 0
  let calls = 0
  let agreement = 0
  for (const repeated of byDate.values()) {
    const answers = repeated.flatMap(({ rawAnswer }) => {
      const parsed = parseAnswer(rawAnswer!)
      return parsed.kind === 'answer' ? [parsed.answer.actions] : []
    })
    const found = stability(answers)
    if (found.agreement === null) continue
    dates++
    calls += found.calls
    agreement += found.agreement
  }
  return dates === 0 ? null : { dates, calls, agreement: agreement / dates }
}

/** Where the book ended among 1,000 agents that copy its dates, sides and ticket sizes, and draw only the assets. */
export function bookAllocators(
  market: BookMarket,
  state: BookState,
  { decided, ledger }: Extract<BookRecord, { kind: 'sound' }>,
): AllocatorRank {
  const held = new Map<string, number>()
  for (const { session, after } of walk(ledger)) {
    for (const { symbol, quantity } of after.values()) held.set(`${symbol} ${session}`, quantity)
  }
  // An order of the last close has no open to fill at yet, for the book or for anyone.
  const tickets = ticketsOf(market, decided.orders, decided, (symbol, session) => held.get(`${symbol} ${session}`) ?? 0)
  if (!tickets.some(({ session }) => session < ledger.last)) {
    return { kind: 'none', because: 'nothing was decided yet that could have been filled' }
  }
  const { first, last } = ledger
  const finalEquity = state.closes.at(-1)!.equity
  return {
    kind: 'ranked',
    allocators: randomAllocators({ market, tickets, first, last, finalEquity, count: 1000, seed: '1' }),
  }
}
