import assert from 'node:assert/strict'
import { test } from 'node:test'
import { solve } from '../../src/adapters/highs.ts'
import { signalsDocument } from '../../src/backtest/signals-output.ts'
import { type Simulation, simulate } from '../../src/backtest/simulate.ts'
import type { StoredSignal } from '../../src/catalysts/stored-signal.ts'
import type { BookMarket } from '../../src/decision/book-market.ts'
import { forecastsOn, signalsPolicy } from '../../src/decision/policies/signals.ts'
import type { Bar } from '../../src/market/bar.ts'
import { addDays } from '../../src/market/calendar.ts'
import { liquidityAtClose } from '../../src/portfolio/coin-costs.ts'
import { randomFrom, randomInt, randomNormal } from '../../src/random.ts'
import { bars, coinMarket, openBook } from '../support/coins.ts'

const from = '2020-01-01'
const days = 420
const names = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF', 'GGG', 'HHH']
const book = openBook({
  benchmarks: [{ policy: 'buy-and-hold:BTC', shortName: 'BTC' }],
  limits: { maxWeight: 0.2, maxTurnover: 0.5, minCash: 0.1, maxCvar: 0.5, confidence: 0.95, orderExpirySessions: 5 },
})

/** Eight coins that move with BTC; a good text lifts its coin by `edge` residual deviations over five days from the first open an order can fill at. */
function planted(edge: number, seed: string) {
  const random = randomFrom('planted', seed)
  const market = Array.from({ length: days }, () => 0.02 * randomNormal(random))
  const drift = new Map(names.map((name) => [name, new Float64Array(days + 20)]))
  const signals: StoredSignal[] = []
  for (let day = 70; day < days - 10; day += 2) {
    const name = names[randomInt(random, names.length)]!
    const score = random() < 0.5 ? 0.8 : -0.8
    signals.push({ asset: name, kind: 'listing', knownAt: `${addDays(from, day)}T15:00:00.000Z`, score, entry: null })
    for (let t = day + 2; t < day + 7; t++) drift.get(name)![t]! += (edge * Math.sign(score) * 0.04) / Math.sqrt(5)
  }
  const coins: Record<string, Bar[]> = { 'BTC/USD': path(market, 100) }
  for (const name of names) {
    const own = market.map((move, t) => move + 0.04 * randomNormal(random) + drift.get(name)![t]!)
    coins[`${name}/USD`] = path(own, 10)
  }
  return { coins, signals, market: coinMarket(coins, book) }
}

/** A day's move lies between its open and the next one; plenty is traded. */
function path(moves: readonly number[], start: number): Bar[] {
  let price = start
  return bars(
    from,
    moves.map((move) => {
      const open = price
      price = open * (1 + move)
      return {
        open,
        close: price,
        high: Math.max(open, price) * 1.001,
        low: Math.min(open, price) * 0.999,
        volume: 1e8 / open,
      }
    }),
  )
}

async function run(market: BookMarket, signals: readonly StoredSignal[]): Promise<Simulation> {
  const last = market.panel.sessions.length - 1
  return simulate({
    market,
    policy: signalsPolicy(market, signals),
    guarded: true,
    first: 60,
    last,
    solve,
    keepOrders: true,
  })
}

const document = (market: BookMarket, signals: readonly StoredSignal[]) =>
  signalsDocument(market, { signals, extractor: 'a test', notes: [] }, market.panel.sessions.length - 1)!

test('a planted edge is found, bought after it has shown itself, and sold when nothing more is expected', async () => {
  const { market, signals } = planted(0.9, 'one')
  const { kinds, verdict, events } = document(market, signals)
  const [listing] = kinds
  // z = 0.9 * sign + noise of deviation 1: 0.9 / sqrt(1 + 0.81) = 0.669 about zero.
  assert.ok(listing!.low! < 0.669 && listing!.high! > 0.669, JSON.stringify(listing))
  assert.match(verdict, /^The interval lies above zero for listing/)
  const simulation = await run(market, signals)
  const first = simulation.fills[0]!
  assert.ok(
    first.date > addDays(from, 90),
    `ten dates of outcomes are needed before anything is bought, not ${first.date}`,
  )
  assert.ok(simulation.fills.length > 20)
  assert.ok(simulation.fills.some(({ quantity }) => quantity < 0))
  assert.ok(simulation.equity.at(-1)! > simulation.equity[0]!, 'an edge this large pays its costs')
  // The study sees it at the right days: nothing before, all of it from day 2 to day 6.
  const at = (day: number) => events[0]!.cumulative.find((one) => one.day === day)!
  assert.ok(at(1).low! < 0 && at(1).high! > 0, 'nothing until an order can fill')
  assert.ok(at(6).low! > 0.03 && at(6).high! < 0.14, JSON.stringify(at(6)))
})

test('a coin is bought once it earns its way in and out, and not before', async () => {
  const { coins, signals, market } = planted(0.9, 'one')
  const { sessions } = market.panel
  // The last session with a text that speaks well of a coin about which nothing was said for three weeks.
  const session = sessions.findLastIndex((date, at) => {
    const said = signals.filter(({ knownAt }) => knownAt.slice(0, 10) === date)
    const before = signals.filter(({ asset, knownAt }) => asset === said[0]?.asset && knownAt > `${sessions[at - 21]}`)
    return (
      at < 400 && said[0]?.score === 0.8 && before.filter(({ knownAt }) => knownAt.slice(0, 10) < date).length === 0
    )
  })
  const { asset } = signals.find(({ knownAt }) => knownAt.startsWith(sessions[session]!))!
  const symbol = `${asset}/USD`
  const index = market.tradable.findIndex((one) => one.symbol === symbol)
  const gross = forecastsOn(market, market.coins!, signals).expectedReturns(session, 5)[index]!
  const { volume, volatility, halfSpread } = liquidityAtClose(market.coins!.liquidity.get(symbol)!, session)!
  // A fifth of 10,000 dollars at most, its impact by the square-root law.
  const rest = halfSpread + volatility * Math.sqrt(2000 / volume)
  const boughtAt = async (profit: number) => {
    const takerFeeBps = 10_000 * ((gross - profit) / 2 - rest)
    const dear = coinMarket(coins, { ...book, costs: { ...book.costs, takerFeeBps } })
    const policy = signalsPolicy(dear, signals)
    const { fills } = await simulate({ market: dear, policy, guarded: true, first: session, last: session + 2, solve })
    return fills.some((fill) => fill.symbol === symbol)
  }
  assert.deepEqual([await boughtAt(0.0003), await boughtAt(-0.0003)], [true, false])
})

test('no weight, turnover, cash floor or volume share of the book is broken by a decision', async () => {
  const { market, signals } = planted(0.9, 'two')
  const simulation = await run(market, signals)
  const { sessions } = market.panel
  for (const fill of simulation.fills) {
    const session = market.panel.indexOf.get(fill.date)!
    const value = Math.abs(fill.quantity * fill.price)
    assert.ok(value <= 0.01 * 1e8 * 1.2, `${fill.date}: ${value} of what is traded`)
    const equity = simulation.equity[session - 60 - 1]!
    // Two days lie between the decision and the open: prices may have moved the weight.
    if (fill.quantity > 0) assert.ok(value <= 0.2 * equity * 1.35, `${fill.date}: ${value / equity} of equity`)
  }
  const byDecision = Map.groupBy(simulation.orders, ({ decidedOn }) => decidedOn)
  for (const [date, orders] of byDecision) {
    const equity = simulation.equity[market.panel.indexOf.get(date)! - 60]!
    const traded = orders.reduce((sum, order) => {
      const price = market.panel.bySymbol.get(order.symbol)!.close[market.panel.indexOf.get(date)!]!
      return sum + (order.amountCents === undefined ? order.quantity! * price : order.amountCents / 100)
    }, 0)
    assert.ok(traded / 2 / equity <= 0.5 + 1e-6, `${date}: turnover ${traded / 2 / equity}`)
  }
  assert.ok(sessions.length > 400)
})

test('without an edge there is no evidence, and the book stays near cash', async () => {
  const rounds = ['a', 'b', 'c', 'd', 'e', 'f']
  let fills = 0
  let shown = 0
  for (const seed of rounds) {
    const { market, signals } = planted(0, seed)
    const { verdict } = document(market, signals)
    if (!verdict.startsWith('No evidence')) shown++
    const simulation = await run(market, signals)
    fills += simulation.fills.length
  }
  // One in forty shows a positive one by chance.
  assert.ok(shown <= 1, `${shown} of ${rounds.length}`)
  const { market, signals } = planted(0.9, 'a')
  assert.ok(fills / rounds.length < (await run(market, signals)).fills.length / 2)
})

test('what becomes known later, texts or prices, changes no fill before', async () => {
  const { coins, market, signals } = planted(0.9, 'three')
  const cut = addDays(from, 250)
  const before = (simulation: Simulation) => simulation.fills.filter(({ date }) => date <= addDays(cut, 1))
  const whole = before(await run(market, signals))
  assert.ok(whole.length > 10)
  const turned = signals.map((signal) =>
    signal.knownAt.slice(0, 10) > cut ? { ...signal, score: -signal.score } : signal,
  )
  assert.deepEqual(before(await run(market, turned)), whole)
  const bent = Object.fromEntries(
    Object.entries(coins).map(([symbol, own]) => [
      symbol,
      own.map((bar) =>
        bar.date <= addDays(cut, 1)
          ? bar
          : { ...bar, open: bar.open * 3, high: bar.high * 3, low: bar.low * 3, close: bar.close * 3 },
      ),
    ]),
  )
  assert.deepEqual(before(await run(coinMarket(bent, book), signals)), whole)
})

test('a signal without direction, or about a coin that is not traded here, moves nothing', async () => {
  const { market, signals } = planted(0.9, 'four')
  const mute = signals.map((signal, index) => (index % 2 === 0 ? { ...signal, score: 0 } : { ...signal, asset: 'ZZZ' }))
  assert.equal((await run(market, mute)).fills.length, 0)
  assert.equal(document(market, mute).usable, 0)
})

test('a change of unit within the days of an event is no return', () => {
  const { coins, signals } = planted(0, 'five')
  // AAA counts in thousandths from day 200 on; after 60 days of quarantine it trades on, and a text comes three days later.
  const unit = coins['AAA/USD']!.map((bar, day) =>
    day < 200
      ? bar
      : {
          ...bar,
          open: bar.open * 1000,
          high: bar.high * 1000,
          low: bar.low * 1000,
          close: bar.close * 1000,
          volume: bar.volume / 1000,
        },
  )
  const changed = coinMarket({ ...coins, 'AAA/USD': unit }, book)
  const one = { ...signals[0]!, asset: 'AAA', knownAt: `${addDays(from, 263)}T12:00:00.000Z` }
  const { events } = document(changed, [one])
  assert.equal(events[0]!.n, 1)
  for (const { day, mean } of events[0]!.cumulative) assert.ok(Math.abs(mean) < 1, `day ${day}: ${mean}`)
})

/** The same coins with another course of AAA from a day on: its moves day by day, then as before; and what is traded of it. */
function withCourse(coins: Readonly<Record<string, Bar[]>>, day: number, moves: readonly number[], traded = 1e8) {
  const own = coins['AAA/USD']!
  const before = own.map(({ open, close }) => close / open - 1)
  const changed = path(
    before.map((move, t) => moves[t - day] ?? move),
    10,
  )
  return { ...coins, 'AAA/USD': changed.map((bar) => ({ ...bar, volume: traded / bar.open })) }
}

test('a coin that rose many times over and fell again is no obstacle', async () => {
  const { coins, signals } = planted(0.9, 'six')
  // Fivefold in some weeks and a tenth of it the day after: less its mean that is a loss of more than everything.
  const wild = withCourse(coins, 150, [...Array.from({ length: 20 }, () => 0.6), -0.9])
  const simulation = await run(coinMarket(wild, book), [
    ...signals,
    { ...signals[0]!, asset: 'AAA', knownAt: `${addDays(from, 250)}T15:00:00.000Z`, score: 0.8 },
  ])
  assert.ok(simulation.fills.some(({ symbol }) => symbol === 'AAA/USD'))
})

test('what nothing more is expected of is sold over several days where the turnover of one is too small', async () => {
  const { coins, signals } = planted(0.9, 'seven')
  const slow = openBook({ ...book, limits: { ...book.limits, maxTurnover: 0.03 } })
  const early = signals.filter(({ knownAt }) => knownAt < addDays(from, 300))
  const simulation = await run(coinMarket(coins, slow), early)
  const largest = simulation.fills.filter(({ quantity }) => quantity > 0)
  assert.ok(largest.length > 5)
  assert.deepEqual(simulation.holdings.positions, [])
})

test('a position that outgrew its weight is brought back as fast as its volume allows', async () => {
  const { coins, signals } = planted(0.9, 'eight')
  // Held from day 300 on, sixteenfold within a week: most of the book, and 2,000 a day is all that may be sold of it.
  const soaring = withCourse(coins, 304, [0.6, 0.6, 0.6, 0.6, 0.6, 0.6], 2e5)
  const praised = Array.from({ length: 30 }, (_, day) => ({
    ...signals[0]!,
    asset: 'AAA',
    knownAt: `${addDays(from, 298 + day)}T15:00:00.000Z`,
    score: 0.8,
  }))
  const simulation = await run(coinMarket(soaring, book), [...signals, ...praised])
  const own = simulation.fills.filter(({ symbol }) => symbol === 'AAA/USD')
  assert.ok(
    own.some(({ date, quantity }) => quantity > 0 && date < addDays(from, 306)),
    'it is held',
  )
  assert.deepEqual(simulation.missed, [])
  const sold = own.filter(
    ({ date, quantity }) => quantity < 0 && date > addDays(from, 310) && date < addDays(from, 320),
  )
  // An order waits two days for its open, and one at a time is decided.
  assert.ok(sold.length >= 4, `${sold.length} sales in nine days`)
})
