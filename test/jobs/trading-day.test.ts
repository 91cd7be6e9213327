import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBook } from '../../jobs/open-book.ts'
import { due } from '../../jobs/steps.ts'
import { allocate } from '../../jobs/trading-day.ts'
import { openCsvMarket } from '../../src/adapters/market/csv.ts'
import { readBook } from '../../src/books.ts'
import { readConfig } from '../../src/config.ts'
import { type Context, simulatedClock } from '../../src/context.ts'
import { MarketDataError } from '../../src/errors.ts'
import type { PriceSource } from '../../src/market/price-source.ts'
import { openContext, readBookMarket } from '../../src/open-context.ts'
import { withFolder } from '../support/database.ts'
import { line, weekdays, writeMarket } from '../support/market-files.ts'

/** One fund in New York and one share in Paris, as a live source has them; New York has nothing on March 7. */
function liveSource(folder: string): PriceSource {
  const dates = weekdays('2024-03-04', '2024-03-15')
  writeMarket(folder, {
    SPY: dates.filter((date) => date !== '2024-03-07').map((date) => line(date, 500, 501)),
    'MC.PA': dates.map((date) => line(date, 800, 801)),
    'EURUSD=X': dates.map((date) => line(date, 1.09, 1.09, { volume: 0 })),
  })
  return { ...openCsvMarket(folder), nature: 'live' }
}

async function allocateOn(ctx: Context, date: string): Promise<readonly string[]> {
  const book = readBook('allocator')
  const market = await ctx.market(book, { first: '2024-03-05', to: date })
  const open = await openBook(ctx, book, market, date, due.fill(date))
  const { state } = await allocate(ctx, market, open, market.panel.indexOf.get(date)!)
  return state.closes.map((close) => close.date)
}

test('a source that has one exchange and not yet the other books nothing, until a later day shows that it was closed', () =>
  withFolder(async (home) => {
    const prices = liveSource(join(home, 'bars'))
    const ctx = await openContext({
      config: readConfig({ PRIMER_HOME: home }),
      databaseUrl: `sqlite:${join(home, 'journal.db')}`,
      prices,
      clock: simulatedClock,
      market: (book, range) => readBookMarket(prices, book, range, due.report(range.to)),
      say: () => {},
    })
    try {
      await allocateOn(ctx, '2024-03-05')
      await allocateOn(ctx, '2024-03-06')
      await assert.rejects(allocateOn(ctx, '2024-03-07'), (error) => {
        assert(error instanceof MarketDataError && error.retryable)
        assert.match(error.message, /no price of 2024-03-07 for any instrument on XNYS, which was open/)
        return true
      })
      const booked = await allocateOn(ctx, '2024-03-08')
      assert.deepEqual(booked, ['2024-03-05', '2024-03-06', '2024-03-07', '2024-03-08'])
    } finally {
      await ctx.journal.close()
    }
  }))
