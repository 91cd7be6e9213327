import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { CsvError, parse } from 'csv-parse/sync'
import { z } from 'zod'
import { openJournal } from '../adapters/database/journal.ts'
import { CatalystKind } from '../catalysts/kinds.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import { textNotes } from '../catalysts/text-notes.ts'
import type { Config } from '../config.ts'
import { InputError } from '../errors.ts'
import { SignalMemory } from '../journal/signal-memory.ts'
import { isDate } from '../market/calendar.ts'
import { Instant } from '../units.ts'
import { Faults } from './signal-file.ts'

/** Signals with what a reader must know of where they come from. */
export type SignalSet = {
  readonly signals: readonly StoredSignal[]
  /** Who extracted them: `baseline`, the model's name, or the file. */
  readonly extractor: string
  /** SHA-256 of the prompt, of the keywords' version, or of the file: part of what makes a trial. */
  readonly sha256: string
  readonly notes: readonly string[]
}

/**
 * The signals that the journal holds, by one extractor: the one asked for, else the model that read last, else the keywords.
 *
 * @throws InputError where there are none
 */
export async function journalSignals(config: Config, wanted?: 'model' | 'baseline'): Promise<SignalSet> {
  const journal = await openJournal(config.databaseUrl, { readOnly: true })
  try {
    const memory = new SignalMemory()
    for await (const entry of journal.read({ book: 'catalysts', kinds: ['item', 'extraction'] })) {
      if (entry.kind === 'item' || entry.kind === 'extraction') memory.add(entry)
    }
    const readers = memory.readers
      .filter(({ model }) => wanted === undefined || wanted === (model === null ? 'baseline' : 'model'))
      .toSorted((a, b) => a.latest - b.latest)
    const reader = readers.findLast(({ model }) => model !== null) ?? readers.at(-1)
    if (reader === undefined) {
      throw new InputError(
        'the journal holds no signals yet: primer run ingest [--items FILE] brings texts in, primer run extract reads them',
      )
    }
    const { model, how, signals } = reader
    const extractor = model ?? 'baseline'
    return {
      signals,
      extractor,
      sha256: model === null ? createHash('sha256').update(how).digest('hex') : how,
      notes: textNotes(extractor, memory.texts),
    }
  } finally {
    await journal.close()
  }
}

const bytesMost = 64 * 1024 * 1024

const Line = z
  .object({
    asset: z.string().min(1).max(40),
    kind: CatalystKind.default('other'),
    knownAt: z.string().optional(),
    date: z.string().optional(),
    value: z.number().min(-1).max(1).optional(),
    direction: z.number().min(-1).max(1).optional(),
    confidence: z.number().min(0).max(1).default(1),
  })
  .refine(({ value, direction }) => value !== undefined || direction !== undefined, 'names neither value nor direction')

/**
 * Signals from a file: CSV `date,asset,value[,kind][,confidence]`, or one JSON object a line of `asset, kind, knownAt (or date),
 * direction, confidence`. Values lie in [-1, 1]. A date without a time was known at the end of that day, UTC.
 *
 * @throws InputError listing every faulty line
 */
export async function fileSignals(path: string): Promise<SignalSet> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new InputError(`${path} cannot be read (${cause.code}); name a CSV file date,asset,value or a JSONL file`, {
      cause,
    })
  })
  if (bytes.length > bytesMost) throw new InputError(`${path} is larger than 64 MB; split it by date`)
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  const faults = new Faults()
  const lines = /^\s*\{/.test(text) ? jsonLines(text, path, faults) : csvLines(text, path, faults)
  const signals: StoredSignal[] = []
  for (const { number, value } of lines) {
    const signal = signalOf(value, (wrong) => faults.add(`${path} line ${number}: ${wrong}`))
    if (signal !== null) signals.push(signal)
  }
  if (!faults.any && signals.length === 0) faults.add(`${path}: there is no signal in it`)
  faults.throwIfAny()
  return {
    signals,
    extractor: path.split(/[\\/]/).at(-1) ?? path,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    notes: ['Signals come from a file: nothing here shows when they were known.'],
  }
}

type NumberedLine = { readonly number: number; readonly value: unknown }

function jsonLines(text: string, path: string, faults: Faults): NumberedLine[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (line.trim() === '') return []
    try {
      return [{ number: index + 1, value: JSON.parse(line) as unknown }]
    } catch {
      faults.add(`${path} line ${index + 1}: it is not JSON`)
      return []
    }
  })
}

function csvLines(text: string, path: string, faults: Faults): NumberedLine[] {
  // First of all: another separator or another file altogether shows in its header.
  const header = text
    .split(/\r\n|\n|\r/, 1)[0]!
    .split(',')
    .map((name) =>
      name
        .replace(/^\s*"|"\s*$/g, '')
        .trim()
        .toLowerCase(),
    )
  const missing = text.trim() === '' ? [] : ['date', 'asset', 'value'].filter((name) => !header.includes(name))
  if (missing.length > 0) {
    faults.add(
      `${path}: no column ${missing.join(', no column ')}; the header must be date,asset,value[,kind][,confidence], with commas`,
    )
    return []
  }
  let rows: { readonly record: Record<string, string>; readonly info: { readonly lines: number } }[]
  try {
    rows = parse(text, {
      columns: (header: string[]) => header.map((name) => name.trim().toLowerCase()),
      trim: true,
      skip_empty_lines: true,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
    }) as unknown as typeof rows
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    faults.add(`${path}: ${error.message}; mend that line`)
    return []
  }
  return rows.map(({ record, info }) => {
    const number = (name: string) =>
      record[name] === undefined || record[name] === '' ? undefined : Number(record[name])
    const kind = record.kind === '' ? undefined : record.kind
    return {
      number: info.lines,
      value: { asset: record.asset, date: record.date, kind, value: number('value'), confidence: number('confidence') },
    }
  })
}

function signalOf(value: unknown, complain: (wrong: string) => void): StoredSignal | null {
  const parsed = Line.safeParse(value)
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) complain(`${path.join('.') || 'the line'}: ${message}`)
    return null
  }
  const { asset, kind, confidence } = parsed.data
  const moment = parsed.data.knownAt ?? parsed.data.date ?? ''
  const knownAt = isDate(moment) ? `${moment}T23:59:59.999Z` : momentOf(moment)
  if (knownAt === null) {
    complain(`${JSON.stringify(moment.slice(0, 40))} is neither a date YYYY-MM-DD nor a moment in UTC`)
    return null
  }
  return { asset, kind, knownAt, score: (parsed.data.value ?? parsed.data.direction!) * confidence, entry: null }
}

function momentOf(text: string): Instant | null {
  if (!/^\d{4}-\d{2}-\d{2}T.*(Z|[+-]\d{2}:\d{2})$/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : (Instant.safeParse(new Date(ms).toISOString()).data ?? null)
}
