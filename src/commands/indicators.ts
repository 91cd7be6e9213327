import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { type CsvFile, parseCsvFile } from '../adapters/market/csv-file.ts'
import { InputError } from '../errors.ts'
import { type Features, featureColumns, featuresAt } from '../indicators/features.ts'
import { splitAdjusted } from '../indicators/splits.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { type WindowOptions, windowColumns, windowFields } from './indicator-windows.ts'

const bytesMax = 64 * 1024 * 1024
const rowsShown = 10

/**
 * `primer indicators FILE`: indicators of one asset at every close of its CSV bars (`-` is stdin).
 *
 * Splits in the file are applied as of each date: averages and bands are in the shares of their own row, so that no level knows
 * a later split and a file cut off at any row gives the same rows.
 *
 * @param options windows beside those of the contract: each adds a field such as `sma5`
 * @returns json: an object from date to `Features`, oldest first; text: the last ten dates
 */
export async function indicators(file: string, io: CommandIo, options: WindowOptions = {}): Promise<CommandResult> {
  const name = file === '-' ? 'stdin' : basename(file)
  const parsed = parseCsvFile(file === '-' ? await io.readStdin() : await readBytes(file), name)
  refuseFaults(parsed)
  for (const note of parsed.notes) io.say(`${name}: ${note}.`)
  const { bars, splits } = parsed
  if (bars.length === 0) throw new InputError(`${name}: no row has prices, so there is nothing to compute`)
  const ratios = new Float64Array(bars.length).fill(1)
  for (const split of splits) {
    // A split on a day without a bar is in force at the next one; after the last bar it changes nothing here.
    const index = bars.findIndex((bar) => bar.date >= split.date)
    if (index >= 0) ratios[index]! *= split.ratio
  }
  const adjustedOf = (prices: (bar: (typeof bars)[number]) => number) =>
    splitAdjusted(Float64Array.from(bars, prices), ratios)
  const adjusted = adjustedOf((bar) => bar.close)
  if (ratios.some((ratio, index) => index > 0 && ratio !== 1)) {
    io.say(`${name}: closes before a split are divided by it; averages and bands are in the shares of their own date.`)
  }
  const columns = featureColumns(adjusted)
  const rows = bars.map((bar, index): [IsoDate, Features] => [bar.date, featuresAt(columns, index)])
  const own = windowColumns(options, {
    high: adjustedOf((bar) => bar.high),
    low: adjustedOf((bar) => bar.low),
    close: adjusted,
  })
  let later = 1
  for (let index = rows.length - 1; index >= 0; index--) {
    if (later !== 1) rows[index]![1] = inShares(rows[index]![1], later)
    if (own.length > 0) rows[index]![1] = { ...rows[index]![1], ...windowFields(own, index, later) }
    later *= ratios[index]!
  }
  return { text: renderTable(rows.slice(-rowsShown)), json: Object.fromEntries(rows) }
}

/** Price levels in shares of which `ratio` later ones make one. */
function inShares(row: Features, ratio: number): Features {
  const level = (value: number | null) => (value === null ? null : value * ratio)
  const { lower, middle, upper, percentB } = row.bollinger20
  return {
    ...row,
    sma20: level(row.sma20),
    sma50: level(row.sma50),
    sma200: level(row.sma200),
    bollinger20: { lower: level(lower), middle: level(middle), upper: level(upper), percentB },
  }
}

function refuseFaults({ faults }: CsvFile): void {
  const more = faults.count - faults.first.length
  if (faults.count > 0) throw new InputError(more > 0 ? [...faults.first, `and ${more} more`] : faults.first)
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new InputError(`${path} is a directory; name one CSV file of bars, or - for stdin`)
    if (found.size > bytesMax) throw new InputError(`${path} is larger than 64 MB; daily bars take far less`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof InputError) throw error
    const code = (error as NodeJS.ErrnoException).code
    const wrong = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new InputError(`${path} ${wrong}; name a CSV file of bars, or - for stdin`, { cause: error })
  }
}

const level = (value: number | null): string => (value === null ? '-' : value.toFixed(value < 10 ? 4 : 2))
const plain = (value: number | null): string => (value === null ? '-' : value.toFixed(2))
const pct = (value: number | null): string => (value === null ? '-' : `${(100 * value).toFixed(2)}%`)

/** One line per date under a header, columns aligned to the right; what is not known is a dash. */
function renderTable(rows: readonly (readonly [IsoDate, Features])[]): string {
  const header = [
    'date',
    'return',
    'SMA 20',
    'SMA 50',
    'SMA 200',
    'RSI 14',
    'lower',
    'upper',
    '%B',
    'vol 20',
    'drawdown',
  ]
  const lines = rows.map(([date, row]) => [
    date,
    pct(row.dailyReturn),
    level(row.sma20),
    level(row.sma50),
    level(row.sma200),
    plain(row.rsi14),
    level(row.bollinger20.lower),
    level(row.bollinger20.upper),
    plain(row.bollinger20.percentB),
    pct(row.volatility20),
    pct(row.drawdown),
  ])
  const table = [header, ...lines]
  const widths = header.map((_, column) => Math.max(...table.map((line) => line[column]!.length)))
  return table.map((line) => line.map((cell, column) => cell.padStart(widths[column]!)).join('  ')).join('\n')
}
