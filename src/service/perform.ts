import { jobNamed, jobs } from '../../jobs/index.ts'
import { publishJob } from '../../jobs/publish-job.ts'
import { publishHeadOf } from '../adapters/database/heads.ts'
import type { Log } from '../adapters/log.ts'
import type { Metrics } from '../adapters/metrics.ts'
import type { Failure, QueuedRun, Queues, Work } from '../adapters/queue.ts'
import type { Context } from '../context.ts'
import { InputError, WorldError } from '../errors.ts'
import { type JobRun, owedRuns } from '../job.ts'
import type { Instant } from '../units.ts'

/** What every part of the running service has at hand. */
export type Service = {
  readonly ctx: Context
  readonly queues: Queues
  readonly log: Log
  readonly metrics: Metrics
  /** Books that this market has no prices for, and why: their jobs have nothing to do here. */
  readonly leftOut: ReadonlyMap<string, string>
  /** Whether days are played back: then whoever plays them sees to the posts. */
  readonly played: boolean
}

/** What the queue's workers call. */
export function workOf(service: Service): Work {
  return {
    perform: (run) => perform(service, run),
    tick: (job, firedAt) => tick(service, job, firedAt),
    failed: (run, failure) => tellFailure(service, run, failure),
  }
}

/** One run: the job itself, one line in the log, and the posts that it may have rendered. @returns when it is worth running again */
async function perform(service: Service, run: QueuedRun): Promise<Instant | null> {
  const { ctx, log, metrics, queues, played } = service
  const job = jobNamed(run.job)
  if (job === undefined)
    throw new InputError(`no job is called ${run.job}: another version asked for it; it is given up`)
  const fields = fieldsOf(run)
  if (fields.book !== undefined && service.leftOut.has(fields.book)) return null
  const began = performance.now()
  if (!played) metrics.set('primer_run_lag_seconds', { job: job.name }, (Date.now() - Date.parse(run.firedAt)) / 1000)

  const outcome = await job.run({ ...ctx, say: (line) => log.info(fields, line) }, run.payload, run.firedAt)

  const durationMs = Math.round(performance.now() - began)
  if (outcome.kind === 'done') {
    log.info({ ...fields, durationMs }, outcome.did)
    await publishHeadOf(ctx.home, ctx.journal)
  } else log.debug({ ...fields, durationMs }, outcome.because)
  metrics.add('primer_runs_total', { job: job.name, outcome: outcome.kind })
  metrics.add('primer_run_seconds_total', { job: job.name }, durationMs / 1000)
  metrics.set('primer_last_run_timestamp_seconds', { job: job.name }, Date.now() / 1000)
  if (played) return outcome.again ?? null
  const now = new Date().toISOString()
  if (job.posts && outcome.kind === 'done') {
    await later(queues.enqueue(publishJob.runOf({ at: now, after: run.id }, now), { again: true }))
  }
  if (outcome.again !== undefined) {
    const at = outcome.again > now ? outcome.again : now
    await later(queues.enqueue(job.runOf({ ...(run.payload as object), at }, at), { at }))
  }
  if (outcome.kind === 'done') await spread(queues, outcome.spread ?? [])
  return null
}

/** The parts of a run, into their queues. Redis may be away or slow: then the run is tried again, and finds what is left. */
async function spread(queues: Queues, parts: readonly JobRun[]): Promise<void> {
  try {
    for (const part of parts) await queues.enqueue(part, { again: true })
  } catch (cause) {
    const because = cause instanceof Error ? cause.message : String(cause)
    throw new WorldError(`putting ${parts.length} runs into the queue failed: ${because}`, { retryable: true, cause })
  }
}

/** Redis may be away at this moment: the next turn of the schedule finds what is left. */
async function later(asked: Promise<void>): Promise<void> {
  await asked.catch(() => {})
}

/** A schedule fires: its runs are put into their queues. */
async function tick({ ctx, queues, log }: Service, name: string, firedAt: Instant): Promise<void> {
  const job = jobNamed(name)
  if (job === undefined) throw new InputError(`no job is called ${name}: another version scheduled it`)
  for (const run of job.runs(firedAt, ctx.config)) {
    await queues.enqueue(run)
    log.debug(fieldsOf(run), `due at ${firedAt}`)
  }
}

/** At the start and whenever Redis comes back: what was due meanwhile and is not in the journal, as far as it may still be done. */
export async function makeUp({ ctx, queues, log, leftOut }: Service): Promise<number> {
  let count = 0
  for (const job of jobs) {
    for (const run of await owedRuns(ctx, job, new Date().toISOString())) {
      const { book } = fieldsOf(run)
      if (book !== undefined && leftOut.has(book)) continue
      await queues.enqueue(run, { again: true })
      log.info(fieldsOf(run), `was due at ${run.firedAt} and is made up for`)
      count += 1
    }
  }
  const now = new Date().toISOString()
  await queues.enqueue(publishJob.runOf({ at: now, after: null }, now))
  return count
}

function tellFailure({ log, metrics }: Service, run: QueuedRun, { error, attempt, isFinal }: Failure): void {
  metrics.add('primer_runs_total', { job: run.job, outcome: isFinal ? 'given-up' : 'failed' })
  const message = error instanceof Error ? error.message : String(error)
  if (isFinal) log.error({ ...fieldsOf(run), err: error }, `given up: ${message}`)
  else log.warn({ ...fieldsOf(run), attempt }, `failed and is tried again: ${message}`)
}

/** The fields of a log line. */
function fieldsOf({ job, payload }: Pick<QueuedRun, 'job' | 'payload'>): {
  readonly job: string
  readonly book?: string
  readonly date?: string
} {
  const { book, date } = payload as { readonly book?: string; readonly date?: string }
  return { job, ...(book !== undefined && { book }), ...(date !== undefined && { date }) }
}
