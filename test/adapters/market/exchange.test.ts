import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openExchangeMarket } from '../../../src/adapters/market/exchange.ts'
import { InputError, MarketDataError } from '../../../src/errors.ts'
import type { Bar } from '../../../src/market/bar.ts'
import type { HistoryRequest } from '../../../src/market/price-source.ts'
import { bars, wavering } from '../../support/coins.ts'
import { openExchangeServer } from '../../support/exchange-server.ts'

const from = '2021-01-01'
/** In the middle of the last day of 40. */
const now = '2021-02-09T12:00:00.000Z'
const whole = bars(from, wavering(20, 40))
const server = await openExchangeServer(
  {
    'AAVE/USDT': { bars: whole, amountPrecision: 3, fee: '0.15' },
    'BTC/USDT': { bars: whole, quoteVolume: 1e9 },
    'DUST/USDT': { bars: whole, quoteVolume: 10 },
    'GONE/USDT': { bars: whole.slice(0, 20), status: 'untradable' },
    'AAVE/ETH': { bars: whole },
  },
  now,
)
const archive = mkdtempSync(join(tmpdir(), 'primer-exchange-'))
after(async () => {
  rmSync(archive, { recursive: true, force: true })
  await server.close()
})

const open = (change: { url?: string; timeoutMs?: number; attempts?: number; archiveDirectory?: string } = {}) =>
  openExchangeMarket({ exchange: 'gate', url: server.url, delayMs: 5, ...change })
const listing = (symbol: string) => ({ symbol, currency: 'USD', exchange: 'CRYPTO' as const })
const request = (symbols: readonly string[], change: Partial<HistoryRequest> = {}): HistoryRequest => ({
  listings: symbols.map(listing),
  base: 'USD',
  from,
  to: '2021-02-09',
  now,
  ...change,
})
const asked = { quotes: ['USDT'], volume: { min: 100_000, max: 10_000_000 }, always: ['BTC'] }

test('pairs that trade within reach of the band are found, with the lots and fees of the exchange', async () => {
  const { pairs, notes } = await open().pairs!(asked)
  assert.deepEqual(pairs, [
    { symbol: 'AAVE/USDT', base: 'AAVE', quote: 'USDT', quantityStep: 0.001, takerFeeBps: 15 },
    { symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT', quantityStep: 0.0001, takerFeeBps: 20 },
  ])
  assert.match(notes[0]!, /^gate: 2 of 4 pairs looked at.*survivors/)
  // What is held stays, whatever became of it.
  const held = await open().pairs!({ ...asked, always: ['GONE/USDT'] })
  assert.deepEqual(
    held.pairs.map(({ symbol }) => symbol),
    ['AAVE/USDT', 'GONE/USDT'],
  )
})

test('bars are those of days that are over; an unknown pair is absent with the reason', async () => {
  const { histories, absent } = await open().history(request(['AAVE/USDT', 'NOPE/USDT']))
  assert.equal(histories.length, 1)
  assert.deepEqual(histories[0]!.bars, whole.slice(0, 39))
  assert.equal(histories[0]!.currency, 'USD')
  assert.deepEqual(absent, [{ symbol: 'NOPE/USDT', because: 'gate has no pair NOPE/USDT' }])
  // At midnight the day is over.
  const later = await open().history(request(['AAVE/USDT'], { now: '2021-02-10T00:00:00.000Z' }))
  assert.equal(later.histories[0]!.bars.at(-1)!.date, '2021-02-09')
})

test('years come page by page, before the first trade too, and are fetched once', async () => {
  const long = bars('2019-01-01', wavering(5, 700))
  server.set('LONG/USDT', { bars: long })
  const archiveDirectory = join(archive, 'pages')
  const market = open({ archiveDirectory })
  const range = { from: '2017-01-01', to: '2021-02-08' }
  const before = server.requests.length
  const { histories } = await market.history(request(['LONG/USDT'], range))
  assert.deepEqual(histories[0]!.bars, long)
  const pages = server.requests.slice(before).filter(({ path }) => path.endsWith('candlesticks'))
  assert.ok(pages.length >= 3 && pages.length <= 5, `${pages.length} pages`)
  const again = server.requests.length
  // Another run of the program finds them on the disk.
  await open({ archiveDirectory }).history(request(['LONG/USDT'], { ...range, from: '2017-06-01' }))
  const more = server.requests.slice(again).filter(({ path }) => path.endsWith('candlesticks'))
  assert.ok(more.length <= 1 && more.every(({ query }) => Number(query.get('from')) > Date.parse('2020-11-01') / 1000))
})

test('a pair that the exchange takes off its list is kept from then on, and a torn file is fetched again', async () => {
  const archiveDirectory = join(archive, 'gone')
  server.set('LEFT/USDT', { bars: whole.slice(0, 30) })
  const known = await open({ archiveDirectory }).history(request(['LEFT/USDT', 'AAVE/USDT']))
  server.remove('LEFT/USDT')
  const { pairs, notes } = await open({ archiveDirectory }).pairs!(asked)
  assert.deepEqual(pairs.at(-1), {
    symbol: 'LEFT/USDT',
    base: 'LEFT',
    quote: 'USDT',
    quantityStep: null,
    takerFeeBps: null,
  })
  assert.match(notes[0]!, /and 1 kept from before they left it/)
  // A day on which hardly anybody trades it takes no pair off the list.
  server.set('AAVE/USDT', { bars: whole, amountPrecision: 3, fee: '0.15', quoteVolume: 5 })
  const quiet = await open({ archiveDirectory }).pairs!(asked)
  assert.ok(quiet.pairs.some(({ symbol }) => symbol === 'AAVE/USDT'))
  server.set('AAVE/USDT', { bars: whole, amountPrecision: 3, fee: '0.15' })
  writeFileSync(join(archiveDirectory, 'AAVE%2FUSDT.json'), '{"symbol":"AAVE/USDT","from":')
  const later = await open({ archiveDirectory }).history(request(['LEFT/USDT', 'AAVE/USDT']))
  assert.deepEqual(later.histories, known.histories)
})

test('a bad bar is left out by its day, and takes its coin out only where there is no other', async () => {
  const broken: readonly Bar[] = whole.map((bar, index) => (index === 7 ? { ...bar, low: -1 } : bar))
  server.set('BROKEN/USDT', { bars: broken })
  server.set('WRONG/USDT', { bars: broken.slice(7, 8) })
  const { histories, absent, notes } = await open().history(request(['AAVE/USDT', 'BROKEN/USDT', 'WRONG/USDT']))
  const [good, bad] = histories
  assert.deepEqual([histories.length, bad!.symbol], [2, 'BROKEN/USDT'])
  assert.deepEqual(
    bad!.bars.map(({ date }) => date),
    good!.bars.map(({ date }) => date).filter((date) => date !== '2021-01-08'),
  )
  assert.deepEqual(absent, [{ symbol: 'WRONG/USDT', because: 'gate sent an impossible bar for 2021-01-08' }])
  assert.deepEqual(notes, [
    'gate: impossible bars were left out, as if those days had none: BROKEN/USDT 2021-01-08, WRONG/USDT 2021-01-08.',
  ])
})

test('what the exchange or the network fails at is tried again', async () => {
  for (const fault of [
    { kind: 'status', status: 429 },
    { kind: 'status', status: 502, body: '{}' },
    { kind: 'cut' },
  ] as const) {
    server.inject(fault, { times: 2, path: 'candlesticks' })
    const { histories } = await open().history(request(['AAVE/USDT']))
    assert.equal(histories[0]!.bars.length, 39, JSON.stringify(fault))
  }
})

test('a failure that stays names what was asked, what came and what to do', async () => {
  const rejected = async (fault: Parameters<typeof server.inject>[0], said: RegExp, options = {}) => {
    server.inject(fault, { times: 2, path: 'candlesticks' })
    await assert.rejects(open({ attempts: 2, ...options }).history(request(['AAVE/USDT'])), (error) => {
      assert.ok(error instanceof MarketDataError && error.retryable)
      assert.match(error.message, said)
      return true
    })
  }
  await rejected(
    { kind: 'status', status: 429 },
    /^Asked gate for daily bars of AAVE\/USDT: .*too many requests.*Tried 2 times\.$/,
  )
  await rejected({ kind: 'html' }, /cannot be reached or is closed to this place.*another exchange/)
  await rejected({ kind: 'hang' }, /no answer in time/, { timeoutMs: 150 })
  await assert.rejects(open({ url: 'http://127.0.0.1:1', attempts: 1 }).pairs!(asked), MarketDataError)
})

test('the latest price is known at now, and what has none is left out', async () => {
  const quotes = await open().quotes([listing('AAVE/USDT'), listing('BTC/USDT')], now)
  assert.deepEqual(
    quotes.map(({ symbol, price, at }) => [symbol, price, at <= now]),
    [
      ['AAVE/USDT', whole[39]!.close, true],
      ['BTC/USDT', whole[39]!.close, true],
    ],
  )
})

test('an exchange that nobody knows, or shares asked of one, are the user’s to mend', async () => {
  await assert.rejects(openExchangeMarket({ exchange: 'kucion' }).pairs!(asked), (error) => {
    assert.ok(error instanceof InputError)
    assert.match(error.message, /ccxt knows no exchange of this name; did you mean ccxt:kucoin\?/)
    return true
  })
  const shares = [{ symbol: 'SPY', currency: 'USD', exchange: 'XNYS' as const }]
  await assert.rejects(
    open().history(request([], { listings: shares })),
    /trades coins, and the book asks for SPY of stock exchanges/,
  )
})
