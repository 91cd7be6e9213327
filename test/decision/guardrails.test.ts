import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Regime } from '../../src/decision/decision.ts'
import { guard } from '../../src/decision/guardrails/guard.ts'
import type { View, Wish } from '../../src/decision/policy.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import type { Holdings, Order, Position } from '../../src/portfolio/holdings.ts'
import { equityAt } from '../../src/portfolio/valuation.ts'
import { type Asset, flat, marketOf } from '../support/world.ts'

// Six weeks of Paris sessions; Monday 2 March 2020 is session 0, so every fifth session is a Monday (no holiday before Good Friday).
const dates = sessionsBetween('XPAR', '2020-03-02', '2020-04-09')
const symbols = ['A', 'B', 'C', 'D', 'E', 'F']

type Setup = {
  readonly session?: number
  readonly volatility?: Regime['volatility']
  readonly cash?: number
  readonly positions?: readonly Position[]
  readonly pending?: readonly Order[]
  readonly exits?: Holdings['exits']
  readonly trades?: number
  readonly closes?: Readonly<Record<string, number>>
}

function viewOf(setup: Setup): View {
  const session = setup.session ?? 20
  const assets: Asset[] = symbols.map((symbol) => {
    const close = setup.closes?.[symbol] ?? 100
    return { symbol, days: { ...flat(dates, 100), [dates[session]!]: { open: 100, close } } }
  })
  const market = marketOf(assets)
  const holdings: Holdings = {
    cashCents: (setup.cash ?? 10_000) * 100,
    positions: [...(setup.positions ?? [])],
    pending: [...(setup.pending ?? [])],
    exits: setup.exits ?? {},
  }
  const promised = holdings.pending.reduce((sum, order) => sum + (order.amountCents ?? 0), 0)
  const regime: Regime = {
    date: dates[session]!,
    volatility: setup.volatility ?? 'normal',
    trend: 'unclear',
    correlation: 'normal',
    volatilityPercentile: 50,
    adx14: 22,
    meanCorrelation60: 0.5,
    because: null,
  }
  return {
    market,
    session,
    firstSession: 0,
    holdings,
    equity: equityAt(holdings, market.panel, session),
    freeCashCents: holdings.cashCents - promised,
    tradesThisWeek: setup.trades ?? 0,
    regime: () => regime,
  }
}

const position = (symbol: string, quantity: number, averageCost = 100, openedOn = dates[0]!): Position => ({
  symbol,
  currency: 'EUR',
  quantity,
  costLocal: quantity * averageCost,
  costBase: quantity * averageCost,
  openedOn,
})
const buy = (symbol: string, euros: number): Wish => ({ side: 'buy', symbol, amountCents: euros * 100, reason: '' })
const sell = (symbol: string, quantity: number): Wish => ({ side: 'sell', symbol, quantity, reason: '' })
const decide = (setup: Setup, ...wishes: Wish[]) => {
  const { orders, clamps, cancelled } = guard(viewOf(setup), wishes, true)
  return {
    orders: orders.map(
      (order) =>
        `${order.side} ${order.symbol} ${order.amountCents !== undefined ? order.amountCents / 100 : order.quantity} ${order.reason}`,
    ),
    clamps: clamps.map((clamp) => `${clamp.rule} ${clamp.symbol} ${clamp.before} -> ${clamp.after}`),
    cancelled,
  }
}

test('a wish within all limits becomes an order as it is', () => {
  assert.deepEqual(decide({}, buy('A', 1000)), { orders: ['buy A 1000 policy'], clamps: [], cancelled: [] })
})

test('the stop sells the whole position at 3, 5 or 7 % below average cost in high, normal or low volatility', () => {
  const rows = [
    ['high', 97.01, false],
    ['high', 97, true],
    ['normal', 95.01, false],
    ['normal', 95, true],
    ['low', 93.01, false],
    ['low', 93, true],
  ] as const
  for (const [volatility, close, stopped] of rows) {
    const { orders } = decide({ volatility, closes: { A: close }, positions: [position('A', 3)] })
    assert.deepEqual(orders, stopped ? ['sell A 3 stop'] : [], `${volatility} at ${close}`)
  }
})

test('the stop beats the weekly cap, the minimum holding, a pending order and what the decision wants', () => {
  const pending: Order = {
    id: 'x/1',
    symbol: 'A',
    side: 'buy',
    amountCents: 50_000,
    decidedOn: dates[19]!,
    reason: 'policy',
    waited: 1,
  }
  const setup: Setup = {
    closes: { A: 80 },
    positions: [position('A', 3, 100, dates[20])],
    pending: [pending],
    trades: 3,
  }
  assert.deepEqual(decide(setup, buy('A', 1000)), {
    orders: ['sell A 3 stop'],
    clamps: ['stop-loss A 100000 -> 0'],
    cancelled: ['x/1'],
  })
})

test('without an official close today the stop does not judge by an older one', () => {
  const view = viewOf({ closes: { A: Number.NaN }, positions: [position('A', 3, 200)] })
  const gap: View = {
    ...view,
    market: marketOf([
      {
        symbol: 'A',
        days: flat(
          dates.filter((_, i) => i !== 20),
          100,
        ),
      },
      { symbol: 'B', days: flat(dates, 1) },
    ]),
  }
  assert.deepEqual(guard(gap, [], true).stops, [])
})

test('an unknown symbol and a second wish for the same symbol are refused on record', () => {
  assert.deepEqual(decide({}, buy('DOGE', 1000), buy('A', 1000), buy('A', 500)), {
    orders: ['buy A 1000 policy'],
    clamps: ['unknown-symbol DOGE 100000 -> 0', 'duplicate A 50000 -> 0'],
    cancelled: [],
  })
})

test('nothing that is not held can be sold', () => {
  assert.deepEqual(decide({}, sell('A', 5)).clamps, ['no-position A 5 -> 0'])
})

test('an asset with an order still waiting gets no second one', () => {
  const pending: Order = {
    id: 'x/1',
    symbol: 'A',
    side: 'buy',
    amountCents: 50_000,
    decidedOn: dates[19]!,
    reason: 'policy',
    waited: 1,
  }
  assert.deepEqual(decide({ pending: [pending] }, buy('A', 1000)).clamps, ['pending-order A 100000 -> 0'])
})

test('a position is held for five sessions of its exchange, not five calendar days', () => {
  // Bought at the open of session 16 (a Tuesday). Decided at the close of session 19, the sale would fill at the open of 20: four.
  assert.deepEqual(decide({ session: 19, positions: [position('A', 5, 100, dates[16])] }, sell('A', 5)).clamps, [
    'minimum-holding A 5 -> 0',
  ])
  assert.deepEqual(decide({ session: 20, positions: [position('A', 5, 100, dates[16])] }, sell('A', 5)).orders, [
    'sell A 5 policy',
  ])
})

test('a weekend does not count towards the minimum holding', () => {
  // Bought Thursday (session 13), decided Tuesday (16): Thursday, Friday, Monday, Tuesday are four sessions and six days.
  assert.deepEqual(decide({ session: 16, positions: [position('A', 5, 100, dates[13])] }, sell('A', 5)).clamps, [
    'minimum-holding A 5 -> 0',
  ])
})

test('what was sold out may be bought again ten sessions later, not nine', () => {
  assert.deepEqual(decide({ session: 19, exits: { A: dates[11]! } }, buy('A', 1000)).clamps, [
    'reentry-cooldown A 100000 -> 0',
  ])
  assert.deepEqual(decide({ session: 20, exits: { A: dates[11]! } }, buy('A', 1000)).orders, ['buy A 1000 policy'])
})

test('the cooldown does not stop adding to what is held', () => {
  const setup: Setup = { exits: { A: dates[18]! }, positions: [position('A', 1)] }
  assert.deepEqual(decide(setup, buy('A', 1000)).orders, ['buy A 1000 policy'])
})

test('an ISO week has 2, 3 or 4 trades in high, normal or low volatility, counted over its days and with stops', () => {
  for (const [volatility, most] of [
    ['high', 2],
    ['normal', 3],
    ['low', 4],
  ] as const) {
    const all = symbols.map((symbol) => buy(symbol, 300))
    assert.equal(decide({ volatility }, ...all).orders.length, most)
    assert.equal(decide({ volatility, trades: most - 1 }, ...all).orders.length, 1)
  }
  const stopped = decide(
    { closes: { A: 80 }, positions: [position('A', 3)] },
    buy('B', 300),
    buy('C', 300),
    buy('D', 300),
  )
  assert.deepEqual(stopped.orders, ['sell A 3 stop', 'buy B 300 policy', 'buy C 300 policy'])
})

test('one asset takes at most a quarter of equity, what is held included', () => {
  // Equity 10,000: cash 8,500 and 15 shares at 100. Room is 2,500 - 1,500 = 1,000.
  assert.deepEqual(decide({ cash: 8500, positions: [position('A', 15)] }, buy('A', 3000)), {
    orders: ['buy A 1000 policy'],
    clamps: ['max-weight A 300000 -> 100000'],
    cancelled: [],
  })
})

test('30, 15 or 10 % of equity stays in cash in high, normal or low volatility', () => {
  // Equity 10,000: cash 4,000 and 60 shares at 100.
  for (const [volatility, left] of [
    ['high', 1000],
    ['normal', 2500],
    ['low', 2500],
  ] as const) {
    const { orders } = decide({ volatility, cash: 4000, positions: [position('A', 60)] }, buy('B', 2500))
    assert.deepEqual(orders, [`buy B ${left} policy`], volatility)
  }
  const low = decide({ volatility: 'low', cash: 1600, positions: [position('A', 84)] }, buy('B', 1000))
  assert.deepEqual(low, { orders: ['buy B 600 policy'], clamps: ['cash-floor B 100000 -> 60000'], cancelled: [] })
})

test('three buys of 30 % of cash are 30 % each of the cash at the decision, whatever their order', () => {
  const thirds = [buy('A', 3000), buy('B', 3000), buy('C', 3000)].map((wish) => ({ ...wish, amountCents: 200_000 }))
  for (const order of [thirds, [...thirds].reverse()]) {
    assert.deepEqual(
      new Set(decide({}, ...order).orders),
      new Set(['buy A 2000 policy', 'buy B 2000 policy', 'buy C 2000 policy']),
    )
  }
})

test('a sale of this decision does not pay for its buys: cash is there once it is filled', () => {
  const { orders, clamps } = decide({ cash: 1500, positions: [position('A', 85)] }, sell('A', 85), buy('B', 1000))
  assert.deepEqual(orders, ['sell A 85 policy'])
  assert.deepEqual(clamps, ['cash-floor B 100000 -> 0'])
})

test('tickets start at EUR 100; a smaller rest of a position may be sold whole', () => {
  assert.deepEqual(decide({}, buy('A', 99.99)).clamps, ['minimum-ticket A 9999 -> 0'])
  assert.deepEqual(decide({}, buy('A', 100)).orders, ['buy A 100 policy'])
  assert.deepEqual(decide({ positions: [position('A', 5)] }, sell('A', 0.5)).clamps, ['minimum-ticket A 0.5 -> 0'])
  assert.deepEqual(decide({ positions: [position('A', 0.5)] }, sell('A', 0.5)).orders, ['sell A 0.5 policy'])
})

test('a limit that leaves less than a ticket refuses the rest, and both changes are on record', () => {
  assert.deepEqual(decide({ cash: 1550, positions: [position('A', 84.5)] }, buy('B', 500)).clamps, [
    'cash-floor B 50000 -> 5000',
    'minimum-ticket B 5000 -> 0',
  ])
})

test('a 900 % buy cannot spend more than the limits leave', () => {
  assert.deepEqual(decide({}, buy('A', 90_000)).orders, ['buy A 2500 policy'])
})

test('without guardrails only the impossible is refused, and the minimum ticket holds', () => {
  const view = viewOf({ closes: { A: 50 }, positions: [position('A', 3)], trades: 99 })
  const { orders, clamps } = guard(view, [buy('B', 9000), buy('C', 50), buy('DOGE', 500)], false)
  assert.deepEqual(
    orders.map(({ symbol }) => symbol),
    ['B'],
  )
  assert.deepEqual(
    clamps.map(({ rule }) => rule),
    ['minimum-ticket', 'unknown-symbol'],
  )
})
