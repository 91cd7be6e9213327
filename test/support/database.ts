import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import pg from 'pg'

/** A database of one test, with a door for strangers: statements that do not pass through the journal. */
export type TestDatabase = {
  readonly url: string
  /** Statements with `?` for values; column names as they are in the journal, quoted where they have capitals. */
  run(statement: string, ...values: readonly SQLInputValue[]): Promise<readonly Record<string, unknown>[]>
}

const postgres = process.env.PRIMER_TEST_POSTGRES
const noPostgres =
  postgres === undefined && process.env.CI !== 'true'
    ? 'set PRIMER_TEST_POSTGRES=postgres://... to run it there'
    : false

/** The same test on a SQLite file and on PostgreSQL, each time in an empty place of its own. */
export function onEachDatabase(title: string, body: (database: TestDatabase) => Promise<void>): void {
  test(`${title} (SQLite)`, () => withFolder((folder) => body(sqliteDatabase(join(folder, 'journal.db')))))
  onPostgres(title, body)
}

/** In CI PostgreSQL must be there: an unset address fails. */
export function onPostgres(title: string, body: (database: TestDatabase) => Promise<void>): void {
  test(`${title} (PostgreSQL)`, { skip: noPostgres }, async () => {
    await withPostgres(body)
  })
}

/** An empty place of its own in the PostgreSQL of PRIMER_TEST_POSTGRES. */
export async function withPostgres(body: (database: TestDatabase) => Promise<void>): Promise<void> {
  if (postgres === undefined) throw new Error('PRIMER_TEST_POSTGRES is not set, and in CI nothing is skipped')
  const schema = `primer_test_${randomBytes(6).toString('hex')}`
  const url = new URL(postgres)
  url.searchParams.set('options', `-c search_path=${schema}`)
  const client = new pg.Client({ connectionString: url.href.replaceAll('+', '%20') })
  await client.connect()
  await client.query(`CREATE SCHEMA ${schema}`)
  try {
    await body({
      url: url.href.replaceAll('+', '%20'),
      async run(statement, ...values) {
        let place = 0
        return (
          await client.query(
            statement.replaceAll('?', () => `$${++place}`),
            [...values],
          )
        ).rows
      },
    })
  } finally {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  }
}

export function sqliteDatabase(file: string): TestDatabase {
  return {
    url: `sqlite:${file}`,
    async run(statement, ...values) {
      const database = new DatabaseSync(file)
      try {
        return database.prepare(statement).all(...values)
      } finally {
        database.close()
      }
    },
  }
}

export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'primer-test-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** A process of its own that appends `count` entries, each with a key. */
export function startWriter(url: string, book: string, count: number): ChildProcess {
  const program = fileURLToPath(new URL('./journal-writer.ts', import.meta.url))
  return spawn(process.execPath, [program, url, book, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] })
}

/** What a process prints until it ends, line by line. */
export function linesOf(child: ChildProcess): Promise<readonly string[]> {
  return Array.fromAsync(createInterface({ input: child.stdout! }))
}
