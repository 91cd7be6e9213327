import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSimulatedMarket } from '../../../src/adapters/market/simulated.ts'
import { InputError } from '../../../src/errors.ts'
import type { HistoryRequest, Listing } from '../../../src/market/price-source.ts'

const spy: Listing = { symbol: 'SPY', currency: 'USD', exchange: 'XNYS' }
const lvmh: Listing = { symbol: 'MC.PA', currency: 'EUR', exchange: 'XPAR' }
const index: Listing = { symbol: '^FCHI', currency: 'EUR', exchange: 'XPAR' }

const ask = (request: Partial<HistoryRequest>, seed = '7') =>
  openSimulatedMarket(seed).history({
    listings: [spy, lvmh],
    base: 'EUR',
    from: '2020-03-02',
    to: '2020-03-13',
    now: '2031-01-01T00:00:00.000Z',
    ...request,
  })
const dates = (items: readonly { readonly date: string }[]) => items.map(({ date }) => date)

test('it says that it is a simulation, and of which seed', async () => {
  const market = openSimulatedMarket('7')
  assert.deepEqual(
    [market.spec, market.label, market.nature],
    ['simulated:7', 'simulated prices (seed 7)', 'simulated'],
  )
  assert.deepEqual(await market.range([spy]), { from: '2015-01-02', to: '2030-12-31' })
})

test('any range gives the same numbers, with or without other assets', async () => {
  const short = await ask({})
  const long = await ask({ listings: [index, lvmh, spy], from: '2018-01-01', to: '2022-12-31' })
  for (const { symbol, bars } of short.histories) {
    const whole = long.histories.find((history) => history.symbol === symbol)!
    assert.equal(bars.length, 10)
    assert.deepEqual(
      bars,
      whole.bars.filter(({ date }) => date >= '2020-03-02' && date <= '2020-03-13'),
    )
  }
  assert.deepEqual(
    short.rates[0]!.rates,
    long.rates[0]!.rates.filter(({ date }) => date >= '2020-03-02' && date <= '2020-03-13'),
  )
  assert.notDeepEqual((await ask({}, '8')).histories, short.histories)
})

test('a bar exists from the close of its own exchange on', async () => {
  // On 2020-03-12 New York, already on summer time, closes at 20:00 UTC; Paris at 16:35 UTC.
  const last = async (now: string) => (await ask({ now })).histories.map(({ bars }) => bars.at(-1)!.date)
  assert.deepEqual(await last('2020-03-12T16:34:59.999Z'), ['2020-03-11', '2020-03-11'])
  assert.deepEqual(await last('2020-03-12T16:35:00.000Z'), ['2020-03-11', '2020-03-12'])
  assert.deepEqual(await last('2020-03-12T20:00:00.000Z'), ['2020-03-12', '2020-03-12'])
})

test('a dividend exists from the open of its ex-date on', async () => {
  const all = (await ask({ listings: [spy], from: '2020-01-01', to: '2020-12-31' })).histories[0]!.dividends
  assert.equal(all.length, 4)
  const summer = all[1]!.date // June: New York opens at 13:30 UTC
  const until = async (now: string) =>
    dates((await ask({ listings: [spy], from: '2020-01-01', to: '2020-12-31', now })).histories[0]!.dividends)
  assert.deepEqual(await until(`${summer}T13:29:59.999Z`), dates(all.slice(0, 1)))
  assert.deepEqual(await until(`${summer}T13:30:00.000Z`), dates(all.slice(0, 2)))
})

test('a rate is in the base currency for one unit, known at 16:00 in Paris', async () => {
  const [rates] = (await ask({ from: '2020-03-26', to: '2020-04-14' })).rates
  assert.deepEqual([rates!.currency, rates!.base], ['USD', 'EUR'])
  // Ten weekdays and two holidays of Easter; the clocks change on 29 March.
  assert.deepEqual(
    rates!.rates.map(({ date, knownAt }) => [date, knownAt.slice(11, 16)]),
    [
      ['2020-03-26', '15:00'],
      ['2020-03-27', '15:00'],
      ['2020-03-30', '14:00'],
      ['2020-03-31', '14:00'],
      ['2020-04-01', '14:00'],
      ['2020-04-02', '14:00'],
      ['2020-04-03', '14:00'],
      ['2020-04-06', '14:00'],
      ['2020-04-07', '14:00'],
      ['2020-04-08', '14:00'],
      ['2020-04-09', '14:00'],
      ['2020-04-14', '14:00'],
    ],
  )
  const { rates: before } = await ask({ now: '2020-03-13T14:59:59.999Z' })
  assert.equal(before[0]!.rates.at(-1)!.date, '2020-03-12')
  const dollars = await ask({ listings: [lvmh], base: 'USD', from: '2020-03-26', to: '2020-03-26' })
  assert(Math.abs(dollars.rates[0]!.rates[0]!.rate * rates!.rates[0]!.rate - 1) < 1e-12)
})

test('a quote is the last official price: the open after the open, the close after the close', async () => {
  const market = openSimulatedMarket('7')
  const [bar, before] = (
    await ask({ listings: [spy], from: '2020-03-12', to: '2020-03-13' })
  ).histories[0]!.bars.toReversed()
  const quote = async (now: string) => (await market.quotes([spy], now))[0]
  assert.deepEqual(await quote('2020-03-13T13:29:59.999Z'), {
    symbol: 'SPY',
    currency: 'USD',
    price: before!.close,
    at: '2020-03-12T20:00:00.000Z',
  })
  assert.deepEqual(await quote('2020-03-13T15:00:00.000Z'), {
    symbol: 'SPY',
    currency: 'USD',
    price: bar!.open,
    at: '2020-03-13T13:30:00.000Z',
  })
  assert.equal((await quote('2020-03-15T12:00:00.000Z'))?.price, bar!.close)
  assert.deepEqual(await market.quotes([spy], '2014-12-31T12:00:00.000Z'), [])
})

test('outside its world there is nothing, with the reason', async () => {
  const { histories, absent } = await ask({ from: '2031-01-01', to: '2031-12-31', now: '2032-01-01T00:00:00.000Z' })
  assert.deepEqual(histories, [])
  assert.match(absent[0]!.because, /runs from 2015-01-02 to 2030-12-31/)
})

test('a seed that is none, and a currency that the exchange does not use, are refused', async () => {
  assert.throws(() => openSimulatedMarket(''), InputError)
  assert.throws(() => openSimulatedMarket('a b'), InputError)
  await assert.rejects(
    ask({ listings: [{ ...spy, currency: 'EUR' }] }),
    /quotes SPY on XNYS in USD, the book expects EUR/,
  )
})
