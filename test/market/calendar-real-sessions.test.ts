import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { sessionsBetween } from '../../src/market/calendar.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

type Exchange = 'XNYS' | 'XPAR'

/** Dates of the first column, of one symbol or of all, in order. */
function datesOf(text: string, symbol?: string): readonly string[] {
  const rows = text.trim().split('\n').slice(1)
  const wanted = symbol ? rows.filter((row) => row.split(',')[1] === symbol) : rows
  return [...new Set(wanted.map((row) => row.slice(0, 10)))].sort()
}
const bars = (name: string) => readFileSync(sharedPath(`bars/${name}.csv`), 'utf8')
const market = (name: string) => gunzipSync(readFileSync(sharedPath(`data/market/${name}.csv.gz`))).toString('utf8')

/** What the data holds beyond the calendar, and what it lacks, from its first date to its last. */
function differences(exchange: Exchange, dates: readonly string[]) {
  const sessions = sessionsBetween(exchange, dates[0]!, dates.at(-1)!)
  return {
    extra: dates.filter((date) => !sessions.includes(date)),
    missing: sessions.filter((date) => !dates.includes(date)),
  }
}

// Yahoo repeats the close of 24 December 2019, with volume 0, as a bar of Christmas Day in every Paris share and not in the index. Euronext's
// calendar for 2019 (18 October 2018) has the day closed, and the ECB published no rate.
const christmas = ['2019-12-25']
const none: readonly string[] = []

describe('the calendars against real sessions', { skip: sharedAbsent }, () => {
  it('New York: every session of SPY from 2005 to 2020, and no other day', () => {
    const dates = datesOf(bars('us_etf_2005_2020/SPY'))
    assert.equal(dates.length, 4015)
    assert.deepEqual(differences('XNYS', dates), { extra: none, missing: none })
  })

  it('New York: every day on which any of 17 funds traded from July 2020 to 2022', () => {
    assert.deepEqual(differences('XNYS', datesOf(market('us_etf_2020_2022'))), { extra: none, missing: none })
  })

  it('the 763 real days of 2018 to 2020 are the sessions of both exchanges and the Christmas bar of one vendor', () => {
    const folder = sharedPath('bars/allocator_2018_2020')
    const names = readdirSync(folder).map((file) => file.replace(/\.csv$/, ''))
    const paris = names.filter((name) => name.endsWith('.PA'))
    const newYork = names.filter((name) => /^[A-Z]+$/.test(name))
    assert.equal(paris.length, 15)
    assert.equal(newYork.length, 5)
    const read = (name: string) => datesOf(bars(`allocator_2018_2020/${name}`))
    for (const name of newYork) assert.deepEqual(differences('XNYS', read(name)), { extra: none, missing: none }, name)
    for (const name of paris) {
      assert.deepEqual(differences('XPAR', read(name)), { extra: christmas, missing: none }, name)
    }
    assert.deepEqual(differences('XPAR', read('%5EFCHI')), { extra: none, missing: none })

    const sessions = {
      XNYS: sessionsBetween('XNYS', '2018-01-02', '2020-12-11'),
      XPAR: sessionsBetween('XPAR', '2018-01-02', '2020-12-11'),
    }
    assert.equal(sessions.XNYS.length, 743)
    assert.equal(sessions.XPAR.length + christmas.length, 755)
    assert.equal(new Set([...sessions.XNYS, ...sessions.XPAR, ...christmas]).size, 763)
  })

  it('Paris: every session of 15 shares from 2015 to 2022', () => {
    for (const name of ['paris_a_2018_2022', 'paris_b_adjusted_2015_2022', 'paris_c_2015_2021']) {
      // The half day of 31 December 2015 is absent from everything that came from Yahoo; the CAC 40 closed at 4,637.06 that day.
      const missing = name.startsWith('paris_a') ? none : ['2015-12-31']
      assert.deepEqual(differences('XPAR', datesOf(market(name))), { extra: christmas, missing }, name)
    }
  })

  it('Paris: every day of the CAC 40 from 2005 to 2022, but for six that its vendor lacks', () => {
    // Half days and a 2 January on which London was closed. Euronext's calendar for 2012 (14 November 2011) names three of them as open.
    const missing = ['2010-12-24', '2010-12-31', '2012-01-02', '2012-12-24', '2012-12-31', '2015-12-31']
    assert.deepEqual(differences('XPAR', datesOf(market('fchi_2005_2022'), '^FCHI')), { extra: none, missing })
  })
})
