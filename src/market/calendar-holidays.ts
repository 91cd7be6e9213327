import type { IsoDate } from '../units.ts'
import type { Exchange } from './bar.ts'
import { dateOf, weekdayOf } from './calendar-days.ts'

/** Days of one year that are not full sessions, beside the weekends of an exchange that has them. */
export type Exceptions = {
  readonly closed: ReadonlySet<IsoDate>
  /** Open, but closing early. */
  readonly half: ReadonlySet<IsoDate>
}

/**
 * The holidays and half days of a year, by the rules the exchanges publish.
 *
 * The rules are those in force from 1998; before that year they are an extrapolation. A closure that no rule foresees (a
 * storm, a day of mourning) is a line in `newYorkClosures`: add one there when it happens.
 */
export function exceptions(exchange: Exchange, year: number): Exceptions {
  switch (exchange) {
    case 'XNYS':
      return newYork(year)
    case 'XPAR':
      return paris(year)
    case 'CRYPTO':
      return { closed: new Set(), half: new Set() }
  }
}

/** Closures outside the rules. Source: NYSE, "Holidays and special closings"; each agrees with the real sessions where we have them. */
const newYorkClosures: readonly IsoDate[] = [
  '2001-09-11', // the attacks of September 11
  '2001-09-12',
  '2001-09-13',
  '2001-09-14',
  '2004-06-11', // mourning for President Reagan
  '2007-01-02', // mourning for President Ford
  '2012-10-29', // hurricane Sandy
  '2012-10-30',
  '2018-12-05', // mourning for President G. H. W. Bush
  '2025-01-09', // mourning for President Carter
]

/** 13:00 closes outside the rules: the eve of 2000, and the Friday after Christmas 2003 (not so in 2008, 2014 and 2025). */
const newYorkHalfDays: readonly IsoDate[] = ['1999-12-31', '2003-12-26']

/**
 * New York Stock Exchange; Arca and Nasdaq keep the same days. Source: NYSE Rule 7.2 and the yearly "Holiday and Early Closings
 * Calendar". A holiday on a Saturday is kept on Friday and one on a Sunday on Monday, but for New Year's Day on a Saturday,
 * which is not kept at all, since the Friday would be the last day of the old year.
 */
function newYork(year: number): Exceptions {
  const newYear = day(year, 1, 1)
  const thanksgiving = nthWeekday(year, 11, 4, 4)
  const independence = day(year, 7, 4)
  const closed = [
    weekdayOf(newYear) === 7 ? newYear + 1 : newYear,
    nthWeekday(year, 2, 1, 3), // Washington's Birthday
    easter(year) - 2, // Good Friday
    nthWeekday(year, 6, 1, 1) - 7, // Memorial Day, the last Monday of May
    observed(independence),
    nthWeekday(year, 9, 1, 1), // Labor Day
    thanksgiving,
    observed(day(year, 12, 25)),
  ]
  if (year >= 1998) closed.push(nthWeekday(year, 1, 1, 3)) // Martin Luther King Jr. Day
  if (year >= 2022) closed.push(observed(day(year, 6, 19))) // Juneteenth

  const half = [thanksgiving + 1]
  // The eve of a Christmas kept on its own day; on a Friday the eve is itself the holiday kept for Saturday.
  if (weekdayOf(day(year, 12, 24)) <= 4) half.push(day(year, 12, 24))
  // Before an Independence Day on Tuesday, Wednesday or Friday. On a Thursday the Friday after it was short until 2012, since 2013 the eve is.
  const onWeekday = weekdayOf(independence)
  if (onWeekday === 2 || onWeekday === 3 || onWeekday === 5) half.push(independence - 1)
  if (onWeekday === 4) half.push(year <= 2012 ? independence + 1 : independence - 1)

  return collected(year, closed, newYorkClosures, half, newYorkHalfDays)
}

/** The 1998 calendar of the Paris Bourse, before it gave up the French public holidays: 8 May, Ascension, 13 July, 11 November, Christmas Eve. */
const parisClosures: readonly IsoDate[] = ['1998-05-08', '1998-05-21', '1998-07-13', '1998-11-11', '1998-12-24']

/**
 * Euronext Paris. Source: Euronext's yearly "Holiday Calendar for its Cash and Derivatives markets": six holidays, never moved
 * off a weekend, and half days on 24 and 31 December. Until 2001 Whit Monday, 14 July and 31 December were closed too (notices of
 * SBF-Paris Bourse and Euronext Paris 97-4108, 99-1320, 99-4312, 2000-4660, and the Euronext Fact Book 2001).
 */
function paris(year: number): Exceptions {
  const sunday = easter(year)
  const closed = [
    day(year, 1, 1),
    sunday - 2, // Good Friday
    sunday + 1, // Easter Monday
    day(year, 5, 1),
    day(year, 12, 25),
    day(year, 12, 26),
  ]
  const half = [day(year, 12, 24)]
  if (year <= 2001) closed.push(sunday + 50, day(year, 7, 14), day(year, 12, 31))
  else half.push(day(year, 12, 31))
  return collected(year, closed, parisClosures, half, [])
}

function collected(
  year: number,
  closed: readonly number[],
  closures: readonly IsoDate[],
  half: readonly number[],
  halfDays: readonly IsoDate[],
): Exceptions {
  const ofYear = (date: IsoDate) => date.startsWith(`${year}-`)
  return {
    closed: new Set([...closed.map(dateOf), ...closures.filter(ofYear)]),
    half: new Set([...half.map(dateOf), ...halfDays.filter(ofYear)]),
  }
}

/** Day number of a date in the Gregorian calendar. */
function day(year: number, month: number, dayOfMonth: number): number {
  return Date.UTC(year, month - 1, dayOfMonth) / 86_400_000
}

/** The nth Monday (1) .. Sunday (7) of a month. */
function nthWeekday(year: number, month: number, wanted: number, nth: number): number {
  const first = day(year, month, 1)
  return first + ((wanted - weekdayOf(first) + 7) % 7) + 7 * (nth - 1)
}

/** Where an American holiday is kept: Saturday's on Friday, Sunday's on Monday. */
function observed(holiday: number): number {
  const onWeekday = weekdayOf(holiday)
  return onWeekday === 6 ? holiday - 1 : onWeekday === 7 ? holiday + 1 : holiday
}

/**
 * Easter Sunday as a day number, Gregorian computus. Example: 2021 -> 2021-04-04
 * Source: "anonymous" algorithm, Meeus, Astronomical Algorithms, chapter 8.
 */
function easter(year: number): number {
  const golden = year % 19
  const century = Math.floor(year / 100)
  const ofCentury = year % 100
  const moonCorrection = Math.floor((century - Math.floor((century + 8) / 25) + 1) / 3)
  const epact = (19 * golden + century - Math.floor(century / 4) - moonCorrection + 15) % 30
  const toSunday = (32 + 2 * (century % 4) + 2 * Math.floor(ofCentury / 4) - epact - (ofCentury % 4)) % 7
  const late = Math.floor((golden + 11 * epact + 22 * toSunday) / 451)
  const sum = epact + toSunday - 7 * late + 114
  return day(year, Math.floor(sum / 31), (sum % 31) + 1)
}
