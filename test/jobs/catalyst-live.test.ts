import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { run } from '../../src/commands/run.ts'
import type { RenderedPost } from '../../src/journal/entry.ts'
import { PeriodReport } from '../../src/journal/report-entry.ts'
import type { Bar } from '../../src/market/bar.ts'
import { addDays } from '../../src/market/calendar.ts'
import { randomFrom, randomInt, randomNormal } from '../../src/random.ts'
import { bars } from '../support/coins.ts'
import { withFolder } from '../support/database.ts'
import { bodiesOf, ioWith } from '../support/jobs.ts'
import { line, writeMarket } from '../support/market-files.ts'
import { primerJson, rowsOf } from '../support/primer.ts'

const from = '2020-01-01'
const days = 225
const [first, last] = ['2020-06-01', '2020-08-02']
const names = ['AAVE', 'SNX', 'UNI', 'CRV', 'KAVA', 'RUNE']

/** Six coins that move with BTC; each day a listing or a hack of one of them is told, and moves it over five days from the first open on. */
function world() {
  const random = randomFrom('catalyst-live')
  const market = Array.from({ length: days }, () => 0.02 * randomNormal(random))
  const drift = new Map(names.map((name) => [name, new Float64Array(days + 20)]))
  const items: object[] = []
  for (let day = 70; day < days - 2; day++) {
    const name = names[randomInt(random, names.length)]!
    const good = random() < 0.5
    const title = good ? `Binance will list ${name}` : `${name} was hacked`
    const text = `${title}. Number ${day} of its kind.`
    const published_at = `${addDays(from, day)}T15:00:00Z`
    items.push({ id: `i${day}`, published_at, assets: [name], kind: null, title, text, url: null })
    for (let t = day + 2; t < day + 7; t++) drift.get(name)![t]! += (good ? 0.9 : -0.9) * (0.03 / Math.sqrt(5))
  }
  const coins: Record<string, readonly Bar[]> = { 'BTC/USD': path(market, 9000), 'ETH/USD': path(market, 200) }
  for (const name of names) {
    const own = market.map((move, t) => move + 0.03 * randomNormal(random) + drift.get(name)![t]!)
    coins[`${name}/USD`] = path(own, 10)
  }
  return { coins, items }
}

/** A day's move lies between its open and the next one. */
function path(moves: readonly number[], start: number): readonly Bar[] {
  let price = start
  return bars(
    from,
    moves.map((move) => {
      const open = price
      price = open * (1 + move)
      return { open, close: price, volume: 5e6 / open }
    }),
  )
}

type Backtest = {
  readonly equity: readonly (readonly [string, number])[]
  readonly fills: readonly { readonly date: string; readonly symbol: string; readonly cashChange: number }[]
  readonly signals: { readonly kinds: readonly { readonly kind: string; readonly ic: number }[] }
  readonly coins: { readonly capacity: { readonly capital: number } }
  readonly stats: { readonly sharpe: number; readonly sortino: number; readonly maxDrawdown: number }
}

test('a book that is played day by day on signals is its backtest to the cent, and its reports say what the texts have shown', () =>
  withFolder(async (home) => {
    const { coins, items } = world()
    const folder = join(home, 'bars')
    writeMarket(
      folder,
      Object.fromEntries(
        Object.entries(coins).map(([symbol, own]) => [
          symbol,
          own.map(({ date, open, close, ...bar }) => line(date, open, close, bar)),
        ]),
      ),
    )
    const file = join(home, 'items.jsonl')
    writeFileSync(file, items.map((item) => JSON.stringify(item)).join('\n'))
    const env = { MARKET: `csv:${folder}` }
    const io = ioWith({ ...env, PRIMER_HOME: home })
    await primerJson(['run', 'ingest', '--items', file], { home, env })
    await primerJson(['run', 'extract'], { home, env })
    for (let date = first; date <= last; date = addDays(date, 1)) await run('rebalance', { date, book: 'catalyst' }, io)

    const tested = await primerJson<Backtest>(
      ['backtest', '--book', 'catalyst', '--policy', 'signals', '--from', first, '--to', last, '--market', env.MARKET],
      { home, env },
    )
    const rows = rowsOf(join(home, 'journal.db'))
    const closes = bodiesOf<{ date: string; equity: number }>(rows, 'close')
    const fills = bodiesOf<{ events: { fills: readonly { date: string; symbol: string; cashChangeCents: number }[] } }>(
      rows,
      'session',
    ).flatMap(({ events }) => events.fills)
    assert.ok(fills.length > 20, `${fills.length} fills`)
    assert.deepEqual(
      fills.map(({ date, symbol, cashChangeCents }) => [date, symbol, cashChangeCents]),
      tested.fills.map(({ date, symbol, cashChange }) => [date, symbol, Math.round(cashChange * 100)]),
    )
    assert.deepEqual(
      closes.map(({ date, equity }) => [date, equity.toFixed(2)]),
      tested.equity.map(([date, equity]) => [date, equity.toFixed(2)]),
    )

    const reports = bodiesOf<unknown>(rows, 'report').map((body) => PeriodReport.parse(body))
    const [early, late] = [reports[0]!, reports.at(-1)!]
    assert.equal(late.to, last)
    // Six returns carry no ratio; the last report has more than sixty, and the figures of the backtest of its dates.
    assert.deepEqual([early.performance!.sharpe, early.performance!.sortino], [null, null])
    assert.match(early.performance!.because!, /60/)
    for (const name of ['sharpe', 'sortino', 'maxDrawdown'] as const) {
      assert.ok(Math.abs(late.performance![name]! - tested.stats[name]) < 1e-9, name)
    }
    const { kinds, events, capacity, notes, verdict, extractor } = late.catalysts!
    assert.equal(extractor, 'baseline')
    assert.deepEqual(
      kinds.map(({ kind, ic }) => [kind, ic]),
      tested.signals.kinds.map(({ kind, ic }) => [kind, ic]),
    )
    assert.match(verdict, /^The interval lies above zero for listing/)
    const listing = events.find(({ kind }) => kind === 'listing')!
    assert.ok(listing.days.find(({ day }) => day === 1)!.low! < 0, 'nothing before an order can fill')
    assert.ok(listing.days.find(({ day }) => day === 10)!.low! > 0)
    assert.ok(Math.abs(capacity.capital! - tested.coins.capacity.capital) < 1)
    for (const told of [/keywords/, /files of history/, /6 of the 6 coins/, /survivorship/]) {
      assert.ok(
        notes.some((note) => told.test(note)),
        String(told),
      )
    }
    const post = bodiesOf<RenderedPost>(rows, 'post').findLast(({ purpose }) => purpose === 'weekly')!
    const said = JSON.stringify(post.discord)
    for (const told of [/Sharpe [+-]\d/, /listing: IC \+0\.\d{3}/, /day 10 \+/, /Capacity/, /survivorship/]) {
      assert.match(said, told)
    }
    assert.match(post.x.join(' '), /Catalysts: /)
    assert.ok(post.x.length <= 3, post.x.join('\n'))
  }))
