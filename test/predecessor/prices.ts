import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One day of an invented price: `[open, close]`, or more. A day that is left out is a day without a bar. */
export type Day = {
  readonly open: number
  readonly close: number
  readonly high?: number
  readonly low?: number
  readonly dividend?: number
  readonly split?: number
}
/** By symbol, then by date. */
export type Prices = Readonly<Record<string, Readonly<Record<string, Day>>>>

/** Writes `SYMBOL.csv` files as a user would, and gives the folder back. */
export function writePrices(folder: string, prices: Prices): string {
  mkdirSync(folder, { recursive: true })
  for (const [symbol, days] of Object.entries(prices)) {
    const rows = Object.entries(days)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([date, { open, close, high = Math.max(open, close), low = Math.min(open, close), dividend, split }]) =>
        [date, open, high, low, close, 1000, dividend ?? 0, split ?? 1].join(','),
      )
    const text = ['date,open,high,low,close,volume,dividend,split', ...rows].join('\n')
    writeFileSync(join(folder, `${encodeURIComponent(symbol)}.csv`), `${text}\n`)
  }
  return folder
}

/** The rows of a price file as they stand there: date, then numbers by column. */
export function readRows(
  folder: string,
  symbol: string,
): readonly (Readonly<Record<string, number>> & { date: string })[] {
  const text = readFileSync(join(folder, `${encodeURIComponent(symbol)}.csv`), 'utf8').trim()
  const [header = '', ...lines] = text.split('\n')
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    const numbers = Object.fromEntries(names.slice(1).map((name, i) => [name, Number(cells[i + 1])]))
    return Object.assign(numbers, { date: cells[0]! })
  })
}

/** The same price on every date. */
export function flat(dates: readonly string[], price: number): Record<string, Day> {
  return Object.fromEntries(dates.map((date) => [date, { open: price, close: price }]))
}

/** A price that closes as given, date by date, and opens at the close before. */
export function closing(dates: readonly string[], closes: readonly number[]): Record<string, Day> {
  return Object.fromEntries(dates.map((date, i) => [date, { open: closes[Math.max(0, i - 1)]!, close: closes[i]! }]))
}

/** Monday to Friday from one date to another, less the days named. */
export function weekdays(from: string, to: string, without: readonly string[] = []): readonly string[] {
  const dates: string[] = []
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000) {
    const day = new Date(at)
    const date = day.toISOString().slice(0, 10)
    if (day.getUTCDay() % 6 !== 0 && !without.includes(date)) dates.push(date)
  }
  return dates
}
