import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import { ConflictError, InputError, JournalError } from '../../../src/errors.ts'
import type { NewEntry } from '../../../src/journal/entry.ts'
import { alertEntries, alertEntry } from '../../support/alerts.ts'
import { onEachDatabase, withFolder } from '../../support/database.ts'

onEachDatabase('what was appended is read back, in order, with its hashes', async ({ url }) => {
  const journal = await openJournal(url)
  assert.equal(await journal.head(), null)
  assert.deepEqual(await Array.fromAsync(journal.read()), [])
  const first = await journal.append(alertEntries(2))
  const second = await journal.append([alertEntry(3, { book: 'catalyst' })])
  assert(first.kind === 'appended' && second.kind === 'appended')
  const entries = [...first.entries, ...second.entries]
  assert.deepEqual(
    entries.map(({ seq, book, previousHash }) => [seq, book, previousHash]),
    [
      [1, 'allocator', '0'.repeat(64)],
      [2, 'allocator', entries[0]!.hash],
      [3, 'catalyst', entries[1]!.hash],
    ],
  )
  assert.deepEqual(await journal.head(), { seq: 3, hash: entries[2]!.hash, at: entries[2]!.at })
  await journal.close()

  const later = await openJournal(url, { readOnly: true })
  assert.deepEqual(await Array.fromAsync(later.read()), entries)
  assert.deepEqual((await later.verify()).entries, 3)
  await later.close()
})

onEachDatabase('entries are found by book, kind, number and time', async ({ url }) => {
  const journal = await openJournal(url)
  const post = (seq: number): NewEntry => ({
    at: '2020-01-02T16:00:00.000Z',
    kind: 'post',
    book: 'allocator',
    body: { purpose: 'alert', of: { seq, hash: 'a'.repeat(64) }, x: [], discord: { title: 'é' } },
  })
  // More than a page, so that paging is walked through.
  await journal.append([...alertEntries(300), post(1), ...alertEntries(300, { book: 'catalyst' }), post(2)])
  const seqs = async (filter: Parameters<typeof journal.read>[0]) =>
    (await Array.fromAsync(journal.read(filter))).map((entry) => entry.seq)
  assert.equal((await seqs({})).length, 602)
  assert.deepEqual(await seqs({ kinds: ['post'] }), [301, 602])
  assert.deepEqual(await seqs({ book: 'catalyst', limit: 2 }), [302, 303])
  assert.deepEqual(await seqs({ book: 'allocator', kinds: ['alert', 'post'], latest: 3 }), [300, 301, 602])
  assert.deepEqual(await seqs({ fromSeq: 299, toSeq: 302 }), [299, 300, 301, 302])
  // Alert n is at 15:00 plus n minutes.
  assert.deepEqual(
    await seqs({ book: 'allocator', fromAt: '2020-01-02T15:59:00.000Z', beforeAt: '2020-01-02T16:01:00.000Z' }),
    [59, 60, 301, 602],
  )
  assert.equal((await seqs({ fromSeq: 603 })).length, 0)
  const last = await journal.last('allocator', 'post')
  assert.deepEqual([last?.seq, last?.body.of.seq, last?.body.discord], [602, 2, { title: 'é' }])
  assert.equal(await journal.last('catalyst', 'post'), null)
  await journal.close()
})

onEachDatabase('a step is recorded once, and again after a restart', async ({ url }) => {
  const journal = await openJournal(url)
  const step = [alertEntry(1), alertEntry(2, { key: 'allocator/2020-01-02/monitor' })]
  assert.equal((await journal.append(step)).kind, 'appended')
  assert.equal(await journal.done('allocator/2020-01-02/monitor'), 2)
  assert.equal(await journal.done('allocator/2020-01-03/monitor'), null)
  await journal.close()

  const later = await openJournal(url)
  assert.deepEqual(await later.append(step), { kind: 'already-done', key: 'allocator/2020-01-02/monitor', seq: 2 })
  assert.equal((await later.head())?.seq, 2)
  await later.close()
})

onEachDatabase('a decision on outdated holdings is not recorded', async ({ url }) => {
  const one = await openJournal(url)
  const other = await openJournal(url)
  await one.append([alertEntry(1)], { expect: { book: 'allocator', seq: 0 } })
  await other.append([alertEntry(2)], { expect: { book: 'allocator', seq: 1 } })
  await assert.rejects(
    one.append([alertEntry(3)], { expect: { book: 'allocator', seq: 1 } }),
    (error) => error instanceof ConflictError && error.retryable && /stands at entry 2 now/.test(error.message),
  )
  // Another book's entries do not outdate this one's.
  await other.append([alertEntry(4, { book: 'catalyst' })])
  await one.append([alertEntry(5)], { expect: { book: 'allocator', seq: 2 } })
  assert.equal((await one.verify()).entries, 4)
  await one.close()
  await other.close()
})

onEachDatabase('entries with a fault are refused whole, every fault listed', async ({ url }) => {
  const journal = await openJournal(url)
  const good = alertEntry(1)
  const faulty = [
    good,
    { ...good, at: '2020-01-02 15:00' },
    { ...good, body: { ...good.body, alerts: [{ ...good.body.alerts[0]!, value: Number.NaN }] } },
    { ...good, body: { ...good.body, mood: 'high' } },
    { ...good, kind: 'gossip' },
    { ...good, book: '' },
    { ...good, key: 'twice' },
    { ...good, key: 'twice' },
  ] as unknown as readonly NewEntry[]
  await assert.rejects(journal.append(faulty), (error) => {
    assert(error instanceof InputError)
    const told = error.faults.join('\n')
    for (const part of [
      'entry 2 of 8 (alert): at: ',
      'entry 3 of 8 (alert): body.alerts.0.value: ',
      'entry 4 of 8 (alert): body: ',
      'entry 5 of 8 (gossip): no such kind of entry',
      'entry 6 of 8 (alert): book: ',
      'entry 8 of 8 (alert): the key twice stands on an earlier entry too',
    ]) {
      assert(told.includes(part), `${part} in:\n${told}`)
    }
    return true
  })
  // Parts whose shape is left open must still be numbers that can be written down.
  const snapshot = { date: '2020-01-02', sha256: 'a'.repeat(64), snapshot: { equity: [1, Number.POSITIVE_INFINITY] } }
  await assert.rejects(
    journal.append([{ at: good.at, kind: 'snapshot', book: 'allocator', body: snapshot }]),
    /body: snapshot.equity\[1\] is Infinity/,
  )
  assert.equal(await journal.head(), null)
  await journal.close()
})

test('what an append returns is what a replay will read, to the sign of zero', () =>
  withFolder(async (folder) => {
    const journal = await openJournal(`sqlite:${folder}/journal.db`)
    const entry = alertEntry(1)
    const body = { ...entry.body, alerts: [{ ...entry.body.alerts[0]!, value: -0 }] }
    const result = await journal.append([{ ...entry, body }])
    assert(result.kind === 'appended')
    assert.deepEqual(result.entries, await Array.fromAsync(journal.read()))
    await journal.close()
  }))

onEachDatabase('a journal is copied entry by entry into another', async ({ url }) => {
  await withFolder(async (folder) => {
    const source = await openJournal(`sqlite:${folder}/source.db`)
    await source.append(alertEntries(250))
    const rows = (await Array.fromAsync(source.read())).map((entry) => ({
      ...entry,
      // Sorted by hand: these bodies have one level of objects, and a list of one alert.
      body: JSON.stringify({
        alerts:
          entry.kind === 'alert'
            ? entry.body.alerts.map((alert) => Object.fromEntries(Object.entries(alert).sort()))
            : [],
        checkedAt: entry.at,
        date: entry.at.slice(0, 10),
      }),
    }))
    const journal = await openJournal(url)
    await journal.appendSealed(rows.slice(0, 120))
    await assert.rejects(journal.appendSealed(rows.slice(121)), /entry 121 is missing/)
    await assert.rejects(journal.appendSealed([{ ...rows[120]!, book: 'catalyst' }]), /entry 121 was changed/)
    await journal.appendSealed(rows.slice(120))
    assert.deepEqual(await journal.head(), await source.head())
    assert.equal((await journal.verify()).ok, true)
    await source.close()
    await journal.close()
  })
})

onEachDatabase('an entry that this program cannot read stops it with the entry’s number', async ({ url, run }) => {
  const journal = await openJournal(url)
  await journal.append(alertEntries(3))
  await journal.close()
  const insert = 'INSERT INTO entries (seq, at, kind, book, body, "previousHash", hash) VALUES (?, ?, ?, ?, ?, ?, ?)'
  const [third] = await run('SELECT hash FROM entries WHERE seq = 3')
  const { sealed } = await import('../../../src/journal/chain.ts')
  const last = { seq: 3, hash: String(third!.hash), previousHash: '' }
  // A chain that fits, by somebody who knows how: a kind of a later Primer, then a body that is no post.
  for (const [kind, body, told] of [
    ['prophecy', '{}', /Entry 4 .* kind "prophecy" is not known/],
    ['post', '{"purpose":"fame"}', /Entry 4 .* body is no post: body.purpose/],
  ] as const) {
    const [row] = sealed(last, [{ at: '2020-01-02T15:03:00.000Z', kind, book: 'allocator', body }])
    await run(insert, row!.seq, row!.at, row!.kind, row!.book, row!.body, row!.previousHash, row!.hash)
    const later = await openJournal(url)
    await assert.rejects(
      Array.fromAsync(later.read()),
      (error) => error instanceof JournalError && told.test(error.message),
    )
    await later.close()
    await run('DELETE FROM entries WHERE seq = 4')
  }
})
