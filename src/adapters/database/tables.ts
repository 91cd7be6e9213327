import type { Kysely } from 'kysely'
import { type Migration, Migrator } from 'kysely/migration'
import { InputError, JournalError } from '../../errors.ts'
import type { ChainRow } from '../../journal/chain.ts'
import type { SealedText } from '../../journal/erasable.ts'
import { journal } from './migrations/0001-journal.ts'
import { people } from './migrations/0002-people.ts'
import type { Store } from './store.ts'

export type Tables = {
  readonly entries: ChainRow
  /** Which step wrote which entry: a key that stands here is not done again. */
  readonly steps: { readonly key: string; readonly seq: number }
  readonly schemaVersions: { readonly name: string }
  /** What entries refer to and can be erased; `seq` is the entry that came with it. */
  readonly texts: SealedText & { readonly seq: number }
  readonly people: PersonRow
  /** How far a source was read; outside the chain, since losing one only costs asking again. */
  readonly cursors: { readonly name: string; readonly value: string }
}

/** One account of one channel, as the journal knows it. Every column keeps its width, whatever is written to it. */
export type PersonRow = {
  /** Keyed hash of the account; the key is not in the journal. */
  readonly lookup: string
  /** What the pseudonym is made with; zeros once the person was forgotten. */
  readonly salt: string
  /** 1: what was said may be used in exports. */
  readonly consent: number
  /** 0: nothing that is said to the bot in passing is kept. */
  readonly listening: number
  /** When the person was told what is kept; `never` before. */
  readonly noticedAt: string
  /** What was said up to then is never captured again; `never` for who was not forgotten. */
  readonly forgottenAt: string
}

/** A salt that was destroyed. */
export const noSalt = '0'.repeat(32)
/** An instant that has not come, as wide as one that has. */
export const never = '0000-00-00T00:00:00.000Z'

/** Every schema this program knows, in order. Names are kept in the database and never change. */
const migrations: Readonly<Record<string, Migration>> = { '0001-journal': journal, '0002-people': people }

/**
 * Brings the tables to this program's schema, or refuses: a newer schema, another program's database, and, where nothing
 * may be created, an absent journal. What is refused is left as it was. An older journal is read as it is, and brought up
 * to date by whoever opens it to write.
 *
 * @returns whether the tables of texts and people are there
 */
export async function prepareTables(
  store: Store,
  options: { readonly readOnly: boolean; readonly create: boolean },
): Promise<boolean> {
  const version = await schemaVersion(store)
  const pending = Object.keys(migrations).filter((name) => !version.includes(name))
  if (pending.length === 0) return true
  if (version.length === 0 && !options.create) throw absentJournal(store.url)
  if (options.readOnly) return false
  await store.readyToCreate()
  const { error } = await new Migrator({
    db: store.kysely as Kysely<unknown>,
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableName: 'schemaVersions',
    migrationLockTableName: 'schemaLock',
    // PostgreSQL: without it, the same table in another schema of the database is taken for ours.
    ...(store.schema === null ? {} : { migrationTableSchema: store.schema }),
  }).migrateToLatest()
  if (error !== undefined) throw error
  return true
}

/** Names of the schema steps the database has had; empty where there is no journal yet. */
async function schemaVersion(store: Store): Promise<readonly string[]> {
  const tables = await store.tableNames()
  if (!tables.includes('schemaVersions')) {
    const taken = store.schema === null ? tables : tables.filter((name) => name === 'entries' || name === 'steps')
    if (taken.length === 0) return []
    throw new JournalError(
      `${store.url} belongs to another program (it has the tables ${taken.slice(0, 5).join(', ')}, and no schemaVersions); give the journal a place of its own in DATABASE_URL. Nothing was changed`,
    )
  }
  const rows = await store.kysely.selectFrom('schemaVersions').select('name').orderBy('name').execute()
  const newer = rows.map((row) => row.name).filter((name) => !(name in migrations))
  if (newer.length > 0) {
    throw new JournalError(
      `The journal ${store.url} has a newer schema (${newer.join(', ')}) than this Primer knows (${Object.keys(migrations).at(-1)}); update Primer. Nothing was changed`,
    )
  }
  return rows.map((row) => row.name)
}

export function absentJournal(url: string): InputError {
  return new InputError(
    `There is no journal at ${url} yet. "npm run demo" makes one in a folder of its own, "primer run allocate" starts the live one; or set DATABASE_URL to where yours is`,
  )
}
