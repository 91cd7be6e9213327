import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bollinger } from '../../src/indicators/bollinger.ts'
import { sma } from '../../src/indicators/moving-average.ts'
import { windowMoments } from '../../src/indicators/window.ts'

const prices = (minLength: number) =>
  fc
    .array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength, maxLength: 120 })
    .map((values) => Float64Array.from(values))

/** The textbook, slowly: mean first, then the squares about it. */
function slowly(values: Float64Array, from: number, window: number) {
  const part = values.subarray(from, from + window)
  const mean = part.reduce((sum, value) => sum + value, 0) / window
  return { mean, squares: part.reduce((sum, value) => sum + (value - mean) ** 2, 0) }
}

test('every window has the mean and the squares of a plain two-pass sum over its own values', () => {
  fc.assert(
    fc.property(prices(0), fc.integer({ min: 1, max: 30 }), fc.integer({ min: 0, max: 3 }), (values, window, from) => {
      const into = { mean: new Float64Array(values.length), squares: new Float64Array(values.length) }
      const { mean, squares } = windowMoments(values, window, from, into)
      const means = sma(values, window)
      for (let i = 0; i < values.length; i++) {
        assert.equal(Number.isNaN(means[i]), i < window - 1)
        assert.equal(Number.isNaN(mean[i]), i < from + window - 1)
        assert.equal(Number.isNaN(squares[i]), i < from + window - 1)
        if (i < from + window - 1) continue
        const plain = slowly(values, i - window + 1, window)
        const largest = Math.max(...values.subarray(i - window + 1, i + 1))
        assert.ok(Math.abs(mean[i]! - plain.mean) <= 1e-13 * largest)
        assert.ok(Math.abs(means[i]! - plain.mean) <= 1e-13 * largest)
        assert.ok(Math.abs(squares[i]! - plain.squares) <= 1e-11 * largest * largest)
      }
    }),
  )
})

test('ten thousand closes after a quote of a billion has left the window, and at once, nothing of it is left', () => {
  const calm = Float64Array.from({ length: 10_000 }, (_, i) => 100 + ((i * 7919) % 101) / 100)
  const hit = calm.slice()
  hit[500] = 1e9
  for (const window of [20, 50, 200]) {
    const [clean, after] = [sma(calm, window), sma(hit, window)]
    for (let i = 500 + window; i < calm.length; i++) {
      assert.ok(Math.abs(after[i]! - clean[i]!) < 1e-12, `SMA ${window} is off by ${after[i]! - clean[i]!} at ${i}`)
    }
  }
  const [clean, after] = [bollinger(calm, 20, 2), bollinger(hit, 20, 2)]
  for (let i = 520; i < calm.length; i++) {
    assert.ok(Math.abs(after.upper[i]! - clean.upper[i]!) < 1e-11)
    assert.ok(Math.abs(after.percentB[i]! - clean.percentB[i]!) < 1e-10)
  }
})

test('a price that moves by a billionth of itself keeps its standard deviation', () => {
  // A billion and a billion and one in turn: population variance 0.25, which a mean of squares less a squared mean loses here.
  const values = Float64Array.from({ length: 400 }, (_, i) => 1e9 + (i % 2))
  const bands = bollinger(values, 20, 1)
  for (let i = 19; i < values.length; i++) assert.ok(Math.abs(bands.upper[i]! - (1e9 + 0.5) - 0.5) < 2e-7)
})

test('a window of no values is refused', () => {
  assert.throws(() => sma(Float64Array.of(1, 2), 0), /window of 0/)
  assert.throws(() => sma(Float64Array.of(1, 2), 1.5), /window of 1.5/)
})
