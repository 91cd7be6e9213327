import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { backtest } from '../../src/commands/backtest.ts'
import { demo } from '../../src/commands/demo.ts'
import type { CloseEntry, SessionEntry } from '../../src/journal/entry.ts'
import { withFolder } from '../support/database.ts'
import { bodiesOf, ioWith } from '../support/jobs.ts'
import { readLines, writeMarket } from '../support/market-files.ts'
import { rowsOf } from '../support/primer.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

/** Real prices up to the end of May 2020, so that a demo that ends with them goes through that March. */
const spring = mkdtempSync(join(tmpdir(), 'primer-spring-'))
after(() => rmSync(spring, { recursive: true }))
if (sharedAbsent === false) {
  const all = Object.entries(readLines(sharedPath('bars/allocator_2018_2020')))
  writeMarket(
    spring,
    Object.fromEntries(all.map(([symbol, lines]) => [symbol, lines.filter(({ date }) => date <= '2020-05-29')])),
  )
}

test('a backtest equals the demo over the same 115 sessions of 2020 to the cent', { skip: sharedAbsent }, () =>
  withFolder(async (home) => {
    const market = `csv:${spring}`
    const io = ioWith({ PRIMER_HOME: home })
    await demo({ sessions: '115', market, out: join(home, 'demo') }, io)
    const rows = rowsOf(join(home, 'demo', 'journal.db'))
    const closes = bodiesOf<CloseEntry>(rows, 'close')
    const fills = bodiesOf<SessionEntry>(rows, 'session').flatMap(({ events }) => events.fills)
    assert.deepEqual([closes[0]!.date, closes.at(-1)!.date], ['2019-12-19', '2020-05-29'])
    const options = { book: 'allocator', policy: 'cvar', from: '2019-12-19', to: '2020-05-29', market }
    const report = (await backtest(options, io)).json as {
      readonly equity: readonly (readonly [string, number])[]
      readonly fills: readonly Readonly<Record<string, unknown>>[]
      readonly benchmarks: Readonly<Record<string, { readonly equity: readonly (readonly [string, number])[] }>>
      readonly costs: Readonly<Record<string, number>>
    }
    const cents = (amount: number) => Math.round(amount * 100)
    assert.deepEqual(
      report.equity.map(([date, equity]) => [date, cents(equity)]),
      closes.map(({ date, equity }) => [date, cents(equity)]),
    )
    assert(fills.length > 30)
    assert.deepEqual(
      report.fills.map(({ date, symbol, quantity, price, rate, cashChange }) => [
        ...[date, symbol, quantity, price, rate],
        cents(cashChange as number),
      ]),
      fills.map(({ date, symbol, quantity, price, rate, cashChangeCents }) => [
        ...[date, symbol, quantity, price, rate],
        cashChangeCents,
      ]),
    )
    assert.deepEqual(Object.keys(report.benchmarks).sort(), Object.keys(closes[0]!.benchmarks).sort())
    for (const [name, { equity }] of Object.entries(report.benchmarks)) {
      assert.deepEqual(
        equity.map(([, value]) => cents(value)),
        closes.map(({ benchmarks }) => cents(benchmarks[name]!)),
        name,
      )
    }
    for (const [kind, amount] of Object.entries(closes.at(-1)!.costs)) {
      assert.equal(cents(report.costs[kind]!), cents(amount!), kind)
    }
  }),
)

test(
  'a history of fifteen years before the first session changes nothing: backtest and demo agree',
  {
    skip: sharedAbsent,
  },
  () =>
    withFolder(async (home) => {
      const market = `csv:${sharedPath('bars/us_etf_2005_2020')}`
      const io = ioWith({ PRIMER_HOME: home })
      await demo({ sessions: '30', market, out: join(home, 'demo') }, io)
      const closes = bodiesOf<CloseEntry>(rowsOf(join(home, 'demo', 'journal.db')), 'close')
      const [from, to] = [closes[0]!.date, closes.at(-1)!.date]
      const report = (await backtest({ book: 'allocator', policy: 'cvar', from, to, market }, io)).json as {
        readonly equity: readonly unknown[]
        readonly fills: readonly unknown[]
      }
      assert(report.fills.length > 0)
      assert.deepEqual(
        report.equity,
        closes.map(({ date, equity }) => [date, equity]),
      )
    }),
)
