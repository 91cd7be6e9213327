import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { auditLookahead } from '../../src/backtest/lookahead.ts'
import { randomAllocators } from '../../src/backtest/random-allocators.ts'
import { simulate } from '../../src/backtest/simulate.ts'
import { backtest } from '../../src/commands/backtest.ts'
import type { BookMarket } from '../../src/decision/book-market.ts'
import { buildSnapshot } from '../../src/decision/build-snapshot.ts'
import { buyAndHold } from '../../src/decision/policies/buy-and-hold.ts'
import { equalWeight } from '../../src/decision/policies/equal-weight.ts'
import { randomPolicy } from '../../src/decision/policies/random.ts'
import type { Policy, View } from '../../src/decision/policy.ts'
import { addDays, sessionsBetween } from '../../src/market/calendar.ts'
import type { MarketHistory } from '../../src/market/price-source.ts'
import type { AllocatorBook } from '../../src/portfolio/book.ts'
import type { Membership } from '../../src/portfolio/membership.ts'
import { line, writeMarket } from '../support/market-files.ts'
import { type Asset, bookOf, flat, marketOf } from '../support/world.ts'

// From Monday 2 March 2020: Paris is open on all weekdays up to 9 April.
const dates = sessionsBetween('XPAR', '2020-03-02', '2020-04-09')
const solve = async () => assert.fail('nothing is solved here')
const free = {
  commissionBps: 0,
  commissionMin: 0,
  fxBps: 0,
  purchaseTaxes: {},
  minimumTicket: 100,
  quantityStep: 0.0001,
}

/** Assets at 100, 50 and 20 that trade on the dates given, in a book without costs. */
function world(
  days: Readonly<Record<string, readonly string[]>>,
  change: Partial<AllocatorBook> = {},
): { readonly market: BookMarket; readonly assets: readonly Asset[]; readonly book: AllocatorBook } {
  const prices = [100, 50, 20]
  const assets = Object.entries(days).map(
    ([symbol, traded], i): Asset => ({ symbol, halfSpreadBps: 0, days: flat(traded, prices[i]!) }),
  )
  const book = bookOf(assets, { costs: free, ...change })
  return { market: marketOf(assets, { book }), assets, book }
}

const run = (market: BookMarket, policy: Policy, more: { onClose?: (view: View) => void } = {}) =>
  simulate({ market, policy, first: 0, last: market.panel.sessions.length - 1, solve, ...more })

test('what is held when its membership ends is sold whole at the next open, and not bought again', async () => {
  // 10,000 in two halves: 50 A and 100 B, bought on 3 March. B's stay ends with the close of 10 March.
  const universe = [{ symbol: 'B', until: '2020-03-10' }]
  const { market } = world({ A: dates, B: dates }, { universe })
  const { fills, equity } = await run(market, equalWeight('daily'))
  assert.deepEqual(
    fills.map(({ date, symbol, quantity, price, reason }) => [date, symbol, quantity, price, reason]),
    [
      ['2020-03-03', 'A', 50, 100, 'policy'],
      ['2020-03-03', 'B', 100, 50, 'policy'],
      ['2020-03-11', 'B', -100, 50, 'universe'],
      // All of the equity belongs into the one member that is left.
      ['2020-03-12', 'A', 50, 100, 'policy'],
    ],
  )
  assert.equal(equity.at(-1), 10_000)
})

test('an instrument is not decided before its membership begins, though it has prices', async () => {
  const universe = [{ symbol: 'B', from: '2020-03-16' }]
  const { market } = world({ A: dates, B: dates }, { universe })
  const { fills } = await run(market, equalWeight('daily'))
  assert.deepEqual(
    fills.filter(({ symbol }) => symbol === 'B').map(({ date }) => date),
    ['2020-03-17'],
  )
})

test('a held asset whose prices end is closed at its last close less the haircut, with a note', async () => {
  // 100 B at 50. The last bar is of 6 March; the third session of Paris without a price is 11 March: 5,000 become 3,000.
  const { market } = world({ A: dates, B: dates.slice(0, 5) }, { delisting: { haircut: 0.4, afterSessions: 3 } })
  const { fills, equity } = await run(market, equalWeight('monthly'))
  const closed = fills.filter(({ reason }) => reason === 'delisted')
  assert.deepEqual(closed, [
    {
      orderId: '2020-03-11/delisted/B',
      date: '2020-03-11',
      symbol: 'B',
      quantity: -100,
      price: 30,
      currency: 'EUR',
      rate: 1,
      costs: {},
      cashChangeCents: 300_000,
      realized: { asset: -2000, currency: 0 },
      reason: 'delisted',
      note: 'no price in 3 sessions of its exchange: closed at its last close, 50 of 2020-03-06, less 40 %',
    },
  ])
  assert.equal(equity[dates.indexOf('2020-03-10')], 10_000)
  assert.equal(equity[dates.indexOf('2020-03-11')], 8_000)
  // 1/N of April buys what still trades: 3,000 of cash all go into A, none waits for the dead one.
  const april = fills.filter(({ date }) => date > '2020-03-31')
  assert.deepEqual(
    april.map(({ symbol, quantity }) => [symbol, quantity]),
    [['A', 30]],
  )
})

test('a book without terms of its own loses 30 % of a share that had no price in 20 sessions', async () => {
  const { market } = world({ A: dates, B: dates.slice(0, 5) })
  const { fills } = await run(market, buyAndHold('B'))
  const [bought, closed] = fills
  // 20 sessions after 6 March, without weekends: 3 April.
  assert.deepEqual([closed?.date, closed?.reason, closed?.price], ['2020-04-03', 'delisted', 35])
  assert.equal(bought?.quantity, 200)
  assert.equal(closed?.cashChangeCents, 700_000)
  assert.equal(fills.length, 2)
})

test('a halt of fewer sessions closes nothing', async () => {
  const halted = dates.filter((date) => date < '2020-03-09' || date > '2020-03-31')
  const { market } = world({ A: dates, B: halted })
  const { fills, equity } = await run(market, buyAndHold('B'))
  assert.equal(fills.length, 1)
  assert.equal(equity.at(-1), 10_000)
})

test('an announced delisting closes at the first session after it, with its own haircut where it has one', async () => {
  const bankrupt: Membership = { symbol: 'B', until: '2020-03-10', delisted: true }
  for (const [stay, price] of [
    [bankrupt, 35],
    [{ ...bankrupt, haircut: 0 }, 50],
    [{ ...bankrupt, haircut: 1 }, 0],
  ] as const) {
    const { market } = world({ A: dates, B: dates.slice(0, 7) }, { universe: [stay] })
    const { fills, equity } = await run(market, buyAndHold('B'))
    assert.deepEqual(
      fills.map(({ date, reason, price: at }) => [date, reason, at]),
      [
        ['2020-03-03', 'policy', 50],
        ['2020-03-11', 'delisted', price],
      ],
    )
    assert.equal(equity.at(-1), 200 * price)
  }
})

test('a split after the last close is in the price that a delisted share is closed at', async () => {
  // 200 shares at 50; 1 for 10 on 9 March, when it does not trade: 20 shares, last close 500 of today's, less 30 %.
  const { assets, book } = world({ A: dates, B: dates.slice(0, 5) })
  const [a, b] = assets
  const days = { ...b!.days, '2020-03-09': { open: Number.NaN, close: Number.NaN, split: 0.1 } }
  const market = marketOf([a!, { ...b!, days }], { book })
  const closed = (await run(market, buyAndHold('B'))).fills.at(-1)
  assert.deepEqual([closed?.quantity, closed?.price, closed?.cashChangeCents], [-20, 350, 700_000])
})

test('a snapshot lists the members of its date, and what is still held', async () => {
  const universe = [
    { symbol: 'B', until: '2020-03-10' },
    { symbol: 'C', from: '2020-03-12' },
  ]
  const { market } = world({ A: dates, B: dates, C: dates }, { universe })
  const listed = new Map<string, string>()
  await run(market, equalWeight('daily'), {
    onClose: (view) => {
      const { assets, date, correlation20, limits } = buildSnapshot(view, {
        sealedAt: '2020-03-02T20:00:00.000Z',
        day: 1,
        marketLabel: 'test',
        netReturn: 0,
        drawdown: 0,
        benchmarks: [],
        recentDecisions: [],
      })
      listed.set(date, assets.map(({ symbol }) => symbol).join(' '))
      assert.deepEqual(
        correlation20.symbols,
        assets.map(({ symbol }) => symbol),
      )
      for (const { symbol } of limits.blocked) assert.ok(assets.some((asset) => asset.symbol === symbol))
    },
  })
  assert.equal(listed.get('2020-03-09'), 'A B')
  // Its stay is over, and it is sold at the open of the 11th.
  assert.equal(listed.get('2020-03-10'), 'A B')
  assert.equal(listed.get('2020-03-11'), 'A')
  assert.equal(listed.get('2020-03-12'), 'A C')
})

test('random allocators draw members alone, and leave the universe as the policy does', async () => {
  // Only A is ever in; B doubles on the second day and would show in the agents' returns.
  const rising = Object.fromEntries(dates.map((date, i) => [date, { open: i < 3 ? 50 : 100, close: i < 3 ? 50 : 100 }]))
  const assets: Asset[] = [
    { symbol: 'A', halfSpreadBps: 0, days: flat(dates, 100) },
    { symbol: 'B', halfSpreadBps: 0, days: rising },
  ]
  const tickets = [{ session: 0, side: 'buy' as const, fraction: 1 }]
  const draw = (universe: readonly Membership[], delisting = { haircut: 0.5, afterSessions: 5 }) =>
    randomAllocators({
      market: marketOf(assets, { book: bookOf(assets, { costs: free, universe: [...universe], delisting }) }),
      tickets,
      first: 0,
      last: dates.length - 1,
      finalEquity: 10_000,
      count: 50,
      seed: '1',
    })
  assert.deepEqual(new Set(draw([{ symbol: 'B', from: '2020-03-20' }]).netReturns), new Set([0]))
  assert.deepEqual(new Set(draw([]).netReturns), new Set([0, 1]))
  // Out at the open of 4 March, before it doubles; or delisted that day, which costs half.
  assert.deepEqual(new Set(draw([{ symbol: 'B', until: '2020-03-03' }]).netReturns), new Set([0]))
  assert.deepEqual(new Set(draw([{ symbol: 'B', until: '2020-03-03', delisted: true }]).netReturns), new Set([0, -0.5]))
})

const history = (assets: readonly Asset[]): MarketHistory => ({
  histories: assets.map(({ symbol, days }) => ({
    symbol,
    currency: 'EUR',
    bars: Object.entries(days).map(([date, { open, close }]) => ({
      date,
      open,
      high: open,
      low: open,
      close,
      volume: 1,
    })),
    dividends: [],
    splits: [],
  })),
  rates: [],
  absent: [],
  notes: [],
})

/** Sells nothing, and buys A on the day before B leaves: it reads a date that lies ahead. */
const knowsWhoLeaves: Policy = {
  name: 'knows-who-leaves',
  guarded: false,
  prepare: ({ market, session }) => {
    const tomorrow = addDays(market.panel.sessions[session]!, 1)
    const leaves = market.universe.get('B')?.some(({ until }) => until === tomorrow)
    const wishes = leaves === true ? [{ side: 'buy' as const, symbol: 'A', amountCents: 100_000, reason: '' }] : []
    return { kind: 'wishes', wishes, summary: '' }
  },
}

test('the audit changes the universe of the future: no clean policy minds, one that reads it is found', async () => {
  const universe: Membership[] = [
    { symbol: 'B', until: '2020-03-10' },
    { symbol: 'C', from: '2020-03-12', until: '2020-03-24', delisted: true },
  ]
  const { assets, book } = world({ A: dates, B: dates, C: dates.slice(0, 17) }, { universe })
  const audit = (policy: Policy) =>
    auditLookahead({
      book,
      history: history(assets),
      range: { from: dates[0]!, to: dates.at(-1)! },
      first: dates[0]!,
      dates: dates.slice(3, -1),
      policy: () => policy,
      solve,
      seed: '1',
    })
  for (const clean of [equalWeight('daily'), buyAndHold('B'), randomPolicy('7')]) {
    assert.deepEqual((await audit(clean)).findings, [], clean.name)
  }
  const { findings } = await audit(knowsWhoLeaves)
  assert.deepEqual([...new Set(findings.map(({ future }) => future))], ['universe'])
  assert.ok(findings.some(({ date, what }) => date === '2020-03-09' && what === 'orders'))
})

test('no policy ever fills a purchase that was decided outside a stay', async () => {
  const day = fc.integer({ min: 0, max: dates.length - 1 })
  await fc.assert(
    fc.asyncProperty(day, day, fc.boolean(), fc.string({ maxLength: 5 }), async (one, other, delisted, seed) => {
      const [from, until] = [dates[Math.min(one, other)]!, dates[Math.max(one, other)]!]
      fc.pre(from < until)
      const stay: Membership = { symbol: 'B', from, until, ...(delisted && { delisted: true }) }
      const { market } = world({ A: dates, B: dates, C: dates }, { universe: [stay] })
      for (const policy of [equalWeight('daily'), randomPolicy(`x${seed}`), buyAndHold('B')]) {
        const { fills, holdings, equity } = await run(market, policy)
        for (const { symbol, quantity, orderId } of fills) {
          const decidedOn = orderId.slice(0, 10)
          if (symbol === 'B' && quantity > 0) assert.ok(decidedOn >= from && decidedOn < until)
        }
        const next = dates[dates.indexOf(until) + 1]
        if (next !== undefined) assert.ok(!holdings.positions.some(({ symbol }) => symbol === 'B'))
        // Prices stand still and nothing costs anything: money is lost by the haircut alone.
        const loss = fills.reduce((sum, { reason, realized }) => sum - (reason === 'delisted' ? realized!.asset : 0), 0)
        assert.ok(Math.abs(equity.at(-1)! + loss - 10_000) < 0.1)
      }
    }),
    { numRuns: 60 },
  )
})

test('the command says who was in when, what was closed and why, and what is held at an old price', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'primer-universe-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const traded = (days: readonly string[], price: number) => days.map((date) => line(date, price, price))
  writeMarket(folder, { A: traded(dates, 100), B: traded(dates.slice(0, 5), 50), C: traded(dates.slice(0, -2), 20) })
  const assets = ['A', 'B', 'C'].map((symbol): Asset => ({ symbol, halfSpreadBps: 0, days: {} }))
  const universe = [{ symbol: 'A', from: '2020-01-01', until: '2020-03-20' }]
  const file = join(folder, 'book.json')
  writeFileSync(
    file,
    JSON.stringify(bookOf(assets, { costs: free, universe, delisting: { haircut: 0.5, afterSessions: 4 } })),
  )
  const { json } = await backtest(
    { book: file, policy: 'equal-weight', from: dates[0]!, to: dates.at(-1)!, market: `csv:${folder}` },
    {
      environment: { PRIMER_HOME: folder },
      readStdin: async () => '',
      say: () => {},
      show: () => {},
      interactive: false,
    },
  )
  const { notes, fills } = json as {
    readonly notes: readonly string[]
    readonly fills: readonly { readonly symbol: string; readonly reason: string; readonly note?: string }[]
  }
  const why = 'no price in 4 sessions of its exchange: closed at its last close, 50 of 2020-03-06, less 50 %'
  assert.equal(fills.find(({ reason }) => reason === 'delisted')?.note, why)
  for (const note of [
    'Universe by date: A may be held only within the dates of the book; all other instruments always.',
    `2020-03-12: B, ${why}.`,
    'C is valued at its last close, of 2020-04-07: no price followed.',
  ])
    assert.ok(notes.includes(note), notes.join('\n'))
})
