import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { line, type MarketLines, weekdays, writeMarket } from '../support/market-files.ts'
import { recompute, type Walk } from '../support/stranger.ts'
import { type RawBook, readRawMarket } from '../support/stranger-market.ts'
import type { Report } from '../support/stranger-report.ts'

// One event at a time in an invented market of flat prices: a tax, a halt, a dividend, a split.

const scratch = mkdtempSync(join(tmpdir(), 'primer-events-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0

type Asked = Omit<BacktestOptions, 'book' | 'market'>

async function audited(lines: MarketLines, terms: RawBook, asked: Asked): Promise<{ report: Report; walk: Walk }> {
  const folder = writeMarket(join(scratch, `market-${++folders}`), lines)
  const book = writeBook(join(folder, 'book.json'), terms)
  const report = await runBacktest({ ...asked, book, market: `csv:${folder}` })
  const walk = recompute(report, { market: readRawMarket(folder), book: terms }, asked)
  assert.deepEqual(walk.faults.slice(0, 10), [], JSON.stringify(asked))
  return { report, walk }
}

/** Flat prices, so that a single event can be told from everything else. */
function flatMarket(
  changes: Readonly<Record<string, ReturnType<typeof line>[]>>,
  from: string,
  to: string,
): MarketLines {
  const days = weekdays(from, to)
  const flat = (price: number) => days.map((date) => line(date, price, price))
  return {
    SPY: flat(500),
    'MC.PA': flat(700),
    'AIR.PA': flat(150),
    'EURUSD=X': flat(1.25),
    ...changes,
  }
}

const three = ['SPY', 'MC.PA', 'AIR.PA'].map((symbol) => instrument(symbol, { taxed: symbol !== 'AIR.PA' }))

test('a purchase pays the tax of the day it is filled: 30 bps until 31 March 2025, 40 from 1 April', async () => {
  for (const { from, fillDate, bps } of [
    { from: '2025-03-28', fillDate: '2025-03-31', bps: 30 },
    { from: '2025-03-31', fillDate: '2025-04-01', bps: 40 },
  ]) {
    const market = flatMarket({}, '2025-03-20', '2025-04-10')
    const { report } = await audited(market, bookOf(three), { policy: 'equal-weight', from, to: '2025-04-03' })
    const costs = new Map(report.fills.map((fill) => [`${fill.date} ${fill.symbol}`, fill.costs]))
    const bought = report.fills.find(({ symbol }) => symbol === 'MC.PA')!
    assert.ok(Math.abs(bought.costs.tax! - (bought.quantity * 700 * bps) / 10_000) < 1e-9)
    assert.equal(costs.get(`${fillDate} AIR.PA`)?.tax ?? 0, 0, 'Airbus is Dutch')
    assert.equal(costs.get(`${fillDate} SPY`)?.tax ?? 0, 0)
  }
})

test('a buy of a halted share waits for its next open, and expires after five sessions without one', async () => {
  const days = weekdays('2025-02-03', '2025-03-14')
  const halted = (count: number) =>
    days.filter((_, index) => index < 11 || index >= 11 + count).map((date) => line(date, 700, 700))
  // The first session is 2025-02-17 (place 10), so every order is for 2025-02-18, when the halt begins.
  for (const { count, filledOn } of [
    { count: 1, filledOn: '2025-02-19' },
    { count: 4, filledOn: '2025-02-24' },
    { count: 5, filledOn: null },
  ]) {
    const market = flatMarket({ 'MC.PA': halted(count) }, '2025-02-03', '2025-03-14')
    const asked = { policy: 'buy-and-hold:MC.PA', from: '2025-02-17', to: '2025-02-25' }
    const { report } = await audited(market, bookOf(three), asked)
    const first = report.fills.find((fill) => fill.order === '2025-02-17/1')
    assert.equal(first?.date ?? null, filledOn, `halted for ${count} sessions`)
    assert.equal(
      report.lapsed.some((text) => text.startsWith('expired') && text.includes('2025-02-17/1')),
      filledOn === null,
    )
  }
})

test('a dividend on the day of a purchase belongs to who held before, and one on the day of a sale still comes', async () => {
  // Airbus halves after the purchase and the others stand, so that the daily 1/N buys Airbus and sells LVMH on the ex-date of both.
  const days = weekdays('2025-02-03', '2025-03-14')
  const airbus = days.map((date, index) =>
    line(date, index < 12 ? 150 : 75, index < 12 ? 150 : 75, { dividend: index === 11 || index === 13 ? 3 : 0 }),
  )
  const lvmh = days.map((date, index) => line(date, 700, 700, { dividend: index === 13 ? 5.5 : 0 }))
  const market = flatMarket({ 'AIR.PA': airbus, 'MC.PA': lvmh }, '2025-02-03', '2025-03-14')
  const { report } = await audited(market, bookOf(three), {
    policy: 'equal-weight',
    rebalance: 'daily',
    from: days[10]!,
    to: days[14]!,
  })
  const bought = report.fills.filter(({ date }) => date === days[11])
  assert.equal(bought.length, 3, 'all are bought on the ex-date of Airbus')
  assert.deepEqual(
    report.dividends.map(({ date, symbol, quantity }) => [date, symbol, quantity]),
    [
      [days[13], 'MC.PA', bought.find(({ symbol }) => symbol === 'MC.PA')!.quantity],
      [days[13], 'AIR.PA', bought.find(({ symbol }) => symbol === 'AIR.PA')!.quantity],
    ],
    'nothing for the shares bought on 18 February, and on the 20th the shares of the evening before count',
  )
  const traded = report.fills.filter(({ date }) => date === days[13])
  assert.ok(traded.some(({ symbol, quantity }) => symbol === 'MC.PA' && quantity < 0))
  assert.ok(traded.some(({ symbol, quantity }) => symbol === 'AIR.PA' && quantity > 0))
})

test('a sale that waits over a split sells the same part of the position', async () => {
  // Airbus doubles at the close of place 12 and splits two for one before the open of place 13, at which the sale is filled.
  const days = weekdays('2025-02-03', '2025-03-14')
  const price = (index: number) => (index < 12 ? 150 : index === 12 ? 300 : 150)
  const airbus = days.map((date, index) =>
    line(date, index === 12 ? 150 : price(index), price(index), { split: index === 13 ? 2 : 1 }),
  )
  const market = flatMarket({ 'AIR.PA': airbus }, '2025-02-03', '2025-03-14')
  const asked = { policy: 'equal-weight', rebalance: 'daily', from: days[10]!, to: days[13]! } as const
  const { report, walk } = await audited(market, bookOf(three), asked)
  const sale = report.fills.find(({ quantity }) => quantity < 0)!
  assert.deepEqual([sale.date, sale.symbol, sale.order.slice(0, 10)], [days[13], 'AIR.PA', days[12]])
  const before = walk.days.find(({ date }) => date === days[12])!
  // What was too much at 300 EUR a share, in shares of half that size.
  const tooMuch = (before.quantities.get('AIR.PA')! * 300 - before.equity / 3) / 300
  assert.ok(Math.abs(-sale.quantity - tooMuch * 2) <= 0.0002, `sold ${-sale.quantity}, expected ${tooMuch * 2}`)
})

test('a sale that waits over an odd split still sells whole steps of 0.0001 shares', async () => {
  // As above, but with eleven new shares for ten old ones, and of one new for eight.
  const days = weekdays('2025-02-03', '2025-03-14')
  for (const ratio of [1.1, 0.125]) {
    const airbus = days.map((date, index) => {
      const price = index < 12 ? 150 : index === 12 ? 300 : 300 / ratio
      return line(date, index === 12 ? 150 : price, price, { split: index === 13 ? ratio : 1 })
    })
    const market = flatMarket({ 'AIR.PA': airbus }, '2025-02-03', '2025-03-14')
    const asked = { policy: 'equal-weight', rebalance: 'daily', from: days[10]!, to: days[13]! } as const
    const { report } = await audited(market, bookOf(three), asked)
    assert.equal(report.fills.filter(({ quantity }) => quantity < 0).length, 1)
  }
})

test('a share that splits while it is halted is valued in new shares at once', async () => {
  // Two for one on the second of three days without trading: twice the shares at half of the last close.
  const days = weekdays('2025-02-03', '2025-03-14')
  const halted = days.slice(13, 16)
  const lvmh = days.map((date) => {
    if (halted.includes(date)) return line(date, Number.NaN, Number.NaN, { split: date === days[14] ? 2 : 1 })
    return date < halted[0]! ? line(date, 700, 700) : line(date, 350, 350)
  })
  const market = flatMarket({ 'MC.PA': lvmh }, '2025-02-03', '2025-03-14')
  const { report } = await audited(market, bookOf(three), {
    policy: 'buy-and-hold:MC.PA',
    from: days[10]!,
    to: days[18]!,
  })
  const values = report.equity.slice(1).map(([, value]) => value)
  assert.equal(report.equity.length, 9)
  for (const value of values) assert.ok(Math.abs(value - values[0]!) < 1e-9, values.join())
})

test('a dividend on the day of a split is paid on the shares of the evening before', async () => {
  // Ten new shares for one, and EUR 5 a share on the same morning.
  const days = weekdays('2025-02-03', '2025-03-14')
  const lvmh = days.map((date, index) =>
    index < 13 ? line(date, 700, 700) : line(date, 70, 70, index === 13 ? { split: 10, dividend: 5 } : {}),
  )
  const market = flatMarket({ 'MC.PA': lvmh }, '2025-02-03', '2025-03-14')
  const asked = { policy: 'buy-and-hold:MC.PA', from: days[10]!, to: days[14]! }
  const { report } = await audited(market, bookOf(three), asked)
  assert.equal(report.dividends.length, 1)
})

test('bars that the program will not use are told, and never left out in silence', async () => {
  // A file from a month ago until a month from now: either all of it is used, or a note says what was dropped.
  const inDays = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10)
  const days = weekdays(inDays(-30), inDays(30))
  const folder = writeMarket(join(scratch, 'later'), { 'AIR.PA': days.map((date) => line(date, 150, 150)) })
  const book = writeBook(join(folder, 'book.json'), bookOf([instrument('AIR.PA', { taxed: false })]))
  const asked = { policy: 'equal-weight', from: days[0]!, to: days.at(-1)! }
  const report = await runBacktest({ ...asked, book, market: `csv:${folder}` })
  const told = report.notes.some((note) => note.includes('AIR.PA') && !note.includes('calendar'))
  assert.ok(told || report.to === days.at(-1), `the last session is ${report.to}; notes: ${report.notes.join(' ')}`)
})
