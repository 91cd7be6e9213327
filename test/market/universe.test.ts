import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type BookMarket, membersAt, openBookMarket } from '../../src/decision/book-market.ts'
import type { Bar } from '../../src/market/bar.ts'
import { addDays, weekday } from '../../src/market/calendar.ts'
import { excludedBecause, leftOutAt } from '../../src/market/universe.ts'
import { bars, coinBook, coinHistory, coinMarket, openBook, wavering } from '../support/coins.ts'

const rule = openBook().universe

/** Flat prices with a volume for each day, in dollars. */
function traded(from: string, volumes: readonly number[]): readonly Bar[] {
  return bars(
    from,
    wavering(10, volumes.length).map((close, index) => ({ close, volume: volumes[index]! / close })),
  )
}

function membersOn(market: BookMarket, date: string): readonly string[] {
  return membersAt(market, market.panel.indexOf.get(date)!).map(({ symbol }) => symbol)
}

const repeated = (value: number, times: number) => Array.from({ length: times }, () => value)

test('a coin is in once it is old enough and its mean volume lies in the band', () => {
  const universe = { ...rule, minimumAgeDays: 8, volume: { min: 100, max: 1000, days: 5, keepFactor: 1 } }
  const market = coinMarket(
    {
      'OLD/USDT': traded('2021-01-01', repeated(500, 20)),
      'NEW/USDT': traded('2021-01-06', repeated(500, 15)),
      'TINY/USDT': traded('2021-01-01', repeated(99, 20)),
      'HUGE/USDT': traded('2021-01-01', repeated(1001, 20)),
    },
    openBook({ universe }),
  )
  assert.deepEqual(membersOn(market, '2021-01-08'), [])
  assert.deepEqual(membersOn(market, '2021-01-09'), ['OLD/USDT'])
  // NEW is eight days old on the 14th.
  assert.deepEqual(membersOn(market, '2021-01-13'), ['OLD/USDT'])
  assert.deepEqual(membersOn(market, '2021-01-14'), ['NEW/USDT', 'OLD/USDT'])
  const left = leftOutAt(market.panel, market.coins!.candidates, universe, market.panel.sessions.length - 1)
  assert.deepEqual([...left.keys()], ['HUGE/USDT', 'TINY/USDT'])
  assert.match(left.get('TINY/USDT')!, /^99 traded a day, outside 100 to 1000/)
})

test('majors, pegged and leveraged coins are never in, but a benchmark may hold a major', () => {
  const coins = Object.fromEntries(
    ['BTC/USDT', 'USDC/USDT', 'BTC3L/USDT', 'ETH5S/USDT', 'AAVE/USDT', '3XYZ/USDT', 'JUP/USDT'].map((symbol) => [
      symbol,
      traded('2021-01-01', repeated(500, 30)),
    ]),
  )
  const book = openBook({ benchmarks: [{ policy: 'buy-and-hold:BTC', shortName: 'BTC' }] })
  const market = coinMarket(coins, book)
  assert.deepEqual(membersOn(market, '2021-01-30'), ['3XYZ/USDT', 'AAVE/USDT', 'JUP/USDT'])
  assert.deepEqual(
    market.benchmarks.map(({ policy }) => policy),
    ['buy-and-hold:BTC/USDT'],
  )
  assert.equal(excludedBecause('BTC3L', coinBook().universe), 'a leveraged token')
})

test('a member stays in the wider band for 90 days, another coin does not enter there', () => {
  const universe = { ...rule, volume: { min: 100, max: 1000, days: 5, keepFactor: 2 } }
  const market = coinMarket(
    {
      'WAS/USDT': traded('2021-01-01', [...repeated(150, 20), ...repeated(60, 120)]),
      'NOT/USDT': traded('2021-01-01', repeated(60, 140)),
    },
    openBook({ universe }),
  )
  assert.deepEqual(membersOn(market, '2021-02-01'), ['WAS/USDT'])
  // Its mean last lay in the band on 22 January: (3 * 150 + 2 * 60) / 5 = 114. Ninety days later is 22 April.
  assert.deepEqual(membersOn(market, '2021-04-22'), ['WAS/USDT'])
  assert.deepEqual(membersOn(market, '2021-04-24'), [])
})

test('of too many, those of the largest volume are in, and a weekly review decides on Mondays', () => {
  const universe = { ...rule, mostMembers: 2, review: 'weekly' as const }
  const market = coinMarket(
    {
      'A/USDT': traded('2021-01-01', repeated(300, 30)),
      'B/USDT': traded('2021-01-01', repeated(500, 30)),
      'C/USDT': traded('2021-01-01', repeated(400, 30)),
    },
    openBook({ universe }),
  )
  assert.deepEqual(membersOn(market, '2021-01-20'), ['B/USDT', 'C/USDT'])
  const changes = [...market.universe.values()].flat().flatMap(({ from, until }) => [from!, ...(until ? [until] : [])])
  assert.ok(changes.length > 0 && changes.every((date) => weekday(date) === 1))
})

test('who was in on a date does not change when anything later does', () => {
  const names = ['A/USDT', 'B/USDT', 'C/USDT', 'D/USDT']
  const volumes = fc.array(fc.integer({ min: 20, max: 3000 }), { minLength: 60, maxLength: 60 })
  const jump = fc.record({
    coin: fc.nat({ max: 3 }),
    day: fc.integer({ min: 45, max: 59 }),
    by: fc.constantFrom(0.01, 30),
  })
  const universe = { ...rule, mostMembers: 2, volume: { min: 100, max: 1000, days: 5, keepFactor: 2 } }
  const book = openBook({ universe })
  const from = '2021-01-01'
  const cut = addDays(from, 44)
  fc.assert(
    fc.property(fc.tuple(volumes, volumes, volumes, volumes), volumes, jump, (given, other, { coin, day, by }) => {
      const coins = Object.fromEntries(names.map((name, i) => [name, traded(from, given[i]!)]))
      const changed = Object.fromEntries(
        names.map((name, i) => [
          name,
          traded(from, [...given[i]!.slice(0, 45), ...other.slice(45 + i)]).map((bar, t) =>
            i === coin && t >= day
              ? { ...bar, open: bar.open * by, high: bar.high * by, low: bar.low * by, close: bar.close * by }
              : bar,
          ),
        ]),
      )
      const range = { from, to: addDays(from, 59) }
      const truth = openBookMarket(book, coinHistory(coins), range)
      const seen = openBookMarket(book, coinHistory(changed), range)
      for (let date = from; date <= cut; date = addDays(date, 1)) {
        assert.deepEqual(membersOn(seen, date), membersOn(truth, date), date)
      }
    }),
    { numRuns: 60 },
  )
})
