import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { highsEngine, openHighs, solve } from '../../src/adapters/highs.ts'
import { WorldError } from '../../src/errors.ts'
import type { LinearModel } from '../../src/optimizer/engine.ts'
import { parseProblem } from '../../src/optimizer/problem.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

/** Maximize x + 2y with x + y <= 4, x + 3y <= 6, x and y at least 0: best at (3, 1), worth 5; both rows are worth 1/2. */
const small: LinearModel = {
  cost: Float64Array.of(-1, -2),
  lower: Float64Array.of(0, 0),
  upper: Float64Array.of(Infinity, Infinity),
  rowLower: Float64Array.of(-Infinity, -Infinity),
  rowUpper: Float64Array.of(4, 6),
  matrix: { starts: Int32Array.of(0, 2, 4), indices: Int32Array.of(0, 1, 0, 1), values: Float64Array.of(1, 1, 1, 3) },
}

function scenariosOf(assets: number, count: number): number[][] {
  const random = randomFrom('highs test', assets, count)
  return Array.from({ length: count }, () => {
    const market = 0.01 * randomNormal(random)
    return Array.from({ length: assets }, (_, i) => Math.max(-1, market + (0.005 + 0.0002 * i) * randomNormal(random)))
  })
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `A${i}`)

describe('the HiGHS engine', () => {
  test('a linear program comes back with its values and prices', async () => {
    const engine = highsEngine(await openHighs(), 10)
    for (const presolve of [true, false]) {
      const answer = engine.run(small, { presolve })
      assert.equal(answer.status, 'optimal')
      assert.deepEqual(
        [...answer.columns].map((value) => Math.round(value * 1e9) / 1e9),
        [3, 1],
      )
      // One more unit of a row lowers the minimized cost by a half.
      assert.deepEqual(
        [...answer.rowDuals].map((value) => Math.round(value * 1e9) / 1e9),
        [-0.5, -0.5],
      )
    }
  })

  test('a quadratic program is exact', async () => {
    // Minimize (x - 1)^2 + (y - 2)^2 over x + y <= 2: the nearest point of the line is (0.5, 1.5).
    const engine = highsEngine(await openHighs(), 10)
    const hessian = { starts: Int32Array.of(0, 1, 2), indices: Int32Array.of(0, 1), values: Float64Array.of(2, 2) }
    const model: LinearModel = {
      ...small,
      cost: Float64Array.of(-2, -4),
      rowUpper: Float64Array.of(2, 100),
      hessian,
    }
    const { columns } = engine.run(model, { presolve: true })
    assert.ok(Math.abs(columns[0]! - 0.5) < 1e-12 && Math.abs(columns[1]! - 1.5) < 1e-12, String(columns))
  })

  test('infeasible and unbounded are statuses', async () => {
    const engine = highsEngine(await openHighs(), 10)
    const infeasible = { ...small, rowLower: Float64Array.of(5, -Infinity) }
    assert.equal(engine.run(infeasible, { presolve: false }).status, 'infeasible')
    const unbounded = { ...small, rowUpper: Float64Array.of(Infinity, Infinity) }
    assert.match(engine.run(unbounded, { presolve: false }).status, /^unbounded/)
  })

  test('a changed cost is solved again on the same model', async () => {
    const engine = highsEngine(await openHighs(), 10)
    const seen: number[][] = []
    const answer = engine.run(small, {
      presolve: false,
      again: ({ columns }) => {
        seen.push([...columns].map((value) => Math.round(value * 1e9) / 1e9))
        return seen.length === 1 ? { column: 1, cost: 0 } : undefined
      },
    })
    // Without a gain from y all goes into x.
    assert.deepEqual(seen, [
      [3, 1],
      [4, 0],
    ])
    assert.ok(Math.abs(answer.columns[0]! - 4) < 1e-12)
  })

  test('when the time is up the error says so and what to do', async () => {
    const problem = parseProblem({ assets: names(300), scenarios: scenariosOf(300, 1500), objective: 'min-cvar' })
    const start = performance.now()
    await assert.rejects(
      solve(problem, { timeoutSeconds: 0.05 }),
      (error) =>
        error instanceof WorldError &&
        !error.retryable &&
        /within 0.05 s; allow more with --timeout/.test(error.message),
    )
    assert.ok(performance.now() - start < 5000, 'it stops soon after')
    // The instance is whole after it.
    const after = await solve(parseProblem({ assets: ['A'], scenarios: [[-0.1], [0.2]], objective: 'min-cvar' }))
    assert.equal(after.status, 'optimal')
  })

  test('the model is disposed of after every run, also after a failure', async () => {
    const highs = await openHighs()
    const problem = parseProblem({ assets: names(20), scenarios: scenariosOf(20, 500), objective: 'min-cvar' })
    const fail = highsEngine(highs, 10)
    const throwing = () =>
      fail.run(small, {
        presolve: false,
        again: () => {
          throw new Error('stop')
        },
      })
    for (let i = 0; i < 5; i += 1) await solve(problem)
    const before = highs.memoryBytes
    for (let i = 0; i < 150; i += 1) await solve(problem)
    for (let i = 0; i < 150; i += 1) assert.throws(throwing, /stop/)
    assert.equal(highs.memoryBytes, before, 'memory of the solver grew')
  })

  test('one instance serves the whole process, and two calls at once do not disturb each other', async () => {
    assert.equal(await openHighs(), await openHighs())
    const problems = [5, 6, 7].map((count) =>
      parseProblem({ assets: names(count), scenarios: scenariosOf(count, 60), objective: 'min-cvar' }),
    )
    const together = await Promise.all(problems.map((problem) => solve(problem)))
    for (const [index, problem] of problems.entries()) assert.deepEqual(await solve(problem), together[index])
  })
})

describe('the portfolio of the cvar policy', () => {
  test('21 assets, 252 returns, a quarter at most and 15 % cash', async () => {
    const problem = parseProblem({
      assets: names(21),
      scenarios: scenariosOf(21, 252).map((row) => Float64Array.from(row)),
      objective: 'min-cvar',
      constraints: { maxWeight: 0.25, minCash: 0.15, maxCash: 0.15 },
    })
    const solution = await solve(problem)
    assert.ok(solution.status === 'optimal')
    assert.equal(solution.form, 'dual')
    assert.equal(solution.cash, 0.15)
    const weights = Object.values(solution.weights)
    assert.ok(Math.abs(weights.reduce((sum, weight) => sum + weight, 0) - 0.85) < 1e-15)
    assert.ok(weights.every((weight) => weight >= 0 && weight <= 0.25))
  })
})
