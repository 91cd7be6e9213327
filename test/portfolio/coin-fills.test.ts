import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Column, Panel } from '../../src/market/panel.ts'
import { type CoinCharge, liquidityAtOpen, quantityStep } from '../../src/portfolio/coin-costs.ts'
import { affordableValue, coinCosts } from '../../src/portfolio/coin-fills.ts'
import { sumCosts } from '../../src/portfolio/costs.ts'
import type { Holdings, Order } from '../../src/portfolio/holdings.ts'
import { openSession } from '../../src/portfolio/session.ts'
import { bars, coinMarket, openBook } from '../support/coins.ts'

/** Charged 20 bps, half-spread 10 bps, impact of daily volatility 5 % and a million traded a day; lots of one. */
const charge = (change: { volume?: number; lot?: number | null } = {}): CoinCharge => {
  const all = (value: number) => new Float64Array(60).fill(value)
  return {
    takerFee: 0.002,
    impactY: 1,
    volumeShareMax: 0.01,
    quantityStep: change.lot === undefined ? 1 : change.lot,
    lotValue: 0.01,
    liquidity: { volume: all(change.volume ?? 1e6), volatility: all(0.05), halfSpread: all(0.001) },
  }
}

const { panel } = coinMarket({ 'X/USDT': bars('2021-01-01', new Array(40).fill(20)) }, openBook())
const column = panel.bySymbol.get('X/USDT')!
const decidedOn = panel.sessions[30]!

function open(order: Partial<Order>, held: number, coin: CoinCharge, session = 32, prices: Panel = panel) {
  const position = {
    symbol: 'X/USDT',
    currency: 'USD',
    quantity: held,
    costLocal: held * 15,
    costBase: held * 15,
    openedOn: decidedOn,
  }
  const holdings: Holdings = {
    cashCents: 2_000_000,
    positions: held > 0 ? [position] : [],
    pending: [{ id: '1', symbol: 'X/USDT', side: 'buy', decidedOn, reason: 'policy', waited: 0, ...order }],
    exits: {},
  }
  return openSession({
    holdings,
    panel: prices,
    session,
    costs: { commissionBps: 0, commissionMin: 0, fxBps: 0, purchaseTaxes: {}, minimumTicket: 20, quantityStep: 1e-8 },
    charged: new Map([['X/USDT', { currency: 'USD', halfSpreadBps: 0, coin }]]),
    orderExpirySessions: 5,
  })
}

test('a sale of 10,000 pays fee 20, half-spread 10 and impact 50', () => {
  // 500 * 20 = 10,000. Fee 0.2 % = 20, half-spread 0.1 % = 10, impact 10,000 * 0.05 * sqrt(10,000 / 1,000,000) = 50.
  const { events, holdings } = open({ side: 'sell', quantity: 500 }, 800, charge())
  const [fill] = events.fills
  assert.deepEqual([fill!.quantity, fill!.price, fill!.cashChangeCents], [-500, 20, 992_000])
  assert.ok(Math.abs(fill!.costs.impact! - 50) < 1e-9)
  assert.deepEqual([fill!.costs.fee, fill!.costs.spread], [20, 10])
  assert.deepEqual(Object.keys(fill!.costs), ['spread', 'impact', 'fee'])
  assert.deepEqual(fill!.liquidity, { volume: 1e6, volatility: 0.05, halfSpread: 0.001 })
  // Bought at 15, sold at 20: 2,500 before costs.
  assert.ok(Math.abs(fill!.realized!.asset - 2500) < 1e-9)
  assert.equal(holdings.positions[0]!.quantity, 300)
})

test('10,080 buys as much: costs are inside the amount', () => {
  const [fill] = open({ amountCents: 1_008_000 }, 0, charge()).events.fills
  assert.deepEqual([fill!.quantity, fill!.cashChangeCents], [500, -1_008_000])
  // A cent less does not pay for the last lot: 499 * 20 = 9,980, fee 19.96, half-spread 9.98, impact 0.00005 * 9,980^1.5 = 49.85.
  const [less] = open({ amountCents: 1_007_999 }, 0, charge()).events.fills
  assert.deepEqual([less!.quantity, less!.cashChangeCents], [499, -1_005_979])
})

test('an order fills at the first open after it was decided, never at the one half an hour before', () => {
  const order = { amountCents: 100_000 }
  const early = open(order, 0, charge(), 31)
  assert.deepEqual([early.events.fills, early.events.waiting], [[], []])
  assert.equal(early.holdings.pending[0]!.waited, 0)
  assert.equal(open(order, 0, charge(), 32).events.fills[0]!.date, '2021-02-02')
})

test('an order beyond its share of the volume fills up to it and says so', () => {
  // 1 % of 100,000 = 1,000, that is 50 lots of 20.
  const buy = open({ amountCents: 500_000 }, 0, charge({ volume: 1e5 })).events.fills[0]!
  assert.deepEqual([buy.quantity, buy.wantedCents], [50, 500_000])
  assert.match(buy.note!, /^in part: 1 % of the traded value/)
  const sell = open({ side: 'sell', quantity: 400 }, 400, charge({ volume: 1e5 }))
  assert.equal(sell.events.fills[0]!.quantity, -50)
  assert.equal(sell.holdings.positions[0]!.quantity, 350)
  assert.deepEqual(sell.holdings.pending, [])
})

test('an order waits where nothing is known to charge it by', () => {
  const { events } = open({ amountCents: 100_000 }, 0, charge({ volume: Number.NaN }))
  assert.deepEqual([events.fills, events.waiting], [[], [{ orderId: '1', symbol: 'X/USDT', waited: 1 }]])
})

test('lots follow the exchange, or the price where it says nothing, down to 1e-12', () => {
  assert.equal(quantityStep(charge({ lot: 0.5 }), 20), 0.5)
  assert.equal(quantityStep(charge({ lot: null }), 0.00021), 10)
  assert.equal(quantityStep(charge({ lot: null }), 41_000), 1e-7)
  assert.equal(quantityStep(charge({ lot: null }), 0.01), 1)
  const cheap = panelAt(1e-12)
  const [fill] = open({ amountCents: 10_000 }, 0, charge({ lot: null }), 32, cheap).events.fills
  assert.ok(fill!.quantity > 9.9e13 && fill!.quantity < 1e14 && fill!.quantity % 1e10 === 0)
  assert.ok(fill!.cashChangeCents >= -10_000 && fill!.cashChangeCents < -9_997)
})

function panelAt(price: number): Panel {
  const priced: Column = { ...column, open: column.open.map(() => price) }
  return { ...panel, columns: [priced], bySymbol: new Map([['X/USDT', priced]]) }
}

test('the affordable value and its costs use up the amount', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 1e9, noNaN: true }),
      fc.double({ min: 1, max: 1e9, noNaN: true }),
      fc.double({ min: 0, max: 3, noNaN: true }),
      (amount, volume, volatility) => {
        const liquidity = { volume, volatility, halfSpread: 0.001 }
        const value = affordableValue(amount, charge(), liquidity)
        const total = value + sumCosts(coinCosts(value, charge(), liquidity))
        assert.ok(Math.abs(total - amount) <= amount * 1e-9, `${total} for ${amount}`)
      },
    ),
  )
})

test('no fill is above its share of volume, costs more than was ordered or leaves cash below zero', () => {
  fc.assert(
    fc.property(
      fc.boolean(),
      fc.integer({ min: 1, max: 5_000_000 }),
      fc.double({ min: 1e-12, max: 1e5, noNaN: true }),
      fc.double({ min: 10, max: 1e8, noNaN: true }),
      fc.double({ min: 0, max: 1e6, noNaN: true }),
      (buys, amountCents, price, volume, held) => {
        const coin = charge({ volume, lot: null })
        const order = buys
          ? { amountCents }
          : { side: 'sell' as const, quantity: Math.max(1e-9, amountCents / 100 / price) }
        const { events, holdings } = open(order, held, coin, 32, panelAt(price))
        assert.ok(holdings.cashCents >= 0)
        for (const fill of events.fills) {
          const value = Math.abs(fill.quantity) * fill.price
          assert.ok(value <= 0.01 * volume * (1 + 1e-9))
          if (buys) assert.ok(-fill.cashChangeCents <= amountCents)
          else assert.ok(-fill.quantity <= held)
          const known = liquidityAtOpen(coin, 32)!
          const cash = -fill.quantity * price - sumCosts(coinCosts(value, coin, known))
          assert.ok(Math.abs(fill.cashChangeCents / 100 - cash) <= 0.005 + 1e-9 * value)
        }
      },
    ),
    { numRuns: 300 },
  )
})
