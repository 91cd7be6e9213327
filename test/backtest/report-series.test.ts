import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dateTicks } from '../../src/backtest/report-axes.ts'
import {
  drawdowns,
  extremeDays,
  monthlyReturns,
  rollingSharpe,
  turnoverByMonth,
} from '../../src/backtest/report-series.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import { fillOf } from '../support/fills.ts'

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found} is not ${expected}`)

test('[31] the first month starts with the initial capital, so that its first day is not missing', () => {
  // 100 at the start, 110 at the end of January, 99 at the end of February, 108.9 at the end of the next January.
  const dates = ['2019-01-30', '2019-01-31', '2019-02-28', '2020-01-31']
  const [first, second] = monthlyReturns(dates, [100, 110, 99, 108.9])
  assert.equal(first!.year, '2019')
  near(first!.months[0]!, 0.1)
  near(first!.months[1]!, -0.1)
  assert.equal(first!.months[2], null)
  near(first!.total, -0.01)
  near(second!.months[0]!, 0.1)
  near(second!.total, 0.1)
})

test('[31] all months, and all years, compound to the net return since the start', () => {
  const dates = sessionsBetween('XPAR', '2018-11-05', '2020-03-20')
  const equities = fc.array(fc.double({ min: 50, max: 200, noNaN: true }), {
    minLength: dates.length,
    maxLength: dates.length,
  })
  fc.assert(
    fc.property(equities, (equity) => {
      const years = monthlyReturns(dates, equity)
      const grown = (changes: readonly (number | null)[]) =>
        changes.reduce<number>((sum, one) => sum * (1 + (one ?? 0)), 1)
      near(grown(years.flatMap(({ months }) => months)), equity.at(-1)! / equity[0]!)
      near(grown(years.map(({ total }) => total)), equity.at(-1)! / equity[0]!)
    }),
    { numRuns: 20 },
  )
})

test('[32] the best and the worst day are those of their own return, not of the return since the start', () => {
  // +20 % on the first day; later days stand higher since the start and fell, and the last rose by less.
  const found = extremeDays(['d0', 'd1', 'd2', 'd3', 'd4'], [100, 120, 132, 118.8, 130])
  assert.deepEqual([found!.best.date, found!.worst.date], ['d1', 'd3'])
  near(found!.best.change, 0.2)
  near(found!.worst.change, -0.1)
  assert.equal(extremeDays(['d0'], [100]), null)
})

test('[36] a drawdown is the fall from the highest close, over as many days as it takes', () => {
  // No day loses more than 10 %, and the fall is 19 %.
  const found = drawdowns([100, 90, 81, 100, 101, 90.9])
  for (const [t, expected] of [0, 0.1, 0.19, 0, 0, 0.1].entries()) near(found[t]!, expected)
})

test('the rolling Sharpe ratio is that of the last returns, with the interval that theory gives to normal ones', () => {
  // Returns of +2 % and -1 % in turn: mean 0.005, deviation 0.015 * sqrt(60 / 59), skewness 0, kurtosis 1.
  const returns = Array.from({ length: 70 }, (_, i) => (i % 2 === 0 ? 0.02 : -0.01))
  const { sharpe, low, high } = rollingSharpe(returns, 60)
  assert.equal(sharpe.length, 71)
  assert.deepEqual([sharpe[59], low[59], high[59]], [null, null, null])
  const perDay = 0.005 / (0.015 * Math.sqrt(60 / 59))
  near(sharpe[60]!, perDay * Math.sqrt(252))
  // With kurtosis 1 and no skewness the variance of the ratio is 1 / 59.
  near(high[70]! - sharpe[70]!, 1.96 * Math.sqrt(252 / 59))
  near(sharpe[70]! - low[70]!, 1.96 * Math.sqrt(252 / 59))
})

test('turnover of a month is half of what was traded over the equity of the close before', () => {
  const dates = ['2020-01-30', '2020-01-31', '2020-02-03', '2020-03-02']
  // 400 bought on 1,000; 300 bought and 300 sold on 2,000; nothing in March.
  const fills = [
    fillOf('2020-01-31', 'A', 4, 100),
    fillOf('2020-02-03', 'A', -2, 150),
    fillOf('2020-02-03', 'B', 3, 100, { rate: 1 }),
  ]
  assert.deepEqual(turnoverByMonth(dates, [1000, 2000, 2000, 2000], fills), [
    { month: '2020-01', turnover: 0.2 },
    { month: '2020-02', turnover: 0.15 },
    { month: '2020-03', turnover: 0 },
  ])
})

test('a date axis names few days, months or years, and none at its left end', () => {
  const labels = (from: string, to: string, most: number) => [
    ...dateTicks(sessionsBetween('XNYS', from, to), most).values(),
  ]
  assert.deepEqual(labels('2019-01-02', '2020-12-11', 4), ['Jul 2019', 'Jan 2020', 'Jul 2020'])
  assert.ok(labels('2005-01-03', '2020-12-11', 7).every((label) => /^\d{4}$/.test(label)))
  assert.deepEqual(labels('2020-01-02', '2020-01-31', 4), ['6 Jan 2020', '16 Jan 2020', '29 Jan 2020'])
  assert.deepEqual(labels('2020-01-02', '2020-01-02', 4), ['2 Jan 2020'])
})
