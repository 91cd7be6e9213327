import { openAt } from '../market/calendar.ts'
import type { Quote } from '../market/price-source.ts'
import type { MonitorLimits } from '../portfolio/book.ts'
import { fromCents } from '../units.ts'
import type { View } from './policy.ts'

/** Something the monitor saw; `value` is a fraction, see `Alert` in the journal. */
export type Seen = {
  readonly symbol: string
  readonly kind: 'move' | 'stop' | 'drawdown'
  readonly value: number
  readonly level: number
  readonly price: number | null
  readonly reference: number | null
}

/**
 * What deserves an alert at these prices: moves of held assets and of the main benchmarks against the official close of the
 * session before, positions below their stop, and the portfolio's drawdown from its peak. An asset without a quote of this
 * session is passed over, the others still count: before its exchange opens, the latest price is yesterday's close, which
 * is no news. The drawdown values such an asset at its last close.
 *
 * @param view the session in which the quotes fall, with the holdings after its opens
 * @param peakEquity highest close so far, base currency
 * @param already highest level alerted for each `symbol/kind` in this session; only a higher one is told
 */
export function findAlerts(input: {
  readonly view: View
  readonly quotes: readonly Quote[]
  readonly limits: MonitorLimits
  readonly watched: readonly string[]
  readonly peakEquity: number
  readonly already: ReadonlyMap<string, number>
}): readonly Seen[] {
  const { view, limits } = input
  const { panel, book } = view.market
  const date = panel.sessions[view.session]!
  const prices = new Map<string, number>()
  for (const { symbol, price, at } of input.quotes) {
    const column = panel.bySymbol.get(symbol)
    if (column !== undefined && at >= openAt(column.exchange, date)) prices.set(symbol, price)
  }
  const seen: Omit<Seen, 'level'>[] = []
  for (const symbol of input.watched) {
    const price = prices.get(symbol)
    const column = panel.bySymbol.get(symbol)
    const previous = view.session > 0 ? column?.mark[view.session - 1] : undefined
    if (price === undefined || column === undefined || previous === undefined || Number.isNaN(previous)) continue
    const reference = previous / column.split[view.session]!
    seen.push({ symbol, kind: 'move', value: price / reference - 1, price, reference })
  }
  const stop = book.limits.stopLoss[view.regime().volatility]
  let equity = fromCents(view.holdings.cashCents)
  for (const position of view.holdings.positions) {
    const column = panel.bySymbol.get(position.symbol)!
    const price = prices.get(position.symbol)
    equity += position.quantity * (price ?? column.mark[view.session]!) * column.rate[view.session]!
    if (price === undefined) continue
    const averageCost = position.costLocal / position.quantity
    const change = price / averageCost - 1
    if (change <= -stop + 1e-12)
      seen.push({ symbol: position.symbol, kind: 'stop', value: change, price, reference: averageCost })
  }
  const drawdown = 1 - equity / Math.max(input.peakEquity, equity)
  seen.push({ symbol: '', kind: 'drawdown', value: drawdown, price: null, reference: null })
  const thresholds = { move: limits.move, stop, drawdown: limits.portfolioDrawdown }
  return seen.flatMap((alert) => {
    const beyond = Math.abs(alert.value) - thresholds[alert.kind]
    if (beyond < -1e-12) return []
    const level = Math.floor(beyond / limits.escalation + 1e-9)
    const told = input.already.get(`${alert.symbol}/${alert.kind}`)
    return told === undefined || level > told ? [{ ...alert, level: Math.max(0, level) }] : []
  })
}
