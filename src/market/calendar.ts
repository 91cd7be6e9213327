import type { Instant, IsoDate } from '../units.ts'
import type { Exchange } from './bar.ts'
import { addDays, dateOf, dayNumber, weekdayOf } from './calendar-days.ts'
import { exceptions } from './calendar-holidays.ts'
import { instantAt } from './calendar-zones.ts'

export { addDays, isDate, isoWeek, weekday } from './calendar-days.ts'
export { dateIn, instantAt } from './calendar-zones.ts'

/**
 * When the exchanges trade. Times are those of the official prices: New York opens and closes with auctions at 09:30 and 16:00;
 * Paris opens at 09:00, trades until 17:30, and its official close comes out of the closing auction, known at 17:35. On a half
 * day New York closes at 13:00 and Paris is done by 14:05, its auction included. Coins trade without a break: the session of
 * a date opens at 00:00 UTC and closes when the next one opens.
 */
const hours = {
  XNYS: { zone: 'America/New_York', open: '09:30', close: '16:00', halfDayClose: '13:00' },
  XPAR: { zone: 'Europe/Paris', open: '09:00', close: '17:35', halfDayClose: '14:05' },
  CRYPTO: { zone: 'UTC', open: '00:00', close: 'midnight', halfDayClose: 'midnight' },
} as const satisfies Record<Exchange, unknown>

/** One year of one exchange. Computed once: a backtest asks tens of thousands of times. */
type Year = {
  readonly sessions: readonly IsoDate[]
  readonly isSession: ReadonlySet<IsoDate>
  readonly half: ReadonlySet<IsoDate>
}
const years: Record<Exchange, Map<string, Year>> = { XNYS: new Map(), XPAR: new Map(), CRYPTO: new Map() }

function yearOf(exchange: Exchange, date: IsoDate): Year {
  const name = date.slice(0, 4)
  const known = years[exchange].get(name)
  if (known) return known
  const first = dayNumber(`${name}-01-01`)
  const end = dayNumber(`${name}-12-31`)
  const { closed, half } = exceptions(exchange, Number(name))
  const sessions: IsoDate[] = []
  for (let day = first; day <= end; day++) {
    if (exchange !== 'CRYPTO' && weekdayOf(day) >= 6) continue
    const session = dateOf(day)
    if (!closed.has(session)) sessions.push(session)
  }
  const year = { sessions, isSession: new Set(sessions), half }
  years[exchange].set(name, year)
  return year
}

/** IANA time zone of the exchange. */
export function zoneOf(exchange: Exchange): string {
  return hours[exchange].zone
}

/** Whether the exchange trades on this date; a half day is a session. */
export function isSession(exchange: Exchange, date: IsoDate): boolean {
  return yearOf(exchange, date).isSession.has(date)
}

/** Every session from one date to another, both included, oldest first; none when `to` lies before `from`. */
export function sessionsBetween(exchange: Exchange, from: IsoDate, to: IsoDate): readonly IsoDate[] {
  const sessions: IsoDate[] = []
  const last = Number(to.slice(0, 4))
  for (let year = Number(from.slice(0, 4)); year <= last; year++) {
    for (const session of yearOf(exchange, String(year).padStart(4, '0')).sessions) {
      if (session >= from && session <= to) sessions.push(session)
    }
  }
  return sessions
}

/** The first session after the date, which need not be one itself. Example: nextSession('XPAR', '2021-04-01') -> '2021-04-06' */
export function nextSession(exchange: Exchange, date: IsoDate): IsoDate {
  let next = addDays(date, 1)
  while (!isSession(exchange, next)) next = addDays(next, 1)
  return next
}

/** The last session before the date, which need not be one itself. Example: previousSession('XPAR', '2021-04-06') -> '2021-04-01' */
export function previousSession(exchange: Exchange, date: IsoDate): IsoDate {
  let previous = addDays(date, -1)
  while (!isSession(exchange, previous)) previous = addDays(previous, -1)
  return previous
}

/**
 * The moment the official opening price exists. On a day the calendar calls closed it is the regular hour, since files of prices
 * hold bars on such days.
 *
 * Example: openAt('XNYS', '2020-03-12') -> '2020-03-12T13:30:00.000Z'
 */
export function openAt(exchange: Exchange, date: IsoDate): Instant {
  const { open, zone } = hours[exchange]
  return instantAt(date, open, zone)
}

/** The moment the official closing price exists; as `openAt` on a closed day. Example: closeAt('XPAR', '2020-03-12') -> '2020-03-12T16:35:00.000Z' */
export function closeAt(exchange: Exchange, date: IsoDate): Instant {
  if (exchange === 'CRYPTO') return openAt(exchange, addDays(date, 1))
  const { close, halfDayClose, zone } = hours[exchange]
  const isHalf = yearOf(exchange, date).half.has(date) && isSession(exchange, date)
  return instantAt(date, isHalf ? halfDayClose : close, zone)
}

/**
 * The moment at which the close of a session is decided on, for the exchanges that have one of their own. Null for stock
 * exchanges: theirs lies before the next open anyway.
 *
 * Coins: 00:30 UTC of the day after the bar's date, when the bar is whole. The next bar opened half an hour before.
 */
export function decisionAt(exchange: Exchange, date: IsoDate): Instant | null {
  return exchange === 'CRYPTO' ? instantAt(addDays(date, 1), '00:30', 'UTC') : null
}

/**
 * The first session at whose open an order decided at the close of `date` may fill: the first that opens after the decision.
 * Filling at an earlier open would be back-dating.
 *
 * Example: firstFillable('XPAR', '2021-04-01') -> '2021-04-06'; firstFillable('CRYPTO', '2021-04-01') -> '2021-04-03', since
 * the decision falls at 00:30 on 2 April and the session of 2 April opened at 00:00
 */
export function firstFillable(exchange: Exchange, date: IsoDate): IsoDate {
  const known = fillable[exchange].get(date)
  if (known !== undefined) return known
  const decided = decisionAt(exchange, date)
  let session = nextSession(exchange, date)
  while (decided !== null && openAt(exchange, session) <= decided) session = nextSession(exchange, session)
  fillable[exchange].set(date, session)
  return session
}

/** A thousand random agents ask for the same dates again and again; there are a few thousand dates in all. */
const fillable: Readonly<Record<Exchange, Map<IsoDate, IsoDate>>> = {
  XPAR: new Map(),
  XNYS: new Map(),
  CRYPTO: new Map(),
}
