// The journal against the raw driver and the disk: `node bench/journal.ts`. With PRIMER_TEST_POSTGRES=postgres://... PostgreSQL too.
// The contenders take turns, one transaction each, so that a slow moment of the machine or its disk falls on all of them; the
// figure is the median transaction.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { type Journal, openJournal } from '../src/adapters/database/journal.ts'
import { canonicalJson } from '../src/journal/canonical.ts'
import { type ChainRow, genesis, type Link, sealed } from '../src/journal/chain.ts'
import type { NewEntry } from '../src/journal/entry.ts'

const batchRows = 1000
const rowsAtOnce = 100
const warmUps = 5
const at = '2020-03-12T15:00:00.000Z'

/** Body of 300 bytes in canonical form: two alerts of one run of the monitor. */
export function benchEntry(value: number): NewEntry<'alert'> {
  const alerts = [
    { symbol: 'SPY', kind: 'move', value: -0.0951, level: 1, price: 248.11, reference: 274.36 },
    {
      symbol: 'CAC.PA and a name to fill it',
      kind: 'stop',
      value: -0.053,
      level: 0,
      price: 100_000 + value,
      reference: 330.05,
    },
  ] as const
  return { at, kind: 'alert', book: 'allocator', body: { date: '2020-03-12', checkedAt: at, alerts: [...alerts] } }
}

const entries = (count: number) => Array.from({ length: count }, (_, index) => benchEntry(index))
const drafts = (count: number) =>
  entries(count).map(({ at, kind, book, body }) => ({ at, kind, book, body: canonicalJson(body) }))

type Contender = { readonly name: string; readonly rows: number; readonly run: (turn: number) => void | Promise<void> }

/** Rows per second of each in its median turn. */
async function rates(contenders: readonly Contender[], turns: number): Promise<ReadonlyMap<string, number>> {
  const taken = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
  for (let turn = -warmUps; turn < turns; turn++) {
    for (const { name, rows, run } of contenders) {
      const started = performance.now()
      await run(Math.max(0, turn))
      if (turn >= 0) taken.get(name)!.push((rows / (performance.now() - started)) * 1000)
    }
  }
  return new Map([...taken].map(([name, list]) => [name, list.toSorted((a, b) => a - b)[list.length >> 1]!]))
}

function report(title: string, found: ReadonlyMap<string, number>): void {
  const [peer] = found.values()
  console.log(`\n${title}`)
  for (const [name, rate] of found) {
    const ratio = rate === peer ? '1' : (rate / peer!).toFixed(2)
    console.log(`  ${name.padEnd(66)} ${Math.round(rate).toLocaleString('en-US').padStart(9)} rows/s   x${ratio}`)
  }
}

/** The same table, index and settings, and nothing of ours around them. */
function rawSqlite(file: string) {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE entries (seq INTEGER PRIMARY KEY NOT NULL, at TEXT NOT NULL, kind TEXT NOT NULL, book TEXT NOT NULL,
      body TEXT NOT NULL, previousHash TEXT NOT NULL, hash TEXT NOT NULL);
    CREATE INDEX byBookAndKind ON entries (book, kind, seq)`)
  const insert = 'INSERT INTO entries VALUES'
  const one = database.prepare(`${insert} (?, ?, ?, ?, ?, ?, ?)`)
  const many = database.prepare(`${insert} ${Array(rowsAtOnce).fill('(?, ?, ?, ?, ?, ?, ?)').join(', ')}`)
  let seq = 0
  return {
    single: (row: ChainRow) => {
      one.run(++seq, row.at, row.kind, row.book, row.body, row.previousHash, row.hash)
    },
    batch: (rows: readonly ChainRow[]) => {
      database.exec('BEGIN IMMEDIATE')
      for (let next = 0; next < batchRows; next += rowsAtOnce) {
        const list: (string | number)[] = []
        for (let index = next; index < next + rowsAtOnce; index++) {
          const row = rows[index]!
          list.push(++seq, row.at, row.kind, row.book, row.body, row.previousHash, row.hash)
        }
        many.run(...list)
      }
      database.exec('COMMIT')
    },
    close: () => database.close(),
  }
}

/** Copies of entries that are sealed already: they are sealed off the clock and checked against the chain on it. */
function sealedBatches(journal: Journal, turns: number): Contender['run'] {
  let last: Link = genesis
  const waiting = Array.from({ length: turns + warmUps }, () => {
    // Through JSON and back, as rows that were read from somewhere: texts in one piece, not in the pieces they were made of.
    const rows: readonly ChainRow[] = JSON.parse(JSON.stringify(sealed(last, drafts(batchRows))))
    last = rows.at(-1)!
    return rows
  })
  return () => journal.appendSealed(waiting.shift()!)
}

async function benchSqlite(folder: string): Promise<void> {
  const raw = rawSqlite(join(folder, 'raw.db'))
  const url = `sqlite:${join(folder, 'journal.db')}`
  const journal = await openJournal(url)
  const copy = await openJournal(`sqlite:${join(folder, 'copy.db')}`)
  const list = entries(2000)
  const rows = sealed(genesis, drafts(2000))
  console.log(`Bodies of ${rows[0]!.body.length} bytes; node:sqlite, WAL, synchronous FULL; medians`)
  const single = await rates(
    [
      { name: 'raw driver: one INSERT a transaction', rows: 1, run: (turn) => raw.single(rows[turn]!) },
      {
        name: 'journal.append: validated, canonical, hashed, head checked',
        rows: 1,
        run: async (turn) => void (await journal.append([list[turn]!])),
      },
    ],
    2000,
  )
  report('SQLite, single durable entries', single)
  const batches = await rates(
    [
      { name: `raw driver: ${rowsAtOnce}-row statements`, rows: batchRows, run: () => raw.batch(rows) },
      { name: 'journal.appendSealed: each hash and link checked', rows: batchRows, run: sealedBatches(copy, 60) },
      {
        name: 'journal.append: validated, canonical, hashed, read back',
        rows: batchRows,
        run: async () => {
          const written = await journal.append(list.slice(0, batchRows))
          if (written.kind !== 'appended' || written.entries.length !== batchRows) throw new Error('never')
        },
      },
    ],
    60,
  )
  report(`SQLite, transactions of ${batchRows} entries`, batches)
  await copy.close()
  await journal.close()
  raw.close()
  await benchReading(url)
}

async function benchReading(url: string): Promise<void> {
  const counted = await openJournal(url, { unchecked: true })
  const { entries: rows } = await counted.verify()
  const found = await rates(
    [
      { name: 'journal verify: hashes, links, canonical bodies', rows, run: async () => void (await counted.verify()) },
      {
        name: 'opening a journal to write: hashes and links',
        rows,
        run: async () => (await openJournal(url)).close(),
      },
      {
        name: 'reading every entry through its schema',
        rows,
        run: async () => {
          for await (const entry of counted.read()) if (entry.seq < 0) throw new Error('never')
        },
      },
    ],
    3,
  )
  report(`SQLite, reading ${rows.toLocaleString('en-US')} entries`, found)
  await counted.close()
}

async function benchPostgres(address: string): Promise<void> {
  const schema = `primer_bench_${randomBytes(4).toString('hex')}`
  const client = new pg.Client({ connectionString: address })
  await client.connect()
  await client.query(`CREATE SCHEMA ${schema}`)
  try {
    await client.query(`CREATE TABLE ${schema}.raw (seq integer PRIMARY KEY, at text NOT NULL, kind text NOT NULL, book text NOT NULL,
      body text NOT NULL, "previousHash" text NOT NULL, hash text NOT NULL)`)
    await client.query(`CREATE INDEX ON ${schema}.raw (book, kind, seq)`)
    const separator = address.includes('?') ? '&' : '?'
    const journal = await openJournal(`${address}${separator}options=-c%20search_path%3D${schema}`)
    const rows = sealed(genesis, drafts(batchRows))
    let seq = 0
    const unnest = async (some: readonly ChainRow[]) => {
      const column = (name: keyof ChainRow) => some.map((row) => row[name])
      await client.query(
        `INSERT INTO ${schema}.raw SELECT * FROM unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])`,
        [
          some.map(() => ++seq),
          column('at'),
          column('kind'),
          column('book'),
          column('body'),
          column('previousHash'),
          column('hash'),
        ],
      )
    }
    report(
      `PostgreSQL, transactions of ${batchRows} entries`,
      await rates(
        [
          { name: 'raw driver: unnest', rows: batchRows, run: () => unnest(rows) },
          {
            name: 'journal.appendSealed: each hash and link checked',
            rows: batchRows,
            run: sealedBatches(journal, 30),
          },
        ],
        30,
      ),
    )
    const list = entries(300)
    report(
      'PostgreSQL, single entries',
      await rates(
        [
          { name: 'raw driver: one INSERT a transaction', rows: 1, run: (turn) => unnest([rows[turn]!]) },
          { name: 'journal.append', rows: 1, run: async (turn) => void (await journal.append([list[turn]!])) },
        ],
        300,
      ),
    )
    await journal.close()
  } finally {
    await client.query(`DROP SCHEMA ${schema} CASCADE`)
    await client.end()
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Beside the system's own temporary files: a disk, where it is one, and not memory.
  const folder = mkdtempSync(join(tmpdir(), 'primer-bench-'))
  try {
    await benchSqlite(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const address = process.env.PRIMER_TEST_POSTGRES
  if (address === undefined) console.log('\nPostgreSQL: set PRIMER_TEST_POSTGRES=postgres://... to measure it')
  else await benchPostgres(address)
}
