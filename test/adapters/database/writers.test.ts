import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import { alertEntries, alertEntry } from '../../support/alerts.ts'
import { linesOf, onEachDatabase, startWriter, withFolder } from '../../support/database.ts'

onEachDatabase('two processes that make a journal and write to it at once keep one chain', async ({ url }) => {
  const [one, other] = await Promise.all(['allocator', 'catalyst'].map((book) => linesOf(startWriter(url, book, 150))))
  const journal = await openJournal(url)
  const { ok, entries } = await journal.verify()
  assert.deepEqual({ ok, entries }, { ok: true, entries: 300 })
  // Each entry that a process was told of is there, and told to one of them only.
  const told = [...one!, ...other!].map((line) => Number(line.replace(/^appended /, ''))).toSorted((a, b) => a - b)
  assert.deepEqual(
    told,
    Array.from({ length: 300 }, (_, index) => index + 1),
  )
  const books = (await Array.fromAsync(journal.read())).map((entry) => entry.book)
  assert(
    books.some((book, index) => index > 0 && book !== books[index - 1]),
    'they wrote at the same time',
  )
  await journal.close()
})

onEachDatabase('two connections of one process never write the same number twice', async ({ url }) => {
  const journals = await Promise.all([openJournal(url), openJournal(url)])
  await Promise.all(
    Array.from({ length: 40 }, (_, index) => journals[index % 2]!.append([alertEntry(index), alertEntry(index)])),
  )
  const result = await journals[0].verify()
  assert.deepEqual([result.ok, result.entries], [true, 80])
  await Promise.all(journals.map((journal) => journal.close()))
})

test('a journal that another process keeps locked is left alone after a while', () =>
  withFolder(async (folder) => {
    const url = `sqlite:${folder}/journal.db`
    const journal = await openJournal(url)
    await journal.append(alertEntries(2))
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { DatabaseSync } from 'node:sqlite'
         const database = new DatabaseSync('${folder}/journal.db')
         database.exec('BEGIN IMMEDIATE')
         console.log('locked')
         setTimeout(() => {}, 30_000)`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    )
    await new Promise((resolve) => holder.stdout.once('data', resolve))
    await assert.rejects(journal.append([alertEntry(3)]), {
      name: 'WorldError',
      retryable: true,
      message: /another process has been writing for 5 seconds/,
    })
    assert.equal((await journal.head())?.seq, 2)
    holder.kill('SIGKILL')
    await new Promise((resolve) => holder.once('exit', resolve))
    assert.equal((await journal.append([alertEntry(3)])).kind, 'appended')
    await journal.close()
  }))
