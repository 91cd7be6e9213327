import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { applyEvents } from '../../src/journal/replay.ts'
import { sumCosts } from '../../src/portfolio/costs.ts'
import type { Holdings, Order } from '../../src/portfolio/holdings.ts'
import { openSession } from '../../src/portfolio/session.ts'
import { equityAt, valuePositions } from '../../src/portfolio/valuation.ts'
import { type Asset, flat, marketOf } from '../support/world.ts'

// Monday 2 March 2020 to Friday 13 March; both exchanges are open on all of them.
const dates = [
  '2020-03-02',
  '2020-03-03',
  '2020-03-04',
  '2020-03-05',
  '2020-03-06',
  '2020-03-09',
  '2020-03-10',
  '2020-03-11',
  '2020-03-12',
  '2020-03-13',
]
const usdPerEur = Object.fromEntries(dates.map((date) => [date, 1.25]))
const cash = (euros: number): Holdings => ({ cashCents: euros * 100, positions: [], pending: [], exits: {} })
const order = (id: number, symbol: string, size: { amountCents: number } | { quantity: number }): Order => ({
  id: `2020-03-02/${id}`,
  symbol,
  side: 'amountCents' in size ? 'buy' : 'sell',
  decidedOn: '2020-03-02',
  reason: 'policy',
  waited: 0,
  ...size,
})
const open = (market: ReturnType<typeof marketOf>, holdings: Holdings, session: number) =>
  openSession({
    holdings,
    panel: market.panel,
    session,
    costs: market.book.costs,
    charged: market.charged,
    orderExpirySessions: market.book.limits.orderExpirySessions,
  })
const held = (symbol: string, quantity: number, price: number, currency: 'EUR' | 'USD' = 'EUR', rate = 1) => ({
  symbol,
  currency,
  quantity,
  costLocal: quantity * price,
  costBase: quantity * price * rate,
  openedOn: '2020-03-02',
})

test('dollars are not euros: USD 300 at 1.25 dollars a euro is worth EUR 240', () => {
  const market = marketOf([{ symbol: 'SPY', exchange: 'XNYS', currency: 'USD', days: flat(dates, 300) }], { usdPerEur })
  const holdings = { ...cash(0), positions: [held('SPY', 2, 300, 'USD', 0.8)] }
  assert.equal(equityAt(holdings, market.panel, 1), 480)
})

test('an order decided at a close fills at the next open, not at that close', () => {
  const days = { ...flat(dates, 100), '2020-03-03': { open: 110, close: 90 } }
  const market = marketOf([{ symbol: 'A', days }])
  const { events } = open(market, { ...cash(1000), pending: [order(1, 'A', { amountCents: 50_000 })] }, 1)
  assert.equal(events.fills[0]!.price, 110)
  assert.equal(events.fills[0]!.date, '2020-03-03')
})

test('a buy is an amount of cash with its costs in it, booked in whole cents', () => {
  // Paris, no tax: commission 1.25, half-spread 3 bps. (500 - 1.25) / 1.0003 / 110 = 4.53272... -> 4.5327 shares
  // value 498.597, spread 0.1495791, commission 1.25 -> 499.9965791 -> 500.00
  const market = marketOf([{ symbol: 'A', days: flat(dates, 110) }])
  const { events, holdings } = open(market, { ...cash(1000), pending: [order(1, 'A', { amountCents: 50_000 })] }, 1)
  const [fill] = events.fills
  assert.equal(fill!.quantity, 4.5327)
  assert.equal(fill!.cashChangeCents, -50_000)
  assert.equal(holdings.cashCents, 50_000)
})

test('Paris opens before New York: a sale in New York does not pay for a purchase in Paris on the same day', () => {
  const market = marketOf(
    [
      { symbol: 'SPY', exchange: 'XNYS', currency: 'USD', days: flat(dates, 100) },
      { symbol: 'A', days: flat(dates, 50) },
      { symbol: 'QQQ', exchange: 'XNYS', currency: 'USD', days: flat(dates, 100) },
    ],
    { usdPerEur },
  )
  const holdings = {
    ...cash(150),
    positions: [held('SPY', 10, 100, 'USD', 0.8)],
    pending: [
      order(1, 'A', { amountCents: 40_000 }),
      order(2, 'QQQ', { amountCents: 40_000 }),
      order(3, 'SPY', { quantity: 10 }),
    ],
  }
  const { events } = open(market, holdings, 1)
  assert.deepEqual(
    events.fills.map(({ symbol, wantedCents }) => [symbol, wantedCents]),
    [
      ['A', 40_000],
      ['SPY', undefined],
      ['QQQ', undefined],
    ],
  )
  assert.ok(-events.fills[0]!.cashChangeCents <= 15_000, 'A is a partial fill of the 150 at hand')
})

test('what cash cannot pay is a partial fill on record, and below the minimum ticket no fill at all', () => {
  const market = marketOf([
    { symbol: 'A', days: flat(dates, 10) },
    { symbol: 'B', days: flat(dates, 10) },
  ])
  const { events, holdings } = open(
    market,
    { ...cash(450), pending: [order(1, 'A', { amountCents: 40_000 }), order(2, 'B', { amountCents: 40_000 })] },
    1,
  )
  assert.deepEqual(
    events.fills.map((fill) => fill.symbol),
    ['A'],
  )
  assert.deepEqual(
    events.lapsed.map(({ symbol, kind }) => [symbol, kind]),
    [['B', 'no-cash']],
  )
  assert.ok(holdings.cashCents >= 0)
})

test('a halted asset keeps its order for the sessions after, and the order expires after five', () => {
  const days = { ...flat(dates, 100) }
  for (const date of dates.slice(1, 8)) delete days[date]
  const market = marketOf([
    { symbol: 'A', days },
    { symbol: 'B', days: flat(dates, 10) },
  ])
  let holdings: Holdings = { ...cash(1000), pending: [order(1, 'A', { amountCents: 50_000 })] }
  const waiting: number[] = []
  for (let session = 1; session <= 5; session++) {
    const after = open(market, holdings, session)
    holdings = after.holdings
    waiting.push(after.events.waiting.length)
    if (session === 5)
      assert.deepEqual(
        after.events.lapsed.map((lapsed) => lapsed.kind),
        ['expired'],
      )
  }
  assert.deepEqual(waiting, [1, 1, 1, 1, 0])
  assert.equal(holdings.pending.length, 0)
  assert.equal(holdings.cashCents, 100_000)
})

test('an order waits while its exchange is closed, without losing a session', () => {
  // New York was closed on 2020-02-17 (Presidents' Day), Paris open.
  const around = ['2020-02-14', '2020-02-17', '2020-02-18']
  const market = marketOf(
    [
      { symbol: 'SPY', exchange: 'XNYS', currency: 'USD', days: flat(['2020-02-14', '2020-02-18'], 100) },
      { symbol: 'A', days: flat(around, 50) },
    ],
    { usdPerEur: { '2020-02-14': 1.25, '2020-02-17': 1.25, '2020-02-18': 1.25 } },
  )
  const first = open(market, { ...cash(1000), pending: [order(1, 'SPY', { amountCents: 50_000 })] }, 1)
  assert.deepEqual(
    first.holdings.pending.map(({ waited }) => waited),
    [0],
  )
  assert.equal(open(market, first.holdings, 2).events.fills.length, 1)
})

test('a 4:1 split quadruples the shares and quarters the price: worth, cost and pending sales stay', () => {
  const days: Asset['days'] = {
    '2020-03-02': { open: 400, close: 400 },
    '2020-03-03': { open: 100, close: 100, split: 4 },
  }
  const market = marketOf([{ symbol: 'A', days }])
  const before: Holdings = { ...cash(0), positions: [held('A', 2, 400)], pending: [order(1, 'A', { quantity: 1 })] }
  assert.equal(equityAt(before, market.panel, 0), 800)
  const { holdings, events } = open(market, before, 1)
  assert.deepEqual(
    events.splits.map(({ quantityBefore, quantityAfter }) => [quantityBefore, quantityAfter]),
    [[2, 8]],
  )
  // Half of the position was to be sold, half is sold: 4 of 8.
  assert.equal(events.fills[0]!.quantity, -4)
  const [valued] = valuePositions(holdings, market.panel, 1)
  assert.equal(valued!.averageCost, 100)
  assert.equal(valued!.unrealized.asset, 0)
})

test('a dividend is paid on the shares of the evening before, not on those bought at the ex-date open', () => {
  const days: Asset['days'] = {
    '2020-03-02': { open: 100, close: 100 },
    '2020-03-03': { open: 99, close: 99, dividend: 1.5 },
  }
  const market = marketOf([{ symbol: 'A', days }])
  const { events } = open(
    market,
    { ...cash(1000), positions: [held('A', 10, 100)], pending: [order(1, 'A', { amountCents: 50_000 })] },
    1,
  )
  assert.deepEqual(
    events.dividends.map(({ quantity, cashChangeCents }) => [quantity, cashChangeCents]),
    [[10, 1500]],
  )
})

test('profit on a sale is split into the asset and the currency', () => {
  // Bought 10 at USD 100, EUR 0.80 a dollar; sold at USD 120, EUR 0.90. Asset 10 * 20 * 0.8 = 160, currency 10 * 120 * 0.1 = 120.
  const days = { '2020-03-02': { open: 100, close: 100 }, '2020-03-03': { open: 120, close: 120 } }
  const market = marketOf([{ symbol: 'SPY', exchange: 'XNYS', currency: 'USD', days }], {
    usdPerEur: { '2020-03-02': 1.25, '2020-03-03': 1 / 0.9 },
  })
  const { events } = open(
    market,
    { ...cash(10), positions: [held('SPY', 10, 100, 'USD', 0.8)], pending: [order(1, 'SPY', { quantity: 10 })] },
    1,
  )
  assert.ok(Math.abs(events.fills[0]!.realized!.asset - 160) < 1e-9)
  assert.ok(Math.abs(events.fills[0]!.realized!.currency - 120) < 1e-9)
})

test('for any orders money is conserved to the cent at every open, cash never falls below zero, and replay agrees', () => {
  const symbols = ['A', 'B', 'SPY', 'QQQ'] as const
  const price = fc.double({ min: 5, max: 500, noNaN: true })
  const assetDays = fc.array(fc.record({ open: price, close: price, halted: fc.integer({ min: 0, max: 9 }) }), {
    minLength: 10,
    maxLength: 10,
  })
  const orders = fc.array(
    fc.record({
      session: fc.integer({ min: 0, max: 8 }),
      symbol: fc.constantFrom(...symbols),
      buy: fc.boolean(),
      size: fc.double({ min: 0.01, max: 1, noNaN: true }),
    }),
    { maxLength: 40 },
  )
  fc.assert(
    fc.property(fc.array(assetDays, { minLength: 4, maxLength: 4 }), orders, (prices, wanted) => {
      const assets = symbols.map((symbol, i): Asset => {
        const days = Object.fromEntries(
          prices[i]!.flatMap(({ open, close, halted }, t) =>
            halted === 0 && t > 0 ? [] : [[dates[t]!, { open, close }]],
          ),
        )
        return i < 2 ? { symbol, days, purchaseTax: 'FR' } : { symbol, days, exchange: 'XNYS', currency: 'USD' }
      })
      const market = marketOf(
        [...assets, { symbol: 'Z', days: flat(dates, 1) }, { symbol: 'Y', exchange: 'XNYS', days: flat(dates, 1) }],
        { usdPerEur },
      )
      let holdings: Holdings = cash(10_000)
      for (let session = 1; session < dates.length; session++) {
        const pending = wanted
          .filter((wish) => wish.session === session - 1)
          .map((wish, i) =>
            order(
              session * 100 + i,
              wish.symbol,
              wish.buy
                ? { amountCents: Math.ceil(wish.size * 500_000) }
                : { quantity: Math.ceil(wish.size * 1e5) / 1e4 },
            ),
          )
        const before: Holdings = { ...holdings, pending: [...holdings.pending, ...pending] }
        const after = open(market, before, session)
        // At the prices of the open, an exchange of cash against shares loses the costs and nothing else.
        const worth = (state: Holdings) =>
          state.cashCents / 100 +
          state.positions.reduce((sum, { symbol, quantity }) => {
            const column = market.panel.bySymbol.get(symbol)!
            const at = Number.isNaN(column.open[session]!) ? column.mark[session]! : column.open[session]!
            return sum + quantity * at * column.rate[session]!
          }, 0)
        const costs = after.events.fills.reduce((sum, fill) => sum + sumCosts(fill.costs), 0)
        const rounding = 0.005 * after.events.fills.length + 1e-6
        assert.ok(Math.abs(worth(before) - costs - worth(after.holdings)) <= rounding, `session ${session}`)
        assert.ok(after.holdings.cashCents >= 0)
        assert.deepEqual(applyEvents(before, after.events), after.holdings)
        holdings = after.holdings
      }
    }),
    { numRuns: 150 },
  )
})
