import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { shownUrl } from '../../../src/adapters/database/connect.ts'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import { ConfigError, InputError, JournalError, WorldError } from '../../../src/errors.ts'
import { alertEntries, alertEntry } from '../../support/alerts.ts'
import { onEachDatabase, onPostgres, withFolder } from '../../support/database.ts'

const bytes = (file: string) => readFileSync(file).toString('base64')

onEachDatabase('where nothing may be made, an absent journal is refused and stays absent', async (database) => {
  for (const options of [{ readOnly: true }, { create: false }, { unchecked: true }]) {
    await assert.rejects(
      openJournal(database.url, options),
      (error) => error instanceof InputError && /There is no journal at .*npm run demo/.test(error.message),
    )
  }
  const made = await openJournal(database.url)
  await made.close()
  for (const options of [{ readOnly: true }, { create: false }, { unchecked: true }]) {
    const journal = await openJournal(database.url, options)
    assert.equal(await journal.head(), null)
    await journal.close()
  }
})

onEachDatabase('a journal of a newer Primer is refused and left as it is', async (database) => {
  const journal = await openJournal(database.url)
  await journal.append(alertEntries(2))
  await journal.close()
  await database.run(`INSERT INTO "schemaVersions" VALUES ('0009-wishes', '2030-01-01T00:00:00.000Z')`)
  for (const options of [{}, { readOnly: true }, { unchecked: true }]) {
    await assert.rejects(
      openJournal(database.url, options),
      (error) => error instanceof JournalError && /newer schema \(0009-wishes\).*update Primer/.test(error.message),
    )
  }
  assert.equal((await database.run('SELECT seq FROM entries')).length, 2)
})

onEachDatabase('tables of somebody else are not taken over', async (database) => {
  await database.run('CREATE TABLE entries (id integer, wish text)')
  await assert.rejects(openJournal(database.url), (error) => {
    return error instanceof JournalError && /belongs to another program.*entries/.test(error.message)
  })
  assert.deepEqual(await database.run('SELECT id, wish FROM entries'), [])
})

onEachDatabase('a journal that is opened for reading takes no entries', async (database) => {
  await (await openJournal(database.url)).close()
  const journal = await openJournal(database.url, { readOnly: true })
  await assert.rejects(journal.append([alertEntry(1)]))
  await journal.close()
  assert.equal((await database.run('SELECT seq FROM entries')).length, 0)
})

test('what is not a journal file is named and left as it is', () =>
  withFolder(async (folder) => {
    const text = join(folder, 'notes.txt')
    writeFileSync(text, 'Dear diary, '.repeat(100))
    const before = bytes(text)
    for (const [file, told] of [
      [text, /file is not a database; nothing was changed/],
      [folder, /is not a file; DATABASE_URL must name one/],
      [join(text, 'journal.db'), /notes\.txt/],
    ] as const) {
      for (const options of [{}, { readOnly: true }, { unchecked: true }]) {
        await assert.rejects(
          openJournal(`sqlite:${file}`, options),
          (error) => error instanceof InputError && told.test(error.message),
          `${file} ${JSON.stringify(options)}`,
        )
      }
    }
    assert.equal(bytes(text), before)
    assert.deepEqual(readdirSync(folder), ['notes.txt'])
  }))

test('a database of another program keeps every byte', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'photos.db')
    const database = new DatabaseSync(file)
    database.exec('CREATE TABLE photos (name TEXT)')
    database.close()
    const before = bytes(file)
    await assert.rejects(openJournal(`sqlite:${file}`), /belongs to another program \(it has the tables photos/)
    assert.equal(bytes(file), before)
    assert.deepEqual(readdirSync(folder), ['photos.db'])
  }))

test('reading leaves the file and its folder as they were, after a clean end and after a kill', () =>
  withFolder(async (folder) => {
    const file = join(folder, 'deep', 'journal.db')
    const journal = await openJournal(`sqlite:${file}`)
    await journal.append(alertEntries(3))
    const read = async (place: string) => {
      const reader = await openJournal(`sqlite:${place}`, { readOnly: true })
      assert.equal((await Array.fromAsync(reader.read())).length, 3)
      assert.equal((await reader.verify()).ok, true)
      await reader.close()
    }
    // A killed process leaves its last writes beside the file: here, a copy of both while the journal is open.
    const killed = join(folder, 'killed')
    mkdirSync(killed)
    for (const name of readdirSync(join(folder, 'deep'))) {
      writeFileSync(join(killed, name), readFileSync(join(folder, 'deep', name)))
    }
    const left = readdirSync(killed)
    assert(left.includes('journal.db-wal'))
    const beforeKilled = bytes(join(killed, 'journal.db')) + bytes(join(killed, 'journal.db-wal'))
    await read(join(killed, 'journal.db'))
    assert.deepEqual(readdirSync(killed), left)
    assert.equal(bytes(join(killed, 'journal.db')) + bytes(join(killed, 'journal.db-wal')), beforeKilled)

    await journal.close()
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['journal.db'])
    const before = bytes(file)
    await read(file)
    assert.deepEqual(readdirSync(join(folder, 'deep')), ['journal.db'])
    assert.equal(bytes(file), before)
  }))

test(
  'a journal in a folder where nothing may be written can be read and verified',
  { skip: process.getuid?.() === 0 ? false : 'needs root, to become somebody who may not write' },
  () =>
    withFolder(async (folder) => {
      const file = join(folder, 'journal.db')
      const journal = await openJournal(`sqlite:${file}`)
      await journal.append(alertEntries(3))
      await journal.close()
      chmodSync(folder, 0o755)
      chmodSync(file, 0o644)
      const program = `
        const { openJournal } = await import(${JSON.stringify(new URL('../../../src/adapters/database/journal.ts', import.meta.url).href)})
        process.setgid(65534); process.setuid(65534)
        const journal = await openJournal('sqlite:${file}', { readOnly: true })
        console.log((await journal.verify()).entries)
        await journal.close()
        try { await openJournal('sqlite:${file}').then((journal) => journal.append([])) } catch (error) { console.log(error.name, error.message) }
      `
      const said = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', program], {
        encoding: 'utf8',
      })
      assert.match(said, /^3\n/)
      assert.match(said, /InputError .*check the path in DATABASE_URL and who may write there/)
      assert.deepEqual(readdirSync(folder), ['journal.db'])
    }),
)

test('an address that names no journal is refused with an example', async () => {
  for (const url of ['', 'journal.db', 'sqlite:', 'sqlite://journal.db', 'mysql://localhost/x', 'postgres://']) {
    await assert.rejects(openJournal(url), (error) => {
      return error instanceof InputError && /sqlite:FILE|DATABASE_URL/.test(error.message)
    })
  }
  assert.equal(existsSync('journal.db'), false)
})

test('a password never appears in a message', async () => {
  // A port on which nobody listens: one that was just given back.
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  for (const url of [
    `postgres://primer:hunter2secret@127.0.0.1:${port}/journal?sslmode=disable`,
    `postgres://127.0.0.1:${port}/journal?user=primer&password=hunter2secret`,
    `postgres://primer:hunter2secret#tail@127.0.0.1:${port}/journal`,
    `postgres://primer:${port}/hunter2secret@127.0.0.1/journal`,
  ]) {
    await assert.rejects(openJournal(url), (error) => {
      assert(error instanceof WorldError || error instanceof ConfigError, String(error))
      assert(!inspect(error, { depth: 10 }).includes('hunter2secret'), inspect(error, { depth: 10 }))
      return true
    })
  }
  assert.equal(
    shownUrl('postgres://primer:hunter2@db.example:5432/j?sslmode=require'),
    'postgres://primer@db.example:5432/j',
  )
  assert.equal(shownUrl('sqlite:a/b.db'), 'sqlite:a/b.db')
})

test('a server that is not there is the world’s failure, and safe to run again', async () => {
  await assert.rejects(openJournal('postgres://primer@127.0.0.1:1/journal'), (error) => {
    return error instanceof WorldError && error.retryable && /is the server running/.test(error.message)
  })
})

onPostgres('a database that does not exist is a matter of the setting', async (database) => {
  const url = new URL(database.url)
  url.pathname = '/no_such_database_here'
  await assert.rejects(openJournal(url.href.replaceAll('+', '%20')), (error) => {
    return error instanceof ConfigError && /no_such_database_here.*check DATABASE_URL/.test(error.message)
  })
})

test('a command that reads a SQLite journal loads no PostgreSQL driver', () =>
  withFolder(async (folder) => {
    await (await openJournal(`sqlite:${folder}/journal.db`)).close()
    const program = `
      import { registerHooks } from 'node:module'
      registerHooks({ resolve(name, context, next) { if (name === 'pg') throw new Error('pg was loaded'); return next(name, context) } })
      const { openJournal } = await import(${JSON.stringify(new URL('../../../src/adapters/database/journal.ts', import.meta.url).href)})
      const journal = await openJournal('sqlite:${folder}/journal.db', { readOnly: true })
      await journal.close()
      console.log('read')
    `
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    assert.equal(said, 'read\n')
  }))
