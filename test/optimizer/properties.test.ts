import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import fc from 'fast-check'
import { highsEngine, openHighs } from '../../src/adapters/highs.ts'
import { attemptsFor } from '../../src/optimizer/attempts.ts'
import type { Engine } from '../../src/optimizer/engine.ts'
import { type Problem, type ProblemInput, parseProblem } from '../../src/optimizer/problem.ts'
import { checked, type Solution } from '../../src/optimizer/solution.ts'
import { solveWith } from '../../src/optimizer/solve.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

let engine: Engine
before(async () => {
  engine = highsEngine(await openHighs(), 600)
})

const numRuns = 60
const names = ['A', 'B', 'C', 'D', 'E', 'F']
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 })

/** Whole hundredths: limits either hold together with room to spare or exactly, never by a hair. */
const hundredths = (min: number, max: number) => fc.integer({ min, max }).map((value) => value / 100)

function scenariosOf(assets: number, counts: { readonly min: number; readonly max: number }): fc.Arbitrary<number[][]> {
  const row = fc.array(fc.integer({ min: -80, max: 100 }), { minLength: assets, maxLength: assets })
  const rows = fc.array(row, { minLength: counts.min, maxLength: counts.max })
  return rows.map((all) => all.map((values) => values.map((value) => value / 1000)))
}

const constraintsOf = (assets: readonly string[]) =>
  fc.record(
    {
      maxWeight: optional(hundredths(15, 100)),
      minWeight: optional(hundredths(-40, 10)),
      minCash: optional(hundredths(0, 40)),
      targetReturn: optional(fc.integer({ min: -20, max: 15 }).map((value) => value / 1000)),
      previousWeights: optional(fc.constant(assets.map(() => 1 / assets.length))),
      groups: optional(
        fc
          .tuple(fc.subarray([...assets], { minLength: 1 }), hundredths(0, 30), hundredths(30, 100))
          .map(([members, min, max]) => [{ assets: members, min, max }]),
      ),
    },
    { requiredKeys: [] },
  )

const objectives = fc.constantFrom('min-cvar', 'max-return', 'min-variance', 'max-utility')

const problems: fc.Arbitrary<ProblemInput> = fc.integer({ min: 1, max: names.length }).chain((count) => {
  const assets = names.slice(0, count)
  return fc
    .tuple(
      scenariosOf(count, { min: 2, max: 40 }),
      objectives,
      constraintsOf(assets),
      fc.constantFrom(0.5, 0.8, 0.95),
      fc.record({ maxTurnover: optional(hundredths(5, 60)), costBps: optional(fc.constantFrom(1, 10, 100)) }),
      optional(fc.integer({ min: 0, max: 80 }).map((value) => value / 1000)),
    )
    .map(([scenarios, objective, limits, confidence, change, maxCvar]) => {
      const given = Object.fromEntries(
        Object.entries({ ...limits, maxCvar }).filter(([, value]) => value !== undefined),
      )
      const moves = Object.entries(change).filter(([, value]) => value !== undefined)
      const constraints = given.previousWeights === undefined ? given : { ...given, ...Object.fromEntries(moves) }
      return { assets, scenarios, objective, confidence, riskAversion: 5, constraints } as ProblemInput
    })
})

/** CVaR as the mean of the worst (1 - confidence) of the outcomes, the last of them in part: losses sorted and summed. */
function cvarBySorting(losses: readonly number[], confidence: number): number {
  let left = (1 - confidence) * losses.length
  const mass = left
  let sum = 0
  for (const loss of losses.toSorted((a, b) => b - a)) {
    const share = Math.min(1, left)
    sum += share * loss
    left -= share
    if (left <= 1e-12) break
  }
  return mass < 1 ? Math.max(...losses) : sum / mass
}

/** Everything about a portfolio, from the input as given. */
function judge(input: ProblemInput, weights: readonly number[]) {
  const { constraints = {} } = input
  const rows = input.scenarios!.map((row) => Array.from(row))
  const dot = (values: readonly number[]) => values.reduce((sum, value, i) => sum + value * weights[i]!, 0)
  const previous = (constraints.previousWeights as readonly number[] | undefined) ?? weights
  const traded = weights.reduce((sum, weight, i) => sum + Math.abs(weight - previous[i]!), 0)
  const cost = (traded * (constraints.costBps ?? 0)) / 10_000
  const returns = rows.map((row) => dot(row) - cost)
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1)
  const cvar = cvarBySorting(
    returns.map((value) => -value),
    input.confidence!,
  )
  const value = {
    'min-cvar': cvar,
    'max-return': -mean,
    'min-variance': variance,
    'max-utility': (input.riskAversion! / 2) * variance - mean,
  }[input.objective]
  const invested = weights.reduce((sum, weight) => sum + weight, 0)
  const outside = (value_: number, min: number, max: number) => Math.max(min - value_, value_ - max, 0)
  const sumOf = (members: readonly string[]) =>
    members.reduce((sum, name) => sum + weights[input.assets.indexOf(name)]!, 0)
  const violation = Math.max(
    ...weights.map((w) =>
      outside(
        w,
        (constraints.minWeight as number | undefined) ?? 0,
        (constraints.maxWeight as number | undefined) ?? 1,
      ),
    ),
    outside(1 - invested, constraints.minCash ?? 0, constraints.minCash === undefined ? 0 : 1),
    outside(mean, constraints.targetReturn ?? -Infinity, Infinity),
    outside(cvar, -Infinity, constraints.maxCvar ?? Infinity),
    outside(traded / 2, 0, constraints.maxTurnover ?? Infinity),
    ...(constraints.groups ?? []).map((group) =>
      outside(sumOf(group.assets), group.min ?? -Infinity, group.max ?? Infinity),
    ),
  )
  return { value, mean, variance, cvar, violation, turnover: traded / 2, cash: 1 - invested }
}

const weightsOf = (input: ProblemInput, solution: Solution): number[] =>
  solution.status === 'optimal' ? input.assets.map((asset) => solution.weights[asset]!) : []

describe('properties of every solution', () => {
  test('limits are kept, weights and cash sum to 1, and every figure is the one recomputed from the input', () => {
    fc.assert(
      fc.property(problems, (input) => {
        const solution = solveWith(engine, parseProblem(input))
        if (solution.status !== 'optimal') return
        const weights = weightsOf(input, solution)
        const own = judge(input, weights)
        assert.ok(own.violation < 1e-8, `a limit is broken by ${own.violation}`)
        assert.ok(Math.abs(own.cash - solution.cash) < 1e-12)
        const { cvar = Number.NaN, variance = Number.NaN, expectedReturn } = solution
        assert.ok(Math.abs(own.cvar - cvar) < 1e-12, `CVaR ${cvar}, by sorting ${own.cvar}`)
        assert.ok(Math.abs(own.variance - variance) < 1e-12)
        assert.ok(Math.abs(own.mean - expectedReturn!) < 1e-12)
        if (solution.turnover !== undefined) assert.ok(Math.abs(own.turnover - solution.turnover) < 1e-11)
        const sign = input.objective === 'max-return' || input.objective === 'max-utility' ? -1 : 1
        assert.ok(Math.abs(sign * own.value - solution.objective) < 1e-12)
        for (const value of weights) assert.ok(!Object.is(value, -0) && (value === 0 || Math.abs(value) > 1e-12))
      }),
      { numRuns: 2 * numRuns },
    )
  })

  test('no random portfolio within the limits is better, and where one exists the problem is not called infeasible', () => {
    const random = fc.array(fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 6, maxLength: 6 }), {
      minLength: 40,
      maxLength: 40,
    })
    fc.assert(
      fc.property(problems, random, (input, directions) => {
        const solution = solveWith(engine, parseProblem(input))
        const best = weightsOf(input, solution)
        const start = input.assets.map(() => (1 - (input.constraints?.minCash ?? 0)) / input.assets.length)
        const value = solution.status === 'optimal' ? judge(input, best).value : Infinity
        const around = best.length > 0 ? [best, start] : [start]
        const steps = directions.flatMap((direction) =>
          around.flatMap((from) => [0, 0.003, 0.05, 0.5].map((s) => ({ from, direction, s }))),
        )
        for (const { from, direction, s } of steps) {
          // Directions that leave cash alone, so that most candidates keep its limits.
          const used = direction.slice(0, from.length)
          const level = used.reduce((sum, v) => sum + v, 0) / used.length
          const candidate = from.map((weight, i) => weight + s * (used[i]! - level))
          const judged = judge(input, candidate)
          if (judged.violation > 0) continue
          assert.equal(solution.status, 'optimal', `${candidate} keeps every limit`)
          assert.ok(judged.value >= value - 1e-9, `${candidate} has ${judged.value}, better than ${value}`)
        }
      }),
      { numRuns },
    )
  })

  test('every way of solving comes to the same objective', () => {
    fc.assert(
      fc.property(problems, (input) => {
        const problem: Problem = parseProblem(input)
        const found = attemptsFor(problem).flatMap((attempt) => {
          const candidate = attempt.run(engine)
          if (candidate === undefined) return []
          const result = checked(problem, candidate, attempt.form)
          return 'status' in result ? [result] : []
        })
        for (const { objective, form } of found) {
          const difference = Math.abs(objective - found[0]!.objective)
          assert.ok(difference < 1e-9, `${form} differs from ${found[0]!.form} by ${difference}`)
        }
      }),
      { numRuns },
    )
  })

  test('with many scenarios, solving on the worst of them finds the optimum of all', () => {
    const many = fc
      .tuple(
        fc.integer({ min: 400, max: 700 }),
        fc.integer(),
        fc.constantFrom(0.9, 0.95, 0.99),
        fc.constantFrom({}, { maxWeight: 0.4 }, { minWeight: -0.3 }, { minCash: 0.2, targetReturn: 0.0005 }),
        fc.constantFrom(undefined, 0.015, 0.03),
      )
      .map(([count, seed, confidence, limits, maxCvar]): ProblemInput => {
        const random = randomFrom('many', seed)
        const scenarios = Array.from({ length: count }, () => {
          const market = 0.01 * randomNormal(random)
          return names.map(
            (_, i) => (i < 3 ? market : -0.3 * market) + 0.0005 * i + 0.004 * (1 + i) * randomNormal(random),
          )
        })
        const constraints = maxCvar === undefined ? limits : { ...limits, maxCvar }
        const objective = maxCvar === undefined ? 'min-cvar' : 'max-return'
        return { assets: names, scenarios, objective, confidence, constraints }
      })
    fc.assert(
      fc.property(many, (input) => {
        const problem = parseProblem(input)
        const [first, second] = attemptsFor(problem)
        const candidate = first!.run(engine)
        const whole = second!.run(engine)
        assert.equal(candidate === undefined, whole === undefined)
        if (candidate === undefined || whole === undefined) return
        const [sifted, all] = [checked(problem, candidate, first!.form), checked(problem, whole, second!.form)]
        assert.ok('status' in sifted && 'status' in all, JSON.stringify([sifted, all]))
        assert.ok(Math.abs(sifted.objective - all.objective) < 1e-9, `${sifted.objective} and ${all.objective}`)
      }),
      { numRuns: 25 },
    )
  })

  test('equal problems have equal answers to the last bit, and the order of scenarios does not matter', () => {
    fc.assert(
      fc.property(problems, (input) => {
        const once = solveWith(engine, parseProblem(input))
        assert.deepEqual(solveWith(engine, parseProblem(structuredClone(input))), once)
        const reversed = solveWith(engine, parseProblem({ ...input, scenarios: input.scenarios!.toReversed() }))
        assert.equal(reversed.status, once.status)
        if (once.status === 'optimal' && reversed.status === 'optimal') {
          assert.ok(Math.abs(reversed.objective - once.objective) < 1e-9)
        }
      }),
      { numRuns: 30 },
    )
  })
})

describe('two assets, where everything can be tried', () => {
  type Half = { readonly a: number; readonly b: number; readonly limit: number }

  /** The limits of a problem of two assets as half planes a w1 + b w2 <= limit. */
  function halfPlanes(input: ProblemInput, mean: readonly number[]): Half[] {
    const { constraints = {} } = input
    const halves: Half[] = []
    const between = (a: number, b: number, min: number, max: number): void => {
      if (Number.isFinite(max)) halves.push({ a, b, limit: max })
      if (Number.isFinite(min)) halves.push({ a: -a, b: -b, limit: -min })
    }
    const [min, max] = [(constraints.minWeight as number) ?? 0, (constraints.maxWeight as number) ?? 1]
    between(1, 0, min, max)
    between(0, 1, min, max)
    between(1, 1, constraints.minCash === undefined ? 1 : 0, 1 - (constraints.minCash ?? 0))
    between(mean[0]!, mean[1]!, constraints.targetReturn ?? -Infinity, Infinity)
    for (const group of constraints.groups ?? []) {
      const has = (name: string) => (group.assets.includes(name) ? 1 : 0)
      between(has('A'), has('B'), group.min ?? -Infinity, group.max ?? Infinity)
    }
    const previous = constraints.previousWeights as readonly number[] | undefined
    if (previous !== undefined && constraints.maxTurnover !== undefined) {
      for (const [a, b] of [
        [1, 1],
        [1, -1],
        [-1, 1],
        [-1, -1],
      ] as const) {
        halves.push({ a, b, limit: 2 * constraints.maxTurnover + a * previous[0]! + b * previous[1]! })
      }
    }
    return halves
  }

  /** The corners of what the half planes leave: every crossing of two lines that keeps all of them. */
  function corners(halves: readonly Half[], slack: number): [number, number][] {
    return halves.flatMap((first, k) =>
      halves.slice(k + 1).flatMap((second): [number, number][] => {
        const det = first.a * second.b - first.b * second.a
        if (Math.abs(det) < 1e-12) return []
        const x = (first.limit * second.b - first.b * second.limit) / det
        const y = (first.a * second.limit - first.limit * second.a) / det
        return halves.every(({ a, b, limit }) => a * x + b * y <= limit + slack) ? [[x, y]] : []
      }),
    )
  }

  const pairs = fc
    .tuple(scenariosOf(2, { min: 2, max: 10 }), constraintsOf(['A', 'B']), optional(hundredths(0, 40)))
    .map(([scenarios, limits, maxTurnover]): ProblemInput => {
      const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined))
      const turnover = given.previousWeights === undefined || maxTurnover === undefined ? {} : { maxTurnover }
      const constraints = { ...given, ...turnover }
      return { assets: ['A', 'B'], scenarios, objective: 'max-return', confidence: 0.8, riskAversion: 5, constraints }
    })

  const meanOf = (input: ProblemInput) =>
    [0, 1].map((i) => input.scenarios!.reduce((sum, row) => sum + row[i]!, 0) / input.scenarios!.length)

  test('infeasible exactly when no corner keeps every limit, and else as good as the best corner', () => {
    fc.assert(
      fc.property(pairs, (input) => {
        const mean = meanOf(input)
        const halves = halfPlanes(input, mean)
        const [kept, nearly] = [corners(halves, 1e-12), corners(halves, 1e-7)]
        // Limits that meet within rounding may go either way.
        fc.pre(kept.length > 0 === nearly.length > 0)
        const solution = solveWith(engine, parseProblem(input))
        assert.equal(solution.status, kept.length > 0 ? 'optimal' : 'infeasible')
        if (solution.status !== 'optimal') return
        const best = Math.max(...kept.map(([x, y]) => mean[0]! * x + mean[1]! * y))
        assert.ok(Math.abs(solution.objective - best) < 1e-8, `${solution.objective} instead of ${best}`)
      }),
      { numRuns: 3 * numRuns },
    )
  })

  test('minimum CVaR is the least over every point where the tail can change', () => {
    fc.assert(
      fc.property(scenariosOf(2, { min: 1, max: 12 }), fc.constantFrom(0.5, 0.75, 0.9), (scenarios, confidence) => {
        // Fully invested, x in A: losses are straight lines in x, so CVaR bends only where two of them cross.
        const lines = scenarios.map(([a, b]) => ({ slope: b! - a!, start: -b! }))
        const crossings = lines.flatMap((p, k) =>
          lines.slice(k + 1).map((q) => (q.start - p.start) / (p.slope - q.slope)),
        )
        const points = [0, 1, ...crossings.filter((x) => x > 0 && x < 1)]
        const least = Math.min(
          ...points.map((x) =>
            cvarBySorting(
              lines.map(({ slope, start }) => start + slope * x),
              confidence,
            ),
          ),
        )
        const solution = solveWith(
          engine,
          parseProblem({ assets: ['A', 'B'], scenarios, confidence, objective: 'min-cvar' }),
        )
        assert.equal(solution.status, 'optimal')
        if (solution.status === 'optimal') assert.ok(Math.abs(solution.objective - least) < 1e-10)
      }),
      { numRuns: 3 * numRuns },
    )
  })
})
