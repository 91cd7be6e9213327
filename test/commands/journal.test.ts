import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { publishHead } from '../../src/adapters/database/heads.ts'
import { openJournal } from '../../src/adapters/database/journal.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { journalHead, journalShow, journalVerify } from '../../src/commands/journal.ts'
import { InputError, JournalError } from '../../src/errors.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { alertEntries } from '../support/alerts.ts'
import { withFolder } from '../support/database.ts'

type Made = {
  readonly home: string
  readonly databaseUrl: string
  readonly entries: readonly Entry[]
  readonly io: CommandIo
  readonly said: string[]
  readonly tamper: (statement: string) => void
}

/** A journal of `count` alerts, and a door to its file. */
function withJournal(count: number, body: (made: Made) => Promise<void>): Promise<void> {
  return withFolder(async (home) => {
    const databaseUrl = `sqlite:${home}/journal.db`
    const journal = await openJournal(databaseUrl)
    const result = await journal.append(alertEntries(count))
    await journal.close()
    const said: string[] = []
    await body({
      home,
      databaseUrl,
      entries: result.kind === 'appended' ? result.entries : [],
      io: {
        environment: {},
        readStdin: async () => '',
        say: (line) => said.push(line),
        show: () => {},
        interactive: false,
      },
      said,
      tamper(statement) {
        const database = new DatabaseSync(join(home, 'journal.db'))
        database.exec(statement)
        database.close()
      },
    })
  })
}

test('verify says what was checked, and that the tail is unproven', () =>
  withJournal(5, async ({ home, databaseUrl, entries, io }) => {
    const { text, json, exitCode } = await journalVerify({ databaseUrl, home }, io)
    const { seq, hash, at } = entries[4]!
    assert.equal(exitCode, 0)
    assert.deepEqual(json, {
      ok: true,
      entries: 5,
      verified: 5,
      head: { seq, hash, at },
      tail: 'unproven',
      provenTo: 0,
    })
    assert.match(text, /^ok: 5 entries of sqlite:.*journal.db, numbered from 1 without a gap/)
    assert.match(
      text,
      /The tail is unproven: .* cut off after 5 cannot be seen from inside\.\nCompare .* --head SEQ:HASH$/,
    )
    assert.deepEqual(readdirSync(home), ['journal.db'])
  }))

test('verify with the right head proves the tail, in full or as the digits of a post', () =>
  withJournal(5, async ({ home, databaseUrl, entries, io }) => {
    for (const hash of [entries[4]!.hash, entries[4]!.hash.slice(0, 32), entries[4]!.hash.toUpperCase()]) {
      const { text, json, exitCode } = await journalVerify({ databaseUrl, home, head: `5:${hash}` }, io)
      assert.deepEqual([exitCode, (json as { tail: string }).tail], [0, 'proven'])
      assert.match(text, /The tail is proven: the last entry is the head given\.$/)
    }
    const earlier = await journalVerify({ databaseUrl, home, head: `3:${entries[2]!.hash}` }, io)
    assert.match(earlier.text, /unproven: the head given vouches for the entries up to 3 and for no later one/)
  }))

test('verify says when all it compared with is the file of published heads beside the journal', () =>
  withJournal(5, async ({ home, databaseUrl, entries, io }) => {
    publishHead(home, entries[2]!)
    const behind = await journalVerify({ databaseUrl, home }, io)
    assert(
      behind.text.includes(
        `unproven: the last head published in ${home}/heads vouches for the entries up to 3 and for no later one`,
      ),
      behind.text,
    )
    publishHead(home, entries[4]!)
    const { text, json } = await journalVerify({ databaseUrl, home }, io)
    assert.equal((json as { tail: string }).tail, 'proven')
    assert(text.endsWith(`The tail is proven: the last entry is the last head published in ${home}/heads.`), text)
    const both = await journalVerify({ databaseUrl, home, head: `5:${entries[4]!.hash}` }, io)
    assert(both.text.endsWith('The tail is proven: the last entry is the head given.'), both.text)
  }))

test('verify ends with 1 and the first bad entry when an entry was changed', () =>
  withJournal(20, async ({ home, databaseUrl, io, tamper }) => {
    tamper(`UPDATE entries SET body = 'no json' WHERE seq IN (17, 18)`)
    const { text, json, exitCode } = await journalVerify({ databaseUrl, home }, io)
    assert.equal(exitCode, 1)
    const { ok, entries, firstBad } = json as { ok: boolean; entries: number; firstBad: unknown }
    assert.deepEqual(
      { ok, entries, firstBad },
      {
        ok: false,
        entries: 20,
        firstBad: { seq: 17, because: 'entry 17 was changed: its hash does not match its content' },
      },
    )
    assert.match(text, /^BROKEN: entry 17 was changed.*\nThe first bad entry is 17; 16 of 20 entries/)
  }))

test('verify finds a lost tail with a head that was given, and with one that was published', () =>
  withJournal(20, async ({ home, databaseUrl, entries, io, said, tamper }) => {
    tamper('DELETE FROM entries WHERE seq > 18')
    assert.equal((await journalVerify({ databaseUrl, home }, io)).exitCode, 0)
    const given = await journalVerify({ databaseUrl, home, head: `20:${entries[19]!.hash}` }, io)
    assert.deepEqual((given.json as { firstBad: unknown }).firstBad, {
      seq: 19,
      because: 'entry 19 is missing: the journal ends at 18, and entry 20 is given with --head',
    })
    publishHead(home, entries[9]!)
    publishHead(home, entries[19]!)
    // A line that somebody spoiled is told of, and the others still count.
    writeFileSync(join(home, 'heads'), 'nonsense\n', { flag: 'a' })
    const published = await journalVerify({ databaseUrl, home }, io)
    assert.equal(published.exitCode, 1)
    assert.match(published.text, /entry 19 is missing: the journal ends at 18, and entry 20 is published in .*heads\./)
    assert.equal(said.filter((line) => /line 3 is not "SEQ:HASH AT"/.test(line)).length, 1)
    assert.match((published.json as { notes: string[] }).notes[0]!, /line 3/)
  }))

test('a head that is none is refused', () =>
  withJournal(1, async ({ home, databaseUrl, io }) => {
    for (const head of ['', '5', '5:', `5:${'g'.repeat(64)}`, `0:${'0'.repeat(64)}`, `-1:${'0'.repeat(64)}`, '5:abc']) {
      await assert.rejects(journalVerify({ databaseUrl, home, head }, io), (error) => {
        return error instanceof InputError && /^--head is not SEQ:HASH/.test(error.message)
      })
    }
  }))

test('an empty journal is sound, and has no head', () =>
  withJournal(0, async ({ home, databaseUrl, io }) => {
    const { text, json, exitCode } = await journalVerify({ databaseUrl, home }, io)
    assert.equal(exitCode, 0)
    assert.deepEqual(json, { ok: true, entries: 0, verified: 0, head: null, tail: 'unproven', provenTo: 0 })
    assert.match(text, /is empty/)
    assert.deepEqual(await journalHead({ databaseUrl }, io), { text: 'The journal is empty.', json: null })
    assert.match((await journalShow({ databaseUrl }, io)).text, /^No entry matches\.$/)
  }))

test('a journal that is not there is bad input, for each of the three', () =>
  withFolder(async (home) => {
    const databaseUrl = `sqlite:${home}/nothing.db`
    const io: CommandIo = {
      environment: {},
      readStdin: async () => '',
      say: () => {},
      show: () => {},
      interactive: false,
    }
    for (const command of [journalVerify, journalHead, journalShow]) {
      await assert.rejects(command({ databaseUrl, home }, io), (error) => {
        return error instanceof InputError && /There is no journal at/.test(error.message)
      })
    }
    assert.deepEqual(readdirSync(home), [])
  }))

test('head prints number, hash and time, and refuses a broken journal', () =>
  withJournal(5, async ({ databaseUrl, entries, io, tamper }) => {
    const { seq, hash, at } = entries[4]!
    assert.deepEqual(await journalHead({ databaseUrl }, io), { text: `5:${hash} ${at}`, json: { seq, hash, at } })
    tamper('DELETE FROM entries WHERE seq = 2')
    await assert.rejects(journalHead({ databaseUrl }, io), (error) => {
      return error instanceof JournalError && /broken: entry 2 is missing/.test(error.message)
    })
  }))

test('show prints a line an entry, the latest fifty unless asked', () =>
  withJournal(60, async ({ databaseUrl, entries, io }) => {
    const { text, json } = await journalShow({ databaseUrl }, io)
    const lines = text.split('\n')
    assert.equal(lines.length, 51)
    assert.equal(lines[0], '    11  2020-01-02T15:11:00.000Z  allocator  alert     2020-01-02: MC.PA move -5.1 %')
    assert.match(lines[50]!, /^The latest 50; older ones match too/)
    assert.deepEqual(json, { entries: entries.slice(10), older: true })
    const seqs = async (options: Omit<Parameters<typeof journalShow>[0], 'databaseUrl'>) => {
      const shown = (await journalShow({ databaseUrl, ...options }, io)).json as { entries: readonly Entry[] }
      return shown.entries.map((entry) => entry.seq)
    }
    assert.deepEqual(await seqs({ limit: '2' }), [59, 60])
    assert.deepEqual(await seqs({ from: '3', to: '5' }), [3, 4, 5])
    assert.deepEqual(await seqs({ from: 3, limit: 1, to: 5 }), [5])
    assert.deepEqual(await seqs({ kind: 'post' }), [])
    assert.deepEqual(await seqs({ book: 'allocator', limit: '1' }), [60])
    assert.equal((await seqs({ from: '2020-01-02', to: '2020-01-02', limit: '100' })).length, 60)
    assert.deepEqual(await seqs({ to: '2020-01-01' }), [])
    assert.deepEqual(await seqs({ from: '2020-01-03' }), [])
  }))

test('show prints one entry whole', () =>
  withJournal(3, async ({ databaseUrl, entries, io }) => {
    const { text, json } = await journalShow({ databaseUrl, seq: '2' }, io)
    assert.deepEqual(json, entries[1])
    assert.deepEqual(JSON.parse(text), entries[1])
    await assert.rejects(journalShow({ databaseUrl, seq: '4' }, io), /has no entry 4; it ends at entry 3/)
  }))

test('show looks into a broken journal up to the break, and names the entry there', () =>
  withJournal(9, async ({ databaseUrl, entries, io, tamper }) => {
    tamper(`UPDATE entries SET book = 'x' WHERE seq = 5`)
    assert.deepEqual((await journalShow({ databaseUrl, seq: '4' }, io)).json, entries[3])
    await assert.rejects(journalShow({ databaseUrl, seq: '5' }, io), (error) => {
      return error instanceof JournalError && /broken: entry 5 was changed/.test(error.message)
    })
  }))

test('every fault of a wrong filter is told at once', () =>
  withJournal(1, async ({ databaseUrl, io }) => {
    await assert.rejects(
      journalShow({ databaseUrl, seq: '0', kind: 'gossip', from: 'monday', to: '2020-02-30', limit: 'all' }, io),
      (error) => error instanceof InputError && error.faults.length === 5,
    )
  }))
