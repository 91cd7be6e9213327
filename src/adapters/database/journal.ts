import { setTimeout } from 'node:timers/promises'
import { sql } from 'kysely'
import { WorldError } from '../../errors.ts'
import { type ChainRow, genesis, type Link } from '../../journal/chain.ts'
import type { Entry, EntryKind, NewEntry } from '../../journal/entry.ts'
import type { KeptText } from '../../journal/erasable.ts'
import { type AppendOptions, appendPlan, type DoneStep, sealedPlan } from './append.ts'
import { openStore } from './connect.ts'
import { type EntryFilter, readEntries, soundRow } from './read.ts'
import { draftsOf, entryOf } from './rows.ts'
import { guarded, type Store, shownFailure } from './store.ts'
import { prepareTables } from './tables.ts'
import {
  changePerson,
  enrol,
  idsOf,
  keptIds,
  type Person,
  readCursors,
  readPeople,
  readTexts,
  readTextsOf,
  stepsDone,
  stepsUnder,
  writeCursors,
} from './texts.ts'
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

export type { AppendOptions, EntryFilter, Person }

export type Appended =
  | {
      readonly kind: 'appended'
      readonly entries: readonly Entry[]
      /** With `skipDone`: the steps that had been done before, and which entries they wrote. */
      readonly skipped: readonly DoneStep[]
    }
  | { readonly kind: 'already-done'; readonly key: string; readonly seq: number }

export type Journal = {
  /** Where it lies, without password. */
  readonly url: string
  /** The last entry, or null in an empty journal. */
  head(): Promise<Head | null>
  /**
   * Writes the entries in one transaction, with the texts that come with them: all of them or none.
   *
   * @param options expect: if the book has other entries since, nothing is written and a ConflictError says so.
   *   people: the same where one of them was forgotten since.
   * @returns `already-done`, and nothing written, when an entry's key was written before; with `skipDone` the others are
   *   written
   */
  append(entries: readonly NewEntry[], options?: AppendOptions): Promise<Appended>
  /** Copies entries of another journal as they are; they must continue this one. All or none. */
  appendSealed(rows: readonly ChainRow[]): Promise<void>
  /** The entry that a step's key wrote, or null where the step was not done. */
  done(key: string): Promise<number | null>
  /** The same for many steps; those not done are left out. */
  doneOf(keys: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** The steps whose keys begin so. */
  doneUnder(prefix: string): Promise<ReadonlyMap<string, number>>
  /** The entry whose hash begins so, the first if there are several; it looks at every row. */
  withHash(prefix: string): Promise<Entry | null>
  /** The first of the heads, by number, that the journal does not have. */
  lacking(heads: readonly KnownHead[]): Promise<KnownHead | null>
  /** Entries in order. Each is checked against its hash, and without a filter by book, kind or time against the one before it. */
  read(filter?: EntryFilter): AsyncIterable<Entry>
  /** The newest entry of a kind. */
  last<K extends EntryKind>(book: string, kind: K): Promise<Entry<K> | null>
  verify(options?: { readonly heads?: readonly KnownHead[] }): Promise<Verification>
  /** What the references in entries stand for; erased ones are left out. */
  texts(ids: readonly string[]): Promise<ReadonlyMap<string, unknown>>
  /** Every text about a pseudonym, oldest first. */
  textsOf(person: string): Promise<readonly KeptText[]>
  /** Overwrites texts with zeros, in the files beside the journal too; the chain still verifies. @returns how many */
  erase(what: { readonly person: string } | { readonly ids: readonly string[] }): Promise<number>
  /** People by the keyed hash of their account; who is not known is left out. */
  people(lookups: readonly string[]): Promise<ReadonlyMap<string, Person>>
  /** Gives a salt to who has none; one that is there stays. */
  enrol(people: readonly { readonly lookup: string; readonly salt: string }[]): Promise<void>
  /** `noticedAt` is set once. @returns whether anything changed */
  changePerson(lookup: string, change: Parameters<typeof changePerson>[2]): Promise<boolean>
  /** How far a source was read, as somebody wrote it down with `setCursor`. */
  cursor(name: string): Promise<string | null>
  /** The same for many; those never set are left out. */
  cursors(names: readonly string[]): Promise<ReadonlyMap<string, string>>
  setCursor(name: string, value: string): Promise<void>
  setCursors(cursors: ReadonlyMap<string, string>): Promise<void>
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
      const hasTexts = await patiently(store, () => prepareTables(store, access))
      const end = options.unchecked === true ? genesis : ((await soundEnd(store)) ?? genesis)
      return journalOn(store, end, hasTexts)
    })
  } catch (error) {
    await store.close()
    throw error
  }
}

/**
 * @param checked the last entry of the chain as far as this process has checked it
 * @param hasTexts false for an older journal that is only read: nobody has said anything in it
 */
function journalOn(store: Store, checked: Link, hasTexts: boolean): Journal {
  let known = checked
  const advance = (link: Link | undefined) => {
    if (link !== undefined && link.seq > known.seq) known = link
  }
  const under = <T>(attempted: string, work: () => Promise<T>) => guarded(store, attempted, work)
  const cursorsOf = async (names: readonly string[]) =>
    hasTexts ? under('reading', () => readCursors(store, names)) : new Map<string, string>()
  return {
    url: store.url,
    head: () =>
      under('reading', async () => {
        const row = await storedRows(store).orderBy('entries.seq', 'desc').limit(1).executeTakeFirst()
        return row === undefined ? null : { seq: Number(row.seq), hash: row.hash, at: row.at }
      }),
    // Not through `guarded`: beside one entry written, two more promises and their functions would show.
    append: async (entries, options = {}) => {
      try {
        const drafts = draftsOf(entries)
        const keys = drafts.flatMap((draft) => draft.key ?? [])
        const { expect, people, erase } = options
        const question = {
          fromSeq: known.seq,
          keys,
          book: expect?.book ?? null,
          ...(people === undefined ? {} : { people: [...people.keys()] }),
        }
        const written = await store.append(question, appendPlan({ url: store.url, known }, drafts, options))
        if (written.kind === 'already-done') return written
        advance(written.rows.at(-1))
        if (erase !== undefined) await store.scrub()
        return new Recorded(written.rows, written.skipped)
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
    doneOf: (keys) => under('reading', () => stepsDone(store, keys)),
    doneUnder: (prefix) => under('reading', () => stepsUnder(store, prefix)),
    withHash: (prefix) =>
      under('reading', async () => {
        const begins = storedRows(store).where(sql`substr(entries.hash, 1, ${prefix.length})`, '=', prefix)
        const row = await begins.orderBy('entries.seq').limit(1).executeTakeFirst()
        return row === undefined ? null : entryOf(soundRow(store, row), store.url)
      }),
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
    verify: ({ heads = [] } = {}) => under('verifying', () => verification(store, heads, hasTexts)),
    texts: async (ids) => (hasTexts ? under('reading', () => readTexts(store, ids)) : new Map()),
    textsOf: async (person) => (hasTexts ? under('reading', () => readTextsOf(store, person)) : []),
    erase: (what) =>
      under('erasing texts of', async () => {
        const ids = 'person' in what ? await idsOf(store, what.person) : await keptIds(store, what.ids)
        const erase = 'person' in what ? { persons: [what.person] } : { ids }
        const question = { fromSeq: known.seq, keys: [], book: null }
        await store.append(question, appendPlan({ url: store.url, known }, [], { erase }))
        await store.scrub()
        return ids.length
      }),
    people: async (lookups) => (hasTexts ? under('reading', () => readPeople(store, lookups)) : new Map()),
    enrol: (people) => under('writing to', () => enrol(store, people)),
    changePerson: (lookup, change) => under('writing to', async () => (await changePerson(store, lookup, change)) > 0),
    cursor: async (name) => (await cursorsOf([name])).get(name) ?? null,
    cursors: cursorsOf,
    setCursor: (name, value) => under('writing to', () => writeCursors(store, new Map([[name, value]]))),
    setCursors: (cursors) => under('writing to', () => writeCursors(store, cursors)),
    close: () => store.close(),
  }
}

/** Bodies are read back from their text, so that a caller goes on with exactly what a replay will find; most callers do not ask. */
class Recorded {
  readonly kind = 'appended'
  readonly skipped: readonly DoneStep[]
  readonly #rows: readonly ChainRow[]
  #entries: readonly Entry[] | undefined

  constructor(rows: readonly ChainRow[], skipped: readonly DoneStep[]) {
    this.#rows = rows
    this.skipped = skipped
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
async function patiently<T>(store: Store, work: () => Promise<T>): Promise<T> {
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
