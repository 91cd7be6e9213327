import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { chance, type Line, type MarketLines, readLines, troubledMarket, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import type { Report } from '../support/stranger-report.ts'

// Whatever is done to the files after a date, nothing up to that date may change.

const scratch = mkdtempSync(join(tmpdir(), 'primer-look-ahead-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0
const folderOf = (lines: MarketLines) => writeMarket(join(scratch, `market-${++folders}`), lines)

/** Applies `change` to the lines of every symbol after `date`; the lines up to it stay as they are. */
function withFuture(
  market: MarketLines,
  date: string,
  change: (future: readonly Line[]) => readonly Line[],
): MarketLines {
  return Object.fromEntries(
    Object.entries(market).map(([symbol, lines]) => [
      symbol,
      [...lines.filter((day) => day.date <= date), ...change(lines.filter((day) => day.date > date))],
    ]),
  )
}

/** Other prices, rates, dividends and splits: each line gets its own factors. */
function corrupted(market: MarketLines, date: string, seed: number): MarketLines {
  const random = chance(seed)
  return withFuture(market, date, (future) =>
    future.map((day) => {
      const factor = 0.5 + random()
      const [open, close] = [day.open * factor, day.close * factor * (0.8 + 0.4 * random())]
      return {
        ...day,
        open,
        close,
        high: Math.max(open, close),
        low: Math.min(open, close),
        dividend: random() < 0.05 ? factor : 0,
        split: random() < 0.02 ? 2 : 1,
      }
    }),
  )
}

/** The opens of the next day stand, and its rate; its closes are others, and so is all that comes later. */
function corruptedAfterTheOpen(market: MarketLines, date: string, seed: number): MarketLines {
  const other = corrupted(market, date, seed)
  return Object.fromEntries(
    Object.entries(market).map(([symbol, lines]) => {
      const next = lines.findIndex((day) => day.date > date)
      if (next < 0) return [symbol, lines]
      const { date: _, ...known } = lines[next]!
      const close = symbol === 'EURUSD=X' ? known.close : known.open * (0.8 + 0.4 * chance(seed + next)())
      const opened = { ...known, close, high: Math.max(known.open, close), low: Math.min(known.open, close) }
      return [symbol, other[symbol]!.map((day, index) => (index === next ? { ...day, ...opened } : day))]
    }),
  )
}

/** Half of the lines are gone, and what the others say is dealt anew among their dates. */
function shuffled(market: MarketLines, date: string, seed: number): MarketLines {
  const random = chance(seed)
  return withFuture(market, date, (future) => {
    const kept = future.filter(() => random() < 0.5)
    const dealt = kept.map((day) => ({ day, place: random() })).sort((a, b) => a.place - b.place)
    return kept.map(({ date }, index) => ({ ...dealt[index]!.day, date }))
  })
}

/** Everything that was printed about the days up to a date. */
function known(report: Report, date: string) {
  const upTo = (curve: Report['equity']) => curve.filter(([day]) => day <= date)
  return {
    fills: report.fills.filter((fill) => fill.date <= date),
    dividends: report.dividends.filter((credit) => credit.date <= date),
    equity: upTo(report.equity),
    benchmarks: Object.fromEntries(Object.entries(report.benchmarks).map(([name, { equity }]) => [name, upTo(equity)])),
  }
}

type Asked = Omit<BacktestOptions, 'market'>
const onlyOpened = 'corrupted but for the next open'
type Future = { readonly date: string; readonly what: string; readonly market: string }

/** Price files of three other futures after each date. */
function futuresOf(market: MarketLines, dates: readonly string[]): readonly Future[] {
  return dates.flatMap((date, index) => [
    { date, what: 'corrupted', market: `csv:${folderOf(corrupted(market, date, 100 + index))}` },
    { date, what: 'shuffled', market: `csv:${folderOf(shuffled(market, date, 200 + index))}` },
    { date, what: onlyOpened, market: `csv:${folderOf(corruptedAfterTheOpen(market, date, 300 + index))}` },
    { date, what: 'cut off', market: `csv:${folderOf(withFuture(market, date, () => []))}` },
  ])
}

/** Runs on the files as they are and on the changed ones, and expects the same past. */
async function assertSamePast(asked: Asked, market: string, futures: readonly Future[]): Promise<void> {
  const whole = await runBacktest({ ...asked, market })
  for (const future of futures) {
    const past = known(whole, future.date)
    assert.ok(past.equity.length > 20, `${future.date} has a past`)
    const other = await runBacktest({ ...asked, market: future.market })
    assert.deepEqual(
      known(other, future.date),
      past,
      `${asked.policy}: the future after ${future.date} is ${future.what}`,
    )
    if (future.what === onlyOpened) {
      // What was decided at the close of the date is filled at opens that are the same: so are the fills, to the cent.
      const next = whole.equity.find(([day]) => day > future.date)![0]
      assert.deepEqual(known(other, next).fills, known(whole, next).fills, `${asked.policy}: decided on ${future.date}`)
    }
    if (future.what === 'corrupted') assert.notDeepEqual(other.equity, whole.equity)
  }
  for (const to of new Set(futures.map(({ date }) => date))) {
    const shorter = await runBacktest({ ...asked, to, market })
    assert.deepEqual(known(shorter, to), known(whole, to), `${asked.policy}: asked until ${to} only`)
  }
}

test('no policy knows the prices, rates, dividends or splits of a later day', { skip: sharedAbsent }, async (t) => {
  const folder = sharedPath('bars/allocator_2018_2020')
  const futures = futuresOf(readLines(folder), ['2020-03-12', '2020-02-28'])
  const inMarch = futures.filter(({ date }) => date === '2020-03-12')
  const cases: readonly (readonly [Omit<Asked, 'book' | 'from' | 'to'>, readonly Future[]])[] = [
    [{ policy: 'equal-weight' }, inMarch],
    [{ policy: 'equal-weight', rebalance: 'daily' }, futures],
    [{ policy: 'buy-and-hold:SPY' }, inMarch],
    [{ policy: 'random:1' }, inMarch],
    [{ policy: 'random:1', guardrails: 'none' }, inMarch],
    [{ policy: 'cvar' }, inMarch],
  ]
  for (const [asked, after] of cases) {
    await t.test(
      `${asked.policy}, ${asked.rebalance ?? 'usual'} rebalancing, guardrails ${asked.guardrails ?? 'as usual'}`,
      async () => {
        const range = { book: 'allocator', from: '2019-12-02', to: '2020-05-29' }
        await assertSamePast({ ...range, ...asked }, `csv:${folder}`, after)
      },
    )
  }
})

test('the regime and the random allocator of a troubled market know no later day', async () => {
  const symbols = ['SPY', 'SOXX', 'TLT', 'MC.PA', 'AI.PA', 'OR.PA', 'AIR.PA']
  const terms = bookOf(symbols.map((symbol) => instrument(symbol, { taxed: symbol !== 'AIR.PA' })))
  const book = writeBook(join(scratch, 'troubled.json'), terms)
  const market = troubledMarket(3)
  // Among halts, on the eves of splits, on days of one exchange alone, on days without a rate, and on any others.
  const futures = futuresOf(market, [
    ...['2025-02-10', '2025-03-12', '2025-03-19', '2025-03-28', '2025-04-14', '2025-05-14', '2025-05-26', '2025-06-10'],
  ])
  for (const asked of [
    { policy: 'random:4', guardrails: 'book' },
    { policy: 'random:5', guardrails: 'none' },
    { policy: 'equal-weight', rebalance: 'daily' },
  ] as const) {
    const range = { book, from: '2025-01-02', to: '2025-06-30' }
    await assertSamePast({ ...range, ...asked }, `csv:${folderOf(market)}`, futures)
  }
})

test('nobody prepares for a fund that will be listed later', { skip: sharedAbsent }, async () => {
  // SLV and USO start in April 2006, DBA and GWX in 2007: up to January 2006 there is no file of them.
  const folder = sharedPath('bars/us_etf_2005_2020')
  const market = readLines(folder)
  const symbols = Object.keys(market).filter((symbol) => symbol !== 'EURUSD=X')
  const book = writeBook(join(scratch, 'funds.json'), bookOf(symbols.map((symbol) => instrument(symbol))))
  const date = '2006-01-31'
  const cut = withFuture(market, date, () => [])
  const listed = Object.fromEntries(Object.entries(cut).filter(([, lines]) => lines.length > 0))
  assert.equal(Object.keys(market).length - Object.keys(listed).length, 4)
  const before = `csv:${folderOf(listed)}`
  for (const policy of ['equal-weight', 'random:2', 'cvar']) {
    const asked = { book, policy, from: '2005-06-01', to: '2006-07-31' }
    const past = known(await runBacktest({ ...asked, market: `csv:${folder}` }), date)
    assert.ok(past.fills.length > 0, policy)
    assert.deepEqual(known(await runBacktest({ ...asked, market: before }), date), past, policy)
  }
})
