import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBook } from '../../jobs/open-book.ts'
import { due } from '../../jobs/steps.ts'
import { allocate } from '../../jobs/trading-day.ts'
import { openYahooMarket } from '../../src/adapters/market/yahoo.ts'
import { readBook } from '../../src/books.ts'
import { backtest } from '../../src/commands/backtest.ts'
import { indicators } from '../../src/commands/indicators.ts'
import { readConfig } from '../../src/config.ts'
import { regimeAt } from '../../src/decision/regime-at.ts'
import type { Snapshot } from '../../src/decision/snapshot.ts'
import { readBookMarket } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import { openYahooServer } from '../support/yahoo-server.ts'
import { backtested, type Fund, ioOf, withContext, withControlledFund, withFolder, withFund, wordsOf } from './fund.ts'
import { closing, type Day, flat, readRows, weekdays, writePrices } from './prices.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const dates = weekdays('2024-06-03', '2024-06-14')
const buy = (symbol: string, pct: number) => ({ symbol, side: 'buy', pct }) as const
const sell = (symbol: string, pct: number) => ({ symbol, side: 'sell', pct }) as const
const snapshotOf = (fund: Fund, date: string): Snapshot =>
  fund.entries('snapshot').find(({ body }) => body.date === date)!.body.snapshot as Snapshot
/** A price that jumps about, the same on every run. */
const jumpy = (i: number) => 100 + ((i * 7919) % 23)

test('two identical series in Paris and in New York have a correlation of 1.0, not -0.118 [10]', async () => {
  const long = weekdays('2024-10-01', '2024-11-22')
  const closes = long.map((_, i) => jumpy(i))
  const prices = { SPY: closing(long, closes), 'CAC.PA': closing(long, closes), 'EURUSD=X': flat(long, 1.25) }
  await withControlledFund(prices, async (fund) => {
    const last = long.at(-1)!
    await fund.job('allocate', last)
    const { symbols, matrix } = snapshotOf(fund, last).correlation20
    assert.deepEqual(symbols, ['SPY', 'CAC.PA'])
    assert.ok(Math.abs(matrix[0]![1]! - 1) < 1e-12, String(matrix[0]![1]))
  })
})

test('Yahoo stamps a Paris session before dawn in New York; it stays on its own date, in summer and in winter [10]', async () => {
  // Paris puts its clocks back on 27 October, New York on 3 November.
  const long = weekdays('2024-10-01', '2024-11-22')
  const bars = long.map((date, i) => ({ date, open: 100, high: 130, low: 90, close: jumpy(i), volume: 10 }))
  const server = await openYahooServer({
    SPY: { exchange: 'XNYS', currency: 'USD', bars },
    'MC.PA': { exchange: 'XPAR', currency: 'EUR', bars },
    'EURUSD=X': { exchange: 'FX', currency: 'USD', bars: bars.map((bar) => ({ ...bar, close: 1.25 })) },
  })
  try {
    const now = '2024-11-23T12:00:00.000Z'
    const source = openYahooMarket({ url: server.url, cacheDirectory: null, today: () => now })
    const book = { ...readBook('allocator'), benchmarks: [] }
    const market = await readBookMarket(source, book, { first: long[0]!, to: '2024-11-22' }, now)
    for (const { symbol, close } of market.panel.columns) {
      const dated = market.panel.sessions.flatMap((date, t) => (Number.isNaN(close[t]!) ? [] : [[date, close[t]]]))
      assert.deepEqual(
        dated,
        bars.map((bar) => [bar.date, bar.close]),
        symbol,
      )
    }
  } finally {
    await server.close()
  }
})

test('a Paris order decided on Tuesday fills at Wednesday’s open, Thursday’s on Friday, Friday’s on Monday [11]', async () => {
  // Opens 101, 102, ... by session; closes are all 500, so a fill at any close, earlier or later, would show.
  const days = Object.fromEntries(dates.map((date, i) => [date, { open: 101 + i, close: 500 }]))
  const prices = { 'CAC.PA': days, 'AIR.PA': days, 'MC.PA': days }
  const [, tuesday, , thursday, friday] = dates as [string, string, string, string, string]
  await withFund(prices, async (fund) => {
    await fund.decide(tuesday, buy('CAC.PA', 10))
    await fund.decide(thursday, buy('AIR.PA', 10))
    await fund.decide(friday, buy('MC.PA', 10))
    await fund.job('fill', dates[6]!)
    assert.deepEqual(
      fund.fills().map(({ symbol, date, price }) => [symbol, date, price]),
      [
        ['CAC.PA', '2024-06-05', 103],
        ['AIR.PA', '2024-06-07', 105],
        ['MC.PA', '2024-06-10', 106],
      ],
    )
  })
})

test('what is recorded on a day is the same to the hash whether tomorrow’s prices are unknown, known or false [11]', async () => {
  const long = weekdays('2023-05-01', '2024-06-14')
  const today = '2024-06-11'
  const prices = (until: string, factor: number) => {
    const days = (shift: number) =>
      Object.fromEntries(
        long.map((date, i): [string, Day] => {
          const wild = date > until ? factor : 1
          return [date, { open: jumpy(i + shift) * wild, close: jumpy(3 * i + shift) * wild }]
        }),
      )
    return { 'CAC.PA': days(1), 'AIR.PA': days(5), SPY: days(9), GLD: days(14), 'EURUSD=X': flat(long, 1.25) }
  }
  const days = weekdays('2024-06-05', today)
  const hashesOf = (fund: Fund) => {
    assert.ok(fund.fills().length > 0, 'nothing was traded, so nothing was tested')
    const kinds = ['opened', 'session', 'close', 'snapshot', 'decision', 'post'] as const
    return kinds.flatMap((kind) => fund.entries(kind).map(({ seq, hash }) => [seq, hash]))
  }
  await withControlledFund(prices(today, 1), async (fund) => {
    for (const date of days) await fund.job('allocate', date)
    const lived = hashesOf(fund)
    // The same folder, so that the market has the same name; now the days ahead are ten times as dear.
    writePrices(fund.market, prices(today, 10))
    const falseFuture = fund.elsewhere('false')
    for (const date of days) await falseFuture.job('allocate', date)
    assert.deepEqual(hashesOf(falseFuture), lived)
    // As a demo does it, all prices are in memory from the start, the false ones too.
    const allKnown = fund.elsewhere('known')
    await withContext(allKnown.environment, { pricesAt: '2024-06-15T00:00:00.000Z' }, async (ctx) => {
      const book = readBook('allocator')
      const market = await ctx.market(book, { first: days[0]!, to: '2024-06-14' })
      assert.equal(market.panel.sessions.at(-1), '2024-06-14')
      let open = await openBook(ctx, book, market, days[0]!, due.fill(days[0]!))
      for (const date of days) open = await allocate(ctx, market, open, market.panel.indexOf.get(date)!)
    })
    assert.deepEqual(hashesOf(allKnown), lived)
    writePrices(fund.market, cut(prices(today, 1), today))
    const unknown = fund.elsewhere('unknown')
    for (const date of days) await unknown.job('allocate', date)
    assert.deepEqual(hashesOf(unknown), lived)
  })
})

function cut(prices: Readonly<Record<string, Readonly<Record<string, Day>>>>, until: string) {
  return Object.fromEntries(
    Object.entries(prices).map(([symbol, days]) => [
      symbol,
      Object.fromEntries(Object.entries(days).filter(([date]) => date <= until)),
    ]),
  )
}

const real = sharedPath('bars/allocator_2018_2020')

test('on real prices every order fills at the official open of the session after its decision, never on its day [12]', {
  skip: sharedAbsent,
}, async () => {
  const run = await backtested({ policy: 'random:3', from: '2019-06-03', to: '2020-12-11', market: `csv:${real}` })
  assert.ok(run.fills.length > 100, `${run.fills.length} fills`)
  const files = new Map<string, ReturnType<typeof readRows>>()
  let ownClose = 0
  for (const { symbol, date, price, order } of run.fills) {
    const rows = files.get(symbol) ?? readRows(real, symbol)
    files.set(symbol, rows)
    const decidedOn = order.slice(0, 10)
    // The first day after the decision on which the symbol's own file has a price.
    const next = rows.find((row) => row.date > decidedOn)!
    assert.deepEqual([date, price], [next.date, next.open], `${symbol}, decided ${decidedOn}`)
    if (price === next.close) ownClose++
  }
  assert.ok(ownClose < run.fills.length / 20, 'opens equal closes, so the test proves nothing')
})

test('a decision that comes after Paris has opened does not trade there at the morning’s price; New York still can [12]', async () => {
  const prices = { SPY: flat(dates, 500), 'CAC.PA': flat(dates, 50), 'EURUSD=X': flat(dates, 1.25) }
  await withFund(prices, async (fund) => {
    await fund.job('fill', dates[0]!)
    fund.next(buy('CAC.PA', 10), buy('SPY', 10))
    // Ten in the morning in Paris: open since nine. New York opens in five and a half hours.
    const late = `${dates[1]}T08:00:00.000Z`
    await withContext(fund.environment, { pricesAt: late, now: late }, async (ctx) => {
      const market = await ctx.market(readBook('allocator'), { first: dates[0]!, to: dates[0]! })
      await allocate(ctx, market, (await ctx.state('allocator'))!, market.panel.sessions.indexOf(dates[0]!))
    })
    assert.deepEqual(
      fund.decision(dates[0]!).missed.map(({ symbol, kind }) => [symbol, kind]),
      [['CAC.PA', 'missed']],
    )
    assert.match(wordsOf(fund.posts('decision')[0]!), /Missed, the exchange had opened: buy CAC/)
    await fund.job('fill', dates[1]!)
    assert.deepEqual(
      fund.fills().map(({ symbol, date }) => [symbol, date]),
      [['SPY', dates[1]]],
    )
  })
})

test('on real prices the regime is not always normal: 2019 and 2020 have all three, and March 2020 is high on every day [13]', {
  skip: sharedAbsent,
}, async () => {
  const config = readConfig({ MARKET: `csv:${real}` })
  const source = await openMarket(config.market, config)
  const range = { first: '2020-03-20', to: '2020-12-11' }
  const market = await readBookMarket(source, readBook('allocator'), range, '2020-12-12T00:00:00.000Z')
  const closes = readRows(real, 'SPY')
  const seen = new Map<string, number>()
  const trends = new Set<string>()
  const correlations = new Set<string>()
  for (const [session, date] of market.panel.sessions.entries()) {
    const known = closes.filter((row) => row.date <= date).map((row) => row.close!)
    if (known.length < 300) continue
    const { volatility, trend, correlation, because } = regimeAt(market, session)
    assert.equal(because, null, date)
    assert.equal(volatility, volatilityByHand(known), date)
    if (date.startsWith('2020-03')) assert.equal(volatility, 'high', date)
    seen.set(volatility, (seen.get(volatility) ?? 0) + 1)
    trends.add(trend)
    correlations.add(correlation)
  }
  for (const word of ['high', 'normal', 'low']) assert.ok((seen.get(word) ?? 0) >= 30, `${word}: ${seen.get(word)}`)
  assert.equal(trends.size, 3)
  assert.ok(correlations.size >= 2)
})

/** The slow way: each of the last 252 twenty-day standard deviations on its own, then how many lie below the last. */
function volatilityByHand(closes: readonly number[]): string {
  const returns = closes.slice(1).map((close, i) => (close - closes[i]!) / closes[i]!)
  const deviations = Array.from({ length: 252 }, (_, back) => {
    const window = returns.slice(returns.length - 20 - back, returns.length - back)
    const mean = window.reduce((sum, value) => sum + value, 0) / 20
    return Math.sqrt(window.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 19)
  })
  const below = deviations.filter((value) => value < deviations[0]!).length
  const share = (below + 0.5) / 252
  return share >= 0.75 ? 'high' : share <= 0.25 ? 'low' : 'normal'
}

test('the day’s limits follow the regime: on 16 March 2020 cash stays above 30 %, the stop is 3 % and two trades a week are left [13]', {
  skip: sharedAbsent,
}, async () => {
  await withControlledFund({}, async (empty) => {
    const fund = empty.elsewhere('home', { MARKET: `csv:${real}` })
    await fund.job('allocate', '2020-03-16')
    assert.equal(fund.decision('2020-03-16').regime.volatility, 'high')
    const { stopLoss, cashFloor, tradesLeft } = snapshotOf(fund, '2020-03-16').limits
    assert.deepEqual([stopLoss, cashFloor, tradesLeft], [0.03, 0.3, 2])
  })
})

test('thirty days of a steady rise are called too few, not a downtrend; correlation is unknown, not 0.5 [14]', async () => {
  const thirty = weekdays('2024-05-01', '2024-06-11')
  assert.equal(thirty.length, 30)
  const rise = closing(
    thirty,
    thirty.map((_, i) => 100 + i),
  )
  const jumps = closing(
    thirty,
    thirty.map((_, i) => jumpy(i)),
  )
  await withFund({ SPY: rise, QQQ: rise, 'CAC.PA': jumps, 'EURUSD=X': flat(thirty, 1.25) }, async (fund) => {
    await fund.decide('2024-06-11')
    const { trend, adx14, correlation, meanCorrelation60, volatility, volatilityPercentile, because } =
      fund.decision('2024-06-11').regime
    assert.deepEqual([trend, adx14], ['unclear', null])
    assert.deepEqual([correlation, meanCorrelation60], ['normal', null])
    assert.deepEqual([volatility, volatilityPercentile], ['normal', null])
    // New York was closed on Memorial Day, 27 May: a price on a closed day is kept, so 30 rows are 30.
    assert.match(because!, /272 sessions of SPY, and 30 are known/)
    assert.match(because!, /correlation needs/)
    const prompt = fund.decision('2024-06-11').prompt!.messages[1]!.content
    assert.match(prompt, /trend unclear \(ADX14 n\/a\), correlation normal \(mean over 60 sessions n\/a\)/)
  })
})

const year = weekdays('2023-04-03', '2024-06-11')

test('a steady rise of 300 days is trending on the first day of the book, above its 50- and 200-day means [14]', async () => {
  // Closes 100, 101, ... by session. Every high and low is above the day before's: ADX is 100.
  const rise = closing(
    year,
    year.map((_, i) => 100 + i),
  )
  await withControlledFund({ SPY: rise, 'EURUSD=X': flat(year, 1.25) }, async (fund) => {
    await fund.job('allocate', '2024-06-11')
    const { trend, adx14 } = fund.decision('2024-06-11').regime
    assert.equal(trend, 'trending')
    assert.ok(Math.abs(adx14! - 100) < 1e-9)
    // The last close is 100 + n - 1; the mean of the last 50 lies 24.5 below it, of the last 200 99.5.
    const [{ close, features }] = snapshotOf(fund, '2024-06-11').assets as [Snapshot['assets'][number]]
    assert.equal(close, 99 + year.length)
    assert.ok(Math.abs(close! - features!.sma50! - 24.5) < 1e-9)
    assert.ok(Math.abs(close! - features!.sma200! - 99.5) < 1e-9)
  })
})

test('the trend is read from highs and lows: with the same closes they make a market trend or range [14]', async () => {
  const regimes: unknown[] = []
  for (const step of [0.1, 0]) {
    const days = Object.fromEntries(
      year.map((date, i): [string, Day] => [date, { open: 100, close: 100, high: 110 + step * i, low: 50 + step * i }]),
    )
    await withControlledFund({ SPY: days, 'EURUSD=X': flat(year, 1.25) }, async (fund) => {
      await fund.job('allocate', '2024-06-11')
      const { trend, adx14 } = fund.decision('2024-06-11').regime
      regimes.push([trend, Math.round(adx14!)])
    })
  }
  assert.deepEqual(regimes, [
    ['trending', 100],
    ['ranging', 0],
  ])
})

test('two years of prices are asked of Yahoo before the first day, not thirty days [14]', async () => {
  const bars = year.map((date) => ({ date, open: 100, high: 101, low: 99, close: 100, volume: 10 }))
  const server = await openYahooServer({
    SPY: { exchange: 'XNYS', currency: 'USD', bars },
    'EURUSD=X': { exchange: 'FX', currency: 'USD', bars },
  })
  try {
    await withFolder(async (folder) => {
      const options = {
        book: 'allocator',
        policy: 'equal-weight',
        from: '2024-05-02',
        to: '2024-06-11',
        market: 'yahoo',
      }
      await backtest(options, ioOf({ YAHOO_URL: server.url, PRIMER_HOME: folder }))
    })
    const asked = server.requests.filter(({ symbol }) => symbol === 'SPY')
    assert.ok(asked.length > 0)
    for (const { query } of asked) {
      const from = new Date(Number(query.get('period1')) * 1000).toISOString()
      assert.ok(from < '2022-05-02', `asked from ${from} on`)
    }
  } finally {
    await server.close()
  }
})

test('SMA 50 and SMA 200 of thirty rows are unknown; of two hundred they are the means of 50 and of 200 [15]', async () => {
  await withFolder(async (folder) => {
    const days = weekdays('2023-01-02', '2023-10-06')
    assert.equal(days.length, 200)
    const closes = days.map((_, i) => i + 1)
    writePrices(folder, { long: closing(days, closes), short: closing(days.slice(0, 30), closes) })
    const last = async (name: string) => {
      const { json } = await indicators(join(folder, `${name}.csv`), ioOf({}))
      return Object.values(json as Record<string, { sma20: unknown; sma50: unknown; sma200: unknown }>).at(-1)!
    }
    const short = await last('short')
    assert.deepEqual([short.sma20, short.sma50, short.sma200], [20.5, null, null])
    const long = await last('long')
    assert.deepEqual([long.sma20, long.sma50, long.sma200], [190.5, 175.5, 100.5])
  })
})

test('a model is told n/a for an average that thirty rows cannot carry [15]', async () => {
  const thirty = weekdays('2024-05-01', '2024-06-11')
  await withFund(
    {
      'CAC.PA': closing(
        thirty,
        thirty.map((_, i) => 100 + i),
      ),
    },
    async (fund) => {
      await fund.decide('2024-06-11')
      const lines = fund.decision('2024-06-11').prompt!.messages[1]!.content.split('\n')
      const header = lines.find((line) => line.includes('vs SMA50 %'))!.split(/\s*[|,;\t]\s*/)
      const row = lines.find((line) => line.includes('CAC.PA') && line.includes('129'))!.split(/\s*[|,;\t]\s*/)
      const cell = (name: string) => row[header.indexOf(name)]
      // The last close is 129, the mean of 110 to 129 is 119.5: 7.9 % above.
      assert.deepEqual([cell('vs SMA20 %'), cell('vs SMA50 %'), cell('vs SMA200 %')], ['+7.9', 'n/a', 'n/a'])
    },
  )
})

test('the clock of the machine has no say: in Auckland and in Los Angeles the same days are recorded, to the hash [16]', async () => {
  const prices = { SPY: flat(dates, 500), 'CAC.PA': flat(dates, 50), 'EURUSD=X': flat(dates, 1.25) }
  await withFolder(async (folder) => {
    const market = writePrices(join(folder, 'prices'), prices)
    const outputs = ['Pacific/Auckland', 'America/Los_Angeles'].map((zone) => {
      const environment = { TZ: zone, MARKET: `csv:${market}`, PRIMER_HOME: join(folder, zone.replace('/', '-')) }
      const args = [join(root, 'bin/primer.js'), 'run', 'allocate', '--date', dates[3]!, '--json']
      const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, env: environment, encoding: 'utf8' })
      assert.notEqual(stdout, '', stderr)
      return stdout
    })
    assert.match(outputs[0]!, /"hash":"[0-9a-f]{64}"/)
    assert.equal(outputs[1], outputs[0])
  })
})

test('no line of the program asks the machine for its local time [16]', () => {
  const local =
    /\.(get|set)(Hours|Minutes|Date|Day|Month|FullYear|TimezoneOffset)\(|\.toLocale(Date|Time)?String\(\)|new Date\(\s*\w+\s*,|DateTime\.(now|local)\(|Date\(\)(?!\.|\))/
  const offenders: string[] = []
  let lines = 0
  for (const folder of ['src', 'jobs', 'bin']) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!/\.[tj]s$/.test(name)) continue
      for (const [index, line] of readFileSync(join(root, folder, name), 'utf8')
        .split('\n')
        .entries()) {
        lines++
        // An instant in UTC is what `new Date().toISOString()` gives, wherever the machine stands.
        if (local.test(line)) offenders.push(`${folder}/${name}:${index + 1}: ${line.trim()}`)
      }
    }
  }
  assert.ok(lines > 5000, 'the sources were not found')
  assert.deepEqual(offenders, [])
})

test('before New York opens nothing is said about a US fund, however its last close was; after it has opened, it is [16]', async () => {
  // Bought at 100, closed at 93 on Wednesday: the stop sells on Thursday. Its price does not change until New York opens.
  const [monday, tuesday, wednesday, thursday] = dates as [string, string, string, string]
  const spy = closing(dates, [100, 100, ...Array(8).fill(93)])
  await withFund({ SPY: spy, 'CAC.PA': flat(dates, 50), 'EURUSD=X': flat(dates, 1.25) }, async (fund) => {
    await fund.decide(monday, buy('SPY', 20))
    await fund.job('fill', wednesday)
    assert.equal(fund.fills()[0]!.date, tuesday)
    const old = { price: 93, at: `${wednesday}T20:00:00.000Z` }
    await fund.watch(`${thursday}T08:05:00.000Z`, { SPY: old, 'CAC.PA': 50 })
    await fund.watch(`${thursday}T12:15:00.000Z`, { SPY: old, 'CAC.PA': 50 })
    await fund.watch(`${thursday}T13:29:59.000Z`, { 'CAC.PA': 50 })
    assert.deepEqual(fund.entries('alert'), [])
    await fund.watch(`${thursday}T13:35:00.000Z`, { SPY: 92.9, 'CAC.PA': 50 })
    assert.deepEqual(
      fund.entries('alert').flatMap(({ body }) => body.alerts.map(({ symbol, kind }) => `${symbol} ${kind}`)),
      ['SPY stop'],
    )
  })
})

test('on the Fourth of July Paris trades and New York does not; a Saturday is no session at all [16]', async () => {
  const week = weekdays('2024-07-01', '2024-07-08')
  const open = week.filter((date) => date !== '2024-07-04')
  const prices = { SPY: flat(open, 500), 'CAC.PA': flat(week, 50), 'EURUSD=X': flat(week, 1.25) }
  await withFund(prices, async (fund) => {
    await fund.decide('2024-07-03', buy('SPY', 10), buy('CAC.PA', 10))
    await fund.decide('2024-07-04')
    const spy = snapshotOf(fund, '2024-07-04').assets.find(({ symbol }) => symbol === 'SPY')!
    assert.equal(spy.date, '2024-07-03')
    assert.match(spy.note!, /exchange was closed today: this close is of 2024-07-03/)
    await fund.job('fill', '2024-07-05')
    assert.deepEqual(
      fund.fills().map(({ symbol, date }) => [symbol, date]),
      [
        ['CAC.PA', '2024-07-04'],
        ['SPY', '2024-07-05'],
      ],
    )
    await assert.rejects(fund.decide('2024-07-06'), /2024-07-06 is no session/)
  })
})

test('five sessions are five openings of the asset’s own exchange: over Easter that is nine days in Paris, eight in New York [17]', async () => {
  // Both closed on Good Friday, 29 March; Paris on Easter Monday, 1 April, too. Bought at the open of Wednesday, 27 March.
  // Paris: 27, 28, 2, 3, 4 -> sold at the open of 5 April. New York: 27, 28, 1, 2, 3 -> sold at the open of 4 April.
  const all = weekdays('2024-03-25', '2024-04-09', ['2024-03-29'])
  const paris = all.filter((date) => date !== '2024-04-01')
  const prices = { SPY: flat(all, 500), 'CAC.PA': flat(paris, 50), 'EURUSD=X': flat(paris, 1.25) }
  await withFund(prices, async (fund) => {
    await fund.decide('2024-03-26', buy('SPY', 20), buy('CAC.PA', 20))
    for (const date of all.filter((day) => day >= '2024-03-27' && day <= '2024-04-05')) {
      await fund.decide(date, sell('SPY', 100), sell('CAC.PA', 100))
    }
    assert.deepEqual(
      fund.fills().map(({ symbol, date, quantity }) => [symbol, date, quantity > 0 ? 'bought' : 'sold']),
      [
        ['CAC.PA', '2024-03-27', 'bought'],
        ['SPY', '2024-03-27', 'bought'],
        ['SPY', '2024-04-04', 'sold'],
        ['CAC.PA', '2024-04-05', 'sold'],
      ],
    )
    // Five calendar days would have let both go on 1 and 2 April.
    const refused = fund.decision('2024-04-01').clamps.map(({ rule, symbol }) => [rule, symbol])
    assert.deepEqual(refused, [
      ['minimum-holding', 'SPY'],
      ['minimum-holding', 'CAC.PA'],
    ])
  })
})
