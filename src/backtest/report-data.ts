import { sessionsPerYear } from '../decision/book-market.ts'
import { costKinds } from '../portfolio/holdings.ts'
import { simpleReturns } from '../statistics/evidence.ts'
import { ratioFewest, type Stats, stats } from '../statistics/stats.ts'
import { decisionAnalysis } from './decision-analysis.ts'
import type { BacktestDocument, BacktestRun } from './output.ts'
import type { Reasoning } from './reasoning.ts'
import type { BacktestReport, Figures, Opponent, Weights } from './report.ts'
import { drawdowns, extremeDays, monthlyReturns, rollingSharpe, turnoverByMonth } from './report-series.ts'
import { knowledgeOf, opponentName, verdictOf } from './report-verdict.ts'
import type { SignalsDocument } from './signals-output.ts'
import { worth } from './walk.ts'

/** Assets drawn by name; more would be bands too thin to be told apart. */
const weightsMost = 8

/**
 * The report of one backtest.
 *
 * @param document of the same run, for what a reader is told in words
 * @param more reasoning: the decider's reasons by decision date, where it gives any; masked: the same model without names and dates
 */
export function backtestReport(
  run: BacktestRun,
  document: BacktestDocument,
  more: {
    readonly reasoning?: readonly Reasoning[]
    readonly masked?: { readonly netReturn: number; readonly gap: number }
    readonly signals?: SignalsDocument
  } = {},
): BacktestReport {
  const { market, main, benchmarks, options } = run
  const { book, panel } = market
  const dates = panel.sessions.slice(main.firstSession, main.firstSession + main.equity.length)
  const equity = [...main.equity]
  const returns = simpleReturns(equity)
  const mainEquity = benchmarks[market.benchmarks[0]?.policy ?? '']?.equity ?? null
  const mainReturns = mainEquity === null ? undefined : simpleReturns([...mainEquity])
  const periodsPerYear = sessionsPerYear(market)
  const own = stats({
    returns,
    benchmark: mainReturns,
    periodsPerYear,
    ...(run.trials !== null && { trials: run.trials }),
  })
  const nameOf = (symbol: string) => market.instruments.get(symbol)?.shortName ?? symbol
  return {
    title: book.title,
    book: book.name,
    policy: options.policy,
    market: options.market,
    simulated: options.simulated,
    guardrails: options.guardrails,
    currency: book.currency,
    sessionsPerYear: periodsPerYear,
    initialCapital: book.initialCash,
    dates,
    equity,
    opponents: market.benchmarks.map((benchmark): Opponent => {
      const theirs = [...benchmarks[benchmark.policy]!.equity]
      const figures = figuresOf(stats({ returns: simpleReturns(theirs), benchmark: mainReturns, periodsPerYear }))
      return { policy: benchmark.policy, name: opponentName(benchmark), equity: theirs, figures }
    }),
    own: figuresOf(own),
    days: extremeDays(dates, equity),
    drawdown: drawdowns(equity),
    rolling:
      returns.length < ratioFewest || own.volatility === 0 || own.volatility === null
        ? null
        : rollingSharpe(returns, ratioFewest, periodsPerYear),
    months: monthlyReturns(dates, equity),
    weights: weightsOf(run, nameOf),
    costs: {
      byKind: costKinds.map((kind) => ({ kind, amount: main.costs[kind] ?? 0 })).filter(({ amount }) => amount > 0),
      total: costKinds.reduce((sum, kind) => sum + (main.costs[kind] ?? 0), 0),
      grossReturn: document.grossReturn,
      netReturn: document.netReturn,
      twiceNetReturn: document.twiceTheCosts.netReturn,
    },
    turnover: main.turnover,
    turnoverMonths: turnoverByMonth(dates, equity, main.fills),
    clamps: Object.entries(document.clamps)
      .map(([rule, count]) => ({ rule, count }))
      .sort((a, b) => b.count - a.count || (a.rule < b.rule ? -1 : 1)),
    missed: document.missed,
    lapsed: document.lapsed,
    fills: document.fills.map(({ date, symbol, quantity, price, currency, costs, cashChange, reason }) => ({
      date,
      name: nameOf(symbol),
      quantity,
      price,
      currency,
      cost: costKinds.reduce((sum, kind) => sum + (costs[kind] ?? 0), 0),
      cashChange,
      reason,
    })),
    dividends: document.dividends.reduce((sum, { amount }) => sum + amount, 0),
    verdict: verdictOf(run, returns, own),
    knowledge: knowledgeOf(document, dates, equity, mainEquity, more.masked ?? null),
    analysis: decisionAnalysis({
      market,
      decided: main,
      benchmark: mainEquity,
      guarded: options.guardrails === 'book',
      reasoning: more.reasoning ?? [],
      sessionsPerYear: periodsPerYear,
    }),
    signals: more.signals ?? null,
    capacity: document.coins?.capacity ?? null,
    notes: [...document.notes, ...(more.signals?.notes ?? [])],
  }
}

function figuresOf(found: Stats): Figures {
  const enough = found.n >= ratioFewest
  const ratio = (value: number | null) => (enough ? value : null)
  return {
    returns: found.n,
    totalReturn: found.totalReturn ?? 0,
    maxDrawdown: found.maxDrawdown ?? 0,
    annualReturn: ratio(found.annualReturn),
    volatility: ratio(found.volatility),
    sharpe: ratio(found.sharpe),
    sortino: ratio(found.sortino),
    calmar: ratio(found.calmar),
    cvar: ratio(found.cvar),
    beta: ratio(found.beta),
  }
}

function weightsOf({ market, main }: BacktestRun, nameOf: (symbol: string) => string): Weights {
  const { cash, values, equity } = worth({
    panel: market.panel,
    initialCash: market.book.initialCash,
    first: main.firstSession,
    last: main.firstSession + main.equity.length - 1,
    fills: main.fills,
    dividends: main.dividends,
  })
  const shares = [...values].map(([symbol, series]) => {
    const fractions = Array.from(series, (value, t) => value / equity[t]!)
    return { name: nameOf(symbol), shares: fractions, sum: fractions.reduce((sum, share) => sum + share, 0) }
  })
  shares.sort((a, b) => b.sum - a.sum)
  const shown = shares.length <= weightsMost ? shares : shares.slice(0, weightsMost - 1)
  const rest = shares.slice(shown.length)
  const others =
    main.equity.length === 0 ? [] : Array.from(cash, (_, t) => rest.reduce((sum, { shares }) => sum + shares[t]!, 0))
  return {
    series: [
      ...shown.map(({ name, shares }) => ({ name, shares })),
      ...(rest.length === 0 ? [] : [{ name: `${rest.length} others`, shares: others }]),
    ],
    cash: Array.from(cash, (value, t) => value / equity[t]!),
  }
}
