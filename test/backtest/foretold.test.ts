import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { allocatorBook, bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { troubledMarket, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import {
  closeOn,
  costsOf,
  type Evidence,
  opensOf,
  rateOn,
  readRawMarket,
  sessionsOf,
  splitsBetween,
} from '../support/stranger-market.ts'

// A stranger who knows the rules of 1/N foretells all its fills, before looking at what the program did.

const scratch = mkdtempSync(join(tmpdir(), 'primer-foretold-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

type Order = { readonly symbol: string; readonly decided: string; readonly sell?: number; readonly cents?: number }
type Foretold = readonly [date: string, symbol: string, quantity: string, cashChange: number]
type Owned = { readonly cents: number; readonly held: ReadonlyMap<string, number> }

/** All fills of the 1/N that decides at the close of every session for whose place `decides` holds. */
function foretell(
  evidence: Evidence,
  asked: { from: string; to: string },
  decides: (place: number) => boolean,
): readonly Foretold[] {
  const { market, book } = evidence
  const fills: Foretold[] = []
  const held = new Map<string, number>()
  let cents = Math.round(book.initialCash * 100)
  let orders: readonly Order[] = []
  for (const [place, date] of sessionsOf(evidence, asked).entries()) {
    for (const [symbol, quantity] of held) {
      const { currency } = book.instruments.find((each) => each.symbol === symbol)!
      const { dividend = 0, split = 1 } = market.get(symbol)!.get(date) ?? {}
      cents += inCents(quantity * dividend * rateOn(evidence, currency, date))
      held.set(symbol, quantity * split)
    }
    for (const order of inOrderOfOpens(evidence, orders)) {
      if (Number.isNaN(market.get(order.symbol)!.get(date)?.open ?? Number.NaN)) continue
      orders = orders.filter((each) => each !== order)
      const fill = fillOf(evidence, { order, date, cents })
      if (fill === null) continue
      cents += fill.change
      held.set(order.symbol, (held.get(order.symbol) ?? 0) + fill.quantity)
      fills.push([date, order.symbol, fill.quantity.toFixed(4), fill.change / 100])
    }
    orders = orders.filter((order) => !isExpired(evidence, order, date))
    if (decides(place)) orders = [...orders, ...decided(evidence, { cents, held }, { date, orders })]
  }
  return fills
}

/** Paris before New York, sells before buys. */
function inOrderOfOpens({ book }: Evidence, orders: readonly Order[]): readonly Order[] {
  const home = (order: Order) => book.instruments.find(({ symbol }) => symbol === order.symbol)!.exchange
  return ['XPAR', 'XNYS'].flatMap((exchange) => {
    const here = orders.filter((order) => home(order) === exchange)
    return [...here.filter(({ sell }) => sell !== undefined), ...here.filter(({ sell }) => sell === undefined)]
  })
}

function fillOf(evidence: Evidence, opening: { order: Order; date: string; cents: number }) {
  const { order, date } = opening
  const { market, book } = evidence
  const { symbol } = order
  const { currency } = book.instruments.find((each) => each.symbol === symbol)!
  const unit = market.get(symbol)!.get(date)!.open * rateOn(evidence, currency, date)
  const side = order.sell === undefined ? 'buy' : 'sell'
  const costs = (quantity: number) =>
    Object.values(costsOf(evidence, { symbol, date, value: quantity * unit, side })).reduce((a, b) => a + b, 0)
  if (order.sell !== undefined) {
    const quantity = steps(order.sell * splitsBetween(market, symbol, { after: order.decided, to: date })) / 1e4
    return { quantity: -quantity, change: inCents(quantity * unit - costs(quantity)) }
  }
  const given = Math.min(order.cents!, opening.cents) / 100
  if (given < book.costs.minimumTicket) return null
  // The most steps whose price and costs together stay within the cash given.
  let most = steps(given / unit)
  while ((most / 1e4) * unit + costs(most / 1e4) > given + 1e-9) most--
  return { quantity: most / 1e4, change: -inCents((most / 1e4) * unit + costs(most / 1e4)) }
}

/** Every asset that has a price gets the same share of the equity, where it is a ticket or more away from it. */
function decided(
  evidence: Evidence,
  { cents, held }: Owned,
  { date, orders }: { date: string; orders: readonly Order[] },
): readonly Order[] {
  const { book } = evidence
  const priced = book.instruments
    .map(({ symbol, currency }) => ({
      symbol,
      price: closeOn(evidence, symbol, date) * rateOn(evidence, currency, date),
      quantity: held.get(symbol) ?? 0,
    }))
    .filter(({ price }) => !Number.isNaN(price))
  const equity = cents / 100 + priced.reduce((sum, { price, quantity }) => sum + price * quantity, 0)
  const gaps = priced
    .map((each) => ({ ...each, gap: equity / priced.length - each.price * each.quantity }))
    .filter(({ gap }) => Math.abs(gap) >= book.costs.minimumTicket)
    .filter(({ symbol }) => !orders.some((order) => order.symbol === symbol))
  const sum = (sign: number) => gaps.reduce((total, { gap }) => total + Math.max(0, gap * sign), 0)
  // More is never wanted than cash and sales can pay: the buys shrink together.
  const share = Math.min(1, (cents / 100 + sum(-1)) / sum(1))
  return gaps.flatMap(({ symbol, gap, price }): Order[] => {
    if (gap > 0) return [{ symbol, decided: date, cents: Math.floor(gap * share * 100 + 1e-6) }]
    const sell = steps(-gap / price) / 1e4
    // Rounded down to whole steps a sale may fall below the least ticket; then there is none.
    return sell * price < book.costs.minimumTicket ? [] : [{ symbol, decided: date, sell }]
  })
}

/** Rounded half up; the nudge is for products such as 4.846 * 7.5, which floats put a hair below the half cent. */
const inCents = (amount: number) => Math.round(amount * 100 + 1e-9)

const steps = (quantity: number) => Math.floor(quantity * 1e4 + 1e-6)

/** Five sessions of its exchange have passed without an open of its own. */
function isExpired({ market, book }: Evidence, order: Order, today: string): boolean {
  const { exchange } = book.instruments.find(({ symbol }) => symbol === order.symbol)!
  const siblings = book.instruments.filter((each) => each.exchange === exchange)
  const open = new Set(siblings.flatMap(({ symbol }) => opensOf(market, symbol)))
  return [...open].filter((date) => date > order.decided && date <= today).length >= 5
}

function mondayOf(date: string): string {
  const at = Date.parse(`${date}T00:00:00Z`)
  return new Date(at - ((new Date(at).getUTCDay() + 6) % 7) * 86_400_000).toISOString().slice(0, 10)
}

async function assertForetold(folder: string, evidence: Evidence, asked: { from: string; to: string }): Promise<void> {
  const book = writeBook(join(scratch, 'book.json'), evidence.book)
  const dates = sessionsOf(evidence, asked)
  const starts = (period: (date: string) => string) => (place: number) =>
    place === 0 || period(dates[place]!) !== period(dates[place - 1]!)
  for (const [rebalance, decides] of [
    ['monthly', starts((date) => date.slice(0, 7))],
    ['weekly', starts(mondayOf)],
    ['daily', () => true],
  ] as const) {
    const expected = foretell(evidence, asked, decides)
    const report = await runBacktest({ book, policy: 'equal-weight', rebalance, market: `csv:${folder}`, ...asked })
    const fills = report.fills.map((fill) => [fill.date, fill.symbol, fill.quantity.toFixed(4), fill.cashChange])
    assert.deepEqual(fills, expected, rebalance)
    assert.ok(fills.length > 12, `${rebalance}: ${fills.length} fills`)
  }
}

test('every fill of three years of 1/N is foretold from the prices of Paris and New York', {
  skip: sharedAbsent,
}, async () => {
  const folder = sharedPath('bars/allocator_2018_2020')
  const evidence = { market: readRawMarket(folder), book: allocatorBook() }
  await assertForetold(folder, evidence, { from: '2018-01-01', to: '2020-12-31' })
})

test('every fill of 1/N is foretold in troubled markets', async () => {
  const symbols = ['SPY', 'SOXX', 'TLT', 'MC.PA', 'AI.PA', 'OR.PA', 'AIR.PA']
  const book = bookOf(symbols.map((symbol) => instrument(symbol, { taxed: symbol !== 'AIR.PA' })))
  for (const seed of [1, 2, 3, 4]) {
    const market = troubledMarket(seed)
    // TLT is listed on 6 March only: until the close of that day it is nobody's seventh part.
    const listed = { ...market, TLT: market.TLT!.filter(({ date }) => date >= '2025-03-06') }
    const folder = writeMarket(join(scratch, `market-${seed}`), listed)
    await assertForetold(folder, { market: readRawMarket(folder), book }, { from: '2025-01-02', to: '2025-06-30' })
  }
})
