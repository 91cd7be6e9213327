import type { Forecasts } from '../catalysts/expected-return.ts'
import type { CatalystKind } from '../catalysts/kinds.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import type { BookMarket } from '../decision/book-market.ts'
import type { Column } from '../market/panel.ts'
import { abnormalPath, alignReturns, type StudyWindow } from '../statistics/event-study.ts'
import { type EventDay, summarizeEvents } from '../statistics/event-summary.ts'
import type { IsoDate } from '../units.ts'

/** What coins earned around the texts of one kind beyond what the market explains, in the direction that the text spoke of. */
export type KindStudy = {
  readonly kind: CatalystKind
  readonly n: number
  readonly dates: number
  /** Cumulative abnormal returns from the first day of the window on; day 0 is the session in which the text became known. */
  readonly cumulative: readonly EventDay[]
  /** Events that could not be measured, and why most of them were not. */
  readonly dropped: number
}

const window: StudyWindow = { first: -5, last: 20, length: 120, gap: 5 }

/**
 * Event study of each kind: market model over 120 returns that end five sessions before the window, signed by the direction of the
 * signal, whole dates drawn for the intervals. Day 0 is known only at its close, so days 0 and 1 could not be traded.
 *
 * @param last panel index of the last session looked at
 */
export function signalStudies(market: BookMarket, forecasts: Forecasts, last: number): readonly KindStudy[] {
  const { panel } = market
  const closesOf = (symbol: string) => worthByDate(panel.bySymbol.get(symbol)!, panel.sessions.slice(0, last + 1))
  const benchmark = closesOf(forecasts.marketSymbol)
  const aligned = new Map<string, ReturnType<typeof alignReturns>>()
  return forecasts.kinds.map((kind) => {
    const events = new Map<string, { readonly date: IsoDate; readonly sign: number; readonly symbol: string }>()
    for (const signal of forecasts.signals) {
      const date = sessionOf(panel.sessions, signal)
      if (signal.kind !== kind || date === null || date > panel.sessions[last]!) continue
      // Texts of one day about one coin are one event, in the direction of the first.
      const key = `${date} ${signal.asset}`
      if (!events.has(key)) events.set(key, { date, sign: Math.sign(signal.score), symbol: signal.asset })
    }
    const paths = [...events.values()].flatMap(({ date, sign, symbol }) => {
      let returns = aligned.get(symbol)
      if (returns === undefined) {
        returns = alignReturns(closesOf(symbol), benchmark)
        aligned.set(symbol, returns)
      }
      const zero = returns.dates.indexOf(date)
      const measured = zero < 0 ? null : abnormalPath(returns, zero, { ...window, model: 'market' })
      return measured?.kind === 'measured' ? [{ date, path: measured.abnormal.map((value) => sign * value) }] : []
    })
    const dropped = events.size - paths.length
    if (paths.length === 0) return { kind, n: 0, dates: 0, cumulative: [], dropped }
    const summary = summarizeEvents(paths, { first: window.first, seed: 1, label: kind, byDate: false })
    return { kind, n: summary.n, dates: summary.dates, cumulative: summary.cumulativeAbnormalReturns, dropped }
  })
}

/** Worth at each close of what began as one unit, dividends reinvested: neither a split nor a redenomination is a return. */
function worthByDate({ close, split, dividend }: Column, sessions: readonly IsoDate[]): ReadonlyMap<IsoDate, number> {
  const worth = new Map<IsoDate, number>()
  let units = 1
  let cash = 0
  for (const [t, date] of sessions.entries()) {
    units *= split[t]!
    cash += units * dividend[t]!
    const price = close[t]!
    if (Number.isNaN(price)) continue
    units += cash / price
    cash = 0
    worth.set(date, units * price)
  }
  return worth
}

/** The session in which a signal became known; a moment at the very end of a day still belongs to it. */
function sessionOf(sessions: readonly IsoDate[], { knownAt }: StoredSignal): IsoDate | null {
  const date = knownAt.slice(0, 10)
  return sessions.length > 0 && date >= sessions[0]! && date <= sessions.at(-1)! ? date : null
}
