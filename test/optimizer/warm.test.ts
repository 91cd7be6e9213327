import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { highsEngine, openHighs } from '../../src/adapters/highs.ts'
import type { Engine } from '../../src/optimizer/engine.ts'
import { type Problem, type ProblemInput, parseProblem } from '../../src/optimizer/problem.ts'
import type { OptimalSolution, Solution } from '../../src/optimizer/solution.ts'
import { solveWith } from '../../src/optimizer/solve.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

let engine: Engine
let columnsSolved: number[] = []
before(async () => {
  const highs = highsEngine(await openHighs(), 600)
  engine = {
    ...highs,
    run: (model, options) => {
      columnsSolved.push(model.cost.length)
      return highs.run(model, options)
    },
  }
})

const names = (count: number) => Array.from({ length: count }, (_, i) => `A${i}`)

function returnsOf(assets: number, count: number): Float64Array[] {
  const random = randomFrom('rolling test', assets, count)
  return Array.from({ length: count }, () => {
    const market = 0.0004 + 0.01 * randomNormal(random)
    return Float64Array.from({ length: assets }, (_, i) => market + (0.005 + 0.0005 * i) * randomNormal(random))
  })
}

type Limits = NonNullable<ProblemInput['constraints']>
const plainLimits: Limits = { maxWeight: 0.25, minCash: 0.15, maxCash: 0.15 }
const allLimits: Limits = {
  maxWeight: 0.25,
  minCash: 0.05,
  maxCash: 0.15,
  targetReturn: 0.0002,
  maxTurnover: 0.2,
  costBps: 5,
}

function problemOf(scenarios: Float64Array[], constraints: Limits): Problem {
  const assets = names(scenarios[0]!.length)
  return parseProblem({ assets, scenarios, objective: 'min-cvar', constraints })
}

function optimal(solution: Solution): OptimalSolution {
  assert.ok(solution.status === 'optimal', JSON.stringify(solution))
  return solution
}

/** Two proved optima differ by no more than what either may stand above its bound. */
function assertSameOptimum(warm: OptimalSolution, cold: OptimalSolution): void {
  const within = Math.max(warm.proof.tolerance, cold.proof.tolerance)
  assert.ok(Math.abs(warm.objective - cold.objective) <= within, `${warm.objective} against ${cold.objective}`)
}

describe('a solution to begin with', () => {
  for (const [assets, count] of [
    [32, 252],
    [20, 1000],
  ] as const) {
    test(`a rolling window of ${assets}x${count} comes to the same optimum as from nothing`, () => {
      const days = returnsOf(assets, count + 12)
      for (const constraints of [plainLimits, allLimits]) {
        let last: OptimalSolution | undefined
        let weights: readonly number[] = names(assets).map(() => 0.9 / assets)
        for (let day = 0; day < 12; day += 1) {
          const window = days.slice(day, day + count)
          const trading = constraints.maxTurnover === undefined ? {} : { previousWeights: weights }
          const problem = problemOf(window, { ...constraints, ...trading })
          const cold = optimal(solveWith(engine, problem))
          columnsSolved = []
          const warm = optimal(solveWith(engine, problem, last))
          if (last !== undefined) {
            assert.equal(warm.form, 'dual, warm')
            assert.ok(Math.max(...columnsSolved) < count, 'no more than the scenarios that matter were solved on')
          }
          assertSameOptimum(warm, cold)
          last = warm
          weights = Object.values(warm.weights)
        }
      }
    })
  }

  test('is an input like any other: equal starts give equal bytes', () => {
    const days = returnsOf(15, 501)
    const start = solveWith(engine, problemOf(days.slice(0, 500), plainLimits))
    const next = problemOf(days.slice(1), plainLimits)
    const first = JSON.stringify(solveWith(engine, next, start))
    solveWith(engine, problemOf(returnsOf(9, 300), plainLimits))
    assert.equal(JSON.stringify(solveWith(engine, next, start)), first)
  })

  test('changes nothing where the objective is another, and where no start has an optimum', () => {
    const scenarios = returnsOf(6, 450)
    const start = solveWith(engine, problemOf(scenarios, { maxWeight: 0.5 }))
    for (const [objective, constraints] of [
      ['min-variance', {}],
      ['max-return', { maxCvar: 0.05 }],
    ] as const) {
      const problem = parseProblem({ assets: names(6), scenarios, objective, constraints })
      assert.deepEqual(solveWith(engine, problem, start), solveWith(engine, problem))
    }
    const problem = problemOf(scenarios, plainLimits)
    const cold = solveWith(engine, problem)
    assert.deepEqual(solveWith(engine, problem, { status: 'infeasible', because: 'it was' }), cold)
    const cash = { ...optimal(cold), weights: {} }
    assert.deepEqual(solveWith(engine, problem, cash), cold)
  })

  test('does not make an impossible problem possible, nor lose the reason', () => {
    const scenarios = returnsOf(6, 450)
    const start = solveWith(engine, problemOf(scenarios, plainLimits))
    const impossible = problemOf(scenarios, { maxWeight: 0.1, minCash: 0, maxCash: 0.1 })
    assert.deepEqual(solveWith(engine, impossible, start), solveWith(engine, impossible))
    assert.equal(solveWith(engine, impossible, start).status, 'infeasible')
  })

  test('may be as wrong as it likes: the optimum is the same', () => {
    const thousandths = fc.integer({ min: -80, max: 100 }).map((value) => value / 1000)
    const cases = fc.integer({ min: 1, max: 5 }).chain((assets) =>
      fc.record({
        scenarios: fc.array(fc.array(thousandths, { minLength: assets, maxLength: assets }), {
          minLength: 2,
          maxLength: 60,
        }),
        start: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: assets, maxLength: assets }),
        confidence: fc.constantFrom(0.5, 0.8, 0.95),
        minWeight: fc.constantFrom(null, 0, -0.3),
        maxWeight: fc.constantFrom(null, 1, 0.6),
        maxTurnover: fc.constantFrom(undefined, 0.3, 1),
        costBps: fc.constantFrom(0, 20),
      }),
    )
    fc.assert(
      fc.property(cases, ({ scenarios, start, confidence, minWeight, maxWeight, maxTurnover, costBps }) => {
        const assets = names(start.length)
        const trading = maxTurnover === undefined ? {} : { maxTurnover }
        const constraints = { minWeight, maxWeight, costBps, previousWeights: {}, maxCash: 1, ...trading }
        const problem = parseProblem({ assets, scenarios, objective: 'min-cvar', confidence, constraints })
        const cold = solveWith(engine, problem)
        const guess = { weights: Object.fromEntries(assets.map((name, i) => [name, start[i]!])) }
        const warm = solveWith(engine, problem, { ...guess, status: 'optimal' } as unknown as Solution)
        assert.equal(warm.status, cold.status)
        if (warm.status === 'optimal') assertSameOptimum(warm, optimal(cold))
        else assert.deepEqual(warm, cold)
      }),
      { numRuns: 150 },
    )
  })
})
