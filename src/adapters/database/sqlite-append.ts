import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { ChainRow, StoredRow } from '../../journal/chain.ts'
import { type ErasureStatements, eraseWith, erasureStatements } from './sqlite-erase.ts'
import type { AppendPlan, AppendQuestion, AppendState, Store } from './store.ts'

/** Rows of one statement of a large batch: more make it slower again. */
const rowsAtOnce = 100

/**
 * The write path, on the driver itself: here Kysely would cost as much as the disk. It runs without awaiting
 * anything, so nothing of this process can come between BEGIN and COMMIT, and IMMEDIATE keeps other processes out.
 */
export function sqliteAppend(database: DatabaseSync, busyTimeoutMs: number): Store['append'] {
  let statements: Statements | undefined
  let erasing: ErasureStatements | undefined
  let ours: OurEnd | null = null
  return async <T>(question: AppendQuestion, plan: (state: AppendState) => AppendPlan<T>): Promise<T> => {
    statements ??= prepared(database, busyTimeoutMs)
    statements.begin.run()
    try {
      // Asked inside the transaction: until it ends, nobody else can write.
      const version = dataVersion(statements)
      const untouched = ours !== null && ours.version === version && ours.seq === question.fromSeq
      const { rows, steps, texts, erase, answer } = plan(stateOf(statements, question, untouched))
      insertRows(statements, rows)
      for (const { key, seq } of steps) statements.step.run(key, seq)
      if (texts !== undefined) {
        for (const { id, seq, person, salt, content } of texts) statements.text.run(id, seq, person, salt, content)
      }
      if (erase !== undefined) {
        erasing ??= erasureStatements(database)
        eraseWith(erasing, erase)
      }
      statements.commit.run()
      const last = rows.at(-1)
      if (last !== undefined) ours = { seq: last.seq, version }
      return answer
    } catch (error) {
      // A full disk ends the transaction by itself.
      if (database.isTransaction) statements.rollback.run()
      throw error
    }
  }
}

/**
 * The last entry that this connection wrote, and SQLite's count of the changes made by all others as of then. While that
 * count stands still, the entry is as it was written and the last one: it need not be read and hashed again.
 * https://sqlite.org/pragma.html#pragma_data_version
 */
type OurEnd = { readonly seq: number; readonly version: number }

function dataVersion(statements: Statements): number {
  return Number((statements.version.get() as unknown as readonly unknown[])[0])
}

const nobody: AppendState['salts'] = new Map()

function stateOf(
  statements: Statements,
  { fromSeq, keys, book, people }: AppendQuestion,
  untouched: boolean,
): AppendState {
  const found = keys.map((key) => ({ key, seq: statements.done.get(key)?.seq }))
  return {
    tail: untouched ? null : (statements.tail.all(fromSeq) as unknown as readonly StoredRow[]),
    done: found.filter((step): step is { key: string; seq: number } => typeof step.seq === 'number'),
    bookSeq: book === null ? 0 : Number(statements.lastOfBook.get(book)?.seq ?? 0),
    salts:
      people === undefined
        ? nobody
        : new Map(people.map((lookup) => [lookup, String(statements.salt.get(lookup)?.salt ?? '')])),
  }
}

function insertRows(statements: Statements, rows: readonly ChainRow[]): void {
  let next = 0
  for (; rows.length - next >= rowsAtOnce; next += rowsAtOnce) {
    const values: (string | number)[] = []
    for (let index = next; index < next + rowsAtOnce; index++) {
      const row = rows[index]!
      values.push(row.seq, row.at, row.kind, row.book, row.body, row.previousHash, row.hash)
    }
    statements.manyRows.run(...values)
  }
  for (; next < rows.length; next++) {
    const row = rows[next]!
    statements.oneRow.run(row.seq, row.at, row.kind, row.book, row.body, row.previousHash, row.hash)
  }
}

type Statements = ReturnType<typeof prepared>

function prepared(database: DatabaseSync, busyTimeoutMs: number) {
  database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`)
  const make = (sql: string): StatementSync => database.prepare(sql)
  const insert = 'INSERT INTO entries (seq, at, kind, book, body, previousHash, hash) VALUES'
  const row = '(?, ?, ?, ?, ?, ?, ?)'
  const version = make('PRAGMA data_version')
  version.setReturnArrays(true)
  return {
    begin: make('BEGIN IMMEDIATE'),
    commit: make('COMMIT'),
    rollback: make('ROLLBACK'),
    version,
    tail: make(
      'SELECT CAST(seq AS TEXT) AS seq, at, kind, book, body, previousHash, hash FROM entries WHERE seq >= ? ORDER BY entries.seq',
    ),
    done: make('SELECT seq FROM steps WHERE key = ?'),
    // Back from the end: a book that is being written to is near it.
    lastOfBook: make('SELECT seq FROM entries NOT INDEXED WHERE book = ? ORDER BY seq DESC LIMIT 1'),
    oneRow: make(`${insert} ${row}`),
    manyRows: make(`${insert} ${Array(rowsAtOnce).fill(row).join(', ')}`),
    step: make('INSERT INTO steps (key, seq) VALUES (?, ?)'),
    text: make('INSERT INTO texts (id, seq, person, salt, content) VALUES (?, ?, ?, ?, ?)'),
    salt: make('SELECT salt FROM people WHERE lookup = ?'),
  }
}
