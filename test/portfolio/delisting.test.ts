import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyEvents } from '../../src/journal/replay.ts'
import type { Holdings } from '../../src/portfolio/holdings.ts'
import { universeOf } from '../../src/portfolio/membership.ts'
import { openSession } from '../../src/portfolio/session.ts'
import { flat, marketOf } from '../support/world.ts'

const dates = ['2020-03-02', '2020-03-03', '2020-03-04', '2020-03-05', '2020-03-06']
const usdPerEur = Object.fromEntries(dates.map((date, i) => [date, 1.25 - 0.05 * i]))

test('a closing in dollars comes at the rate of its day, ends what waited on it, and a replay of the journal agrees', () => {
  const market = marketOf(
    [
      { symbol: 'A', days: flat(dates, 10) },
      { symbol: 'B', exchange: 'XNYS', currency: 'USD', days: flat(dates.slice(0, 2), 50) },
    ],
    { usdPerEur },
  )
  const order = { symbol: 'B', decidedOn: '2020-03-03', reason: 'policy', waited: 1 } as const
  const holdings: Holdings = {
    cashCents: 100_000,
    positions: [
      { symbol: 'A', currency: 'EUR', quantity: 3, costLocal: 30, costBase: 30, openedOn: '2020-03-02' },
      { symbol: 'B', currency: 'USD', quantity: 10, costLocal: 600, costBase: 480, openedOn: '2020-03-02' },
    ],
    pending: [
      { ...order, id: '2020-03-03/1', side: 'sell', quantity: 4 },
      { ...order, id: '2020-03-03/2', side: 'buy', symbol: 'A', amountCents: 20_000 },
    ],
    exits: {},
  }
  const closing = { universe: universeOf(), delisting: { haircut: 0.4, afterSessions: 2 } }
  const { panel, book, charged } = market
  // The second session without a price is 5 March: 10 shares at 50 less 40 % = USD 300, at 1.10 dollars a euro EUR 272.73.
  const { holdings: after, events } = openSession({
    ...{ holdings, panel, session: 3, costs: book.costs, charged, closing },
    orderExpirySessions: 5,
  })
  const [closed, bought] = events.fills
  assert.deepEqual([closed?.symbol, closed?.price, closed?.cashChangeCents], ['B', 30, 27_273])
  // Average cost 60 at 0.8: 10 * (30 - 60) * 0.8 from the price, 10 * 30 * (1 / 1.1 - 0.8) from the rate.
  assert.ok(Math.abs(closed!.realized!.asset + 240) < 1e-9)
  assert.ok(Math.abs(closed!.realized!.currency - 300 * (1 / 1.1 - 0.8)) < 1e-9)
  assert.deepEqual(events.lapsed, [
    { orderId: '2020-03-03/1', symbol: 'B', side: 'sell', kind: 'expired', because: 'B trades no more' },
  ])
  assert.equal(bought?.symbol, 'A')
  assert.deepEqual(after.exits, { B: '2020-03-05' })
  assert.deepEqual(applyEvents(holdings, events), after)
})
