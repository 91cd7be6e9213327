import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { correlation, correlationMatrix, meanCorrelation } from '../../src/indicators/correlation.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const missing = Number.NaN

function noise(length: number, ...labels: (string | number)[]): Float64Array {
  const random = randomFrom('noise', ...labels)
  return Float64Array.from({ length }, () => 0.01 * randomNormal(random))
}

test('correlation by hand', () => {
  // Deviations of 1, 2, 3 are -1, 0, 1; of 1, 3, 2 are -1, 1, 0. Product 1, squares 2 and 2: 1 / 2.
  const r = correlation(Float64Array.of(0.01, 0.02, 0.03), Float64Array.of(0.01, 0.03, 0.02), 3)
  assert.ok(Math.abs(r! - 0.5) < 1e-12)
})

test('two equal series have a correlation of exactly 1, their opposites of exactly -1', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(20, 60), (seed, window) => {
      const x = noise(130, seed)
      assert.equal(correlation(x, x.slice(), window), 1)
      assert.equal(
        correlation(
          x,
          x.map((value) => -value),
          window,
        ),
        -1,
      )
    }),
  )
})

test('only sessions on which both assets have a return count', () => {
  // Without the second and the fourth session: 1, 3, 2 against 2, 6, 4 is exactly in step.
  const x = Float64Array.of(0.01, 0.9, 0.03, missing, 0.02)
  const y = Float64Array.of(0.02, missing, 0.06, -0.7, 0.04)
  assert.equal(correlation(x, y, 3), 1)
  assert.equal(correlation(x, y, 4), null)
})

test('no correlation with too few common sessions, with a price that does not move, or long after the last trade', () => {
  const x = noise(200, 'x')
  assert.equal(correlation(x.subarray(0, 19), x.subarray(0, 19), 20), null)
  assert.equal(correlation(x, new Float64Array(200), 20), null)
  assert.equal(correlation(x, new Float64Array(200).fill(0.013), 20), null)
  // Compounding 1.3 % a day leaves returns that differ in the last digit alone.
  const steady = Float64Array.from({ length: 200 }, (_, i) => (100 * 1.013 ** (i + 1)) / (100 * 1.013 ** i) - 1)
  assert.equal(correlation(x, steady, 20), null)
  const halted = x.map((value, i) => (i < 170 ? value : missing))
  assert.equal(correlation(x, halted, 20), null)
  assert.notEqual(correlation(x, halted, 60), null)
})

test('an outlier from before the window leaves nothing behind', () => {
  const [x, y] = [noise(100, 'a'), noise(100, 'b')]
  const clean = correlation(x, y, 60)
  x[20] = 1e9
  assert.equal(correlation(x, y, 60), clean)
})

test('correlation agrees with a plain two-pass sum', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 3, max: 60 }), (seed, window) => {
      const x = noise(60, seed, 'x')
      const y = noise(60, seed, 'y').map((value, i) => value + 0.5 * x[i]! + 0.1)
      const [a, b] = [x.subarray(60 - window), y.subarray(60 - window)]
      const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / window
      const [meanA, meanB] = [mean(a), mean(b)]
      let [aa, bb, ab] = [0, 0, 0]
      for (let i = 0; i < window; i++) {
        aa += (a[i]! - meanA) ** 2
        bb += (b[i]! - meanB) ** 2
        ab += (a[i]! - meanA) * (b[i]! - meanB)
      }
      assert.ok(Math.abs(correlation(x, y, window)! - ab / Math.sqrt(aa * bb)) < 1e-10)
    }),
  )
})

test('the matrix is symmetric, 1 on its diagonal, and the mean leaves the diagonal out', () => {
  const returns = [noise(80, 1), noise(80, 2), noise(80, 3), new Float64Array(80)]
  const matrix = correlationMatrix(returns, 60)
  for (let i = 0; i < 3; i++) {
    assert.equal(matrix[i]![i], 1)
    for (let j = 0; j < 4; j++) assert.equal(matrix[i]![j], matrix[j]![i])
  }
  assert.deepEqual(matrix[3], [null, null, null, null])
  const mean = (matrix[1]![0]! + matrix[2]![0]! + matrix[2]![1]!) / 3
  assert.ok(Math.abs(meanCorrelation(returns, 60)! - mean) < 1e-15)
  assert.equal(meanCorrelation(returns.slice(2), 60), null)
})

test('SPY and QQQ move together in the real year 2019, and SPY with itself to the last digit', {
  skip: sharedAbsent,
}, () => {
  const returns = ['SPY', 'QQQ', 'TLT'].map((symbol) => {
    const closes = readFileSync(sharedPath(`bars/allocator_2018_2020/${symbol}.csv`), 'utf8')
      .trim()
      .split('\n')
      .filter((line) => line.startsWith('2019'))
      .map((line) => Number(line.split(',')[4]))
    return Float64Array.from(closes, (close, i) => (i === 0 ? missing : close / closes[i - 1]! - 1))
  })
  assert.equal(correlation(returns[0]!, returns[0]!.slice(), 60), 1)
  assert.ok(correlation(returns[0]!, returns[1]!, 60)! > 0.8)
  assert.ok(correlation(returns[0]!, returns[2]!, 60)! < 0)
})
