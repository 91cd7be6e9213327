import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { confidenceBounds } from '../../src/statistics/confidence-sequence.ts'
import { eValue, eValuePath, exposureMatched, periodsToEvidence, simpleReturns } from '../../src/statistics/evidence.ts'
import { stats } from '../../src/statistics/stats.ts'
import { verdictSentence } from '../../src/statistics/verdict.ts'
import { assertClose } from '../support/conformance.ts'

const noise = (label: string, count: number, drift = 0) => {
  const random = randomFrom('evidence', label)
  return Array.from({ length: count }, () => drift + 0.01 * randomNormal(random))
}
const series = fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { maxLength: 80 })

test('the e-value of two sessions by hand', () => {
  // Differences 0.02 and -0.01: 1.02 * 0.99, 1.04 * 0.98, 1.08 * 0.96, 1.16 * 0.92, 1.32 * 0.84.
  const byHand = (1.0098 + 1.0192 + 1.0368 + 1.0672 + 1.1088) / 5
  assertClose(eValue([0.03, 0], [0.01, 0.01]), byHand, { rtol: 1e-12 }, 'e-value')
  assert.equal(eValue([], []), 1)
})

test('differences beyond 5 % count as 5 %, so one lucky day is no evidence', () => {
  assert.equal(eValue([9], [0]), eValue([0.05], [0]))
  // (1.05 + 1.1 + 1.2 + 1.4 + 1.8) / 5
  assertClose(eValue([9], [0]), 1.31, { rtol: 1e-12 }, 'largest')
  assertClose(eValue([-0.9], [0.3]), (0.95 + 0.9 + 0.8 + 0.6 + 0.2) / 5, { rtol: 1e-12 }, 'smallest')
})

test('the running e-value is at each session the e-value of the record so far', () => {
  fc.assert(
    fc.property(series, (returns) => {
      const opponent = returns.map((_, i) => 0.01 * Math.cos(i))
      const path = eValuePath(returns, opponent)
      assert.equal(path.length, returns.length)
      for (const length of [1, 7, returns.length].filter((value) => value > 0 && value <= returns.length)) {
        const whole = eValue(returns.slice(0, length), opponent.slice(0, length))
        assertClose(path[length - 1]!, whole, { rtol: 1e-9 }, `after ${length}`)
      }
    }),
  )
})

test('a fair bet on a difference of two sides keeps its mean of one: the e-value is no free lunch', () => {
  // Over all 2^10 equally likely signs of ten differences of 3 % the mean e-value is exactly 1.
  let sum = 0
  for (let signs = 0; signs < 1024; signs++) {
    const returns = Array.from({ length: 10 }, (_, i) => ((signs >> i) & 1 ? 0.03 : -0.03))
    sum += eValue(returns, new Array(10).fill(0))
  }
  assertClose(sum / 1024, 1, { rtol: 1e-10 }, 'mean')
})

test('the lower confidence bound is above zero exactly when the e-value has reached its mark', () => {
  fc.assert(
    fc.property(series, fc.double({ min: 0, max: 0.02, noNaN: true }), (raw, drift) => {
      const returns = raw.map((value) => value / 4 + drift)
      const zero = returns.map(() => 0)
      const value = eValue(returns, zero)
      if (Math.abs(value - 20) < 1e-6) return
      assert.equal(confidenceBounds(returns, zero).low > 0, value > 20)
    }),
  )
})

test('confidence bounds hold the sample mean, narrow with time, and mirror when the roles are exchanged', () => {
  const returns = noise('bounds', 2000, 0.0004)
  const zero = returns.map(() => 0)
  let width = 0.1
  for (const length of [0, 60, 500, 2000]) {
    const own = returns.slice(0, length)
    const { low, high } = confidenceBounds(own, zero.slice(0, length))
    const mean = length === 0 ? 0 : own.reduce((sum, value) => sum + value, 0) / length
    assert.ok(low < mean && mean < high, `${low} ${mean} ${high}`)
    assert.ok(high - low <= width)
    width = high - low
    const exchanged = confidenceBounds(zero.slice(0, length), own)
    assert.ok(Math.abs(exchanged.low + high) < 1e-12 && Math.abs(exchanged.high + low) < 1e-12)
  }
  assert.deepEqual(confidenceBounds([], []), { low: -0.05, high: 0.05 })
  // A smaller chance of error is a wider claim.
  assert.ok(confidenceBounds(returns, zero, 0.01).low < confidenceBounds(returns, zero, 0.05).low)
})

test('the lower bound is the mean against which the bets have won twenty to one', () => {
  // Forty sessions 2 % ahead: against a mean m the factors are 1 + L (0.02 - m), with L at most 0.8 / (0.05 + m).
  const returns = new Array<number>(40).fill(0.02)
  const { low } = confidenceBounds(returns, new Array(40).fill(0))
  const won = [1, 2, 4, 8, 16].map((stake) => (1 + Math.min(stake, 0.8 / (0.05 + low)) * (0.02 - low)) ** 40)
  assertClose(won.reduce((sum, value) => sum + value, 0) / 5, 20, { rtol: 1e-8 }, 'e-value at the bound')
})

test('an edge of one percent a session takes thirty sessions to become evidence', () => {
  // 1.16^30 = 85.85, 1.08^30 = 10.06, 1.04^30 = 3.24, 1.02^30 = 1.81, 1.01^30 = 1.35: 102.3 / 5 = 20.5, and 17.9 at 29.
  for (const length of [1, 10]) {
    assert.equal(periodsToEvidence(new Array(length).fill(0.01), new Array(length).fill(0)), 30)
  }
  assert.equal(periodsToEvidence([-0.01, 0.005], [0, 0]), null)
})

test('the verdict says that there is no evidence, what the e-value is, and how long such an edge would need', () => {
  const returns = noise('verdict', 252, 0.0015)
  const { verdict, eValue: value } = stats({ returns, benchmark: returns.map(() => 0) })
  assert.ok(value! < 20)
  assert.match(verdict, /^No evidence of skill yet: against the benchmark the e-value is \d/)
  assert.match(verdict, /Such an edge would need about [\d,]+ periods in all \(\d+\.\d years\)\.$/)
  const behind = stats({ returns: returns.map((x) => -Math.abs(x)), benchmark: returns.map(() => 0) })
  assert.match(behind.verdict, /no edge that any length would turn into evidence/)
})

test('without a benchmark no e-value makes skill: to beat cash is none', () => {
  const rising = stats({ returns: noise('rising', 300, 0.01) })
  assert.ok(rising.eValue! > 20)
  assert.match(rising.verdict, /^No evidence of skill yet: no benchmark was given/)
  assert.match(rising.notes.eValue!, /opponent is cash/)
})

test('evidence is said to hold for a record fixed in advance only, and not after many trials', () => {
  const returns = noise('edge', 500, 0.004)
  const benchmark = noise('opponent', 500)
  const forward = stats({ returns, benchmark }).verdict
  assert.match(forward, /^Evidence, if this record was fixed before it began/)
  assert.match(forward, /Of a backtest it says nothing\.$/)
  const many = stats({ returns, benchmark, trials: { count: 1000, sharpeVariance: 0.02 } })
  assert.match(many.verdict, /^No evidence of skill yet: .* the best of 1,000 trials/)
  const base = { periods: 10, periodsPerYear: 252, eValue: 30, opponent: 'benchmark', periodsToEvidence: 5 } as const
  const unknown = { trials: { count: 3, sharpeVariance: 0 }, probability: null, confidence: 0.95 }
  assert.match(verdictSentence({ ...base, deflated: unknown }), /deflated Sharpe ratio is unknown/)
  const longer = { ...base, eValue: 1, periodsToEvidence: 1e9 }
  assert.match(verdictSentence(longer), /more than a thousand years/)
})

test('the exposure-matched opponent holds the mean exposure of the days before, never of the day itself', () => {
  // Exposures 0, 1, 0.5: before the first return 0, before the second (0 + 1) / 2, before the third 1.5 / 3.
  assert.deepEqual(exposureMatched([0.1, 0.1, 0.1], [0, 1, 0.5]), [0, 0.05, 0.05])
  assert.deepEqual(
    simpleReturns([100, 110, 99]).map((value) => Math.round(value * 1e9) / 1e9),
    [0.1, -0.1],
  )
})
