import { type BookMarket, sessionsPerYear } from '../decision/book-market.ts'
import { sumCosts } from '../portfolio/costs.ts'
import { costKinds, type FillCosts } from '../portfolio/holdings.ts'
import { silentSessions } from '../portfolio/membership.ts'
import type { Trials } from '../statistics/deflated-sharpe.ts'
import { eValue, exposureMatched, simpleReturns } from '../statistics/evidence.ts'
import { type Stats, stats } from '../statistics/stats.ts'
import type { IsoDate } from '../units.ts'
import { fromCents } from '../units.ts'
import { coinsDocument } from './coin-output.ts'
import type { RandomAllocators } from './random-allocators.ts'
import type { Simulation } from './simulate.ts'

export type BacktestRun = {
  readonly market: BookMarket
  readonly main: Simulation
  /** Cash over equity at each close of the main run. */
  readonly cashWeights: Float64Array
  /** By policy, in the book's order; the first one is the main benchmark. */
  readonly benchmarks: Readonly<Record<string, Simulation>>
  readonly allocators: RandomAllocators | null
  /** How many things were tried on this book, from the registry; null for a control, which is no trial. */
  readonly trials: Trials | null
  readonly knowledgeCutoff: IsoDate | null
  readonly options: {
    readonly policy: string
    readonly market: string
    readonly guardrails: 'book' | 'none'
    readonly simulated: string | null
    /** What was asked for without effect: other policies than cvar and equal-weight decide when they must. */
    readonly ignored?: string
  }
}

/** The JSON document of `primer backtest`: enough for a stranger to recompute every euro from the prices. */
export function backtestDocument(run: BacktestRun) {
  const { market, main, options } = run
  const { book, panel } = market
  const dates = panel.sessions.slice(main.firstSession, main.firstSession + main.equity.length)
  const capital = book.initialCash
  const finalEquity = main.equity.at(-1)!
  const total = sumCosts(main.costs)
  const coins = coinsDocument(market, main)
  const series = (equity: Float64Array) => dates.map((date, t): [IsoDate, number] => [date, equity[t]!])
  return {
    book: book.name,
    policy: options.policy,
    market: options.market,
    from: dates[0]!,
    to: dates.at(-1)!,
    sessions: dates.length,
    currency: book.currency,
    initialCapital: capital,
    finalEquity,
    netReturn: finalEquity / capital - 1,
    grossReturn: (finalEquity + total) / capital - 1,
    costs: allKinds(main.costs),
    twiceTheCosts: { finalEquity: finalEquity - total, netReturn: (finalEquity - total) / capital - 1 },
    turnover: main.turnover,
    guardrails: options.guardrails,
    equity: series(main.equity),
    fills: main.ledger.map((fill) => ({
      date: fill.date,
      symbol: fill.symbol,
      quantity: fill.quantity,
      price: fill.price,
      currency: fill.currency,
      rate: fill.rate,
      costs: fill.costs,
      cashChange: fromCents(fill.cashChangeCents),
      order: fill.orderId,
      reason: fill.reason,
      ...(fill.note !== undefined && { note: fill.note }),
      ...(fill.wantedCents !== undefined && { wanted: fromCents(fill.wantedCents) }),
      ...(fill.liquidity !== undefined && { liquidity: fill.liquidity }),
      ...(fill.note !== undefined && { note: fill.note }),
    })),
    dividends: main.dividends.map((credit) => ({
      date: credit.date,
      symbol: credit.symbol,
      amount: fromCents(credit.cashChangeCents),
      quantity: credit.quantity,
      perShare: credit.perShare,
      currency: credit.currency,
      rate: credit.rate,
    })),
    benchmarks: Object.fromEntries(
      Object.entries(run.benchmarks).map(([name, { equity }]) => [
        name,
        { finalEquity: equity.at(-1)!, netReturn: equity.at(-1)! / capital - 1, equity: series(equity) },
      ]),
    ),
    stats: mainStats(run),
    against: opponents(run),
    randomAllocators:
      run.allocators === null
        ? null
        : { count: run.allocators.count, atLeastAsGood: run.allocators.atLeastAsGood, p: run.allocators.p },
    knowledge: knowledge(run, dates),
    ...(coins !== undefined && { coins }),
    clamps: countByRule(main),
    missed: main.missed,
    lapsed: main.lapsed.map(
      (order) => `${order.kind}: ${order.side} ${order.symbol} (order ${order.orderId}): ${order.because}`,
    ),
    notes: notesOf(run),
  }
}

export type BacktestDocument = ReturnType<typeof backtestDocument>

/** Statistics on net returns per session, against the book's first benchmark. */
function mainStats({ market, main, benchmarks, trials }: BacktestRun): Stats {
  const [first] = Object.values(benchmarks)
  return stats({
    returns: simpleReturns([...main.equity]),
    periodsPerYear: sessionsPerYear(market),
    benchmark: first === undefined ? undefined : simpleReturns([...first.equity]),
    ...(trials !== null && { trials }),
  })
}

/** E-value and difference against each opponent, and against a mix of the first benchmark and cash at the run's mean exposure. */
function opponents({ main, benchmarks, cashWeights }: BacktestRun) {
  const own = simpleReturns([...main.equity])
  const found = Object.entries(benchmarks).map(([name, { equity }]) => ({ name, returns: simpleReturns([...equity]) }))
  const [first] = found
  if (first !== undefined) {
    const exposure = Array.from(cashWeights, (weight) => 1 - weight)
    found.push({ name: `${first.name} at the same mean exposure`, returns: exposureMatched(first.returns, exposure) })
  }
  return Object.fromEntries(
    found.map(({ name, returns }) => [
      name,
      {
        meanDifference:
          own.length === 0 ? null : own.reduce((sum, value, t) => sum + value - returns[t]!, 0) / own.length,
        eValue: eValue(own, returns),
      },
    ]),
  )
}

/** What the model may have known: every session up to its cutoff lies in what it was trained on. */
function knowledge({ knowledgeCutoff, options }: BacktestRun, dates: readonly IsoDate[]) {
  if (options.policy !== 'model') return null
  const before = knowledgeCutoff === null ? null : dates.filter((date) => date <= knowledgeCutoff).length
  return {
    cutoff: knowledgeCutoff,
    sessionsBefore: before,
    sessionsAfter: before === null ? null : dates.length - before,
  }
}

function notesOf({ market, main, options, knowledgeCutoff }: BacktestRun): string[] {
  const notes: string[] = []
  if (options.simulated !== null)
    notes.push(`All prices are ${options.simulated}: they say nothing about any real market.`)
  if (options.policy === 'model') {
    notes.push(
      knowledgeCutoff === null
        ? 'The model’s knowledge cutoff is not known (--knowledge-cutoff): every date may lie in what it was trained on, so nothing here is evidence.'
        : `Dates up to ${knowledgeCutoff} lie in what the model may have been trained on: they are no evidence. Only decisions recorded before their fills are.`,
    )
  }
  if (options.ignored !== undefined) notes.push(options.ignored)
  notes.push(
    ...market.notes,
    ...universeNotes(market, main),
    'Dividends are credited before withholding tax.',
    'grossReturn adds all costs back to the final equity, not compounded; twiceTheCosts takes them off once more.',
    'turnover sums, over the sessions, half the absolute traded value over the equity of the close before.',
  )
  return notes
}

/** Who was in when, what was closed since it trades no more, and what is held at an old price. */
function universeNotes({ panel, universe, rules }: BookMarket, main: Simulation): string[] {
  const notes: string[] = []
  if (universe.size > 0 && rules.kind === 'allocator') {
    const symbols = [...universe.keys()].join(' ')
    notes.push(
      `Universe by date: ${symbols} may be held only within the dates of the book; all other instruments always.`,
    )
  }
  for (const { symbol, date, note } of main.ledger.pushed())
    if (note !== undefined) notes.push(`${date}: ${symbol}, ${note}.`)
  const last = main.firstSession + main.equity.length - 1
  for (const { symbol } of main.holdings.positions) {
    const column = panel.bySymbol.get(symbol)!
    if (silentSessions(panel, column, last, { most: 1, at: 'close' }) === 0) continue
    const date = panel.sessions[column.markedOn[last]!]
    notes.push(`${symbol} is valued at its last close, of ${date}: no price followed.`)
  }
  return notes
}

function allKinds(costs: FillCosts): Record<(typeof costKinds)[number], number> {
  return Object.fromEntries(costKinds.map((kind) => [kind, costs[kind] ?? 0])) as Record<
    (typeof costKinds)[number],
    number
  >
}

function countByRule(run: Simulation): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const clamp of run.clamps) counts[clamp.rule] = (counts[clamp.rule] ?? 0) + 1
  return counts
}
