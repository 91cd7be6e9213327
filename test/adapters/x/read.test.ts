import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { openXLedger } from '../../../src/adapters/x/ledger.ts'
import { type OwnPosts, openXReader, type XReader } from '../../../src/adapters/x/read.ts'
import { numberAt, queriesFor } from '../../../src/adapters/x/sweep.ts'
import { Incoming } from '../../../src/journal/incoming.ts'
import { withFolder } from '../../support/database.ts'
import { startXServer, type Tweet, type XServer } from '../../support/x-server.ts'

type World = {
  readonly x: XServer
  readonly reader: (dailyUsd?: number, nowMs?: () => number) => Promise<XReader>
  readonly own: OwnPosts
  readonly root: Tweet
  readonly readUsd: (day?: string) => number
}

async function withX(body: (world: World) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const x = await startXServer()
    const root = x.say(x.selfId, 'Day 1.', { at: ago(600) })
    const ledger = openXLedger(folder)
    const readers: XReader[] = []
    try {
      await body({
        x,
        root,
        own: { roots: [{ id: root.id, seq: 2 }], parts: [], all: new Set([root.id]) },
        readUsd: (day = new Date().toISOString().slice(0, 10)) => ledger.readUsd(day),
        reader: async (dailyUsd = 100, nowMs = Date.now) => {
          const reader = await openXReader({ keys: x.keys, apiUrl: x.url, timeoutMs: 300, ledger, dailyUsd, nowMs })
          readers.push(reader)
          return reader
        },
      })
      assert.deepEqual(x.faults, [])
    } finally {
      for (const reader of readers) await reader.close()
      await x.close()
    }
  })
}

const ago = (seconds: number) => new Date(Date.now() - seconds * 1000)
const nothing = { mentions: null, search: null }

test('an answer, a mention, a quote, and talk between others are told apart, each once', () =>
  withX(async ({ x, reader, own, root }) => {
    const answer = x.say('501', 'I <doubt> that & more', { replyTo: root.id, at: ago(500) })
    x.say('502', 'hello @primer_bot', { at: ago(400) })
    x.say('503', 'look at this', { quotes: root.id, at: ago(300) })
    x.say('504', 'you are wrong, 501', { replyTo: answer.id, at: ago(200) })
    x.say('505', 'about something else', { at: ago(100) })
    const poll = await (await reader()).poll(nothing, own)
    assert.equal(poll.because, null)
    const seen = poll.events.map((event) => Incoming.parse(event))
    assert.deepEqual(
      seen
        .map((event) =>
          event.kind === 'message' ? [event.userId, event.via, event.text, event.threadOf === root.id] : [],
        )
        .toSorted(),
      [
        ['501', 'reply', 'I <doubt> that & more', true],
        ['502', 'mention', 'hello @primer_bot', false],
        ['503', 'quote', 'look at this', false],
        ['504', 'conversation', 'you are wrong, 501', true],
      ],
    )
    const again = await (await reader()).poll(poll.cursors, own)
    assert.deepEqual(again.events, [])
  }))

test('nobody is missed, and only the last half minute is read again, however many polls there are', () =>
  withX(async ({ x, reader, own, root }) => {
    const seen: string[] = []
    let cursors: { mentions: string | null; search: string | null } = nothing
    let nowMs = ago(3_000).getTime()
    const one = await reader(100, () => nowMs)
    for (let poll = 0; poll < 8; poll++) {
      // Some are written in the last seconds before a poll, when X may not list them yet.
      for (let index = 0; index < 60; index++) {
        const at = new Date(nowMs - 1000 * (index % 5) * 10)
        x.say('600', `answer ${poll}/${index}`, { replyTo: root.id, at })
      }
      nowMs += 10_000 * (1 + (poll % 7))
      const found = await one.poll(cursors, own)
      cursors = found.cursors
      seen.push(...found.events.map(({ externalId }) => externalId))
      nowMs += 50_000
    }
    // Once more of the last half minute before the eighth; then all is older.
    const ninth = await one.poll(cursors, own)
    seen.push(...ninth.events.map(({ externalId }) => externalId))
    assert.deepEqual((await one.poll(ninth.cursors, own)).events, [])
    const all = x.tweets.filter(({ authorId }) => authorId === '600').map(({ id }) => id)
    assert.equal(all.length, 480)
    assert.deepEqual([...new Set(seen)].toSorted(), all.toSorted())
    assert(seen.length < 2 * all.length, `${seen.length} were read`)
  }))

test('what was said a moment ago is heard at once, and what X lists late is heard all the same', () =>
  withX(async ({ x, reader, own, root }) => {
    const one = await reader()
    const second = x.say('601', 'second', { replyTo: root.id, at: ago(1) })
    const first = await one.poll(nothing, own)
    assert.deepEqual(
      first.events.map(({ externalId }) => externalId),
      [second.id],
    )
    const late = x.say('602', 'written before, listed after', { replyTo: root.id, at: ago(20) })
    const next = await one.poll(first.cursors, own)
    assert(next.events.some(({ externalId }) => externalId === late.id))
  }))

test('what is read again within the half minute is paid once, of the day that is asked for', () =>
  withX(async ({ x, reader, own, root, readUsd }) => {
    const one = await reader(0.25)
    x.say('605', 'just now', { replyTo: root.id, at: ago(1) })
    let cursors: { mentions: string | null; search: string | null } = nothing
    for (let poll = 0; poll < 50; poll++) {
      const found = await one.poll(cursors, own, '2020-01-06')
      assert.equal(found.because, null)
      cursors = found.cursors
    }
    assert.equal(readUsd(), 0)
    // One mention for 0.001 and the same found by the search for 0.005; 0.25 pay for nothing else.
    assert(Math.abs(readUsd('2020-01-06') - 0.006) < 1e-9)
  }))

test('what answers a post of ours that comes on record late is found from the post on', () =>
  withX(async ({ x, reader, own, root }) => {
    const unknown = x.say(x.selfId, 'Day 2.', { at: ago(300) })
    const quote = x.say('603', 'look', { quotes: unknown.id, at: ago(290) })
    x.say('604', 'of the first', { replyTo: root.id, at: ago(100) })
    const one = await reader()
    const before = await one.poll(nothing, own)
    assert(!before.events.some(({ externalId }) => externalId === quote.id))
    const roots = [...own.roots, { id: unknown.id, seq: 9 }]
    const more: OwnPosts = { roots, parts: [], all: new Set(roots.map(({ id }) => id)) }
    const after = await one.poll(before.cursors, more)
    assert.deepEqual(
      after.events.map(({ externalId }) => externalId),
      [quote.id],
    )
    assert.deepEqual((await one.poll(after.cursors, more)).events, [])
  }))

test('a day with more talk than the budget is read on the next day from where it stopped', () =>
  withX(async ({ x, reader, own, root, readUsd }) => {
    for (let index = 0; index < 250; index++) x.say('700', `answer ${index}`, { replyTo: root.id, at: ago(100) })
    // 0.12 dollars pay for 120 mentions at 0.001; then nothing is left for the search.
    const first = await (await reader(0.12)).poll(nothing, own)
    assert.equal(first.events.length, 120)
    assert.match(first.because!, /budget/)
    assert(readUsd() <= 0.12 + 1e-9)
    const second = await (await reader(100)).poll(first.cursors, own)
    assert.equal(second.because, null)
    const ids = new Set([...first.events, ...second.events].map(({ externalId }) => externalId))
    assert.equal(ids.size, 250)
  }))

test('what fails on the way is read again, and what came before it is kept', () =>
  withX(async ({ x, reader, own, root }) => {
    for (let index = 0; index < 150; index++) x.say('800', `answer ${index}`, { replyTo: root.id, at: ago(100) })
    const one = await reader()
    for (const fault of [
      { kind: 'status', status: 429 },
      { kind: 'status', status: 503, body: '<html>' },
      { kind: 'cut', performed: true },
      { kind: 'hang', performed: false },
      { kind: 'status', status: 402 },
    ] as const) {
      x.fail({ path: /mentions$/ }, fault)
      x.fail({ path: /search/ }, fault)
      const failed = await one.poll(nothing, own)
      assert.deepEqual(failed.events, [])
      assert(failed.because !== null)
      const whole = await one.poll(failed.cursors, own)
      assert.equal(whole.events.length, 150)
    }
  }))

test('an edit keeps the number of what was edited, and a post of another shape breaks nothing', () =>
  withX(async ({ x, reader, own, root }) => {
    const before = x.say('900', 'teh text', { replyTo: root.id, at: ago(300) })
    x.tweets.splice(x.tweets.indexOf(before), 1)
    x.say('900', 'the text', { replyTo: root.id, editOf: [before.id], at: ago(200) })
    x.tweets.push({ ...before, id: '12', createdAt: 'yesterday' })
    const { events } = await (await reader()).poll(nothing, own)
    assert.deepEqual(events.map(({ kind, externalId, text }) => [kind, externalId, text]).toSorted(), [
      ['edit', before.id, 'the text'],
      ['message', before.id, 'the text'],
    ])
  }))

test('of posts that are asked for, those deleted are told, and without a budget nobody asks', () =>
  withX(async ({ x, reader, readUsd }) => {
    const kept = x.say('901', 'kept', { at: ago(300) })
    const gone = x.say('902', 'gone', { at: ago(300) })
    x.tweets.splice(x.tweets.indexOf(gone), 1)
    const deletions = await (await reader()).gone([kept.id, gone.id])
    assert.deepEqual(
      deletions!.map((event) => [Incoming.parse(event).kind, event.externalId]),
      [['deletion', gone.id]],
    )
    assert.equal(readUsd(), 0.005)
    assert.equal(await (await reader(0.01)).gone([kept.id, gone.id]), null)
    x.fail({ path: /^\/2\/tweets$/ }, { kind: 'status', status: 500 })
    assert.equal(await (await reader()).gone([kept.id]), null)
  }))

test('however many conversations there are, each is in one query, and no query is too long', () => {
  const id = fc.bigInt({ min: 10n ** 18n, max: 10n ** 19n - 1n }).map(String)
  fc.assert(
    fc.property(fc.uniqueArray(id, { maxLength: 60 }), id, fc.nat(20), (ids, self, count) => {
      const [parts, roots] = [ids.slice(0, count), ids.slice(count)]
      const queries = queriesFor(roots, self, parts)
      for (const query of queries) assert(query.length <= 512, query)
      const asked = queries.flatMap((query) => [...query.matchAll(/conversation_id:(\d+)/g)].map((match) => match[1]!))
      assert.deepEqual(asked, roots)
      const quoted = queries.flatMap((query) => [...query.matchAll(/quotes_of_tweet_id:(\d+)/g)].map(([, one]) => one!))
      assert.deepEqual(quoted, [...roots, ...parts])
    }),
  )
})

test('the number of a moment is what X gave a post of that moment', () => {
  // The example of X's own documentation of GET /2/tweets.
  const id = 1212092628029698048n
  assert(BigInt(numberAt(Date.parse('2019-12-31T19:26:16.000Z'))) <= id)
  assert(BigInt(numberAt(Date.parse('2019-12-31T19:26:17.000Z'))) > id)
})
