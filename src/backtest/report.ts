import type { Capacity } from '../portfolio/capacity.ts'
import type { Fill } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import type { DecisionAnalysis } from './decision-analysis.ts'
import type { DayReturn, RollingSharpe, YearOfReturns } from './report-series.ts'
import type { SignalsDocument } from './signals-output.ts'

/** Everything the page and its charts show, as plain data. */
export type BacktestReport = {
  /** Title and name of the book. */
  readonly title: string
  readonly book: string
  readonly policy: string
  readonly market: string
  /** What the prices are called when they are simulated, null when they are not. */
  readonly simulated: string | null
  readonly guardrails: 'book' | 'none'
  readonly currency: string
  /** 252, or 365 where every day is a session. */
  readonly sessionsPerYear: number
  readonly initialCapital: number
  /** Every close of the run; all series are as long. */
  readonly dates: readonly IsoDate[]
  readonly equity: readonly number[]
  /** Benchmarks over the same closes, the main one first. */
  readonly opponents: readonly Opponent[]
  readonly own: Figures
  readonly days: { readonly best: DayReturn; readonly worst: DayReturn } | null
  readonly drawdown: readonly number[]
  /** Null below 60 returns. */
  readonly rolling: RollingSharpe | null
  readonly months: readonly YearOfReturns[]
  readonly weights: Weights
  readonly costs: CostSummary
  readonly turnover: number
  readonly turnoverMonths: readonly { readonly month: string; readonly turnover: number }[]
  readonly clamps: readonly { readonly rule: string; readonly count: number }[]
  readonly missed: readonly { readonly date: IsoDate; readonly because: string }[]
  readonly lapsed: readonly string[]
  readonly fills: readonly ReportFill[]
  readonly dividends: number
  readonly verdict: VerdictPart
  /** What a model may have known of the past; null for controls. */
  readonly knowledge: Knowledge | null
  readonly analysis: DecisionAnalysis
  /** What the texts themselves have shown; null for policies that read none. */
  readonly signals: SignalsDocument | null
  /** Capital at which costs eat the gross profit, on a market of coins; null elsewhere. */
  readonly capacity: Capacity | null
  readonly notes: readonly string[]
}

/** Figures of one series of net returns; those that are ratios of few returns are null below 60. */
export type Figures = {
  readonly returns: number
  readonly totalReturn: number
  readonly maxDrawdown: number
  readonly annualReturn: number | null
  readonly volatility: number | null
  readonly sharpe: number | null
  readonly sortino: number | null
  readonly calmar: number | null
  readonly cvar: number | null
  readonly beta: number | null
}

export type Opponent = {
  readonly policy: string
  /** Marked where it pays no dividends. */
  readonly name: string
  readonly equity: readonly number[]
  readonly figures: Figures
}

export type Weights = {
  /** The largest by mean weight first; smaller ones share the last series, named 'others'. */
  readonly series: readonly { readonly name: string; readonly shares: readonly number[] }[]
  readonly cash: readonly number[]
}

export type CostSummary = {
  readonly byKind: readonly { readonly kind: string; readonly amount: number }[]
  readonly total: number
  readonly grossReturn: number
  readonly netReturn: number
  readonly twiceNetReturn: number
}

export type ReportFill = {
  readonly date: IsoDate
  readonly name: string
  readonly quantity: number
  readonly price: number
  readonly currency: string
  /** Base currency. */
  readonly cost: number
  readonly cashChange: number
  readonly reason: Fill['reason']
}

export type Comparison = {
  readonly name: string
  readonly netReturn: number
  /** Mean difference of net daily returns over a year, with its 95 % bootstrap interval; null below 60 returns. */
  readonly difference: number | null
  readonly low: number | null
  readonly high: number | null
  readonly eValue: number | null
}

export type VerdictPart = {
  readonly sentence: string
  /** Against each benchmark, and against the main one mixed with cash at the run's own mean exposure. */
  readonly comparisons: readonly Comparison[]
  readonly probabilisticSharpe: number | null
  readonly deflatedSharpe: number | null
  readonly trials: number | null
  readonly allocators: { readonly count: number; readonly atLeastAsGood: number; readonly p: number } | null
}

export type Knowledge = {
  readonly cutoff: IsoDate | null
  /** Sessions up to the cutoff, and net returns of the run and of the main benchmark there; null where there are none. */
  readonly before: KnowledgePart | null
  readonly after: KnowledgePart | null
  readonly masked: { readonly netReturn: number; readonly gap: number } | null
}
export type KnowledgePart = {
  readonly sessions: number
  readonly netReturn: number
  readonly benchmark: number | null
}
