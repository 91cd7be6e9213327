import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Context } from '../../src/context.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { capture } from '../../src/talk/capture.ts'
import { handle } from '../../src/talk/commands/index.ts'
import { noticeText, tellOnce } from '../../src/talk/notice.ts'
import { primer } from '../support/primer.ts'
import {
  ann,
  bob,
  bytesIn,
  community,
  deletion,
  edit,
  interaction,
  message,
  ourMessage,
  reaction,
  seqs,
  shown,
  withTalk,
} from '../support/talk.ts'

const name = 'Ann Example'

/** Everything that a person can do, by one person. */
async function beAnn(ctx: Context): Promise<readonly string[]> {
  const said = Array.from({ length: 40 }, (_, index) =>
    message(`annwords${index} ${'long text '.repeat(index * 12)}`, {
      saidAt: `2020-03-12T21:00:${String(index % 60).padStart(2, '0')}.000Z`,
    }),
  )
  const others = Array.from({ length: 40 }, (_, index) =>
    message(`bobwords${index} ${'other text '.repeat((index * 7) % 50)}`, { userId: bob, userName: 'Bob' }),
  )
  await capture(ctx, [
    ...said,
    ...others,
    reaction(),
    reaction({ emoji: '🚀' }),
    reaction({ userId: bob, userName: 'Bob' }),
  ])
  await capture(ctx, [edit(said[0]!, 'annwords-edited', '2020-03-12T21:10:00.000Z')])
  const hash = (await ctx.journal.last('allocator', 'decision'))!.hash.slice(0, 32)
  const press = { parameters: [String(seqs.decision), hash], messageId: ourMessage }
  await handle(ctx, interaction('agree', {}, { ...press, kind: 'button' }))
  await handle(ctx, interaction('predict', { symbol: 'SPY', direction: 'up', probability: 60, horizon: 5 }))
  await handle(ctx, interaction('feedback', { text: 'annwords-feedback' }, { kind: 'modal' }))
  await handle(ctx, interaction('ask', { question: 'annwords-question about TLT' }))
  await handle(ctx, interaction('privacy consent', { choice: 'research' }))
  return said.map(({ externalId }) => externalId)
}

type Exported = {
  readonly pseudonym: string | null
  readonly consent: string
  readonly texts: readonly { readonly entry: number; readonly content: Record<string, unknown> }[]
  readonly entries: readonly { readonly entry: number; readonly kind: string }[]
}

async function exportOf(ctx: Context, userId = ann): Promise<Exported | null> {
  const answer = await handle(ctx, interaction('privacy export', {}, { userId }))
  assert(answer.kind === 'reply' && answer.ephemeral)
  const [file] = answer.files ?? []
  return file === undefined ? null : JSON.parse(Buffer.from(file.bytes).toString())
}

test('/privacy export gives a person everything that is held on them, and nothing of anybody else', () =>
  withTalk(async (ctx) => {
    assert.equal(await exportOf(ctx), null)
    await beAnn(ctx)
    const held = (await exportOf(ctx))!
    const own = (await community(ctx)).filter(({ body }) => (body as { person?: string }).person === held.pseudonym)
    const kinds = held.entries.map(({ kind }) => kind)
    // 40 replies, 1 edit, 2 reactions, and one each of the rest.
    const counted = Object.fromEntries(
      Object.entries(Object.groupBy(kinds, (kind) => kind)).map(([kind, all]) => [kind, all!.length]),
    )
    assert.deepEqual(counted, {
      reply: 40,
      edit: 1,
      reaction: 2,
      opinion: 1,
      prediction: 1,
      feedback: 1,
      question: 1,
      answer: 1,
      consent: 1,
      notice: 1,
    })
    // Each entry that names the person is there; the edit and the answer are theirs without naming them.
    assert.deepEqual(new Set(held.entries.map(({ entry }) => entry)).size, own.length + 2)
    assert.equal(held.consent, 'research')
    const json = JSON.stringify(held)
    for (const word of [
      'annwords0 ',
      'annwords39 ',
      'annwords-edited',
      'annwords-feedback',
      'annwords-question',
      ann,
      name,
    ])
      assert(json.includes(word), word)
    for (const word of ['bobwords', bob, '"Bob"']) assert(!json.includes(word), word)
  }))

test('/privacy forget leaves no text, no name, no account or message number of a person in any file, and the chain verifies', () =>
  withTalk(async (ctx, folder) => {
    const messages = await beAnn(ctx)
    const pseudonym = (await exportOf(ctx))!.pseudonym!
    const salt = (
      new DatabaseSync(join(folder, 'journal.db'), { readOnly: true })
        .prepare('SELECT DISTINCT salt FROM people')
        .all() as { salt: string }[]
    ).map((row) => row.salt)
    const traces = ['annwords', ann, name, ...messages]
    const before = bytesIn(folder, /./)
    for (const trace of traces) assert(before.includes(trace), `${trace} was never there`)

    const answer = shown(await handle(ctx, interaction('privacy forget')))
    assert.match(answer, /You are forgotten: 48 texts/)
    // Every file of the home folder, the database's log among them, while the journal is open.
    const after = bytesIn(folder, /./)
    assert.deepEqual(
      traces.filter((trace) => after.includes(trace)),
      [],
    )
    // What SQLite would copy into a new file, and what it keeps in unused pages, is the same bytes.
    const dumped = spawnSync(process.execPath, [
      '-e',
      `
      const { DatabaseSync } = require('node:sqlite')
      const database = new DatabaseSync(${JSON.stringify(join(folder, 'journal.db'))}, { readOnly: true })
      database.exec("VACUUM INTO '${join(folder, 'copy.db')}'")`,
    ])
    assert.equal(dumped.status, 0, String(dumped.stderr))
    assert.deepEqual(
      traces.filter((trace) => bytesIn(folder, /^copy/).includes(trace)),
      [],
    )
    // Bob's words stay, and the chain holds.
    assert(after.includes('bobwords39'))
    assert.equal((await ctx.journal.verify()).ok, true)
    // The key alone no longer gives the name: the salt it was made with is nowhere.
    assert.equal(salt.filter((one) => after.includes(one)).length, 1, "Bob's salt stays, Ann's is gone")
    const key = readFileSync(join(folder, 'people.key'), 'utf8').trim()
    const guess = (...parts: readonly string[]) =>
      createHmac('sha256', key).update(JSON.stringify(parts)).digest('hex').slice(0, 32)
    assert(![guess('person', '0'.repeat(32), 'discord', ann), guess('person', 'discord', ann)].includes(pseudonym))
    const forgotten = (await community(ctx)).at(-1) as Entry<'forgotten'>
    assert.deepEqual([forgotten.kind, forgotten.body.texts], ['forgotten', 48])
    assert.match(shown(await handle(ctx, interaction('privacy forget'))), /You are forgotten already/)
    assert.equal((await exportOf(ctx))!.texts.length, 0)
  }))

test('what a forgotten person said before is not captured again by a backfill, nor what they say in passing after', () =>
  withTalk(async (ctx) => {
    const known = message('said and captured')
    const missed = message('said while nobody listened', { saidAt: '2020-03-12T21:15:00.000Z' })
    await capture(ctx, [known])
    await handle(ctx, interaction('privacy forget', {}, { at: '2020-03-12T22:00:00.000Z' }))
    const entries = (await community(ctx)).length
    const later = message('said afterwards', { saidAt: '2020-03-12T23:00:00.000Z' })
    const result = await capture(ctx, [
      known,
      missed,
      later,
      reaction({ saidAt: '2020-03-12T23:00:00.000Z' }),
      edit(known, 'changed', '2020-03-12T23:01:00.000Z'),
    ])
    assert.deepEqual([result.written, result.notices.length], [0, 0])
    // Deleting what was forgotten is no fault, and says nothing of who it was.
    await capture(ctx, [deletion(known, '2020-03-12T23:02:00.000Z')])
    assert.equal((await community(ctx)).length, entries + 1)

    // A command is sent on purpose: it is kept, under another name, and what is said in passing still is not.
    await handle(
      ctx,
      interaction('feedback', { text: 'on purpose' }, { kind: 'modal', at: '2020-03-12T23:30:00.000Z' }),
    )
    assert.equal((await capture(ctx, [later])).written, 0)
    const persons = (await community(ctx)).flatMap(({ body }) => (body as { person?: string }).person ?? [])
    assert.equal(new Set(persons).size, 2)
    // Asked to be kept again: from then on, and still nothing from before.
    await handle(ctx, interaction('privacy consent', { choice: 'keep' }))
    assert.equal((await capture(ctx, [later, missed])).written, 1)
    assert.equal((await ctx.journal.verify()).ok, true)
  }))

test('who is forgotten before what they just said has arrived is not captured afterwards', () =>
  withTalk(async (ctx) => {
    const answer = await handle(ctx, interaction('privacy forget', {}, { at: '2020-03-12T22:00:00.000Z' }))
    assert.match(shown(answer), /^You are forgotten: 0 texts/)
    await capture(ctx, [message('still on its way', { saidAt: '2020-03-12T21:59:59.900Z' })])
    assert.deepEqual(
      (await community(ctx)).map(({ kind }) => kind),
      ['forgotten'],
    )
  }))

test('who says stop is left alone in passing; who allows research has it on each entry from then on', () =>
  withTalk(async (ctx) => {
    await capture(ctx, [message('one')])
    assert.match(
      shown(await handle(ctx, interaction('privacy consent', { choice: 'research' }))),
      /may be used in exports/,
    )
    assert.match(shown(await handle(ctx, interaction('privacy consent', { choice: 'research' }))), /That is so already/)
    await capture(ctx, [message('two')])
    assert.match(
      shown(await handle(ctx, interaction('privacy consent', { choice: 'stop' }))),
      /Nothing that you say in passing is kept/,
    )
    assert.equal((await capture(ctx, [message('three'), reaction()])).declined, 2)
    const entries = await community(ctx)
    assert.deepEqual(
      entries.flatMap(({ kind, body }) => (kind === 'reply' ? [body.consent] : [])),
      ['none', 'research'],
    )
    assert.deepEqual(
      entries.flatMap(({ kind, body }) => (kind === 'consent' ? [body.consent] : [])),
      ['research', 'stopped'],
    )
    assert.match(
      shown(await handle(ctx, interaction('privacy consent', { choice: 'sell' }))),
      /choice is sell; choose one of research, keep, stop/,
    )
  }))

test('a first reply is due one notice, whatever comes before it is sent, and none once it was', () =>
  withTalk(async (ctx) => {
    const first = await capture(ctx, [message('one'), message('two')])
    assert.equal(first.notices.length, 1)
    assert.equal((await capture(ctx, [message('three')])).notices.length, 0)
    assert.equal(await tellOnce(ctx, first.notices[0]!, '2020-03-12T21:40:00.000Z', async () => true), true)
    assert.equal((await community(ctx)).filter(({ kind }) => kind === 'notice').length, 1)
    assert.equal(
      (await capture(ctx, [message('on X', { channel: 'x', userId: '9', repliesTo: null, via: 'mention' })])).notices
        .length,
      0,
    )
    assert(noticeText.length < 400)
  }))

test('whoever was being told when the process died is told once: by the same nonce at once, and not at all later', () =>
  withTalk(async (ctx) => {
    const died = () => Promise.reject(new Error('killed'))
    const sent: string[] = []
    const send = async (nonce: string) => sent.push(nonce) > 0
    const [first, second] = [ann, bob].map((userId) => ({ channel: 'discord', userId }) as const)
    await capture(ctx, [message('one'), message('two', { userId: bob })])
    let attempted = ''
    await assert.rejects(
      tellOnce(ctx, first!, '2020-03-12T21:40:00.000Z', (nonce) => {
        attempted = nonce
        return died()
      }),
    )
    await assert.rejects(tellOnce(ctx, second!, '2020-03-12T21:40:00.000Z', died))
    assert.equal(await tellOnce(ctx, first!, '2020-03-12T21:41:00.000Z', send), true)
    assert.deepEqual(sent, [attempted])
    assert(attempted.length <= 25)
    // A day later the channel has forgotten the nonce, and nobody knows whether it arrived.
    assert.equal(await tellOnce(ctx, second!, '2020-03-13T21:40:00.000Z', send), false)
    assert.equal((await community(ctx)).filter(({ kind }) => kind === 'notice').length, 2)
    assert.equal((await capture(ctx, [message('three', { userId: bob })])).notices.length, 0)
  }))

test('a notice that the channel refused is due again', () =>
  withTalk(async (ctx) => {
    const account = { channel: 'discord', userId: ann } as const
    await capture(ctx, [message('one')])
    assert.equal(await tellOnce(ctx, account, '2020-03-12T21:40:00.000Z', async () => false), false)
    assert.equal(await tellOnce(ctx, account, '2020-03-14T21:40:00.000Z', async () => true), true)
  }))

test('primer forget erases a person of X, found by the address of a reply or the number of the account', () =>
  withTalk(async (ctx, folder) => {
    const word = 'unforgettable'
    const onX = { channel: 'x', via: 'mention', repliesTo: null } as const
    const said = message(`${word} one`, { ...onX, userId: '4242424242', externalId: '1777777777777777777' })
    await capture(ctx, [said, message('somebody else', { ...onX, userId: '7' }), message('on Discord')])
    const run = async (...options: string[]) => {
      const { code, stdout, stderr } = await primer(['forget', ...options, '--json'], { home: folder })
      return { code, out: code === 0 ? JSON.parse(stdout) : stderr }
    }
    assert.deepEqual(await run('--message', 'https://x.com/somebody/status/1777777777777777777?s=20'), {
      code: 0,
      out: { channel: 'x', forgotten: true, texts: 1, before: false },
    })
    for (const trace of [word, '4242424242', '1777777777777777777']) assert(!bytesIn(folder).includes(trace), trace)
    assert.equal((await ctx.journal.verify()).ok, true)
    assert.deepEqual((await run('--user', '4242424242')).out.before, true)
    assert.equal((await run('--user', '7')).out.texts, 1)
    const after = message('more', { ...onX, userId: '4242424242' })
    assert.equal((await capture(ctx, [after])).declined, 1)
    assert.match((await run('--message', '1777777777777777777')).out, /nothing that is kept of anybody on x/)
    assert.match((await run('--user', '@somebody')).out, /no number of an account/)
    assert.equal((await run()).code, 2)
  }))
