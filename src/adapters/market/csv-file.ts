import { CsvError, parse } from 'csv-parse/sync'
import type { Bar, Dividend, Split } from '../../market/bar.ts'
import { isDate } from '../../market/calendar.ts'
import type { IsoDate } from '../../units.ts'

/** Everything one file says, or everything that is wrong with it. */
export type CsvFile = {
  readonly file: string
  readonly bars: readonly Bar[]
  readonly dividends: readonly Dividend[]
  readonly splits: readonly Split[]
  /** What a reader must know, without the name of the file: ignored columns, rows without prices. */
  readonly notes: readonly string[]
  readonly faults: Faults
}

/** The first faults in words, and how many there are: a file of a million bad lines must not fill the memory. */
export type Faults = { readonly first: readonly string[]; readonly count: number }

export const faultsShown = 50

const required = ['date', 'open', 'high', 'low', 'close', 'volume'] as const
const optional = ['dividend', 'split'] as const
const prices = ['open', 'high', 'low', 'close'] as const
type Column = (typeof required)[number] | (typeof optional)[number]
type Cells = Readonly<Record<Column, string>>
type Report = (line: number, column: Column, wrong: string) => void

/** Vendors cut prices to some digits, each on its own, so that a close may lie above the high by the last of them. */
const rounding = 1e-6

/**
 * Reads `date,open,high,low,close,volume[,dividend,split]`: columns in any order, capitals or not, others ignored with a note;
 * with or without a byte order mark, any line ends. Oldest row first. A row whose four prices are empty is a day without a bar.
 * Dividends of 0 or nothing and splits of 1 or nothing are none.
 *
 * @param bytes the file's content
 * @param file its name, for the messages
 */
export function parseCsvFile(bytes: Uint8Array | string, file: string): CsvFile {
  const first: string[] = []
  let count = 0
  const fault = (sentence: string) => {
    count++
    if (first.length < faultsShown) first.push(`${file}${sentence}`)
  }
  const table = new Table((line, column, wrong) => fault(` line ${line}, column ${column}: ${wrong}`))
  let header: Header | null = null
  try {
    parse(Buffer.from(bytes), {
      bom: true,
      trim: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: 100_000,
      on_record: (cells: readonly string[], { lines }) => {
        if (cells.length === 1 && cells[0] === '') return null
        if (header === null) {
          header = readHeader(cells)
          for (const wrong of header.faults) fault(` line ${lines}: ${wrong}`)
        } else if (header.faults.length === 0) {
          if (cells.length === header.width) table.read(header.pick(cells), lines)
          else fault(` line ${lines}: ${cells.length} cells where the header names ${header.width} columns`)
        }
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    fault(`: ${error.message}; mend that line`)
  }
  // The compiler does not see that the callback above assigned it.
  const found = header as Header | null
  if (count === 0 && found === null) fault(`: the file is empty; its first line must be ${[...required, ...optional]}`)
  return { file, ...table.contents(found?.ignored ?? []), faults: { first, count } }
}

type Header = {
  readonly width: number
  readonly ignored: readonly string[]
  readonly faults: readonly string[]
  readonly pick: (cells: readonly string[]) => Cells
}

function readHeader(cells: readonly string[]): Header {
  const names = cells.map((cell) => cell.toLowerCase())
  const known: readonly string[] = [...required, ...optional]
  const missing = required.filter((name) => !names.includes(name))
  const faults = missing.map((name) => `column ${name} is missing; the header reads ${quoted(cells.join(','))}`)
  for (const name of known) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`column ${name} is there twice; keep one`)
  }
  const at = Object.fromEntries(known.map((name) => [name, names.indexOf(name)])) as Record<Column, number>
  // A column that is absent has the index -1, and reads as empty.
  const pick = (row: readonly string[]): Cells => ({
    date: row[at.date] ?? '',
    open: row[at.open] ?? '',
    high: row[at.high] ?? '',
    low: row[at.low] ?? '',
    close: row[at.close] ?? '',
    volume: row[at.volume] ?? '',
    dividend: row[at.dividend] ?? '',
    split: row[at.split] ?? '',
  })
  return { width: cells.length, ignored: names.filter((name) => !known.includes(name)), faults, pick }
}

/** Collects rows in the order of the file and holds each against the one before. */
class Table {
  rows = 0
  readonly #report: Report
  readonly #bars: Bar[] = []
  readonly #dividends: Dividend[] = []
  readonly #splits: Split[] = []
  readonly #withoutPrices: IsoDate[] = []
  readonly #widened: IsoDate[] = []
  readonly #lineOf = new Map<IsoDate, number>()
  #previous: IsoDate = ''

  constructor(report: Report) {
    this.#report = report
  }

  read(cells: Cells, line: number): void {
    this.rows++
    const { date } = cells
    this.#readDate(date, line)
    const wrong = (column: Column, because: string) => this.#report(line, column, because)
    const dividend = cells.dividend === '' ? 0 : numberIn(cells, 'dividend', wrong)
    if (dividend !== null && dividend < 0)
      wrong('dividend', `${dividend} is negative; a dividend is paid to the holder`)
    if (dividend !== null && dividend > 0) this.#dividends.push({ date, amount: dividend })
    const split = cells.split === '' ? 1 : numberIn(cells, 'split', wrong)
    if (split !== null && split <= 0)
      wrong('split', `${split} is not above zero; 2 is two new shares for one, 1 is none`)
    if (split !== null && split > 0 && split !== 1) this.#splits.push({ date, ratio: split })
    if (prices.every((name) => cells[name] === '')) {
      this.#withoutPrices.push(date)
      return
    }
    const bar = readBar(cells, wrong)
    if (bar === null) return
    const { high, low, open, close } = bar
    const within = { ...bar, high: Math.max(high, low, open, close), low: Math.min(high, low, open, close) }
    if (within.high !== high || within.low !== low) this.#widened.push(date)
    this.#bars.push(within)
  }

  #readDate(date: IsoDate, line: number): void {
    if (!isDate(date)) {
      this.#report(line, 'date', `${quoted(date)} is not a date; write YYYY-MM-DD`)
      return
    }
    const before = this.#lineOf.get(date)
    if (before !== undefined) this.#report(line, 'date', `${date} is already on line ${before}; keep one of them`)
    else if (date < this.#previous) {
      this.#report(line, 'date', `${date} comes after ${this.#previous}; sort the rows, oldest first`)
    }
    if (before === undefined) this.#lineOf.set(date, line)
    this.#previous = date
  }

  contents(ignored: readonly string[]): Omit<CsvFile, 'file' | 'faults'> {
    const notes: string[] = []
    if (ignored.length > 0) notes.push(`column ${ignored.map(quoted).join(', ')} is not known and was ignored`)
    const { length } = this.#withoutPrices
    if (length > 0) {
      notes.push(
        `${length === 1 ? '1 row' : `${length} rows`} without prices: no bar on ${someOf(this.#withoutPrices)}`,
      )
    }
    if (this.#widened.length > 0) {
      notes.push(`high or low moved by a rounding error to hold open and close on ${someOf(this.#widened)}`)
    }
    return { bars: this.#bars, dividends: this.#dividends, splits: this.#splits, notes }
  }
}

/** The row's bar, or null once every fault in it is told. */
function readBar(cells: Cells, wrong: (column: Column, because: string) => void): Bar | null {
  const [open, high, low, close] = prices.map((name) => {
    const price = numberIn(cells, name, wrong)
    if (price === null || price > 0) return price
    wrong(name, `${price} is not a price; prices are above zero, and a day without a trade has empty ones`)
    return null
  }) as [number | null, number | null, number | null, number | null]
  const volume = numberIn(cells, 'volume', wrong)
  if (volume !== null && volume < 0) wrong('volume', `${volume} is negative`)
  if (open === null || high === null || low === null || close === null || volume === null || volume < 0) return null
  if (high < low * (1 - rounding)) {
    wrong('high', `${high} is below the low of ${low}`)
    return null
  }
  const beyond = (price: number) => price > high * (1 + rounding) || price < low * (1 - rounding)
  if (beyond(open)) wrong('open', `${open} lies outside low ${low} to high ${high}`)
  if (beyond(close)) wrong('close', `${close} lies outside low ${low} to high ${high}`)
  return { date: cells.date, open, high, low, close, volume }
}

function numberIn(cells: Cells, column: Column, wrong: (column: Column, because: string) => void): number | null {
  const cell = cells[column]
  if (cell === '') {
    wrong(
      column,
      column === 'volume' ? 'is empty; write 0 where it is not known' : 'is empty while others of the row are not',
    )
    return null
  }
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : Number.NaN
  if (Number.isFinite(value)) return value
  wrong(column, `${quoted(cell)} is not a number; write digits with a point, such as 1234.5`)
  return null
}

/** Text of a file inside a sentence: short, on one line, its control characters escaped. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}

/** The first few of a list in words. Example: someOf(['a', 'b', 'c', 'd']) -> 'a, b, c and 1 more' */
export function someOf(items: readonly string[], shown = 3): string {
  const rest = items.length - shown
  return items.slice(0, shown).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
