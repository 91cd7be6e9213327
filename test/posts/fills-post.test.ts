import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Entry, EntryBodies } from '../../src/journal/entry.ts'
import { renderFillsPost } from '../../src/posts/fills-post.ts'
import { assertGolden, postAsText } from './golden.ts'
import { close, controlOpened, controlStanding, entry, opened } from './sample-entries.ts'

type Events = EntryBodies['session']['events']
const nothing: Events = { splits: [], dividends: [], fills: [], lapsed: [], waiting: [] }

function session(events: Partial<Events>): Entry<'session'> {
  return entry(
    'session',
    { date: '2020-03-13', events: { ...nothing, ...events }, benchmarks: { 'equal-weight': nothing } },
    { seq: 514, hash: 'b'.repeat(64) },
  )
}

const sold: Events['fills'][number] = {
  orderId: '2020-03-12/1',
  date: '2020-03-13',
  symbol: 'MC.PA',
  quantity: -2.4119,
  price: 344.1,
  currency: 'EUR',
  rate: 1,
  // 2.4119 * 344.10 = 829.93; commission 1.25 and half a spread of 3 bps = 0.25
  costs: { commission: 1.25, spread: 0.249 },
  cashChangeCents: 82_843,
  realized: { asset: -49.25, currency: 0 },
  reason: 'stop',
}
const partlyBought: Events['fills'][number] = {
  orderId: '2020-03-12/2',
  date: '2020-03-13',
  symbol: 'TLT',
  quantity: 3.9871,
  price: 168.214,
  currency: 'USD',
  rate: 0.9012,
  // 3.9871 * 168.214 * 0.9012 = 604.42; 1.25 + 1 bp = 0.06 + 3 bps = 0.18
  costs: { commission: 1.25, spread: 0.06, fx: 0.181 },
  cashChangeCents: -60_591,
  wantedCents: 85_000,
  reason: 'policy',
}
const eventful: Partial<Events> = {
  fills: [sold, partlyBought],
  dividends: [
    {
      date: '2020-03-13',
      symbol: 'SPY',
      quantity: 5.1,
      perShare: 1.4056,
      currency: 'USD',
      rate: 0.9012,
      cashChangeCents: 646,
    },
  ],
  splits: [{ date: '2020-03-13', symbol: 'AIR.PA', ratio: 4, quantityBefore: 2.5, quantityAfter: 10 }],
  lapsed: [
    { orderId: '2020-03-05/2', symbol: 'KER.PA', side: 'buy', kind: 'expired', because: 'no open in 5 sessions' },
  ],
  waiting: [{ orderId: '2020-03-11/1', symbol: 'GLD', waited: 2 }],
}

test('a session without any event has no post', () => {
  assert.equal(renderFillsPost({ opened: opened(), session: session({}) }), null)
})

test('a stop, a partial fill, a dividend, a split, an expired and a waiting order are all told', () => {
  const post = renderFillsPost({ opened: opened(), session: session(eventful), close: close({ date: '2020-03-13' }) })!
  const text = post.x.join('\n')
  assert.match(text, /Sold 2\.4119 LVMH at EUR 344\.10 \(stop, result EUR -49\.25 before costs\)\./)
  assert.match(text, /Bought 3\.9871 TLT at USD 168\.21 for EUR 606 of EUR 850 wanted\./)
  assert.match(JSON.stringify(post.discord), /Sold 2\.4119 LVMH at EUR 344\.10.*Bought 3\.9871 TLT at USD 168\.21/)
  assert.match(text, /Costs EUR 2\.99\./)
  assert.match(text, /Dividends before tax: SPY EUR 6\.46\./)
  assert.match(text, /Split: Airbus 4 for 1, 2\.5 shares became 10\./)
  assert.match(text, /Expired without an open: buy Kering\./)
  assert.match(text, /Waiting for an opening price: Gold\./)
  assert.ok(text.endsWith(`Automated, paper money. ${'b'.repeat(32)}`))
  assertGolden('fills.txt', postAsText(post))
})

test('one fill is one short text', () => {
  const post = renderFillsPost({ opened: opened(), session: session({ fills: [sold] }), close: close() })!
  assert.deepEqual(post.x, [
    '2020-03-13: Sold 2.4119 LVMH at EUR 344.10 (stop, result EUR -49.25 before costs). Costs EUR 1.50.\n' +
      'EUR 10,213: +2.1 %, SPY +3.4 %, CAC +0.9 %. No evidence of skill yet.\n' +
      `Automated, paper money. ${'b'.repeat(32)}`,
  ])
})

test('a missed order and one without cash are told apart', () => {
  const lapsed: Events['lapsed'] = [
    { orderId: '1', symbol: 'TLT', side: 'buy', kind: 'missed', because: 'New York had opened' },
    {
      orderId: '2',
      symbol: 'GLD',
      side: 'buy',
      kind: 'no-cash',
      because: 'cash of 20.00 does not pay a ticket of 100.00',
    },
  ]
  const post = renderFillsPost({ opened: opened(), session: session({ lapsed }) })!
  assert.match(post.x[0]!, /Missed, the exchange had opened: buy TLT\. Not filled for lack of cash: buy Gold\./)
  assert.match(JSON.stringify(post.discord), /Cash of 20\.00 does not pay a ticket of 100\.00/)
})

test('a rebalancing of forty fills keeps the total costs and the label of simulated prices', () => {
  const fills = Array.from({ length: 40 }, (_, index) => ({ ...partlyBought, orderId: String(index) }))
  const post = renderFillsPost({
    opened: controlOpened(),
    session: session({ fills }),
    close: close({ standing: controlStanding }),
  })!
  // 40 * (1.25 + 0.06 + 0.181) = 59.64
  assert.match(post.x.join('\n'), /Costs EUR 59\.64\./)
  for (const text of post.x) assert.match(text, /Simulated prices\./)
  assert.match(post.x[0]!, /and 3\d more/)
  assert.match(JSON.stringify(post.discord), /And 1\d more|And 2\d more/)
})
