import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { type Figure, known } from '../../src/statistics/figure.ts'
import {
  annualReturn,
  calmarRatio,
  excessKurtosis,
  informationRatio,
  marketModel,
  omegaRatio,
  sharpeRatio,
  skewness,
  sortinoRatio,
  totalReturn,
  volatility,
} from '../../src/statistics/performance.ts'
import { maxDrawdown } from '../../src/statistics/risk.ts'
import { type Stats, stats } from '../../src/statistics/stats.ts'

const daily = { periodsPerYear: 252 }

function close(actual: Figure | null, expected: number, tolerance = 1e-12): void {
  assert.ok(
    typeof actual === 'number' && Math.abs(actual - expected) <= tolerance,
    `${JSON.stringify(actual)} instead of ${expected}`,
  )
}

const noise = (label: string, count: number, drift = 0) => {
  const random = randomFrom('performance', label)
  return Array.from({ length: count }, () => drift + 0.01 * randomNormal(random))
}

test('figures of four returns agree with arithmetic by hand', () => {
  const returns = [0.02, -0.01, 0.03, -0.02]
  // 1.02 * 0.99 * 1.03 * 0.98 = 1.01929212
  close(totalReturn(returns), 0.01929212)
  close(annualReturn(returns, { periodsPerYear: 4 }), 0.01929212)
  close(annualReturn(returns, { periodsPerYear: 8 }), 1.01929212 ** 2 - 1)
  // Mean 0.005; deviations 0.015, -0.015, 0.025, -0.025: squares 0.0017, over 3.
  const deviation = Math.sqrt(0.0017 / 3)
  close(volatility(returns, { periodsPerYear: 4 }), 2 * deviation)
  close(sharpeRatio(returns, { periodsPerYear: 4 }), (2 * 0.005) / deviation)
  close(sharpeRatio(returns, { periodsPerYear: 4, riskFreePerPeriod: 0.001 }), (2 * 0.004) / deviation)
  // Losses 0.01 and 0.02 over all four returns: root of 0.0005 / 4.
  close(sortinoRatio(returns, { periodsPerYear: 4 }), (2 * 0.005) / Math.sqrt(0.0005 / 4))
  close(omegaRatio(returns), 0.05 / 0.03)
  // The last return is the deepest fall: 2 %.
  close(calmarRatio(returns, { periodsPerYear: 4 }), 0.01929212 / 0.02)
  close(skewness([0, 0, 3]), Math.SQRT1_2)
  // About 2.5: (2 * 1.5^4 + 2 * 0.5^4) / 4 = 2.5625, over a variance of 1.25 squared.
  close(excessKurtosis([1, 2, 3, 4]), 2.5625 / 1.5625 - 3)
  close(informationRatio([0.02, 0.01, 0.03], [0.01, 0.01, 0.01], daily), Math.sqrt(252))
})

test('beta and alpha are those of the line through the points, and alpha compounds', () => {
  // y = 0.001 + 1.5 x exactly, so the residuals are zero and 0.001 is what a period adds.
  const benchmark = [0.01, -0.02, 0.03, 0.004, -0.011]
  const returns = benchmark.map((x) => 0.001 + 1.5 * x)
  const { alpha, beta } = marketModel(returns, benchmark, daily)
  close(beta, 1.5)
  close(alpha, 1.001 ** 252 - 1, 1e-10)
  // Over a cash rate of r the intercept is 0.001 - r + 1.5 r.
  close(marketModel(returns, benchmark, { ...daily, riskFreePerPeriod: 0.0002 }).alpha, 1.0011 ** 252 - 1, 1e-10)
})

test('[29] six percent in 112 sessions are 14 % a year of sessions, not the 20.9 % of calendar days', () => {
  // 1.06^(252 / 112) = e^(2.25 * 0.0582689) = 1.14009; the predecessor took 1.06^(365 / 112) = 1.2091.
  const returns = new Array<number>(112).fill(1.06 ** (1 / 112) - 1)
  close(annualReturn(returns, daily), 0.14009, 1e-5)
})

test('[29] a series has a beta of exactly one and an alpha of exactly zero to itself, at any length', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { minLength: 3, maxLength: 50 }),
      (returns) => {
        const { alpha, beta } = marketModel(returns, returns, daily)
        if (known(beta) === null) return
        assert.equal(beta, 1)
        assert.ok(alpha === 0)
      },
    ),
  )
})

test('[30] four returns of a winning week give no infinity, no NaN, no label, and a warning in place of a Sortino ratio', () => {
  const week = stats({ returns: [0.004, 0.001, 0.002, 0.003], benchmark: [0.001, 0.002, -0.001, 0.001] })
  assert.equal(week.sortino, null)
  assert.match(week.notes.sortino!, /no return is below the cash rate/)
  assert.equal(week.omega, null)
  assert.equal(week.calmar, null)
  assert.match(week.notes.n!, /Fewer than 60 returns/)
  const text = JSON.stringify(week)
  assert.doesNotMatch(text, /good|poor|excellent|strong|weak|NaN|Infinity|"inf"/i)
})

test('[30] beta, alpha and information ratio exist for 29 returns, where the predecessor asked for 30', () => {
  const benchmark = noise('29', 29)
  const returns = benchmark.map((x, i) => 0.8 * x + (i % 2 === 0 ? 0.001 : -0.001))
  const { alpha, beta, informationRatio: ratio } = stats({ returns, benchmark })
  assert.ok(alpha !== null && beta !== null && ratio !== null)
})

test('[36] the maximum drawdown is the whole fall from the peak, not the worst day', () => {
  // 0.97^3 = 0.912673 after a rise of 5 %: the worst day lost 3 %.
  close(stats({ returns: [0.05, -0.03, -0.03, -0.03, 0.01] }).maxDrawdown, 1 - 0.912673)
})

const relative = ['alpha', 'beta', 'informationRatio', 'bootstrap', 'eValue', 'confidenceSequence', 'verdict', 'notes']
const own = (all: Stats) => Object.fromEntries(Object.entries(all).filter(([name]) => !relative.includes(name)))

test('no figure that names no benchmark changes because one is there, whatever it is', () => {
  const returns = noise('own', 120, 0.0005)
  const options = { returns, riskFreePerPeriod: 0.0001, trials: { count: 7, sharpeVariance: 0.002 } }
  const alone = own(stats(options))
  for (const benchmark of [noise('other', 120), returns, returns.map(() => 0)]) {
    assert.deepEqual(own(stats({ ...options, benchmark })), alone)
  }
})

test('a series against itself: same figures, no difference, no edge, e-value one', () => {
  const returns = noise('self', 200, 0.001)
  const self = stats({ returns, benchmark: returns })
  assert.deepEqual(self.bootstrap, { meanDifference: 0, low: 0, high: 0 })
  assert.deepEqual([self.alpha, self.beta, self.eValue], [0, 1, 1])
  assert.equal(self.informationRatio, null)
  assert.match(self.verdict, /^No evidence of skill yet/)
})

test('the order of the returns changes only what depends on time', () => {
  const returns = noise('order', 90, 0.0005)
  const backwards = stats({ returns: returns.toReversed() })
  const forwards = stats({ returns })
  for (const name of ['totalReturn', 'sharpe', 'sortino', 'omega', 'skewness', 'var', 'cvar', 'volatility'] as const) {
    close(backwards[name], forwards[name]!, 1e-10)
  }
})

test('every figure that is null has its reason, and every figure that is there is finite', () => {
  const some = fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { maxLength: 70 })
  const flat = fc.tuple(fc.constantFrom(0, 0.01, -1), fc.nat(30)).map(([value, count]) => new Array(count).fill(value))
  fc.assert(
    fc.property(fc.oneof(some, flat), fc.boolean(), (returns, against) => {
      const all = stats({ returns, ...(against && { benchmark: returns.map((value) => value / 2) }) })
      for (const [name, value] of Object.entries(all)) {
        if (value === null) assert.match(all.notes[name] ?? '', /^Null: .+\.$/, name)
        if (typeof value === 'number') assert.ok(Number.isFinite(value), `${name} is ${value}`)
      }
      if (all.bootstrap.low === null) assert.ok(all.notes.bootstrap!.length > 0)
    }),
    { numRuns: 60 },
  )
})

test('a total loss compounds to nothing and stays there', () => {
  const returns = [0.1, -1, 0.2]
  assert.equal(totalReturn(returns), -1)
  assert.equal(annualReturn(returns, daily), -1)
  assert.equal(maxDrawdown(returns), 1)
})
