import assert from 'node:assert/strict'
import { cpSync } from 'node:fs'
import { test } from 'node:test'
import { ageMostMs, claimMs } from '../../src/journal/outbox-step.ts'
import { onPostgres, withFolder } from '../support/database.ts'
import {
  FakeChannel,
  Killed,
  outboxOf,
  render,
  type SendFault,
  SystemTime,
  somePost,
  startWorker,
  type Worker,
} from '../support/outbox.ts'

const now = '2026-11-20T21:22:00.000Z'

const plenty = { X_DAILY_POSTS: '100', X_MONTHLY_POSTS: '1000' }

async function withWorld(
  body: (world: {
    folder: string
    time: SystemTime
    worker: Worker
    x: FakeChannel
    discord: FakeChannel
    both: readonly FakeChannel[]
  }) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const time = new SystemTime()
    const worker = await startWorker(folder, time, { environment })
    const x = new FakeChannel('x')
    const discord = new FakeChannel('discord')
    try {
      await body({ folder, time, worker, x, discord, both: [x, discord] })
    } finally {
      await worker.journal.close()
    }
  })
}

test('a post goes to both channels, its thread in order, and never again', () =>
  withWorld(async ({ worker, x, discord, both }) => {
    await render(worker, somePost('the week', 3))
    const runs = await worker.publish(both, now)
    assert.deepEqual(
      runs.map(({ channel, sent, pending }) => [channel, sent, pending]),
      [
        ['x', 3, 0],
        ['discord', 1, 0],
      ],
    )
    assert.deepEqual(
      x.messages.map(({ text, replyTo }) => [text, replyTo]),
      [
        ['1/3 the week', null],
        ['2/3 the week', 'x-1'],
        ['3/3 the week', 'x-2'],
      ],
    )
    assert.deepEqual(discord.texts, ['the week'])
    await worker.publish(both, now)
    assert.equal(x.messages.length + discord.messages.length, 4)
    assert.deepEqual(
      (await outboxOf(worker)).filter((line) => line.includes(' x/')),
      [
        'posting x/1/0 1',
        'posted x/1/0 sent',
        'posting x/1/1 1',
        'posted x/1/1 sent',
        'posting x/1/2 1',
        'posted x/1/2 sent',
      ],
    )
  }))

test('killed at any point, everything is on both channels once and in order after it runs again', () =>
  withFolder(async (parent) => {
    const prepared = `${parent}/prepared`
    const setup = await startWorker(prepared, new SystemTime())
    await render(setup, somePost('first', 2))
    await render(setup, somePost('second', 1))
    await setup.journal.close()
    let points = 0
    for (let point = 0; ; point++) {
      const folder = `${parent}/${point}`
      const time = new SystemTime()
      const x = new FakeChannel('x')
      const discord = new FakeChannel('discord')
      let reached = 0
      let dead = false
      const reach = () => {
        // A process that is gone does nothing more, whatever its other channel was about to do.
        if (dead || reached++ === point) {
          dead = true
          throw new Killed()
        }
      }
      for (const channel of [x, discord]) channel.pause = async () => reach()
      cpSync(prepared, folder, { recursive: true })
      const first = await startWorker(folder, time, { reach })
      const ended = await first.publish([x, discord], now).then(
        () => 'whole',
        (error: unknown) => {
          assert(error instanceof Killed, String(error))
          return 'killed'
        },
      )
      await first.journal.close()
      dead = true
      for (const channel of [x, discord]) channel.pause = async () => undefined
      time.ms += claimMs
      const second = await startWorker(folder, time)
      const runs = await second.publish([x, discord], now)
      assert.deepEqual(x.texts, ['1/2 first', '2/2 first', 'second'], `killed at point ${point}`)
      assert.equal(x.messages[1]!.replyTo, 'x-1')
      assert.deepEqual(discord.texts, ['first', 'second'], `killed at point ${point}`)
      assert(runs.every(({ pending }) => pending === 0))
      await second.journal.close()
      points = point
      if (ended === 'whole') break
    }
    // Reading, claiming, sending and recording of five messages: fewer points would mean that some were not tried.
    assert(points > 30, `${points} points`)
  }))

test('what another living worker is sending is neither asked for nor sent again until its claim is over', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'kill-before'
    await assert.rejects(worker.publish([x], now), Killed)
    x.nextFault = () => undefined
    const other = await startWorker(folder, time)
    time.ms += claimMs - 10_000
    const [run] = await other.publish([x], now)
    assert.equal(x.asked, 0)
    assert.equal(x.messages.length, 0)
    assert.equal(run!.nextAt, new Date(time.ms + 10_000).toISOString())
    time.ms += 10_000
    await other.publish([x], now)
    assert.deepEqual([x.asked, x.texts], [1, ['one']])
    await other.journal.close()
  }))

test('the message of a worker that is known to be gone is taken up within seconds', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'kill-after'
    await assert.rejects(worker.publish([x], now), Killed)
    x.nextFault = () => undefined
    const other = await startWorker(folder, time, { isGone: () => true })
    const before = time.ms
    await other.publish([x], now)
    assert.deepEqual(x.texts, ['one'])
    assert.deepEqual(await outboxOf(other), ['posting x/1/0 1', 'posted x/1/0 found'])
    assert(time.ms - before <= 5_000)
    await other.journal.close()
  }))

test('what a worker sent with its last breath, long after its claim, has time to arrive before anybody sends it again', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'kill-before'
    await assert.rejects(worker.publish([x], now), Killed)
    x.nextFault = () => undefined
    time.ms += 60_000
    // The request left in time; the channel is slow.
    const arrivesMs = time.ms + 3000
    const wait = async (ms: number) => {
      time.ms += ms
      if (time.ms < arrivesMs || x.texts.length > 0) return
      x.messages.push({ id: 'x-late', text: 'one', nonce: '', replyTo: null })
    }
    const other = await startWorker(folder, time, { isGone: () => true, wait })
    await other.publish([x], now)
    assert.deepEqual(x.texts, ['one'])
    assert.deepEqual(await outboxOf(other), ['posting x/1/0 1', 'posted x/1/0 found'])
    await other.journal.close()
  }))

test('what a worker certainly did not send, any other sends within seconds and asks nobody', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'later'
    await worker.publish([x], now)
    x.nextFault = () => undefined
    const other = await startWorker(folder, time)
    const before = time.ms
    await other.publish([x], now)
    assert.deepEqual([x.texts, x.asked], [['one'], 0])
    assert(time.ms - before <= 5000, `${time.ms - before} ms`)
    assert.deepEqual(await outboxOf(other), [
      'posting x/1/0 1',
      'released x/1/0 unsent',
      'posting x/1/0 2',
      'posted x/1/0 sent',
    ])
    await other.journal.close()
  }))

test('an attempt that its worker saw end is asked for by another after it had time to arrive, whatever their clocks say', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 1))
    await render(worker, somePost('two', 1))
    x.nextFault = () => 'failed'
    x.isDeaf = () => true
    await worker.publish([x], now)
    x.nextFault = () => undefined
    x.isDeaf = () => false
    for (const aheadMs of [-30_000, 30_000]) {
      const skewed = new SystemTime()
      const start = time.ms + aheadMs
      skewed.ms = start
      const other = await startWorker(folder, skewed)
      const asked = x.asked
      x.pause = async () => assert(skewed.ms - start >= 5000 || x.texts.length > 0, 'asked and sent too early')
      if (aheadMs < 0) x.isDeaf = () => true
      await other.publish([x], now)
      assert.equal(x.asked, asked + 1)
      assert(skewed.ms - start <= 5000, `${skewed.ms - start} ms`)
      x.isDeaf = () => false
      await other.journal.close()
    }
    assert.deepEqual(x.texts, ['one', 'two'])
  }))

test('a worker that is told to end ends with the message under way, and another goes on at once', () =>
  withFolder(async (folder) => {
    const time = new SystemTime()
    const x = new FakeChannel('x')
    const stop = new AbortController()
    const worker = await startWorker(folder, time, { stopping: stop.signal })
    await render(worker, somePost('one', 3))
    await render(worker, somePost('two', 1))
    let calls = 0
    // While the second text is being sent.
    x.pause = async () => (++calls === 3 ? stop.abort() : undefined)
    const [run] = await worker.publish([x], now)
    assert.deepEqual([run!.sent, run!.pending, run!.nextAt], [2, 2, time.now()])
    assert.deepEqual(x.texts, ['1/3 one', '2/3 one'])
    const before = time.ms
    const other = await startWorker(folder, time)
    await other.publish([x], now)
    assert.equal(time.ms, before)
    assert.deepEqual([x.texts, x.asked], [['1/3 one', '2/3 one', '3/3 one', 'two'], 0])
    for (const { journal } of [worker, other]) await journal.close()
  }))

onPostgres('of workers at once one ends in order, one dies, and the last sends the rest within seconds', ({ url }) =>
  withFolder(async (folder) => {
    const time = new SystemTime()
    const x = new FakeChannel('x')
    const stop = new AbortController()
    const common = { databaseUrl: url, environment: plenty }
    const ending = await startWorker(folder, time, { ...common, stopping: stop.signal })
    const dying = await startWorker(folder, time, { ...common, worker: 'host:1:dying' })
    const last = await startWorker(folder, time, { ...common, isGone: (name) => name === 'host:1:dying' })
    for (let index = 0; index < 6; index++) await render(last, somePost(`post ${index}`, 2))
    const faults: (SendFault | undefined)[] = []
    x.nextFault = () => faults.shift()
    let calls = 0
    x.pause = async () => {
      if (++calls === 5) {
        stop.abort()
        faults.push(undefined, 'kill-after')
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    const [ended, died] = await Promise.allSettled([ending.publish([x], now), dying.publish([x], now)])
    assert.equal(ended.status, 'fulfilled')
    // It may have waited for the other's claim meanwhile.
    if (died.status === 'fulfilled') await assert.rejects(dying.publish([x], now), Killed)
    const before = time.ms
    const [run] = await last.publish([x], now)
    assert.equal(run!.pending, 0)
    assert(time.ms - before <= 15_000, `${time.ms - before} ms`)
    assert.deepEqual(
      x.texts,
      Array.from({ length: 6 }, (_, index) => [`1/2 post ${index}`, `2/2 post ${index}`]).flat(),
    )
    assert((await outboxOf(last)).some((line) => line.endsWith('found')))
    for (const { journal } of [ending, dying, last]) await journal.close()
  }),
)

test('an attempt of which nobody knows what became is asked for, and waits while the channel cannot be asked', () =>
  withWorld(async ({ time, worker, x }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'lost'
    x.isDeaf = () => true
    for (let run = 0; run < 5; run++) {
      await worker.publish([x], now)
      time.ms += 3_600_000
    }
    assert.equal(x.messages.length, 1)
    x.isDeaf = () => false
    await worker.publish([x], now)
    assert.equal(x.messages.length, 1)
    assert.deepEqual(await outboxOf(worker), ['posting x/1/0 1', 'released x/1/0 unknown', 'posted x/1/0 found'])
  }))

test('one channel that fails holds up neither the other nor its own later posts for long', () =>
  withWorld(async ({ time, worker, x, discord, both }) => {
    await render(worker, somePost('one', 1))
    x.nextFault = () => 'later'
    const [onX] = await worker.publish(both, now)
    assert.deepEqual(discord.texts, ['one'])
    assert.deepEqual([onX!.pending, onX!.because], [1, 'no connection'])
    x.nextFault = () => undefined
    // Within its pause the channel is left alone; after it, what certainly was not sent is sent without asking.
    await worker.publish(both, now)
    assert.equal(x.messages.length, 0)
    time.ms = Date.parse(onX!.nextAt!) + 6_000
    await worker.publish(both, now)
    assert.deepEqual([x.texts, x.asked], [['one'], 0])
    // A failure of our own on one channel is thrown, but only after the other had its turn.
    await render(worker, somePost('two', 1))
    x.nextFault = () => 'kill-before'
    await assert.rejects(worker.publish(both, now), Killed)
    assert.deepEqual(discord.texts, ['one', 'two'])
  }))

test('out of credit, a channel stops with one line until the next day', () =>
  withWorld(async ({ worker, x }) => {
    await render(worker, somePost('one', 1))
    await render(worker, somePost('two', 1), { book: 'catalyst' })
    x.nextFault = () => 'no-credit'
    for (let run = 0; run < 4; run++) await worker.publish([x], now)
    const lines = worker.said.filter((line) => !line.startsWith('preview'))
    assert.deepEqual(lines, ['x: nothing is sent before 2026-11-21, UTC: it is no-credit'])
    x.nextFault = () => undefined
    await worker.publish([x], '2026-11-21T00:00:01.000Z')
    assert.deepEqual([...x.texts].sort(), ['one', 'two'])
  }))

test('what a channel refuses is on record with its reason, and the next post goes out', () =>
  withWorld(async ({ worker, x }) => {
    await render(worker, somePost('one', 3))
    await render(worker, somePost('two', 1))
    const faults = [undefined, 'refused'] as const
    let attempt = 0
    x.nextFault = () => faults[attempt++]
    await worker.publish([x], now)
    assert.deepEqual(x.texts, ['1/3 one', 'two'])
    assert((await outboxOf(worker)).includes('unposted x/1/1 it is refused'))
  }))

test('after a long standstill old posts are given up, not poured out', () =>
  withWorld(async ({ worker, x, both, discord }) => {
    for (let day = 0; day < 12; day++)
      await render(worker, somePost(`day ${day}`, 1), { at: `2026-11-${10 + day}T21:22:00.000Z` })
    const today = '2026-11-21T21:22:00.000Z'
    const runs = await worker.publish(both, today)
    const young = ['day 8', 'day 9', 'day 10', 'day 11']
    assert.deepEqual([x.texts, discord.texts], [young, young])
    assert.equal(ageMostMs, 3 * 86_400_000)
    assert.deepEqual(
      runs.map(({ givenUp }) => givenUp),
      [8, 8],
    )
    const reasons = (await outboxOf(worker)).filter((line) => line.startsWith('unposted'))
    assert.equal(reasons.length, 16)
    assert.match(reasons[0]!, /too old: rendered at 2026-11-10T21:22:00\.000Z and not sent within three days/)
    await worker.publish(both, today)
    assert.equal(x.messages.length, 4)
  }))

test('a post that another worker has just begun to send is not given up', () =>
  withWorld(async ({ folder, time, worker, x }) => {
    await render(worker, somePost('one', 2))
    const justInTime = '2026-11-23T21:22:00.000Z'
    const meanwhile = () => worker.publish([x], justInTime)
    const other = await startWorker(folder, time, { meanwhile })
    await other.publish([x], '2026-11-23T21:22:00.001Z')
    assert.deepEqual(x.texts, ['1/2 one', '2/2 one'])
    assert.deepEqual(
      (await outboxOf(worker)).filter((line) => line.startsWith('unposted')),
      [],
    )
    await other.journal.close()
  }))

test('a decision after its open says that it is late on both channels, and one before it does not', () =>
  withWorld(async ({ worker, x, both, discord }) => {
    const before = '2026-11-21T08:00:00.000Z'
    await render(worker, somePost('in time', 1, { purpose: 'decision', before }))
    await worker.publish(both, '2026-11-21T07:58:00.000Z')
    await render(worker, somePost('short', 1, { purpose: 'decision', before }))
    await render(worker, somePost('L'.repeat(250), 1, { purpose: 'decision', before }))
    await worker.publish(both, '2026-11-21T08:00:00.000Z')
    const line = 'Late: due before the open of 2026-11-21 08:00 UTC.'
    assert.deepEqual(x.texts, [
      'in time',
      `${line}\nshort`,
      `${line} What was recorded before it follows, journal ${'a'.repeat(32)}.`,
      'L'.repeat(250),
    ])
    assert.deepEqual(
      x.messages.map(({ replyTo }) => replyTo),
      [null, null, null, 'x-3'],
    )
    assert.deepEqual(discord.texts.slice(0, 2), ['in time', `${line}short`])
    const late: boolean[] = []
    for await (const entry of worker.journal.read({ kinds: ['posted'] }))
      if (entry.kind === 'posted') late.push(entry.body.late)
    assert.deepEqual(late.sort(), [false, false, true, true, true, true, true])
  }))

test('an attempt that was in time and got lost is found although the post has become late', () =>
  withWorld(async ({ time, worker, x }) => {
    await render(worker, somePost('one', 1, { purpose: 'decision', before: '2026-11-21T08:00:00.000Z' }))
    x.nextFault = () => 'lost'
    x.isDeaf = () => true
    await worker.publish([x], '2026-11-21T07:00:00.000Z')
    x.isDeaf = () => false
    time.ms += 3_600_000
    await worker.publish([x], '2026-11-21T09:00:00.000Z')
    assert.deepEqual(x.texts, ['one'])
    assert.deepEqual(await outboxOf(worker), ['posting x/1/0 1', 'released x/1/0 unknown', 'posted x/1/0 found'])
  }))

test('a decision opens a thread, the weekly report is pinned, and an embed without its picture asks for none', () =>
  withWorld(async ({ worker, discord }) => {
    await render(worker, somePost('the decision', 1, { purpose: 'decision' }))
    await render(worker, somePost('the week', 1, { purpose: 'weekly' }))
    await render(worker, somePost('an alert', 0, { purpose: 'alert' }))
    await worker.publish([discord], now)
    const seen = discord.raw.map(
      (message) => message.channel === 'discord' && [message.thread, message.pin, message.post.embeds[0]!.image],
    )
    assert.deepEqual(seen, [
      ['the decision', undefined, undefined],
      [undefined, true, undefined],
      [undefined, undefined, undefined],
    ])
  }))

test('without a channel nothing is recorded: its posts are shown once, as previews', () =>
  withWorld(async ({ worker, discord }) => {
    await render(worker, somePost('one', 1))
    await worker.publish([discord], now)
    await worker.publish([discord], now)
    const previews = worker.said.filter((line) => line.startsWith('preview, x not configured:'))
    assert.equal(previews.length, 1)
    assert.match(previews[0]!, /one/)
    assert.deepEqual(await outboxOf(worker), ['posting discord/1/0 1', 'posted discord/1/0 sent'])
  }))

test('two workers at once send everything once and in order', () =>
  withWorld(async ({ folder, time, worker, x, discord, both }) => {
    const other = await startWorker(folder, time, { environment: plenty })
    for (const channel of both) channel.pause = () => new Promise((resolve) => setImmediate(resolve))
    for (let index = 0; index < 8; index++) {
      await render(worker, somePost(`post ${index}`, 1 + (index % 2)), {
        book: index % 3 === 0 ? 'catalyst' : 'allocator',
      })
    }
    // A claim may be lost to the other at each step, and then each waits for the other's post; the service comes again.
    for (let run = 0; run < 30; run++) {
      await Promise.all([worker.publish(both, now), other.publish(both, now)])
      if (x.messages.length === 12 && discord.messages.length === 8) break
    }
    assert.equal(new Set(x.texts).size, 12)
    assert.equal(x.messages.length, 12)
    assert.deepEqual(
      [...discord.texts].sort(),
      Array.from({ length: 8 }, (_, index) => `post ${index}`),
    )
    for (const numbers of [
      [0, 3, 6],
      [1, 2, 4, 5, 7],
    ]) {
      const order = discord.texts.map((text) => Number(text.slice(5))).filter((number) => numbers.includes(number))
      assert.deepEqual(order, numbers)
    }
    await other.journal.close()
  }, plenty))

test('the quota of X leaves out what is routine and keeps the week in', () =>
  withWorld(
    async ({ worker, x, discord, both }) => {
      // 2026-11-20 is a Friday: it and the 27th are left, so six of eight posts would be kept, of which half the quota, four.
      await render(worker, somePost('fills', 1))
      await render(worker, somePost('the week', 3, { purpose: 'weekly' }))
      const [run] = await worker.publish(both, now)
      assert.deepEqual(x.texts, ['1/3 the week', '2/3 the week', '3/3 the week'])
      assert.deepEqual(discord.texts, ['fills', 'the week'])
      assert.equal(run!.givenUp, 1)
      const [reason] = (await outboxOf(worker)).filter((line) => line.startsWith('unposted'))
      assert.equal(reason, 'unposted x/1/0 quota: 8 of 8 posts are left this month, and what matters more may need 11')
    },
    { X_MONTHLY_POSTS: '8' },
  ))

test('when the day is used up what matters waits for the next one, and what is routine is left out', () =>
  withWorld(
    async ({ worker, x }) => {
      await render(worker, somePost('the week', 3, { purpose: 'weekly' }))
      await render(worker, somePost('the month', 2, { purpose: 'monthly' }))
      await render(worker, somePost('fills', 1), { book: 'catalyst' })
      await worker.publish([x], now)
      assert.deepEqual(x.texts, ['1/3 the week', '2/3 the week', '3/3 the week'])
      assert.deepEqual(
        (await outboxOf(worker)).at(-1),
        'unposted x/3/0 quota: 1 of 4 posts are left today, of which one is kept for a decision',
      )
      await worker.publish([x], '2026-11-21T00:05:00.000Z')
      assert.deepEqual(x.texts.slice(3), ['1/2 the month', '2/2 the month'])
    },
    { X_DAILY_POSTS: '4' },
  ))

test('days that are played again from the first send what was rendered later at its own time, never before', () =>
  withWorld(async ({ worker, both }) => {
    await render(worker, somePost('the last day', 1))
    await worker.publish(both, '2026-11-02T08:15:00.000Z')
    const times = []
    for await (const entry of worker.journal.read({ book: 'outbox' })) times.push(entry.at)
    assert.deepEqual(new Set(times), new Set(['2026-11-20T21:22:00.000Z']))
  }))
