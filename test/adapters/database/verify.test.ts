import assert from 'node:assert/strict'
import { copyFileSync, openSync, statSync, writeSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import fc from 'fast-check'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import type { KnownHead } from '../../../src/adapters/database/verify.ts'
import { JournalError } from '../../../src/errors.ts'
import { genesis, sealed } from '../../../src/journal/chain.ts'
import { alertEntries, alertEntry } from '../../support/alerts.ts'
import { onEachDatabase, type TestDatabase, withFolder } from '../../support/database.ts'

async function verified(url: string, heads: readonly KnownHead[] = []) {
  const journal = await openJournal(url, { unchecked: true })
  try {
    return await journal.verify({ heads })
  } finally {
    await journal.close()
  }
}

async function madeJournal(url: string, count: number) {
  const journal = await openJournal(url)
  const result = await journal.append(alertEntries(count))
  await journal.close()
  assert(result.kind === 'appended')
  return result.entries
}

/** What a stranger with an SQL shell does, and the first entry that it spoils. */
const tamperings: readonly (readonly [title: string, seq: number, ...statements: readonly string[]])[] = [
  ['a changed body', 17, `UPDATE entries SET body = replace(body, 'MC.PA', 'SPY') WHERE seq = 17`],
  ['a body that is no JSON any more', 17, `UPDATE entries SET body = 'oops' WHERE seq = 17`],
  ['an empty body', 17, `UPDATE entries SET body = '' WHERE seq = 17`],
  ['a space in a body', 17, `UPDATE entries SET body = ' ' || body WHERE seq = 17`],
  ['a changed time', 40, `UPDATE entries SET at = '2020-01-02T15:00:00.000Z' WHERE seq = 40`],
  ['a changed kind', 1, `UPDATE entries SET kind = 'post' WHERE seq = 1`],
  ['a changed book', 40, `UPDATE entries SET book = 'catalyst' WHERE seq = 40`],
  ['a changed hash', 17, `UPDATE entries SET hash = upper(hash) WHERE seq = 17`],
  ['a changed link', 17, `UPDATE entries SET "previousHash" = '' WHERE seq = 17`],
  ['a removed entry', 18, 'DELETE FROM entries WHERE seq = 18'],
  ['several removed entries', 18, 'DELETE FROM entries WHERE seq IN (18, 19, 33)'],
  ['a removed first entry', 1, 'DELETE FROM entries WHERE seq = 1'],
  [
    'a removed entry with the rest moved up',
    18,
    'DELETE FROM entries WHERE seq = 18',
    'UPDATE entries SET seq = -seq WHERE seq > 18',
    'UPDATE entries SET seq = -seq - 1 WHERE seq < 0',
  ],
  [
    'two swapped entries',
    5,
    'UPDATE entries SET seq = -5 WHERE seq = 5',
    'UPDATE entries SET seq = 5 WHERE seq = 30',
    'UPDATE entries SET seq = 30 WHERE seq = -5',
  ],
  ['an entry moved to the end', 17, 'UPDATE entries SET seq = 41 WHERE seq = 17'],
  ['an entry moved before the beginning', 17, 'UPDATE entries SET seq = -3 WHERE seq = 17'],
  [
    'an entry doubled at the end',
    41,
    'INSERT INTO entries SELECT 41, at, kind, book, body, "previousHash", hash FROM entries WHERE seq = 40',
  ],
  [
    'an entry inserted before the first',
    0,
    'INSERT INTO entries SELECT 0, at, kind, book, body, "previousHash", hash FROM entries WHERE seq = 40',
  ],
  [
    'an entry doubled in the middle with the rest moved down',
    18,
    'UPDATE entries SET seq = -seq WHERE seq > 17',
    'UPDATE entries SET seq = -seq + 1 WHERE seq < 0',
    'INSERT INTO entries SELECT 18, at, kind, book, body, "previousHash", hash FROM entries WHERE seq = 17',
  ],
  [
    'a lost tail whose step remains',
    31,
    'DELETE FROM entries WHERE seq > 30',
    `INSERT INTO steps VALUES ('a step', 36)`,
  ],
  ['no entry left, and a step of theirs', 1, 'DELETE FROM entries', `INSERT INTO steps VALUES ('a step', 36)`],
  ['a step that claims more than can be counted', 41, `INSERT INTO steps VALUES ('a step', 2147483647)`],
]

onEachDatabase('whatever a stranger does to the entries is found, and the first one named', async (database) => {
  await madeJournal(database.url, 40)
  assert.deepEqual(await sound(database.url), { ok: true, entries: 40 })
  const columns = 'seq, at, kind, book, body, "previousHash", hash'
  await database.run(`CREATE TABLE untouched AS SELECT ${columns} FROM entries`)
  for (const [title, seq, ...statements] of tamperings) {
    for (const statement of statements) await database.run(statement)
    const result = await verified(database.url)
    assert.equal(result.ok, false, title)
    assert.equal(result.firstBad?.seq, seq, `${title}: ${result.firstBad?.because}`)
    // A program that would write or compute stops, and names the entry too.
    await refused(database.url, seq, title)
    for (const statement of [
      'DELETE FROM steps',
      'DELETE FROM entries',
      `INSERT INTO entries SELECT ${columns} FROM untouched`,
    ]) {
      await database.run(statement)
    }
  }
  assert.deepEqual(await sound(database.url), { ok: true, entries: 40 })
})

async function sound(url: string) {
  const { ok, entries } = await verified(url)
  return { ok, entries }
}

async function refused(url: string, seq: number, title: string): Promise<void> {
  for (const readOnly of [true, false]) {
    await assert.rejects(
      openJournal(url, { readOnly }),
      (error) => error instanceof JournalError && error.message.includes(`entry ${seq} `),
      title,
    )
  }
}

onEachDatabase('any other value in any column of any entry is found', async (database) => {
  const entries = await madeJournal(database.url, 12)
  const original = await database.run('SELECT at, kind, book, body, "previousHash", hash FROM entries ORDER BY seq')
  const journal = await openJournal(database.url, { unchecked: true })
  await fc.assert(
    fc.asyncProperty(
      fc.nat(entries.length - 1),
      fc.constantFrom('at', 'kind', 'book', 'body', 'previousHash', 'hash'),
      // PostgreSQL holds no NUL in text, and neither holds half of a surrogate pair.
      fc.oneof(fc.string({ unit: 'grapheme' }), fc.json()).map((text) => text.replaceAll('\0', '')),
      async (index, column, value) => {
        fc.pre(value !== original[index]![column])
        await database.run(`UPDATE entries SET "${column}" = ? WHERE seq = ?`, value, index + 1)
        const { firstBad } = await journal.verify()
        await database.run(
          `UPDATE entries SET "${column}" = ? WHERE seq = ?`,
          String(original[index]![column]),
          index + 1,
        )
        assert.equal(firstBad?.seq, index + 1)
      },
    ),
    { numRuns: 60 },
  )
  assert.equal((await journal.verify()).ok, true)
  await journal.close()
})

onEachDatabase('an entry rewritten together with its hash is named', async (database) => {
  const entries = await madeJournal(database.url, 9)
  const { at, previousHash } = entries[4]!
  const [forged] = sealed({ seq: 4, hash: previousHash, previousHash: '' }, [
    { at, kind: 'alert', book: 'allocator', body: '{}' },
  ])
  await database.run('UPDATE entries SET body = ?, hash = ? WHERE seq = 5', '{}', forged!.hash)
  assert.deepEqual((await verified(database.url)).firstBad, {
    seq: 5,
    because: 'entry 5 was rewritten: entry 6 is chained to another hash than it has now',
  })
})

onEachDatabase('a body that fits its hash must still be canonical JSON', async (database) => {
  await openJournal(database.url).then((journal) => journal.close())
  const [row] = sealed(genesis, [{ at: '2020-01-02T15:00:00.000Z', kind: 'alert', book: 'a', body: '{"b":1, "a":2}' }])
  await database.run(
    'INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)',
    row!.seq,
    row!.at,
    row!.kind,
    row!.book,
    row!.body,
    row!.previousHash,
    row!.hash,
  )
  assert.equal(
    (await verified(database.url)).firstBad?.because,
    'entry 1 was rewritten: its body is not canonical JSON',
  )
})

onEachDatabase('a lost tail is found with a known head, and called unproven without one', async (database) => {
  const entries = await madeJournal(database.url, 20)
  const head = (seq: number, hash = entries[seq - 1]!.hash): KnownHead => ({ seq, hash, from: 'known' })

  const whole = await verified(database.url, [head(12), head(20)])
  assert.deepEqual([whole.ok, whole.tail, whole.provenTo], [true, 'proven', 20])
  const behind = await verified(database.url, [head(12)])
  assert.deepEqual([behind.ok, behind.tail, behind.provenTo], [true, 'unproven', 12])
  // The 32 digits that fit into a post are enough.
  assert.equal((await verified(database.url, [head(20, entries[19]!.hash.slice(0, 32))])).tail, 'proven')

  await database.run('DELETE FROM entries WHERE seq > 15')
  const blind = await verified(database.url)
  assert.deepEqual([blind.ok, blind.entries, blind.tail, blind.provenTo], [true, 15, 'unproven', 0])
  const cut = await verified(database.url, [head(12), head(20)])
  assert.deepEqual(cut.firstBad, {
    seq: 16,
    because: 'entry 16 is missing: the journal ends at 15, and entry 20 is known',
  })
  assert.deepEqual([cut.ok, cut.tail, cut.provenTo], [false, 'unproven', 12])

  // Everything rewritten from entry 14 on: the chain fits, the head does not.
  await database.run('DELETE FROM entries WHERE seq > 13')
  const journal = await openJournal(database.url)
  await journal.append(Array.from({ length: 10 }, (_, index) => alertEntry(100 + index)))
  await journal.close()
  assert.equal((await verified(database.url)).ok, true)
  const forged = await verified(database.url, [head(12), head(20)])
  assert.equal(forged.firstBad?.seq, 20)
  assert.match(forged.firstBad.because, /^entry 20 has another hash than the one known/)

  await database.run('DELETE FROM entries')
  assert.deepEqual(await verified(database.url), {
    ok: true,
    entries: 0,
    verified: 0,
    head: null,
    tail: 'unproven',
    provenTo: 0,
  })
  assert.equal((await verified(database.url, [head(20)])).firstBad?.seq, 1)
})

onEachDatabase('a process that is writing notices when its last entry is changed under it', async (database) => {
  const journal = await openJournal(database.url)
  await journal.append(alertEntries(5))
  await database.run(`UPDATE entries SET body = replace(body, 'MC.PA', 'SPY') WHERE seq = 5`)
  await assert.rejects(journal.append([alertEntry(6)]), /broken: entry 5 was changed/)
  await database.run('DELETE FROM entries WHERE seq = 5')
  await assert.rejects(journal.append([alertEntry(6)]), /broken: entry 5 is missing/)
  assert.equal((await database.run('SELECT seq FROM entries')).length, 4)
  await journal.close()
})

onEachDatabase('a step whose entry was cut off meanwhile counts as neither done nor undone', async (database) => {
  const journal = await openJournal(database.url)
  await journal.append(alertEntries(5))
  const step = [alertEntry(6), alertEntry(7, { key: 'a step' })]
  await journal.append(step)
  await database.run('DELETE FROM entries WHERE seq > 5')
  const cut = (error: unknown) => error instanceof JournalError && /broken: entry 6 is missing/.test(error.message)
  await assert.rejects(journal.done('a step'), cut)
  await assert.rejects(journal.append(step), (error) => error instanceof JournalError && /entry 7 /.test(error.message))
  await database.run('DELETE FROM entries')
  await assert.rejects(journal.done('a step'), /broken: entry 1 is missing: the journal is empty, and .* entry 7/)
  assert.equal(await journal.done('another step'), null)
  await journal.close()
  assert.equal((await database.run('SELECT key FROM steps')).length, 1)
})

onEachDatabase(
  'a step that another process recorded after this one opened the journal counts as done',
  async ({ url }) => {
    const one = await openJournal(url)
    const other = await openJournal(url)
    await other.append([alertEntry(1, { key: 'a step' })])
    assert.equal(await one.done('a step'), 1)
    assert.deepEqual(await one.append([alertEntry(1, { key: 'a step' })]), {
      kind: 'already-done',
      key: 'a step',
      seq: 1,
    })
    await one.close()
    await other.close()
  },
)

onEachDatabase('of the heads that were published, the first that the journal lacks is named', async ({ url }) => {
  const entries = await madeJournal(url, 700)
  const journal = await openJournal(url)
  const head = (seq: number, hash = entries[seq - 1]?.hash ?? '9'.repeat(64)): KnownHead => ({
    seq,
    hash,
    from: 'known',
  })
  const every = entries.map(({ seq }) => head(seq))
  assert.equal(await journal.lacking([]), null)
  assert.equal(await journal.lacking(every), null)
  assert.deepEqual(await journal.lacking([...every, head(702), head(701)]), head(701))
  assert.deepEqual(await journal.lacking([head(702), head(600), head(500, '8'.repeat(64))]), head(500, '8'.repeat(64)))
  await journal.close()
})

const sqlite = (title: string, body: (database: TestDatabase & { readonly file: string }) => Promise<void>) =>
  test(`${title} (SQLite)`, () =>
    withFolder(async (folder) => {
      const file = `${folder}/journal.db`
      await body({
        file,
        url: `sqlite:${file}`,
        async run(statement, ...values) {
          const database = new DatabaseSync(file)
          try {
            return database.prepare(statement).all(...values)
          } finally {
            database.close()
          }
        },
      })
    }))

sqlite('values that are no text, and numbers beyond all counting, are found', async (database) => {
  await madeJournal(database.url, 6)
  for (const [assignment, seq] of [
    ['body = CAST(body AS BLOB)', 3],
    ['at = CAST(at AS BLOB)', 3],
    [`hash = CAST(hash || x'00' AS TEXT)`, 3],
    ['seq = 9223372036854775807', 3],
    ['seq = -9223372036854775808', 3],
  ] as const) {
    copyFileSync(database.file, `${database.file}.copy`)
    await database.run(`UPDATE entries SET ${assignment} WHERE seq = 3`)
    assert.equal((await verified(database.url)).firstBad?.seq, seq, assignment)
    copyFileSync(`${database.file}.copy`, database.file)
  }
})

sqlite('bytes that are no UTF-8 do not pass for the replacement character', async (database) => {
  const journal = await openJournal(database.url)
  const text = 'an answer cut inside a sign \uFFFD'
  const entry = alertEntry(1)
  await journal.append([{ ...entry, body: { ...entry.body, alerts: [{ ...entry.body.alerts[0]!, symbol: text }] } }])
  await journal.close()
  assert.equal((await verified(database.url)).ok, true)
  // F0 9F 98 is the beginning of a four-byte sign; a decoder reads it as one U+FFFD, as it does EF BF BD.
  await database.run(`UPDATE entries SET body = CAST(unhex(replace(hex(body), 'EFBFBD', 'F09F98')) AS TEXT)`)
  assert.equal((await verified(database.url)).firstBad?.seq, 1)
})

sqlite('a damaged file is a finding that names the first entry that cannot be read', async (database) => {
  await madeJournal(database.url, 400)
  // Past the schema and the first pages of rows: whole pages of nonsense, as a bad disk leaves them.
  const handle = openSync(database.file, 'r+')
  const size = statSync(database.file).size
  writeSync(handle, Buffer.alloc(4096 * 3, 0xee), 0, 4096 * 3, Math.floor(size / 2 / 4096) * 4096)
  const result = await verified(database.url)
  assert.equal(result.ok, false)
  assert(result.firstBad !== undefined && result.firstBad.seq > 1 && result.firstBad.seq <= 400)
  assert.equal(result.verified, result.firstBad.seq - 1)
})
