import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { bucketsOf, bucketTurnover } from '../../src/statistics/buckets.ts'
import { forwardReturn } from '../../src/statistics/forward-returns.ts'
import { informationCoefficient, type SignalTable } from '../../src/statistics/information-coefficient.ts'
import { lagsFor, neweyWest } from '../../src/statistics/newey-west.ts'
import { averageRanks, type Grid, rankCorrelations } from '../../src/statistics/ranks.ts'
import { worthOver } from '../../src/statistics/worth.ts'

const close = (actual: number | null, expected: number, within = 1e-12) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)
const grid = (...rows: (readonly number[])[]): Grid => ({
  rows: rows.length,
  columns: rows[0]!.length,
  values: Float64Array.from(rows.flat()),
})
const quintiles = { bucketing: { kind: 'quantiles', count: 5 }, costsBps: 0 } as const

/** Dates one session apart. */
function daily(signals: Grid): SignalTable {
  const dates = Array.from({ length: signals.rows }, (_, i) =>
    new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10),
  )
  return { dates, position: Int32Array.from(dates, (_, i) => i + 1), signals }
}
const forward = (returns: Grid, horizon = 1) => ({
  horizon,
  returns,
  spans: Array.from({ length: returns.rows }, () => null),
})

test('equal values share their mean rank', () => {
  assert.deepEqual([...averageRanks([3, 1, 3])], [2.5, 1, 2.5])
  assert.deepEqual([...averageRanks([5, 5, 5, 5])], [2.5, 2.5, 2.5, 2.5])
  assert.deepEqual([...averageRanks([])], [])
})

test('a rank is half of how many are below or equal, and half of how many are below, plus a half, for few and many values', () => {
  // By definition: rank = (#below + #below-or-equal + 1) / 2. Beyond 64 values another way of sorting takes over.
  const values = fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })), {
    minLength: 1,
    maxLength: 150,
  })
  fc.assert(
    fc.property(values, (list) => {
      const expected = list.map((value) => {
        const below = list.filter((other) => other < value).length
        const equal = list.filter((other) => other === value).length
        return (below + below + equal + 1) / 2
      })
      assert.deepEqual([...averageRanks(list)], expected)
    }),
  )
})

test('a rank correlation is Pearson’s correlation of the ranks, over the assets that have both values', () => {
  const cell = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 9 }) },
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 90 }), (pairs) => {
      const both = pairs.filter(([x, y]) => !Number.isNaN(x) && !Number.isNaN(y))
      const found = rankCorrelations(grid(pairs.map(([x]) => x)), grid(pairs.map(([, y]) => y)))
      assert.equal(found.pairs[0], both.length)
      const expected = pearson(averageRanks(both.map(([x]) => x)), averageRanks(both.map(([, y]) => y)))
      if (both.length < 3 || Number.isNaN(expected)) assert.ok(Number.isNaN(found.correlation[0]))
      else close(found.correlation[0]!, expected, 1e-9)
    }),
  )
})

function pearson(one: Float64Array, other: Float64Array): number {
  const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [a, b] = [mean(one), mean(other)]
  const product = (x: Float64Array, y: Float64Array, m: number, n: number) =>
    x.reduce((sum, value, i) => sum + (value - m) * (y[i]! - n), 0)
  const spread = product(one, one, a, a) * product(other, other, b, b)
  return spread < 1e-9 ? Number.NaN : product(one, other, a, b) / Math.sqrt(spread)
}

test('the coefficient does not change when the signal is stretched, and turns its sign when the signal does', () => {
  const values = fc.array(fc.tuple(fc.integer({ min: -20, max: 20 }), fc.integer({ min: -20, max: 20 })), {
    minLength: 3,
    maxLength: 40,
  })
  fc.assert(
    fc.property(values, (pairs) => {
      const ic = (map: (x: number) => number) =>
        rankCorrelations(grid(pairs.map(([x]) => map(x))), grid(pairs.map(([, y]) => y))).correlation[0]!
      const plain = ic((x) => x)
      assert.equal(
        ic((x) => x ** 3 + 7),
        plain,
      )
      if (!Number.isNaN(plain))
        close(
          ic((x) => -x),
          -plain,
          1e-12,
        )
    }),
  )
})

test('without lags the error of a mean is the ordinary one, and its reach nears that of a normal as the sample grows', () => {
  // [1, 2, 3, 4]: sample variance 5 / 3, so the error is sqrt(5 / 12).
  close(neweyWest([1, 2, 3, 4], 0).standardError, Math.sqrt(5 / 12))
  close(
    neweyWest(
      Float64Array.from({ length: 100_000 }, (_, i) => i % 7),
      0,
    ).critical,
    1.96,
    1e-4,
  )
  assert.equal(neweyWest([2, 2, 2], 1).standardError, 0)
})

test('one lag adds the neighbour’s covariance at half weight', () => {
  // [1, 2, 4, 1], mean 2, deviations -1 0 2 -1: squares 6, products of neighbours 0 + 0 - 2 = -2.
  // Variance (6 + 2 * 1/2 * -2) / 4 = 1, over n - 1 = 3.
  close(neweyWest([1, 2, 4, 1], 1).standardError, Math.sqrt(1 / 3))
})

test('lags follow the rule of Newey and West, and twice an overlap that is longer', () => {
  assert.equal(lagsFor(100, 0), 4)
  assert.equal(lagsFor(500, 0), 5)
  assert.equal(lagsFor(500, 19), 38)
  assert.equal(lagsFor(3, 19), 2)
})

test('quantiles hold equally many assets and bins equal steps of the signal, as alphalens cuts them', () => {
  // Expected buckets from alphalens' own test_quantize_factor (Apache-2.0).
  const cut = (kind: 'quantiles' | 'bins', count: number, values = [1, 2, 3, 4]) => [
    ...bucketsOf(Float64Array.from(values), { kind, count }),
  ]
  assert.deepEqual(cut('quantiles', 4), [1, 2, 3, 4])
  assert.deepEqual(cut('quantiles', 2), [1, 1, 2, 2])
  assert.deepEqual(cut('bins', 4), [1, 2, 3, 4])
  assert.deepEqual(cut('bins', 2), [1, 1, 2, 2])
  assert.deepEqual(cut('bins', 3), [1, 1, 2, 3])
  assert.deepEqual(cut('bins', 8), [1, 3, 6, 8])
  assert.deepEqual(cut('quantiles', 2, [1, Number.NaN, 3]), [1, 0, 2])
  // Ties stay together, though it leaves the second bucket of three empty.
  assert.deepEqual(cut('quantiles', 3, [1, 1, 1, 1, 2]), [1, 1, 1, 1, 3])
})

test('the turnover of a bucket is the share of its names that are new', () => {
  const now = Uint16Array.of(1, 2, 2, 1)
  assert.equal(bucketTurnover(now, Uint16Array.of(2, 2, 1, 1), 2), 0.5)
  assert.equal(bucketTurnover(now, now, 1), 0)
  assert.ok(Number.isNaN(bucketTurnover(now, Uint16Array.of(1, 1, 1, 1), 2)))
})

const bar = (date: string, open: number, last: number) => ({
  date,
  open,
  high: Math.max(open, last),
  low: Math.min(open, last),
  close: last,
  volume: 1,
})
const history = {
  symbol: 'X',
  currency: 'USD',
  bars: [bar('d1', 10, 11), bar('d2', 12, 6), bar('d3', 6, 7)],
  dividends: [],
  splits: [],
}

test('a split does not change worth, and a dividend adds what it paid', () => {
  // 2:1 on d2, so 12 at its open would be 24 before; 0.5 paid per new share on d2.
  const changed = { ...history, splits: [{ date: 'd2', ratio: 2 }], dividends: [{ date: 'd2', amount: 0.5 }] }
  const { at } = worthOver(changed, { sessions: ['d1', 'd2', 'd3'], prices: 'close' })
  // Close to close: 2 * (6 + 0.5) / 11, then 7 / 6.
  close(at[1]! / at[0]!, (2 * 6.5) / 11)
  close(at[2]! / at[1]!, 7 / 6)
  const opens = worthOver(changed, { sessions: ['d1', 'd2', 'd3'], prices: 'open' })
  // Who buys at the open of the ex-date gets no dividend; who held overnight does.
  close(opens.at[2]! / opens.at[1]!, 6 / 12)
  close(opens.at[1]! / opens.at[0]!, (2 * 12.5) / 10)
})

test('a dividend of a day without a bar is reinvested at the next price, and a foreign share is worth more when its currency rises', () => {
  const halted = { ...history, bars: [history.bars[0]!, history.bars[2]!], dividends: [{ date: 'd2', amount: 1 }] }
  const sessions = ['d1', 'd2', 'd3']
  const { at, mark } = worthOver(halted, { sessions, prices: 'close' })
  assert.ok(Number.isNaN(at[1]!))
  assert.equal(mark[1], 12) // 11 at the last close and 1 in cash
  assert.equal(at[2], 8)
  const rates = {
    currency: 'USD',
    base: 'EUR',
    rates: [
      { date: 'd1', rate: 0.5, knownAt: '' },
      { date: 'd3', rate: 1, knownAt: '' },
    ],
  }
  const euros = worthOver(halted, { sessions, prices: 'close', rates })
  assert.deepEqual([...euros.at], [5.5, Number.NaN, 8])
})

test('a signal is bought at the next open and sold at the open a horizon later; by closes it starts at its own close', () => {
  const sessions = ['d1', 'd2', 'd3']
  const known = (prices: 'open' | 'close', after: number, horizon: number) =>
    forwardReturn(worthOver(history, { sessions, prices }), { after, isSession: true, horizon, prices })
  assert.deepEqual(known('open', 1, 1), { kind: 'known', value: 6 / 12 - 1, entry: 1, exit: 2, marked: false })
  assert.deepEqual(known('close', 1, 1), { kind: 'known', value: 6 / 11 - 1, entry: 0, exit: 1, marked: false })
  assert.deepEqual(known('open', 2, 1), { kind: 'notYetKnown' })
  assert.deepEqual(known('open', 3, 1), { kind: 'notYetKnown' })
})

test('an asset that stops trading counts with its last close, and one without a price at the entry is left out', () => {
  const sessions = ['d1', 'd2', 'd3', 'd4', 'd5']
  const worth = worthOver(history, { sessions, prices: 'open' })
  // Bought at 12 on d2, gone after d3: its last close was 7.
  assert.deepEqual(forwardReturn(worth, { after: 1, isSession: true, horizon: 3, prices: 'open' }), {
    kind: 'known',
    value: 7 / 12 - 1,
    entry: 1,
    exit: 4,
    marked: true,
  })
  assert.deepEqual(forwardReturn(worth, { after: 3, isSession: true, horizon: 1, prices: 'open' }), { kind: 'noEntry' })
})

test('means, spread and costs of two dates, by hand', () => {
  // Date 1: signals 1 2 3 4, returns 1 2 4 3 %: d = 0 0 1 1, IC 1 - 6 * 2 / 60 = 0.8. Date 2: signals 4 3 2 1 against the same
  // returns: d = 3 1 2 2, IC 1 - 6 * 18 / 60 = -0.8. Halves: date 1 (4 + 3 - 1 - 2) / 2 = 2 %, date 2 -2 %.
  const returns = grid([0.01, 0.02, 0.04, 0.03], [0.01, 0.02, 0.04, 0.03])
  const result = informationCoefficient(daily(grid([1, 2, 3, 4], [4, 3, 2, 1])), forward(returns), {
    bucketing: { kind: 'quantiles', count: 2 },
    costsBps: 10,
  })
  close(result.meanIc, 0)
  close(result.std, 0.8 * Math.SQRT2)
  close(result.icir, 0)
  assert.equal(result.n, 2)
  close(result.quantileSpreadGross, 0)
  // Both halves were replaced whole: 2 sides * (sell + buy) * 10 bps.
  assert.equal(result.turnover, 1)
  close(result.quantileSpread, -0.004)
  assert.equal(result.rankAutocorrelation, -1)
  assert.deepEqual(
    result.byDate.map(({ ic }) => Math.round(10 * ic!) / 10),
    [0.8, -0.8],
  )
  assert.deepEqual(
    result.byDate.map(({ rankAutocorrelation }) => rankAutocorrelation),
    [null, -1],
  )
})

test('a date with fewer than three assets, or with all signals equal, has no coefficient and says why', () => {
  const nan = Number.NaN
  const returns = grid([1, 2, 3], [1, 2, 3], [1, 2, 3])
  const result = informationCoefficient(daily(grid([1, 2, nan], [5, 5, 5], [1, 2, 3])), forward(returns), quintiles)
  assert.deepEqual(
    result.byDate.map(({ ic, because }) => [ic, because]),
    [
      [null, '2 assets have a signal and a return; a rank correlation needs 3'],
      [null, 'all signals or all returns of the date are equal'],
      [1, undefined],
    ],
  )
  assert.equal(result.n, 1)
  assert.equal(result.meanIc, null)
  assert.equal(result.tStat, null)
  assert.match(result.notes.meanIc!, /one date alone/)
})

test('coefficients that are all equal have no t, and no division by their rounding', () => {
  const rows = Array.from({ length: 30 }, () => [1, 2, 3, 4, 5])
  const result = informationCoefficient(
    daily(grid(...rows)),
    forward(grid(...rows.map(() => [1, 3, 2, 5, 4]))),
    quintiles,
  )
  close(result.meanIc, 0.8)
  assert.equal(result.std, 0)
  assert.equal(result.icir, null)
  assert.equal(result.tStat, null)
  assert.match(result.notes.tStat!, /equal/)
})

/** Signals and returns of independent dates whose normal correlation is rho. */
function planted(seed: number, rho: number, [dates, assets]: readonly [number, number]) {
  const random = randomFrom('planted', seed)
  const size = dates * assets
  const signals = Float64Array.from({ length: size }, () => randomNormal(random))
  const returns = signals.map((signal) => 0.01 * (rho * signal + Math.sqrt(1 - rho * rho) * randomNormal(random)))
  const shape = { rows: dates, columns: assets }
  return { table: daily({ ...shape, values: signals }), forward: forward({ ...shape, values: returns }) }
}

test('a planted coefficient lies in its interval in about 95 of 100 worlds', () => {
  const [assets, rho] = [12, 0.1]
  // Expectation of Spearman's coefficient in samples of n from a normal pair (Moran, Biometrika 35, 1948).
  const expected = (6 / (Math.PI * (assets + 1))) * (Math.asin(rho) + (assets - 2) * Math.asin(rho / 2))
  let held = 0
  const worlds = 300
  for (let seed = 0; seed < worlds; seed++) {
    const world = planted(seed, rho, [120, assets])
    const { low, high } = informationCoefficient(world.table, world.forward, quintiles)
    if (low! <= expected && expected <= high!) held++
  }
  // Four standard errors of a share of 0.95 among 300 are 0.05.
  assert.ok(held / worlds > 0.9 && held / worlds < 0.995, `${held} of ${worlds}`)
})

test('signals shuffled into noise stay below |t| = 2 in about 95 of 100 worlds', () => {
  let quiet = 0
  const worlds = 300
  for (let seed = 0; seed < worlds; seed++) {
    const world = planted(seed + 1000, 0, [250, 8])
    const { tStat } = informationCoefficient(world.table, world.forward, quintiles)
    if (Math.abs(tStat!) < 2) quiet++
  }
  assert.ok(quiet / worlds > 0.9 && quiet / worlds < 0.99, `${quiet} of ${worlds}`)
})

test('a persistent signal against overlapping returns of 10 sessions seldom passes its own critical value by chance', () => {
  let passed = 0
  const worlds = 200
  const [dates, assets, horizon] = [300, 8, 10]
  for (let seed = 0; seed < worlds; seed++) {
    const random = randomFrom('persistent', seed)
    const signals = new Float64Array(dates * assets)
    const returns = new Float64Array(dates * assets)
    for (let column = 0; column < assets; column++) {
      let [signal, price] = [randomNormal(random), 0]
      const prices = Float64Array.from({ length: dates + horizon }, () => (price += randomNormal(random)))
      for (let row = 0; row < dates; row++) {
        signal = 0.95 * signal + Math.sqrt(1 - 0.95 ** 2) * randomNormal(random)
        signals[row * assets + column] = signal
        returns[row * assets + column] = prices[row + horizon]! - prices[row]!
      }
    }
    const shape = { rows: dates, columns: assets }
    const result = informationCoefficient(
      daily({ ...shape, values: signals }),
      forward({ ...shape, values: returns }, horizon),
      quintiles,
    )
    if (Math.abs(result.tStat!) > result.tCritical!) passed++
  }
  // Meant 5 %; an ordinary t would pass in about half of these worlds.
  assert.ok(passed / worlds < 0.11, `${passed} of ${worlds}`)
})
