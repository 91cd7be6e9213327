import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { deflatedSharpe, expectedMaximum } from '../../src/statistics/deflated-sharpe.ts'
import { moments } from '../../src/statistics/moments.ts'
import { stats } from '../../src/statistics/stats.ts'
import { assertClose, readConformance } from '../support/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

type Case = {
  readonly id: string
  readonly params: Readonly<Record<string, number>>
  readonly expected: number
  readonly tolerance: { readonly rtol: number }
}
const caseOf = (id: string) =>
  readConformance<{ readonly cases: readonly Case[] }>('deflated_sharpe.json').cases.find((item) => item.id === id)!

test('the example of the paper: 2.5 a year, the best of a hundred, is worth 0.90', { skip: sharedAbsent }, () => {
  const { params, expected, tolerance } = caseOf('dsr_paper_example')
  const year = params.periods_per_year!
  const sharpe = params.sharpe_annual! / Math.sqrt(year)
  const sample = { sharpe, count: params.T!, skewness: params.skew!, kurtosis: params.kurtosis! }
  const trials = { count: params.N!, sharpeVariance: params.var_trials_annual! / year }
  assertClose(deflatedSharpe(sample, trials) as number, expected, tolerance, 'dsr')
  const hundred = caseOf('expected_max_100')
  assertClose(expectedMaximum(hundred.params.N!), hundred.expected, hundred.tolerance, 'expected maximum')
})

test('the expected maximum is near that of simulated normals, and one trial expects nothing', () => {
  assert.equal(expectedMaximum(1), 0)
  const random = randomFrom('maximum')
  for (const count of [5, 10, 50]) {
    let sum = 0
    for (let round = 0; round < 4000; round++) {
      let best = -Infinity
      for (let i = 0; i < count; i++) best = Math.max(best, randomNormal(random))
      sum += best
    }
    // The paper's approximation lies within 3 % from five trials on.
    assertClose(expectedMaximum(count), sum / 4000, { rtol: 0.045 }, `of ${count}`)
  }
  assert.ok(Number.isFinite(expectedMaximum(1e15)))
})

/** Returns with exactly this mean and sample deviation. */
function exactReturns(count: number, mean: number, deviation: number): number[] {
  const random = randomFrom('exact', count)
  const raw = Array.from({ length: count }, () => randomNormal(random))
  const of = moments(raw)
  return raw.map((value) => mean + ((value - of.mean) / of.deviation) * deviation)
}

test('[25] a Sharpe ratio of one over 252 days has a two-sided p of 0.32, not 0, and takes years to show, not 5 days', () => {
  const returns = exactReturns(252, 0.01 / Math.sqrt(252), 0.01)
  const year = stats({ returns })
  assertClose(year.sharpe, 1, { rtol: 1e-9 }, 'sharpe')
  // Phi(1) = 0.841: twice the rest is 0.317, give or take the shape of these very returns.
  assertClose(2 * (1 - year.probabilisticSharpe!), 0.32, { decimals: 2 }, 'p')
  assert.ok(year.minTrackRecordLength! > 600 && year.minTrackRecordLength! < 770)
})

test('[25] the best of ten worthless strategies passes the 5 % test one time in twenty at most, not 85 times in a hundred', () => {
  let passed = 0
  const rounds = 400
  for (let round = 0; round < rounds; round++) {
    const random = randomFrom('best of ten', round)
    const trials = Array.from({ length: 10 }, () =>
      moments(Array.from({ length: 252 }, () => 0.01 * randomNormal(random))),
    )
    const ratios = trials.map((of) => of.mean / of.deviation)
    const best = trials[ratios.indexOf(Math.max(...ratios))]!
    const sample = { sharpe: Math.max(...ratios), count: 252, skewness: best.skewness, kurtosis: best.kurtosis }
    const probability = deflatedSharpe(sample, { count: 10, sharpeVariance: moments(ratios).deviation ** 2 })
    if ((probability as number) > 0.95) passed++
  }
  assert.ok(passed <= 0.05 * rounds, `${passed} of ${rounds}`)
})

test('[26] the deflated Sharpe ratio counts the trials that were made, not a fixed ten, and without them it is not shown', () => {
  const returns = exactReturns(504, 0.001, 0.01)
  const without = stats({ returns })
  assert.equal(without.deflatedSharpe, null)
  assert.match(without.notes.deflatedSharpe!, /no trials were given/)
  const of = (count: number) => stats({ returns, trials: { count, sharpeVariance: 0.002 } }).deflatedSharpe!
  assert.equal(of(1), without.probabilisticSharpe)
  assert.ok(of(1) > of(2) && of(2) > of(10) && of(10) > of(1000))
  // By hand for ten: quantiles of 0.9 and of 1 - 1 / (10 e) are 1.28155 and 1.78929, so 0.42278 * 1.28155 + 0.57722 *
  // 1.78929 = 1.5746, times sqrt(0.002) = 0.0704; the ratio is 0.1, its error about sqrt(1.005 / 503) = 0.0447, and
  // Phi(0.0296 / 0.0447) = 0.746.
  assertClose(of(10), 0.746, { decimals: 2 }, 'ten')
})
