import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import { InputError } from '../errors.ts'
import { isDate } from '../market/calendar.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo } from './command.ts'

const bytesMax = 64 * 1024 * 1024
const faultsShown = 50

/** Everything that is wrong with what was given, gathered from file, options and market before anything is refused. */
export class Faults {
  readonly #first: string[] = []
  #count = 0

  add(sentence: string): void {
    this.#count++
    if (this.#first.length < faultsShown) this.#first.push(sentence)
  }

  get any(): boolean {
    return this.#count > 0
  }

  /** Takes over what another part refused; anything but an InputError is thrown on. */
  take(error: unknown): void {
    if (!(error instanceof InputError)) throw error
    for (const fault of error.faults) this.add(fault)
  }

  throwIfAny(): void {
    const more = this.#count - this.#first.length
    if (this.#count > 0) throw new InputError(more > 0 ? [...this.#first, `and ${more} more`] : this.#first)
  }
}

/** A row whose date and asset can be read; what else is wrong with it is among the faults already. */
export type SignalRow = {
  readonly line: number
  readonly date: IsoDate
  readonly asset: string
  /** NaN where the file has no such column. */
  readonly value: number
  /** Empty where the file names none. */
  readonly group: string
}

export type SignalFile = {
  readonly name: string
  readonly rows: readonly SignalRow[]
  readonly notes: readonly string[]
}

/**
 * Reads `date,asset,value` or `date,asset[,group]`: columns in any order, capitals or not, others ignored with a note; with or
 * without a byte order mark, any line ends. Rows go by date, or asset by asset with dates rising within each.
 *
 * @param path of a file, or - for stdin
 * @param kind which third column is expected
 * @param faults receives everything that is wrong
 */
export async function readSignalFile(
  path: string,
  kind: 'value' | 'group',
  { io, faults }: { readonly io: CommandIo; readonly faults: Faults },
): Promise<SignalFile> {
  const name = path === '-' ? 'stdin' : basename(path)
  const text = path === '-' ? await io.readStdin() : await readBytes(path, kind === 'value' ? '--signals' : '--events')
  const rows: SignalRow[] = []
  const notes: string[] = []
  const before = faults.any
  let header: Header | null = null
  let lines = 0
  try {
    parse(Buffer.from(text), {
      bom: true,
      trim: true,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: 100_000,
      on_record: (cells: readonly string[], { lines: line }) => {
        if (cells.length === 1 && cells[0] === '') return null
        if (header === null) {
          header = readHeader(cells, kind)
          for (const wrong of header.faults) faults.add(`${name} line ${line}: ${wrong}`)
          if (header.ignored.length > 0) {
            notes.push(`${name}: column ${header.ignored.map(quoted).join(', ')} is not known and was ignored.`)
          }
        } else if (header.faults.length === 0) {
          lines++
          if (cells.length !== header.width) {
            faults.add(`${name} line ${line}: ${cells.length} cells where the header names ${header.width} columns`)
          } else {
            const row = readRow(cells, header, line, (wrong) => faults.add(`${name} line ${line}, column ${wrong}`))
            if (row !== null) rows.push(row)
          }
        }
        return null
      },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    faults.add(`${name}: ${error.message}; mend that line`)
  }
  if (!faults.any && !before) {
    const columns = kind === 'value' ? 'date,asset,value' : 'date,asset[,group]'
    if (header === null) faults.add(`${name}: the file is empty; its first line must be ${columns}`)
    else if (lines === 0) faults.add(`${name}: there is a header and no row below it`)
  }
  checkOrder(rows, name, faults)
  return { name, rows, notes }
}

async function readBytes(path: string, option: string): Promise<Uint8Array> {
  try {
    const found = await stat(path)
    if (found.isDirectory()) throw new InputError(`${option} ${path} is a directory; name one CSV file, or - for stdin`)
    if (found.size > bytesMax) throw new InputError(`${option} ${path} is larger than 64 MB; split it by date`)
    return await readFile(path)
  } catch (error) {
    if (error instanceof InputError) throw error
    const code = (error as NodeJS.ErrnoException).code
    const wrong = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`
    throw new InputError(`${option} ${path} ${wrong}; name a CSV file, or - for stdin`, { cause: error })
  }
}

type Header = {
  readonly width: number
  readonly at: Readonly<Record<'date' | 'asset' | 'value' | 'group', number>>
  readonly ignored: readonly string[]
  readonly faults: readonly string[]
}

function readHeader(cells: readonly string[], kind: 'value' | 'group'): Header {
  const names = cells.map((cell) => cell.toLowerCase())
  const required = kind === 'value' ? ['date', 'asset', 'value'] : ['date', 'asset']
  const known = ['date', 'asset', kind]
  const missing = required.filter((name) => !names.includes(name))
  const faults = missing.map((name) => `column ${name} is missing; the header reads ${quoted(cells.join(','))}`)
  for (const name of known) {
    if (names.indexOf(name) !== names.lastIndexOf(name)) faults.push(`column ${name} is there twice; keep one`)
  }
  const place = (name: string) => (known.includes(name) ? names.indexOf(name) : -1)
  return {
    width: cells.length,
    at: { date: place('date'), asset: place('asset'), value: place('value'), group: place('group') },
    ignored: names.filter((name) => !known.includes(name)),
    faults,
  }
}

function readRow(
  cells: readonly string[],
  { at }: Header,
  line: number,
  wrong: (what: string) => void,
): SignalRow | null {
  // A column that is absent has the index -1, and reads as empty.
  const [date, asset, text, group] = [at.date, at.asset, at.value, at.group].map((index) => cells[index] ?? '')
  let value = Number.NaN
  if (at.value >= 0) {
    value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text!) ? Number(text) : Number.NaN
    if (text === '') wrong('value: is empty; leave out rows without a signal')
    else if (!Number.isFinite(value))
      wrong(`value: ${quoted(text!)} is not a finite number; write digits with a point, such as -0.25`)
  }
  const dateFits = isDate(date!)
  if (!dateFits) wrong(`date: ${quoted(date!)} is not a date that exists; write YYYY-MM-DD`)
  const assetFits = asset !== '' && asset!.length <= 64 && !/\p{C}/u.test(asset!)
  if (!assetFits) wrong(`asset: ${quoted(asset!)} is not a symbol; write it as the market does, for example MC.PA`)
  const groupFits = group!.length <= 64 && !/\p{C}/u.test(group!)
  if (!groupFits) wrong(`group: ${quoted(group!)} is not a name of at most 64 ordinary characters`)
  return dateFits && assetFits && groupFits ? { line, date: date!, asset: asset!, value, group: group! } : null
}

/** By date, or asset by asset: anything else is a file put together wrongly, and a row may be dated wrongly. */
function checkOrder(rows: readonly SignalRow[], name: string, faults: Faults): void {
  const seen = new Map<string, number>()
  for (const { line, date, asset } of rows) {
    const key = `${date} ${asset}`
    const first = seen.get(key)
    if (first === undefined) seen.set(key, line)
    else faults.add(`${name} line ${line}: ${asset} on ${date} was there already, on line ${first}; keep one`)
  }
  const backwards = rows.filter((row, i) => i > 0 && row.date < rows[i - 1]!.date)
  if (backwards.length === 0 || isAssetByAsset(rows)) return
  for (const { line, date } of backwards) {
    faults.add(
      `${name} line ${line}: ${date} is earlier than the row before; sort the rows by date, or by asset and date`,
    )
  }
}

function isAssetByAsset(rows: readonly SignalRow[]): boolean {
  const done = new Set<string>()
  return rows.every((row, i) => {
    const last = rows[i - 1]
    if (last !== undefined && last.asset === row.asset) return row.date >= last.date
    if (last !== undefined) done.add(last.asset)
    return !done.has(row.asset)
  })
}

/** Text of a file inside a sentence: short, on one line, its control characters escaped. */
function quoted(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
}
