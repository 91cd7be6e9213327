import assert from 'node:assert/strict'
import { DateTime, IANAZone } from 'luxon'
import type { Instant, IsoDate } from '../units.ts'
import { dateOf, dayNumber, weekdayOf } from './calendar-days.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

/** A zone and its offsets at midnight UTC by day number: asking the zone is slow, and what it says never changes. */
type Zone = { readonly iana: IANAZone; readonly offsetMinutes: Map<number, number> }
const zones = new Map<string, Zone>()

function zoneNamed(name: string): Zone {
  const known = zones.get(name)
  if (known) return known
  const iana = IANAZone.create(name)
  assert(iana.isValid, `no such time zone: ${name}`)
  const zone = { iana, offsetMinutes: new Map<number, number>() }
  zones.set(name, zone)
  return zone
}

/** Minutes east of UTC at 00:00 UTC of a day. */
function offsetAtStart(zone: Zone, day: number): number {
  const known = zone.offsetMinutes.get(day)
  if (known !== undefined) return known
  const offset = zone.iana.offset(day * dayMs)
  zone.offsetMinutes.set(day, offset)
  return offset
}

/**
 * The moment a clock on the wall shows a time.
 *
 * @param time 'HH:MM', 00:00 to 23:59; a time that the clocks skip in spring is read an hour later
 * @param zone IANA name
 * Example: instantAt('2020-03-12', '09:30', 'America/New_York') -> '2020-03-12T13:30:00.000Z'
 */
export function instantAt(date: IsoDate, time: string, zone: string): Instant {
  assert(/^([01]\d|2[0-3]):[0-5]\d$/.test(time), `a time is HH:MM, not ${time}`)
  const known = zoneNamed(zone)
  const day = dayNumber(date)
  const minutes = Number(time.slice(0, 2)) * 60 + Number(time.slice(3))
  // No zone is more than a day from UTC, so four equal midnights around the date mean that the clocks did not change near it.
  const offset = steadyOffset(known, day - 1, day + 2)
  if (offset !== null) return new Date(day * dayMs + (minutes - offset) * minuteMs).toISOString()
  const local = DateTime.fromISO(`${date}T${time}`, { zone: known.iana })
  return new Date(local.toMillis()).toISOString()
}

/** The date that a calendar on the wall shows. Example: dateIn('2020-03-12T22:30:00.000Z', 'Asia/Tokyo') -> '2020-03-13' */
export function dateIn(instant: Instant, zone: string): IsoDate {
  const ms = Date.parse(instant)
  assert(Number.isFinite(ms), `not a moment: ${instant}`)
  const known = zoneNamed(zone)
  const day = Math.floor(ms / dayMs)
  const offset = steadyOffset(known, day, day + 1) ?? known.iana.offset(ms)
  return dateOf(Math.floor((ms + offset * minuteMs) / dayMs))
}

/**
 * The offset that holds from one midnight UTC to another, or null when it changes on the way. Equal offsets at both ends of a
 * week stand for the week between, since no zone has changed its clocks and back within one; days decide in the other weeks.
 */
function steadyOffset(zone: Zone, fromDay: number, toDay: number): number | null {
  const monday = fromDay - (weekdayOf(fromDay) - 1)
  return equalOffset(zone, monday, toDay, 7) ?? equalOffset(zone, fromDay, toDay, 1)
}

function equalOffset(zone: Zone, fromDay: number, toDay: number, step: number): number | null {
  const offset = offsetAtStart(zone, fromDay)
  for (let day = fromDay; day < toDay; ) {
    day += step
    if (offsetAtStart(zone, day) !== offset) return null
  }
  return offset
}
