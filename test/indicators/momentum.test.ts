import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { rsi } from '../../src/indicators/momentum.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'
import { assertEndsWith, tulipCases, tulipTolerance } from './conformance.ts'

test('RSI weighs the average gain against the average loss as Wilder does', () => {
  // Changes +1, -1, +2. First averages of 2: gain 0.5, loss 0.5 -> 50. Then gain (0.5 + 2) / 2 = 1.25, loss 0.25 -> 83.33.
  const index = rsi(Float64Array.of(10, 11, 10, 12), 2)
  assert.ok(Number.isNaN(index[0]) && Number.isNaN(index[1]))
  assert.equal(index[2], 50)
  assert.ok(Math.abs(index[3]! - 250 / 3) < 1e-12)
})

test('RSI is 100 without a loss, 0 without a gain and 50 without any change', () => {
  const rising = Float64Array.from({ length: 40 }, (_, i) => 100 * 1.01 ** i)
  assert.ok(
    rsi(rising, 14)
      .subarray(14)
      .every((value) => value === 100),
  )
  assert.ok(
    rsi(rising.toReversed(), 14)
      .subarray(14)
      .every((value) => value === 0),
  )
  assert.ok(
    rsi(new Float64Array(40).fill(7), 14)
      .subarray(14)
      .every((value) => value === 50),
  )
})

test('RSI of a series turned upside down is 100 less the RSI', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 80 }), (steps) => {
      let [up, down] = [10_000, 10_000]
      const closes = Float64Array.from(steps, (step) => (up += step))
      const mirror = Float64Array.from(steps, (step) => (down -= step))
      const [a, b] = [rsi(closes, 2), rsi(mirror, 2)]
      for (let i = 2; i < closes.length; i++) assert.ok(Math.abs(a[i]! + b[i]! - 100) < 1e-9)
    }),
  )
})

test('RSI agrees with Tulip Indicators', { skip: sharedAbsent }, () => {
  for (const { inputs, params, expected } of tulipCases('rsi')) {
    assertEndsWith(rsi(Float64Array.from(inputs.real!), params[0]!), expected.value!, tulipTolerance)
  }
})

test('RSI agrees with technicalindicators to the two decimals that it prints', { skip: sharedAbsent }, () => {
  const { cases } = JSON.parse(readFileSync(sharedPath('conformance/technicalindicators_rsi.json'), 'utf8')) as {
    cases: readonly { params: { period: number }; inputs: readonly number[]; expected: readonly number[] }[]
  }
  assert.ok(cases.length > 0)
  for (const { params, inputs, expected } of cases) {
    const index = rsi(Float64Array.from(inputs), params.period)
    assert.equal(index.filter((value) => !Number.isNaN(value)).length, expected.length)
    assertEndsWith(index, expected, 0.005 + 1e-9)
  }
})
