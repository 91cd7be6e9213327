import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { allocatorBook, bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { line, weekdays, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import { recompute, type Walk } from '../support/stranger.ts'
import { closeOn, type Evidence, opensOf, type RawBook, rateOn, readRawMarket } from '../support/stranger-market.ts'
import type { Report, ReportedFill } from '../support/stranger-report.ts'

// What the controls and the guardrails promise, checked order by order on the portfolio that the stranger rebuilt.

const scratch = mkdtempSync(join(tmpdir(), 'primer-promises-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
const folder = sharedPath('bars/allocator_2018_2020')
const twoYears = { from: '2019-01-01', to: '2020-12-31' } as const

type Run = { readonly report: Report; readonly walk: Walk; readonly evidence: Evidence }

async function runOf(book: RawBook, asked: Omit<BacktestOptions, 'book' | 'market'>, market = folder): Promise<Run> {
  const file = writeBook(join(scratch, 'book.json'), book)
  const report = await runBacktest({ ...asked, book: file, market: `csv:${market}` })
  const evidence = { market: readRawMarket(market), book }
  const walk = recompute(report, evidence, asked)
  assert.deepEqual(walk.faults.slice(0, 10), [], asked.policy)
  return { report, walk, evidence }
}

const decidedOn = (fill: ReportedFill) => fill.order.slice(0, 10)

/** Monday of the week of a date: two dates share an ISO week when they share their Monday. */
function mondayOf(date: string): string {
  const at = Date.parse(`${date}T00:00:00Z`)
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
}

test('buy-and-hold puts every EUR 100 of cash into its asset at the next open, and does nothing else', {
  skip: sharedAbsent,
}, async (t) => {
  for (const symbol of ['SPY', 'MC.PA']) {
    await t.test(symbol, async () => {
      const asked = { policy: `buy-and-hold:${symbol}`, from: '2018-01-01', to: '2020-12-31' }
      const { report, walk, evidence } = await runOf({ ...allocatorBook(), initialCash: 100_000 }, asked)
      const opens = opensOf(evidence.market, symbol)
      const expected = walk.days
        .filter(({ cash, date }) => cash >= 100 && opens.some((open) => open > date))
        .map(({ date, cash }) => ({ date, cash, open: opens.find((open) => open > date)! }))
        // On a day when the asset's exchange stays closed the order of the evening before still waits.
        .filter(({ open }, index, all) => all[index - 1]?.open !== open)
      assert.deepEqual(
        report.fills.map((fill) => [fill.symbol, decidedOn(fill), fill.date]),
        expected.map(({ date, open }) => [symbol, date, open]),
      )
      for (const [index, { cash }] of expected.entries()) {
        const { price, rate, cashChange } = report.fills[index]!
        // One more step of 0.0001 shares, with its costs, would have been too much.
        assert.ok(-cashChange <= cash && -cashChange + 0.0001 * price * rate * 1.0045 > cash - 0.01)
      }
      assert.ok(report.fills.length > 5, 'dividends were reinvested')
    })
  }
})

test('the 1/N decides first at the close of the first session, then on the first session of each month, or week', {
  skip: sharedAbsent,
}, async () => {
  for (const [rebalance, period] of [
    ['monthly', (date: string) => date.slice(0, 7)],
    ['weekly', mondayOf],
  ] as const) {
    const { report, walk } = await runOf(allocatorBook(), { policy: 'equal-weight', rebalance, ...twoYears })
    const first = walk.days[0]!.date
    assert.deepEqual(new Set(report.fills.slice(0, 20).map(decidedOn)), new Set([first]))
    assert.deepEqual(new Set(report.fills.slice(0, 20).map(({ date }) => date)), new Set([walk.days[1]!.date]))
    const dates = walk.days.map(({ date }) => date)
    for (const fill of report.fills) {
      const place = dates.indexOf(decidedOn(fill))
      assert.ok(place === 0 || period(dates[place - 1]!) !== period(dates[place]!), `${rebalance}: ${fill.order}`)
    }
    assert.ok(report.fills.length > 30, `${rebalance}: it rebalanced`)
  }
})

const inAllRegimes = (limit: number) => ({ high: limit, normal: limit, low: limit })
/** The same limits in all regimes, so that they can be checked without knowing the regime. */
const limits = { stopLoss: 0.05, tradesPerWeek: 2, maxWeight: 0.25, cashFloor: 0.2, holding: 5, cooldown: 10 }

function uniformBook(): RawBook {
  const book = allocatorBook()
  return {
    ...book,
    limits: {
      ...(book.limits as object),
      stopLoss: inAllRegimes(limits.stopLoss),
      tradesPerWeek: inAllRegimes(limits.tradesPerWeek),
      cashFloor: inAllRegimes(limits.cashFloor),
    },
  }
}

const runs = new Map<string, Promise<Run>>()

/** Two years of a policy under these limits; each is run once. */
function guardedRun(policy: string): Promise<Run> {
  const run = runs.get(policy) ?? runOf(uniformBook(), { policy, guardrails: 'book', ...twoYears })
  runs.set(policy, run)
  return run
}

const guarded = ['random:1', 'random:2', 'random:3', 'cvar', 'buy-and-hold:AIR.PA']

test('under the guardrails no week has more trades than it may, and no trade comes too soon', {
  skip: sharedAbsent,
}, async (t) => {
  for (const policy of guarded) {
    await t.test(policy, async () => {
      const { report, walk } = await guardedRun(policy)
      const place = new Map(walk.days.map(({ date }, index) => [date, index]))
      const sessionsBetween = (from: string, to: string) => place.get(to)! - place.get(from)!
      const opened = new Map<string, string>()
      const closed = new Map<string, string>()
      for (const fill of report.fills) {
        const day = walk.days[place.get(fill.date)!]!
        const before = walk.days[place.get(fill.date)! - 1]!
        if (fill.reason === 'policy') {
          const earlier = report.fills.filter(
            (other) => other.order < fill.order && mondayOf(decidedOn(other)) === mondayOf(decidedOn(fill)),
          )
          assert.ok(earlier.length < limits.tradesPerWeek, `${fill.order} comes after ${earlier.length} in its week`)
        }
        if (fill.quantity > 0 && !before.quantities.has(fill.symbol)) {
          const exit = closed.get(fill.symbol)
          const waited = exit === undefined ? limits.cooldown : sessionsBetween(exit, fill.date)
          assert.ok(
            waited >= limits.cooldown,
            `${fill.symbol} is back on ${fill.date}, ${waited} sessions after its sale`,
          )
          opened.set(fill.symbol, fill.date)
        }
        if (fill.quantity < 0) {
          const sessions = sessionsBetween(opened.get(fill.symbol)!, fill.date)
          if (fill.reason === 'policy') {
            assert.ok(sessions >= limits.holding, `${fill.symbol} is sold on ${fill.date} after ${sessions} sessions`)
          }
          if (!day.quantities.has(fill.symbol)) closed.set(fill.symbol, fill.date)
        }
      }
      assert.ok(report.fills.length > 8)
    })
  }
})

test('under the guardrails no buy is decided beyond a quarter of the equity or below the cash floor', {
  skip: sharedAbsent,
}, async (t) => {
  for (const policy of guarded) {
    await t.test(policy, async () => {
      const { report, walk, evidence } = await guardedRun(policy)
      const spent = (fill: ReportedFill) => fill.wanted ?? -fill.cashChange
      for (const { date, cash, equity, quantities } of walk.days) {
        const waiting = report.fills.filter((fill) => fill.quantity > 0 && decidedOn(fill) <= date && fill.date > date)
        const decided = waiting.filter((fill) => decidedOn(fill) === date)
        if (decided.length === 0) continue
        const left = cash - waiting.reduce((sum, fill) => sum + spent(fill), 0)
        assert.ok(left >= limits.cashFloor * equity - 0.01, `${date}: ${left} of ${equity} would be left in cash`)
        for (const { symbol, currency } of decided) {
          const bought = waiting.filter((fill) => fill.symbol === symbol).reduce((sum, fill) => sum + spent(fill), 0)
          const held =
            (quantities.get(symbol) ?? 0) * closeOn(evidence, symbol, date) * rateOn(evidence, currency, date)
          assert.ok(held + bought <= limits.maxWeight * equity + 0.01, `${date}: ${held + bought} of ${symbol}`)
        }
      }
    })
  }
})

test('a close 5 % below the average cost sells the whole position at the next open, however young it is', {
  skip: sharedAbsent,
}, async (t) => {
  let young = 0
  for (const policy of guarded) {
    await t.test(policy, async () => {
      const { report, walk, evidence } = await guardedRun(policy)
      const waiting = new Set<string>()
      const expected: string[] = []
      for (const [index, { date, averageCosts, quantities }] of walk.days.entries()) {
        for (const { symbol } of walk.days[index]!.fills) waiting.delete(symbol)
        for (const [symbol, averageCost] of averageCosts) {
          if (closeOn(evidence, symbol, date) > averageCost * (1 - limits.stopLoss) || waiting.has(symbol)) continue
          const open = opensOf(evidence.market, symbol).find((day) => day > date)
          if (open === undefined) continue
          waiting.add(symbol)
          expected.push(`${date} ${symbol} ${quantities.get(symbol)!.toFixed(4)} at the open of ${open}`)
          if (!walk.days.slice(Math.max(0, index - 4), index).every((day) => day.quantities.has(symbol))) young++
        }
      }
      const stops = report.fills
        .filter(({ reason }) => reason === 'stop')
        .map((fill) => `${decidedOn(fill)} ${fill.symbol} ${(-fill.quantity).toFixed(4)} at the open of ${fill.date}`)
      assert.deepEqual(stops.sort(), expected.sort())
      assert.ok(stops.length > 0)
    })
  }
  assert.ok(young > 0, 'some were sold within the minimum holding')
})

test('in any regime a week has at most four trades, a tenth stays in cash, and a close 7 % under cost is a sale', {
  skip: sharedAbsent,
}, async () => {
  for (const policy of ['random:11', 'random:12', 'random:13']) {
    const { report, walk, evidence } = await runOf(allocatorBook(), { policy, ...twoYears })
    const weeks = Map.groupBy(
      report.fills.filter(({ reason }) => reason === 'policy'),
      (fill) => mondayOf(decidedOn(fill)),
    )
    for (const [week, fills] of weeks) assert.ok(fills.length <= 4, `${policy}: ${fills.length} in the week of ${week}`)
    for (const { date, cash, equity, averageCosts } of walk.days.slice(0, -1)) {
      const decided = report.fills.filter((fill) => decidedOn(fill) === date)
      const buys = decided.filter(({ quantity }) => quantity > 0)
      const left = cash - buys.reduce((sum, { cashChange }) => sum - cashChange, 0)
      assert.ok(buys.length === 0 || left >= 0.1 * equity - 0.01, `${policy}: ${left} on ${date}`)
      for (const [symbol, averageCost] of averageCosts) {
        const fall = 1 - closeOn(evidence, symbol, date) / averageCost
        const sells = report.fills.filter(
          (fill) => fill.symbol === symbol && fill.quantity < 0 && decidedOn(fill) <= date && fill.date > date,
        )
        if (fall >= 0.07) assert.ok(sells.length > 0, `${policy}: ${symbol} on ${date}, ${fall} below its cost`)
        const stops = decided.filter((fill) => fill.symbol === symbol && fill.reason === 'stop')
        if (fall < 0.03) assert.equal(stops.length, 0, `${policy}: ${symbol} on ${date}, only ${fall} below its cost`)
      }
    }
  }
})

test('a stopped share that is halted waits for its next open, and no second sale is given meanwhile', async () => {
  // Bought on the second session at 150; the close of that day is 130, 13 % below. Then no open for three sessions.
  const days = weekdays('2025-02-03', '2025-03-14')
  const halted = days.slice(12, 15)
  const market = writeMarket(join(scratch, 'halted'), {
    SPY: days.map((date) => line(date, 500, 500)),
    'AIR.PA': days
      .filter((date) => !halted.includes(date))
      .map((date) => (date < days[11]! ? line(date, 150, 150) : line(date, date === days[11] ? 150 : 120, 130))),
    'EURUSD=X': days.map((date) => line(date, 1.25, 1.25)),
  })
  const book = bookOf([instrument('SPY'), instrument('AIR.PA', { taxed: false })])
  const asked = { policy: 'buy-and-hold:AIR.PA', guardrails: 'book', from: days[10]!, to: days[18]! } as const
  const { report } = await runOf(book, asked, market)
  const sales = report.fills.filter(({ quantity }) => quantity < 0)
  // A quarter of 10,000 at 150 * 1.0008 is 16.6533 shares.
  assert.deepEqual(
    sales.map((fill) => [fill.symbol, fill.quantity, fill.price, fill.date, decidedOn(fill), fill.reason]),
    [['AIR.PA', -16.6533, 120, days[15], days[11], 'stop']],
  )
  assert.deepEqual(report.lapsed, [])
})
