import { setTimeout } from 'node:timers/promises'
import { WorldError } from '../../errors.ts'
import { type ChainRow, genesis, type Link } from '../../journal/chain.ts'
import type { Entry, EntryKind, NewEntry } from '../../journal/entry.ts'
import { appendPlan, type Expectation, sealedPlan } from './append.ts'
import { openStore } from './connect.ts'
import { type EntryFilter, readEntries, soundRow } from './read.ts'
import { draftsOf, entryOf } from './rows.ts'
import { guarded, type Store, shownFailure } from './store.ts'
import { prepareTables } from './tables.ts'
import {
  entryOfStep,
  type Head,
  type KnownHead,
  lackingHead,
  soundEnd,
  storedRows,
  type Verification,
  verification,
} from './verify.ts'

export type { EntryFilter }

export type Appended =
  | { readonly kind: 'appended'; readonly entries: readonly Entry[] }
  | { readonly kind: 'already-done'; readonly key: string; readonly seq: number }

export type Journal = {
  /** Where it lies, without password. */
  readonly url: string
  /** The last entry, or null in an empty journal. */
  head(): Promise<Head | null>
  /**
   * Writes the entries in one transaction: all of them or none.
   *
   * @param options expect: the last entry of a book that the caller's state was computed from, 0 for none. If the book
   *   has other entries since, nothing is written and a ConflictError says so.
   * @returns `already-done`, and nothing written, when an entry's key was written before
   */
  append(entries: readonly NewEntry[], options?: { readonly expect?: Expectation }): Promise<Appended>
  /** Copies entries of another journal as they are; they must continue this one. All or none. */
  appendSealed(rows: readonly ChainRow[]): Promise<void>
  /** The entry that a step's key wrote, or null where the step was not done. */
  done(key: string): Promise<number | null>
  /** The first of the heads, by number, that the journal does not have. */
  lacking(heads: readonly KnownHead[]): Promise<KnownHead | null>
  /** Entries in order. Each is checked against its hash, and without a filter by book, kind or time against the one before it. */
  read(filter?: EntryFilter): AsyncIterable<Entry>
  /** The newest entry of a kind. */
  last<K extends EntryKind>(book: string, kind: K): Promise<Entry<K> | null>
  verify(options?: { readonly heads?: readonly KnownHead[] }): Promise<Verification>
  close(): Promise<void>
}

/**
 * Opens a journal, makes it where there is none, and refuses one that cannot be trusted.
 *
 * @param url `sqlite:FILE` or `postgres://...`
 * @param options
 *   readOnly: nothing is created, migrated or left behind.
 *   create: make a journal where there is none (true unless `readOnly`).
 *   unchecked: skip the check of the whole chain, for commands that look into a broken one; such a journal takes no entries.
 * @throws JournalError for a broken chain, a newer schema, or something that is no journal; InputError for an absent one
 */
export async function openJournal(
  url: string,
  options: { readonly readOnly?: boolean; readonly create?: boolean; readonly unchecked?: boolean } = {},
): Promise<Journal> {
  const readOnly = options.readOnly === true || options.unchecked === true
  const access = { readOnly, create: !readOnly && options.create !== false }
  const store = await openStore(url, access)
  try {
    return await guarded(store, 'opening', async () => {
      await patiently(store, () => prepareTables(store, access))
      return journalOn(store, options.unchecked === true ? genesis : ((await soundEnd(store)) ?? genesis))
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

/** @param checked the last entry of the chain as far as this process has checked it */
function journalOn(store: Store, checked: Link): Journal {
  let known = checked
  const advance = (link: Link | undefined) => {
    if (link !== undefined && link.seq > known.seq) known = link
  }
  const under = <T>(attempted: string, work: () => Promise<T>) => guarded(store, attempted, work)
  return {
    url: store.url,
    head: () =>
      under('reading', async () => {
        const row = await storedRows(store).orderBy('entries.seq', 'desc').limit(1).executeTakeFirst()
        return row === undefined ? null : { seq: Number(row.seq), hash: row.hash, at: row.at }
      }),
    // Not through `guarded`: beside one entry written, two more promises and their functions would show.
    append: async (entries, { expect } = {}) => {
      try {
        const drafts = draftsOf(entries)
        const keys = drafts.flatMap((draft) => draft.key ?? [])
        const question = { fromSeq: known.seq, keys, book: expect?.book ?? null }
        const written = await store.append(question, appendPlan({ url: store.url, known }, drafts, expect))
        if (written.kind === 'already-done') return written
        advance(written.rows.at(-1))
        return new Recorded(written.rows)
      } catch (error) {
        throw shownFailure(store, error, `appending ${count(entries.length)} to`)
      }
    },
    appendSealed: (rows) =>
      under(`copying ${count(rows.length)} to`, async () => {
        await store.append({ fromSeq: known.seq, keys: [], book: null }, sealedPlan({ url: store.url, known }, rows))
        advance(rows.at(-1))
      }),
    done: (key) => under('reading', () => entryOfStep(store, key)),
    lacking: (heads) => under('reading', () => lackingHead(store, heads)),
    read: (filter = {}) => readEntries(store, filter),
    last: <K extends EntryKind>(book: string, kind: K) =>
      under('reading', async () => {
        const row = await storedRows(store)
          .where('entries.book', '=', book)
          .where('entries.kind', '=', kind)
          .orderBy('entries.seq', 'desc')
          .limit(1)
          .executeTakeFirst()
        return row === undefined ? null : (entryOf(soundRow(store, row), store.url) as Entry<K>)
      }),
    verify: ({ heads = [] } = {}) => under('verifying', () => verification(store, heads)),
    close: () => store.close(),
  }
}

/** Bodies are read back from their text, so that a caller goes on with exactly what a replay will find; most callers do not ask. */
class Recorded {
  readonly kind = 'appended'
  readonly #rows: readonly ChainRow[]
  #entries: readonly Entry[] | undefined

  constructor(rows: readonly ChainRow[]) {
    this.#rows = rows
  }

  get entries(): readonly Entry[] {
    this.#entries ??= this.#rows.map((row) => ({ ...row, body: JSON.parse(row.body) }) as Entry)
    return this.#entries
  }
}

function count(entries: number): string {
  return entries === 1 ? 'an entry' : `${entries} entries`
}

/** Two processes may make the same journal at once: who comes second finds it locked for a moment, then made. */
async function patiently(store: Store, work: () => Promise<void>): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  for (;;) {
    try {
      return await work()
    } catch (error) {
      const failure = store.failure(error, 'opening')
      if (!(failure instanceof WorldError && failure.retryable) || performance.now() > deadlineMs) throw error
      await setTimeout(50)
    }
  }
}
