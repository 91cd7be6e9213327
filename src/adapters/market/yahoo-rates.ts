import { dateIn, instantAt, weekday } from '../../market/calendar.ts'
import type { Rate, RateHistory } from '../../market/price-source.ts'
import type { Currency } from '../../units.ts'
import type { YahooAnswer } from './yahoo-answer.ts'
import { asTraded, type Cut, dateOfRow, instantOf } from './yahoo-history.ts'

const LONDON = 'Europe/London'

/** Yahoo's symbol for what one unit of the base costs in the other currency. Example: EURUSD=X */
export function rateSymbol(base: Currency, currency: Currency): string {
  return `${base}${currency}=X`
}

/**
 * Published rates, in units of `base` for one unit of `currency`: 1 / value of `EURUSD=X`.
 *
 * The rate of a date is the OPEN of Yahoo's daily bar, quoted at midnight in London. It is the one figure of that bar that is
 * already final when the day's fills are settled, so a live day and a later backtest see the same rate; high, low and close
 * still move. That is also why today's unfinished bar counts here, and why `knownAt` is midnight in London.
 *
 * Example: an open of 1.25 dollars for a euro on 2020-03-12 -> {date: '2020-03-12', rate: 0.8, knownAt: '2020-03-12T00:00:00.000Z'}
 */
export function ratesFromYahoo(
  pair: { readonly base: Currency; readonly currency: Currency },
  answer: YahooAnswer,
  cut: Cut,
): { readonly history: RateHistory; readonly notes: readonly string[] } {
  const byDate = new Map<string, Rate>()
  const dropped: string[] = []
  for (const row of answer.rows) {
    const date = dateOfRow(row.at, LONDON)
    const knownAt = instantAt(date, '00:00', LONDON)
    if (date < cut.from || date > cut.to || knownAt > cut.now || weekday(date) > 5) continue
    if (row.open === null || !(row.open > 0) || !Number.isFinite(row.open)) {
      dropped.push(date)
      continue
    }
    // The live row repeats a day that may already have its own, stamped at midnight: that one stays.
    if (byDate.has(date) && instantOf(row.at) !== knownAt) continue
    byDate.set(date, { date, rate: 1 / asTraded(row.open, 1), knownAt })
  }
  const missing = dropped.filter((date) => !byDate.has(date))
  const shown = missing.slice(0, 5).join(', ')
  const more = missing.length > 5 ? ` and ${missing.length - 5} more` : ''
  return {
    history: { ...pair, rates: [...byDate.values()].sort((a, b) => (a.date < b.date ? -1 : 1)) },
    notes:
      missing.length === 0
        ? []
        : [`Yahoo, ${rateSymbol(pair.base, pair.currency)}: days without a rate dropped: ${shown}${more}.`],
  }
}

/** Whether a new rate has been published between two moments. */
export function newRateBetween(before: string, now: string): boolean {
  return dateIn(before, LONDON) !== dateIn(now, LONDON)
}
