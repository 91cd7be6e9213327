import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { allocatorBook, bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { readLines, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import { recompute, type Walk } from '../support/stranger.ts'
import { type RawBook, type RawMarket, readRawMarket } from '../support/stranger-market.ts'
import type { Report } from '../support/stranger-report.ts'

// A stranger reads the raw price files and the book, and recomputes what the backtest printed: test/support/stranger.ts.

const parisAndNewYork = sharedPath('bars/allocator_2018_2020')
const usFunds = sharedPath('bars/us_etf_2005_2020')
const scratch = mkdtempSync(join(tmpdir(), 'primer-recompute-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

type Case = Pick<BacktestOptions, 'policy' | 'from' | 'to' | 'guardrails' | 'rebalance'>
type Place = { readonly folder: string; readonly book: string; readonly market: RawMarket; readonly terms: RawBook }

async function audited(place: Place, asked: Case): Promise<{ report: Report; walk: Walk }> {
  const report = await runBacktest({ ...asked, book: place.book, market: `csv:${place.folder}` })
  const walk = recompute(report, { market: place.market, book: place.terms }, asked)
  assert.deepEqual(walk.faults.slice(0, 10), [], JSON.stringify(asked))
  return { report, walk }
}

function allocatorPlace(): Place {
  return {
    folder: parisAndNewYork,
    book: 'allocator',
    market: readRawMarket(parisAndNewYork),
    terms: allocatorBook(),
  }
}

const years = { from: '2019-01-01', to: '2020-12-31' } as const
const cases: readonly Case[] = [
  { policy: 'equal-weight', from: '2018-01-01', to: '2020-12-31' },
  { policy: 'equal-weight', rebalance: 'weekly', ...years },
  { policy: 'equal-weight', rebalance: 'daily', from: '2020-01-15', to: '2020-06-15' },
  { policy: 'buy-and-hold:SPY', ...years },
  { policy: 'buy-and-hold:MC.PA', from: '2018-01-01', to: '2020-12-31' },
  { policy: 'buy-and-hold:AIR.PA', guardrails: 'book', ...years },
  { policy: 'random:1', ...years },
  { policy: 'random:1', guardrails: 'none', ...years },
  { policy: 'random:20', from: '2018-01-01', to: '2018-12-31' },
  { policy: 'cvar', from: '2019-06-03', to: '2020-06-30' },
  { policy: 'cvar', guardrails: 'none', rebalance: 'monthly', ...years },
  { policy: 'do-nothing', ...years },
  // A range that starts and ends on holidays, and one of two sessions.
  { policy: 'equal-weight', from: '2018-12-25', to: '2019-01-01' },
  { policy: 'random:3', from: '2020-03-12', to: '2020-03-13' },
]

test('every euro of every control adds up on real prices of Paris and New York', { skip: sharedAbsent }, async (t) => {
  const place = allocatorPlace()
  for (const asked of cases) {
    const { policy, from, to, guardrails = 'as the policy has them', rebalance = 'as usual' } = asked
    await t.test(`${policy}, ${from} to ${to}, guardrails ${guardrails}, rebalance ${rebalance}`, async () => {
      await audited(place, asked)
    })
  }
})

test('French shares pay 30 bps when bought, Airbus and US funds none, and nobody when selling', {
  skip: sharedAbsent,
}, async () => {
  const { report } = await audited(allocatorPlace(), { policy: 'random:5', guardrails: 'none', ...years })
  const taxed = (symbol: string) => symbol.endsWith('.PA') && symbol !== 'AIR.PA'
  const seen = { taxed: 0, airbus: 0, american: 0, sold: 0 }
  for (const { symbol, quantity, price, rate, costs } of report.fills) {
    const isTaxed = taxed(symbol) && quantity > 0
    const tax = isTaxed ? quantity * price * rate * 0.003 : 0
    assert.ok(Math.abs((costs.tax ?? 0) - tax) < 1e-9, symbol)
    if (quantity < 0) seen.sold++
    else if (isTaxed) seen.taxed++
    else if (symbol === 'AIR.PA') seen.airbus++
    else seen.american++
  }
  assert.ok(Math.min(...Object.values(seen)) > 0, `each kind of fill occurs: ${JSON.stringify(seen)}`)
})

test('a fund that splits while it is held keeps its value, and every euro still adds up', {
  skip: sharedAbsent,
}, async (t) => {
  const market = readRawMarket(usFunds)
  // Every split in the files. The odd 3.000003 is what the file says of IJR.
  const splits = [
    { symbol: 'IJR', date: '2005-06-09', ratio: 3.000003, from: '2005-05-02', to: '2005-09-30' },
    { symbol: 'IWM', date: '2005-06-09', ratio: 2, from: '2005-05-02', to: '2005-09-30' },
    { symbol: 'SLV', date: '2008-07-24', ratio: 10, from: '2008-06-02', to: '2008-10-31' },
    { symbol: 'IJR', date: '2017-01-19', ratio: 2, from: '2016-12-01', to: '2017-04-28' },
    { symbol: 'USO', date: '2020-04-29', ratio: 0.125, from: '2020-02-03', to: '2020-07-31' },
  ]
  const symbols = [...market.keys()].filter((symbol) => symbol !== 'EURUSD=X')
  for (const currency of ['EUR', 'USD']) {
    const terms = bookOf(
      symbols.map((symbol) => instrument(symbol)),
      { currency },
    )
    const place = { folder: usFunds, book: writeBook(join(scratch, `funds-${currency}.json`), terms), market, terms }
    for (const { symbol, date, ratio, from, to } of splits) {
      await t.test(`${symbol} on ${date}, book in ${currency}`, async () => {
        const policy = currency === 'EUR' ? 'equal-weight' : `buy-and-hold:${symbol}`
        const { walk } = await audited(place, { policy, from, to, rebalance: 'daily' })
        const index = walk.days.findIndex((day) => day.date === date)
        const held = (at: number) => walk.days[at]?.quantities.get(symbol) ?? 0
        const bought = walk.days[index]!.fills.find((fill) => fill.symbol === symbol)?.quantity ?? 0
        assert.ok(held(index - 1) > 0, 'it is held at the close before')
        assert.ok(Math.abs(held(index) - bought - held(index - 1) * ratio) < 1e-9)
      })
    }
    await t.test(`random trades from 2005 to 2009, book in ${currency}`, async () => {
      await audited(place, { policy: 'random:8', guardrails: 'none', from: '2005-01-01', to: '2009-12-31' })
    })
  }
})

test('a benchmark is the control of its name: the same equity to the last digit', { skip: sharedAbsent }, async () => {
  const range = { book: 'allocator', from: '2019-01-01', to: '2020-12-31', market: `csv:${parisAndNewYork}` }
  const nothing = await runBacktest({ ...range, policy: 'do-nothing' })
  assert.deepEqual(Object.keys(nothing.benchmarks), [
    'buy-and-hold:SPY',
    'buy-and-hold:^FCHI',
    'equal-weight',
    'do-nothing',
  ])
  for (const policy of ['buy-and-hold:SPY', 'equal-weight', 'do-nothing']) {
    const control = await runBacktest({ ...range, policy, guardrails: 'none' })
    const { equity, finalEquity, netReturn } = nothing.benchmarks[policy]!
    assert.deepEqual(equity, control.equity, policy)
    assert.deepEqual([finalEquity, netReturn], [control.finalEquity, control.netReturn])
    assert.deepEqual(control.benchmarks, nothing.benchmarks, 'and no policy changes its opponents')
  }
})

test('the index that stands in for CAC.PA costs what the fund would have cost', { skip: sharedAbsent }, async () => {
  // The same numbers under the fund's name make the fund itself tradeable: both curves must agree.
  const { '^FCHI': index, ...others } = readLines(parisAndNewYork)
  const folder = writeMarket(join(scratch, 'with-fund'), { ...others, 'CAC.PA': index! })
  const range = { book: 'allocator', from: '2019-01-01', to: '2020-12-31' }
  const standIn = await runBacktest({ ...range, policy: 'do-nothing', market: `csv:${parisAndNewYork}` })
  const terms = allocatorBook()
  const place = { folder, book: 'allocator', market: readRawMarket(folder), terms }
  const { report: fund } = await audited(place, { ...range, policy: 'buy-and-hold:CAC.PA' })
  assert.deepEqual(standIn.benchmarks['buy-and-hold:^FCHI']?.equity, fund.equity)
  assert.ok(standIn.notes.some((note) => note.includes('^FCHI') && note.includes('CAC.PA')))
})
