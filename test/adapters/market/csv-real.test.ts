import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { describe, it } from 'node:test'
import { openCsvMarket } from '../../../src/adapters/market/csv.ts'
import type { Listing } from '../../../src/market/price-source.ts'
import { sharedAbsent, sharedPath } from '../../support/shared.ts'

/** Every symbol of a directory but the rates, as the allocator would list it. */
function listingsOf(directory: string): readonly Listing[] {
  return readdirSync(directory)
    .map((name) => decodeURIComponent(name.replace(/\.csv$/, '')))
    .filter((symbol) => !symbol.endsWith('=X'))
    .map((symbol) =>
      symbol.endsWith('.PA') || symbol === '^FCHI'
        ? { symbol, currency: 'EUR', exchange: 'XPAR' as const }
        : { symbol, currency: 'USD', exchange: 'XNYS' as const },
    )
}

const everything = { from: '1990-01-01', to: '2030-01-01', now: '2026-01-01T00:00:00.000Z' }

describe('real directories', { skip: sharedAbsent }, () => {
  const allocator = sharedPath('bars/allocator_2018_2020')

  it('the allocator’s 22 files load whole, and the one oddity is told', async () => {
    const market = openCsvMarket(allocator)
    const listings = listingsOf(allocator)
    assert.equal(listings.length, 21)
    const { histories, rates, absent, notes } = await market.history({ listings, base: 'EUR', ...everything })
    assert.deepEqual(absent, [])
    const length = (symbol: string) => histories.find((it) => it.symbol === symbol)?.bars.length
    assert.deepEqual([length('SPY'), length('MC.PA'), length('^FCHI')], [743, 755, 754])
    assert.equal(new Set(histories.flatMap(({ bars }) => bars.map(({ date }) => date))).size, 763)
    assert.equal(rates[0]?.rates.length, 754)
    assert.deepEqual(notes, [
      'Bars on a day that the calendar of XPAR calls closed, kept as given: 2019-12-25, in AI.PA, AIR.PA, BNP.PA and 12 more.',
    ])
    assert.deepEqual(await market.range(listings), { from: '2018-01-02', to: '2020-12-11' })
  })

  it('12 March 2020 reads as it was: SPY at 248.11, LVMH at 301.5, and the euro at 1.1240 dollars', async () => {
    const market = openCsvMarket(allocator)
    const listings = listingsOf(allocator)
    const now = '2020-03-12T20:20:00.000Z'
    const { histories, rates } = await market.history({ listings, base: 'EUR', ...everything, now })
    const spy = histories.find(({ symbol }) => symbol === 'SPY')?.bars.at(-1)
    assert.deepEqual([spy?.date, spy?.close], ['2020-03-12', 248.11])
    const lvmh = histories.find(({ symbol }) => symbol === 'MC.PA')?.bars.at(-1)
    assert.deepEqual([lvmh?.date, lvmh?.close], ['2020-03-12', 301.5])
    assert.equal(rates[0]?.rates.at(-1)?.rate, 1 / 1.124)
    const quotes = await market.quotes(listings, now)
    assert.equal(quotes.length, 21)
    assert.equal(quotes.find(({ symbol }) => symbol === 'SPY')?.at, '2020-03-12T20:00:00.000Z')
  })

  it('splits of the US funds are events: USO 1:8 in 2020, SLV 10:1 in 2008', async () => {
    const directory = sharedPath('bars/us_etf_2005_2020')
    const listings = listingsOf(directory)
    const { histories, absent } = await openCsvMarket(directory).history({ listings, base: 'EUR', ...everything })
    assert.equal(histories.length, 12)
    assert.deepEqual(absent, [])
    const splits = (symbol: string) => histories.find((it) => it.symbol === symbol)?.splits
    assert.deepEqual(splits('USO'), [{ date: '2020-04-29', ratio: 0.125 }])
    assert.deepEqual(
      splits('SLV')?.map(({ ratio }) => ratio),
      [10],
    )
  })

  it('66 coins load whole, slashes in their names and fractions in their volumes', async () => {
    const directory = sharedPath('bars/crypto_2017_2022')
    const listings = listingsOf(directory)
    const { histories, absent } = await openCsvMarket(directory).history({ listings, base: 'USD', ...everything })
    assert.equal(histories.length, 66)
    assert.deepEqual(absent, [])
    assert.ok(histories.some(({ symbol }) => symbol === 'GRS/USD'))
  })
})
