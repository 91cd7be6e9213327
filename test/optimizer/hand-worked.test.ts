import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { solve } from '../../src/adapters/highs.ts'
import { type ProblemInput, parseProblem } from '../../src/optimizer/problem.ts'
import type { OptimalSolution } from '../../src/optimizer/solution.ts'

/**
 * Two assets, four equally likely scenarios; with x in A and 1 - x in B the losses are
 *   s1 0.12x - 0.02, s2 0.01 - 0.21x, s3 -0.01 - 0.04x, s4 0.02x.
 * At confidence 0.5 CVaR is the mean of the two worst. For x <= 1/11 these are s2 and s4: (0.01 - 0.19x) / 2, falling;
 * from 1/11 on they are s1 and s4: (0.14x - 0.02) / 2 = 0.07x - 0.01, rising. The lowest is at 1/11: -0.04 / 11.
 */
const four: ProblemInput = {
  assets: ['A', 'B'],
  scenarios: [
    [-0.1, 0.02],
    [0.2, -0.01],
    [0.05, 0.01],
    [-0.02, 0],
  ],
  confidence: 0.5,
  objective: 'min-cvar',
}

async function optimum(problem: ProblemInput): Promise<OptimalSolution> {
  const solution = await solve(parseProblem(problem))
  assert.equal(solution.status, 'optimal', 'because' in solution ? solution.because : '')
  return solution as OptimalSolution
}

function near(actual: number | null | undefined, expected: number, what: string, tolerance = 1e-12): void {
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) <= tolerance, `${what}: ${actual} instead of ${expected}`)
}

describe('minimum CVaR worked by hand', () => {
  test('the lowest CVaR of two assets is where two scenarios are equally bad', async () => {
    const solution = await optimum(four)
    near(solution.weights.A, 1 / 11, 'A')
    near(solution.weights.B, 10 / 11, 'B')
    assert.equal(solution.cash, 0)
    near(solution.cvar, -0.04 / 11, 'CVaR')
    near(solution.objective, -0.04 / 11, 'objective')
    // Losses at 1/11: s4 0.00182, s1 = s2 -0.00909, s3 -0.01364. Half of them do not exceed -0.00909.
    near(solution.var, -0.1 / 11, 'VaR')
    // Means 0.0325 and 0.005.
    near(solution.expectedReturn, (0.0325 + 10 * 0.005) / 11, 'expected return')
  })

  test('a tail of one and a half scenarios counts the second worst by half', async () => {
    // One asset, all in it: losses 0.1, 0.02, -0.05, -0.2 with mass 0.4 * 4 = 1.6: (0.1 + 0.6 * 0.02) / 1.6 = 0.07.
    const scenarios = [[-0.1], [0.2], [0.05], [-0.02]]
    const solution = await optimum({ assets: ['A'], scenarios, confidence: 0.6, objective: 'min-cvar' })
    near(solution.cvar, 0.07, 'CVaR')
    near(solution.var, 0.02, 'VaR')
  })

  test('with fewer scenarios than the confidence asks for CVaR is the worst scenario', async () => {
    const solution = await optimum({ ...four, confidence: 0.95 })
    // The worst of 0.12x - 0.02, 0.01 - 0.21x and 0.02x is least where 0.01 - 0.21x = 0.02x: x = 1/23.
    near(solution.weights.A, 1 / 23, 'A')
    near(solution.cvar, 0.02 / 23, 'CVaR')
  })

  test('the cost of the change is part of every scenario', async () => {
    // From all in B, buying x of A costs 0.01 * 2x: CVaR falls by 0.095 and rises by 0.02 per x, so 1/11 stays best.
    const from = { previousWeights: { B: 1 } }
    const cheap = await optimum({ ...four, constraints: { ...from, costBps: 100 } })
    near(cheap.weights.A, 1 / 11, 'A')
    near(cheap.cvar, (-0.04 + 0.02) / 11, 'CVaR after costs')
    near(cheap.turnover, 1 / 11, 'turnover is half the sum of changes')
    near(cheap.expectedReturn, (0.0825 - 0.02) / 11, 'expected return after costs')
    near(cheap.var, (-0.1 + 0.02) / 11, 'VaR after costs')
    // At 0.1 a unit the change costs 0.2 per x and saves 0.095: nothing is traded.
    const dear = await optimum({ ...four, constraints: { ...from, costBps: 1000 } })
    assert.deepEqual(dear.weights, { A: 0, B: 1 })
    near(dear.cvar, 0.005, 'CVaR of staying')
    assert.equal(dear.turnover, 0)
  })

  test('a turnover limit stops half way', async () => {
    const solution = await optimum({ ...four, constraints: { previousWeights: [0, 1], maxTurnover: 0.05 } })
    near(solution.weights.A, 0.05, 'A')
    near(solution.cvar, 0.005 - 0.095 * 0.05, 'CVaR')
    near(solution.turnover, 0.05, 'turnover')
  })

  test('a target return is met exactly when it costs risk', async () => {
    // 0.005 + 0.0275x = 0.016 at x = 0.4, where CVaR is 0.07 * 0.4 - 0.01.
    const solution = await optimum({ ...four, constraints: { targetReturn: 0.016 } })
    near(solution.weights.A, 0.4, 'A')
    near(solution.cvar, 0.018, 'CVaR')
  })

  test('cash bounds leave the part between them to the objective', async () => {
    // Cash risks nothing but earns nothing; CVaR of the two assets is negative at its best, so as little cash as allowed.
    const solution = await optimum({ ...four, constraints: { minCash: 0.12, maxCash: 0.5 } })
    near(solution.cash, 0.12, 'cash')
    near(solution.cvar, (-0.04 / 11) * 0.88, 'CVaR')
    near(solution.weights.A, 0.88 / 11, 'A')
  })

  test('a group limit binds', async () => {
    const groups = [{ assets: ['B'], max: 0.8 }]
    const solution = await optimum({ ...four, constraints: { groups } })
    near(solution.weights.B, 0.8, 'B')
    near(solution.cvar, 0.07 * 0.2 - 0.01, 'CVaR')
  })

  test('short weights earn what the asset loses', async () => {
    // A loses in every scenario, so it is sold as far as allowed and the proceeds go into B.
    const scenarios = [
      [-0.02, 0.01],
      [-0.04, -0.01],
    ]
    const constraints = { minWeight: -0.5, maxWeight: 2 }
    const solution = await optimum({
      assets: ['A', 'B'],
      scenarios,
      confidence: 0.5,
      objective: 'min-cvar',
      constraints,
    })
    assert.deepEqual(solution.weights, { A: -0.5, B: 1.5 })
    // Losses -0.01 - 0.015 and -0.02 + 0.015.
    near(solution.cvar, -0.005, 'CVaR')
  })
})

describe('maximum return worked by hand', () => {
  test('without a CVaR limit everything goes into the asset with the highest mean', async () => {
    const solution = await optimum({ ...four, objective: 'max-return' })
    assert.deepEqual(solution.weights, { A: 1, B: 0 })
    near(solution.objective, 0.0325, 'objective')
  })

  test('under a CVaR limit the risky asset gets what the limit allows', async () => {
    // 0.07x - 0.01 = 0.01 at x = 2/7.
    const solution = await optimum({ ...four, objective: 'max-return', constraints: { maxCvar: 0.01 } })
    near(solution.weights.A, 2 / 7, 'A')
    near(solution.objective, 0.005 + (0.0275 * 2) / 7, 'objective')
    near(solution.cvar, 0.01, 'CVaR')
  })

  test('expected returns of the caller stand above the scenario means', async () => {
    const expectedReturns = { A: 0.01, B: 0.02 }
    const solution = await optimum({ ...four, objective: 'max-return', expectedReturns })
    assert.deepEqual(solution.weights, { A: 0, B: 1 })
    assert.equal(solution.expectedReturn, 0.02)
  })

  test('a gain smaller than its cost is not traded for', async () => {
    // Moving from B to A gains 0.0275 per unit and costs two trades of 0.02.
    const constraints = { previousWeights: { A: 0.2, B: 0.8 }, costBps: 200 }
    const solution = await optimum({ ...four, objective: 'max-return', constraints })
    assert.deepEqual(solution.weights, { A: 0.2, B: 0.8 })
    assert.equal(solution.turnover, 0)
  })
})

describe('variance worked by hand', () => {
  const covariance = [
    [0.04, 0],
    [0, 0.01],
  ]
  const pair: ProblemInput = { assets: ['A', 'B'], covariance, objective: 'min-variance' }

  test('uncorrelated assets are held in inverse proportion to their variances', async () => {
    const solution = await optimum(pair)
    near(solution.weights.A, 0.2, 'A')
    near(solution.variance, 0.04 * 0.04 + 0.64 * 0.01, 'variance')
    near(solution.objective, 0.008, 'objective')
    assert.equal(solution.expectedReturn, null, 'no expected returns were given')
    assert.equal(solution.cvar, undefined)
  })

  test('utility with free cash holds mean over risk aversion times variance', async () => {
    // w = mean / (4 * variance): 0.08 / 0.16 and 0.01 / 0.04; utility is half the expected return of 0.04 + 0.0025.
    const problem: ProblemInput = {
      ...pair,
      objective: 'max-utility',
      expectedReturns: [0.08, 0.01],
      riskAversion: 4,
      constraints: { minCash: 0 },
    }
    const solution = await optimum(problem)
    near(solution.weights.A, 0.5, 'A')
    near(solution.weights.B, 0.25, 'B')
    near(solution.cash, 0.25, 'cash')
    near(solution.objective, 0.02125, 'utility')
  })

  test('with costs the weight moves until what is gained at the margin equals the cost', async () => {
    // One asset, mean 0.08, variance 0.04, aversion 4, from 0.2 with 160 bps: 0.08 - 0.16w = 0.016 at w = 0.4.
    const solution = await optimum({
      assets: ['A'],
      covariance: [[0.04]],
      objective: 'max-utility',
      expectedReturns: [0.08],
      riskAversion: 4,
      constraints: { minCash: 0, previousWeights: [0.2], costBps: 160 },
    })
    near(solution.weights.A, 0.4, 'A')
    near(solution.objective, 0.08 * 0.4 - 0.016 * 0.2 - 2 * 0.04 * 0.16, 'utility')
    near(solution.turnover, 0.1, 'turnover')
  })

  test('the variance of scenarios divides by one less than their number', async () => {
    // Returns 0.01 and 0.03: mean 0.02, sum of squares 2e-4, over 1.
    const solution = await optimum({ assets: ['A'], scenarios: [[0.01], [0.03]], objective: 'min-variance' })
    near(solution.variance, 2e-4, 'variance')
  })

  test('a CVaR limit binds a minimum variance portfolio', async () => {
    // Sums of squared deviations: A 0.048675, B 0.0005, crossed -0.00415. So the least variance is at x = 0.0809, where CVaR
    // is (0.01 - 0.19x) / 2 = -0.0027; a limit of -0.003 asks for x = 0.016 / 0.19.
    const free = await optimum({ ...four, objective: 'min-variance' })
    near(free.weights.A, (0.0005 + 0.00415) / (0.048675 + 0.0005 + 2 * 0.00415), 'A')
    const bound = await optimum({ ...four, objective: 'min-variance', constraints: { maxCvar: -0.003 } })
    near(bound.weights.A, 0.016 / 0.19, 'A', 1e-9)
    near(bound.cvar, -0.003, 'CVaR', 1e-9)
  })
})

describe('answers that are no portfolio', () => {
  const because = async (problem: ProblemInput): Promise<string> => {
    const solution = await solve(parseProblem(problem))
    assert.notEqual(solution.status, 'optimal')
    return `${solution.status}: ${'because' in solution ? solution.because : ''}`
  }
  const three = { ...four, assets: ['A', 'B', 'C'], scenarios: four.scenarios!.map((row) => [...Array.from(row), 0]) }

  test('a weight limit that leaves money over says how much', async () => {
    assert.equal(
      await because({ ...three, constraints: { maxWeight: 0.2, minCash: 0, maxCash: 0.1 } }),
      'infeasible: with maxWeight 0.2 over 3 assets at most 0.6 can be invested, but cash may be at most 0.1 (maxCash), so 0.3 has no place',
    )
    assert.match(await because({ ...three, constraints: { maxWeight: 0.2 } }), /cash is 0 unless minCash or maxCash/)
  })

  test('a target return out of reach says how far one can come', async () => {
    assert.match(
      await because({ ...three, constraints: { targetReturn: 0.05, maxWeight: 0.6 } }),
      /targetReturn 0.05 cannot be reached: the highest expected return that the other limits allow is 0.0215/,
    )
  })

  test('a CVaR limit out of reach says the lowest', async () => {
    const problem: ProblemInput = { ...four, objective: 'max-return', constraints: { maxCvar: -0.01 } }
    assert.match(await because(problem), /maxCvar -0.01 cannot be met: .* is -0.00363636/)
  })

  test('a turnover limit that cannot reach the other limits says what it takes', async () => {
    const constraints = { previousWeights: { A: 1 }, maxTurnover: 0.1, maxWeight: 0.7 }
    assert.match(await because({ ...four, constraints }), /maxTurnover 0.1 is too little: .* takes at least 0.15/)
  })

  test('groups that exclude each other are both named', async () => {
    const groups = [
      { assets: ['A', 'B'], min: 0.7 },
      { assets: ['B', 'C'], min: 0.6 },
      { assets: ['B'], max: 0.1 },
    ]
    const text = await because({ ...three, constraints: { groups } })
    assert.match(text, /groups\[0\] \(A, B\) must hold at least 0.7/)
    assert.match(text, /groups\[1\] \(B, C\) at least 0.6/)
    assert.match(text, /groups\[2\] \(B\) at most 0.1/)
  })

  test('a missing limit is named when the objective has no end', async () => {
    const constraints = { minWeight: null, maxWeight: null }
    assert.match(
      await because({ ...four, objective: 'max-return', constraints }),
      /^unbounded: .*A has no maxWeight, B has no minWeight/,
    )
  })
})
