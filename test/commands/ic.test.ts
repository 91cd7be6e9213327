import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { IcResult } from '../../src/backtest/signal-report.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { type IcOptions, ic } from '../../src/commands/ic.ts'
import { InputError } from '../../src/errors.ts'
import { chance, line, type MarketLines, weekdays, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'primer-ic-'))
after(() => rmSync(folder, { recursive: true }))
let made = 0
const fresh = () => join(folder, `${made++}`)

function ioWith(stdin: string): CommandIo {
  return { environment: {}, readStdin: async () => stdin, say: () => {}, show: () => {}, interactive: false }
}

type Signal = readonly [date: string, asset: string, value: number | string]
const csv = (signals: readonly Signal[]) => `date,asset,value\n${signals.map((row) => row.join(',')).join('\n')}\n`
const market = (lines: MarketLines) => `csv:${writeMarket(fresh(), lines)}`

async function run(signals: string, options: Partial<IcOptions> & { market: string }): Promise<IcResult> {
  return (await ic({ signals: '-', horizons: '1', ...options }, ioWith(signals))).json as IcResult
}

async function faultsOf(signals: string, options: Partial<IcOptions> & { market: string }): Promise<readonly string[]> {
  try {
    await run(signals, options)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('it was accepted')
}

const near = (actual: number | null | undefined, expected: number, within = 1e-9) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)

const days = weekdays('2024-02-20', '2024-03-20')
/** Bars that open and close at the same price, from a list of prices by symbol. */
const flat = (prices: Readonly<Record<string, readonly number[]>>, dates = days): MarketLines =>
  Object.fromEntries(
    Object.entries(prices).map(([symbol, own]) => [symbol, own.map((price, i) => line(dates[i]!, price, price))]),
  )

test('a signal of one close is held against the return from the next open to the open after it', async () => {
  // Opens of day 1 and 2: A 10 -> 11 (+10 %), B 10 -> 12 (+20 %), C 10 -> 9 (-10 %). Closes say the opposite and must not count.
  const bars = (opens: readonly number[], closes: readonly number[]) =>
    opens.map((open, i) => line(days[i]!, open, closes[i]!))
  const place = market({
    A: bars([10, 10, 11], [5, 5, 1]),
    B: bars([10, 10, 12], [5, 5, 2]),
    C: bars([10, 10, 9], [5, 5, 99]),
  })
  const signals = csv([
    [days[0]!, 'A', 2],
    [days[0]!, 'B', 3],
    [days[0]!, 'C', 1],
  ])
  const result = await run(signals, { market: place, quantiles: '3', costsBps: '0' })
  const [only] = result.horizons['1']!.byDate
  assert.equal(only!.ic, 1)
  assert.deepEqual([only!.from, only!.to], [days[1], days[2]])
  near(only!.spread, 0.3)
  assert.equal(result.currency, 'USD')
  // By closes the same signal starts at its own close: A and B stay at 5, and C too.
  const closes = await run(signals, { market: place, prices: 'close', quantiles: '3' })
  assert.equal(closes.horizons['1']!.byDate[0]!.ic, null)
  assert.match(closes.notes.join(), /nobody who waited for that close/)
})

test('splits and dividends between entry and exit are part of the return', async () => {
  const grown = (split: number, dividend: number, last: number) => [
    line(days[0]!, 10, 10),
    line(days[1]!, 10, 10),
    line(days[2]!, last, last, { split, dividend }),
  ]
  const place = market({ A: grown(2, 0, 5), B: grown(1, 1, 10), C: grown(1, 0, 10.5) })
  const signals = csv([
    [days[0]!, 'A', 1],
    [days[0]!, 'B', 3],
    [days[0]!, 'C', 2],
  ])
  const result = await run(signals, { market: place, quantiles: '3', costsBps: '0' })
  // A: 2 * 5 / 10 = 0 %, C +5 %, B (10 + 1) / 10 = +10 %.
  assert.equal(result.horizons['1']!.byDate[0]!.ic, 1)
  near(result.horizons['1']!.quantileSpread, 0.1)
})

test('the spread is net: with everything replaced it pays four times the one-way cost', async () => {
  const prices = { A: [10, 10, 11, 11, 11], B: [10, 10, 10, 10, 10], C: [10, 10, 9, 9, 9] }
  const on = (date: string, values: readonly number[]): Signal[] =>
    ['A', 'B', 'C'].map((asset, i) => [date, asset, values[i]!])
  const signals = csv([...on(days[0]!, [3, 2, 1]), ...on(days[1]!, [1, 2, 3])])
  const { quantileSpread, quantileSpreadGross, turnover } = (
    await run(signals, { market: market(flat(prices)), quantiles: '3', costsBps: '25' })
  ).horizons['1']!
  assert.equal(turnover, 1)
  near(quantileSpreadGross, (0.2 + 0) / 2)
  near(quantileSpread, 0.1 - 4 * 0.0025)
})

test('a delisted asset counts with its last close, and a signal too near the end is not yet known', async () => {
  const place = market({
    ...flat({ A: [10, 10, 10, 11, 12], B: [10, 10, 10, 10, 10] }),
    C: [line(days[0]!, 10, 10), line(days[1]!, 10, 4)],
  })
  const on = (date: string): Signal[] => ['A', 'B', 'C'].map((asset, i) => [date, asset, 3 - i])
  const result = await run(csv([...on(days[0]!), ...on(days[2]!), ...on(days[4]!)]), { market: place, horizons: '2' })
  const horizon = result.horizons['2']!
  // Day 0: C is bought at 10 and last seen at 4. Day 2: C cannot be bought, A and B end after the last session.
  assert.equal(horizon.byDate[0]!.ic, 1)
  assert.deepEqual(horizon.returns, { known: 3, noEntry: 0, notYetKnown: 6, endedEarly: 1 })
  assert.match(horizon.byDate[1]!.because!, /0 assets/)
})

test('prices in two currencies are compared in euros, and without the rate they are refused', async () => {
  const dollars = { A: [10, 10, 10], B: [10, 10, 11] }
  const euros = { 'MC.PA': [10, 10, 10.5] }
  const signals = csv([
    [days[0]!, 'A', 1],
    [days[0]!, 'B', 2],
    [days[0]!, 'MC.PA', 3],
  ])
  // 1.00 dollars for a euro on day 1 and 1.10 on day 2: A loses 9 %, B is level, MC.PA gains 5 %.
  const rate = [1, 1, 1.1].map((price, i) => line(days[i]!, price, price, { volume: 0 }))
  const result = await run(signals, {
    market: market({ ...flat({ ...dollars, ...euros }), 'EURUSD=X': rate }),
    quantiles: '3',
    costsBps: '0',
  })
  assert.equal(result.currency, 'EUR')
  assert.equal(result.horizons['1']!.byDate[0]!.ic, 1)
  near(result.horizons['1']!.quantileSpread, 0.05 - (1 / 1.1 - 1))
  assert.match(result.notes.join(), /all returns are in EUR/)
  const withoutRate = market(flat({ ...dollars, ...euros }))
  const faults = await faultsOf(signals, { market: withoutRate })
  assert.equal(faults.length, 1)
  assert.match(faults[0]!, /mixed currencies without a rate: A, B/)
  // In own currencies B beats MC.PA.
  assert.equal((await run(signals, { market: withoutRate, base: 'own' })).horizons['1']!.byDate[0]!.ic, 0.5)
})

test('coins trade on every day, and their pair says the currency', async () => {
  const weekend = ['2021-01-01', '2021-01-02', '2021-01-03', '2021-01-04']
  const place = market(flat({ 'A/USD': [1, 1, 3, 3], 'B/USDT': [1, 1, 2, 2], 'C/USD': [1, 1, 1, 1] }, weekend))
  const signals = csv([
    ['2021-01-01', 'A/USD', 3],
    ['2021-01-01', 'B/USDT', 2],
    ['2021-01-01', 'C/USD', 1],
  ])
  const result = await run(signals, { market: place })
  assert.equal(result.horizons['1']!.byDate[0]!.ic, 1)
  assert.deepEqual([result.currency, result.notes], ['USD', []])
})

const usable = flat({
  SPY: days.map((_, i) => 10 + i),
  QQQ: days.map((_, i) => 20 + i),
  TLT: days.map((_, i) => 30 - i),
})

test('every fault of file, assets, dates and options is told at once', async () => {
  const signals = [
    'date,asset,value',
    `${days[0]},SPY,high`,
    `${days[0]},QQQ,NaN`,
    `${days[0]},TLT,1e999`,
    `${days[0]},SPY,1`,
    '2024-02-24,SPY,1',
    '2024-02-30,SPY,1',
    `${days[5]},NOPE,1`,
    `${days[5]},VOD.L,1`,
    `${days[5]},TLT`,
    `${days[6]},TLT,`,
    `${days[5]},TLT,3`,
    `${days[6]},,3`,
  ].join('\n')
  const faults = await faultsOf(signals, { market: market(usable), horizons: '1,x', costsBps: '-1', lags: 'many' })
  for (const expected of [
    /line 2, column value: "high" is not a finite number/,
    /line 3, column value: "NaN"/,
    /line 4, column value: "1e999"/,
    /line 5: SPY on 2024-02-20 was there already, on line 2/,
    /line 6: 2024-02-24, a Saturday, is no session of SPY/,
    /line 7, column date: "2024-02-30" is not a date that exists/,
    /NOPE is unknown to .*no NOPE.csv/,
    /VOD\.L is on an exchange whose sessions/,
    /line 10: 2 cells where the header names 3/,
    /line 11, column value: is empty/,
    /line 12: 2024-02-27 is earlier than the row before/,
    /line 13, column asset: "" is not a symbol/,
    /--horizons "1,x"/,
    /--costs-bps "-1"/,
    /--lags "many"/,
  ]) {
    assert.ok(
      faults.some((fault) => expected.test(fault)),
      `${expected} is not among ${faults.join(' | ')}`,
    )
  }
  assert.equal(faults.length, 15)
})

test('empty files, missing columns and missing files are refused', async () => {
  const place = market(usable)
  assert.match((await faultsOf('', { market: place })).join(), /the file is empty/)
  assert.match((await faultsOf('date,asset,value\n', { market: place })).join(), /no row below/)
  assert.match((await faultsOf(`date,asset\n${days[0]},SPY\n`, { market: place })).join(), /column value is missing/)
  assert.match((await faultsOf('', { market: place, signals: join(folder, 'none.csv') })).join(), /does not exist/)
  assert.match((await faultsOf(csv([[days[0]!, 'SPY', 1]]), { market: 'csv:/nowhere' })).join(), /does not exist/)
  assert.match(
    (await faultsOf(csv([[days[0]!, 'SPY', 1]]), { market: place, quantiles: '5', bins: '3' })).join(),
    /two ways/,
  )
})

test('signals that no date can rank are refused: too few assets, or all equal', async () => {
  const place = market(usable)
  const two: Signal[] = [0, 1].flatMap((day) => ['SPY', 'TLT'].map((asset, i): Signal => [days[day]!, asset, i]))
  assert.match(
    (await faultsOf(csv(two), { market: place })).join(),
    /no date has signals of 3 assets.*; the fullest of 2 has 2$/,
  )
  const equal = two.flatMap(([day]): Signal[] =>
    Object.keys(usable)
      .slice(0, 3)
      .map((asset) => [day, asset, 1]),
  )
  const once = [...new Map(equal.map((row) => [row.join(), row])).values()]
  assert.match((await faultsOf(csv(once), { market: place })).join(), /signals of each date are all equal/)
})

test('rows asset by asset are as good as rows date by date, with Windows line ends or without', async () => {
  const place = market(usable)
  const rows: Signal[] = [0, 1, 2].flatMap((day) =>
    ['SPY', 'QQQ', 'TLT'].map((asset, i): Signal => [days[day]!, asset, i * (day + 1)]),
  )
  const byAsset = [...rows].sort((a, b) => (a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : a[0] < b[0] ? -1 : 1))
  const expected = await run(csv(rows), { market: place })
  assert.deepEqual(await run(csv(byAsset), { market: place }), expected)
  assert.deepEqual(await run(`\ufeff${csv(rows).replaceAll('\n', '\r\n')}`, { market: place }), expected)
})

test('with --snap a signal of a Saturday is taken as Monday’s, unless Monday has one', async () => {
  const place = market(usable)
  const signals = (monday: readonly Signal[]) =>
    csv([...['SPY', 'QQQ', 'TLT'].map((asset, i): Signal => ['2024-02-24', asset, i]), ...monday])
  const result = await run(signals([]), { market: place, snap: true })
  assert.deepEqual(
    result.horizons['1']!.byDate.map(({ date }) => date),
    ['2024-02-26'],
  )
  assert.match(result.notes.join(), /3 signals were moved/)
  assert.match(
    (await faultsOf(signals([['2024-02-26', 'SPY', 1]]), { market: place, snap: true })).join(),
    /lines 2 and 5: 2024-02-24 and 2024-02-26 are both taken as 2024-02-26 for SPY/,
  )
})

test('prices changed after a date change nothing that had ended by then', async () => {
  const symbols = ['AA', 'BB', 'CC', 'DD', 'EE']
  const walk = (seed: number) => {
    const random = chance(seed)
    return Object.fromEntries(
      symbols.map((symbol) => {
        let price = 50
        const lines = days.map((date) => {
          const open = price * (0.97 + 0.06 * random())
          price = open * (0.97 + 0.06 * random())
          return line(date, open, price)
        })
        return [symbol, lines]
      }),
    )
  }
  const [one, other] = [walk(1), walk(2)]
  const random = chance(3)
  const signals = csv(days.flatMap((date) => symbols.map((symbol): Signal => [date, symbol, random()])))
  const before = (await run(signals, { market: market(one), horizons: '1,3' })).horizons
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: days.length - 1 }), async (cut) => {
      const mixed = Object.fromEntries(
        symbols.map((symbol) => [symbol, [...one[symbol]!.slice(0, cut), ...other[symbol]!.slice(cut)]]),
      )
      const after = (await run(signals, { market: market(mixed), horizons: '1,3' })).horizons
      for (const [horizon, { byDate }] of Object.entries(before)) {
        byDate.forEach((row, i) => {
          const now = after[horizon]!.byDate[i]!
          if (row.to !== null && row.to < days[cut]!) assert.deepEqual(now, row)
          // What the signal says of itself never depends on prices.
          assert.deepEqual([now.turnover, now.rankAutocorrelation], [row.turnover, row.rankAutocorrelation])
        })
      }
      assert.notDeepEqual(after, before)
    }),
    { numRuns: 12 },
  )
})

test('the report is one page that fetches nothing, escapes what the file says, and is the same twice', async () => {
  const hostile = '<img src=x onerror=alert(1)>'
  const place = market({ ...usable, [hostile]: usable.SPY! })
  const signals = csv(
    days.slice(0, 10).flatMap((date) => ['SPY', 'QQQ', 'TLT', hostile].map((asset, i): Signal => [date, asset, i])),
  )
  const pages = [1, 2].map(() => fresh())
  for (const report of pages)
    await run(signals.replace('date,asset,value', 'date,asset,value,<b>note</b>').replaceAll(/,(\d+)\n/g, ',$1,x\n'), {
      market: place,
      report,
    })
  const [page, again] = pages.map((report) => readFileSync(join(report, 'ic.html'), 'utf8'))
  assert.equal(page, again)
  // Each chart for a wide page and for a phone.
  assert.equal(page!.match(/<svg/g)!.length, 6)
  assert.ok(!/<script|<img|<b>|<link|https?:\/\/(?!www\.w3\.org)/.test(page!))
  assert.match(page!, /&lt;b&gt;note/)
  assert.deepEqual(JSON.parse(readFileSync(join(pages[0]!, 'ic.json'), 'utf8')).market, place)
})

// Cases of alphalens, each written as bars and signals that the command reads.

type Alphalens = {
  readonly cases: readonly { readonly function: string; readonly cases: readonly Record<string, unknown>[] }[]
  readonly tolerance: { readonly abs: number }
}
const alphalens = (): Alphalens => JSON.parse(readFileSync(sharedPath('conformance/alphalens.json'), 'utf8'))
const casesOf = (name: string) => alphalens().cases.find((group) => group.function === name)!.cases
const letters = ['A', 'B', 'C', 'D', 'E', 'F']

test('alphalens: information coefficient', { skip: sharedAbsent }, async () => {
  const dates = ['2015-01-01', '2015-01-02', '2015-01-05', '2015-01-06']
  for (const { forward_returns, expected_ic_val } of casesOf('information_coefficient') as unknown as {
    forward_returns: number[]
    expected_ic_val: number[]
  }[]) {
    // A close after each date that gives the returns wanted; the next day opens where the last one closed.
    const prices = Object.fromEntries(
      letters
        .slice(0, 4)
        .map((symbol, i) => [
          symbol,
          [1, 1 + forward_returns[i]!, (1 + forward_returns[i]!) * (1 + forward_returns[4 + i]!)],
        ]),
    )
    const place = market(
      Object.fromEntries(
        Object.entries(prices).map(([symbol, [a, b, c]]) => [
          symbol,
          [line(dates[0]!, a!, a!), line(dates[1]!, a!, b!), line(dates[2]!, b!, c!), line(dates[3]!, c!, c!)],
        ]),
      ),
    )
    const signals = csv(
      [
        [1, 2, 3, 4],
        [4, 3, 2, 1],
      ].flatMap((row, day) => row.map((value, i): Signal => [dates[day]!, letters[i]!, value])),
    )
    for (const kind of ['open', 'close']) {
      const { byDate, meanIc } = (await run(signals, { market: place, prices: kind })).horizons['1']!
      byDate.forEach(({ ic: found }, i) => {
        near(found, expected_ic_val[i]!, 1e-6)
      })
      near(meanIc, expected_ic_val[0]!, 1e-6)
    }
  }
})

test('alphalens: mean return by bin', { skip: sharedAbsent }, async () => {
  const dates = ['2015-01-11', '2015-01-12', '2015-01-13', '2015-01-14']
  for (const { daily_rets, factor, bins, expected_data } of casesOf('mean_return_by_quantile') as unknown as {
    daily_rets: number[]
    factor: number[][]
    bins: number
    expected_data: number[]
  }[]) {
    const place = market(
      flat(
        Object.fromEntries(daily_rets.map((growth, i) => [letters[i]!, [1, 2, 3, 4].map((power) => growth ** power)])),
        dates,
      ),
    )
    const signals = csv(factor.flatMap((row, day) => row.map((value, i): Signal => [dates[day]!, letters[i]!, value])))
    const { quantiles } = (await run(signals, { market: place, prices: 'close', bins: String(bins) })).horizons['1']!
    quantiles.forEach(({ meanReturn }, i) => {
      near(meanReturn, expected_data[i]!, 1e-6)
    })
  }
})

test('alphalens: factor rank autocorrelation', { skip: sharedAbsent }, async () => {
  const dates = weekdays('2015-01-01', '2015-01-16')
  for (const { factor_values, period, expected_vals } of casesOf('factor_rank_autocorrelation') as unknown as {
    factor_values: number[][]
    period: number
    expected_vals: (number | 'NaN')[]
  }[]) {
    const place = market(
      flat(Object.fromEntries(letters.slice(0, 4).map((symbol) => [symbol, dates.map(() => 1)])), dates),
    )
    const signals = csv(
      factor_values.flatMap((row, day) => row.map((value, i): Signal => [dates[day]!, letters[i]!, value])),
    )
    const { byDate } = (await run(signals, { market: place, horizons: String(period) })).horizons[period]!
    byDate.forEach(({ rankAutocorrelation }, i) => {
      if (expected_vals[i] === 'NaN') assert.equal(rankAutocorrelation, null)
      else near(rankAutocorrelation, expected_vals[i] as number, 1e-6)
    })
  }
})

test('a file of signals on real prices gives the same bytes twice', { skip: sharedAbsent }, async () => {
  const place = `csv:${sharedPath('bars/us_etf_2005_2020')}`
  const random = chance(5)
  const signals = csv(
    weekdays('2012-02-01', '2012-02-17').flatMap((date) =>
      ['SPY', 'QQQ', 'GLD', 'TLT', 'IWM'].map((asset): Signal => [date, asset, random()]),
    ),
  )
  const file = join(folder, 'signals.csv')
  writeFileSync(file, signals)
  const once = () => ic({ signals: file, market: place, horizons: '1,5,20' }, ioWith(''))
  const [first, second] = [await once(), await once()]
  assert.equal(JSON.stringify(first.json), JSON.stringify(second.json))
  assert.equal(first.text, second.text)
  assert.deepEqual(Object.keys((first.json as IcResult).horizons), ['1', '5', '20'])
})
