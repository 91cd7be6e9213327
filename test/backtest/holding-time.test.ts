import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { holdingTimes, roundTrips, sessionsHeld } from '../../src/backtest/holding-time.ts'
import { worth } from '../../src/backtest/walk.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import type { Fill } from '../../src/portfolio/holdings.ts'
import { fillOf } from '../support/fills.ts'
import { flat, marketOf } from '../support/world.ts'

const dates = sessionsBetween('XPAR', '2020-01-02', '2020-02-28')

function ledgerOf(fills: readonly Fill[], days = flat(dates, 100)) {
  const { panel } = marketOf([{ symbol: 'A', days }])
  return { panel, initialCash: 10_000, first: 0, last: panel.sessions.length - 1, fills, dividends: [] }
}

test('[39] a partial sale is matched with the oldest shares by quantity, and leaves the date of the rest alone', () => {
  // Ten bought on Monday 6 January at 100, ten on Thursday 9 at 110, fifteen sold on Monday 13 at 120: ten were held for 5
  // sessions and made 200, five for 2 sessions and made 50. The last five, sold on Friday 7 February at 90, were held for 21
  // sessions (Friday 10 is the first, 5 weeks of 5 less the 4 days before) and lost 100.
  const ledger = ledgerOf([
    fillOf('2020-01-06', 'A', 10, 100),
    fillOf('2020-01-09', 'A', 10, 110),
    fillOf('2020-01-13', 'A', -15, 120),
    fillOf('2020-02-07', 'A', -5, 90),
  ])
  const trips = roundTrips(ledger)
  assert.deepEqual(
    trips.map((trip) => [trip.quantity, trip.openedOn, trip.profit, sessionsHeld(ledger.panel, trip)]),
    [
      [10, '2020-01-06', 200, 5],
      [5, '2020-01-09', 50, 2],
      [5, '2020-01-09', -100, 21],
    ],
  )
  const times = holdingTimes(trips, ledger.panel)
  assert.deepEqual(
    times.buckets.map(({ trips, profitable, profit }) => [trips, profitable, profit]),
    [
      [2, 2, 250],
      [0, 0, 0],
      [1, 0, -100],
    ],
  )
  assert.deepEqual([times.trips, times.profitable, times.profit], [3, 2, 150])
  assert.equal(times.meanSessions, 28 / 3)
})

test('[39] five sessions are five, six are more, and twenty-one are more than twenty', () => {
  const bucketOf = (sessions: number) => {
    const ledger = ledgerOf([fillOf(dates[0]!, 'A', 1, 100), fillOf(dates[sessions]!, 'A', -1, 101)])
    return holdingTimes(roundTrips(ledger), ledger.panel).buckets.findIndex(({ trips }) => trips === 1)
  }
  assert.deepEqual([1, 5, 6, 20, 21].map(bucketOf), [0, 0, 1, 1, 2])
})

test('a split between purchase and sale changes the shares of the round trip and not its profit', () => {
  const days = { ...flat(dates.slice(0, 3), 100), ...flat(dates.slice(3), 25) }
  days[dates[3]!] = { open: 25, close: 25, split: 4 }
  const ledger = ledgerOf(
    [fillOf(dates[0]!, 'A', 2, 100), fillOf(dates[3]!, 'A', -6, 30), fillOf(dates[5]!, 'A', -2, 20)],
    days,
  )
  assert.deepEqual(
    roundTrips(ledger).map(({ quantity, profit }) => [quantity, profit]),
    [
      [6, 30],
      [2, -10],
    ],
  )
})

test('the profits of all round trips are the cash that came back, whatever was bought and sold in between', () => {
  const order = fc.record({
    gap: fc.integer({ min: 1, max: 4 }),
    size: fc.integer({ min: -9, max: 9 }),
    price: fc.integer({ min: 50, max: 150 }),
  })
  fc.assert(
    fc.property(fc.array(order, { maxLength: 8 }), (orders) => {
      const fills: Fill[] = []
      let at = 0
      let held = 0
      for (const { gap, size, price } of orders) {
        at += gap
        const quantity = Math.max(size, -held)
        if (quantity === 0) continue
        fills.push(fillOf(dates[at]!, 'A', quantity, price))
        held += quantity
      }
      if (held > 0) fills.push(fillOf(dates[at + 1]!, 'A', -held, 100))
      const profits = roundTrips(ledgerOf(fills)).reduce((sum, { profit }) => sum + profit, 0)
      const cash = fills.reduce((sum, { cashChangeCents }) => sum + cashChangeCents, 0) / 100
      assert.ok(Math.abs(profits - cash) < 1e-6, `${profits} is not ${cash}`)
    }),
  )
})

test('what was held is worth, at each close, what it cost to come by and what prices did since', () => {
  // 10,000 less 10 at 100 is 9,000 in cash; at 110 the ten are worth 1,100.
  const days = { ...flat(dates.slice(0, 3), 100), ...flat(dates.slice(3), 110) }
  const { cash, equity, values } = worth(ledgerOf([fillOf(dates[1]!, 'A', 10, 100)], days))
  assert.deepEqual([...cash.slice(0, 4)], [10_000, 9000, 9000, 9000])
  assert.deepEqual([...values.get('A')!.slice(0, 4)], [0, 1000, 1000, 1100])
  assert.deepEqual([...equity.slice(0, 4)], [10_000, 10_000, 10_000, 10_100])
})
