import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { addDays } from '../../src/market/calendar.ts'
import { runBacktest } from '../support/backtests.ts'
import { bars } from '../support/coins.ts'
import { line, type MarketLines, weekdays, writeMarket } from '../support/market-files.ts'
import { primerJson, rowsOf } from '../support/primer.ts'

const scratch = mkdtempSync(join(tmpdir(), 'primer-catalyst-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const from = '2024-01-01'
/** Prices that swing by the day, about a million dollars traded on each. */
function coin(price: number, step: number, days = 150): MarketLines[string] {
  const swing = (index: number) => price * (1 + 0.05 * Math.sin(index * step) + index / 1000)
  return bars(
    from,
    Array.from({ length: days }, (_, index) => ({ open: swing(index), close: swing(index + 1), volume: 1e6 / price })),
  ).map((bar) => ({ ...bar, dividend: 0, split: 1 }))
}
const coins: MarketLines = {
  'BTC/USDT': coin(40_000, 0.3).map((bar) => ({ ...bar, volume: 1e4 })),
  'ETH/USDT': coin(2500, 0.5).map((bar) => ({ ...bar, volume: 1e5 })),
  'AAVE/USDT': coin(100, 0.7),
  'SNX/USDT': coin(3, 1.1),
  'OLD/USD': coin(5, 0.9),
}
const market = writeMarket(join(scratch, 'coins'), coins)
const asked = { book: 'catalyst', from: '2024-03-01', to: '2024-05-29', market: `csv:${market}` }

test('a backtest of the coins says who was in, what it cost and how much capital it could carry', async () => {
  const report = (await runBacktest({ ...asked, policy: 'equal-weight' })) as unknown as {
    readonly currency: string
    readonly to: string
    readonly costs: Readonly<Record<string, number>>
    readonly fills: readonly {
      readonly date: string
      readonly symbol: string
      readonly order: string
      readonly liquidity: object
    }[]
    readonly benchmarks: Readonly<Record<string, { readonly netReturn: number }>>
    readonly coins: {
      readonly universe: readonly { readonly symbol: string; readonly from: string }[]
      readonly excluded: object
      readonly capacity: { readonly capital: number }
    }
    readonly notes: readonly string[]
  }
  assert.deepEqual([report.currency, report.to], ['USD', '2024-05-29'])
  // Sixty days after 1 January is 1 March; the review after it falls on Monday the 4th. OLD is quoted in USD, where others are in USDT.
  assert.deepEqual(report.coins.universe, [
    { symbol: 'AAVE/USDT', from: '2024-03-04' },
    { symbol: 'SNX/USDT', from: '2024-03-04' },
  ])
  assert.deepEqual(report.coins.excluded, { 'BTC/USDT': 'a major', 'ETH/USDT': 'a major' })
  assert.deepEqual(Object.keys(report.benchmarks), [
    'buy-and-hold:BTC/USDT',
    'buy-and-hold:ETH/USDT',
    'equal-weight',
    'do-nothing',
  ])
  // Decided at the close of 1 April, at 00:30 on the 2nd: filled at the open of the 3rd.
  assert.deepEqual([report.fills[0]!.order, report.fills[0]!.date], ['2024-04-01/1', '2024-04-03'])
  assert.ok(report.costs.fee! > 0 && report.costs.spread! > 0 && report.costs.impact! > 0)
  assert.equal(report.costs.commission, 0)
  assert.ok(report.coins.capacity.capital > 10_000)
  for (const said of [
    /survivorship/,
    /Abdi and Ranaldo 2017/,
    /USDT is counted as one dollar/,
    /states no fees and lots/,
  ]) {
    assert.ok(
      report.notes.some((note) => said.test(note)),
      String(said),
    )
  }
})

test('a coin is asked for by its own name, and one that is not there is refused', async () => {
  const report = await runBacktest({ ...asked, policy: 'buy-and-hold:BTC' })
  assert.equal(new Set(report.fills.map(({ symbol }) => symbol)).size, 1)
  assert.equal(report.fills[0]!.symbol, 'BTC/USDT')
  await assert.rejects(runBacktest({ ...asked, policy: 'buy-and-hold:NOPE' }), /NOPE cannot be traded here/)
  await assert.rejects(
    runBacktest({ ...asked, policy: 'equal-weight', market: 'simulated:1' }),
    /no prices up to 2024-05-29 of any coin against USDT or USD/,
  )
})

test('a demo plays every book that the market has prices of, in the order of their decisions', async () => {
  const days = weekdays('2024-05-20', '2024-05-29').filter((date) => date !== '2024-05-27')
  const folder = writeMarket(join(scratch, 'both'), {
    ...coins,
    SPY: days.map((date, index) => line(date, 500 + index, 501 + index)),
    'EURUSD=X': days.map((date) => line(date, 1.09, 1.09, { volume: 0 })),
  })
  const home = mkdtempSync(join(scratch, 'home-'))
  const document = await primerJson<{
    books: { book: string; sessions: number; to: string }[]
    journal: string
    notes: string[]
  }>(['demo', '--sessions', '5', '--market', `csv:${folder}`, '--out', 'demo'], { home })
  assert.deepEqual(
    document.books.map(({ book, sessions, to }) => [book, sessions, to]),
    [
      ['allocator', 5, '2024-05-29'],
      ['catalyst', 5, '2024-05-29'],
    ],
  )
  const decisions = rowsOf(document.journal).filter(({ kind }) => kind === 'decision')
  assert.equal(decisions.length, 10)
  assert.deepEqual(
    decisions.map(({ at }) => at),
    decisions.map(({ at }) => at).sort(),
  )
  for (const book of ['allocator', 'catalyst']) {
    const replayed = await primerJson<{ ok: boolean }>(['replay', '--book', book, '--home', 'demo'], { home })
    assert.equal(replayed.ok, true)
  }
  const alone = await primerJson<typeof document>(
    ['demo', '--sessions', '3', '--market', `csv:${market}`, '--out', 'alone'],
    { home },
  )
  assert.deepEqual(
    alone.books.map(({ book }) => book),
    ['catalyst'],
  )
  assert.ok(alone.notes.some((note) => note.startsWith('The book allocator is left out')))
})

test('rebalance decides a day once, records the universe, and fills at the open after the next', async () => {
  const home = mkdtempSync(join(scratch, 'home-'))
  const options = { home, env: { MARKET: `csv:${market}` } }
  const run = (date: string) =>
    primerJson<{ entries: readonly { kind: string }[] }>(
      ['run', 'rebalance', '--book', 'catalyst', '--date', date],
      options,
    )
  const first = '2024-05-20'
  const kinds = ({ entries }: Awaited<ReturnType<typeof run>>) => entries.map(({ kind }) => kind)
  assert.deepEqual(kinds(await run(first)), ['opened', 'session', 'close', 'snapshot', 'decision', 'post'])
  assert.deepEqual(kinds(await run(first)), [])
  await run(addDays(first, 1))
  await run(addDays(first, 2))
  const rows = rowsOf(join(home, 'journal.db')).map(({ at, kind, book, body }) => ({
    at,
    kind,
    book,
    body: JSON.parse(body),
  }))
  const [universe] = rows.filter(({ kind }) => kind === 'universe')
  assert.deepEqual(
    [universe!.book, universe!.body.book, universe!.at, universe!.body.members],
    ['catalysts', 'catalyst', '2024-05-21T00:30:00.000Z', ['AAVE/USDT', 'SNX/USDT']],
  )
  const decided = rows.find(({ kind, body }) => kind === 'decision' && body.date === first)!
  // The benchmarks bought at once; the cvar control waits for its 252 returns.
  assert.equal(decided.at, '2024-05-21T00:30:00.000Z')
  const bought = rows
    .filter(({ kind }) => kind === 'session')
    .flatMap(({ body }) => body.benchmarks['buy-and-hold:BTC/USDT'].fills)
  assert.deepEqual(
    bought.map(({ date }) => date),
    ['2024-05-22'],
  )
  const status = await primerJson<{ books: { book: string; next: string; lastDecision: string | null }[] }>(
    ['status'],
    options,
  )
  const catalyst = status.books.find(({ book }) => book === 'catalyst')!
  assert.equal(catalyst.lastDecision, addDays(first, 2))
  assert.match(catalyst.next, /T00:30:00\.000Z$/)
})
