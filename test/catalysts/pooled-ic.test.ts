import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Outcomes, pooledIc } from '../../src/catalysts/pooled-ic.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { chanceError, rateOf } from '../support/trials-of-chance.ts'

const outcomesOf = (rows: readonly (readonly [decided: number, exit: number, score: number, outcome: number])[]) => ({
  decided: Int32Array.from(rows, (row) => row[0]),
  exit: Int32Array.from(rows, (row) => row[1]),
  score: Float64Array.from(rows, (row) => row[2]),
  outcome: Float64Array.from(rows, (row) => row[3]),
})

test('the coefficient, its error and its shrinkage as worked by hand', () => {
  // Ten dates a month apart, one event each, score 1; outcomes 1 eight times and -1 twice.
  const rows = Array.from({ length: 10 }, (_, month) => [30 * month, 30 * month + 5, 1, month < 2 ? -1 : 1] as const)
  const { n, dates, ic, standardError, low, high, shrunk } = pooledIc(outcomesOf(rows), 1000)
  assert.deepEqual([n, dates], [10, 10])
  // sum(s z) = 6, sum(s^2) = sum(z^2) = 10 -> 0.6. Influence of a hit 0.1 - 0.3 * 0.2 = 0.04, of a miss -0.16;
  // sum of squares 8 * 0.0016 + 2 * 0.0256 = 0.064, times 10 / 9 -> error sqrt(0.071111) = 0.266667.
  assert.ok(Math.abs(ic! - 0.6) < 1e-12)
  assert.ok(Math.abs(standardError! - 0.2666667) < 1e-6)
  // Student's 97.5 % at 9 degrees of freedom is 2.262: 0.6 -+ 0.6032.
  assert.ok(Math.abs(low! + 0.0032) < 2e-3 && Math.abs(high! - 1.2032) < 2e-3, `${low} ${high}`)
  // 0.6 * (1 - (0.2666667 / 0.6)^2) = 0.6 * (1 - 0.1975309) = 0.4814815.
  assert.ok(Math.abs(shrunk - 0.4814815) < 1e-6)
})

test('dates whose horizons overlap and lean the same way count together', () => {
  // As above but a day apart with horizons of a day: 2 lags, weights 2/3 and 1/3. Influences -0.16, -0.16, then 0.04 eight times:
  // lag 1: 0.0256 - 0.0064 + 7 * 0.0016 = 0.0304; lag 2: -0.0064 - 0.0064 + 6 * 0.0016 = -0.0032.
  // 0.064 + 2 * (2/3 * 0.0304 - 1/3 * 0.0032) = 0.1024, times 10 / 9 -> error sqrt(0.113778) = 0.337310.
  const rows = Array.from({ length: 10 }, (_, day) => [day, day + 1, 1, day < 2 ? -1 : 1] as const)
  const { standardError } = pooledIc(outcomesOf(rows), 100)
  assert.ok(Math.abs(standardError! - 0.33731) < 1e-5, `${standardError}`)
})

test('an outcome counts only once its horizon has ended', () => {
  const rows = Array.from({ length: 30 }, (_, day) => [day, day + 5, 1, 1] as const)
  assert.equal(pooledIc(outcomesOf(rows), 17).n, 13)
  assert.equal(pooledIc(outcomesOf(rows), 4).n, 0)
})

test('a kind with fewer than ten dates, or with the wrong sign, gets nothing', () => {
  const nine = Array.from({ length: 90 }, (_, i) => [i % 9, (i % 9) + 5, 1, 1] as const)
  nine.sort((a, b) => a[1] - b[1])
  const few = pooledIc(outcomesOf(nine), 100)
  assert.deepEqual([few.ic, few.shrunk, few.dates, few.n], [null, 0, 9, 90])
  const wrong = Array.from({ length: 40 }, (_, day) => [day, day + 5, 1, day % 4 === 0 ? 1 : -1] as const)
  const negative = pooledIc(outcomesOf(wrong), 100)
  assert.ok(negative.ic! < 0)
  assert.equal(negative.shrunk, 0)
})

/** Events with a common shock on each date: errors that ignore it would be far too small. */
function drawn(planted: number, round: number, dates: number, perDate: number): Outcomes {
  const random = randomFrom('pooled-ic', planted, round)
  const rows: [number, number, number, number][] = []
  for (let day = 0; day < dates; day++) {
    const shock = randomNormal(random)
    const direction = random() < 0.5 ? 1 : -1
    for (let event = 0; event < perDate; event++) {
      // All scores of a date lean the same way, as news of one day does.
      const score = direction * (0.3 + 0.7 * random())
      const noise = Math.sqrt(1 - planted ** 2) * (Math.sqrt(0.5) * shock + Math.sqrt(0.5) * randomNormal(random))
      rows.push([day, day + 5, score, planted * (score / 0.68) + noise])
    }
  }
  return outcomesOf(rows)
}

test('on noise with days in common the interval leaves out zero about one time in twenty', () => {
  const rounds = 600
  const rate = rateOf(rounds, (round) => {
    const { low, high } = pooledIc(drawn(0, round, 80, 6), 1000)
    return low! > 0 || high! < 0
  })
  // A normal quantile with 80 clusters: 5 % and a little more.
  assert.ok(rate <= 0.06 + chanceError(0.06, rounds), `${rate}`)
  assert.ok(rate > 0.02, `${rate}`)
})

test('a planted coefficient lies in its interval about nineteen times in twenty', () => {
  const rounds = 400
  const planted = 0.3
  const truth = pooledIc(drawn(planted, -1, 20_000, 6), 1e9).ic!
  assert.ok(Math.abs(truth - planted) < 0.02, `${truth}`)
  const rate = rateOf(rounds, (round) => {
    const { low, high } = pooledIc(drawn(planted, round, 80, 6), 1000)
    return low! <= truth && truth <= high!
  })
  assert.ok(Math.abs(rate - 0.945) <= 0.01 + chanceError(0.05, rounds), `${rate}`)
})

test('a score that lasts from day to day and foretells nothing seems to in about one of twenty worlds, not in half of them', () => {
  const rounds = 200
  const horizon = 10
  const rate = rateOf(rounds, (round) => {
    const random = randomFrom('lasting', round)
    const rows: [number, number, number, number][] = []
    for (let asset = 0; asset < 6; asset++) {
      const returns = Array.from({ length: 400 + horizon }, () => randomNormal(random))
      let score = randomNormal(random)
      for (let day = 0; day < 400; day++) {
        score = 0.97 * score + Math.sqrt(1 - 0.97 ** 2) * randomNormal(random)
        const outcome = returns.slice(day, day + horizon).reduce((sum, one) => sum + one, 0) / Math.sqrt(horizon)
        rows.push([day, day + horizon, score, outcome])
      }
    }
    rows.sort((a, b) => a[1] - b[1])
    const { low, high } = pooledIc(outcomesOf(rows), 1000)
    return low! > 0 || high! < 0
  })
  // Clustered by date alone it is one half.
  assert.ok(rate <= 0.08 + chanceError(0.08, rounds), `${rate}`)
})
