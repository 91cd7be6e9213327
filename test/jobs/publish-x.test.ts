import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import twitter from 'twitter-text'
import { publishPending } from '../../jobs/publish.ts'
import { openXLedger } from '../../src/adapters/x/ledger.ts'
import { openXPublisher } from '../../src/adapters/x/publisher.ts'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { textsOnX } from '../../src/posts/outgoing.ts'
import { close, decision, opened } from '../posts/sample-entries.ts'
import { withFolder } from '../support/database.ts'
import { outboxOf, render, SystemTime, somePost, startWorker } from '../support/outbox.ts'
import { startXServer, type XFault } from '../support/x-server.ts'

const faults: readonly XFault[] = [
  { kind: 'status', status: 500, performed: true },
  { kind: 'status', status: 500, performed: false },
  { kind: 'status', status: 503, body: '<html>', performed: true },
  { kind: 'status', status: 429, headers: { 'x-rate-limit-reset': '1' } },
  { kind: 'cut', performed: true },
  { kind: 'drop', performed: true },
  { kind: 'drop', performed: false },
  { kind: 'hang', performed: true },
]

test('through the real client, whatever X does with each request, every text is there once and answers the one before', () =>
  withFolder(async (folder) => {
    const x = await startXServer()
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.constantFrom(...faults), { freq: 2 }), { minLength: 6, maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 3 }),
        fc.nat(1e9),
        async (script, sizes, name) => {
          const home = `${folder}/${name}-${script.length}-${sizes.join('')}-${Math.random()}`
          x.tweets.length = 0
          const left = [...script]
          x.chance = () => left.shift() ?? undefined
          // Time of the system stands still but for pauses, so that X still lists what was sent in it.
          const time = new SystemTime()
          time.ms = Date.now()
          const worker = await startWorker(home, time, { environment: { X_DAILY_POSTS: '1000' } })
          const publisher = await openXPublisher({
            keys: x.keys,
            apiUrl: x.url,
            timeoutMs: 60,
            ledger: openXLedger(home),
            say: () => {},
          })
          const now = new Date().toISOString()
          for (const [index, parts] of sizes.entries())
            await render(worker, somePost(`post ${index}`, parts), { at: now })
          const options = { systemNow: time.now, wait: time.wait, isGone: () => false, worker: 'host:1:a' }
          for (let run = 0; run < 40; run++) {
            const [onX] = await publishPending(worker.ctx, [publisher], now, options)
            if (onX!.pending === 0) break
            time.ms = Math.max(time.ms + 1_000, Date.parse(onX!.nextAt ?? ''))
          }
          const wanted = sizes.flatMap((parts, index) => somePost(`post ${index}`, parts).x)
          assert.deepEqual(
            x.own().map(({ text }) => text),
            wanted,
            (await outboxOf(worker)).join('\n'),
          )
          for (const [index, tweet] of x.own().entries()) {
            const isFirst = !/^[23]\/\d /.test(tweet.text)
            assert.equal(tweet.repliedTo, isFirst ? null : x.own()[index - 1]!.id)
          }
          await publisher.close()
          await worker.journal.close()
        },
      ),
      { numRuns: 25 },
    )
    assert.deepEqual(x.faults, [])
    await x.close()
  }))

test('no routine post carries anything to press, late or not, and each fits', () => {
  const post = {
    ...renderDecisionPost({ opened: opened(), decision: decision(), close: close() }),
    before: '2020-03-13T08:00:00.000Z',
  }
  for (const late of [false, true]) {
    const texts = textsOnX(post, late)
    assert.equal(texts.length, late ? 2 : 1)
    for (const text of texts) {
      assert.deepEqual(twitter.extractUrls(text), [])
      assert.deepEqual(twitter.extractMentions(text), [])
      assert.deepEqual(twitter.extractHashtags(text), [])
      assert(twitter.parseTweet(text).valid, text)
    }
  }
})
