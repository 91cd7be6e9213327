import { type ChainRow, followed, genesis, type Link, type StoredRow } from '../../journal/chain.ts'
import type { Entry, EntryKind } from '../../journal/entry.ts'
import type { Instant } from '../../units.ts'
import { entryOf } from './rows.ts'
import { guarded, type Store } from './store.ts'
import { brokenJournal, storedRows } from './verify.ts'

export type EntryFilter = {
  readonly book?: string
  readonly kinds?: readonly EntryKind[]
  readonly fromSeq?: number
  readonly toSeq?: number
  /** These entries and no others; with it, only `book` and `kinds` are looked at. */
  readonly seqs?: readonly number[]
  readonly fromAt?: Instant
  /** Up to but not including. */
  readonly beforeAt?: Instant
  /** The first so many that match. */
  readonly limit?: number
  /** The last so many that match, oldest first. */
  readonly latest?: number
}

const pageSize = 250

/** Entries in order, a page at a time; each is checked before it is handed out. */
export function readEntries(store: Store, filter: EntryFilter): AsyncGenerator<Entry> {
  const { book, kinds, seqs, fromAt, beforeAt, latest } = filter
  const picked = [book, kinds, seqs, fromAt, beforeAt, latest].some((part) => part !== undefined)
  return picked ? readPicked(store, filter) : readRange(store, filter)
}

/** Entries without a gap: each must also continue the one before it. */
async function* readRange(store: Store, filter: EntryFilter): AsyncGenerator<Entry> {
  let next = filter.fromSeq ?? 1
  let last: Link | undefined = next <= 1 ? genesis : undefined
  let left = filter.limit ?? Number.POSITIVE_INFINITY
  while (left > 0) {
    const page = await guarded(store, 'reading', async () => {
      const query = storedRows(store).where('entries.seq', '>=', next).orderBy('entries.seq')
      const { toSeq } = filter
      const bounded = toSeq === undefined ? query : query.where('entries.seq', '<=', toSeq)
      return store.exact(await bounded.limit(Math.min(left, pageSize)).execute())
    })
    for (const stored of page) {
      if (last === undefined && Number(stored.seq) !== next) throw missing(store, next)
      const row = soundRow(store, stored, last)
      yield entryOf(row, store.url)
      last = row
      next = row.seq + 1
    }
    if (page.length === 0) return
    left -= page.length
  }
}

/**
 * Entries here and there: their numbers first, which the index alone answers, then the rows by number. Asked in one, each
 * page would sort all that is left.
 */
async function* readPicked(store: Store, filter: EntryFilter): AsyncGenerator<Entry> {
  const numbers = await guarded(store, 'reading', () => pickedNumbers(store, filter))
  for (let first = 0; first < numbers.length; first += pageSize) {
    const wanted = numbers.slice(first, first + pageSize)
    const page = await guarded(store, 'reading', async () =>
      store.exact(await storedRows(store).where('entries.seq', 'in', wanted).orderBy('entries.seq').execute()),
    )
    for (const [index, seq] of wanted.entries()) {
      const stored = page[index]
      if (Number(stored?.seq) !== seq || stored === undefined) throw missing(store, seq)
      yield entryOf(soundRow(store, stored), store.url)
    }
  }
}

async function pickedNumbers(store: Store, filter: EntryFilter): Promise<readonly number[]> {
  const { book, kinds, seqs, fromSeq, toSeq, fromAt, beforeAt, limit, latest } = filter
  if (kinds?.length === 0) return []
  if (seqs !== undefined) return numbersAmong(store, filter, seqs)
  let query = store.kysely.selectFrom('entries').select('seq')
  if (book !== undefined) query = query.where('book', '=', book)
  if (kinds !== undefined) query = query.where('kind', 'in', kinds)
  if (fromSeq !== undefined) query = query.where('seq', '>=', fromSeq)
  if (toSeq !== undefined) query = query.where('seq', '<=', toSeq)
  if (fromAt !== undefined) query = query.where('at', '>=', fromAt)
  if (beforeAt !== undefined) query = query.where('at', '<', beforeAt)
  query = query.orderBy('seq', latest === undefined ? 'asc' : 'desc')
  const count = latest ?? limit
  const rows = await (count === undefined ? query : query.limit(count)).execute()
  const numbers = rows.map((row) => row.seq)
  return latest === undefined ? numbers : numbers.reverse()
}

async function numbersAmong(
  store: Store,
  { book, kinds }: EntryFilter,
  seqs: readonly number[],
): Promise<readonly number[]> {
  const wanted = [...new Set(seqs)].sort((a, b) => a - b)
  const found: number[] = []
  for (let first = 0; first < wanted.length; first += pageSize) {
    let query = store.kysely.selectFrom('entries').select('seq')
    query = query.where('seq', 'in', wanted.slice(first, first + pageSize))
    if (book !== undefined) query = query.where('book', '=', book)
    if (kinds !== undefined) query = query.where('kind', 'in', kinds)
    for (const { seq } of await query.orderBy('seq').execute()) found.push(seq)
  }
  return found
}

/** A row that fits its own hash, and the row before it where that is known. */
export function soundRow(store: Store, stored: StoredRow, last?: Link): ChainRow {
  const alone = { seq: Number(stored.seq) - 1, hash: String(stored.previousHash), previousHash: '' }
  const step = followed(last ?? alone, stored)
  if (step.kind === 'fault') throw brokenJournal(store.url, step.fault)
  return step.row
}

function missing(store: Store, seq: number): Error {
  return brokenJournal(store.url, { seq, because: `entry ${seq} is missing` })
}
