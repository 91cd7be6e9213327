import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { type ChainRow, genesis, sealed } from '../../src/journal/chain.ts'
import type { CloseEntry } from '../../src/journal/entry.ts'
import { bodiesOf, runJob } from '../support/jobs.ts'
import { primer, rowsOf } from '../support/primer.ts'

/** Four simulated days with fills on the second. */
const home = mkdtempSync(join(tmpdir(), 'primer-replay-'))
const days = ['2025-12-08', '2025-12-09', '2025-12-10', '2025-12-11']
before(async () => {
  for (const day of days) await runJob('allocate', day, { PRIMER_HOME: home, MARKET: 'simulated:1' })
})
after(() => rmSync(home, { recursive: true }))

const replay = (place: string, ...more: readonly string[]) => primer(['replay', '--home', place, ...more], { home })

/** A journal with the same entries less one change, hashed again from there: its chain holds. */
async function forged(name: string, change: (row: ChainRow, body: unknown) => unknown): Promise<string> {
  const rows = rowsOf(join(home, 'journal.db')).map((row) => {
    const body = JSON.parse(row.body)
    return { ...row, body: change(row, body) === undefined ? row.body : JSON.stringify(body) }
  })
  const folder = join(home, name)
  const journal = await openJournal(`sqlite:${join(folder, 'journal.db')}`)
  await journal.appendSealed(sealed(genesis, rows))
  const { ok } = await journal.verify()
  await journal.close()
  assert(ok, 'the forged chain should hold')
  return folder
}

test('a replay agrees with every recorded close, and tells what is held', async () => {
  const { code, stdout } = await replay(home)
  assert.equal(code, 0)
  assert.match(stdout, /^allocator: \d+ entries replayed to 2025-12-11; cash, quantities, orders and equity agree/)
  const json = JSON.parse((await replay(home, '--json')).stdout)
  const close = bodiesOf<CloseEntry>(rowsOf(join(home, 'journal.db')), 'close').at(-1)!
  assert.deepEqual(
    [json.ok, json.book, json.entries, json.differences, json.cash, json.equity],
    [true, 'allocator', rowsOf(join(home, 'journal.db')).length, [], close.cashCents / 100, close.equity],
  )
  assert.deepEqual(
    json.positions.map(({ symbol, quantity }: { symbol: string; quantity: number }) => [symbol, quantity]),
    close.positions.map(({ symbol, quantity }) => [symbol, quantity]),
  )
  assert(json.positions.length > 0)
})

test('a replay up to a date tells the book as it was then', async () => {
  const json = JSON.parse((await replay(home, '--date', '2025-12-08', '--json')).stdout)
  assert.deepEqual([json.ok, json.date, json.cash, json.positions], [true, '2025-12-08', 10_000, []])
  assert(json.pending.length > 0)
})

test('a cent taken from a fill, with all hashes made anew, is found at every close from that day on', async () => {
  let taken = false
  const folder = await forged('cent', ({ kind }, body) => {
    const [fill] = kind === 'session' ? (body as { events: { fills: { cashChangeCents: number }[] } }).events.fills : []
    if (fill === undefined || taken) return undefined
    taken = true
    fill.cashChangeCents -= 1
    return body
  })
  const { code, stdout } = await replay(folder, '--json')
  assert.equal(code, 1)
  const { ok, differences } = JSON.parse(stdout)
  const cash = bodiesOf<CloseEntry>(rowsOf(join(home, 'journal.db')), 'close')
  assert.equal(ok, false)
  // Three closes follow the fill; cash and equity are a cent short at each.
  assert.deepEqual(
    differences.filter((difference: string) => /cash/.test(difference)),
    cash
      .slice(1)
      .map(({ date, cashCents }) => `${date}: cash in cents is ${cashCents - 1} rebuilt, ${cashCents} recorded`),
  )
  assert(differences.some((difference: string) => /2025-12-09: equity is/.test(difference)))
  const text = await replay(folder)
  assert.equal(text.code, 1)
  assert.match(text.stdout, /differences from what was recorded:\n {2}2025-12-09: cash in cents is/)
})

test('a quantity changed in a close is found on that day alone', async () => {
  const folder = await forged('quantity', ({ kind }, body) => {
    const close = body as { date: string; positions: { quantity: number }[] }
    if (kind !== 'close' || close.date !== '2025-12-10') return undefined
    close.positions[0]!.quantity += 1
    return close
  })
  const { code, stdout } = await replay(folder, '--json')
  assert.equal(code, 1)
  const { differences } = JSON.parse(stdout)
  assert.equal(differences.length, 1)
  assert.match(differences[0], /^2025-12-10: quantity of \S+ is [\d.]+ rebuilt, [\d.]+ recorded$/)
})

test('a book that the journal does not have, and a journal that is not there, are refused', async () => {
  const book = await replay(home, '--book', 'nobody')
  assert.deepEqual([book.code, book.stdout], [2, ''])
  assert.match(book.stderr, /^primer: the journal .* has no book called nobody/)
  const nowhere = await replay(join(home, 'nowhere'))
  assert.deepEqual([nowhere.code, nowhere.stdout], [2, ''])
  assert.match(nowhere.stderr, /^primer: There is no journal at .*nowhere/)
})
