import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { addDays } from '../../src/market/calendar.ts'
import { bars, wavering } from '../support/coins.ts'
import { withFolder } from '../support/database.ts'
import { openExchangeServer } from '../support/exchange-server.ts'
import { primer, primerJson, rowsOf } from '../support/primer.ts'

test('a live day on an exchange: yesterday is decided today, and filled tomorrow at the earliest', () =>
  withFolder(async (home) => {
    const now = new Date().toISOString()
    const today = now.slice(0, 10)
    const own = (price: number) => bars(addDays(today, -119), wavering(price, 120))
    const coins = { 'BTC/USDT': own(40_000), 'ETH/USDT': own(2500), 'AAVE/USDT': own(100), 'SNX/USDT': own(3) }
    const server = await openExchangeServer(
      Object.fromEntries(Object.entries(coins).map(([symbol, rows]) => [symbol, { bars: rows, quoteVolume: 1e6 }])),
      now,
    )
    try {
      const options = { home, env: { MARKET: 'ccxt:gate', EXCHANGE_URL: server.url } }
      const doctor = await primer(['doctor'], options)
      assert.match(doctor.stdout, /^ok +market +ccxt:gate: AAVE\/USDT to /m)
      const { entries } = await primerJson<{ entries: readonly { kind: string }[] }>(
        ['run', 'rebalance', '--book', 'catalyst'],
        options,
      )
      assert.ok(entries.some(({ kind }) => kind === 'decision'))
      const rows = rowsOf(join(home, 'journal.db')).map((row) => ({ ...row, body: JSON.parse(row.body) }))
      const decision = rows.find(({ kind }) => kind === 'decision')!
      // The run may begin just before midnight and end after it.
      const yesterday = decision.body.date as string
      assert.ok(
        [-1, 0].some((days) => yesterday === addDays(today, days)),
        yesterday,
      )
      assert.deepEqual(decision.body.missed, [])
      assert.equal(decision.body.benchmarkOrders['buy-and-hold:BTC/USDT'].length, 1)
      const universe = rows.find(({ kind }) => kind === 'universe')!
      assert.deepEqual(universe.body.members, ['AAVE/USDT', 'SNX/USDT'])
      assert.deepEqual(universe.body.left, [
        { symbol: 'BTC/USDT', because: 'a major' },
        { symbol: 'ETH/USDT', because: 'a major' },
      ])
      // The second run of a day asks for nothing that is known and changes nothing.
      const again = await primerJson<{ entries: readonly unknown[] }>(
        ['run', 'rebalance', '--book', 'catalyst'],
        options,
      )
      assert.deepEqual(again.entries, [])
      const apart = { home, env: { MARKET: 'simulated:1', COIN_MARKET: 'ccxt:gate', EXCHANGE_URL: server.url } }
      assert.match((await primer(['doctor'], apart)).stdout, /^ok +coins +ccxt:gate: AAVE\/USDT to /m)
      // Every day of two weeks is a session of a coin, and the exchange is asked for coins as such.
      const days = Array.from({ length: 14 }, (_, back) => addDays(today, back - 30))
      const signals = days.flatMap((date) => ['AAVE', 'SNX', 'ETH'].map((coin, at) => `${date},${coin}/USDT,${at}`))
      writeFileSync(join(home, 'signals.csv'), ['date,asset,value', ...signals].join('\n'))
      const { horizons } = await primerJson<{ horizons: Record<string, { returns: { known: number } }> }>(
        ['ic', '--signals', join(home, 'signals.csv'), '--market', 'ccxt:gate', '--horizons', '1'],
        options,
      )
      assert.equal(horizons['1']!.returns.known, 14 * 3)
    } finally {
      await server.close()
    }
  }))
