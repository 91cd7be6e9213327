import { CronExpressionParser } from 'cron-parser'
import type { Instant } from './units.ts'

/** When a job is due: a cron pattern on the wall clock of a zone, or every so many minutes, counted from the Unix epoch. */
export type Schedule = { readonly pattern: string; readonly zone: string } | { readonly everyMinutes: number }

/**
 * The first moment after another at which a schedule is due. The queue asks the same function, so that what it fires, what
 * is played back and what was missed are the same moments.
 *
 * Example: dueAfter({ pattern: '20 16 * * 1-5', zone: 'America/New_York' }, '2026-03-06T22:00:00.000Z') -> '2026-03-09T20:20:00.000Z'
 */
export function dueAfter(schedule: Schedule, moment: Instant): Instant {
  if ('everyMinutes' in schedule) {
    const every = schedule.everyMinutes * 60_000
    return instantOf((Math.floor(Date.parse(moment) / every) + 1) * every)
  }
  return instantOf(cron(schedule, moment).next().getTime())
}

/** The last moment at which a schedule was due, that moment itself included. */
export function lastDue(schedule: Schedule, moment: Instant): Instant {
  const justAfter = instantOf(Date.parse(moment) + 1)
  if ('everyMinutes' in schedule) {
    const every = schedule.everyMinutes * 60_000
    return instantOf(Math.floor(Date.parse(moment) / every) * every)
  }
  return instantOf(cron(schedule, justAfter).prev().getTime())
}

function cron({ pattern, zone }: { readonly pattern: string; readonly zone: string }, currentDate: Instant) {
  return CronExpressionParser.parse(pattern, { tz: zone, currentDate })
}

const instantOf = (ms: number): Instant => new Date(ms).toISOString()
