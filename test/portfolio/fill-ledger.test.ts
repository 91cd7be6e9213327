import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { costRates, sumCosts } from '../../src/portfolio/costs.ts'
import { FillLedger } from '../../src/portfolio/fill-ledger.ts'
import type { Fill, Order } from '../../src/portfolio/holdings.ts'
import { openSession, openSessionOnto } from '../../src/portfolio/session.ts'
import { flat, marketOf } from '../support/world.ts'

const dates = ['2020-03-02', '2020-03-03', '2020-03-04', '2020-03-05', '2020-03-06']
const usdPerEur = Object.fromEntries(dates.map((date) => [date, 1.25]))
const market = marketOf(
  [
    { symbol: 'SPY', exchange: 'XNYS', currency: 'USD', days: flat(dates, 300) },
    { symbol: 'AIR.PA', days: flat(dates, 100) },
  ],
  { usdPerEur },
)
const { panel, book, charged } = market
const columnOf = (symbol: string) => panel.bySymbol.get(symbol)!
const buy: Order = {
  id: '2020-03-02/1',
  symbol: 'SPY',
  side: 'buy',
  amountCents: 48_100,
  decidedOn: '2020-03-02',
  reason: 'policy',
  waited: 0,
}
const delisted: Fill = {
  orderId: '2020-03-05/delisted/AIR.PA',
  date: '2020-03-05',
  symbol: 'AIR.PA',
  quantity: -3,
  price: 70,
  currency: 'EUR',
  rate: 1,
  costs: {},
  cashChangeCents: 21_000,
  realized: { asset: -90, currency: 0 },
  reason: 'stop',
}

test('a fill comes out of the ledger as it went in, with its date, price, rate and each cost', () => {
  const ledger = new FillLedger(panel, 4)
  const rates = costRates(charged.get('SPY')!, 'buy', '2020-03-03', book.costs, 'EUR')
  // Two shares at USD 300 and EUR 0.8 a dollar: EUR 480, of which 1.25 commission and 3 bps (0.144) for the dollars.
  const sum = ledger.charge(480, rates)
  assert.ok(Math.abs(sum - (1.25 + 480 * (rates.spread + 0.0003))) < 1e-9)
  ledger.add(buy, columnOf('SPY'), 1, 2, -48_145, 48_100)
  ledger.push(delisted)
  const [first, second] = ledger.toArray()
  assert.deepEqual(first, {
    orderId: '2020-03-02/1',
    date: '2020-03-03',
    symbol: 'SPY',
    quantity: 2,
    price: 300,
    currency: 'USD',
    rate: 0.8,
    costs: { commission: 1.25, spread: 480 * rates.spread, fx: 480 * 0.0003 },
    cashChangeCents: -48_145,
    reason: 'policy',
    wantedCents: 48_100,
  })
  assert.deepEqual(second, delisted)
  assert.equal(ledger.tradedSince(1), 210)
  assert.ok(Math.abs(ledger.tradedSince(0) - 690) < 1e-9)
  assert.deepEqual(ledger.costs(), first.costs)
})

test('costs charged for a fill that then does not happen are forgotten', () => {
  const ledger = new FillLedger(panel, 4)
  const rates = costRates(charged.get('AIR.PA')!, 'sell', '2020-03-03', book.costs, 'EUR')
  ledger.charge(1_000_000, rates)
  ledger.charge(100, rates)
  ledger.add({ ...buy, symbol: 'AIR.PA', side: 'sell' }, columnOf('AIR.PA'), 1, -1, 9_872)
  ledger.realize(5, -2)
  assert.equal(ledger.costs().commission, 1.25)
  assert.deepEqual(ledger.toArray()[0]!.realized, { asset: 5, currency: -2 })
})

test('a ledger over many sessions holds what each session alone would tell, whatever it makes space for at a time', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.tuple(fc.constantFrom('SPY', 'AIR.PA'), fc.integer({ min: -9, max: 9 })), { maxLength: 12 }),
      (blockSize, wishes) => {
        const ledger = new FillLedger(panel, blockSize)
        let holdings = openSession(opening({ cashCents: 500_000, positions: [], pending: [], exits: {} }, 0)).holdings
        const told: Fill[] = []
        for (let session = 1; session < dates.length; session++) {
          const pending = wishes
            .filter((_, index) => index % 4 === session - 1)
            .filter(([symbol], index, all) => all.findIndex(([other]) => other === symbol) === index)
            .map(([symbol, size], index): Order => {
              const common = { symbol, id: `${dates[session - 1]}/${index + 1}`, decidedOn: dates[session - 1]! }
              return size > 0
                ? { ...common, side: 'buy', amountCents: size * 50_000, reason: 'policy', waited: 0 }
                : { ...common, side: 'sell', quantity: 1 - size, reason: 'policy', waited: 0 }
            })
          const alone = openSession(opening({ ...holdings, pending }, session))
          const before = ledger.size
          const onto = openSessionOnto(ledger, opening({ ...holdings, pending }, session))
          assert.deepEqual(onto.holdings, alone.holdings)
          assert.equal(
            ledger.tradedSince(before),
            alone.events.fills.reduce((sum, { quantity, price, rate }) => sum + Math.abs(quantity * price * rate), 0),
          )
          told.push(...alone.events.fills)
          holdings = alone.holdings
        }
        assert.deepEqual(ledger.toArray(), told)
        const sum = told.reduce((total, fill) => total + sumCosts(fill.costs), 0)
        assert.ok(Math.abs(sumCosts(ledger.costs()) - sum) < 1e-9)
        ledger.clear()
        assert.deepEqual([ledger.size, ledger.toArray(), ledger.costs()], [0, [], {}])
      },
    ),
  )
})

function opening(holdings: Parameters<typeof openSession>[0]['holdings'], session: number) {
  const { orderExpirySessions } = book.limits
  return { holdings, panel, session, costs: book.costs, charged, orderExpirySessions }
}
