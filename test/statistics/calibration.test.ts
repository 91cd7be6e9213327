import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bootstrapMean } from '../../src/statistics/bootstrap.ts'
import { confidenceBounds } from '../../src/statistics/confidence-sequence.ts'
import { eValuePath, evidenceAt } from '../../src/statistics/evidence.ts'
import { probabilisticSharpe, type SharpeSample, sharpeSample } from '../../src/statistics/inference.ts'
import { moments } from '../../src/statistics/moments.ts'
import { normalCdf } from '../../src/statistics/normal.ts'
import { chanceError, type Noise, noiseOf, rateOf } from '../support/trials-of-chance.ts'

// Seeded, so they never flicker; bench/calibration.ts runs the same with many more rounds. The bounds are the theory's
// plus three standard errors of the rounds made here.

function assertAtMost(rate: number, theory: number, rounds: number): void {
  assert.ok(rate <= theory + chanceError(theory, rounds), `${rate} where at most ${theory} is promised`)
}

function assertNear(rate: number, theory: number, rounds: number): void {
  assert.ok(Math.abs(rate - theory) <= chanceError(theory, rounds), `${rate} where theory says ${theory}`)
}

const shown = (values: Float64Array, above = 0.95) =>
  (probabilisticSharpe(sharpeSample(moments(values)) as SharpeSample, 0) as number) > above

test('on noise the probabilistic Sharpe ratio passes 95 % one time in twenty, whatever the tails', () => {
  for (const kind of ['normal', 'fatTailed'] as const satisfies readonly Noise[]) {
    const rounds = 2000
    const rate = rateOf(rounds, (round) => shown(noiseOf(kind, 'psr', round, 120)))
    assertAtMost(rate, 0.05, rounds)
    assert.ok(rate > 0.03, `a test that never passes finds nothing: ${rate}`)
  }
})

test('on an annual Sharpe ratio of two over a year it passes as often as theory says', () => {
  const rounds = 1500
  const sharpe = 2 / Math.sqrt(252)
  const rate = rateOf(rounds, (round) => shown(noiseOf('normal', 'planted', round, 252, 0.01 * sharpe)))
  // The estimate is normal about 0.126 with an error of sqrt((1 + 0.126^2 / 2) / 251): Phi(1.988 - 1.645) = 0.634.
  const error = Math.sqrt((1 + sharpe ** 2 / 2) / 251)
  assertNear(rate, normalCdf(sharpe / error - 1.6449), rounds)
})

test('on noise the bootstrap interval leaves out zero one time in twenty, whatever the tails and the calm', () => {
  for (const [kind, count] of [
    ['normal', 60],
    ['fatTailed', 120],
    ['clustered', 250],
  ] as const) {
    const rounds = 500
    const rate = rateOf(rounds, (round) => {
      const values = noiseOf(kind, 'bootstrap', round, count)
      const { low, high } = bootstrapMean(values, { confidence: 0.95, seed: round, paths: 500 })
      return low > 0 || high < 0
    })
    assertAtMost(rate, 0.05, rounds)
    assert.ok(rate > 0.02, `an interval that is never wrong is too wide: ${rate}`)
  }
})

test('on a planted edge the bootstrap interval lies above zero as often as theory says', () => {
  const rounds = 500
  const count = 400
  const mean = 0.01 * (2.5 / Math.sqrt(count))
  const rate = rateOf(rounds, (round) => {
    const values = noiseOf('normal', 'planted bootstrap', round, count, mean)
    return bootstrapMean(values, { confidence: 0.95, seed: round, paths: 500 }).low > 0
  })
  // The mean lies 2.5 standard errors above zero: Phi(2.5 - 1.96) = 0.705, a little less for the widening.
  assertNear(rate, normalCdf(2.5 - 1.96 * 1.04), rounds)
})

test('looked at every week for four years, the e-value of noise reaches 20 on at most one path in twenty', () => {
  for (const kind of ['normal', 'fatTailed', 'clustered'] as const) {
    const rounds = 400
    const sessions = 1008
    const zero = new Float64Array(sessions)
    const rate = rateOf(rounds, (round) => {
      const path = eValuePath(noiseOf(kind, 'peeking', round, sessions), zero)
      for (let week = 4; week < sessions; week += 5) if (path[week]! >= evidenceAt) return true
      return false
    })
    assertAtMost(rate, 0.05, rounds)
  }
})

test('on a planted edge the e-value becomes evidence as often as theory says', () => {
  const rounds = 1000
  const sessions = 504
  const mean = 0.0015
  const deviation = 0.01
  // log(1 + L x) is L x - (L x)^2 / 2 nearly, and the sum of x^2 is nearly its expectation, so the e-value is a rising function
  // of the sum of x, which is normal: find the sum at which it is 20.
  const squares = sessions * (deviation ** 2 + mean ** 2)
  const cubes = sessions * (3 * mean * deviation ** 2 + mean ** 3)
  const fourths = sessions * 3 * deviation ** 4
  const valueAt = (sum: number) =>
    [1, 2, 4, 8, 16].reduce(
      (total, stake) =>
        total +
        Math.exp(stake * sum - (stake ** 2 * squares) / 2 + (stake ** 3 * cubes) / 3 - (stake ** 4 * fourths) / 4) / 5,
      0,
    )
  let needed = 0
  while (valueAt(needed) < evidenceAt) needed += 1e-4
  const theory = 1 - normalCdf((needed - sessions * mean) / (deviation * Math.sqrt(sessions)))
  const zero = new Float64Array(sessions)
  const rate = rateOf(
    rounds,
    (round) => eValuePath(noiseOf('normal', 'edge', round, sessions, mean), zero).at(-1)! >= evidenceAt,
  )
  assert.ok(theory > 0.3 && theory < 0.9, `an edge that is neither hopeless nor certain: ${theory}`)
  assertNear(rate, theory, rounds)
})

test('the confidence sequence holds the true mean at every month of two years on nineteen paths of twenty', () => {
  const rounds = 150
  const sessions = 504
  const mean = 0.001
  const zero = new Float64Array(sessions)
  const wrong = { low: 0, high: 0 }
  for (let round = 0; round < rounds; round++) {
    const values = noiseOf('normal', 'sequence', round, sessions, mean)
    let low = false
    let high = false
    for (let length = 21; length <= sessions; length += 21) {
      const bounds = confidenceBounds(values.subarray(0, length), zero)
      low ||= bounds.low > mean
      high ||= bounds.high < mean
    }
    if (low) wrong.low++
    if (high) wrong.high++
  }
  assertAtMost(wrong.low / rounds, 0.05, rounds)
  assertAtMost(wrong.high / rounds, 0.05, rounds)
})
