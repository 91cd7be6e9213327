import type { Job } from 'bullmq'
import { dueAfter, type Schedule } from '../schedule.ts'

/** A schedule of a job, by its place in the job's list. */
export type Tick = { readonly job: string; readonly schedule: number; readonly when: Schedule }

/** BullMQ keeps a pattern and a zone, and asks us for the next moment: what is played back and what fires are the same. */
export function repeatOf(when: Schedule): { readonly pattern: string; readonly tz: string } {
  return 'pattern' in when
    ? { pattern: when.pattern, tz: when.zone }
    : { pattern: `every ${when.everyMinutes} minutes`, tz: 'UTC' }
}

/** What each queue and worker must know to keep the schedules. */
export const settings = {
  repeatStrategy: (afterMs: number, { pattern = '', tz = 'UTC' }: { pattern?: string; tz?: string }): number => {
    const every = /^every (\d+) minutes$/.exec(pattern)?.[1]
    const when = every === undefined ? { pattern, zone: tz } : { everyMinutes: Number(every) }
    return Date.parse(dueAfter(when, new Date(afterMs).toISOString()))
  },
}

/** The moment a tick was due, which ends the id that BullMQ gives it: `repeat:ID:MS`. */
export function dueMs(job: Pick<Job, 'id' | 'timestamp'>): number {
  const ms = Number(/:(\d+)$/.exec(job.id ?? '')?.[1])
  return Number.isFinite(ms) ? ms : job.timestamp
}

/** Id of a schedule in the queue. */
export const idOf = ({ job, schedule }: Tick): string => `${job}-${schedule}`
