import assert from 'node:assert/strict'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { ConfigError } from '../../src/errors.ts'
import type { Entry } from '../../src/journal/entry.ts'
import type { Incoming } from '../../src/journal/incoming.ts'
import { capture } from '../../src/talk/capture.ts'
import type { SaidContent } from '../../src/talk/said.ts'
import {
  ann,
  bob,
  bytesIn,
  community,
  deletion,
  edit,
  message,
  ourMessage,
  reaction,
  seqs,
  talkContext,
  withTalk,
} from '../support/talk.ts'

const bodyOf = <K extends Entry['kind']>(entry: Entry | undefined, kind: K) => {
  assert.equal(entry?.kind, kind)
  return entry?.body as Entry<K>['body']
}

test('a reply is recorded with the post and the decision it answers, its language, and the prices of then', () =>
  withTalk(async (ctx) => {
    const said = message('Why do you buy TLT when the market is so high? $spy is too dear for that.')
    assert.deepEqual(await capture(ctx, [said]), {
      written: 1,
      known: 0,
      declined: 0,
      unrelated: 0,
      notices: [{ channel: 'discord', userId: ann, placeId: said.placeId, replyTo: said.externalId }],
    })
    const [entry] = await community(ctx)
    const { person, text, ...body } = bodyOf(entry, 'reply')
    // By hand: SPY is held at its close of 248.11 dollars (entry `close`); TLT is named, and stands in the snapshot.
    const tlt = (
      (await ctx.journal.last('allocator', 'snapshot'))!.body.snapshot as never as {
        assets: { symbol: string; close: number }[]
      }
    ).assets.find(({ symbol }) => symbol === 'TLT')!
    assert.deepEqual(body, {
      channel: 'discord',
      saidAt: '2020-03-12T21:00:00.000Z',
      consent: 'none',
      post: seqs.post,
      decision: seqs.decision,
      prices: {
        SPY: { price: 248.11, currency: 'USD', date: '2020-03-12' },
        TLT: { price: tlt.close, currency: 'USD', date: '2020-03-12' },
      },
      via: 'reply',
      language: 'en',
      withheld: false,
    })
    const [kept] = await ctx.journal.textsOf(person)
    assert.deepEqual(kept, {
      id: text!.id,
      seq: entry!.seq,
      content: {
        channel: 'discord',
        userId: ann,
        userName: 'Ann Example',
        text: said.text,
        messageId: said.externalId,
        placeId: said.placeId,
        repliesTo: ourMessage,
        threadOf: null,
        attachments: 0,
        editedAt: null,
      },
    })
    assert.equal((await ctx.journal.verify()).ok, true)
  }))

test('before a close was on record there are no prices, and a later one changes nothing of what was said before', () =>
  withTalk(async (ctx) => {
    await capture(ctx, [
      message('early', { saidAt: '2020-03-12T20:09:59.999Z' }),
      message('on the second', { saidAt: '2020-03-12T20:10:00.000Z' }),
    ])
    const [early, then] = await community(ctx)
    assert.deepEqual(bodyOf(early, 'reply').prices, {})
    assert.deepEqual(Object.keys(bodyOf(then, 'reply').prices), ['SPY'])
  }))

test('what answers a post only through others finds it: a thread, a reply to a reply, a mention finds none', () =>
  withTalk(async (ctx) => {
    const inThread = message('in the thread', { via: 'thread', repliesTo: null, threadOf: ourMessage })
    const toAnn = message('I agree', {
      userId: bob,
      repliesTo: inThread.externalId,
      saidAt: '2020-03-12T21:01:00.000Z',
    })
    const toBob = message('So do I', { repliesTo: toAnn.externalId, saidAt: '2020-03-12T21:02:00.000Z' })
    const mention = message('@bot hello', { via: 'mention', repliesTo: null })
    const later = message('Me too', { repliesTo: toBob.externalId, saidAt: '2020-03-12T21:03:00.000Z' })
    // None of ours, and none of theirs that was captured: not said to us.
    const elsewhere = message('lunch?', { repliesTo: '123', saidAt: '2020-03-12T21:04:00.000Z' })
    await capture(ctx, [toBob, mention, toAnn, inThread])
    const result = await capture(ctx, [later, elsewhere])
    assert.deepEqual([result.written, result.unrelated], [1, 1])
    const targets = (await community(ctx)).map((entry) => {
      const { via, post, decision } = bodyOf(entry, 'reply')
      return [via, post, decision]
    })
    assert.deepEqual(
      targets.filter(([via]) => via === 'mention'),
      [['mention', null, null]],
    )
    assert.equal(targets.filter(([, post, decision]) => post === seqs.post && decision === seqs.decision).length, 4)
  }))

test('a reply that arrives before our own message is on record is kept once it is', () =>
  withTalk(async (ctx) => {
    const early = message('first!', { repliesTo: '900000000000000002' })
    assert.equal((await capture(ctx, [early])).unrelated, 1)
    assert.deepEqual(await community(ctx), [])
    await ctx.journal.append([
      {
        at: '2020-03-12T20:30:00.000Z',
        kind: 'posted',
        book: 'outbox',
        body: {
          channel: 'discord',
          post: seqs.post,
          part: 0,
          externalId: '900000000000000002',
          how: 'found',
          late: false,
        },
      },
    ])
    assert.equal((await capture(ctx, [])).written, 1)
    assert.equal(bodyOf((await community(ctx))[0], 'reply').decision, seqs.decision)
  }))

test('an edit keeps both versions, a deletion erases them all, and a message deleted before it was seen leaves no text', () =>
  withTalk(async (ctx, folder) => {
    const said = message('first words 4711')
    const unseen = message('never to be kept 4712')
    await capture(ctx, [said])
    await capture(ctx, [edit(said, 'second words 4713', '2020-03-12T21:10:00.000Z')])
    const [reply, edited] = await community(ctx)
    assert.equal(bodyOf(edited, 'edit').of, reply!.seq)
    const { person } = bodyOf(reply, 'reply')
    const words = async () => (await ctx.journal.textsOf(person)).map(({ content }) => (content as SaidContent).text)
    assert.deepEqual(await words(), ['first words 4711', 'second words 4713'])
    await capture(ctx, [deletion(unseen, '2020-03-12T21:20:00.000Z'), deletion(said, '2020-03-12T21:21:00.000Z')])
    assert.deepEqual(await words(), [])
    await capture(ctx, [unseen, edit(said, 'third words 4714', '2020-03-12T21:22:00.000Z')])
    assert.deepEqual(await words(), [])
    assert.deepEqual(
      (await community(ctx)).map(({ kind }) => kind),
      ['reply', 'edit', 'deletion', 'reply'],
    )
    assert.equal(/471[1-4]/.test(bytesIn(folder)), false)
    assert.equal((await ctx.journal.verify()).ok, true)
  }))

test('a message that a backfill brings once more, changed since, is an edit', () =>
  withTalk(async (ctx) => {
    const said = message('as it was')
    await capture(ctx, [said])
    const later = { ...said, text: 'as it is', editedAt: '2020-03-12T22:00:00.000Z' }
    assert.equal((await capture(ctx, [later])).written, 1)
    // The gateway tells the same edit; and a message first seen changed has no edit to come.
    assert.equal((await capture(ctx, [edit(said, 'as it is', '2020-03-12T22:00:00.000Z')])).written, 0)
    const late = message('changed already', { editedAt: '2020-03-12T22:00:00.000Z' })
    await capture(ctx, [late])
    assert.equal((await capture(ctx, [edit(late, 'changed already', '2020-03-12T22:00:00.000Z')])).written, 0)
    assert.deepEqual(
      (await community(ctx)).map(({ kind }) => kind),
      ['reply', 'edit', 'reply'],
    )
  }))

test('a reaction is recorded when it is added and when it is removed, however often either is told', () =>
  withTalk(async (ctx) => {
    const at = (minute: number) => `2020-03-12T21:${String(minute).padStart(2, '0')}:00.000Z`
    const added = (minute: number) => reaction({ saidAt: at(minute) })
    const removed = (minute: number) => reaction({ saidAt: at(minute), change: 'removed' })
    await capture(ctx, [removed(1), added(2), added(3), removed(4), removed(5)])
    await capture(ctx, [added(2), removed(4), added(6), added(6)])
    await capture(ctx, [reaction({ saidAt: at(7), userId: bob }), reaction({ saidAt: at(7), emoji: 'doge:1234' })])
    const changes = (await community(ctx)).map((entry) => {
      const { saidAt, change, emoji, decision } = bodyOf(entry, 'reaction')
      return [saidAt.slice(14, 16), change, emoji, decision]
    })
    assert.deepEqual(
      changes,
      [
        ['02', 'added', '👍', seqs.decision],
        ['04', 'removed', '👍', seqs.decision],
        ['06', 'added', '👍', seqs.decision],
        ['07', 'added', 'doge:1234', seqs.decision],
        ['07', 'added', '👍', seqs.decision],
      ].map((row) => row) as never,
    )
  }))

test('after an absence, who reacts now is compared with who did: both kinds of change are made up', () =>
  withTalk(async (ctx) => {
    const carol = '444444444444444444'
    await capture(ctx, [reaction(), reaction({ userId: bob })])
    const tally = (users: readonly string[], complete: boolean, seenAt: string): Incoming => ({
      kind: 'tally',
      channel: 'discord',
      externalId: ourMessage,
      placeId: '1',
      seenAt,
      present: [{ emoji: '👍', users: users.map((userId) => ({ userId, userName: null })) }],
      complete,
    })
    await capture(ctx, [tally([bob, carol], false, '2020-03-12T22:00:00.000Z')])
    await capture(ctx, [tally([bob, carol], true, '2020-03-12T23:00:00.000Z')])
    assert.equal((await capture(ctx, [tally([bob, carol], true, '2020-03-12T23:30:00.000Z')])).written, 0)
    const entries = (await community(ctx)).map((entry) => bodyOf(entry, 'reaction'))
    assert.deepEqual(
      entries.map(({ saidAt, change }) => [saidAt.slice(11, 13), change]),
      [
        ['21', 'added'],
        ['21', 'added'],
        ['22', 'added'],
        ['23', 'removed'],
      ],
    )
    // It is Ann who withdrew.
    assert.equal(new Set(entries.map(({ person }) => person)).size, 3)
    assert(entries.slice(0, 2).some(({ person }) => person === entries[3]!.person))
  }))

test('text is cut at 4,000 characters, kept as data whatever it holds, and an empty or withheld one is said to be that', () =>
  withTalk(async (ctx) => {
    const zalgo = `A\u0300\u0301\u0302${'\u0300'.repeat(50)} \u202eevil\u202c \u0007 @everyone {"json": [1]}`
    const long = `${'x'.repeat(3999)}😀tail`
    await capture(ctx, [
      message(zalgo, { saidAt: '2020-03-12T21:00:01.000Z' }),
      message(long, { saidAt: '2020-03-12T21:00:02.000Z' }),
      message(null, { saidAt: '2020-03-12T21:00:03.000Z' }),
      message('', { saidAt: '2020-03-12T21:00:04.000Z', attachments: 2 }),
    ])
    const entries = (await community(ctx)).map((entry) => bodyOf(entry, 'reply'))
    const texts = await ctx.journal.texts(entries.map(({ text }) => text!.id))
    const kept = entries.map(({ text }) => texts.get(text!.id) as SaidContent)
    assert.equal(kept[0]!.text, zalgo)
    // The emoji is two units, the second of which would have been cut: half of one is never stored.
    assert.deepEqual([kept[1]!.text!.length, kept[1]!.text!.isWellFormed(), kept[1]!.cut], [4000, true, true])
    assert.deepEqual([kept[2]!.text, entries[2]!.withheld, entries[2]!.language], [null, true, 'und'])
    assert.deepEqual([kept[3]!.text, entries[3]!.withheld, kept[3]!.attachments], ['', false, 2])
  }))

/** Entries without what chance or their place decides: numbers, hashes, random salts. */
async function settled(ctx: Parameters<typeof community>[0]): Promise<readonly string[]> {
  const entries = await community(ctx)
  const known = new Map(entries.map(({ seq, body }) => [seq, (body as { saidAt?: string }).saidAt]))
  const ids = entries.flatMap(({ body }) =>
    'text' in body && body.text != null && typeof body.text === 'object' ? [body.text.id] : [],
  )
  const texts = await ctx.journal.texts(ids)
  return entries
    .map(({ kind, at, body }) => {
      const {
        text,
        of,
        person: _,
        ...rest
      } = body as Record<string, unknown> & { text?: { id: string } | null; of?: number }
      const content = text == null ? null : (texts.get(text.id) ?? 'erased')
      return JSON.stringify([kind, at, rest, of === undefined ? null : known.get(of), content])
    })
    .sort()
}

test('the same events in any order and any number give the same entries', async () => {
  const minute = (n: number) => `2020-03-12T21:${String(n).padStart(2, '0')}:00.000Z`
  const talk = [ann, bob, ann].map((userId, index) =>
    message(`words ${index}`, { userId, saidAt: minute(index), externalId: `91${index}` }),
  )
  talk.push(message('an answer to them', { userId: bob, saidAt: minute(5), repliesTo: '910', externalId: '95' }))
  const events: readonly Incoming[] = [
    ...talk,
    edit(talk[0]!, 'words 0, mended', minute(10)),
    edit(talk[0]!, 'words 0, mended twice', minute(11)),
    deletion(talk[1]!, minute(12)),
    deletion({ ...talk[1]!, externalId: 'unknown' }, minute(12)),
    reaction({ saidAt: minute(13) }),
    reaction({ saidAt: minute(14), change: 'removed' }),
    reaction({ saidAt: minute(15) }),
    reaction({ saidAt: minute(15), userId: bob, externalId: '910', emoji: '🚀' }),
  ]
  const expected = await result([...events])
  assert.equal(expected.length, 4 + 2 + 1 + 4)
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...events, ...events, ...events], { minLength: events.length * 3 }),
      async (shuffled) => assert.deepEqual(await result(shuffled), expected),
    ),
    { numRuns: 12 },
  )

  async function result(given: readonly Incoming[]): Promise<readonly string[]> {
    let found: readonly string[] = []
    await withTalk(async (ctx) => {
      await capture(ctx, given)
      // A replay of everything changes nothing more.
      assert.equal((await capture(ctx, given)).written, 0)
      found = await settled(ctx)
      assert.equal((await ctx.journal.verify()).ok, true)
    })
    return found
  }
})

test('cut into batches at any place, in any order, no message is lost or doubled and nothing deleted is kept', async () => {
  const talk = Array.from({ length: 6 }, (_, index) =>
    message(`words ${index}`, { externalId: `97${index}`, saidAt: `2020-03-12T21:0${index}:00.000Z` }),
  )
  const events: readonly Incoming[] = [
    ...talk,
    edit(talk[0]!, 'changed', '2020-03-12T22:00:00.000Z'),
    deletion(talk[1]!, '2020-03-12T22:00:00.000Z'),
    deletion(talk[2]!, '2020-03-12T22:00:00.000Z'),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2 }),
      fc.integer({ min: 1, max: 7 }),
      async (shuffled, size) => {
        await withTalk(async (ctx) => {
          for (let first = 0; first < shuffled.length; first += size)
            await capture(ctx, shuffled.slice(first, first + size))
          const replies = (await community(ctx)).filter(({ kind }) => kind === 'reply')
          assert.equal(replies.length, 6)
          const { person } = bodyOf(replies[0], 'reply')
          const texts = (await ctx.journal.textsOf(person)).map(({ content }) => (content as SaidContent).text)
          assert.deepEqual(texts.filter((text) => text !== 'changed').toSorted(), [
            'words 0',
            'words 3',
            'words 4',
            'words 5',
          ])
          assert.equal(new Set(texts).size, texts.length)
        })
      },
    ),
    { numRuns: 12 },
  )
})

test('ten thousand replies and reactions of a thousand people are captured in one go, and again at once', () =>
  withTalk(async (ctx) => {
    const events: Incoming[] = Array.from({ length: 10_000 }, (_, index) => {
      const userId = String(300000000000000000n + BigInt(index % 1000))
      const saidAt = new Date(Date.UTC(2020, 2, 12, 21, 0, 0, index)).toISOString()
      return index % 2 === 0
        ? message(`reply ${index} about SPY`, { userId, saidAt })
        : reaction({ userId, saidAt, emoji: `e${index}` })
    })
    const started = performance.now()
    const first = await capture(ctx, events)
    const seconds = (performance.now() - started) / 1000
    assert.deepEqual([first.written, first.notices.length], [10_000, 500])
    assert(seconds < 30, `it took ${seconds} s`)
    assert.equal((await capture(ctx, events)).written, 0)
    assert.equal((await ctx.journal.verify()).ok, true)
  }))

test('two processes that capture the same events at once write each of them once', () =>
  withTalk(async (ctx, folder) => {
    const other = await talkContext(folder)
    const events: Incoming[] = Array.from({ length: 60 }, (_, index) =>
      index % 3 === 0 ? reaction({ userId: String(index) }) : message(`words ${index}`, { userId: String(index % 7) }),
    )
    const results = await Promise.all([capture(ctx, events), capture(other, events), capture(ctx, events)])
    assert.equal(
      results.reduce((sum, { written }) => sum + written, 0),
      60,
    )
    const entries = await community(ctx)
    assert.equal(entries.length, 60)
    assert.equal((await ctx.journal.verify()).ok, true)
    await other.journal.close()
  }))

test('names in the journal hang on a key that only its owner may read; another key is refused', () =>
  withTalk(async (ctx, folder) => {
    await capture(ctx, [message('hello')])
    const file = join(folder, 'people.key')
    assert.match(readFileSync(file, 'utf8'), /^[0-9a-f]{64}\n$/)
    assert.equal(statSync(file).mode & 0o777, 0o600)
    const first = bodyOf((await community(ctx))[0], 'reply').person
    // The journal without its texts says nothing of who it was.
    const [row] = await ctx.journal.textsOf(first)
    await ctx.journal.erase({ ids: [row!.id] })
    for (const trace of [ann, 'Ann Example']) assert.equal(bytesIn(folder).includes(trace), false)

    writeFileSync(file, `${'ab'.repeat(32)}\n`)
    const other = await talkContext(folder)
    await assert.rejects(
      capture(other, [message('hello')]),
      (error) => error instanceof ConfigError && /PEOPLE_KEY.*another key/.test(error.message),
    )
    await other.journal.close()
    const set = await talkContext(folder, { PEOPLE_KEY: 'cd'.repeat(32) })
    await assert.rejects(capture(set, [message('hello')]), ConfigError)
    await set.journal.close()
  }))

test('a crowd at once is written in the order of its time, and whatever else waits runs in between', async () => {
  await withTalk(async (ctx) => {
    const crowd = Array.from({ length: 1000 }, (_, i) =>
      message(`${i}`, {
        userId: String(500000000000000000n + BigInt(i % 40)),
        saidAt: new Date(Date.parse('2020-03-12T21:00:00.000Z') + i * 1000).toISOString(),
      }),
    )
    let turns = 0
    let isDone = false
    const turn = () => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    // Twice, shuffled, as a channel that delivers again.
    const shuffled = crowd.toSorted((a, b) =>
      a.externalId.split('').reverse().join('') < b.externalId.split('').reverse().join('') ? -1 : 1,
    )
    const [first, again] = await Promise.all([capture(ctx, shuffled), capture(ctx, shuffled)])
    isDone = true
    assert.deepEqual([first.written, again.written, again.known], [1000, 0, 1000])
    assert.ok(turns >= 20, `only ${turns} turns of the event loop in between`)
    const entries = await community(ctx)
    assert.deepEqual(
      entries.map(({ body }) => (body as { saidAt: string }).saidAt),
      crowd.map(({ saidAt }) => saidAt),
    )
  })
})
