import { setTimeout } from 'node:timers/promises'
import { collectJob } from '../../jobs/collect-job.ts'
import { jobs } from '../../jobs/index.ts'
import { publishJob } from '../../jobs/publish-job.ts'
import type { Config } from '../config.ts'
import { WorldError } from '../errors.ts'
import type { Job, JobRun } from '../job.ts'
import { addDays } from '../market/calendar.ts'
import { dueAfter } from '../schedule.ts'
import type { Instant, IsoDate } from '../units.ts'
import type { Service } from './perform.ts'

/** A post that a channel takes later is waited for so long by the system's clock, before time goes on without it. */
const waitMostMs = 120_000

/** A job's runs that fall due at one moment. */
export type Due = { readonly at: Instant; readonly runs: readonly JobRun[] }

/**
 * Every run that falls due from one date to another, in the order of their moments and at one moment in the order of the
 * jobs. A run belongs to its trade date where it has one, else to the UTC date of its moment.
 */
export function dueRuns(
  config: Config,
  range: { readonly from: IsoDate; readonly to: IsoDate },
  list: readonly Job[] = jobs,
): readonly Due[] {
  const found: (Due & { readonly order: number })[] = []
  // A day's last step may fall due on the next date of UTC.
  const end = `${addDays(range.to, 2)}T00:00:00.000Z`
  list.forEach((job, order) => {
    if (job.live) return
    for (const schedule of job.schedule(config)) {
      let at = dueAfter(schedule, `${addDays(range.from, -1)}T00:00:00.000Z`)
      for (; at < end; at = dueAfter(schedule, at)) {
        const runs = job.runs(at, config).filter(({ payload }) => {
          const date = (payload as { readonly date?: IsoDate }).date ?? at.slice(0, 10)
          return date >= range.from && date <= range.to
        })
        if (runs.length > 0) found.push({ at, runs, order })
      }
    }
  })
  return found.sort((a, b) => (a.at === b.at ? a.order - b.order : a.at < b.at ? -1 : 1))
}

/**
 * Plays recorded days back: each run that falls due is put into the same queues, and once it is through time jumps to the
 * next. What the journal has already is passed over by the jobs themselves, so that a playback that was cut off goes on.
 *
 * @returns how many runs
 * @throws WorldError naming the run that failed for good
 */
export async function playBack(
  service: Service,
  range: { readonly from: IsoDate; readonly to: IsoDate },
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  for (const { at, runs } of dueRuns(service.ctx.config, range)) {
    for (const run of runs) {
      const { book } = run.payload as { readonly book?: string }
      if (book !== undefined && service.leftOut.has(book)) continue
      await through(service, run, signal)
      count += 1
      if (jobs.find(({ name }) => name === run.job)!.posts) await publishAll(service, run, at, signal)
    }
  }
  return count
}

/** After the last date, X is listened to by the system's clock; Discord tells by itself. Ends when the signal is aborted. */
export async function stayListening(service: Service, signal: AbortSignal): Promise<void> {
  const { config } = service.ctx
  const at = () => new Date().toISOString()
  for (;;) {
    await setTimeout(config.x.pollMinutes * 60_000, undefined, { signal }).catch(() => {})
    if (signal.aborted) return
    for (const run of collectJob.runs(at(), config)) {
      await through(service, run, signal).catch((error: unknown) => {
        if (!signal.aborted) service.log.warn((error as Error).message)
      })
    }
  }
}

/** Sends what was rendered before time goes on: a decision is out before the session in which it fills. */
async function publishAll(service: Service, after: JobRun, at: Instant, signal: AbortSignal): Promise<void> {
  const late = Date.now() + waitMostMs
  for (;;) {
    const again = await through(service, publishJob.runOf({ at, after: after.id }, at), signal)
    if (again === null || Date.parse(again) > late) return
    await setTimeout(Math.max(50, Date.parse(again) - Date.now()), undefined, { signal })
  }
}

/** Puts a run into its queue and waits until it is through. @returns when it is worth running again */
async function through({ queues }: Service, run: JobRun, signal: AbortSignal): Promise<Instant | null> {
  let asked = false
  for (;;) {
    signal.throwIfAborted()
    try {
      // Once asked for, a run that is through must not run a second time because its end was not heard.
      await queues.enqueue(run, { again: !asked })
      asked = true
    } catch {
      await setTimeout(200, undefined, { signal })
      continue
    }
    const ended = await queues.ended(run, signal)
    if (ended.kind === 'done') return ended.again
    if (ended.kind === 'lost') continue
    throw new WorldError(
      `the run ${run.id} failed: ${ended.because}; mend that and start again, what is done is not done twice`,
      {
        retryable: true,
      },
    )
  }
}
