import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as setTimer } from 'node:timers'
import { setTimeout } from 'node:timers/promises'
import { Queue } from 'bullmq'
import { openQueues, type QueuedRun, type Queues } from '../../src/adapters/queue.ts'
import { isRetryable, pauseMs } from '../../src/adapters/queue-retry.ts'
import { addressOf } from '../../src/adapters/redis-client.ts'
import { ConflictError, InputError, MarketDataError, ModelError } from '../../src/errors.ts'
import type { JobRun } from '../../src/job.ts'
import { openRedis, redisAbsent } from '../support/redis.ts'

const options = { skip: redisAbsent, timeout: 30_000 }
const redis = redisAbsent === false ? await openRedis() : null
after(async () => {
  await redis?.remove()
  // What BullMQ could not close while its Redis was dead holds the process; the service ends its own.
  setTimer(() => process.exit(), 300).unref()
})

const quickPauses = { firstMs: 20, mostMs: 40 }
const firedAt = '2026-11-20T21:20:00.000Z'
const never = new AbortController().signal
let prefixes = 0
const freshPrefix = () => `test${prefixes++}`

function runOf(id: string, change: Partial<JobRun> = {}): JobRun {
  return { id, job: id.split('-')[0]!, queue: 'books', payload: {}, firedAt, after: [], ...change }
}

async function withQueues<T>(
  perform: (run: QueuedRun) => Promise<unknown>,
  use: (queues: Queues, failures: { id: string; isFinal: boolean }[]) => Promise<T>,
  prefix = freshPrefix(),
): Promise<T> {
  const address = addressOf(redis!.url)
  const queues = await openQueues({ address, prefix, played: true, pauses: quickPauses })
  const failures: { id: string; isFinal: boolean }[] = []
  queues.start({
    perform: async (run) => {
      await perform(run)
      return null
    },
    tick: async () => {},
    failed: ({ id }, { isFinal }) => failures.push({ id, isFinal }),
  })
  try {
    return await use(queues, failures)
  } finally {
    await queues.close(3000)
  }
}

test('a run that is asked for three times, by two services, runs once', options, async () => {
  const ran: string[] = []
  const prefix = freshPrefix()
  const perform = async ({ id }: QueuedRun) => void ran.push(id)
  await withQueues(
    perform,
    (one) =>
      withQueues(
        perform,
        async (other) => {
          const run = runOf('fill-allocator-2026-11-20')
          await Promise.all([one.enqueue(run), other.enqueue(run)])
          assert.deepEqual(await one.ended(run, never), { kind: 'done', again: null })
          await other.enqueue(run)
          assert.deepEqual(await other.ended(run, never), { kind: 'done', again: null })
          // Only where the journal lacks it although the queue says it is through.
          await one.enqueue(run, { again: true })
          assert.deepEqual(await one.ended(run, never), { kind: 'done', again: null })
        },
        prefix,
      ),
    prefix,
  )
  assert.deepEqual(ran, ['fill-allocator-2026-11-20', 'fill-allocator-2026-11-20'])
})

test('a run that is not through when its service ends is taken up by another at once', options, async () => {
  const prefix = freshPrefix()
  let begun = () => {}
  const isUnderWay = new Promise<void>((resolve) => {
    begun = resolve
  })
  // As on a live clock: its lock lasts fifteen seconds.
  const ending = await openQueues({ address: addressOf(redis!.url), prefix, pauses: quickPauses })
  const hangs = async () => {
    begun()
    await setTimeout(20_000, undefined, { ref: false })
    return null
  }
  ending.start({ perform: hangs, tick: async () => {}, failed: () => {} })
  const run = runOf('allocate-1')
  await ending.enqueue(run)
  await isUnderWay
  const ran: string[] = []
  await withQueues(
    async ({ id }) => void ran.push(id),
    async (other) => {
      const began = performance.now()
      await ending.close(300)
      assert.deepEqual(await other.ended(run, never), { kind: 'done', again: null })
      assert(performance.now() - began < 3000, `${performance.now() - began} ms`)
    },
    prefix,
  )
  assert.deepEqual(ran, ['allocate-1'])
})

test('a run waits for those before it, whether they are new, under way or through', options, async () => {
  const ran: string[] = []
  const perform = async ({ id }: QueuedRun) => {
    if (id.startsWith('fill')) await setTimeout(60)
    ran.push(id)
  }
  await withQueues(perform, async (queues) => {
    for (const [day, state] of [
      ['1', 'new'],
      ['2', 'under way'],
      ['3', 'through'],
    ] as const) {
      const fill = runOf(`fill-${day}`)
      if (state !== 'new') await queues.enqueue(fill)
      if (state === 'under way') await setTimeout(20)
      if (state === 'through') await queues.ended(fill, never)
      const allocate = runOf(`allocate-${day}`, { after: [fill] })
      await queues.enqueue(allocate)
      assert.deepEqual(await queues.ended(allocate, never), { kind: 'done', again: null }, state)
    }
  })
  assert.deepEqual(ran, ['fill-1', 'allocate-1', 'fill-2', 'allocate-2', 'fill-3', 'allocate-3'])
})

test('what may succeed later is tried again, and bad input or our own mistake never', options, async () => {
  const tries = new Map<string, number>()
  const errors: Record<string, () => Error> = {
    late: () => new MarketDataError('the source is late', { retryable: true }),
    conflict: () => new ConflictError('another was quicker'),
    input: () => new InputError('the setting is wrong'),
    refused: () => new ModelError('the key is refused', { retryable: false }),
    mistake: () => new TypeError('undefined is not a function'),
  }
  const perform = async ({ id }: QueuedRun) => {
    const count = (tries.get(id) ?? 0) + 1
    tries.set(id, count)
    if (count < 4) throw errors[id]!()
  }
  await withQueues(perform, async (queues, failures) => {
    const runs = Object.keys(errors).map((id) => runOf(id))
    for (const run of runs) await queues.enqueue(run)
    const ended = await Promise.all(runs.map((run) => queues.ended(run, never)))
    assert.deepEqual(
      ended.map((end) => (end.kind === 'failed' ? end.because : end.kind)),
      ['done', 'done', 'the setting is wrong', 'the key is refused', 'undefined is not a function'],
    )
    assert.deepEqual(Object.fromEntries(tries), { late: 4, conflict: 4, input: 1, refused: 1, mistake: 1 })
    assert.deepEqual(
      failures
        .filter(({ isFinal }) => isFinal)
        .map(({ id }) => id)
        .sort(),
      ['input', 'mistake', 'refused'],
    )
    // What failed for good may be asked for once more, after somebody mended it.
    tries.set('input', 10)
    await queues.enqueue(runs[2]!, { again: true })
    assert.deepEqual(await queues.ended(runs[2]!, never), { kind: 'done', again: null })
  })
})

test('a run whose forerunner failed for good fails too, and both run once that is mended', options, async () => {
  let isMended = false
  const ran: string[] = []
  const perform = async ({ id }: QueuedRun) => {
    if (id === 'fill-9' && !isMended) throw new InputError('the book was edited')
    ran.push(id)
  }
  await withQueues(perform, async (queues) => {
    const allocate = runOf('allocate-9', { after: [runOf('fill-9')] })
    await queues.enqueue(allocate)
    assert.equal((await queues.ended(allocate, never)).kind, 'failed')
    isMended = true
    await queues.enqueue(allocate, { again: true })
    assert.deepEqual(await queues.ended(allocate, never), { kind: 'done', again: null })
  })
  assert.deepEqual(ran, ['fill-9', 'allocate-9'])
})

test('pauses double up to their longest, differ by chance within their upper half, and are short for a conflict', () => {
  const late = new MarketDataError('late', { retryable: true })
  // 5 s, 10 s, 20 s ... 900 s at the most.
  assert.deepEqual(
    [1, 2, 3, 8, 9, 40].map((attempt) => pauseMs(late, attempt, 0.999999)),
    [5000, 10_000, 20_000, 640_000, 900_000, 900_000],
  )
  assert.equal(pauseMs(late, 3, 0), 10_000)
  assert.equal(pauseMs(new ConflictError('x'), 1, 0), 25)
  assert(pauseMs(new ConflictError('x'), 30, 0.99) <= 2000)
  assert.deepEqual(
    [late, new InputError('x'), new ModelError('x', { retryable: false }), new Error('x'), 'x'].map(isRetryable),
    [true, false, false, false, false],
  )
})

test(
  'the queue’s clock fires a schedule at its own moments, once for two services, and says which moment it was',
  options,
  async () => {
    const fired: string[] = []
    const prefix = freshPrefix()
    const address = addressOf(redis!.url)
    const services = await Promise.all([1, 2].map(() => openQueues({ address, prefix, played: true })))
    // A cron pattern with seconds, so that the test need not wait for a minute.
    const tick = { job: 'monitor', schedule: 0, when: { pattern: '*/1 * * * * *', zone: 'Europe/Paris' } }
    for (const queues of services) {
      queues.start({
        perform: async () => null,
        tick: async (job, at) => void fired.push(`${job} ${at}`),
        failed: () => {},
      })
      await queues.schedule([tick])
    }
    while (fired.length < 3) await setTimeout(50)
    for (const queues of services) await queues.schedule([])
    await Promise.all(services.map((queues) => queues.close(3000)))
    assert.equal(new Set(fired).size, fired.length, fired.join('\n'))
    for (const each of fired) assert.match(each, /^monitor \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
  },
)

test('every half an hour falls due at full and half hours, and 16:20 in New York by its clocks', options, async () => {
  const prefix = freshPrefix()
  const address = addressOf(redis!.url)
  const queues = await openQueues({ address, prefix })
  await queues.schedule([
    { job: 'collect', schedule: 0, when: { everyMinutes: 30 } },
    { job: 'allocate', schedule: 0, when: { pattern: '20 16 * * 1-5', zone: 'America/New_York' } },
  ])
  const clock = new Queue('clock', { connection: { path: redis!.socket }, prefix })
  const next = new Map((await clock.getJobSchedulers()).map(({ key, next: ms }) => [key, new Date(ms!).toISOString()]))
  await clock.close()
  await queues.close(2000)
  assert.match(next.get('collect-0')!, /:(00|30):00\.000Z$/)
  assert.match(next.get('allocate-0')!, /T2[01]:20:00\.000Z$/)
})

test(
  'work goes on after Redis was killed and started again, and what was asked for meanwhile is refused at once',
  options,
  async () => {
    const ran: string[] = []
    await withQueues(
      async ({ id }) => void ran.push(id),
      async (queues) => {
        await queues.enqueue(runOf('before'))
        await queues.ended(runOf('before'), never)
        await redis!.kill()
        await setTimeout(50)
        const began = Date.now()
        await assert.rejects(queues.enqueue(runOf('meanwhile')))
        assert(Date.now() - began < 6000)
        await redis!.start()
        for (;;) {
          try {
            await queues.enqueue(runOf('later'))
            break
          } catch {
            await setTimeout(50)
          }
        }
        assert.deepEqual(await queues.ended(runOf('later'), never), { kind: 'done', again: null })
      },
    )
    assert(ran.includes('before') && ran.includes('later'))
  },
)

test('closing ends in time although Redis is dead', options, async () => {
  const address = addressOf(redis!.url)
  const queues = await openQueues({ address, prefix: freshPrefix() })
  queues.start({ perform: async () => null, tick: async () => {}, failed: () => {} })
  await queues.enqueue(runOf('x'))
  await redis!.kill()
  const began = Date.now()
  await queues.close(1500)
  assert(Date.now() - began < 2500)
})
