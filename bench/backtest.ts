// One policy over many sessions: daily 1/N with every cost and the full ledger, prices already loaded, beside a tight loop that only
// multiplies weights. Run: node bench/backtest.ts
import { simulate } from '../src/backtest/simulate.ts'
import { readBook } from '../src/books.ts'
import { type BookMarket, openBookMarket } from '../src/decision/book-market.ts'
import { equalWeight } from '../src/decision/policies/equal-weight.ts'
import type { History } from '../src/market/bar.ts'
import { sessionsBetween } from '../src/market/calendar.ts'
import type { AllocatorBook } from '../src/portfolio/book.ts'
import { randomFrom, randomNormal } from '../src/random.ts'

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
    initialCash: 1_000_000,
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

const median = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!

async function timed(run: () => unknown, repeats: number): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < repeats; i++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return median(times)
}

const noSolver = () => Promise.reject(new Error('no solver'))
const run = (market: BookMarket) =>
  simulate({ market, policy: equalWeight('daily'), first: 0, last: market.panel.sessions.length - 1, solve: noSolver })

if (import.meta.main) {
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
    const { fills } = await run(market)
    const repeats = assets * sessions > 500_000 ? 3 : 9
    const ours = await timed(() => run(market), repeats)
    const limit = await timed(() => tightLoop(market), repeats)
    const perAssetDay = (ours * 1e6) / (assets * sessions)
    rows.push(
      `| ${assets} x ${sessions} | ${fills.length} | ${ours.toFixed(1)} | ${limit.toFixed(2)} | ${(ours / limit).toFixed(0)}x | ${perAssetDay.toFixed(0)} |`,
    )
  }
  console.log(
    [
      '| assets x sessions | fills | ours, ms | tight loop, ms | ratio | ns per asset and session |',
      '|---|---|---|---|---|---|',
      ...rows,
    ].join('\n'),
  )
}
