import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dailyReturn, volatility } from '../../src/indicators/volatility.ts'

test('the first close has no return', () => {
  const returns = dailyReturn(Float64Array.of(100, 102, 51))
  assert.ok(Number.isNaN(returns[0]))
  assert.ok(Math.abs(returns[1]! - 0.02) < 1e-15)
  assert.equal(returns[2], -0.5)
})

test('volatility is the sample standard deviation of the returns times the root of 252', () => {
  // Closes 100, 110, 99: returns +10 % and -10 %, mean 0, variance (0.01 + 0.01) / (2 - 1) = 0.02.
  // 0.02 * 252 = 5.04, root 2.24499443...
  const value = volatility(Float64Array.of(100, 110, 99), 2)
  assert.ok(Number.isNaN(value[0]) && Number.isNaN(value[1]))
  assert.ok(Math.abs(value[2]! - 2.244994432064365) < 1e-13)
})

test('twenty returns need twenty-one closes', () => {
  const closes = Float64Array.from({ length: 22 }, (_, i) => 100 + (i % 2))
  assert.deepEqual(
    [...volatility(closes, 20)].map((value) => !Number.isNaN(value)),
    [...new Array(20).fill(false), true, true],
  )
})

test('a price that does not move has no volatility', () => {
  assert.equal(volatility(new Float64Array(30).fill(3), 20)[29], 0)
})
