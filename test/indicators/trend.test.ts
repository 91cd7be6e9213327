import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { adx, averageTrueRange, trueRange } from '../../src/indicators/trend.ts'
import { sharedAbsent } from '../support/shared.ts'
import { assertEndsWith, tulipCases, tulipTolerance } from './conformance.ts'

test('a market whose highs and lows rise every session trends with 100, one that does not move with 0', () => {
  const rising = Float64Array.from({ length: 60 }, (_, i) => 100 + i)
  const lower = rising.map((value) => value - 2)
  const index = adx({ high: rising, low: lower }, 14)
  assert.ok(index.subarray(0, 26).every(Number.isNaN))
  assert.ok(index.subarray(26).every((value) => Math.abs(value - 100) < 1e-9))
  const flat = new Float64Array(60).fill(5)
  assert.ok(
    adx({ high: flat, low: flat }, 14)
      .subarray(26)
      .every((value) => value === 0),
  )
})

test('ADX comes from highs and lows: days that widen on both sides alike say nothing about a trend', () => {
  // Each day is 1 higher and 1 lower than the day before: Wilder counts neither side.
  const high = Float64Array.from({ length: 40 }, (_, i) => 100 + i)
  const low = Float64Array.from({ length: 40 }, (_, i) => 100 - i)
  assert.equal(adx({ high, low }, 14)[39], 0)
})

test('ADX by hand over five sessions', () => {
  // Window 2. Moves up (high) and down (low): day 1 +2, 0; day 2 0, 1; day 3 +1, 0; day 4 +1, 0.
  // Sums: up 2, 1, 1.5, 1.75; down 0, 1, 0.5, 0.25. Ratios 100, 0, 50, 75.
  // First value at index 2: (100 + 0) / 2 = 50; then (50 + 50) / 2 = 50; then (50 + 75) / 2 = 62.5.
  const high = Float64Array.of(10, 12, 12, 13, 14)
  const low = Float64Array.of(8, 9, 8, 9, 10)
  assert.deepEqual([...adx({ high, low }, 2)].slice(2), [50, 50, 62.5])
})

test('ADX lies between 0 and 100 and does not depend on the unit of the price', () => {
  const bars = fc.array(fc.tuple(fc.integer({ min: 50, max: 150 }), fc.integer({ min: 0, max: 10 })), {
    minLength: 10,
    maxLength: 80,
  })
  fc.assert(
    fc.property(bars, (rows) => {
      const low = Float64Array.from(rows, ([price]) => price)
      const high = Float64Array.from(rows, ([price, range]) => price + range)
      const index = adx({ high, low }, 4)
      const scaled = adx({ high: high.map((value) => value * 8), low: low.map((value) => value * 8) }, 4)
      for (let i = 6; i < index.length; i++) {
        assert.ok(index[i]! >= 0 && index[i]! <= 100 + 1e-9)
        assert.equal(index[i], scaled[i])
      }
    }),
  )
})

test('the true range reaches to the previous close across a gap', () => {
  // Day 2 gaps up from a close of 9: 13 - 9 = 4. Day 3 gaps down from 12: 12 - 7 = 5.
  const bars = { high: Float64Array.of(10, 13, 8), low: Float64Array.of(8, 11, 7), close: Float64Array.of(9, 12, 7.5) }
  assert.deepEqual([...trueRange(bars)], [2, 4, 5])
  // Mean of 2 and 4 is 3, then (3 + 5) / 2 = 4.
  assert.deepEqual([...averageTrueRange(bars, 2)].slice(1), [3, 4])
})

test('ADX agrees with Tulip Indicators', { skip: sharedAbsent }, () => {
  for (const { inputs, params, expected } of tulipCases('adx')) {
    const bars = { high: Float64Array.from(inputs.high!), low: Float64Array.from(inputs.low!) }
    const index = adx(bars, params[0]!)
    assertEndsWith(index, expected.value!, tulipTolerance)
  }
})

test('the average true range agrees with Tulip Indicators', { skip: sharedAbsent }, () => {
  for (const { inputs, params, expected } of tulipCases('atr')) {
    const bars = {
      high: Float64Array.from(inputs.high!),
      low: Float64Array.from(inputs.low!),
      close: Float64Array.from(inputs.close!),
    }
    assertEndsWith(averageTrueRange(bars, params[0]!), expected.value!, tulipTolerance)
  }
})
