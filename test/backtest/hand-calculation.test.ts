import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { BacktestOptions } from '../../src/commands/backtest.ts'
import { bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { line, type MarketLines, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import type { Report } from '../support/stranger-report.ts'

// Every figure below was worked out on paper, with a calculator for the long ones; none was copied from the program.

const scratch = mkdtempSync(join(tmpdir(), 'primer-by-hand-'))
after(() => rmSync(scratch, { recursive: true, force: true }))

const three = ['SPY', 'MC.PA', 'AIR.PA'].map((symbol) => instrument(symbol, { taxed: symbol !== 'AIR.PA' }))

async function run(folder: string, asked: Omit<BacktestOptions, 'book' | 'market'>, changes = {}): Promise<Report> {
  const book = writeBook(join(scratch, 'book.json'), bookOf(three, changes))
  return await runBacktest({ ...asked, book, market: `csv:${folder}` })
}

function assertNear(actual: number | undefined, expected: number, what: string): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < 1e-8, `${what}: ${actual}, by hand ${expected}`)
}

type Row = readonly [date: string, symbol: string, quantity: number, price: number, cashChange: number, costs: object]

function assertFills(report: Report, rows: readonly Row[]): void {
  const shown = report.fills.map((fill) => [fill.date, fill.symbol, fill.quantity, fill.price, fill.cashChange])
  assert.deepEqual(
    shown,
    rows.map(([date, symbol, quantity, price, cashChange]) => [date, symbol, quantity, price, cashChange]),
  )
  for (const [index, [date, symbol, , , , costs]] of rows.entries()) {
    const reported = Object.entries(report.fills[index]!.costs).filter(([, amount]) => amount !== 0)
    assert.deepEqual(reported.map(([kind]) => kind).sort(), Object.keys(costs).sort(), `${symbol} on ${date}`)
    for (const [kind, amount] of Object.entries(costs)) {
      assertNear(report.fills[index]!.costs[kind as 'fx'], amount, `${kind} of ${symbol} on ${date}`)
    }
  }
}

function assertEquity(report: Report, rows: readonly (readonly [string, number])[]): void {
  assert.deepEqual(
    report.equity.map(([date]) => date),
    rows.map(([date]) => date),
  )
  for (const [index, [date, value]] of rows.entries()) assertNear(report.equity[index]?.[1], value, `equity on ${date}`)
}

/** Five sessions in round numbers. A dollar is EUR 0.80, also on 1 April, when no rate is published, and 0.78125 on 2 April. */
const roundNumbers: MarketLines = {
  SPY: [
    line('2025-03-27', 400, 400),
    line('2025-03-28', 400, 500),
    line('2025-03-31', 500, 500),
    line('2025-04-01', 490, 480),
    line('2025-04-02', 485, 490),
  ],
  'MC.PA': [
    line('2025-03-27', 600, 600),
    line('2025-03-28', 600, 600),
    line('2025-03-31', 600, 600),
    line('2025-04-01', 600, 610),
    line('2025-04-02', 612, 615),
  ],
  'AIR.PA': [
    line('2025-03-27', 160, 160),
    line('2025-03-28', 160, 160),
    line('2025-03-31', 160, 160),
    line('2025-04-01', 160, 155),
    line('2025-04-02', 156, 158),
  ],
  'EURUSD=X': [
    line('2025-03-27', 1.25, 1.25),
    line('2025-03-28', 1.25, 1.25),
    line('2025-03-31', 1.25, 1.25),
    line('2025-04-02', 1.28, 1.28),
  ],
}
const fiveDays = { from: '2025-03-27', to: '2025-04-02' } as const

test('a daily 1/N of three assets in round numbers equals the calculation on paper', async () => {
  const folder = writeMarket(join(scratch, 'round'), roundNumbers)
  const report = await run(folder, { policy: 'equal-weight', rebalance: 'daily', ...fiveDays })

  // 27 March, close: EUR 10,000 / 3, so a buy for EUR 3,333.33 of each. Nothing is filled yet.
  //
  // 28 March, Paris first. A share of LVMH costs 600 * (1 + 0.0005 + 0.0003 + 0.0030) = 602.28 all in; 3333.33 / 602.28 = 5.53451,
  // so 5.5345 shares worth 3320.70: commission 1.66035, spread 0.99621, tax 9.9621, together 3333.31866 -> 3333.32.
  // Airbus: 160 * 1.0008 = 160.128; 20.81666 -> 20.8166 worth 3330.656: 1.665328 and 0.9991968, together 3333.3205248 -> 3333.32.
  // SPY: 400 * 0.80 = EUR 320; * (1 + 0.0005 + 0.0001 + 0.0003) = 320.288; 10.40729 -> 10.4072 worth 3330.304:
  // 1.665152, 0.3330304 and FX 0.9990912, together 3333.3012736 -> 3333.30. Cash left: 0.06.
  // Close: SPY 10.4072 * 500 * 0.80 = 4162.88, LVMH 3320.70, Airbus 3330.656: equity 10814.296, a third 3604.76533.
  // SPY is 558.11467 too much: 558.11467 / 400 = 1.39529 -> sell 1.3952. LVMH lacks 284.06, Airbus 274.10.
  //
  // 31 March: Paris opens first, and 0.06 of cash buys nothing: both buys lapse. Then New York: 1.3952 * 500 * 0.80 = 558.08;
  // commission 1.25 (5 bps would be 0.28), spread 0.055808, FX 0.167424: 556.606768 -> 556.61. Cash 556.67.
  // Close: SPY 9.012 * 400 = 3604.80, LVMH 3320.70, Airbus 3330.656: 10812.826, a third 3604.27533. LVMH lacks
  // 283.57533, Airbus 273.61933: together 557.19467, more than there is. Both are cut in proportion, by 556.67 / 557.19467: 283.30
  // and 273.36.
  //
  // 1 April, the tax is 40 bps now. LVMH: (283.30 - 1.25) / (600 * 1.0043) = 0.46807 -> 0.4680 worth 280.80: spread 0.08424, tax
  // 1.1232, together 283.25744 -> 283.26. Airbus: (273.36 - 1.25) / (160 * 1.0003) = 1.70018 -> 1.7001 worth 272.016: spread
  // 0.0816048, together 273.3476048 -> 273.35. Cash 0.06.
  // Close, with the rate of the day before: SPY 9.012 * 480 * 0.80 = 3460.608, LVMH 6.0025 * 610 = 3661.525, Airbus 22.5167 * 155 =
  // 3490.0885: 10612.2815, a third 3537.42717. SPY lacks 76.82 and Airbus 47.34, less than a ticket; LVMH is 124.09783 too much:
  // / 610 = 0.20344 -> sell 0.2034.
  //
  // 2 April: 0.2034 * 612 = 124.4808; commission 1.25, spread 0.03734424, no tax on a sale: 123.19345576 -> 123.19.
  // Close: SPY 9.012 * 490 * 0.78125 = 3449.90625, LVMH 5.7991 * 615 = 3566.4465, Airbus 22.5167 * 158 = 3557.6386, cash 123.25.
  assertFills(report, [
    ['2025-03-28', 'MC.PA', 5.5345, 600, -3333.32, { commission: 1.66035, spread: 0.99621, tax: 9.9621 }],
    ['2025-03-28', 'AIR.PA', 20.8166, 160, -3333.32, { commission: 1.665328, spread: 0.9991968 }],
    ['2025-03-28', 'SPY', 10.4072, 400, -3333.3, { commission: 1.665152, spread: 0.3330304, fx: 0.9990912 }],
    ['2025-03-31', 'SPY', -1.3952, 500, 556.61, { commission: 1.25, spread: 0.055808, fx: 0.167424 }],
    ['2025-04-01', 'MC.PA', 0.468, 600, -283.26, { commission: 1.25, spread: 0.08424, tax: 1.1232 }],
    ['2025-04-01', 'AIR.PA', 1.7001, 160, -273.35, { commission: 1.25, spread: 0.0816048 }],
    ['2025-04-02', 'MC.PA', -0.2034, 612, 123.19, { commission: 1.25, spread: 0.03734424 }],
  ])
  assert.deepEqual(
    report.fills.map(({ rate }) => rate),
    [1, 1, 0.8, 0.8, 1, 1, 1],
  )
  assert.equal(report.lapsed.length, 2, 'the two buys of 28 March that no cash could pay')
  assertEquity(report, [
    ['2025-03-27', 10000],
    ['2025-03-28', 10814.296],
    ['2025-03-31', 10812.826],
    ['2025-04-01', 10612.2815],
    ['2025-04-02', 10697.24135],
  ])
  assert.deepEqual(report.dividends, [])
  // 1.66035 + 1.665328 + 1.665152 + 4 * 1.25; the spreads, FX and taxes of the table above.
  for (const [kind, total] of Object.entries({
    commission: 9.99083,
    spread: 2.58743424,
    fx: 1.1665152,
    tax: 11.0853,
    impact: 0,
    fee: 0,
  })) {
    assertNear(report.costs[kind as 'fx'], total, kind)
  }
  assertNear(report.finalEquity, 10697.24135, 'final equity')
  assertNear(report.netReturn, 0.069724135, 'net return')
  // 9.99083 + 2.58743424 + 1.1665152 + 11.0853 = 24.83007944 of costs.
  assertNear(report.grossReturn, 0.072207142944, 'gross return')
})

test('buy-and-hold in round numbers equals the calculation on paper, its dividend reinvested at the next open', async () => {
  // On 31 March SPY pays USD 5 a share.
  const paying = roundNumbers.SPY!.map((day) => (day.date === '2025-03-31' ? { ...day, dividend: 5 } : day))
  const folder = writeMarket(join(scratch, 'paying'), { ...roundNumbers, SPY: paying })
  const report = await run(folder, { policy: 'buy-and-hold:SPY', ...fiveDays })
  // 28 March: 10000 / 320.288 = 31.22190 -> 31.2219 worth 9991.008: 4.995504, 0.9991008, 2.9973024: 9999.9999072 -> 10000.00.
  // Close: 31.2219 * 500 * 0.80 = 12488.76.
  // 31 March: 31.2219 * 5 * 0.80 = 124.8876 -> 124.89 before the open. Close: 12488.76 + 124.89.
  // 1 April: 490 * 0.80 = 392; (124.89 - 1.25) / (392 * 1.0004) = 0.31528 -> 0.3152 worth 123.5584: commission 1.25, spread
  // 0.01235584, FX 0.03706752: 124.85782336 -> 124.86. Cash 0.03. Close: 31.5371 * 480 * 0.80 = 12110.2464.
  // 2 April: 31.5371 * 490 * 0.78125 = 12072.796094.
  assertFills(report, [
    ['2025-03-28', 'SPY', 31.2219, 400, -10000, { commission: 4.995504, spread: 0.9991008, fx: 2.9973024 }],
    ['2025-04-01', 'SPY', 0.3152, 490, -124.86, { commission: 1.25, spread: 0.01235584, fx: 0.03706752 }],
  ])
  assert.deepEqual(
    report.dividends.map(({ date, symbol, amount }) => [date, symbol, amount]),
    [['2025-03-31', 'SPY', 124.89]],
  )
  assertEquity(report, [
    ['2025-03-27', 10000],
    ['2025-03-28', 12488.76],
    ['2025-03-31', 12613.65],
    ['2025-04-01', 12110.2764],
    ['2025-04-02', 12072.82609375],
  ])
})

test('a daily 1/N through March 2020 equals the calculation on paper', { skip: sharedAbsent }, async () => {
  const asked = { policy: 'equal-weight', rebalance: 'daily', from: '2020-03-09', to: '2020-03-16' } as const
  const report = await run(sharedPath('bars/allocator_2018_2020'), asked)
  // 9 March: EUR 3,333.33 of each.
  // 10 March, EURUSD 1.139: a dollar is 0.8779631255. LVMH opens at 342.29999: * 1.0038 = 343.60072996; 9.70117 -> 9.7011 worth
  // 3320.686432989. Airbus at 91.419998: * 1.0008 = 91.493134; 36.43257 -> 36.4325 worth 3330.659077135. SPY at 284.64: EUR
  // 249.90342; * 1.0009 = 250.12834; 13.32648 -> 13.3264 worth 3330.3129903424. Cash 10000 - 3333.31 - 3333.32 - 3333.31 = 0.06.
  // 10 and 11 March, close: no asset is EUR 100 off its third.
  // 12 March, close, EURUSD 1.124: SPY 13.3264 * 248.11 / 1.124 = 2941.648669, LVMH 9.7011 * 301.5 = 2924.88165, Airbus 36.4325 *
  // 71.360001 = 2599.823236: 8466.413555, a third 2822.137852. Too much: SPY by 119.510817 / (248.11 / 1.124) = 0.54141 -> 0.5414,
  // LVMH by 102.743798 / 301.5 = 0.34077 -> 0.3407. Airbus lacks 222.31.
  // 13 March, EURUSD 1.1104. Paris sells first: 0.3407 * 316.54999 = 107.848581593, less 1.25 and 0.0323545744779: 106.57; cash
  // 106.63. All of it for Airbus at 75: (106.63 - 1.25) / (75 * 1.0003) = 1.40464 -> 1.4046 worth 105.345, spread 0.0316035:
  // 106.6266035 -> 106.63. Then New York: 0.5414 * 263.09 / 1.1104 = 128.2753296110, less 1.25, 0.0128275330 and 0.0384825989:
  // 126.9740194791 -> 126.97.
  // Close: SPY 12.785 * 269.32 / 1.1104 = 3100.9151657061, LVMH 9.3604 * 314.89999 = 2947.5898663960, Airbus 37.8371 * 74.330002 =
  // 2812.4317186742, cash 126.97: 8987.9067507763, a third 2995.9689169254. SPY is 104.9462487806 too much: / (269.32 / 1.1104) =
  // 0.43269 -> 0.4326. Airbus lacks 183.53; LVMH, with 48.38, less than a ticket.
  // 16 March, EURUSD 1.1157: Airbus at 66.57 for the 126.97 there are: (126.97 - 1.25) / (66.57 * 1.0003) = 1.88797 -> 1.8879
  // worth 125.677503, spread 0.0377032509: 126.9652062509 -> 126.97. SPY 0.4326 * 241.18 / 1.1157 = 93.5148050551, less 1.25,
  // 0.0093514805 and 0.0280544415: 92.2273991331 -> 92.23.
  assertFills(report, [
    [
      ...(['2020-03-10', 'MC.PA', 9.7011, 342.29999, -3333.31] as const),
      { commission: 1.6603432164945, spread: 0.9962059298967, tax: 9.962059298967 },
    ],
    [
      ...(['2020-03-10', 'AIR.PA', 36.4325, 91.419998, -3333.32] as const),
      { commission: 1.6653295385675, spread: 0.9991977231405 },
    ],
    [
      ...(['2020-03-10', 'SPY', 13.3264, 284.64, -3333.31] as const),
      { commission: 1.6651564951712, spread: 0.333031299034241, fx: 0.999093897102722 },
    ],
    ['2020-03-13', 'MC.PA', -0.3407, 316.54999, 106.57, { commission: 1.25, spread: 0.0323545744779 }],
    ['2020-03-13', 'AIR.PA', 1.4046, 75, -106.63, { commission: 1.25, spread: 0.0316035 }],
    [
      ...(['2020-03-13', 'SPY', -0.5414, 263.09, 126.97] as const),
      { commission: 1.25, spread: 0.0128275329610951, fx: 0.0384825988832853 },
    ],
    ['2020-03-16', 'AIR.PA', 1.8879, 66.57, -126.97, { commission: 1.25, spread: 0.0377032509 }],
    [
      ...(['2020-03-16', 'SPY', -0.4326, 241.18, 92.23] as const),
      { commission: 1.25, spread: 0.00935148050551223, fx: 0.0280544415165367 },
    ],
  ])
  assert.deepEqual(
    report.fills.filter(({ wanted }) => wanted !== undefined).map(({ date, symbol, wanted }) => [date, symbol, wanted]),
    [
      ['2020-03-13', 'AIR.PA', 222.31],
      ['2020-03-16', 'AIR.PA', 183.53],
    ],
    'both buys of Airbus wanted more than the cash of that morning',
  )
  assertEquity(report, [
    ['2020-03-09', 10000],
    ['2020-03-10', 9887.608264498967],
    ['2020-03-11', 9550.470576369693],
    ['2020-03-12', 8466.413555471647],
    ['2020-03-13', 8987.906750776252],
    ['2020-03-16', 8274.393812012175],
  ])
})

test('buy-and-hold of SPY over a dividend of 2019 equals the calculation on paper', {
  skip: sharedAbsent,
}, async () => {
  const folder = sharedPath('bars/allocator_2018_2020')
  const asked = { policy: 'buy-and-hold:SPY', from: '2019-03-12', to: '2019-03-18' } as const
  // EUR 50,000, so that one dividend is worth a ticket.
  const report = await run(folder, asked, { initialCash: 50_000 })
  // 13 March, EURUSD 1.1303: 280.48 / 1.1303 * 1.0009 = 248.36984 a share all in; 50000 / 248.36984 = 201.31269 -> 201.3126 worth
  // 49955.0190639: commission 24.9775095320, spread 4.9955019064, FX 14.9865057192, together 49999.9785811 -> 49999.98. Cash 0.02.
  // 15 March, EURUSD 1.1308: 201.3126 * 1.2331 / 1.1308 = 219.5247 -> 219.52. Cash 219.54.
  // 18 March, EURUSD 1.1349: 281.55 / 1.1349 * 1.0004 = 248.18276; (219.54 - 1.25) / 248.18276 = 0.87955 -> 0.8795 worth
  // 218.1894660322: commission 1.25 (5 bps would be 0.11), spread 0.0218189466, FX 0.0654568398: 219.5267418187 -> 219.53. Cash 0.01.
  assertFills(report, [
    [
      ...(['2019-03-13', 'SPY', 201.3126, 280.48, -49999.98] as const),
      { commission: 24.9775095319827, spread: 4.99550190639653, fx: 14.9865057191896 },
    ],
    [
      ...(['2019-03-18', 'SPY', 0.8795, 281.55, -219.53] as const),
      { commission: 1.25, spread: 0.021818946603225, fx: 0.0654568398096749 },
    ],
  ])
  assert.deepEqual(
    report.dividends.map(({ date, symbol, amount }) => [date, symbol, amount]),
    [['2019-03-15', 'SPY', 219.52]],
  )
  assertEquity(report, [
    ['2019-03-12', 50000],
    ['2019-03-13', 50108.2097584712],
    ['2019-03-14', 50111.6185976096],
    ['2019-03-15', 50300.2328776088],
    ['2019-03-18', 50299.5038699445],
  ])
})
