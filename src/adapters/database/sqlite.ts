import { existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { Kysely, SqliteAdapter, SqliteDialect } from 'kysely'
import { ConflictError, InputError, JournalError, WorldError } from '../../errors.ts'
import { makeFolder } from '../../files.ts'
import type { StoredRow } from '../../journal/chain.ts'
import { sqliteAppend } from './sqlite-append.ts'
import { openForReading } from './sqlite-reading.ts'
import type { Store } from './store.ts'
import { absentJournal, type Tables } from './tables.ts'

const busyTimeoutMs = 5000
/** Waiting stops this whole process, so while tables are made, by whoever is first, it waits little and asks again. */
const openingTimeoutMs = 100

/** Opens the file and nothing more: tables are looked at, and made, by whoever asked. */
export function openSqlite(file: string, options: { readonly readOnly: boolean; readonly create: boolean }): Store {
  const url = `sqlite:${file}`
  const database = openFile(file, url, options)
  const kysely = new Kysely<Tables>({ dialect: new NodeSqliteDialect({ database: underKysely(database) }) })
  if (options.readOnly) database.exec('PRAGMA query_only = ON')
  return {
    url,
    kysely,
    schema: null,
    async tableNames() {
      const rows = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").all()
      return rows.map((row) => String(row.name))
    },
    async readyToCreate() {
      // Only now is it known that the file is ours: this writes to it.
      database.exec('PRAGMA journal_mode = WAL')
    },
    exact: (rows) => rows.map((row) => exactRow(database, row)),
    append: sqliteAppend(database, busyTimeoutMs),
    scrub: () => emptyLog(database),
    failure: (error, attempted) => sqliteFailure(error, `${attempted} the journal ${url}`),
    async close() {
      await kysely.destroy()
      if (database.isOpen) database.close()
    },
  }
}

/**
 * Moves what the log beside the file holds into it and cuts the log off, older versions of pages included. While somebody
 * reads, that must wait: it is tried again for a while, and whoever closes the journal last does it in any case.
 */
async function emptyLog(database: DatabaseSync): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const { busy } = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() ?? {}
    if (Number(busy) === 0) return
    await setTimeout(50)
  }
}

function openFile(
  file: string,
  url: string,
  { readOnly, create }: { readonly readOnly: boolean; readonly create: boolean },
): DatabaseSync {
  if (file !== ':memory:') {
    if (existsSync(file) && !statSync(file).isFile()) {
      throw new JournalError(`${url} is not a file; DATABASE_URL must name one, for example sqlite:.primer/journal.db`)
    }
    if (!existsSync(file) && (readOnly || !create)) throw absentJournal(url)
  }
  try {
    if (readOnly && file !== ':memory:') return openForReading(file, busyTimeoutMs)
    if (create && file !== ':memory:') makeFolder(dirname(resolve(file)))
    const place = file === ':memory:' ? file : fileUrl(file, create ? 'rwc' : 'rw')
    // Another process may be making the same journal and hold the file for a moment; these only read, so they can wait for it.
    const database = new DatabaseSync(place, { timeout: busyTimeoutMs })
    // FULL: an entry that was reported as written survives a power cut.
    // secure_delete: what is overwritten or moved within the file leaves zeros behind.
    database.exec(
      `PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA busy_timeout = ${openingTimeoutMs}`,
    )
    return database
  } catch (error) {
    throw sqliteFailure(error, `opening the journal ${url}`)
  }
}

function fileUrl(file: string, mode: string): URL {
  const address = pathToFileURL(resolve(file))
  address.searchParams.set('mode', mode)
  return address
}

/** SQLite rolls back DDL like anything else, and so a kill in the middle of a migration leaves nothing behind. */
class NodeSqliteDialect extends SqliteDialect {
  override createAdapter(): SqliteAdapter {
    return new (class extends SqliteAdapter {
      override get supportsTransactionalDdl(): boolean {
        return true
      }
    })()
  }
}

/** Statements that are kept: a query's text is one of a few, but for the length of its lists. */
const statementsMost = 200

/**
 * The part of better-sqlite3 that Kysely's SQLite dialect uses, on Node's own driver. Kysely prepares each query anew; here the
 * statement of an equal text is taken again, which saves a small query up to half of its time.
 */
function underKysely(database: DatabaseSync) {
  const kept = new Map<string, ReturnType<typeof prepared>>()
  const prepared = (sql: string) => {
    // A transaction that will write takes the lock at once: one that reads first could find its reading outdated.
    const statement = database.prepare(sql === 'begin' ? 'begin immediate' : sql)
    const values = (parameters: readonly unknown[]) => parameters as readonly SQLInputValue[]
    return {
      reader: statement.columns().length > 0,
      all: (parameters: readonly unknown[]) => statement.all(...values(parameters)),
      run: (parameters: readonly unknown[]) => statement.run(...values(parameters)),
      // One of its own: two who read row by row must not share their place.
      iterate: (parameters: readonly unknown[]) => database.prepare(sql).iterate(...values(parameters)),
    }
  }
  return {
    close: () => database.close(),
    prepare(sql: string) {
      let statement = kept.get(sql)
      if (statement === undefined) {
        statement = prepared(sql)
        if (kept.size === statementsMost) kept.clear()
        kept.set(sql, statement)
      }
      return statement
    },
  }
}

/**
 * SQLite keeps whatever bytes it is given, and the driver reads bytes that are no UTF-8 as U+FFFD. A text that holds
 * U+FFFD may therefore stand for several contents; such a row is compared byte by byte.
 */
function exactRow(database: DatabaseSync, row: StoredRow): StoredRow {
  const isDoubtful = (value: unknown) => typeof value === 'string' && value.includes('\uFFFD')
  // The other columns hold nothing but ASCII where they fit their hash.
  if (![row.body, row.book, row.kind, row.at].some(isDoubtful)) return row
  const doubtful = Object.entries(row).filter(([, value]) => isDoubtful(value))
  const columns = doubtful.map(([column]) => `CAST("${column}" AS BLOB) AS "${column}"`).join(', ')
  const bytes = database.prepare(`SELECT ${columns} FROM entries WHERE seq = ?`).get(Number(row.seq)) ?? {}
  const differing = doubtful.filter(
    ([column, text]) => !Buffer.from(text as string).equals(bytes[column] as Uint8Array),
  )
  return { ...row, ...Object.fromEntries(differing.map(([column]) => [column, bytes[column]])) }
}

/** @param attempted what was tried, as in `appending 3 entries to the journal sqlite:x.db` */
function sqliteFailure(error: unknown, attempted: string): unknown {
  if (!(error instanceof Error) || !('errcode' in error)) return error
  // The low byte is the primary code, the rest says more: https://sqlite.org/rescode.html
  const code = Number(error.errcode) & 0xff
  const said = `${attempted} failed: ${error.message}`
  const world = (advice: string) => new WorldError(`${said}; ${advice}`, { retryable: true, cause: error })
  switch (code) {
    case 5:
    case 6:
      return world('another process has been writing for 5 seconds: wait until it is done and run this again')
    case 10:
      return world('look after the disk and run this again; nothing was half-written')
    case 13:
      return world('free some space and run this again; nothing was half-written')
    case 19:
      return new ConflictError(`${said}; run this again`)
    case 8:
    case 3:
    case 14:
    case 23:
      return new InputError(`${said}; check the path in DATABASE_URL and who may write there`, { cause: error })
    case 11:
    case 26:
      return new JournalError(`${said}; nothing was changed. Bring back a copy of the file that verifies`, {
        cause: error,
      })
    default:
      return error
  }
}
