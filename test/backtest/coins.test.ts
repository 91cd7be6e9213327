import assert from 'node:assert/strict'
import { test } from 'node:test'
import { auditLookahead } from '../../src/backtest/lookahead.ts'
import { type Simulation, simulate } from '../../src/backtest/simulate.ts'
import type { CatalystBook } from '../../src/catalysts/catalyst-book.ts'
import type { BookMarket } from '../../src/decision/book-market.ts'
import { parsePolicy } from '../../src/decision/policies/parse.ts'
import { nothing, type Policy } from '../../src/decision/policy.ts'
import type { Bar } from '../../src/market/bar.ts'
import { addDays } from '../../src/market/calendar.ts'
import { bars, coinHistory, coinMarket, openBook, wavering } from '../support/coins.ts'

const from = '2021-01-01'
const day = (index: number) => addDays(from, index)
const solve = async () => assert.fail('nothing here is solved')

/** Spends half of the cash on a coin at the close of one day and holds. */
function buyOnce(symbol: string, session: number): Policy {
  return {
    name: 'buy once',
    guarded: false,
    prepare: (view) =>
      view.session === session
        ? { kind: 'wishes', wishes: [{ side: 'buy', symbol, amountCents: 500_000, reason: '' }], summary: '' }
        : nothing,
  }
}

async function run(coins: Readonly<Record<string, readonly Bar[]>>, policy: Policy, book: CatalystBook = openBook()) {
  const market = coinMarket(coins, book)
  const last = market.panel.sessions.length - 1
  const simulation = await simulate({ market, policy, first: 1, last, solve })
  return { market, simulation }
}

const other = bars(from, wavering(10, 90))
const fillsOf = ({ fills }: Simulation) =>
  fills.map(({ date, symbol, quantity, price, reason }) => ({ date, symbol, side: Math.sign(quantity), price, reason }))

test('a coin that dies while it is held is closed at its last price less the haircut', async () => {
  // Up to day 40 at 20, then -92 % as BitConnect on 16 January 2018, three days at 1.5, and silence.
  const dying = bars(from, [...wavering(20, 41), 1.6, 1.5, 1.5])
  const { simulation, market } = await run({ 'DEAD/USD': dying, 'LIVE/USD': other }, buyOnce('DEAD/USD', 30))
  const [bought, closed] = simulation.fills
  assert.deepEqual([bought!.date, bought!.price], [day(32), dying[32]!.open])
  // Last price on day 43; seven days without one are over at the open of day 50.
  assert.deepEqual(
    [closed!.date, closed!.reason, closed!.price, closed!.quantity],
    [day(50), 'delisted', 0.75, -bought!.quantity],
  )
  assert.match(closed!.note!, /closed at its last close, 1.5 of 2021-02-13, less 50 %/)
  assert.equal(simulation.holdings.positions.length, 0)
  // The loss is in the equity: bought for 5,000 at about 20, sold at 0.75.
  const end = simulation.equity.at(-1)!
  assert.ok(Math.abs(end - (5000 + closed!.cashChangeCents / 100)) < 0.01, String(end))
  assert.ok(closed!.cashChangeCents / 100 < 0.04 * 5000)
  assert.equal(market.panel.bySymbol.has('DEAD/USD'), true)
})

test('a redenomination while a coin is held is no profit: it is not traded, and closed below its old price', async () => {
  const coin = bars(from, [...wavering(20, 41), ...wavering(2000, 49)])
  const { simulation, market } = await run({ 'NEW/USD': coin, 'LIVE/USD': other }, buyOnce('NEW/USD', 30))
  assert.ok(Math.max(...simulation.equity) < 10_200)
  const closed = simulation.fills[1]!
  assert.deepEqual([closed.reason, closed.date, closed.price], ['delisted', day(47), coin[40]!.close / 2])
  assert.ok(
    market.notes.some((note) => /^1 jump by a factor of 20 or more.*NEW\/USD 2021-02-11 \(100-fold\)/.test(note)),
  )
})

test('an order decided in a gap of two days waits for the next open', async () => {
  const gap = bars(from, [...wavering(20, 32), null, null, ...wavering(21, 56)])
  const { simulation } = await run({ 'GAP/USD': gap, 'LIVE/USD': other }, buyOnce('GAP/USD', 30))
  assert.deepEqual(fillsOf(simulation), [{ date: day(34), symbol: 'GAP/USD', side: 1, price: 21, reason: 'policy' }])
})

test('nothing is traded on a day without volume, whatever price it shows', async () => {
  const idle = bars(from, [...wavering(20, 32), { close: 5, volume: 0 }, { close: 5, volume: 0 }, ...wavering(21, 56)])
  const { simulation, market } = await run({ 'IDLE/USD': idle, 'LIVE/USD': other }, buyOnce('IDLE/USD', 30))
  assert.deepEqual(fillsOf(simulation), [{ date: day(34), symbol: 'IDLE/USD', side: 1, price: 21, reason: 'policy' }])
  assert.ok(market.notes.includes('2 bars without volume left out: nobody traded at those prices.'))
})

test('a coin of one bar or of 1e-12 dollars breaks nothing', async () => {
  const coins = { 'ONE/USD': bars(day(20), [3]), 'TINY/USD': bars(from, wavering(1e-12, 90)), 'LIVE/USD': other }
  const market = coinMarket(coins, openBook())
  const policy = parsePolicy('equal-weight', market)
  const simulation = await simulate({ market, policy, first: 1, last: 89, solve })
  const tiny = simulation.fills.find(({ symbol }) => symbol === 'TINY/USD')!
  assert.ok(tiny.quantity > 4e15 && tiny.costs.spread! > 0)
  assert.ok(simulation.fills.every(({ symbol }) => symbol !== 'ONE/USD'))
  assert.ok(simulation.equity.every((equity) => Number.isFinite(equity) && equity > 9000 && equity < 11_000))
})

test('what leaves the universe is sold in pieces, none above its share of the volume', async () => {
  const volumes = (index: number) => (index < 35 ? 600_000 : 60_000)
  const thinning = wavering(10, 90).map((close, index) => ({ close, volume: volumes(index) / close }))
  const { universe } = openBook()
  const book = openBook({ universe: { ...universe, volume: { min: 100_000, max: 1e9, days: 5, keepFactor: 1 } } })
  const { simulation, market } = await run(
    { 'THIN/USD': bars(from, thinning), 'LIVE/USD': other },
    buyOnce('THIN/USD', 30),
    book,
  )
  const [bought, ...sold] = simulation.fills
  assert.ok(sold.length > 5 && sold.every(({ reason }) => reason === 'universe'))
  assert.equal(simulation.holdings.positions.length, 0)
  assert.ok(Math.abs(bought!.quantity + sold.reduce((sum, { quantity }) => sum + quantity, 0)) < 1e-9)
  for (const fill of simulation.fills) {
    const value = Math.abs(fill.quantity) * fill.price
    assert.ok(value <= 0.01 * fill.liquidity!.volume * (1 + 1e-9), `${fill.date}: ${value}`)
  }
  const clamps = simulation.clamps.filter(({ rule }) => rule === 'volume-share')
  assert.ok(clamps.some(({ because }) => /^at most 1 % of \d+ traded a day$/.test(because)))
  assert.ok(market.universe.get('THIN/USD')!.every(({ until }) => until !== undefined))
})

test('no control sees the future of prices, volumes or listings', async () => {
  const turn = (index: number) => 0.9 + 0.2 * (((index * 7919) % 13) / 13)
  const walk = (scale: number, step: number) =>
    bars(
      from,
      Array.from({ length: 90 }, (_, index) => ({
        close: scale * turn(index * step),
        volume: (2e5 * turn(index + step)) / scale,
      })),
    )
  const coins = { 'A/USD': walk(1, 1), 'B/USD': walk(20, 3), 'C/USD': walk(0.01, 5).slice(30), 'BTC/USD': walk(4e4, 2) }
  const { universe } = openBook()
  const benchmarks = [{ policy: 'buy-and-hold:BTC', shortName: 'BTC' }]
  const book = openBook({
    benchmarks,
    universe: { ...universe, volume: { min: 195_000, max: 1e9, days: 5, keepFactor: 1 } },
  })
  for (const spec of ['equal-weight', 'random:3', 'buy-and-hold:BTC']) {
    const { findings, comparisons } = await auditLookahead({
      book,
      history: coinHistory(coins),
      range: { from, to: day(89) },
      first: day(10),
      dates: [day(35), day(60), day(75)],
      policy: (market: BookMarket) => parsePolicy(spec, market),
      solve,
      seed: '1',
    })
    assert.equal(comparisons, 15)
    assert.deepEqual(findings, [], spec)
  }
})
