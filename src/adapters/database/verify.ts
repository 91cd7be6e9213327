import { type CompiledQuery, type Selectable, sql } from 'kysely'
import { JournalError } from '../../errors.ts'
import { isCanonicalJson } from '../../journal/canonical.ts'
import { type ChainRow, type Fault, followed, genesis, type StoredRow } from '../../journal/chain.ts'
import { refersTo, type SealedText } from '../../journal/erasable.ts'
import type { Instant } from '../../units.ts'
import type { Store } from './store.ts'
import { storedTexts } from './texts.ts'

/** An entry that the journal is known to have had. */
export type KnownHead = {
  readonly seq: number
  /** The hash, or at least its first 32 digits. */
  readonly hash: string
  /** Where it is known from, as in `published 2020-03-12T20:20:00.000Z`. */
  readonly from: string
}

export type Head = { readonly seq: number; readonly hash: string; readonly at: Instant }

export type Verification = {
  readonly ok: boolean
  /** Rows in the journal, whether they fit or not. */
  readonly entries: number
  /** Rows that were read and fit, from the first on. */
  readonly verified: number
  readonly head: Head | null
  readonly firstBad?: Fault
  /** `proven` when the last entry itself is a known head: nothing after it is known to have existed. */
  readonly tail: 'proven' | 'unproven'
  /** Last entry that a known head vouches for; 0 without one. */
  readonly provenTo: number
}

const pageSize = 250

/**
 * Reads the whole journal and names the first entry that cannot be trusted.
 *
 * @param texts whether the journal has the table of erasable texts: each that is there must be the one its entry refers to
 */
export async function verification(store: Store, heads: readonly KnownHead[], texts: boolean): Promise<Verification> {
  // Asked before the walk: a step that another process records meanwhile must not seem to lack its entry.
  const stepSeq = await lastStep(store)
  const walk = await walked(store, { heads, bodies: true, texts })
  const last = walk.last
  const firstBad =
    walk.fault ??
    lostTail(last?.seq ?? 0, heads, stepSeq) ??
    (await strayEntry(store)) ??
    (texts ? await strayText(store, last?.seq ?? 0) : null)
  const provenTo = Math.max(0, ...heads.map((head) => head.seq).filter((seq) => seq <= (last?.seq ?? 0)))
  const stored = await storedEnd(store, last)
  return {
    ok: firstBad === null,
    entries: stored.entries,
    verified: last?.seq ?? 0,
    head: stored.head,
    ...(firstBad === null ? {} : { firstBad }),
    tail: firstBad === null && provenTo > 0 && provenTo === last?.seq ? 'proven' : 'unproven',
    provenTo: firstBad === null ? provenTo : Math.min(provenTo, Math.max(0, firstBad.seq - 1)),
  }
}

/** The last row of a chain whose hashes and links fit and which has every finished step; a broken one stops the program here. */
export async function soundEnd(store: Store): Promise<ChainRow | null> {
  const stepSeq = await lastStep(store)
  const { last, fault } = await walked(store, { heads: [], bodies: false, texts: false })
  const broken = fault ?? lostTail(last?.seq ?? 0, [], stepSeq) ?? (await strayEntry(store))
  if (broken !== null) throw brokenJournal(store.url, broken)
  return last
}

/**
 * The entry that a step wrote, or null where it was not done. A step whose entry was cut off counts as neither: it is an
 * error, since what it did is lost and doing it again would hide that.
 */
export async function entryOfStep(store: Store, key: string): Promise<number | null> {
  const { rows } = await store.kysely.executeQuery<StepRow>({ ...stepQuery(store), parameters: [key] })
  const found = rows[0]
  if (found === undefined) return null
  const lost = lostTail(Number(found.end ?? 0), [], found.seq)
  if (lost !== null) throw brokenJournal(store.url, lost)
  return found.seq
}

type StepRow = { readonly seq: number; readonly end: number | string | null }

/** Built once for a database: every run of every job asks it, and building it anew takes longer than the answer. */
function stepQuery({ kysely }: Store): CompiledQuery<StepRow> {
  const known = stepQueries.get(kysely)
  if (known !== undefined) return known
  const query = kysely
    .selectFrom('steps')
    .select((eb) => [
      'seq',
      eb
        .selectFrom('entries')
        .select(({ fn }) => fn.max('seq').as('end'))
        .as('end'),
    ])
    .where('key', '=', '')
    .compile()
  stepQueries.set(kysely, query)
  return query
}

const stepQueries = new WeakMap<Store['kysely'], CompiledQuery<StepRow>>()

/** The first head, by its number, that the entries do not have; for a journal whose chain was checked when it was opened. */
export async function lackingHead(store: Store, heads: readonly KnownHead[]): Promise<KnownHead | null> {
  const ordered = heads.toSorted((a, b) => a.seq - b.seq)
  for (let first = 0; first < ordered.length; first += pageSize) {
    const page = ordered.slice(first, first + pageSize)
    const rows = await store.kysely
      .selectFrom('entries')
      .select(['seq', 'hash'])
      .where(
        'seq',
        'in',
        page.map(({ seq }) => seq),
      )
      .execute()
    const hashes = new Map(rows.map(({ seq, hash }) => [seq, hash]))
    const lacking = page.find(({ seq, hash }) => hashes.get(seq)?.startsWith(hash) !== true)
    if (lacking !== undefined) return lacking
  }
  return null
}

export function brokenJournal(url: string, fault: Fault): JournalError {
  return new JournalError(
    `The journal ${url} is broken: ${fault.because}. Nothing was changed; "primer journal verify" says more, and only a copy that verifies mends it`,
  )
}

type Walk = { readonly last: ChainRow | null; readonly fault: Fault | null }

/**
 * Follows the chain from the first entry to the first fault. `bodies` also asks that each body be canonical JSON, `texts`
 * that the texts which came with an entry are as it says.
 */
async function walked(
  store: Store,
  { heads, bodies, texts }: { readonly heads: readonly KnownHead[]; readonly bodies: boolean; readonly texts: boolean },
): Promise<Walk> {
  const wanted = Map.groupBy(heads, (head) => head.seq)
  let last: ChainRow | null = null
  for (;;) {
    const after: number = last?.seq ?? 0
    const page = await readPage(store, after)
    if ('fault' in page) return { last, fault: page.fault }
    const kept = texts ? await textsOfPage(store, after, page.rows.length) : noTexts
    for (const stored of page.rows) {
      const step = followed(last ?? genesis, stored)
      if (step.kind === 'fault') return { last, fault: step.fault }
      const { row } = step
      if (bodies && !isCanonicalJson(row.body)) {
        return {
          last,
          fault: { seq: row.seq, because: `entry ${row.seq} was rewritten: its body is not canonical JSON` },
        }
      }
      const other = wanted.get(row.seq)?.find((head) => !row.hash.startsWith(head.hash))
      if (other !== undefined) return { last, fault: rewritten(row, other) }
      const changed = kept.get(row.seq)?.find((text) => !refersTo(row.body, text))
      if (changed !== undefined) return { last, fault: changedText(row, changed) }
      last = row
    }
    if (page.rows.length === 0) return { last, fault: null }
  }
}

type StoredText = Pick<SealedText, 'id' | 'salt' | 'content'>

const noTexts: ReadonlyMap<number, readonly StoredText[]> = new Map()

/** Texts by the entry they came with. Rows of a page follow each other, or the walk ends at the first that does not. */
async function textsOfPage(store: Store, after: number, rows: number): Promise<typeof noTexts> {
  return rows === 0 ? noTexts : Map.groupBy(await storedTexts(store, after + 1, after + rows), ({ seq }) => seq)
}

function changedText({ seq }: ChainRow, { id }: StoredText): Fault {
  return {
    seq,
    because: `a text of entry ${seq} was changed: ${id} is not what the entry refers to; erased it would be no fault`,
  }
}

async function readPage(
  store: Store,
  after: number,
): Promise<{ readonly rows: readonly StoredRow[] } | { readonly fault: Fault }> {
  try {
    return { rows: await readRows(store, after, pageSize) }
  } catch (error) {
    if (!(store.failure(error, 'reading') instanceof JournalError)) throw error
  }
  // The file itself is damaged somewhere in this page: go on row by row, to name the one.
  try {
    return { rows: await readRows(store, after, 1) }
  } catch (error) {
    return { fault: { seq: after + 1, because: `entry ${after + 1} cannot be read: ${(error as Error).message}` } }
  }
}

/** Rows after an entry in the order of their numbers, columns exactly as they are stored. */
export async function readRows(store: Store, after: number, limit: number): Promise<readonly StoredRow[]> {
  const rows = await storedRows(store).where('entries.seq', '>', after).orderBy('entries.seq').limit(limit).execute()
  return store.exact(rows)
}

/** `seq` is read as text: a number that somebody set beyond 2^53 would stop the driver instead of being found. */
export function storedRows(store: Store) {
  return store.kysely
    .selectFrom('entries')
    .select([
      sql<string>`cast(entries.seq as text)`.as('seq'),
      'entries.at',
      'entries.kind',
      'entries.book',
      'entries.body',
      'entries.previousHash',
      'entries.hash',
    ])
}

function rewritten(row: Selectable<ChainRow>, head: KnownHead): Fault {
  return {
    seq: row.seq,
    because: `entry ${row.seq} has another hash than the one ${head.from}: it or an entry before it was rewritten, or that head is of another journal`,
  }
}

function lostTail(lastSeq: number, heads: readonly KnownHead[], stepSeq: number): Fault | null {
  const seq = lastSeq + 1
  const ends = lastSeq === 0 ? 'the journal is empty' : `the journal ends at ${lastSeq}`
  const lost = heads.filter((head) => head.seq > lastSeq).at(-1)
  if (lost !== undefined) {
    return {
      seq,
      because: `entry ${seq} is missing: ${ends}, and entry ${lost.seq} is ${lost.from}`,
    }
  }
  if (stepSeq <= lastSeq) return null
  return {
    seq,
    because: `entry ${seq} is missing: ${ends}, and a finished step wrote entry ${stepSeq}`,
  }
}

/** The last entry that any step wrote; as text, since somebody may have set a number that the driver refuses. */
async function lastStep(store: Store): Promise<number> {
  const step = await store.kysely
    .selectFrom('steps')
    .select(sql<string | null>`cast(max(seq) as text)`.as('seq'))
    .executeTakeFirst()
  return Number(step?.seq ?? 0)
}

/** A row outside the numbering; where one was renumbered, the walk has already found its place empty. */
async function strayEntry(store: Store): Promise<Fault | null> {
  const [stray] = await storedRows(store).where('entries.seq', '<', 1).orderBy('entries.seq', 'desc').limit(1).execute()
  return stray === undefined
    ? null
    : { seq: Number(stray.seq), because: `entry ${stray.seq} was inserted: entries are numbered from 1` }
}

/** A text whose entry is not there: nothing says what it should be. */
async function strayText(store: Store, last: number): Promise<Fault | null> {
  const [stray] = (await storedTexts(store, last + 1, 2 ** 31 - 1)).concat(await storedTexts(store, -(2 ** 31), 0))
  return stray === undefined
    ? null
    : { seq: stray.seq, because: `a text came with entry ${stray.seq}, which is missing` }
}

/** The last row as it lies there, trusted or not, and the number of rows. */
async function storedEnd(
  store: Store,
  last: ChainRow | null,
): Promise<{ readonly entries: number; readonly head: Head | null }> {
  try {
    return await readEnd(store)
  } catch (error) {
    // A damaged file may not even be counted; then it holds at least what was read.
    if (!(store.failure(error, 'reading') instanceof JournalError)) throw error
    return { entries: last?.seq ?? 0, head: last === null ? null : { seq: last.seq, hash: last.hash, at: last.at } }
  }
}

async function readEnd(store: Store): Promise<{ readonly entries: number; readonly head: Head | null }> {
  const count = await store.kysely
    .selectFrom('entries')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  const row = await storedRows(store).orderBy('entries.seq', 'desc').limit(1).executeTakeFirst()
  const head = row === undefined ? null : { seq: Number(row.seq), hash: String(row.hash), at: String(row.at) }
  return { entries: Number(count.count), head }
}
