/** What `primer backtest --json` prints, as its contract says. */

type CostKind = 'commission' | 'spread' | 'fx' | 'tax' | 'impact' | 'fee'

export type ReportedFill = {
  readonly date: string
  readonly symbol: string
  readonly quantity: number
  readonly price: number
  readonly currency: string
  readonly rate: number
  readonly costs: Readonly<Partial<Record<CostKind, number>>>
  readonly cashChange: number
  readonly order: string
  readonly reason: string
  readonly wanted?: number
}
export type ReportedDividend = {
  readonly date: string
  readonly symbol: string
  readonly amount: number
  readonly quantity: number
  readonly perShare: number
  readonly rate: number
}
type Curve = readonly (readonly [string, number])[]
export type Report = {
  readonly book: string
  readonly policy: string
  readonly from: string
  readonly to: string
  readonly sessions: number
  readonly currency: string
  readonly initialCapital: number
  readonly finalEquity: number
  readonly netReturn: number
  readonly grossReturn: number
  readonly costs: Readonly<Record<CostKind, number>>
  readonly turnover: number
  readonly equity: Curve
  readonly fills: readonly ReportedFill[]
  readonly dividends: readonly ReportedDividend[]
  readonly benchmarks: Readonly<
    Record<string, { readonly finalEquity: number; readonly netReturn: number; readonly equity: Curve }>
  >
  readonly lapsed: readonly string[]
  readonly notes: readonly string[]
}
