import type { Fill } from '../portfolio/holdings.ts'
import { sharpeSample, sharpeStandardError } from '../statistics/inference.ts'
import { moments } from '../statistics/moments.ts'
import type { IsoDate } from '../units.ts'

// Everything here is made of the run's own equity at its own closes: never of today's weights applied to the past.

/** Fraction below the highest value so far, zero or more. Example: [100, 110, 99] -> [0, 0, 0.1] */
export function drawdowns(equity: ArrayLike<number>): readonly number[] {
  let peak = 0
  return Array.from(equity, (value) => {
    peak = Math.max(peak, value)
    return 1 - value / peak
  })
}

export type YearOfReturns = {
  readonly year: string
  /** January first; null where the run has no session. */
  readonly months: readonly (number | null)[]
  readonly total: number
}

/**
 * Net return of each month and year. A month starts where the one before ended, the first one with the initial capital, so
 * that no day is missing and all months compound to the total.
 */
export function monthlyReturns(dates: readonly IsoDate[], equity: ArrayLike<number>): readonly YearOfReturns[] {
  const ends = new Map<string, number>()
  for (const [t, date] of dates.entries()) ends.set(date.slice(0, 7), equity[t]!)
  const years = new Map<string, { months: (number | null)[]; start: number; end: number }>()
  let start = equity[0]!
  for (const [month, end] of ends) {
    const name = month.slice(0, 4)
    const year = years.get(name) ?? { months: new Array<number | null>(12).fill(null), start, end }
    year.months[Number(month.slice(5)) - 1] = end / start - 1
    year.end = end
    years.set(name, year)
    start = end
  }
  return [...years].map(([year, { months, start, end }]) => ({ year, months, total: end / start - 1 }))
}

export type DayReturn = { readonly date: IsoDate; readonly change: number }

/** The best and the worst session by its own return; null without two closes. */
export function extremeDays(
  dates: readonly IsoDate[],
  equity: ArrayLike<number>,
): { readonly best: DayReturn; readonly worst: DayReturn } | null {
  if (equity.length < 2) return null
  const days = dates.slice(1).map((date, t) => ({ date, change: equity[t + 1]! / equity[t]! - 1 }))
  const first = days[0]!
  return {
    best: days.reduce((best, day) => (day.change > best.change ? day : best), first),
    worst: days.reduce((worst, day) => (day.change < worst.change ? day : worst), first),
  }
}

export type RollingSharpe = {
  /** Number of returns in each window. */
  readonly window: number
  /** One for each close; null before the window is full, or where its returns do not vary. */
  readonly sharpe: readonly (number | null)[]
  readonly low: readonly (number | null)[]
  readonly high: readonly (number | null)[]
}

/**
 * Annualized Sharpe ratio of the last `window` returns at each close, cash at 0, with its 95 % interval: the ratio and 1.96
 * standard errors to each side.
 *
 * Source of the standard error: Bailey & Lopez de Prado, Journal of Risk 15(2), 2012, equation 9.
 */
export function rollingSharpe(returns: readonly number[], window: number, periodsPerYear = 252): RollingSharpe {
  const none: (number | null)[] = new Array(returns.length + 1).fill(null)
  const sharpe = [...none]
  const low = [...none]
  const high = [...none]
  const annual = Math.sqrt(periodsPerYear)
  for (let end = window; end <= returns.length; end++) {
    const sample = sharpeSample(moments(returns.slice(end - window, end)))
    if ('because' in sample) continue
    const reach = 1.96 * sharpeStandardError(sample)
    sharpe[end] = sample.sharpe * annual
    low[end] = (sample.sharpe - reach) * annual
    high[end] = (sample.sharpe + reach) * annual
  }
  return { window, sharpe, low, high }
}

/**
 * Turnover of each month: the sum over its sessions of half the absolute traded value over the equity of the close before.
 *
 * @returns every month of the run, those without a trade at 0
 */
export function turnoverByMonth(
  dates: readonly IsoDate[],
  equity: ArrayLike<number>,
  fills: readonly Pick<Fill, 'date' | 'quantity' | 'price' | 'rate'>[],
): readonly { readonly month: string; readonly turnover: number }[] {
  const months = new Map(dates.map((date) => [date.slice(0, 7), 0]))
  const indexOf = new Map(dates.map((date, t) => [date, t]))
  for (const { date, quantity, price, rate } of fills) {
    const traded = Math.abs(quantity * price * rate)
    const month = date.slice(0, 7)
    months.set(month, months.get(month)! + traded / 2 / equity[indexOf.get(date)! - 1]!)
  }
  return [...months].map(([month, turnover]) => ({ month, turnover }))
}
