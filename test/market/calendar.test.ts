import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  closeAt,
  decisionAt,
  firstFillable,
  isSession,
  nextSession,
  openAt,
  previousSession,
  sessionsBetween,
  weekday,
  zoneOf,
} from '../../src/market/calendar.ts'

/** Weekdays of a year on which the exchange is closed. */
function closedDays(exchange: 'XNYS' | 'XPAR', year: number): readonly string[] {
  const sessions = new Set(sessionsBetween(exchange, `${year}-01-01`, `${year}-12-31`))
  const days = Array.from({ length: 366 }, (_, index) => new Date(Date.UTC(year, 0, 1 + index)))
  return days
    .filter((day) => day.getUTCFullYear() === year && day.getUTCDay() % 6 !== 0)
    .map((day) => day.toISOString().slice(0, 10))
    .filter((day) => !sessions.has(day))
}

describe('sessions of New York', () => {
  // NYSE press releases "Holiday and Early Closings Calendar": 2021-2023, 2022-2024, 2025-2027 and 2026-2028.
  const published: Record<number, string> = {
    2021: '01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24',
    2022: '01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26',
    2023: '01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25',
    2024: '01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25',
    2026: '01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25',
    2027: '01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24',
    2028: '01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25',
  }
  for (const [year, days] of Object.entries(published)) {
    it(`keeps the holidays the NYSE published for ${year}, and no others`, () => {
      assert.deepEqual(
        closedDays('XNYS', Number(year)),
        days.split(' ').map((day) => `${year}-${day}`),
      )
    })
  }

  it('has as many sessions in each year as the tape shows, special closures included', () => {
    // 2001: four days after the attacks; 2007: mourning for Ford; 2012: Sandy; 2018: mourning for Bush; 2025: mourning for Carter.
    const counts = { 1998: 252, 2001: 248, 2004: 252, 2007: 251, 2012: 250, 2018: 251, 2020: 253, 2023: 250, 2025: 250 }
    for (const [year, count] of Object.entries(counts)) {
      assert.equal(sessionsBetween('XNYS', `${year}-01-01`, `${year}-12-31`).length, count, year)
    }
  })

  it('was closed on days no rule foresees', () => {
    const closed = '2001-09-11 2001-09-14 2004-06-11 2007-01-02 2012-10-29 2012-10-30 2018-12-05 2025-01-09'
    for (const date of closed.split(' ')) assert.equal(isSession('XNYS', date), false, date)
    assert.equal(nextSession('XNYS', '2001-09-10'), '2001-09-17')
    assert.equal(nextSession('XNYS', '2012-10-26'), '2012-10-31')
  })

  it('works on the Friday before a New Year that falls on Saturday', () => {
    assert.equal(isSession('XNYS', '2010-12-31'), true)
    assert.equal(isSession('XNYS', '2021-12-31'), true)
    assert.equal(isSession('XNYS', '2011-01-03'), true)
  })

  it('keeps Juneteenth from 2022 only, on the Monday when it falls on Sunday', () => {
    assert.equal(isSession('XNYS', '2020-06-19'), true)
    assert.equal(isSession('XNYS', '2021-06-18'), true)
    assert.equal(isSession('XNYS', '2022-06-20'), false)
  })

  it('closes at 13:00 on half days', () => {
    // 13:00 is 18:00 UTC in winter and 17:00 UTC in summer.
    const winter = '2018-12-24 2019-11-29 2020-11-27 2020-12-24 2024-12-24 2025-11-28 2025-12-24 2003-12-26 1999-12-31'
    for (const date of winter.split(' ')) assert.equal(closeAt('XNYS', date), `${date}T18:00:00.000Z`)
    const summer = '2002-07-05 2013-07-03 2017-07-03 2018-07-03 2019-07-03 2023-07-03 2024-07-03 2025-07-03 2028-07-03'
    for (const date of summer.split(' ')) assert.equal(closeAt('XNYS', date), `${date}T17:00:00.000Z`)
  })

  it('closes at 16:00 on the days beside holidays that are not half days', () => {
    for (const date of ['2008-12-26', '2014-12-26', '2025-12-26', '2021-12-23', '2022-12-23', '2020-12-31']) {
      assert.equal(closeAt('XNYS', date), `${date}T21:00:00.000Z`)
    }
    for (const date of ['2020-07-02', '2021-07-02', '2022-07-01', '2013-07-05', '2002-07-03']) {
      assert.equal(closeAt('XNYS', date), `${date}T20:00:00.000Z`)
    }
  })
})

describe('sessions of Paris', () => {
  // Euronext press releases of 14 November 2011 and 18 October 2018; the other years from the dates of Easter in a church calendar.
  const published: Record<number, string> = {
    2012: '04-06 04-09 05-01 12-25 12-26',
    2019: '01-01 04-19 04-22 05-01 12-25 12-26',
    2020: '01-01 04-10 04-13 05-01 12-25',
    2021: '01-01 04-02 04-05',
    2025: '01-01 04-18 04-21 05-01 12-25 12-26',
  }
  for (const [year, days] of Object.entries(published)) {
    it(`keeps the six holidays of Euronext in ${year} where they fall on weekdays, and no others`, () => {
      assert.deepEqual(
        closedDays('XPAR', Number(year)),
        days.split(' ').map((day) => `${year}-${day}`),
      )
    })
  }

  it('works on French public holidays and Whit Monday since 2002, as it did not before', () => {
    for (const date of ['2020-07-14', '2019-11-01', '2020-06-01', '2018-05-08', '2019-08-15', '2002-12-31']) {
      assert.equal(isSession('XPAR', date), true, date)
    }
    for (const date of ['2000-07-14', '2001-06-04', '2001-12-31', '1998-12-24', '1998-05-21']) {
      assert.equal(isSession('XPAR', date), false, date)
    }
  })

  it('is done by 14:05 on the eves of Christmas and of the New Year', () => {
    assert.equal(closeAt('XPAR', '2019-12-24'), '2019-12-24T13:05:00.000Z')
    assert.equal(closeAt('XPAR', '2019-12-31'), '2019-12-31T13:05:00.000Z')
    assert.equal(closeAt('XPAR', '2019-12-30'), '2019-12-30T16:35:00.000Z')
  })
})

describe('hours', () => {
  it('follow each city’s own clocks in the weeks when only New York has changed them', () => {
    // Summer time began on 8 March 2020 in New York and on 29 March in Paris: 09:30 EDT is 13:30 UTC, 09:00 CET is 08:00 UTC.
    assert.equal(openAt('XNYS', '2020-03-12'), '2020-03-12T13:30:00.000Z')
    assert.equal(closeAt('XNYS', '2020-03-12'), '2020-03-12T20:00:00.000Z')
    assert.equal(openAt('XPAR', '2020-03-12'), '2020-03-12T08:00:00.000Z')
    assert.equal(closeAt('XPAR', '2020-03-12'), '2020-03-12T16:35:00.000Z')
    // It ended on 25 October in Paris and on 1 November in New York: 09:30 EDT is 13:30 UTC, 17:35 CET is 16:35 UTC.
    assert.equal(openAt('XNYS', '2020-10-28'), '2020-10-28T13:30:00.000Z')
    assert.equal(closeAt('XNYS', '2020-10-28'), '2020-10-28T20:00:00.000Z')
    assert.equal(openAt('XPAR', '2020-10-28'), '2020-10-28T08:00:00.000Z')
    assert.equal(closeAt('XPAR', '2020-10-28'), '2020-10-28T16:35:00.000Z')
    assert.equal(closeAt('XPAR', '2020-10-23'), '2020-10-23T15:35:00.000Z')
    assert.equal(openAt('XNYS', '2020-11-02'), '2020-11-02T14:30:00.000Z')
  })

  it('are the regular ones on a day the calendar calls closed', () => {
    assert.equal(openAt('XPAR', '2019-12-25'), '2019-12-25T08:00:00.000Z')
    assert.equal(closeAt('XPAR', '2019-12-25'), '2019-12-25T16:35:00.000Z')
    // Christmas Eve 2016 was a Saturday: nothing closed early, since nothing opened.
    assert.equal(closeAt('XPAR', '2016-12-24'), '2016-12-24T16:35:00.000Z')
    assert.equal(closeAt('XNYS', '2020-12-25'), '2020-12-25T21:00:00.000Z')
  })

  it('name the zone of each exchange', () => {
    assert.equal(zoneOf('XNYS'), 'America/New_York')
    assert.equal(zoneOf('XPAR'), 'Europe/Paris')
  })
})

describe('walking the calendar', () => {
  it('skips the four days of Easter in Paris and the three in New York', () => {
    assert.equal(nextSession('XPAR', '2021-04-01'), '2021-04-06')
    assert.equal(previousSession('XPAR', '2021-04-06'), '2021-04-01')
    assert.equal(nextSession('XNYS', '2021-04-01'), '2021-04-05')
    assert.equal(nextSession('XNYS', '2021-04-03'), '2021-04-05')
  })

  it('includes both ends, crosses the New Year, and is empty backwards', () => {
    assert.deepEqual(sessionsBetween('XPAR', '2019-12-24', '2020-01-02'), [
      '2019-12-24',
      '2019-12-27',
      '2019-12-30',
      '2019-12-31',
      '2020-01-02',
    ])
    assert.deepEqual(sessionsBetween('XPAR', '2020-01-02', '2019-12-24'), [])
    assert.deepEqual(sessionsBetween('XNYS', '2020-07-03', '2020-07-05'), [])
  })

  const exchange = fc.constantFrom('XNYS' as const, 'XPAR' as const)
  const date = fc
    .integer({ min: Date.UTC(1998, 0, 5) / 86_400_000, max: Date.UTC(2035, 11, 25) / 86_400_000 })
    .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))

  it('finds no session between a date and the next or the previous one, which are sessions on weekdays', () => {
    fc.assert(
      fc.property(exchange, date, (where, day) => {
        const next = nextSession(where, day)
        const previous = previousSession(where, day)
        assert.ok(previous < day && day < next)
        assert.ok(isSession(where, next) && isSession(where, previous))
        assert.ok(weekday(next) <= 5 && weekday(previous) <= 5)
        assert.deepEqual(
          sessionsBetween(where, previous, next),
          isSession(where, day) ? [previous, day, next] : [previous, next],
        )
      }),
    )
  })

  it('opens before it closes, and closes before the next session opens', () => {
    fc.assert(
      fc.property(exchange, date, (where, day) => {
        assert.ok(openAt(where, day) < closeAt(where, day))
        assert.ok(closeAt(where, day) < openAt(where, nextSession(where, day)))
      }),
    )
  })
})

describe('sessions of coins', () => {
  it('trade on every day of the year, holidays and weekends included', () => {
    assert.equal(sessionsBetween('CRYPTO', '2020-01-01', '2020-12-31').length, 366)
    assert.ok(isSession('CRYPTO', '2021-12-25') && isSession('CRYPTO', '2022-01-01'))
    assert.equal(nextSession('CRYPTO', '2021-12-31'), '2022-01-01')
    assert.equal(previousSession('CRYPTO', '2020-03-01'), '2020-02-29')
  })

  it('open at midnight UTC and close when the next one opens', () => {
    assert.equal(openAt('CRYPTO', '2021-12-31'), '2021-12-31T00:00:00.000Z')
    assert.equal(closeAt('CRYPTO', '2021-12-31'), '2022-01-01T00:00:00.000Z')
    assert.equal(zoneOf('CRYPTO'), 'UTC')
  })

  it('are decided at 00:30 the next day, so an order never fills at the open half an hour before', () => {
    assert.equal(decisionAt('CRYPTO', '2021-04-01'), '2021-04-02T00:30:00.000Z')
    assert.equal(firstFillable('CRYPTO', '2021-04-01'), '2021-04-03')
    assert.equal(firstFillable('XPAR', '2021-04-01'), '2021-04-06')
    assert.equal(firstFillable('XNYS', '2021-04-01'), '2021-04-05')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (day) => {
        const date = new Date(day * 86_400_000).toISOString().slice(0, 10)
        const fills = firstFillable('CRYPTO', date)
        assert.ok(openAt('CRYPTO', fills) > decisionAt('CRYPTO', date)!)
        assert.ok(openAt('CRYPTO', previousSession('CRYPTO', fills)) <= decisionAt('CRYPTO', date)!)
      }),
    )
  })
})
