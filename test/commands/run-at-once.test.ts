import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { onPostgres, withFolder } from '../support/database.ts'
import { climbingMarket, runJob } from '../support/jobs.ts'
import { assertSameRows } from '../support/kill-run.ts'
import { primer, rowsOf } from '../support/primer.ts'

/** Both end with 0, having done it or found it done, or one says that it lost the race. */
async function twoAtOnce(home: string, env: Readonly<Record<string, string>>): Promise<void> {
  for (const day of ['05', '06', '07']) {
    const args = ['run', 'allocate', '--date', `2024-03-${day}`]
    const both = await Promise.all([primer(args, { home, env }), primer(args, { home, env })])
    assert(
      both.some(({ code }) => code === 0),
      JSON.stringify(both),
    )
    for (const { code, stderr } of both) assert(code === 0 || (code === 3 && /run this again/.test(stderr)), stderr)
  }
}

test('two processes that run one job at once do it once', () =>
  withFolder(async (home) => {
    const env = climbingMarket(home)
    await twoAtOnce(home, env)
    const alone = join(home, 'alone')
    for (const day of ['05', '06', '07']) await runJob('allocate', `2024-03-${day}`, { ...env, PRIMER_HOME: alone })
    assertSameRows(rowsOf(join(home, 'journal.db')), rowsOf(join(alone, 'journal.db')))
  }))

onPostgres('two processes do a job once, and the entries are those of SQLite', async () =>
  withFolder(async (home) => {
    const env = climbingMarket(home)
    const server = process.env.PRIMER_TEST_POSTGRES!
    const name = `primer_test_${randomBytes(6).toString('hex')}`
    const admin = new pg.Client({ connectionString: server })
    await admin.connect()
    await admin.query(`CREATE DATABASE ${name}`)
    const url = new URL(server)
    url.pathname = `/${name}`
    try {
      await twoAtOnce(home, { ...env, DATABASE_URL: url.href })
      assert.equal(existsSync(join(home, 'journal.db')), false)
      for (const day of ['05', '06', '07'])
        await runJob('allocate', `2024-03-${day}`, { ...env, PRIMER_HOME: join(home, 'sqlite') })
      const client = new pg.Client({ connectionString: url.href })
      await client.connect()
      const { rows } = await client.query(
        'SELECT seq, at, kind, book, body, "previousHash", hash FROM entries ORDER BY seq',
      )
      await client.end()
      assertSameRows(
        rows.map((row) => ({ ...row, seq: Number(row.seq) })),
        rowsOf(join(home, 'sqlite', 'journal.db')),
      )
    } finally {
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
      await admin.end()
    }
  }),
)
