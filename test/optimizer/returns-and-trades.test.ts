import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { optimize } from '../../src/commands/optimize.ts'
import { InputError } from '../../src/errors.ts'

type Document = {
  readonly status: string
  readonly because?: string
  readonly weights: Readonly<Record<string, number>>
  readonly expectedReturn: number
  readonly objective: number
  readonly shrinkage?: { readonly intensity: number; readonly toward: number }
}
const answer = async (problem: object): Promise<Document> => {
  const io = {
    environment: {},
    readStdin: async () => JSON.stringify(problem),
    say() {},
    show() {},
    interactive: false,
  }
  return (await optimize({ file: '-' }, io)).json as Document
}
const faultsOf = async (problem: object): Promise<string> => {
  try {
    await answer(problem)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults.join('\n')
  }
  return assert.fail('it was taken')
}
const near = (actual: number, expected: number, within = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual} instead of ${expected}`)

// A is 0.02 +- 0.02, B is 0 +- 0.01, and the two are uncorrelated over eight rows.
const signs = [1, 1, 1, 1, -1, -1, -1, -1]
const scenarios = signs.map((sign, t) => [0.02 + 0.02 * sign, 0.01 * (t % 2 === 0 ? 1 : -1)])
const base = { assets: ['A', 'B'], scenarios, objective: 'max-utility', riskAversion: 0 }

test('shrunk returns by hand: means of 2 % and 0 move to the return of the portfolio of least variance', async () => {
  // Sums of squares over T - N - 2 = 4: variances 0.0008 and 0.0002, so weights 1 : 4 and a common return of 0.004.
  // Distance 8 (0.016^2 / 0.0008 + 0.004^2 / 0.0002) = 3.2, intensity (2 + 2) / (4 + 3.2) = 5 / 9.
  const { shrinkage, expectedReturn, weights } = await answer({ ...base, expectedReturns: 'shrunk' })
  near(shrinkage!.intensity, 5 / 9, 1e-7)
  near(shrinkage!.toward, 0.004, 1e-9)
  near(weights.A!, 1)
  near(expectedReturn, (4 / 9) * 0.02 + (5 / 9) * 0.004, 1e-9)
  const plain = await answer({ ...base, expectedReturns: 'mean' })
  near(plain.expectedReturn, 0.02)
  assert.deepEqual(plain, await answer(base))
  assert.equal(plain.shrinkage, undefined)
})

test('means shrink all the way where they are equal, hardly where the record is long, and survive a twin asset', async () => {
  const equal = scenarios.map(([a, b]) => [a! - 0.02, b!])
  near((await answer({ ...base, scenarios: equal, expectedReturns: 'shrunk' })).shrinkage!.intensity, 1, 1e-6)
  const long = Array.from({ length: 100 }, () => scenarios).flat()
  assert.ok((await answer({ ...base, scenarios: long, expectedReturns: 'shrunk' })).shrinkage!.intensity < 0.02)
  const twins = { ...base, assets: ['A', 'B', 'C'], scenarios: scenarios.map(([a, b]) => [a, b, a]) }
  const { shrinkage } = await answer({ ...twins, expectedReturns: 'shrunk' })
  assert.ok(shrinkage!.intensity > 0 && shrinkage!.intensity < 1)
  near(shrinkage!.toward, 0.004, 1e-6)
})

test('shrinking is refused without enough scenarios, or without any', async () => {
  const short = { ...base, scenarios: scenarios.slice(0, 4), expectedReturns: 'shrunk' }
  assert.match(await faultsOf(short), /"shrunk" needs at least 5 scenarios for 2 assets, got 4/)
  const { scenarios: _, ...none } = base
  const covariance = [
    [1, 0],
    [0, 1],
  ]
  assert.match(await faultsOf({ ...none, covariance, expectedReturns: 'shrunk' }), /needs scenarios to take them from/)
})

test('a largest trade holds an asset near its previous weight', async () => {
  const constraints = { previousWeights: { A: 0.1, B: 0.9 }, maxTrade: { A: 0.25 } }
  const { weights } = await answer({ ...base, constraints })
  near(weights.A!, 0.35)
  near(weights.B!, 0.65)
})

test('a largest trade that conflicts with other limits is told as such', async () => {
  const previousWeights = { A: 0.9, B: 0.1 }
  assert.match(
    await faultsOf({ ...base, constraints: { previousWeights, maxTrade: 0.1, maxWeight: 0.5 } }),
    /maxTrade 0\.1 of A does not bring its previous weight 0\.9 within minWeight 0 and maxWeight 0\.5/,
  )
  assert.match(await faultsOf({ ...base, constraints: { maxTrade: 0.1 } }), /maxTrade needs previousWeights/)
  assert.match(
    await faultsOf({ ...base, constraints: { previousWeights, maxTrade: [-1, 0.1] } }),
    /maxTrade of A is -1; a largest change is 0 or more/,
  )
  const stuck = await answer({ ...base, constraints: { previousWeights: {}, maxTrade: 0.2 } })
  assert.equal(stuck.status, 'infeasible')
  assert.match(stuck.because!, /at most 0\.4 can be invested/)
})

test('no trade is larger than its limit, and a wide limit changes nothing', async () => {
  const weight = fc.double({ min: 0, max: 1, noNaN: true })
  await fc.assert(
    fc.asyncProperty(weight, weight, weight, async (a, limitA, limitB) => {
      const previous = { A: a, B: 1 - a }
      const problem = { ...base, objective: 'min-cvar', confidence: 0.5 }
      const capped = await answer({
        ...problem,
        constraints: { previousWeights: previous, maxTrade: { A: limitA, B: limitB } },
      })
      assert.equal(capped.status, 'optimal', capped.because)
      assert.ok(Math.abs(capped.weights.A! - previous.A) <= limitA + 1e-7)
      assert.ok(Math.abs(capped.weights.B! - previous.B) <= limitB + 1e-7)
      const free = await answer(problem)
      assert.ok(capped.objective >= free.objective - 1e-9)
      const wide = await answer({ ...problem, constraints: { previousWeights: previous, maxTrade: 1 } })
      near(wide.objective, free.objective)
    }),
    { numRuns: 25 },
  )
})
