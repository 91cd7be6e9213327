import assert from 'node:assert/strict'
import { test } from 'node:test'
import { drawdown, runningPeak } from '../../src/indicators/drawdown.ts'

test('a drawdown is measured from the highest close so far, not from the first or the next one', () => {
  // 90 and 60 lie a quarter and a half below 120; 150 is a new peak.
  const closes = Float64Array.of(100, 120, 90, 60, 150)
  assert.deepEqual([...runningPeak(closes)], [100, 120, 120, 120, 150])
  assert.deepEqual([...drawdown(closes)], [0, 0, 0.25, 0.5, 0])
})
