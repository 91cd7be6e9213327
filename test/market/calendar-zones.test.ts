import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { DateTime } from 'luxon'
import { addDays, dateIn, instantAt, isDate, isoWeek, weekday } from '../../src/market/calendar.ts'

const date = fc
  .integer({ min: Date.UTC(1998, 0, 1) / 86_400_000, max: Date.UTC(2035, 11, 31) / 86_400_000 })
  .map((day) => new Date(day * 86_400_000).toISOString().slice(0, 10))

describe('moments and dates', () => {
  it('a time in a zone is the moment its clocks show, summer and winter', () => {
    assert.equal(instantAt('2020-03-12', '16:20', 'America/New_York'), '2020-03-12T20:20:00.000Z')
    assert.equal(instantAt('2020-01-15', '16:20', 'America/New_York'), '2020-01-15T21:20:00.000Z')
    // ECB rates, 16:00 in Paris.
    assert.equal(instantAt('2020-10-23', '16:00', 'Europe/Paris'), '2020-10-23T14:00:00.000Z')
    assert.equal(instantAt('2020-10-26', '16:00', 'Europe/Paris'), '2020-10-26T15:00:00.000Z')
  })

  it('is right on the very days the clocks change', () => {
    // New York went from EST to EDT on 8 March 2020 at 02:00, Paris from CEST to CET on 25 October 2020 at 03:00.
    assert.equal(instantAt('2020-03-08', '01:59', 'America/New_York'), '2020-03-08T06:59:00.000Z')
    assert.equal(instantAt('2020-03-08', '03:00', 'America/New_York'), '2020-03-08T07:00:00.000Z')
    assert.equal(instantAt('2020-03-08', '02:30', 'America/New_York'), '2020-03-08T07:30:00.000Z')
    assert.equal(instantAt('2020-10-25', '01:00', 'Europe/Paris'), '2020-10-24T23:00:00.000Z')
    assert.equal(instantAt('2020-10-25', '04:00', 'Europe/Paris'), '2020-10-25T03:00:00.000Z')
  })

  it('the Paris date of a moment late in the evening UTC is already tomorrow', () => {
    assert.equal(dateIn('2020-03-12T22:59:59.999Z', 'Europe/Paris'), '2020-03-12')
    assert.equal(dateIn('2020-03-12T23:00:00.000Z', 'Europe/Paris'), '2020-03-13')
    assert.equal(dateIn('2020-07-12T22:00:00.000Z', 'Europe/Paris'), '2020-07-13')
    assert.equal(dateIn('2020-03-13T03:59:59.999Z', 'America/New_York'), '2020-03-12')
    assert.equal(dateIn('2020-03-13T04:00:00.000Z', 'America/New_York'), '2020-03-13')
  })

  it('agrees with luxon at any minute in zones that change their clocks at odd times', () => {
    const zone = fc.constantFrom('America/New_York', 'Europe/Paris', 'Africa/Casablanca', 'Australia/Lord_Howe', 'UTC')
    const minute = fc.integer({ min: 0, max: 1439 })
    fc.assert(
      fc.property(date, minute, zone, (day, minutes, where) => {
        const time = `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
        const expected = DateTime.fromISO(`${day}T${time}`, { zone: where })
        const instant = instantAt(day, time, where)
        assert.equal(instant, expected.toUTC().toISO())
        assert.equal(dateIn(instant, where), expected.toISODate())
      }),
      { numRuns: 1000 },
    )
  })

  it('a zone or a time that does not exist is our own mistake', () => {
    assert.throws(() => instantAt('2020-03-12', '09:30', 'Europe/Lutetia'), /no such time zone: Europe\/Lutetia/)
    assert.throws(() => instantAt('2020-03-12', '9:30', 'Europe/Paris'), /a time is HH:MM/)
    assert.throws(() => instantAt('2021-02-30', '09:30', 'Europe/Paris'), /no such date: 2021-02-30/)
    assert.throws(() => dateIn('yesterday', 'Europe/Paris'), /not a moment: yesterday/)
  })
})

describe('counting days', () => {
  it('adds days over leap days and New Year, in both directions', () => {
    assert.equal(addDays('2020-02-28', 2), '2020-03-01')
    assert.equal(addDays('2021-02-28', 1), '2021-03-01')
    assert.equal(addDays('2021-01-01', -1), '2020-12-31')
    assert.equal(addDays('2020-03-12', 0), '2020-03-12')
  })

  it('counts weekdays from Monday', () => {
    assert.equal(weekday('2020-03-09'), 1)
    assert.equal(weekday('2020-03-12'), 4)
    assert.equal(weekday('2020-03-15'), 7)
    assert.equal(weekday('1969-12-31'), 3)
  })

  it('gives the days around a New Year to the ISO week of their Thursday', () => {
    assert.equal(isoWeek('2020-12-28'), '2020-W53')
    assert.equal(isoWeek('2021-01-03'), '2020-W53')
    assert.equal(isoWeek('2021-01-04'), '2021-W01')
    assert.equal(isoWeek('2018-12-31'), '2019-W01')
    assert.equal(isoWeek('2017-01-01'), '2016-W52')
    assert.equal(isoWeek('2020-03-12'), '2020-W11')
  })

  it('agrees with luxon on weekday and ISO week of any date', () => {
    fc.assert(
      fc.property(date, fc.integer({ min: -800, max: 800 }), (day, days) => {
        const expected = DateTime.fromISO(day, { zone: 'UTC' })
        assert.equal(isoWeek(day), expected.toFormat("kkkk-'W'WW"))
        assert.equal(weekday(day), expected.weekday)
        assert.equal(addDays(day, days), expected.plus({ days }).toISODate())
        assert.equal(addDays(addDays(day, days), -days), day)
      }),
      { numRuns: 1000 },
    )
  })

  it('tells dates that exist from those that do not', () => {
    for (const text of ['2020-02-29', '2000-02-29', '2021-12-31']) assert.equal(isDate(text), true, text)
    for (const text of [
      '2021-02-29',
      '1900-02-29',
      '2021-04-31',
      '2021-13-01',
      '2021-00-10',
      '2021-2-3',
      '20210203',
      '',
    ]) {
      assert.equal(isDate(text), false, text)
    }
  })
})
