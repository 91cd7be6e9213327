import assert from 'node:assert/strict'
import { test } from 'node:test'
import { automaticBlockLength } from '../../src/statistics/block-length.ts'
import { bootstrapDeviations, bootstrapMean } from '../../src/statistics/bootstrap.ts'
import { assertClose } from '../support/conformance.ts'

/** Uniform noise of a congruential generator through an autoregression: any language makes the same numbers. */
function remembering(count: number, memory: number): Float64Array {
  let state = 1
  let value = 0
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(1664525, state) + 1013904223) >>> 0
    value = memory * value + (state / 2 ** 32 - 0.5)
    return value
  })
}

test('the automatic block length agrees with optimal_block_length of arch on series with and without memory', () => {
  // arch 8.0.0, column "stationary", of the same series
  const expected: readonly (readonly [number, number, number])[] = [
    [250, 0.5, 6.94052064],
    [1000, 0.3, 8.74605472],
    [1000, -0.3, 3.67941376],
    [2519, 0.9, 70.96527354],
    [400, 0.99, 32.1118878],
  ]
  for (const [count, memory, length] of expected) {
    assertClose(automaticBlockLength(remembering(count, memory)), length, { rtol: 1e-8 }, `${count} with ${memory}`)
  }
  // arch says 0.33 here, which is no block.
  assert.equal(automaticBlockLength(remembering(100, 0)), 1)
  assert.equal(automaticBlockLength(new Float64Array(50).fill(0.1)), 1)
})

/**
 * Variance of a stationary bootstrap's mean without drawing anything: with p = 1 / b and the circular autocovariances c,
 * (c_0 + 2 sum of (1 - k / n) (1 - p)^k c_k) / n. Politis & Romano 1994, lemma 1.
 */
function exactVariance(values: Float64Array, blockLength: number): number {
  const count = values.length
  const mean = values.reduce((sum, value) => sum + value, 0) / count
  let variance = 0
  for (let lag = 0; lag < count; lag++) {
    let covariance = 0
    for (let i = 0; i < count; i++) covariance += (values[i]! - mean) * (values[(i + lag) % count]! - mean)
    variance += (lag === 0 ? 1 : 2) * (1 - lag / count) * (1 - 1 / blockLength) ** lag * (covariance / count)
  }
  return variance / count
}

test('the spread of the resampled means is the one that Politis and Romano derive, for short and long blocks', () => {
  for (const [count, memory, blockLength] of [
    [60, 0, 1],
    [60, 0.4, 4],
    [500, 0.5, 12.5],
    [500, -0.4, 7],
    [300, 0.8, 250],
  ] as const) {
    const values = remembering(count, memory)
    const paths = 20_000
    const deviations = bootstrapDeviations(values, { blockLength, paths, seed: 3 })
    const variance = deviations.reduce((sum, value) => sum + value * value, 0) / paths
    const exact = exactVariance(values, blockLength)
    // A variance from 20,000 draws is itself known to 1 % (one standard error, for a normal).
    assertClose(variance, exact, { rtol: 0.04 }, `${count} with ${memory} in blocks of ${blockLength}`)
    const mean = deviations.reduce((sum, value) => sum + value, 0) / paths
    assert.ok(Math.abs(mean) < 4 * Math.sqrt(exact / paths), `the paths are centered, not at ${mean}`)
  }
})

test('memory widens the interval: a bootstrap of single days would be too sure', () => {
  const values = remembering(1000, 0.6)
  const width = (blockLength?: number) => {
    const { low, high } = bootstrapMean(values, {
      confidence: 0.95,
      seed: 1,
      ...(blockLength !== undefined && { blockLength }),
    })
    return high - low
  }
  // In the long run 1 / (1 - 0.6) = 2.5 in variance of the sum over 1 / (1 - 0.36) of one day: a factor of 4, so 2 in width.
  assert.ok(width() > 1.6 * width(1), `${width()} against ${width(1)}`)
})

test('the interval holds the mean, mirrors when gains become losses, and grows with the confidence', () => {
  const values = remembering(250, 0.2)
  const at = (confidence: number) => bootstrapMean(values, { confidence, seed: 5 })
  const mirrored = bootstrapMean(
    values.map((value) => -value),
    { confidence: 0.95, seed: 5 },
  )
  const { mean, low, high } = at(0.95)
  assert.ok(low < mean && mean < high)
  assertClose(mirrored.low, -high, { rtol: 1e-9 }, 'mirrored low')
  assertClose(mirrored.high, -low, { rtol: 1e-9 }, 'mirrored high')
  assert.ok(at(0.99).low < low && at(0.8).low > low)
})

test('the same seed gives the same bytes, another seed other ones, and both nearly the same interval', () => {
  const values = remembering(300, 0.1)
  const one = bootstrapMean(values, { confidence: 0.95, seed: 1 })
  assert.deepEqual(bootstrapMean(values, { confidence: 0.95, seed: 1 }), one)
  const two = bootstrapMean(values, { confidence: 0.95, seed: 2 })
  assert.notEqual(one.low, two.low)
  assertClose(two.high - two.low, one.high - one.low, { rtol: 0.04 }, 'width')
})

test('values that do not vary leave no width, and too few give no interval at all', () => {
  const { mean, low, high } = bootstrapMean(new Array(30).fill(0.001), { confidence: 0.95, seed: 1 })
  assert.ok(mean === low && mean === high)
  assert.throws(() => bootstrapMean(new Array(19).fill(0), { confidence: 0.95, seed: 1 }), /needs 20 values/)
})
