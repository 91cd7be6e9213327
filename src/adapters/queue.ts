import { setTimeout } from 'node:timers/promises'
import type { BaseAdapter } from '@bull-board/api/baseAdapter'
import type { FlowJob, Job, JobsOptions, Queue, QueueEvents, Worker } from 'bullmq'
import { z } from 'zod'
import { type JobRun, type QueueName, queueNames } from '../job-run.ts'
import { Instant } from '../units.ts'
import { dueMs, idOf, repeatOf, settings, type Tick } from './queue-clock.ts'
import { isRetryable, mostAttempts, outage, type Pauses, pauseMs } from './queue-retry.ts'
import { type RedisAddress, retryStrategy } from './redis-client.ts'

/** What lies in the queue; checked when it is taken out, since another version may have put it there. */
const RunData = z.object({
  id: z.string(),
  job: z.string(),
  queue: z.enum(queueNames),
  payload: z.unknown(),
  firedAt: Instant,
})
export type QueuedRun = z.infer<typeof RunData>
const Again = Instant.nullable().catch(null)
const TickData = z.object({ job: z.string(), schedule: z.int() })

export type Failure = { readonly error: unknown; readonly attempt: number; readonly isFinal: boolean }
export type Ended =
  | { readonly kind: 'done'; readonly again: Instant | null }
  | { readonly kind: 'failed'; readonly because: string }
  | { readonly kind: 'lost' }
export type Depth = Readonly<Record<string, Readonly<Record<string, number>>>>

/** What the workers call. `perform` may throw: what may succeed later is tried again. */
export type Work = {
  /** @returns when the run is worth repeating, for whoever waits for its end */
  readonly perform: (run: QueuedRun) => Promise<Instant | null>
  readonly tick: (job: string, firedAt: Instant) => Promise<void>
  readonly failed: (run: QueuedRun, failure: Failure) => void
}

export type Queues = {
  /**
   * Puts a run into its queue, after those that must be through before it. A run that is there already is not put twice.
   *
   * @param options again: also when it is through or failed for good, since the journal lacks it. at: not before this moment
   * @throws when Redis is away; the caller's next look finds what is missing
   */
  readonly enqueue: (run: JobRun, options?: { readonly again?: boolean; readonly at?: Instant }) => Promise<void>
  /** Waits until a run is through for good, on whichever machine; goes on waiting while Redis is away. */
  readonly ended: (run: JobRun, signal: AbortSignal) => Promise<Ended>
  /** Sets the schedules of the queue's clock to these, and takes away all others. */
  readonly schedule: (ticks: readonly Tick[]) => Promise<void>
  readonly start: (work: Work) => void
  readonly depth: () => Promise<Depth>
  readonly boardAdapters: () => Promise<readonly BaseAdapter[]>
  /**
   * Ends within the time given and half a second, whatever Redis does; a run that is not through by then is put back, so that the
   * next worker takes it up at once.
   */
  readonly close: (mostMs: number) => Promise<void>
}

/** How much of each kind of work at once, and at most how much in a time. */
const rates: Readonly<
  Record<QueueName, { readonly concurrency: number; readonly max: number; readonly duration: number }>
> = {
  books: { concurrency: 4, max: 60, duration: 10_000 },
  catalysts: { concurrency: 2, max: 60, duration: 10_000 },
  reading: { concurrency: 2, max: 60, duration: 10_000 },
  posts: { concurrency: 1, max: 20, duration: 10_000 },
  listening: { concurrency: 1, max: 20, duration: 60_000 },
}
const clock = 'clock'

const keep: JobsOptions = {
  // As long as a run is kept, its id is refused a second time; the journal refuses it for ever.
  removeOnComplete: { age: 14 * 86_400, count: 5000 },
  removeOnFail: { age: 30 * 86_400, count: 5000 },
  attempts: mostAttempts,
  backoff: { type: 'by-kind' },
}

/**
 * The queues over BullMQ: the clock of the service. What was done is known by the journal alone, so that anything here may
 * be lost or come twice.
 *
 * @param options
 *   played: recorded days are played back: no limit on rates, and a worker that was killed is noticed within seconds.
 *   pauses: between attempts after the world failed.
 *   redact: takes secrets out of what is kept of an error.
 *   onError: what connections say, often.
 */
export async function openQueues(options: {
  readonly address: RedisAddress
  readonly prefix: string
  readonly played?: boolean
  readonly pauses?: Pauses
  readonly redact?: (text: string) => string
  readonly onError?: (error: Error) => void
}): Promise<Queues> {
  const bullmq = await import('bullmq')
  const { prefix, played = false, pauses = outage, redact = (text) => text, onError = () => {} } = options
  const closers: (() => Promise<unknown>)[] = []
  let isOver = false
  // Once closing has taken its time, connections that do not come back are given up, and nothing holds the process.
  const connection = { ...options.address, retryStrategy: (times: number) => (isOver ? null : retryStrategy(times)) }
  const quick = { ...connection, enableOfflineQueue: false, commandTimeout: 5000 }
  const opened = <
    T extends { on(event: 'error', listener: (error: Error) => void): unknown; close(): Promise<unknown> },
  >(
    resource: T,
  ): T => {
    resource.on('error', onError)
    closers.push(() => resource.close())
    return resource
  }
  const queues = new Map<string, Queue>()
  for (const name of [...queueNames, clock]) {
    queues.set(name, opened(new bullmq.Queue(name, { connection: quick, prefix, settings, defaultJobOptions: keep })))
  }
  const flows = opened(new bullmq.FlowProducer({ connection: quick, prefix }))
  const workers: Worker[] = []
  const underWay = new Map<Job, string>()
  const events = new Map<QueueName, QueueEvents>()
  const waiting = new Map<string, () => void>()

  /** Takes away what is through for good, so that it may be put in once more. */
  async function clear(run: JobRun, again: boolean): Promise<void> {
    for (const before of run.after) await clear(before, false)
    const queue = queues.get(run.queue)!
    const state = await queue.getJobState(run.id)
    if (state === 'failed' || (again && state === 'completed')) await queue.remove(run.id)
  }

  function flowOf(run: JobRun, own: JobsOptions = {}): FlowJob {
    const { after, ...data } = run
    return {
      name: run.job,
      queueName: run.queue,
      data,
      opts: { ...keep, ...own, jobId: run.id },
      children: after.map((before) => flowOf(before, { failParentOnFailure: true })),
    } as FlowJob
  }

  function listen(name: QueueName): void {
    if (events.has(name)) return
    const heard = opened(new bullmq.QueueEvents(name, { connection, prefix }))
    events.set(name, heard)
    const wake = ({ jobId }: { jobId: string }) => waiting.get(jobId)?.()
    heard.on('completed', wake)
    heard.on('failed', wake)
  }

  async function endOf(run: JobRun): Promise<Ended | null> {
    const queue = queues.get(run.queue)!
    // The state first: what belongs to it is written in the same moment.
    const state = await queue.getJobState(run.id)
    if (state === 'unknown') return { kind: 'lost' }
    if (state !== 'completed' && state !== 'failed') return null
    const job = await queue.getJob(run.id)
    if (state === 'completed') return { kind: 'done', again: Again.parse(job?.returnvalue) }
    return { kind: 'failed', because: job?.failedReason ?? 'no reason is known' }
  }

  /** BullMQ keeps message and stack of an error; whether it is tried again is decided here, by kind. */
  async function mapped<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const message = redact(error instanceof Error ? error.message : String(error))
      const kept = isRetryable(error) ? new Error(message) : new bullmq.UnrecoverableError(message)
      kept.cause = error
      kept.stack = message
      throw kept
    }
  }

  function workOn(name: string, processor: (data: unknown, firedAtMs: number) => Promise<Instant | null>): Worker {
    const rate = name === clock ? { concurrency: 1 } : rates[name as QueueName]
    const work = async (job: Job, token = '') => {
      underWay.set(job, token)
      try {
        return await mapped(() => processor(job.data, dueMs(job)))
      } finally {
        underWay.delete(job)
      }
    }
    const worker = new bullmq.Worker(name, work, {
      connection,
      prefix,
      concurrency: rate.concurrency,
      ...('max' in rate && !played && { limiter: { max: rate.max, duration: rate.duration } }),
      lockDuration: played ? 4000 : 15_000,
      stalledInterval: played ? 1000 : 7500,
      // A run whose worker was killed is not to blame, however often: it is safe to repeat.
      maxStalledCount: 1_000_000,
      settings: {
        ...settings,
        backoffStrategy: (attempt, _type, error) => pauseMs(error?.cause, attempt, Math.random(), pauses),
      },
    })
    worker.on('error', onError)
    workers.push(worker)
    return worker
  }

  return {
    enqueue: async (run, { again = false, at } = {}) => {
      const delay = at === undefined ? 0 : Math.max(0, Date.parse(at) - Date.now())
      const own = delay > 0 ? { delay } : {}
      const { after, ...data } = run
      const put = () =>
        after.length > 0
          ? flows.add(flowOf(run, own))
          : queues.get(run.queue)!.add(run.job, data, { ...own, jobId: run.id })
      // A forerunner that failed for good would be waited for without end, so it is put in once more.
      if (again || after.length > 0) await clear(run, again)
      await put()
    },

    ended: async (run, signal) => {
      listen(run.queue)
      for (;;) {
        signal.throwIfAborted()
        const woken = new Promise<void>((resolve) => waiting.set(run.id, resolve))
        const ended = await endOf(run).catch(() => null)
        if (ended !== null) {
          waiting.delete(run.id)
          return ended
        }
        // An event may be lost with its connection: the state is looked at in any case.
        await Promise.race([woken, setTimeout(500, undefined, { signal })])
      }
    },

    schedule: async (ticks) => {
      const queue = queues.get(clock)!
      const wanted = new Set(ticks.map(idOf))
      for (const { key } of await queue.getJobSchedulers()) if (!wanted.has(key)) await queue.removeJobScheduler(key)
      for (const tick of ticks) {
        const { job, schedule, when } = tick
        const template = { name: job, data: { job, schedule }, opts: keep }
        await queue.upsertJobScheduler(idOf(tick), repeatOf(when), template)
      }
    },

    start: (work) => {
      for (const name of queueNames) {
        const worker = workOn(name, (data) => work.perform(RunData.parse(data)))
        worker.on('failed', (job, error) => {
          const run = RunData.safeParse(job?.data)
          if (job === undefined || !run.success) return
          const isFinal = !isRetryable(error.cause) || job.attemptsMade >= mostAttempts
          work.failed(run.data, { error: error.cause ?? error, attempt: job.attemptsMade, isFinal })
        })
      }
      workOn(clock, async (data, firedAtMs) => {
        await work.tick(TickData.parse(data).job, new Date(firedAtMs).toISOString())
        return null
      })
    },

    depth: async () => {
      const all: Record<string, Record<string, number>> = {}
      for (const name of queueNames) {
        all[name] = await queues.get(name)!.getJobCounts('waiting', 'active', 'delayed', 'waiting-children', 'failed')
      }
      return all
    },

    boardAdapters: async () => {
      const { BullMQAdapter } = await import('@bull-board/api/bullMQAdapter')
      return [...queues.values()].map((queue) => new BullMQAdapter(queue, { readOnlyMode: true }))
    },

    close: async (mostMs) => {
      // Workers first: they still write down what they are at. Any of these may hang while Redis is away.
      const all = async () => {
        await Promise.allSettled(workers.map((worker) => worker.close()))
        await Promise.allSettled(closers.map((close) => close()))
      }
      await Promise.race([all(), setTimeout(mostMs, undefined, { ref: false })])
      // Their locks would keep the next worker waiting.
      const back = [...underWay].map(([job, token]) => job.moveToWait(token))
      await Promise.race([Promise.allSettled(back), setTimeout(500, undefined, { ref: false })])
      isOver = true
    },
  }
}
