import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openSimulatedMarket } from '../../src/adapters/market/simulated.ts'
import { readBook } from '../../src/books.ts'
import { backtest } from '../../src/commands/backtest.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { run } from '../../src/commands/run.ts'
import { listingsOf } from '../../src/decision/book-market.ts'
import { MarketDataError } from '../../src/errors.ts'
import { isSession } from '../../src/market/calendar.ts'
import { openSimulation } from '../../src/market/simulation.ts'
import { openYahooServer, type YahooListing } from '../support/yahoo-server.ts'

/** A loopback Yahoo with the simulated world up to the last session that has closed by now. */
async function yahooWorld(change: (listings: Record<string, YahooListing>) => void = () => {}) {
  const simulation = openSimulation('7')
  const today = new Date().toISOString().slice(0, 10)
  const listings: Record<string, YahooListing> = {}
  for (const listing of listingsOf(readBook('allocator'))) {
    const { bars, dividends, splits } = simulation.series(listing, today)
    listings[listing.symbol] = { exchange: listing.exchange, currency: listing.currency, bars, dividends, splits }
  }
  const euros = openSimulatedMarket('7')
  const { rates } = await euros.history({
    listings: [{ symbol: 'SPY', currency: 'USD', exchange: 'XNYS' }],
    base: 'EUR',
    from: '2023-01-01',
    to: today,
    now: new Date().toISOString(),
  })
  listings['EURUSD=X'] = {
    exchange: 'FX',
    currency: 'USD',
    bars: rates[0]!.rates.map(({ date, rate }) => {
      const open = 1 / rate
      return { date, open, high: open * 1.01, low: open * 0.99, close: open * 1.005, volume: 0 }
    }),
  }
  change(listings)
  const server = await openYahooServer(listings)
  server.setClock(new Date().toISOString())
  const home = mkdtempSync(join(tmpdir(), 'primer-yahoo-'))
  const io: CommandIo = {
    environment: { YAHOO_URL: server.url, PRIMER_HOME: home, MARKET: 'yahoo' },
    readStdin: async () => '',
    say: () => {},
    show: () => {},
    interactive: false,
  }
  return { server, io, home }
}

type Ran = { readonly date: string; readonly entries: readonly { readonly kind: string }[] }
const jsonOf = async (job: string, io: CommandIo) => (await run(job, { book: 'allocator' }, io)).json as Ran

test('a live day on Yahoo: the last session is decided, and a second run does nothing', async () => {
  const { server, io } = await yahooWorld()
  try {
    const first = await jsonOf('allocate', io)
    assert.ok(isSession('XNYS', first.date) || isSession('XPAR', first.date))
    assert.deepEqual(
      first.entries.map(({ kind }) => kind),
      ['opened', 'session', 'close', 'snapshot', 'decision', 'post'],
    )
    assert.deepEqual((await jsonOf('allocate', io)).entries, [])
  } finally {
    await server.close()
  }
})

test('Yahoo has every Paris bar of the day and none of New York: the session is not booked, and may be tried again', async () => {
  const { server, io } = await yahooWorld((listings) => {
    const today = new Date().toISOString().slice(0, 10)
    // The simulated world is known to the end of the year; the last full day of both exchanges is before today.
    const both = listings['MC.PA']!.bars.findLast(({ date }) => date < today && isSession('XNYS', date))!.date
    for (const [symbol, listing] of Object.entries(listings)) {
      const bars = listing.bars.filter(({ date }) => (listing.exchange === 'XNYS' ? date < both : date <= both))
      listings[symbol] = { ...listing, bars }
    }
  })
  try {
    await assert.rejects(run('fill', { book: 'allocator' }, io), (error: unknown) => {
      assert.ok(error instanceof MarketDataError && error.retryable)
      assert.match(error.message, /XNYS.*late/)
      return true
    })
  } finally {
    await server.close()
  }
})

test('a backtest on Yahoo equals the one on the same prices as CSV would: fills at the opens as traded', async () => {
  const { server, io } = await yahooWorld()
  try {
    const options = {
      book: 'allocator',
      policy: 'equal-weight',
      from: '2025-06-02',
      to: '2025-12-31',
      market: 'yahoo',
    } as const
    const yahoo = (await backtest(options, io)).json as {
      fills: { symbol: string; price: number }[]
      finalEquity: number
    }
    const simulated = (await backtest({ ...options, market: 'simulated:7' }, io)).json as typeof yahoo
    assert.ok(yahoo.fills.length > 20)
    assert.deepEqual(
      yahoo.fills.map(({ symbol, price }) => [symbol, price.toFixed(4)]),
      simulated.fills.map(({ symbol, price }) => [symbol, price.toFixed(4)]),
    )
    assert.ok(
      Math.abs(yahoo.finalEquity - simulated.finalEquity) < 0.5,
      `${yahoo.finalEquity} and ${simulated.finalEquity}`,
    )
  } finally {
    await server.close()
  }
})
