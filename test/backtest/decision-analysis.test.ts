import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decisionAnalysis } from '../../src/backtest/decision-analysis.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import type { Fill, Order } from '../../src/portfolio/holdings.ts'
import { reportOf } from '../support/backtest-report.ts'
import { fillOf } from '../support/fills.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import { bookOf, type Day, flat, marketOf } from '../support/world.ts'

const dates = sessionsBetween('XPAR', '2020-01-02', '2020-07-31')
const assets = [
  { symbol: 'A', days: flat(dates, 100) },
  { symbol: 'B', days: flat(dates, 50) },
]
const book = bookOf(assets, {
  initialCash: 10_000,
  benchmarks: [{ policy: 'buy-and-hold:B', shortName: 'Bee' }],
})
const market = marketOf(assets, { book })

function decided(sessions: number, fills: readonly Fill[], orders: readonly Order[], turnover = 0) {
  const equity = new Float64Array(sessions).fill(10_000)
  return { firstSession: 0, equity, fills, orders, dividends: [], turnover }
}

function orderOf(fill: Fill, decidedOn: string): Order {
  const { orderId: id, symbol, quantity } = fill
  const common = { id, symbol, decidedOn, reason: 'policy', waited: 0 } as const
  return quantity > 0
    ? { ...common, side: 'buy', amountCents: Math.round(quantity * fill.price * 100) }
    : { ...common, side: 'sell', quantity: -quantity }
}

test('turnover and costs are told by the year, from 60 returns on', () => {
  // 61 sessions are 60 returns: turnover 0.5 in 60 is 2.1 in 252. Costs of 20 on 10,000 are 0.2 %, so 0.84 % a year.
  const fill = fillOf(dates[1]!, 'A', 50, 100, { costs: { commission: 15, tax: 5 } })
  const of = (sessions: number) =>
    decisionAnalysis({
      market,
      decided: decided(sessions, [fill], [orderOf(fill, dates[0]!)], 0.5),
      benchmark: null,
      guarded: true,
    })
  assert.ok(Math.abs(of(61).turnoverPerYear! - 2.1) < 1e-12)
  assert.ok(Math.abs(of(61).costsPerYear! - 0.0084) < 1e-12)
  assert.deepEqual([of(60).turnoverPerYear, of(60).costsPerYear], [null, null])
  assert.equal(of(61).benchmark, 'Bee')
})

test('an order that was never filled was decided but is not judged', () => {
  const fill = fillOf(dates[1]!, 'A', 10, 100)
  const lost: Order = { ...orderOf(fillOf(dates[2]!, 'B', 10, 50), dates[1]!), id: 'lost' }
  const found = decisionAnalysis({
    market,
    decided: decided(20, [fill], [orderOf(fill, dates[0]!), lost]),
    benchmark: null,
    guarded: true,
  })
  assert.deepEqual([found.orders, found.filled], [2, 1])
  assert.equal(
    found.forward.reduce((sum, { count, tooRecent }) => sum + count + tooRecent, 0),
    3,
  )
})

test('fills without the orders that they came from are refused, since cash and caps would be judged wrongly', () => {
  const input = { market, decided: decided(20, [fillOf(dates[1]!, 'A', 10, 100)], []), benchmark: null, guarded: true }
  assert.throws(() => decisionAnalysis(input), /keepOrders/)
})

test('reasons are looked at where there are some', () => {
  const of = (reasoning: readonly { readonly date: string; readonly text: string }[]) =>
    decisionAnalysis({ market, decided: decided(5, [], []), benchmark: null, guarded: true, reasoning }).keywords
  assert.equal(of([]), null)
  assert.equal(of([{ date: dates[0]!, text: 'Cash is king.' }])!.texts, 1)
})

test('a control that holds cash has all its closes above the ceiling, and the price of that is what the benchmark made', async () => {
  const days: Record<string, Day> = Object.fromEntries(
    dates.map((date, i) => [date, { open: 100 + i, close: 100 + i }]),
  )
  const rising = [{ symbol: 'B', days }]
  const risingMarket = marketOf(rising, { book: { ...book, instruments: bookOf(rising).instruments } })
  const benchmark = Float64Array.from({ length: 11 }, (_, i) => 100 + i)
  const { cash } = decisionAnalysis({ market: risingMarket, decided: decided(11, [], []), benchmark, guarded: true })
  assert.deepEqual([cash.aboveCeiling, cash.drag, cash.capBound, cash.meanCashWeight], [11, 11, 0, 1])
  // History is too short for a regime, so it is normal, with a ceiling of 30 %: 70 % of each day's rise.
  const risen = Array.from({ length: 10 }, (_, i) => 1 / (100 + i)).reduce((sum, value) => sum + value, 0)
  assert.ok(Math.abs(cash.forgone!.drag - 0.7 * risen) < 1e-12)
})

test('holdings rebuilt from the fills of real markets are worth what the simulation says at every close', {
  skip: sharedAbsent,
}, async () => {
  const { report } = await reportOf({
    policy: 'random:7',
    from: '2019-01-02',
    to: '2020-12-11',
    market: `csv:${sharedPath('bars/allocator_2018_2020')}`,
  })
  assert.ok(report.fills.length > 100 && report.dividends > 0)
  for (const t of report.dates.keys()) {
    const whole = report.weights.series.reduce((sum, { shares }) => sum + shares[t]!, report.weights.cash[t]!)
    assert.ok(Math.abs(whole - 1) < 1e-9, `${report.dates[t]}: assets and cash are ${whole} of equity`)
  }
})
