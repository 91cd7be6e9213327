import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blockLength, forwardReturns, holdingReturn } from '../../src/backtest/decision-returns.ts'
import { clusteredInterval, clusteredMean } from '../../src/backtest/influence.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { fillOf } from '../support/fills.ts'
import { type Day, flat, marketOf } from '../support/world.ts'

const near = (found: number | null, expected: number) =>
  assert.ok(found !== null && Math.abs(found - expected) < 1e-12, `${found} is not ${expected}`)

const paris = sessionsBetween('XPAR', '2020-01-02', '2020-06-30')
/** Opens and closes by date, from closes that begin on the first session; each opens where the last one closed. */
const path = (closes: readonly number[]): Record<string, Day> =>
  Object.fromEntries(closes.map((close, i) => [paris[i]!, { open: closes[i - 1] ?? close, close }]))

// Sessions: Thu 2, Fri 3, Mon 6, Tue 7, Wed 8, Thu 9, Fri 10, ...
const asset = path([10, 10, 10.1, 10.2, 10.3, 10.4, 10.5, ...new Array<number>(30).fill(12)])
const index = path([100, 100, 101, 101, 101, 101, 102, ...new Array<number>(30).fill(100)])

function after(sessions: number, fills = [fillOf('2020-01-06', 'A', 5, 10)]) {
  const cut = (days: Record<string, Day>) => Object.fromEntries(Object.entries(days).slice(0, sessions))
  const { panel } = marketOf([
    { symbol: 'A', days: cut(asset) },
    { symbol: 'I', days: cut(index) },
  ])
  const last = panel.sessions.length - 1
  const found = forwardReturns({ panel, fills, last, benchmark: holdingReturn(panel, 'I') })
  return (side: string, horizon: number) => found.find((one) => one.side === side && one.sessions === horizon)!
}

test('[35] a decision is judged from its own fill over exactly 1, 5 and 20 sessions, whenever one looks', () => {
  // Bought at the open of Monday 6 January at 10; the index opened at 100. The fill's session is the first of the window.
  // 1: 10.1 against 101 -> +1 % and +1 %. 5, on Friday 10 January: 10.5 against 102 -> +5 % and +2 %. 20: 12 and 100.
  for (const sessions of [22, 37]) {
    const of = after(sessions)
    near(of('buy', 1).asset, 0.01)
    near(of('buy', 1).excess, 0)
    near(of('buy', 5).asset, 0.05)
    near(of('buy', 5).benchmark, 0.02)
    near(of('buy', 5).excess, 0.03)
    near(of('buy', 20).excess, 0.2)
    assert.deepEqual([of('buy', 20).count, of('buy', 20).ahead], [1, 1])
  }
})

test('[35] a window that is not over has no value, and no shorter one stands in for it', () => {
  // 21 sessions: the window of 20 needs the 22nd.
  const of = after(21)
  assert.deepEqual([of('buy', 20).count, of('buy', 20).tooRecent, of('buy', 20).asset], [0, 1, null])
  near(of('buy', 5).excess, 0.03)
  assert.deepEqual([after(6)('buy', 5).tooRecent, after(6)('buy', 1).count], [1, 1])
})

test('[37] the outcome of a decision is filled in once its sessions have passed', () => {
  const outcomes = [3, 6, 7, 21, 22].map((sessions) => {
    const of = after(sessions)
    return [of('buy', 1).excess, of('buy', 5).excess, of('buy', 20).excess].map((value) => value !== null)
  })
  assert.deepEqual(outcomes, [
    [true, false, false],
    [true, false, false],
    [true, true, false],
    [true, true, false],
    [true, true, true],
  ])
})

test('[35] nine lucky purchases on one day carry no interval and so no claim', () => {
  const fills = Array.from({ length: 9 }, (_, i) => fillOf('2020-01-06', 'A', 1 + i, 10))
  const found = after(37, fills)('buy', 5)
  assert.deepEqual([found.count, found.dates, found.low, found.high], [9, 1, null, null])
  assert.match(found.because!, /needs 20 dates; there are 1/)
})

test('sales are counted apart from purchases, and what the stop-loss sold apart from both', () => {
  const of = after(37, [
    fillOf('2020-01-06', 'A', 5, 10),
    fillOf('2020-01-07', 'A', -2, 10.1),
    fillOf('2020-01-08', 'A', -3, 10.2, { reason: 'stop' }),
  ])
  assert.deepEqual(
    (['buy', 'sell', 'stop'] as const).map((side) => of(side, 5).count),
    [1, 1, 1],
  )
  // Sold at 10.1 on Tuesday, the fifth close from there is Monday 13 January: 12 / 10.1, and the index 101 to 100.
  near(of('sell', 5).excess, 12 / 10.1 - 1 - (100 / 101 - 1))
})

test('a window counts splits, dividends and the exchange rate', () => {
  // Ten dollars at 1.25 dollars a euro is 8 euros. Two new shares for one, 0.50 dollars on each, 6 dollars at the end, at
  // 1.00 dollar a euro throughout the rest: (2 * 6 + 2 * 0.5) / 8 = 1.625.
  const dates = sessionsBetween('XNYS', '2020-01-02', '2020-01-10')
  const days = { ...flat(dates.slice(0, 3), 10), ...flat(dates.slice(3), 6) }
  days[dates[3]!] = { open: 5, close: 6, split: 2 }
  days[dates[4]!] = { open: 6, close: 6, dividend: 0.5 }
  const { panel } = marketOf([{ symbol: 'U', exchange: 'XNYS', currency: 'USD', days }], {
    usdPerEur: { [dates[0]!]: 1.25, [dates[3]!]: 1 },
  })
  const fills = [fillOf(dates[1]!, 'U', 1, 10, { rate: 0.8, currency: 'USD' })]
  const found = forwardReturns({ panel, fills, last: panel.sessions.length - 1, benchmark: null })
  near(found.find((one) => one.side === 'buy' && one.sessions === 5)!.asset, 0.625)
})

test('a benchmark whose exchange is closed at the fill counts from its last close', () => {
  // New York is closed on Monday 20 January 2020, Paris is not.
  const days = flat(['2020-01-17', '2020-01-20', '2020-01-21'], 10)
  const { panel } = marketOf([
    { symbol: 'A', days },
    {
      symbol: 'I',
      exchange: 'XNYS',
      days: { '2020-01-17': { open: 90, close: 100 }, '2020-01-21': { open: 104, close: 110 } },
    },
  ])
  near(holdingReturn(panel, 'I')(1, 2), 0.1)
  near(holdingReturn(panel, 'I')(2, 2), 110 / 104 - 1)
})

test('the pull of a date is its share of the deviation from the mean of all decisions', () => {
  // Sums 3 of one decision and 1 of three: mean 4 / 4 = 1. Pulls (3 - 1) / 2 and (1 - 3) / 2.
  assert.deepEqual(
    clusteredMean([
      { sum: 3, count: 1 },
      { sum: 1, count: 3 },
    ]),
    { mean: 1, influences: [1, -1] },
  )
})

for (const [name, dates, perDate, sessions] of [
  ['60 dates of ten decisions that share their day', 60, 10, 1],
  ['25 dates of one decision', 25, 1, 1],
  ['200 daily dates whose windows of 20 sessions overlap', 200, 3, 20],
] as const) {
  test(`the 95 % interval covers the truth about 95 times of 100: ${name}`, () => {
    const random = randomFrom('coverage', name)
    const worlds = 300
    const together = blockLength([...Array(dates).keys()], sessions)
    let covered = 0
    for (let world = 0; world < worlds; world++) {
      // Each session has a shock of its own; a decision's outcome is the sum over its window and a little noise of its own.
      const shocks = Array.from({ length: dates + sessions }, () => randomNormal(random))
      const clusters = Array.from({ length: dates }, (_, date) => {
        const shared = shocks.slice(date, date + sessions).reduce((sum, value) => sum + value, 0)
        let sum = 0
        for (let i = 0; i < perDate; i++) sum += shared + 0.5 * randomNormal(random)
        return { sum, count: perDate }
      })
      const { mean, influences } = clusteredMean(clusters)
      const { low, high } = clusteredInterval(mean, influences, { blockLength: together, seed: world })
      if (low! <= 0 && high! >= 0) covered++
    }
    const share = covered / worlds
    assert.ok(share > 0.9 && share < 0.99, `covered ${share}`)
  })
}
