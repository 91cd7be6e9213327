import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { type MarketLines, troubledMarket, writeMarket } from '../support/market-files.ts'
import { recompute, type Walk } from '../support/stranger.ts'
import { type RawBook, rateOn, readRawMarket } from '../support/stranger-market.ts'
import type { Report } from '../support/stranger-report.ts'

// Invented markets in which everything happens that can happen to prices: halts, splits, missing rates, holidays of one exchange.

const scratch = mkdtempSync(join(tmpdir(), 'primer-troubled-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0

const instruments = ['SPY', 'SOXX', 'TLT', 'MC.PA', 'AI.PA', 'OR.PA', 'AIR.PA'].map((symbol) =>
  instrument(symbol, { taxed: symbol !== 'AIR.PA' }),
)

type Asked = Omit<BacktestOptions, 'book' | 'market'>

async function audited(lines: MarketLines, terms: RawBook, asked: Asked): Promise<{ report: Report; walk: Walk }> {
  const folder = writeMarket(join(scratch, `market-${++folders}`), lines)
  const book = writeBook(join(folder, 'book.json'), terms)
  const report = await runBacktest({ ...asked, book, market: `csv:${folder}` })
  const walk = recompute(report, { market: readRawMarket(folder), book: terms }, asked)
  assert.deepEqual(walk.faults.slice(0, 10), [], JSON.stringify(asked))
  return { report, walk }
}

const halfYear = { from: '2025-01-02', to: '2025-06-30' } as const

test('every euro adds up through halts, splits, missing rates and holidays of one exchange', async () => {
  const policy = fc.oneof(
    fc.record({
      policy: fc.constant('equal-weight'),
      rebalance: fc.constantFrom('daily' as const, 'weekly' as const, 'monthly' as const),
    }),
    fc.record({
      policy: fc.oneof(
        fc.constantFrom('cvar', 'buy-and-hold:SOXX', 'buy-and-hold:MC.PA', 'buy-and-hold:AI.PA'),
        fc.integer({ min: 0, max: 1000 }).map((seed) => `random:${seed}`),
      ),
      guardrails: fc.constantFrom('book' as const, 'none' as const),
    }),
  )
  const range = fc.record({
    from: fc.constantFrom('2025-01-01', '2025-02-08', '2025-03-26'),
    to: fc.constantFrom('2025-04-21', '2025-05-17', '2025-06-30'),
  })
  const terms = fc.record({
    currency: fc.constantFrom('EUR', 'USD'),
    initialCash: fc.constantFrom(2500, 10_000, 123_456.78),
  })
  await fc.assert(
    fc.asyncProperty(fc.nat(), policy, range, terms, async (seed, decides, dates, changes) => {
      await audited(troubledMarket(seed), bookOf(instruments, changes), { ...decides, ...dates })
    }),
    { numRuns: 40 },
  )
})

test('the troubles do happen to what is held: splits, dividends, late fills and days without a rate', async () => {
  const terms = bookOf(instruments)
  const { report, walk } = await audited(troubledMarket(1), terms, {
    policy: 'equal-weight',
    rebalance: 'daily',
    ...halfYear,
  })
  const held = (date: string, symbol: string) => walk.days.find((day) => day.date === date)?.quantities.get(symbol) ?? 0
  for (const [symbol, before] of [
    ['SOXX', '2025-03-19'],
    ['SOXX', '2025-05-14'],
    ['AI.PA', '2025-04-02'],
  ] as const) {
    assert.ok(held(before, symbol) > 0, `${symbol} is held before its split`)
  }
  assert.deepEqual(
    report.dividends.filter(({ symbol }) => symbol === 'MC.PA').map(({ date }) => date),
    ['2025-02-11', '2025-04-28'],
    'the first one while it is halted',
  )
  const gap = report.fills.filter(({ date, currency }) => date === '2025-03-12' && currency === 'USD')
  const rates = new Set(
    [...gap, ...report.dividends.filter(({ date }) => date === '2025-03-12')].map(({ rate }) => rate),
  )
  const market = readRawMarket(join(scratch, `market-${folders}`))
  for (const rate of rates) assert.equal(rate, rateOn({ market, book: terms }, 'USD', '2025-03-11'))
  // New York alone on 2025-05-01, Paris alone on 2025-05-26: both are sessions. Nobody on 2025-04-18, though a rate was published.
  const sessions = report.equity.map(([date]) => date)
  assert.ok(sessions.includes('2025-05-01') && sessions.includes('2025-05-26') && !sessions.includes('2025-04-18'))
})

test('the stranger notices every tampered figure', async () => {
  const terms = bookOf(instruments)
  const asked = { policy: 'equal-weight', rebalance: 'daily', ...halfYear } as const
  const { report } = await audited(troubledMarket(2), terms, asked)
  const evidence = { market: readRawMarket(join(scratch, `market-${folders}`)), book: terms }
  type Draft = { -readonly [K in keyof Report]: Report[K] } & {
    fills: Record<string, unknown>[] & Report['fills']
    dividends: Record<string, unknown>[] & Report['dividends']
    equity: [string, number][]
  }
  const tamperings: Readonly<Record<string, (draft: Draft) => void>> = {
    'a price by a cent': ({ fills }) => Object.assign(fills[3]!, { price: fills[3]!.price + 0.01 }),
    'a rate in the fifth place': ({ fills }) => {
      const fill = fills.find(({ currency }) => currency === 'USD')!
      Object.assign(fill, { rate: fill.rate + 0.00001 })
    },
    'a quantity by a step': ({ fills }) => Object.assign(fills[0]!, { quantity: fills[0]!.quantity + 0.0001 }),
    'a cash change by a cent': ({ fills }) => Object.assign(fills[5]!, { cashChange: fills[5]!.cashChange + 0.01 }),
    'a spread forgotten': ({ fills }) => Object.assign(fills[2]!, { costs: { ...fills[2]!.costs, spread: 0 } }),
    'a fill dropped': ({ fills }) => fills.splice(1, 1),
    'a fill a session late': ({ fills, equity }) => {
      const after = equity.findIndex(([date]) => date === fills[0]!.date) + 1
      Object.assign(fills[0]!, { date: equity[after]![0] })
    },
    'two fills swapped': ({ fills }) => fills.splice(0, 2, fills[1]!, fills[0]!),
    'a dividend dropped': ({ dividends }) => dividends.splice(0, 1),
    'a dividend paid twice': ({ dividends }) => dividends.push(dividends[0]!),
    'a dividend by a cent': ({ dividends }) =>
      Object.assign(dividends[0]!, { amount: Math.round(dividends[0]!.amount * 100 + 1) / 100 }),
    'one day of equity by a cent': ({ equity }) => {
      equity[40]![1] += 0.01
    },
    'a session left out': ({ equity }) => equity.splice(40, 1),
    'the tax in the totals': (draft) => {
      draft.costs = { ...draft.costs, tax: draft.costs.tax + 0.01 }
    },
    'the return': (draft) => {
      draft.netReturn += 1e-6
    },
    'the turnover': (draft) => {
      draft.turnover *= 1.001
    },
  }
  for (const [what, tamper] of Object.entries(tamperings)) {
    const draft = structuredClone(report) as Draft
    tamper(draft)
    assert.notDeepEqual(recompute(draft, evidence, asked).faults, [], what)
  }
})
