import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cashDrag } from '../../src/backtest/cash-drag.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import type { Order } from '../../src/portfolio/holdings.ts'
import { fillOf } from '../support/fills.ts'
import { flat, marketOf } from '../support/world.ts'

// Monday 6 to Friday 10 January, and Monday 13.
const dates = sessionsBetween('XPAR', '2020-01-06', '2020-01-13')
const { panel } = marketOf([{ symbol: 'A', days: flat(dates, 100) }])
const limits = {
  cashCeiling: { high: 0.5, normal: 0.3, low: 0.2 },
  tradesPerWeek: { high: 2, normal: 3, low: 4 },
}

function buy(date: string, index: number, amountCents: number): Order {
  return { id: `${date}/${index}`, symbol: 'A', side: 'buy', amountCents, decidedOn: date, reason: 'policy', waited: 0 }
}

function dragOf(cash: readonly number[], more: Partial<Parameters<typeof cashDrag>[0]> = {}) {
  return cashDrag({
    panel,
    first: 0,
    cash: Float64Array.from(cash),
    equity: new Float64Array(cash.length).fill(1000),
    orders: [],
    fills: [],
    limits,
    volatility: () => 'normal',
    guarded: true,
    benchmark: null,
    ...more,
  })
}

test('cash above the ceiling of the regime is drag, cash at the ceiling is not', () => {
  const found = dragOf([400, 301, 300, 200])
  assert.deepEqual([found.aboveCeiling, found.drag, found.capBound], [2, 2, 0])
  assert.ok(Math.abs(found.meanCashWeight - 0.30025) < 1e-12)
  // In high volatility the ceiling is 50 %.
  assert.equal(dragOf([400, 501], { volatility: () => 'high' }).aboveCeiling, 1)
})

test('once the trades of the week are used up, cash above the ceiling is the cap’s doing, until the next Monday', () => {
  // Three trades by Tuesday, the cap in normal volatility; what they buy is filled on Wednesday at the latest.
  const orders = [buy(dates[0]!, 1, 100), buy(dates[0]!, 2, 100), buy(dates[1]!, 1, 100)]
  const found = dragOf([900, 800, 700, 700, 700, 700], { orders })
  assert.deepEqual([found.drag, found.capBound], [2, 4])
  // Without guardrails there is no cap to blame.
  assert.deepEqual(dragOf([900, 800, 700, 700, 700, 700], { orders, guarded: false }).drag, 6)
})

test('cash that a waiting order will spend does not lie idle', () => {
  const orders = [buy(dates[0]!, 1, 80_000)]
  assert.deepEqual(dragOf([1000, 1000, 200], { orders }).drag, 1)
  // Its exchange gave no price on Tuesday: filled on Wednesday.
  const fills = [fillOf(dates[2]!, 'A', 8, 100, { orderId: `${dates[0]}/1` })]
  assert.deepEqual(dragOf([1000, 1000, 200], { orders, fills }).drag, 0)
})

test('the price of the drag is what the cash above the ceiling would have earned in the benchmark', () => {
  // 40 % too much on Monday, the benchmark made 5 % by Tuesday; then 20 % too much, and it lost 10 %: 0.02 - 0.02.
  const found = dragOf([700, 500, 300], { benchmark: Float64Array.from([100, 105, 94.5]) })
  assert.ok(Math.abs(found.forgone!.drag) < 1e-12)
  assert.ok(
    Math.abs(dragOf([700, 300, 300], { benchmark: Float64Array.from([100, 105, 94.5]) }).forgone!.drag - 0.02) < 1e-12,
  )
  assert.equal(dragOf([700]).forgone, null)
})
