import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  minTrackRecordLength,
  probabilisticSharpe,
  sharpeSample,
  sharpeStandardError,
} from '../../src/statistics/inference.ts'
import { moments } from '../../src/statistics/moments.ts'
import { normalCdf, normalQuantile, studentQuantile } from '../../src/statistics/normal.ts'
import { stats } from '../../src/statistics/stats.ts'
import { assertClose, readConformance } from '../support/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

test('the normal distribution and its quantiles agree with scipy to twelve digits, far into the tails', () => {
  // scipy.stats.norm.cdf, scipy 1.17
  const chances: readonly (readonly [number, number])[] = [
    [-20, 2.7536241186061556e-89],
    [-8, 6.22096057427174e-16],
    [-5, 2.866515718791933e-7],
    [-3, 0.0013498980316300933],
    [-1, 0.15865525393145707],
    [0, 0.5],
    [0.1, 0.539827837277029],
    [2.9, 0.998134186699616],
    [5, 0.9999997133484281],
  ]
  for (const [x, chance] of chances) assertClose(normalCdf(x), chance, { rtol: 1e-12 }, `at ${x}`)
  // scipy.stats.norm.ppf
  const quantiles: readonly (readonly [number, number])[] = [
    [1e-300, -37.0470962993612],
    [1e-20, -9.262340089798409],
    [0.01, -2.3263478740408408],
    [0.4, -0.2533471031357997],
    [0.95, 1.6448536269514722],
    [0.999, 3.090232306167813],
  ]
  for (const [chance, x] of quantiles) assertClose(normalQuantile(chance), x, { rtol: 1e-12 }, `of ${chance}`)
  assert.deepEqual([normalQuantile(0), normalQuantile(1)], [-Infinity, Infinity])
  assert.throws(() => normalQuantile(1.1), /no probability/)
})

test("Student's quantiles agree with scipy to three digits from five degrees of freedom on", () => {
  // scipy.stats.t.ppf
  assertClose(studentQuantile(0.975, 5), 2.5705818356363146, { rtol: 2e-4 }, '5')
  assertClose(studentQuantile(0.975, 7.4), 2.3389583950914736, { rtol: 2e-5 }, '7.4')
  assertClose(studentQuantile(0.025, 20), -2.0859634472658364, { rtol: 1e-6 }, '20')
  assertClose(studentQuantile(0.975, 185.2), 1.972855919049316, { rtol: 1e-9 }, '185.2')
})

test('mean, deviation, skewness and kurtosis survive a large constant', () => {
  // The same four values a million higher: only a formula of raw squares would lose them.
  const { mean, deviation, skewness, kurtosis } = moments([1, 2, 3, 4].map((value) => 1e6 + value))
  assertClose(mean, 1e6 + 2.5, { rtol: 1e-15 }, 'mean')
  assertClose(deviation, Math.sqrt(5 / 3), { rtol: 1e-9 }, 'deviation')
  assert.ok(Math.abs(skewness) < 1e-9)
  assertClose(kurtosis, 41 / 25, { rtol: 1e-9 }, 'kurtosis')
})

test('an annual Sharpe ratio of one over one year of days is no certainty: the chance of none is one in six', () => {
  const sample = { sharpe: 1 / Math.sqrt(252), count: 252, skewness: 0, kurtosis: 3 }
  // 0.062994 * sqrt(251) / sqrt(1 + 0.00198) = 0.99703, and 1 - Phi(0.99703) = 0.1594
  assertClose(1 - (probabilisticSharpe(sample, 0) as number), 0.1594, { decimals: 4 }, 'chance of none')
  // (1.644854 / 0.062994)^2 * 1.00198 + 1 = 684.2 days
  assertClose(minTrackRecordLength(sample, { above: 0, confidence: 0.95 }) as number, 684.2, { rtol: 1e-3 }, 'length')
})

test('after its minimum track record length a Sharpe ratio is above the other one with just the confidence asked', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.02, max: 0.5, noNaN: true }),
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0.6, max: 0.999, noNaN: true }),
      (sharpe, skewness, confidence) => {
        const shape = { sharpe, skewness, kurtosis: 3 + skewness * skewness }
        const count = minTrackRecordLength(shape, { above: 0.01, confidence })
        assertClose(
          probabilisticSharpe({ ...shape, count: count as number }, 0.01) as number,
          confidence,
          { rtol: 1e-9 },
          '',
        )
      },
    ),
  )
})

test('negative skewness and fat tails make the same Sharpe ratio less certain', () => {
  const normal = { sharpe: 0.1, count: 250, skewness: 0, kurtosis: 3 }
  const calm = probabilisticSharpe(normal, 0) as number
  assert.ok((probabilisticSharpe({ ...normal, skewness: -2 }, 0) as number) < calm)
  assert.ok((probabilisticSharpe({ ...normal, kurtosis: 20 }, 0) as number) < calm)
})

test('a Sharpe ratio at or below the one to beat needs no track record: none is long enough', () => {
  const sample = { sharpe: 0.05, skewness: 0, kurtosis: 3 }
  for (const above of [0.05, 0.06]) {
    assert.match(JSON.stringify(minTrackRecordLength(sample, { above, confidence: 0.95 })), /no record is long enough/)
  }
})

test('no inference from three returns, or from returns that do not vary', () => {
  assert.match(JSON.stringify(sharpeSample(moments([0.01, 0.02, 0.03]))), /needs 4 of them; there are 3/)
  assert.match(JSON.stringify(sharpeSample(moments([0.01, 0.01, 0.01, 0.01]))), /do not vary/)
})

type Params = {
  readonly sharpe?: number
  readonly sharpe_annual?: number
  readonly benchmark?: number
  readonly benchmark_annual?: number
  readonly periods_per_year?: number
  readonly T?: number
  readonly n?: number
  readonly skew: number
  readonly kurtosis: number
  readonly prob?: number
  readonly returns?: readonly number[]
}
type Case = {
  readonly id: string
  readonly params: Params
  readonly expected?: number
  readonly expected_years?: number
  readonly tolerance: { readonly rtol?: number; readonly decimals?: number }
}
const caseOf = (id: string) =>
  readConformance<{ readonly cases: readonly Case[] }>('deflated_sharpe.json').cases.find((item) => item.id === id)!

test('probabilistic Sharpe ratio, its standard error and the minimum track record agree with the papers', {
  skip: sharedAbsent,
}, () => {
  for (const id of ['psr_normal_24', 'psr_nonnormal_24']) {
    const { params, expected, tolerance } = caseOf(id)
    const { sharpe, T, skew, kurtosis, benchmark } = params
    const sample = { sharpe: sharpe!, count: T!, skewness: skew, kurtosis }
    assertClose(probabilisticSharpe(sample, benchmark!) as number, expected!, tolerance, id)
  }
  const error = caseOf('sharpe_stdev_paper_a')
  const { sharpe, n, skew, kurtosis } = error.params
  const sample = { sharpe: sharpe!, count: n!, skewness: skew, kurtosis }
  assertClose(sharpeStandardError(sample), error.expected!, error.tolerance, error.id)
  const length = caseOf('minTRL_daily')
  const year = length.params.periods_per_year!
  const shape = { sharpe: length.params.sharpe_annual! / Math.sqrt(year), skewness: 0, kurtosis: 3 }
  const above = length.params.benchmark_annual! / Math.sqrt(year)
  const periods = minTrackRecordLength(shape, { above, confidence: length.params.prob! }) as number
  assertClose(periods / year, length.expected_years!, length.tolerance, length.id)
})

test('`primer stats` gives the Sharpe ratio and the probabilistic one of returns made to the papers’ moments', {
  skip: sharedAbsent,
}, () => {
  const plain = caseOf('sharpe_iid')
  const yearly = stats({
    returns: plain.params.returns!,
    riskFreePerPeriod: plain.params.benchmark!,
    periodsPerYear: 1,
  })
  assertClose(yearly.sharpe, plain.expected!, plain.tolerance, plain.id)
  // Four gains and four losses among 24 months have a kurtosis of 24 / 8 = 3 and no skewness, like a normal; the sample
  // deviation of +-1 is sqrt(8 / 23), so a drift of 0.458 times that gives the Sharpe ratio of the case.
  const normal = caseOf('psr_normal_24')
  const drift = normal.params.sharpe! * Math.sqrt(8 / 23)
  const returns = Array.from({ length: 24 }, (_, i) => 0.01 * (drift + (i % 6 === 0 ? 1 : i % 6 === 3 ? -1 : 0)))
  const made = stats({ returns, periodsPerYear: 1 })
  assertClose(made.sharpe, normal.params.sharpe!, { rtol: 1e-9 }, 'sharpe')
  assertClose(made.excessKurtosis! + 3, 3, { rtol: 1e-9 }, 'kurtosis')
  assertClose(made.probabilisticSharpe, normal.expected!, normal.tolerance, normal.id)
})
