import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** One line of a price file. */
export type Line = {
  readonly date: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
  readonly dividend: number
  readonly split: number
}
/** Lines by symbol, oldest first. */
export type MarketLines = Readonly<Record<string, readonly Line[]>>

/** A line without dividend or split; prices are NaN on a day without trading. Example: line('2025-01-02', 10, 11) opens at 10 and closes at 11. */
export function line(date: string, open: number, close: number, more: Partial<Line> = {}): Line {
  const [low, high] = [Math.min(open, close), Math.max(open, close)]
  return { date, open, high, low, close, volume: 1000, dividend: 0, split: 1, ...more }
}

/** Writes `SYMBOL.csv` files as `csv:DIR` wants them, and gives the folder back. */
export function writeMarket(folder: string, market: MarketLines): string {
  mkdirSync(folder, { recursive: true })
  for (const [symbol, lines] of Object.entries(market)) {
    const body = lines.map(({ date, open, high, low, close, volume, dividend, split }) => {
      // Without an open there was no trading: the cells stay empty, and only a dividend or a split is told.
      const traded = Number.isNaN(open) ? ['', '', '', '', ''] : [open, high, low, close, volume]
      return [date, ...traded, dividend, split].join(',')
    })
    writeFileSync(
      join(folder, `${encodeURIComponent(symbol)}.csv`),
      `${['date,open,high,low,close,volume,dividend,split', ...body].join('\n')}\n`,
    )
  }
  return folder
}

/** The files of a folder as lines, to be changed and written elsewhere. */
export function readLines(folder: string): MarketLines {
  return Object.fromEntries(
    readdirSync(folder)
      .filter((file) => file.endsWith('.csv'))
      .map((file) => {
        const [, ...rows] = readFileSync(join(folder, file), 'utf8').trim().split('\n')
        const lines = rows.map((row) => {
          const [date = '', ...numbers] = row.split(',')
          const [open, high, low, close, volume, dividend, split] = numbers.map(Number)
          return { date, open, high, low, close, volume, dividend, split } as Line
        })
        return [decodeURIComponent(file.slice(0, -'.csv'.length)), lines]
      }),
  )
}

/** Uniform numbers in [0, 1) from a seed (mulberry32): the tests' own chance, not the program's. */
export function chance(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

const closedInNewYork = [
  ...['2024-01-15', '2024-02-19', '2024-03-29', '2024-05-27', '2024-06-19', '2024-07-04', '2024-09-02', '2024-11-28'],
  ...['2024-12-25', '2025-01-01', '2025-01-09', '2025-01-20', '2025-02-17', '2025-04-18', '2025-05-26', '2025-06-19'],
]
const closedInParis = [
  ...['2024-03-29', '2024-04-01', '2024-05-01', '2024-12-25', '2024-12-26', '2025-01-01', '2025-04-18', '2025-04-21'],
  '2025-05-01',
]

/** Monday to Friday from one date to another, less the days of the list. */
export function weekdays(from: string, to: string, without: readonly string[] = []): readonly string[] {
  const days: string[] = []
  for (let at = Date.parse(`${from}T00:00:00Z`); at <= Date.parse(`${to}T00:00:00Z`); at += 86_400_000) {
    const day = new Date(at)
    const date = day.toISOString().slice(0, 10)
    if (day.getUTCDay() % 6 !== 0 && !without.includes(date)) days.push(date)
  }
  return days
}

type Walker = {
  readonly exchange: 'XPAR' | 'XNYS'
  readonly start: number
  readonly volatility: number
  readonly dividends?: Readonly<Record<string, number>>
  readonly splits?: Readonly<Record<string, number>>
  readonly halts?: readonly (readonly [string, string])[]
}

/** Everything that goes wrong with prices in one and a half years: see the comments. */
const walkers: Readonly<Record<string, Walker>> = {
  SPY: { exchange: 'XNYS', start: 470, volatility: 0.02, dividends: { '2025-03-21': 1.7, '2025-06-20': 1.76 } },
  // Two for one, then eight old for one new on the first day back from a halt.
  SOXX: {
    exchange: 'XNYS',
    start: 220,
    volatility: 0.04,
    splits: { '2025-03-20': 2, '2025-05-15': 0.125 },
    halts: [['2025-05-13', '2025-05-14']],
  },
  TLT: {
    exchange: 'XNYS',
    start: 98,
    volatility: 0.012,
    dividends: Object.fromEntries(['02-03', '03-03', '04-01', '05-01', '06-02'].map((day) => [`2025-${day}`, 0.31])),
  },
  // A dividend in the middle of a halt.
  'MC.PA': {
    exchange: 'XPAR',
    start: 730,
    volatility: 0.025,
    dividends: { '2025-02-11': 5.5, '2025-04-28': 7.5 },
    halts: [['2025-02-10', '2025-02-12']],
  },
  // Halted for longer than orders wait, across the change of the tax, and meanwhile one new share for ten old ones.
  'AI.PA': {
    exchange: 'XPAR',
    start: 175,
    volatility: 0.015,
    splits: { '2025-04-03': 1.1 },
    halts: [['2025-03-27', '2025-04-08']],
  },
  // A dividend on the first day back.
  'OR.PA': {
    exchange: 'XPAR',
    start: 440,
    volatility: 0.02,
    dividends: { '2025-05-05': 7 },
    halts: [['2025-05-02', '2025-05-02']],
  },
  'AIR.PA': { exchange: 'XPAR', start: 140, volatility: 0.025, dividends: { '2025-04-22': 3 } },
}

const rateGaps = [...closedInParis.filter((date) => date !== '2025-04-18'), '2025-03-12', '2025-05-16']

/** Prices that nobody saw, of seven instruments in Paris and New York, 2024-01-02 to 2025-06-30. */
export function troubledMarket(seed: number): MarketLines {
  const random = chance(seed)
  const cents = (price: number) => Math.max(0.01, Math.round(price * 100) / 100)
  const shake = (volatility: number) => Math.exp(volatility * (random() + random() + random() - 1.5) * 2)
  const market: Record<string, Line[]> = {}
  for (const [symbol, walker] of Object.entries(walkers)) {
    let price = walker.start
    const lines: Line[] = []
    for (const date of weekdays(
      '2024-01-02',
      '2025-06-30',
      walker.exchange === 'XPAR' ? closedInParis : closedInNewYork,
    )) {
      const split = walker.splits?.[date] ?? 1
      const open = cents((price / split) * shake(walker.volatility / 2))
      price = cents(open * shake(walker.volatility))
      const dividend = walker.dividends?.[date] ?? 0
      const isHalted = walker.halts?.some(([first, last]) => date >= first && date <= last) === true
      if (isHalted && dividend === 0 && split === 1) continue
      lines.push(line(date, isHalted ? Number.NaN : open, isHalted ? Number.NaN : price, { dividend, split }))
    }
    market[symbol] = lines
  }
  // The rate is published on days when the European exchanges are open, here not on two more, and once on a day without sessions.
  let rate = 1.09
  market['EURUSD=X'] = weekdays('2024-01-02', '2025-06-30', rateGaps).map((date) => {
    rate = Math.round(rate * shake(0.004) * 1e4) / 1e4
    return line(date, rate, rate, { volume: 0 })
  })
  return market
}
