// One policy over many sessions: daily 1/N with every cost and the full ledger, prices already loaded, beside a tight loop that only
// multiplies weights; then the memory of a process that does one. Run: node bench/backtest.ts
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { simulate } from '../src/backtest/simulate.ts'
import { readBook } from '../src/books.ts'
import { keepYoungGeneration } from '../src/commands/young-generation.ts'
import { type BookMarket, openBookMarket } from '../src/decision/book-market.ts'
import { equalWeight } from '../src/decision/policies/equal-weight.ts'
import type { History } from '../src/market/bar.ts'
import { sessionsBetween } from '../src/market/calendar.ts'
import type { AllocatorBook } from '../src/portfolio/book.ts'
import { randomFrom, randomNormal } from '../src/random.ts'
import { simpleReturns } from '../src/statistics/evidence.ts'
import { stats } from '../src/statistics/stats.ts'

/** Random walks of so many New York assets over so many sessions, in the book's rules, in euros to keep all on one exchange. */
export function inventedMarket(assets: number, sessions: number): BookMarket {
  const dates = sessionsBetween('XNYS', '1985-01-02', '2030-12-31').slice(0, sessions)
  const base = readBook('allocator')
  const instruments = Array.from({ length: assets }, (_, i) => ({
    symbol: `A${i}`,
    name: `A${i}`,
    shortName: `A${i}`,
    currency: 'EUR',
    exchange: 'XNYS' as const,
    kind: 'share' as const,
    halfSpreadBps: 3,
    purchaseTax: 'FR',
  }))
  const book: AllocatorBook = {
    ...base,
    instruments,
    benchmarks: [],
    // So much for each asset that tickets are of one size whatever their number.
    initialCash: 31_250 * assets,
    costs: { ...base.costs, minimumTicket: 0 },
  }
  const histories = instruments.map(({ symbol }): History => {
    const random = randomFrom('bench', symbol)
    let price = 50 + 100 * random()
    const bars = dates.map((date) => {
      const open = price * Math.exp(0.003 * randomNormal(random))
      const close = open * Math.exp(0.0002 + 0.012 * randomNormal(random))
      price = close
      return { date, open, high: Math.max(open, close) * 1.002, low: Math.min(open, close) * 0.998, close, volume: 1e6 }
    })
    return { symbol, currency: 'EUR', bars, dividends: [], splits: [] }
  })
  return openBookMarket(book, { histories, rates: [], absent: [], notes: [] }, { from: dates[0]!, to: dates.at(-1)! })
}

/** The limit: 1/N at each open by multiplication alone, costs as a fraction, no ledger. */
function tightLoop(market: BookMarket): number {
  const { columns, sessions } = market.panel
  const n = columns.length
  const quantity = new Float64Array(n)
  let cash = market.book.initialCash
  let fills = 0
  for (let t = 1; t < sessions.length; t++) {
    let equity = cash
    for (let i = 0; i < n; i++) equity += quantity[i]! * columns[i]!.close[t - 1]!
    for (let i = 0; i < n; i++) {
      const traded = equity / n / columns[i]!.close[t - 1]! - quantity[i]!
      const value = traded * columns[i]!.open[t]!
      cash -= value + Math.max(1.25, 0.0005 * Math.abs(value)) + 0.0003 * Math.abs(value)
      quantity[i]! += traded
      fills++
    }
  }
  return fills
}

type Times = { readonly median: number; readonly best: number }

async function timed(run: () => unknown, repeats: number): Promise<Times> {
  const times: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { median: times[times.length >> 1]!, best: times[0]! }
}

const noSolver = () => Promise.reject(new Error('no solver'))
const fold = (market: BookMarket) =>
  simulate({ market, policy: equalWeight('daily'), first: 0, last: market.panel.sessions.length - 1, solve: noSolver })

/** The backtest that the target speaks of: the fold and its statistics. */
async function backtest(market: BookMarket) {
  const simulation = await fold(market)
  return { simulation, stats: stats({ returns: simpleReturns([...simulation.equity]) }) }
}

/** One backtest and nothing else in this process: what it takes at most, in MB, prices and program included. */
async function memoryOfOne(): Promise<void> {
  // As the command does.
  keepYoungGeneration()
  const market = inventedMarket(32, 2520)
  const loaded = process.memoryUsage.rss() / 2 ** 20
  const { simulation } = await backtest(market)
  const peak = process.resourceUsage().maxRSS / 1024
  console.log(
    `${simulation.ledger.size} fills: ${loaded.toFixed(0)} MB with prices loaded, ${peak.toFixed(0)} MB at most`,
  )
}

/** The same in processes of their own, started as bin/primer.js starts: with compiled code kept from the run before. */
function memory(): string[] {
  const cache = mkdtempSync(join(tmpdir(), 'primer-bench-'))
  const once = () =>
    execFileSync(process.execPath, [import.meta.filename, 'memory'], {
      env: { ...process.env, NODE_COMPILE_CACHE: cache },
      encoding: 'utf8',
    }).trim()
  once()
  const found = [once(), once(), once(), once(), once()]
  rmSync(cache, { recursive: true })
  return found
}

async function main(): Promise<void> {
  // First, since a process counts as its own peak that of the one which started it.
  const remembered = memory()
  const rows: string[] = []
  for (const [assets, sessions] of [
    [32, 250],
    [32, 2520],
    [32, 10_000],
    [8, 2520],
    [128, 2520],
    [500, 2520],
  ] as const) {
    const market = inventedMarket(assets, sessions)
    for (let i = 0; i < (assets * sessions > 500_000 ? 3 : 10); i++) await backtest(market)
    const repeats = assets * sessions > 500_000 ? 5 : 21
    const whole = await timed(() => backtest(market), repeats)
    const ours = await timed(() => fold(market), repeats)
    const limit = await timed(() => tightLoop(market), repeats)
    const { ledger } = await fold(market)
    const cells = [
      `${assets} x ${sessions}`,
      ledger.size,
      `${whole.median.toFixed(1)} (${whole.best.toFixed(1)})`,
      `${ours.median.toFixed(1)} (${ours.best.toFixed(1)})`,
      `${limit.median.toFixed(2)} (${limit.best.toFixed(2)})`,
      `${((ours.median * 1e6) / (assets * sessions)).toFixed(0)} (${((ours.best * 1e6) / (assets * sessions)).toFixed(0)})`,
    ]
    rows.push(`| ${cells.join(' | ')} |`)
  }
  console.log(
    [
      '| assets x sessions | fills | with statistics, ms | fold alone, ms | tight loop, ms | fold, ns per asset and session |',
      '|---|---|---|---|---|---|',
      ...rows,
      '',
      ...remembered,
    ].join('\n'),
  )
}

if (import.meta.main) await (process.argv[2] === 'memory' ? memoryOfOne() : main())
