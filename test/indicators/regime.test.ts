import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Regime } from '../../src/decision/decision.ts'
import { percentile, regime } from '../../src/indicators/regime.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

/** Closes whose daily standard deviation is given per session, with a range of that size about them. */
function market(length: number, deviation: (session: number) => number, drift = 0) {
  const random = randomFrom('regime', length)
  let price = 100
  const close = Float64Array.from(
    { length },
    (_, i) => (price *= Math.exp(drift + deviation(i) * randomNormal(random))),
  )
  const high = close.map((value, i) => value * (1 + deviation(i)))
  const low = close.map((value, i) => value * (1 - deviation(i)))
  return { date: '2020-03-12', symbol: 'SPY', high, low, close }
}

/** Returns that share a part: correlation about share^2 / (share^2 + (1 - share)^2). */
function universe(share: number, sessions = 80) {
  const common = randomFrom('common')
  const own = randomFrom('own', share)
  const shared = Float64Array.from({ length: sessions }, () => 0.01 * randomNormal(common))
  return Array.from({ length: 6 }, () => shared.map((value) => share * value + (1 - share) * 0.01 * randomNormal(own)))
}

test('with 271 sessions volatility and trend are not known, and the reason says how many are needed', () => {
  const known = market(271, () => 0.01)
  const { because, ...rest } = regime({ ...known, returns: universe(0.5) })
  assert.equal(rest.volatilityPercentile, null)
  assert.equal(rest.adx14, null)
  assert.equal(rest.volatility, 'normal')
  assert.equal(rest.trend, 'unclear')
  assert.notEqual(rest.meanCorrelation60, null)
  assert.match(because!, /272 sessions of SPY, and 271 are known by 2020-03-12/)
  assert.equal(regime({ ...market(272, () => 0.01), returns: universe(0.5) }).because, null)
})

test('without two assets that have sixty common returns, correlation is null and never 0.5', () => {
  for (const returns of [[], universe(0.5).slice(1, 2), universe(0.5, 59)]) {
    const found = regime({ ...market(300, () => 0.01), returns })
    assert.equal(found.meanCorrelation60, null)
    assert.equal(found.correlation, 'normal')
    assert.match(found.because!, /60 common returns/)
  }
})

test('a market that has become wild is high volatility, one that has calmed is low', () => {
  const returns = universe(0.5)
  const wild = regime({ ...market(400, (i) => (i < 375 ? 0.005 : 0.03)), returns })
  assert.equal(wild.volatility, 'high')
  assert.ok(wild.volatilityPercentile! > 90)
  const calm = regime({ ...market(400, (i) => (i < 375 ? 0.02 : 0.002)), returns })
  assert.equal(calm.volatility, 'low')
  assert.ok(calm.volatilityPercentile! < 10)
})

test('a steady rise trends, and a market that goes nowhere ranges', () => {
  const returns = universe(0.5)
  const rise = regime({ ...market(300, () => 0.001, 0.01), returns })
  assert.equal(rise.trend, 'trending')
  assert.ok(rise.adx14! > 90)
  const close = Float64Array.from({ length: 300 }, (_, i) => 100 + [0, 1, 0, -1][i % 4]!)
  const range = { high: close.map((value) => value + 1), low: close.map((value) => value - 1), close }
  assert.equal(regime({ date: '2020-03-12', symbol: 'SPY', ...range, returns }).trend, 'ranging')
})

test('correlation is high above 0.7 and low below 0.3', () => {
  const known = market(300, () => 0.01)
  assert.equal(regime({ ...known, returns: universe(0.9) }).correlation, 'high')
  assert.equal(regime({ ...known, returns: universe(0.5) }).correlation, 'normal')
  assert.equal(regime({ ...known, returns: universe(0.1) }).correlation, 'low')
})

test('a longer history changes nothing: the last 272 sessions decide', () => {
  const long = market(900, (i) => (i < 600 ? 0.05 : 0.01))
  const returns = universe(0.5)
  const cut = (from: number) => ({
    ...long,
    high: long.high.slice(from),
    low: long.low.slice(from),
    close: long.close.slice(from),
  })
  assert.deepEqual(regime({ ...long, returns }), regime({ ...cut(900 - 272), returns }))
})

test('the percentile counts what lies below, and half of what is equal', () => {
  // Below 3: 1 and 2. Equal: both threes. (2 + 1) / 5.
  assert.equal(percentile(Float64Array.of(1, 2, 3, 4, 3)), 60)
  assert.equal(percentile(new Float64Array(252).fill(0.2)), 50)
})

test('a regime can be recorded as it is', () => {
  const found = regime({ ...market(300, () => 0.01), returns: universe(0.5) })
  assert.deepEqual(Regime.parse(found), found)
})

test('SPY is in a high-volatility regime in March 2020 and not in January', { skip: sharedAbsent }, () => {
  const rows = readFileSync(sharedPath('bars/allocator_2018_2020/SPY.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  const on = (date: string) => {
    const known = rows.filter((row) => row[0]! <= date)
    const column = (index: number) => Float64Array.from(known, (row) => Number(row[index]))
    return regime({ date, symbol: 'SPY', high: column(2), low: column(3), close: column(4), returns: universe(0.5) })
  }
  assert.equal(on('2020-03-16').volatility, 'high')
  assert.equal(on('2020-03-16').trend, 'trending')
  assert.equal(on('2020-01-15').volatility, 'low')
})
