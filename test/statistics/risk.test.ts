import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { expectedShortfall, halfKelly, maxDrawdown, risk, valueAtRisk } from '../../src/statistics/risk.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const close = (actual: number | null, expected: number, tolerance = 1e-12) =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= tolerance, `${actual} instead of ${expected}`)

const normalReturns = (count: number) => {
  const random = randomFrom('risk', count)
  return Array.from({ length: count }, () => 0.0005 + 0.01 * randomNormal(random))
}

test('expected shortfall is the mean of the worst days, the last of them by the fraction that is left', () => {
  const returns = [0.01, -0.02, -0.04, 0.03]
  close(expectedShortfall(returns, 0.5), 0.03)
  // 1.5 days: all of -4 % and half of -2 %.
  close(expectedShortfall(returns, 0.625), (0.04 + 0.5 * 0.02) / 1.5)
  // 0.2 of a day is a part of the worst one.
  close(expectedShortfall(returns, 0.95), 0.04)
  close(valueAtRisk(returns, 0.75), 0.02)
  close(valueAtRisk(returns, 0.95), 0.04)
})

test('a tail that gained is a negative loss, and nothing lost is zero', () => {
  close(expectedShortfall([0.01, 0.02], 0.5), -0.01)
  assert.ok(Object.is(valueAtRisk([0, 0, 0], 0.95), 0))
  assert.ok(Object.is(expectedShortfall([0, 0, 0], 0.95), 0))
})

test('expected shortfall is the least value of the Rockafellar-Uryasev function, reached at the value at risk', () => {
  const sample = fc.array(fc.double({ min: -0.5, max: 0.5, noNaN: true }), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(sample, fc.constantFrom(0.5, 0.9, 0.95, 0.99), (returns, confidence) => {
      const at = (level: number) =>
        level +
        returns.reduce((sum, value) => sum + Math.max(0, -value - level), 0) / (returns.length * (1 - confidence))
      const shortfall = expectedShortfall(returns, confidence)
      const least = Math.min(...returns.map((value) => at(-value)))
      close(shortfall, least, 1e-9)
      close(at(valueAtRisk(returns, confidence)), least, 1e-9)
      assert.ok(shortfall >= valueAtRisk(returns, confidence) - 1e-12)
    }),
  )
})

test('at least 95 % of the days lose no more than the value at risk, and fewer would lose no more than anything less', () => {
  for (const count of [60, 100, 252, 999]) {
    const returns = normalReturns(count)
    const level = valueAtRisk(returns, 0.95)
    const within = returns.filter((value) => -value <= level).length
    assert.ok(within >= 0.95 * count)
    assert.ok(returns.filter((value) => -value < level).length < 0.95 * count)
  }
})

test('95 % needs 60 returns and 99 % needs 250; before that a figure is null and the reason is said', () => {
  const few = risk(normalReturns(59))
  assert.deepEqual([few.var95, few.cvar95, few.var99, few.cvar99], [null, null, null, null])
  assert.equal(few.because, '95 % needs 60 returns, 99 % needs 250; there are 59')
  const some = risk(normalReturns(249))
  assert.ok(some.var95 !== null && some.cvar95 !== null)
  assert.deepEqual([some.var99, some.cvar99], [null, null])
  assert.equal(some.because, '99 % needs 250 returns; there are 249')
  const enough = risk(normalReturns(250))
  assert.ok(enough.cvar99! >= enough.cvar95! && enough.cvar95! >= enough.var95!)
  assert.equal(enough.because, null)
  assert.equal(risk([]).observations, 0)
})

test('a hole in the returns is our mistake and stops the program', () => {
  assert.throws(() => valueAtRisk([0.01, Number.NaN, -0.02], 0.95), /must be numbers/)
  assert.throws(() => expectedShortfall([], 0.95), /at least one/)
  assert.throws(() => expectedShortfall([0.1], 1), /not between/)
})

test('half the Kelly fraction is half of mean over variance, between nothing and everything', () => {
  // 35 gains of 2 % and 35 losses of 1.9 %: mean 0.0005, squares about it 70 * 0.0195^2, variance over 69.
  const returns = Array.from({ length: 70 }, (_, i) => (i % 2 === 0 ? 0.02 : -0.019))
  close(halfKelly(returns), (0.5 * 0.0005) / ((70 * 0.0195 ** 2) / 69), 1e-9)
  assert.equal(halfKelly(returns.map((value) => -value)), 0)
  assert.equal(halfKelly(returns.map((value) => value + 0.01)), 1)
})

test('no Kelly fraction from fewer than 60 returns, or from returns that do not vary', () => {
  assert.equal(halfKelly(normalReturns(59)), null)
  assert.notEqual(halfKelly(normalReturns(60)), null)
  assert.equal(halfKelly(new Array(100).fill(0)), null)
  assert.equal(halfKelly(new Array(100).fill(0.001)), null)
})

test('the drawdown counts from the highest point, the start included', () => {
  close(maxDrawdown([0.1, -0.1, 0.1]), 0.1)
  close(maxDrawdown([-0.5, 0.2]), 0.5)
  // 1 -> 2 -> 1 -> 1.5 -> 0.75 : 0.75 of a peak of 2 is a fall of 0.625.
  close(maxDrawdown([1, -0.5, 0.5, -0.5]), 0.625)
  assert.equal(maxDrawdown([]), 0)
})

test('value at risk agrees with skfolio on thirty years of AAPL and AMD', { skip: sharedAbsent }, () => {
  const rows = gunzipSync(readFileSync(sharedPath('conformance/inputs/skfolio_sp500_prices.csv.gz')))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const returnsOf = (symbol: string) => {
    const column = rows[0]!.indexOf(symbol)
    const prices = rows.slice(1).map((row) => Number(row[column]))
    return prices.slice(1).map((price, i) => price / prices[i]! - 1)
  }
  const { cases } = JSON.parse(readFileSync(sharedPath('conformance/skfolio_measures.json'), 'utf8')) as {
    cases: readonly {
      function: string
      cases: readonly { inputs: { returns: string }; expected: number | readonly number[] }[]
    }[]
  }
  const expected = new Map(
    cases
      .find((group) => group.function === 'value_at_risk')!
      .cases.map((item) => [item.inputs.returns, item.expected]),
  )
  const [apple, amd] = expected.get('2d') as readonly number[]
  close(valueAtRisk(returnsOf('AAPL'), 0.95), expected.get('1d') as number, 5e-8)
  close(valueAtRisk(returnsOf('AAPL'), 0.95), apple!, 5e-8)
  close(valueAtRisk(returnsOf('AMD'), 0.95), amd!, 5e-8)
  // skfolio leaves the missing ones out first.
  close(valueAtRisk([0.1, -0.5, -0.3, 0.8], 0.95), expected.get('1d_nan') as number, 5e-8)
})

test('the largest drawdown agrees with empyrical', { skip: sharedAbsent }, () => {
  const file = JSON.parse(readFileSync(sharedPath('conformance/empyrical_stats.json'), 'utf8')) as {
    series: Readonly<Record<string, { values?: readonly (number | 'NaN')[] }>>
    cases: readonly {
      function: string
      cases: readonly { inputs: { returns: { series: string } | readonly number[] }; expected: number | 'NaN' }[]
    }[]
  }
  let checked = 0
  for (const { inputs, expected } of file.cases.find((group) => group.function === 'max_drawdown')!.cases) {
    // Of no return at all empyrical says NaN; here nothing has been lost yet.
    if (expected === 'NaN') continue
    const given: readonly (number | 'NaN')[] =
      'series' in inputs.returns ? file.series[inputs.returns.series]!.values! : inputs.returns
    // Its convention: a missing return counts as 0.
    close(maxDrawdown(given.map((value) => (value === 'NaN' ? 0 : value))), Math.abs(expected), 1e-8)
    checked++
  }
  assert.ok(checked >= 5)
})
