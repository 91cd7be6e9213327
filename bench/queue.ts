// Jobs through our wrapper (validation, idempotency against the journal, a log line) and through bare BullMQ, in the same run
// on the same Redis: `node bench/queue.ts`. They take turns, so that a slow moment of the machine falls on both.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Queue, Worker } from 'bullmq'
import { z } from 'zod'
import { openJournal } from '../src/adapters/database/journal.ts'
import { openLog } from '../src/adapters/log.ts'
import { openQueues } from '../src/adapters/queue.ts'
import { addressOf } from '../src/adapters/redis-client.ts'
import { defineJob } from '../src/job.ts'
import { openRedis } from '../test/support/redis.ts'

const count = 2000
const rounds = 5
const concurrency = 4
const firedAt = '2026-11-20T21:20:00.000Z'
// As the service's own Redis keeps its file.
const redis = await openRedis({ fsync: 'everysec' })
const folder = mkdtempSync(join(tmpdir(), 'primer-bench-queue-'))
const journal = await openJournal(`sqlite:${join(folder, 'journal.db')}`)
const log = openLog({ level: 'info', environment: process.env, write: () => {}, isTerminal: false })

/** How long BullMQ keeps jobs and how often it tries them: the same on both sides. */
const kept = {
  removeOnComplete: { age: 14 * 86_400, count: 5000 },
  removeOnFail: { age: 30 * 86_400, count: 5000 },
  attempts: 64,
}

const job = defineJob({
  name: 'bench',
  summary: 'nothing',
  queue: 'books',
  schedule: [],
  payload: z.strictObject({ book: z.string(), date: z.string(), round: z.string() }),
  payloads: () => [],
  identity: ({ book, date, round }) => `${book}-${date}-${round}`,
  run: async () => ({ kind: 'done', did: 'nothing' }),
})

/** Calls of `next` until all are through, in batches as a burst would come. @returns milliseconds */
async function timed(next: (index: number) => Promise<unknown>, through: () => number, all: number): Promise<number> {
  const began = performance.now()
  for (let first = 0; first < all; first += 100) {
    await Promise.all(Array.from({ length: Math.min(100, all - first) }, (_, index) => next(first + index)))
  }
  while (through() < all) await new Promise((resolve) => setImmediate(resolve))
  return performance.now() - began
}

async function bare() {
  const connection = { path: redis.socket }
  const queue = new Queue('bare', { connection, prefix: 'bare' })
  let done = 0
  const worker = new Worker('bare', async () => void done++, { connection, prefix: 'bare', concurrency })
  await worker.waitUntilReady()
  return {
    run: async (round: string, all: number) => {
      done = 0
      const add = (index: number) => {
        const data = { id: `b-${index}-${round}`, payload: { book: 'b', date: `${index}`, round }, firedAt }
        return queue.add('bench', data, { ...kept, jobId: data.id })
      }
      return timed(add, () => done, all)
    },
    close: async () => {
      await worker.close()
      await queue.close()
    },
  }
}

async function ours() {
  const queues = await openQueues({ address: addressOf(redis.url), prefix: 'ours', played: true })
  let done = 0
  queues.start({
    perform: async (run) => {
      const began = performance.now()
      if ((await journal.done(run.id)) === null) await job.run({} as never, run.payload, run.firedAt)
      log.info({ job: run.job, book: 'b', durationMs: Math.round(performance.now() - began) }, 'nothing')
      done++
      return null
    },
    tick: async () => {},
    failed: () => {},
  })
  return {
    run: async (round: string, all: number) => {
      done = 0
      const add = (index: number) => queues.enqueue(job.runOf({ book: 'b', date: `${index}`, round }, firedAt))
      return timed(add, () => done, all)
    },
    close: () => queues.close(3000),
  }
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!
const contenders = { 'bare BullMQ': await bare(), 'through our wrapper': await ours() }
const burst = new Map<string, number[]>()
const single = new Map<string, number[]>()
for (const one of Object.values(contenders)) await one.run('warm', 300)
for (let round = 0; round < rounds; round++) {
  for (const [name, one] of Object.entries(contenders)) {
    burst.set(name, [...(burst.get(name) ?? []), await one.run(`r${round}`, count)])
    for (let index = 0; index < 20; index++) {
      single.set(name, [...(single.get(name) ?? []), await one.run(`s${round}x${index}`, 1)])
    }
  }
}
const base = count / (median(burst.get('bare BullMQ')!) / 1000)
console.log(`| ${count} jobs, ${concurrency} at once | jobs/s | of bare | idle round trip, ms |\n|---|---|---|---|`)
for (const name of Object.keys(contenders)) {
  const rate = count / (median(burst.get(name)!) / 1000)
  console.log(
    `| ${name} | ${rate.toFixed(0)} | ${(rate / base).toFixed(2)} | ${median(single.get(name)!).toFixed(1)} |`,
  )
}
for (const one of Object.values(contenders)) await one.close()
await journal.close()
await redis.remove()
rmSync(folder, { recursive: true })
process.exit()
