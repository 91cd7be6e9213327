import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { highsEngine, openHighs } from '../../src/adapters/highs.ts'
import { WorldError } from '../../src/errors.ts'
import type { Engine, EngineAnswer } from '../../src/optimizer/engine.ts'
import { tailLoss } from '../../src/optimizer/measures.ts'
import { type ProblemInput, parseProblem } from '../../src/optimizer/problem.ts'
import { checked, type Solution } from '../../src/optimizer/solution.ts'
import { solveWith } from '../../src/optimizer/solve.ts'

let honest: Engine
before(async () => {
  honest = highsEngine(await openHighs(), 60)
})

const problem: ProblemInput = {
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

/** An engine whose answers are changed before anyone sees them. */
const lying = (change: (answer: EngineAnswer) => EngineAnswer): Engine => ({
  run: (model, options) => change(honest.run(model, options)),
  checkTime: () => {},
})

const solved = (engine: Engine, change: Partial<ProblemInput> = {}): Solution =>
  solveWith(engine, parseProblem({ ...problem, ...change }))

describe('no answer is believed unchecked', () => {
  test('weights that break a limit are refused', () => {
    const moved = lying((answer) => ({
      ...answer,
      columns: answer.columns.map((value) => value * 1.01),
      rowDuals: answer.rowDuals.map((value) => value * 1.01),
    }))
    assert.throws(
      () => solved(moved),
      (error) => error instanceof WorldError && /cash is -0.01/.test(error.message),
    )
  })

  test('allowed weights that are not the best are refused', () => {
    const result = checked(
      parseProblem(problem),
      {
        weights: Float64Array.of(0.5, 0.5),
        rowPrices: Float64Array.of(-0.00364),
        tail: Float64Array.of(0.5, 0, 0, 0.5),
      },
      'guess',
    )
    // CVaR at 0.5 is 0.025; the true least is -0.0036.
    assert.ok('wrong' in result)
    assert.match(result.wrong[0]!, /the objective is 0.025.* but is only proved to be at least -0\.0/)
  })

  test('multipliers that prove nothing are refused, however good the weights', () => {
    const weights = Float64Array.of(1 / 11, 10 / 11)
    const right = {
      weights,
      rowPrices: Float64Array.of(-0.04 / 11),
      tail: Float64Array.of(0.2878787878787879, 0.2121212121212121, 0, 0.5),
    }
    assert.ok('status' in checked(parseProblem(problem), right, 'by hand'))
    const careless = { ...right, tail: Float64Array.of(0.25, 0.25, 0.25, 0.25) }
    assert.ok('wrong' in checked(parseProblem(problem), careless, 'by hand'))
    // A price of the wrong sign would make the bound too good to be true: it is worth nothing here.
    const boastful = { ...right, rowPrices: Float64Array.of(5) }
    assert.ok('wrong' in checked(parseProblem(problem), boastful, 'by hand'))
  })

  test('not numbers are refused', () => {
    const nan = lying((answer) => ({
      ...answer,
      columns: answer.columns.map(() => Number.NaN),
      rowDuals: answer.rowDuals.map(() => Number.NaN),
    }))
    assert.throws(() => solved(nan), WorldError)
  })

  test('a solver that calls everything infeasible or unbounded is not believed', () => {
    const empty = new Float64Array(0)
    for (const status of ['infeasible', 'unbounded', 'failed'] as const) {
      const engine: Engine = { run: () => ({ status, columns: empty, rowDuals: empty }), checkTime: () => {} }
      assert.throws(() => solved(engine), WorldError)
      assert.throws(() => solved(engine, { constraints: { minWeight: null, maxWeight: null } }), WorldError)
    }
  })

  test('one bad answer costs a second way of solving and not the solution', () => {
    let calls = 0
    const once: Engine = {
      run: (model, options) => {
        calls += 1
        const answer = honest.run(model, options)
        return calls === 1 ? { ...answer, rowDuals: answer.rowDuals.map((value) => value + 0.1) } : answer
      },
      checkTime: () => {},
    }
    const solution = solved(once)
    assert.ok(solution.status === 'optimal' && solution.form === 'primal')
    assert.ok(Math.abs(solution.objective + 0.04 / 11) < 1e-12)
  })

  test('the proof stands beside every solution', () => {
    const solution = solved(honest)
    assert.ok(solution.status === 'optimal')
    const { value, lowerBound } = solution.proof
    assert.ok(Math.abs(value - lowerBound) < 1e-12)
  })
})

describe('tail losses of a sample', () => {
  const returns = Float64Array.of(0.01, -0.04, 0.03, -0.02)
  const near = (actual: number, expected: number) => assert.ok(Math.abs(actual - expected) < 1e-15, `${actual}`)

  test('a whole number of outcomes is their mean', () => {
    near(tailLoss(returns, 0.5).cvar, 0.03)
    near(tailLoss(returns, 0.75).cvar, 0.04)
  })

  test('the outcome at the edge counts in part', () => {
    // 1.6 outcomes: 0.04 and 0.6 of 0.02.
    near(tailLoss(returns, 0.6).cvar, 0.052 / 1.6)
    near(tailLoss(returns, 0.6).var, 0.02)
  })

  test('less than one outcome is the worst', () => {
    near(tailLoss(returns, 0.99).cvar, 0.04)
    near(tailLoss(returns, 0.99).var, 0.04)
    near(tailLoss(Float64Array.of(-0.04), 0.5).cvar, 0.04)
  })

  test('rounding of confidence times count does not move the tail', () => {
    // 0.05 * 20 is one outcome, though 1 - 0.95 is a little more than 0.05.
    const twenty = Float64Array.from({ length: 20 }, (_, i) => i / 100 - 0.1)
    near(tailLoss(twenty, 0.95).cvar, 0.1)
    near(tailLoss(twenty, 0.95).var, 0.09)
  })
})
