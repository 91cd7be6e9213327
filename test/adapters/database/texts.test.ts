import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { openJournal } from '../../../src/adapters/database/journal.ts'
import { ConflictError, InputError } from '../../../src/errors.ts'
import type { NewEntry } from '../../../src/journal/entry.ts'
import { sealText } from '../../../src/journal/erasable.ts'
import { alertEntries, alertEntry } from '../../support/alerts.ts'
import { onEachDatabase, withFolder } from '../../support/database.ts'

const hex = () => randomBytes(16).toString('hex')
const ann = 'a'.repeat(32)
const bob = 'b'.repeat(32)

/** A reply that refers to a text of its own. */
function said(content: unknown, options: { readonly person?: string; readonly key?: string } = {}): NewEntry<'reply'> {
  const person = options.person ?? ann
  const { ref, row } = sealText({ id: hex(), salt: hex(), person, content })
  return {
    at: '2020-03-12T15:00:00.000Z',
    kind: 'reply',
    book: 'community',
    ...(options.key === undefined ? {} : { key: options.key }),
    body: {
      channel: 'discord',
      person,
      saidAt: '2020-03-12T15:00:00.000Z',
      text: ref,
      consent: 'none',
      post: null,
      decision: null,
      prices: {},
      via: 'reply',
      language: 'und',
      withheld: false,
    },
    erasable: [row],
  }
}

/** Every file of a folder as bytes, in which a text is looked for. */
const bytesIn = (folder: string) =>
  Buffer.concat(readdirSync(folder).map((name) => readFileSync(join(folder, name)))).toString('latin1')

onEachDatabase(
  'a text is read back by its number and by its person, and its hash can be worked out by hand',
  async (database) => {
    const journal = await openJournal(database.url)
    const written = await journal.append([
      said({ text: 'é', a: 1 }),
      said({ text: 'two' }, { person: bob }),
      said({ text: 'three' }),
    ])
    assert(written.kind === 'appended')
    const refs = written.entries.map(({ body }) => (body as NewEntry<'reply'>['body']).text!)
    assert.deepEqual([...(await journal.texts(refs.map(({ id }) => id))).values()].length, 3)
    assert.deepEqual((await journal.texts([refs[0]!.id])).get(refs[0]!.id), { a: 1, text: 'é' })
    assert.deepEqual(
      (await journal.textsOf(ann)).map(({ seq, content }) => [seq, content]),
      [
        [1, { a: 1, text: 'é' }],
        [3, { text: 'three' }],
      ],
    )
    // As docs/journal.md tells a stranger to: SHA-256 of the salt and then the content, both as the columns hold them.
    const [row] = await database.run('SELECT salt, content FROM texts WHERE id = ?', refs[0]!.id)
    assert.equal(row?.content, '{"a":1,"text":"é"}')
    assert.equal(createHash('sha256').update(`${row?.salt}${row?.content}`).digest('hex'), refs[0]!.sha256)
    assert.equal((await journal.verify()).ok, true)
    await journal.close()
  },
)

onEachDatabase('an erased text is gone and the chain still verifies; a changed one is named', async (database) => {
  const journal = await openJournal(database.url)
  await journal.append([
    said({ text: 'one' }),
    said({ text: 'two' }),
    said({ text: 'three' }, { person: bob }),
    alertEntry(1),
  ])
  assert.equal(await journal.erase({ person: ann }), 2)
  assert.equal(await journal.erase({ person: ann }), 0)
  assert.deepEqual(await journal.textsOf(ann), [])
  assert.equal((await journal.textsOf(bob)).length, 1)
  assert.deepEqual(await journal.verify(), { ...(await journal.verify()), ok: true, verified: 4 })
  await database.run(`UPDATE texts SET content = '{"text":"forged"}' WHERE person = ?`, bob)
  const found = await journal.verify()
  assert.equal(found.ok, false)
  assert.equal(found.firstBad?.seq, 3)
  assert.match(found.firstBad?.because ?? '', /a text of entry 3 was changed/)
  const [id] = (await journal.textsOf(bob)).map((text) => text.id)
  assert.equal(await journal.erase({ ids: [id!, id!, hex()] }), 1)
  assert.equal((await journal.verify()).ok, true)
  await journal.close()
})

onEachDatabase('a text that nothing refers to is not taken, and one put in by hand is found', async (database) => {
  const journal = await openJournal(database.url)
  const entry = said({ text: 'one' })
  const other = said({ text: 'other' })
  await assert.rejects(
    journal.append([{ ...entry, erasable: other.erasable! }]),
    (error) => error instanceof InputError && /its body does not refer to it/.test(error.message),
  )
  assert.equal(await journal.head(), null)
  await journal.append([entry])
  const insert = 'INSERT INTO texts (id, seq, person, salt, content) VALUES (?, ?, NULL, ?, ?)'
  await database.run(insert, hex(), 1, hex(), '{}')
  assert.equal((await journal.verify()).firstBad?.seq, 1)
  await database.run(`DELETE FROM texts WHERE content = '{}'`)
  await database.run(insert, hex(), 7, hex(), '{}')
  assert.match((await journal.verify()).firstBad?.because ?? '', /entry 7, which is missing/)
  await journal.close()
})

onEachDatabase('a batch in which some steps are done writes the others and says which', async ({ url }) => {
  const journal = await openJournal(url)
  await journal.append([said({ n: 1 }, { key: 'said/1' }), said({ n: 2 }, { key: 'said/2' })])
  const batch = [4, 2, 3, 1].map((n) => said({ n }, { key: `said/${n}` }))
  assert.deepEqual(await journal.append(batch), { kind: 'already-done', key: 'said/2', seq: 2 })
  const written = await journal.append(batch, { skipDone: true })
  assert(written.kind === 'appended')
  assert.deepEqual(
    written.entries.map(({ seq }) => seq),
    [3, 4],
  )
  assert.deepEqual(written.skipped, [
    { key: 'said/2', seq: 2 },
    { key: 'said/1', seq: 1 },
  ])
  assert.deepEqual(
    (await journal.textsOf(ann)).map(({ content }) => content),
    [{ n: 1 }, { n: 2 }, { n: 4 }, { n: 3 }],
  )
  const again = await journal.append(batch, { skipDone: true })
  assert(again.kind === 'appended')
  assert.deepEqual([again.entries.length, again.skipped.length], [0, 4])
  assert.deepEqual([...(await journal.doneOf(['said/3', 'said/9', 'said/1']))].toSorted(), [
    ['said/1', 1],
    ['said/3', 4],
  ])
  assert.equal((await journal.verify()).ok, true)
  await journal.close()
})

onEachDatabase(
  'a person keeps one salt, whoever enrols first, and gets another after being forgotten',
  async ({ url }) => {
    const [one, two] = [await openJournal(url), await openJournal(url)]
    const lookup = hex()
    const salts = [hex(), hex(), hex()]
    await Promise.all([one.enrol([{ lookup, salt: salts[0]! }]), two.enrol([{ lookup, salt: salts[1]! }])])
    const first = (await one.people([lookup, hex()])).get(lookup)!
    assert.deepEqual(first, {
      lookup,
      salt: first.salt,
      consent: 'none',
      listening: true,
      noticedAt: null,
      forgottenAt: null,
    })
    assert(salts.includes(first.salt!))
    assert.equal(await one.changePerson(lookup, { consent: 'research' }), true)
    assert.equal(await two.changePerson(lookup, { noticedAt: '2020-03-12T15:00:00.000Z' }), true)
    assert.equal(await one.changePerson(lookup, { noticedAt: '2020-03-13T15:00:00.000Z' }), false)
    assert.deepEqual((await one.people([lookup])).get(lookup), {
      ...first,
      consent: 'research',
      noticedAt: '2020-03-12T15:00:00.000Z',
    })

    const people = new Map([[lookup, first.salt!]])
    await one.append([said({ text: 'before' })], { people })
    const forget = { lookups: [lookup], forgottenAt: '2020-03-14T00:00:00.000Z' }
    await two.append([alertEntry(1)], { erase: { persons: [ann], forget } })
    // What was on its way under the old name when the person was forgotten is not written.
    await assert.rejects(one.append([said({ text: 'after' })], { people }), (error) => error instanceof ConflictError)
    const gone = (await one.people([lookup])).get(lookup)!
    assert.deepEqual(
      [gone.salt, gone.consent, gone.listening, gone.forgottenAt],
      [null, 'none', false, '2020-03-14T00:00:00.000Z'],
    )
    assert.deepEqual(await one.textsOf(ann), [])
    await one.enrol([{ lookup, salt: salts[2]! }])
    const back = (await one.people([lookup])).get(lookup)!
    assert.deepEqual([back.salt, back.listening], [salts[2], false])
    await one.close()
    await two.close()
  },
)

onEachDatabase('a cursor holds what was last written to it, in the next process too', async ({ url }) => {
  const journal = await openJournal(url)
  assert.equal(await journal.cursor('x/mentions'), null)
  await journal.setCursor('x/mentions', '17')
  await journal.setCursor('x/mentions', '18')
  await journal.close()
  const later = await openJournal(url, { readOnly: true })
  assert.equal(await later.cursor('x/mentions'), '18')
  await later.close()
})

onEachDatabase(
  'a journal of the version before is read as it is, and takes texts once it is opened to write',
  async (database) => {
    const before = await openJournal(database.url)
    await before.append(alertEntries(3))
    await before.close()
    // What version 0001 left: the same entries and steps, and none of the later tables.
    for (const table of ['texts', 'people', 'cursors']) await database.run(`DROP TABLE ${table}`)
    await database.run(`DELETE FROM "schemaVersions" WHERE name <> '0001-journal'`)
    const reader = await openJournal(database.url, { readOnly: true })
    assert.equal((await reader.verify()).ok, true)
    assert.deepEqual(await reader.textsOf(ann), [])
    assert.equal(await reader.cursor('x'), null)
    assert.equal((await reader.people([ann])).size, 0)
    await reader.close()
    const journal = await openJournal(database.url)
    await journal.append([said({ text: 'now' })])
    assert.deepEqual(
      (await journal.textsOf(ann)).map(({ seq }) => seq),
      [4],
    )
    const { ok, verified } = await journal.verify()
    assert.deepEqual({ ok, verified }, { ok: true, verified: 4 })
    await journal.close()
  },
)

test('no byte of an erased text or salt is left in the files of SQLite, however pages were filled and split', () =>
  withFolder(async (folder) => {
    const journal = await openJournal(`sqlite:${join(folder, 'journal.db')}`)
    const marks: string[] = []
    // Short and long (beyond one page) by turns, from two people, over many transactions.
    for (let batch = 0; batch < 40; batch++) {
      const entries = Array.from({ length: 25 }, (_, index) => {
        const person = index % 3 === 0 ? bob : ann
        const mark = `secret-${person[0]}-${batch}-${index}-${hex()}`
        if (person === ann) marks.push(mark)
        return said({ text: `${mark} ${'filler '.repeat((index * 37 + batch * 101) % 900)}${mark}` }, { person })
      })
      marks.push(...entries.filter(({ body }) => body.person === ann).map(({ erasable }) => erasable![0]!.salt))
      await journal.append(entries)
    }
    assert(bytesIn(folder).includes(marks[0]!))
    const kept = await journal.textsOf(bob)
    assert.equal(await journal.erase({ person: ann }), 40 * 16)
    const left = bytesIn(folder)
    assert.deepEqual(
      marks.filter((mark) => left.includes(mark)),
      [],
    )
    assert.deepEqual(await journal.textsOf(bob), kept)
    assert.equal((await journal.verify()).ok, true)
    await journal.close()
  }))
