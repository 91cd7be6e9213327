import { CsvError, parse } from 'csv-parse/sync'
import { isDate } from '../market/calendar.ts'

export type ReturnsTable = { readonly returns?: readonly number[]; readonly benchmark?: readonly number[] }

const columnNames = new Map<string, 'date' | 'returns' | 'benchmark'>([
  ['date', 'date'],
  ['return', 'returns'],
  ['returns', 'returns'],
  ['benchmark', 'benchmark'],
])
/** After so many the rest of the table is not read. */
const faultsMost = 200

/**
 * Reads one column of returns, or `date,return[,benchmark]`, oldest first; the header may be left out of either.
 *
 * @param name of the file, for the messages
 * @param faults what is wrong is added here, one sentence each
 * @returns the columns of numbers by name, or null when there is no telling the columns apart
 */
export function parseReturnsCsv(name: string, text: string, faults: string[]): ReturnsTable | null {
  const rows = records(name, text, faults)
  if (rows === null) return null
  const header = headerOf(rows[0]!.cells)
  const columns = header ?? (rows[0]!.cells.length === 1 ? ['returns'] : ['date', 'returns', 'benchmark'])
  const names = columns.slice(0, header === null ? rows[0]!.cells.length : undefined)
  const kinds = names.map((column) => columnNames.get(column.toLowerCase()))
  if (
    kinds.includes(undefined) ||
    !kinds.includes('returns') ||
    new Set(kinds).size < kinds.length ||
    rows[0]!.cells.length > 3
  ) {
    faults.push(
      `${name}: the columns are ${shown(rows[0]!.cells.join(','))}; give one column of returns, or date,return[,benchmark]`,
    )
    return null
  }
  const found: Record<string, number[]> = Object.fromEntries(kinds.map((kind) => [kind, []]))
  let previous = ''
  for (const { cells, line } of header === null ? rows : rows.slice(1)) {
    if (faults.length > faultsMost) break
    if (cells.length !== kinds.length) {
      faults.push(`${name} line ${line}: ${cells.length} cells where ${kinds.length} are expected`)
      continue
    }
    for (const [index, kind] of kinds.entries()) {
      if (kind !== 'date') {
        const value = cellValue(cells[index]!)
        if (typeof value !== 'number') {
          faults.push(`${name} line ${line}: ${shown(value)} is no number; returns are fractions, 0.01 for 1 %`)
        }
        // A zero holds the place, so that what follows is counted right.
        found[kind!]!.push(typeof value === 'number' ? value : 0)
      } else {
        const date = cells[index]!
        if (!isDate(date)) faults.push(`${name} line ${line}: ${shown(date)} is no date such as 2026-11-20`)
        else if (date <= previous)
          faults.push(`${name} line ${line}: ${date} does not follow ${previous}; oldest first`)
        else previous = date
      }
    }
  }
  const { date: _, ...series } = found
  return series
}

type Row = { readonly cells: readonly string[]; readonly line: number }

function records(name: string, text: string, faults: string[]): readonly Row[] | null {
  try {
    const rows: Row[] = []
    parse(text, {
      trim: true,
      relax_column_count: true,
      skip_empty_lines: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      max_record_size: 10_000,
      on_record: (cells: readonly string[], { lines }) => {
        rows.push({ cells, line: lines })
        return null
      },
    })
    return rows
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    faults.push(`${name}: ${error.message}; mend that line`)
    return null
  }
}

/** The first row if it names columns: no cell of it is a number or a date. */
function headerOf(cells: readonly string[]): readonly string[] | null {
  return cells.every((cell) => typeof cellValue(cell) === 'string' && !isDate(cell) && !/^-?(nan|inf)/i.test(cell))
    ? cells
    : null
}

/** A number where the cell is one; else the text itself, which is then refused with its place. */
export function cellValue(cell: string): unknown {
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(cell) ? Number(cell) : cell
}

/** A value from outside, short enough for a message. */
export function shown(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (value === undefined) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  return text.length > 40 ? `${text.slice(0, 37)}...` : text
}
