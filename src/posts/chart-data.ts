import type { EntryBodies } from '../journal/entry.ts'
import type { AllocationData, EquityData } from './chart-options.ts'
import { type OpenedEntry, pricesLabel } from './labels.ts'
import { fixed, money, signedPercent } from './text.ts'

type Close = EntryBodies['close']
type Closed = Pick<Close, 'date' | 'equity' | 'benchmarks' | 'standing'>

/**
 * The equity chart's figures from a book's closes.
 *
 * @param closes bodies of the book's close entries, oldest first, at least one
 */
export function equityData(opened: OpenedEntry, closes: readonly Closed[]): EquityData {
  const { title, currency, initialCashCents, benchmarks, firstSession } = opened.body
  const last = closes.at(-1)!
  const start = initialCashCents / 100
  let peak = start
  const dates = firstSession === last.date ? last.date : `${firstSession} to ${last.date}`
  return {
    dates: closes.map((close) => close.date),
    equity: closes.map((close) => close.equity),
    benchmarks: benchmarks.map(({ policy, shortName, priceOnly }) => ({
      name: priceOnly ? `${shortName} (price only)` : shortName,
      values: closes.map((close) => close.benchmarks[policy] ?? start),
    })),
    drawdown: closes.map(({ equity }) => {
      peak = Math.max(peak, equity)
      return 1 - equity / peak
    }),
    currency,
    title: `${title}: ${money(currency, last.standing.equityCents)}, ${signedPercent(last.standing.netReturn)}`,
    subtitle: `${decider(opened)}net of costs, ${dates}`,
    label: pricesLabel(opened),
  }
}

/** The allocation chart's figures from one close. */
export function allocationData(
  opened: OpenedEntry,
  close: Pick<Close, 'date' | 'cashCents' | 'equity' | 'positions'>,
): AllocationData {
  const cash = close.equity > 0 ? close.cashCents / 100 / close.equity : 0
  const names = new Map<string, string>()
  for (const { symbol, shortName } of opened.body.instruments) names.set(symbol, shortName)
  return {
    date: close.date,
    positions: close.positions.map(({ symbol, weight }) => ({ name: names.get(symbol) ?? symbol, weight })),
    cash,
    title: `${opened.body.title}: ${close.positions.length === 0 ? 'nothing invested' : `${fixed((1 - cash) * 100, 0)} % invested`}`,
    subtitle: `${decider(opened)}weights at the close of ${close.date}`,
    label: pricesLabel(opened),
  }
}

/** A picture travels without its post, so it says itself that no model decided. */
function decider(opened: OpenedEntry): string {
  return opened.body.decider === 'control' ? `${opened.body.policy} control, ` : ''
}
