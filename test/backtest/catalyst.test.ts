import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { addDays } from '../../src/market/calendar.ts'
import { runBacktest } from '../support/backtests.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const folder = sharedPath('bars/crypto_2017_2022')

type Row = {
  readonly date: string
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** The file of a coin, read with nothing of the program. Days without volume are no days. */
function readRows(symbol: string): ReadonlyMap<string, Row> {
  const text = readFileSync(`${folder}/${symbol.replace('/', '%2F')}.csv`, 'utf8')
  const rows = text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
    .map(
      ([date, open, high, low, close, volume]): Row => ({
        date: date!,
        open: Number(open),
        high: Number(high),
        low: Number(low),
        close: Number(close),
        volume: Number(volume),
      }),
    )
  return new Map(rows.filter(({ volume }) => volume > 0).map((row) => [row.date, row]))
}

/** What a fill on a date may be charged by: the days before it, and nothing of its own but the open. */
function figuresBefore(rows: ReadonlyMap<string, Row>, date: string) {
  const before = (days: number) => Array.from({ length: days }, (_, i) => addDays(date, i - days))
  const volume =
    before(30).reduce((sum, day) => sum + (rows.get(day)?.volume ?? 0) * (rows.get(day)?.close ?? 0), 0) / 30
  const pairs = (days: number) =>
    before(days).flatMap((day) => {
      const [today, yesterday] = [rows.get(day), rows.get(addDays(day, -1))]
      return today && yesterday ? [{ today, yesterday }] : []
    })
  const returns = pairs(30).map(({ today, yesterday }) => Math.log(today.close / yesterday.close))
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  const volatility = Math.sqrt(returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1))
  const middle = ({ high, low }: Row) => Math.log(Math.sqrt(high * low))
  const products = pairs(60).map(
    ({ today, yesterday }) =>
      (Math.log(yesterday.close) - middle(yesterday)) * (Math.log(yesterday.close) - middle(today)),
  )
  const product = products.reduce((sum, value) => sum + value, 0) / products.length
  const spread = product > 0 ? 2 * Math.sqrt(product) : 0
  return { volume, volatility, halfSpread: Math.min(0.03, Math.max(0.001, spread / 2)) }
}

const near = (one: number, other: number, what: string) =>
  assert.ok(Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)), `${what}: ${one} and ${other}`)

type Document = {
  readonly fills: readonly {
    readonly date: string
    readonly symbol: string
    readonly quantity: number
    readonly price: number
    readonly costs: Readonly<Record<string, number>>
    readonly cashChange: number
    readonly order: string
    readonly reason: string
  }[]
  readonly equity: readonly (readonly [string, number])[]
  readonly coins: {
    readonly universe: readonly { readonly symbol: string; readonly from: string; readonly until?: string }[]
  }
}

test('each fill on real coins can be worked out from the files and the terms', { skip: sharedAbsent }, async () => {
  const document = (await runBacktest({
    book: 'catalyst',
    policy: 'random:7',
    from: '2018-01-01',
    to: '2022-02-14',
    market: `csv:${folder}`,
  })) as unknown as Document
  const orders = document.fills.filter(({ reason }) => reason !== 'delisted')
  assert.ok(orders.length > 300, `${orders.length} fills`)
  const files = new Map<string, ReturnType<typeof readRows>>()
  let cash = 10_000
  const held = new Map<string, number>()
  for (const [index, fill] of document.fills.entries()) {
    cash += fill.cashChange
    held.set(fill.symbol, (held.get(fill.symbol) ?? 0) + fill.quantity)
    if (fill.reason === 'delisted' || index % 5 > 0) continue
    if (!files.has(fill.symbol)) files.set(fill.symbol, readRows(fill.symbol))
    const rows = files.get(fill.symbol)!
    const what = `${fill.date} ${fill.symbol}`
    // Decided on a day, filled at the open of the second day after it.
    assert.ok(fill.date >= addDays(fill.order.slice(0, 10), 2), what)
    assert.equal(fill.price, rows.get(fill.date)!.open, what)
    const { volume, volatility, halfSpread } = figuresBefore(rows, fill.date)
    const value = Math.abs(fill.quantity) * fill.price
    assert.ok(value <= 0.01 * volume * (1 + 1e-9), `${what}: ${value} of ${volume}`)
    near(fill.costs.fee!, 0.002 * value, `${what} fee`)
    near(fill.costs.spread!, halfSpread * value, `${what} half-spread`)
    near(fill.costs.impact!, volatility * value * Math.sqrt(value / volume), `${what} impact`)
    const total = Object.values(fill.costs).reduce((sum, cost) => sum + cost, 0)
    assert.ok(Math.abs(fill.cashChange - (-fill.quantity * fill.price - total)) <= 0.00501, `${what} cash`)
    if (fill.quantity > 0) {
      const decided = fill.order.slice(0, 10)
      const stays = document.coins.universe.filter(({ symbol }) => symbol === fill.symbol)
      assert.ok(
        stays.some(({ from, until = '9999' }) => from <= decided && decided < until),
        `${what}: not a member`,
      )
    }
  }
  const [lastDate, equity] = document.equity.at(-1)!
  let worth = cash
  for (const [symbol, quantity] of held) {
    if (Math.abs(quantity) < 1e-9) continue
    const rows = readRows(symbol)
    let day = lastDate
    while (!rows.has(day)) day = addDays(day, -1)
    worth += quantity * rows.get(day)!.close
  }
  assert.ok(Math.abs(worth - equity) < 0.01, `${worth} and ${equity}`)
})
