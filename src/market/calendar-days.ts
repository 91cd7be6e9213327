import assert from 'node:assert/strict'
import type { IsoDate } from '../units.ts'

const dayMs = 86_400_000

/** Days since 1970-01-01, which is day 0. Refuses a date that does not exist, such as 2021-02-30. */
export function dayNumber(date: IsoDate): number {
  const year = Number(date.slice(0, 4))
  const month = Number(date.slice(5, 7))
  const day = Number(date.slice(8))
  const known = date.length === 10 && date[4] === '-' && date[7] === '-'
  assert(known && month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month), `no such date: ${date}`)
  return Date.UTC(year, month - 1, day) / dayMs
}

/** The date of a day number. Example: dateOf(0) -> '1970-01-01' */
export function dateOf(day: number): IsoDate {
  return new Date(day * dayMs).toISOString().slice(0, 10)
}

/** Whether the text is a date that exists, from year 1000 on: 2020-02-29 is, 2021-02-29 and 2021-2-3 are not. */
export function isDate(text: string): boolean {
  if (!/^[1-9]\d{3}-\d{2}-\d{2}$/.test(text)) return false
  const month = Number(text.slice(5, 7))
  const day = Number(text.slice(8))
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(Number(text.slice(0, 4)), month)
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
}

/** Calendar days later, or earlier when negative. Example: addDays('2020-02-28', 2) -> '2020-03-01' */
export function addDays(date: IsoDate, days: number): IsoDate {
  return dateOf(dayNumber(date) + days)
}

/** 1 Monday .. 7 Sunday, as ISO 8601 counts. Example: weekday('2020-03-12') -> 4, a Thursday */
export function weekday(date: IsoDate): number {
  return weekdayOf(dayNumber(date))
}

/** The same for a day number: day 0 was a Thursday. */
export function weekdayOf(day: number): number {
  return ((((day + 3) % 7) + 7) % 7) + 1
}

/**
 * ISO 8601 week: it starts on Monday and belongs to the year of its Thursday.
 *
 * Example: isoWeek('2021-01-03') -> '2020-W53', isoWeek('2021-01-04') -> '2021-W01'
 */
export function isoWeek(date: IsoDate): string {
  const day = dayNumber(date)
  const thursday = day - weekdayOf(day) + 4
  const year = new Date(thursday * dayMs).getUTCFullYear()
  const week = Math.floor((thursday - Date.UTC(year, 0, 1) / dayMs) / 7) + 1
  return `${year}-W${week < 10 ? '0' : ''}${week}`
}
