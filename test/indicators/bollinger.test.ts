import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bollinger } from '../../src/indicators/bollinger.ts'
import { sharedAbsent } from '../support/shared.ts'
import { assertEndsWith, tulipCases, tulipTolerance } from './conformance.ts'

const close = (actual: number | undefined, expected: number) =>
  assert.ok(Math.abs(actual! - expected) < 1e-12, `${actual} instead of ${expected}`)

test('the bands lie two population standard deviations from the average', () => {
  // Mean of 1, 2, 3 is 2, squares about it 1 + 0 + 1, variance 2 / 3; (3 - lower) / (upper - lower) is percent B.
  const bands = bollinger(Float64Array.of(1, 2, 3), 3, 2)
  const half = 2 * Math.sqrt(2 / 3)
  close(bands.middle[2], 2)
  close(bands.lower[2], 2 - half)
  close(bands.upper[2], 2 + half)
  close(bands.percentB[2], (3 - (2 - half)) / (2 * half))
  for (const band of [bands.lower, bands.middle, bands.upper, bands.percentB]) assert.ok(Number.isNaN(band[1]))
})

test('a price that does not move has bands that meet, and no percent B', () => {
  const bands = bollinger(new Float64Array(45).fill(0.1), 20, 2)
  for (let i = 19; i < 45; i++) {
    assert.equal(bands.lower[i], 0.1)
    assert.equal(bands.upper[i], 0.1)
    assert.ok(Number.isNaN(bands.percentB[i]))
  }
})

test('Bollinger bands agree with Tulip Indicators', { skip: sharedAbsent }, () => {
  for (const { inputs, params, expected } of tulipCases('bbands')) {
    const bands = bollinger(Float64Array.from(inputs.real!), params[0]!, params[1]!)
    assertEndsWith(bands.lower, expected.lower!, tulipTolerance)
    assertEndsWith(bands.middle, expected.middle!, tulipTolerance)
    assertEndsWith(bands.upper, expected.upper!, tulipTolerance)
  }
})

test('half the width of bands one deviation wide agrees with the standard deviation of Tulip Indicators', {
  skip: sharedAbsent,
}, () => {
  for (const { inputs, params, expected } of tulipCases('stddev')) {
    const bands = bollinger(Float64Array.from(inputs.real!), params[0]!, 1)
    const deviation = bands.upper.map((upper, i) => upper - bands.middle[i]!)
    assertEndsWith(deviation, expected.value!, tulipTolerance)
  }
})
