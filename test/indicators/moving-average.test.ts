import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sma } from '../../src/indicators/moving-average.ts'
import { sharedAbsent } from '../support/shared.ts'
import { assertEndsWith, tulipCases, tulipTolerance } from './conformance.ts'

test('an average is not known until its window is full, then it is the mean of the window', () => {
  // (1 + 2 + 3) / 3 = 2, (2 + 3 + 5) / 3 = 10 / 3, (3 + 5 + 10) / 3 = 6
  assert.deepEqual([...sma(Float64Array.of(1, 2, 3, 5, 10), 3)], [Number.NaN, Number.NaN, 2, 10 / 3, 6])
})

test('thirty closes have no 50-session average and no 200-session average', () => {
  const closes = Float64Array.from({ length: 30 }, (_, i) => 100 + i)
  assert.ok(sma(closes, 50).every(Number.isNaN))
  assert.ok(sma(closes, 200).every(Number.isNaN))
})

test('the average of a price that does not move is that price to the last digit', () => {
  const flat = new Float64Array(300).fill(0.1)
  assert.ok(
    sma(flat, 200)
      .subarray(199)
      .every((value) => value === 0.1),
  )
})

test('SMA agrees with Tulip Indicators', { skip: sharedAbsent }, () => {
  for (const { inputs, params, expected } of tulipCases('sma')) {
    assertEndsWith(sma(Float64Array.from(inputs.real!), params[0]!), expected.value!, tulipTolerance)
  }
})
