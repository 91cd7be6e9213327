import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectFromX } from '../../jobs/collect.ts'
import { publishPending } from '../../jobs/publish.ts'
import { openXLedger } from '../../src/adapters/x/ledger.ts'
import { openXPublisher } from '../../src/adapters/x/publisher.ts'
import { openXReader, type XReader } from '../../src/adapters/x/read.ts'
import type { Publisher } from '../../src/posts/publisher.ts'
import { withFolder } from '../support/database.ts'
import { render, SystemTime, somePost, startWorker, type Worker } from '../support/outbox.ts'
import { startXServer, type XServer } from '../support/x-server.ts'

async function withX(
  body: (world: { x: XServer; worker: Worker; reader: XReader; publisher: Publisher; postId: string }) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const x = await startXServer()
    const settings = { keys: x.keys, apiUrl: x.url, ledger: openXLedger(folder) }
    // The reader leaves out the last half minute, which X may not list yet: it stands a minute ahead.
    const reader = await openXReader({ ...settings, dailyUsd: 10, nowMs: () => Date.now() + 60_000 })
    const publisher = await openXPublisher({ ...settings, say: () => {} })
    const worker = await startWorker(folder, new SystemTime(), { environment })
    try {
      const now = new Date().toISOString()
      await render(worker, somePost('Day 1.', 1), { at: now })
      await publishPending(worker.ctx, [publisher], now)
      await body({ x, worker, reader, publisher, postId: x.own()[0]!.id })
    } finally {
      await worker.journal.close()
      await reader.close()
      await publisher.close()
      await x.close()
    }
  })
}

async function repliesOf({ journal }: Worker) {
  const replies = []
  for await (const entry of journal.read({ kinds: ['reply'] })) if (entry.kind === 'reply') replies.push(entry.body)
  return replies
}

test('what people say on X is in the journal once, tied to the post, and nobody is answered', () =>
  withX(async ({ x, worker, reader, publisher, postId }) => {
    x.say('4001', 'I disagree', { replyTo: postId })
    x.say('4002', 'look', { quotes: postId })
    const now = new Date().toISOString()
    assert.deepEqual(await collectFromX(worker.ctx, reader, now, publisher), {
      written: 2,
      deletions: 0,
      because: null,
    })
    const again = await collectFromX(worker.ctx, reader, now, publisher)
    assert.equal(again.written, 0)
    const replies = await repliesOf(worker)
    assert.deepEqual(replies.map(({ via, post }) => [via, post]).toSorted(), [
      ['quote', 1],
      ['reply', 1],
    ])
    assert.equal(x.own().length, 1)
    for await (const entry of worker.journal.read()) assert(!JSON.stringify(entry).includes('disagree'))
  }))

test('a process that dies before it wrote down how far it read reads it again, and writes nothing twice', () =>
  withX(async ({ x, worker, reader, postId }) => {
    x.say('4001', 'I disagree', { replyTo: postId })
    const now = new Date().toISOString()
    const dying = {
      ...worker.ctx,
      journal: { ...worker.ctx.journal, setCursor: () => Promise.reject(new Error('killed')) },
    }
    await assert.rejects(collectFromX(dying, reader, now), /killed/)
    await collectFromX(worker.ctx, reader, now)
    assert.equal((await repliesOf(worker)).length, 1)
  }))

test('what its author deleted on X is erased here on the next day', () =>
  withX(async ({ x, worker, reader, postId }) => {
    const said = x.say('4001', 'I said too much', { replyTo: postId })
    const now = new Date().toISOString()
    await collectFromX(worker.ctx, reader, now)
    const [reply] = await repliesOf(worker)
    const id = reply!.text!.id
    assert.match(JSON.stringify((await worker.journal.texts([id])).get(id)), /too much/)
    x.tweets.splice(x.tweets.indexOf(said), 1)
    assert.equal((await collectFromX(worker.ctx, reader, now)).deletions, 0)
    const tomorrow = new Date(Date.now() + 86_400_000).toISOString()
    assert.equal((await collectFromX(worker.ctx, reader, tomorrow)).deletions, 1)
    assert.equal((await worker.journal.texts([id])).size, 0)
  }))

test('where the bot may answer on X, each person gets the one notice, within the quota', () =>
  withX(
    async ({ x, worker, reader, publisher, postId }) => {
      for (let person = 0; person < 4; person++) x.say(`500${person}`, 'hello', { replyTo: postId })
      const now = new Date().toISOString()
      await collectFromX(worker.ctx, reader, now, publisher)
      await collectFromX(worker.ctx, reader, now, publisher)
      // Eight a day, of which four are left to posts and one is the post.
      const notices = x.own().slice(1)
      assert.equal(notices.length, 3)
      for (const { text, repliedTo } of notices) {
        assert.match(text, /^Automated, once: .*random name/)
        assert(x.tweets.some(({ id, authorId }) => id === repliedTo && authorId.startsWith('500')))
      }
      assert(worker.said.some((line) => /no notice is sent any more today/.test(line)))
    },
    { X_REPLIES: 'true', X_DAILY_POSTS: '8' },
  ))
