import { sql } from 'kysely'
import { JournalError } from '../../errors.ts'
import type { KeptText } from '../../journal/erasable.ts'
import type { Store } from './store.ts'
import { never, noSalt, type PersonRow } from './tables.ts'

/** One account of one channel. */
export type Person = {
  /** Keyed hash of the account. */
  readonly lookup: string
  /** Null for a person who was forgotten. */
  readonly salt: string | null
  readonly consent: 'none' | 'research'
  /** Whether what is said to the bot in passing may be kept. */
  readonly listening: boolean
  readonly noticedAt: string | null
  readonly forgottenAt: string | null
}

/** Parameters of one statement: both databases take more, and no query needs more. */
const atOnce = 500

function* portions<T>(list: readonly T[]): Generator<readonly T[]> {
  for (let first = 0; first < list.length; first += atOnce) yield list.slice(first, first + atOnce)
}

/** Texts by number; one that was erased, or never kept, is not among them. */
export async function readTexts(store: Store, ids: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
  const found = new Map<string, unknown>()
  for (const some of portions(ids)) {
    const rows = await kept(store).where('id', 'in', some).execute()
    for (const row of rows) found.set(row.id, parsed(store, row))
  }
  return found
}

/** All texts about a person, oldest entry first. */
export async function readTextsOf(store: Store, person: string): Promise<readonly KeptText[]> {
  const rows = await kept(store).where('person', '=', person).orderBy('seq').execute()
  return rows.map((row) => ({ id: row.id, seq: row.seq, content: parsed(store, row) }))
}

/** Texts of an entry and of those after it, for `verify`. */
export function storedTexts(store: Store, from: number, to: number) {
  return kept(store).where('seq', '>=', from).where('seq', '<=', to).orderBy('seq').execute()
}

/** Ids of the texts about a person. */
export async function idsOf(store: Store, person: string): Promise<readonly string[]> {
  const rows = await store.kysely
    .selectFrom('texts')
    .select('id')
    .where('person', '=', person)
    .where('salt', '!=', noSalt)
    .execute()
  return rows.map(({ id }) => id)
}

/** Those of the ids that can still be read. */
export async function keptIds(store: Store, ids: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  for (const some of portions(ids)) {
    const rows = await store.kysely
      .selectFrom('texts')
      .select('id')
      .where('id', 'in', some)
      .where('salt', '!=', noSalt)
      .execute()
    for (const { id } of rows) found.push(id)
  }
  return found
}

function kept(store: Store) {
  return store.kysely.selectFrom('texts').select(['id', 'seq', 'salt', 'content']).where('salt', '!=', noSalt)
}

function parsed(store: Store, { id, seq, content }: { id: string; seq: number; content: string }): unknown {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new JournalError(
      `The text ${id} of entry ${seq} of the journal ${store.url} is not JSON: it was changed. Nothing was done; "primer journal verify" says more`,
      { cause },
    )
  }
}

/** Which entry each of the steps wrote; those not done are left out. */
export async function stepsDone(store: Store, keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const some of portions(keys)) {
    const rows = await store.kysely.selectFrom('steps').selectAll().where('key', 'in', some).execute()
    for (const { key, seq } of rows) found.set(key, seq)
  }
  return found
}

/** The steps whose keys begin so, and which entries they wrote. */
export async function stepsUnder(store: Store, prefix: string): Promise<ReadonlyMap<string, number>> {
  const begins = store.kysely.selectFrom('steps').selectAll().where(sql`substr(key, 1, ${prefix.length})`, '=', prefix)
  // SQLite compares by bytes, so its index leads there; PostgreSQL compares as its language does.
  const rows = await (store.schema === null
    ? begins.where('key', '>=', prefix).where('key', '<', `${prefix}\u{10ffff}`)
    : begins
  ).execute()
  return new Map(rows.map(({ key, seq }) => [key, seq]))
}

export async function readPeople(store: Store, lookups: readonly string[]): Promise<ReadonlyMap<string, Person>> {
  const found = new Map<string, Person>()
  for (const some of portions(lookups)) {
    const rows = await store.kysely.selectFrom('people').selectAll().where('lookup', 'in', some).execute()
    for (const row of rows) found.set(row.lookup, personOf(row))
  }
  return found
}

function personOf(row: PersonRow): Person {
  return {
    lookup: row.lookup,
    salt: row.salt === noSalt ? null : row.salt,
    consent: row.consent === 1 ? 'research' : 'none',
    listening: row.listening === 1,
    noticedAt: row.noticedAt === never ? null : row.noticedAt,
    forgottenAt: row.forgottenAt === never ? null : row.forgottenAt,
  }
}

/**
 * Gives a salt to each person who has none: to a new one, and to one who was forgotten and speaks again. A salt that is
 * there stays, whoever comes second.
 */
export async function enrol(
  store: Store,
  people: readonly { readonly lookup: string; readonly salt: string }[],
): Promise<void> {
  for (const some of portions(people)) {
    await store.kysely
      .insertInto('people')
      .values(some.map((person) => ({ ...person, consent: 0, listening: 1, noticedAt: never, forgottenAt: never })))
      .onConflict((conflict) =>
        conflict
          .column('lookup')
          .doUpdateSet((eb) => ({ salt: eb.ref('excluded.salt') }))
          .where('people.salt', '=', noSalt),
      )
      .execute()
  }
}

/** @returns how many people that changed: 0 when it was so already, or nobody is known by the lookup */
export async function changePerson(
  store: Store,
  lookup: string,
  change: { readonly consent?: Person['consent']; readonly listening?: boolean; readonly noticedAt?: string },
): Promise<number> {
  const { consent, listening, noticedAt } = change
  let query = store.kysely.updateTable('people').where('lookup', '=', lookup)
  if (consent !== undefined) query = query.set('consent', consent === 'research' ? 1 : 0)
  if (listening !== undefined) query = query.set('listening', listening ? 1 : 0)
  // Told once, whoever else is about to.
  if (noticedAt !== undefined) query = query.set('noticedAt', noticedAt).where('noticedAt', '=', never)
  const { numUpdatedRows } = await query.executeTakeFirst()
  return Number(numUpdatedRows)
}

export async function readCursors(store: Store, names: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const some of portions(names)) {
    const rows = await store.kysely.selectFrom('cursors').selectAll().where('name', 'in', some).execute()
    for (const { name, value } of rows) found.set(name, value)
  }
  return found
}

export async function writeCursors(store: Store, cursors: ReadonlyMap<string, string>): Promise<void> {
  for (const some of portions([...cursors])) {
    await store.kysely
      .insertInto('cursors')
      .values(some.map(([name, value]) => ({ name, value })))
      .onConflict((conflict) => conflict.column('name').doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })))
      .execute()
  }
}
