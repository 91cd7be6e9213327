import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InputError } from '../../src/errors.ts'
import { parseProblem } from '../../src/optimizer/problem.ts'

const whole = {
  assets: ['A', 'B'],
  scenarios: [
    [0.01, -0.01],
    [-0.02, 0.03],
  ],
  objective: 'min-cvar',
}

function faultsOf(input: unknown): readonly string[] {
  try {
    parseProblem(input)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return []
}

function refused(change: Readonly<Record<string, unknown>>, ...expected: readonly RegExp[]): void {
  const faults = faultsOf({ ...whole, ...change })
  assert.equal(faults.length, expected.length, `expected ${expected.length} faults: ${faults.join(' | ')}`)
  expected.forEach((pattern, index) => {
    assert.match(faults[index]!, pattern)
  })
}

describe('a faulty problem is refused whole', () => {
  test('the sound problem these tests change is accepted', () => {
    assert.deepEqual(faultsOf(whole), [])
  })

  test('what is no object is refused in one line', () => {
    for (const input of [null, 5, 'text', [whole]]) assert.match(faultsOf(input)[0]!, /must be an object/)
  })

  test('all faults of all parts come at once', () => {
    const faults = faultsOf({
      assets: ['A', 'A'],
      scenarios: [[1], ['NaN', 0]],
      objective: 'best',
      confidence: 95,
      constraints: { maxWieght: 0.2, minCash: 0.4, maxCash: 0.2, maxTurnover: -1 },
    })
    const all = faults.join('\n')
    for (const part of ['listed twice', 'scenarios[0] has 1', '"NaN"', 'objective', 'confidence', '"maxWieght"']) {
      assert.ok(all.includes(part), `${part} is not among:\n${all}`)
    }
    assert.match(all, /minCash 0.4 is above maxCash 0.2/)
    assert.match(all, /maxTurnover must be 0 or more/)
  })

  test('unknown keys are refused by name', () => {
    refused({ scenario: [] }, /"scenario" is not a known key/)
    refused({ constraints: { max: 1 } }, /constraints: "max" is not a known key/)
    refused({ constraints: { groups: [{ assets: ['A'], max: 1, name: 'x' }] } }, /groups\[0\].*name/)
  })

  test('assets must be named, once, and be there', () => {
    refused({ assets: [] }, /at least one name/)
    refused({ assets: ['A', 'A'] }, /assets\[1\]: A is listed twice/)
    refused({ assets: ['A', 5] }, /assets\[1\]/)
    refused({ assets: ['A', ''] }, /empty name/)
    refused({ assets: ['A', 'B\n'] }, /control character/)
  })

  test('without assets the rest is still looked at', () => {
    const faults = faultsOf({
      objective: 'min-cvar',
      scenarios: [[1]],
      constraints: { minCash: 'x', more: 1, maxWeight: { A: 1 } },
    })
    assert.deepEqual(faults.length, 3, faults.join(' | '))
    assert.match(faults[0]!, /assets must be a list/)
    assert.match(faults[1]!, /"more" is not a known key/)
    assert.match(faults[2]!, /minCash must be a finite number/)
  })

  test('scenario rows of the wrong length are named', () => {
    refused(
      { scenarios: [[0.01, 0.02], [0.01], [1, 2, 3]] },
      /scenarios\[1\] has 1 values/,
      /scenarios\[2\] has 3 values/,
    )
    refused({ scenarios: [] }, /at least one row/)
    refused({ scenarios: [5] }, /scenarios\[0\] must be a list of 2 numbers, got 5/)
  })

  test('what is not a finite number is refused at its place', () => {
    refused({ scenarios: [[0.01, 'NaN']] }, /scenarios\[0\]\[1\] \(B\) must be a finite number, got "NaN"/)
    refused({ scenarios: [[Number.NaN, Number.POSITIVE_INFINITY]] }, /\(A\).*NaN/, /\(B\).*Infinity/)
    refused({ scenarios: [[null, 0]] }, /must be a finite number, got null/)
    refused({ confidence: '0.95' }, /confidence must be a finite number, got "0.95"/)
    refused({ expectedReturns: [0.1, 'x'] }, /expectedReturns\[1\] must be a finite number/)
  })

  test('nothing loses more than everything', () => {
    refused({ scenarios: [[-1, -1.5]] }, /scenarios\[0\]\[1\] \(B\) is -1.5: a return below -1/)
    refused({ expectedReturns: [-2, 0] }, /expectedReturns: A would lose 2/)
  })

  test('a thousand faults are cut to a screen', () => {
    const faults = faultsOf({ ...whole, scenarios: Array.from({ length: 1000 }, () => ['x', 'y']) })
    assert.equal(faults.length, 51)
    assert.match(faults.at(-1)!, /more faults follow/)
  })

  test('a covariance must be square, symmetric and no less than zero', () => {
    const quadratic = { scenarios: undefined, objective: 'min-variance' }
    const with_ = (covariance: unknown, ...expected: readonly RegExp[]) =>
      refused({ ...quadratic, covariance }, ...expected)
    with_([[0.04, 0]], /one row and one column per asset \(2\), got 1 rows/)
    with_([[0.04, 0], [0]], /covariance\[1\] has 1 values/)
    with_(
      [
        [0.04, 0.01],
        [0.02, 0.09],
      ],
      /not symmetric: B with A is 0.02, the other way round 0.01/,
    )
    with_(
      [
        [-0.04, 0],
        [0, 0.09],
      ],
      /variance of A is -0.04, below 0/,
    )
    // Correlation 0.07 / (0.2 * 0.3) is above 1: A short and B long would have a negative variance.
    with_(
      [
        [0.04, 0.07],
        [0.07, 0.09],
      ],
      /not positive semidefinite.*B would have a variance of -0.0325 left/,
    )
    // Perfect correlation is allowed, and so is rounding in the last place.
    with_([
      [0.04, 0.06],
      [0.06000000000000001, 0.09],
    ])
  })

  test('each objective asks for what it needs', () => {
    const none = { scenarios: undefined }
    refused({ ...none, objective: 'min-cvar' }, /min-cvar needs scenarios/)
    refused({ ...none, objective: 'max-return' }, /needs expectedReturns or scenarios/)
    refused({ ...none, objective: 'min-variance' }, /needs a covariance or scenarios/)
    refused({ ...none, objective: 'max-utility', expectedReturns: [0, 0] }, /needs expectedReturns and a covariance/)
    refused({ scenarios: [[0.1, 0.2]], objective: 'min-variance' }, /at least 2 scenarios/)
    const limited = { constraints: { maxCvar: 0.1, targetReturn: 0.1 } }
    const covariance = [
      [1, 0],
      [0, 1],
    ]
    refused({ ...none, covariance, objective: 'min-variance', ...limited }, /maxCvar needs/, /targetReturn needs/)
  })

  test('contradictory bounds are refused by name', () => {
    refused({ constraints: { minWeight: 0.5, maxWeight: { A: 0.4 } } }, /minWeight 0.5 of A is above its maxWeight 0.4/)
    refused({ constraints: { minCash: 0.5, maxCash: 0.2 } }, /minCash 0.5 is above maxCash 0.2/)
    refused({ constraints: { minCash: 1.5 } }, /minCash 1.5 is above maxCash 1 \(the defaults are 0 and 1\)/)
    refused({ constraints: { groups: [{ assets: ['A'], min: 0.6, max: 0.5 }] } }, /min 0.6 is above max 0.5/)
  })

  test('limits name known assets', () => {
    refused({ constraints: { groups: [{ assets: ['A', 'Z'], max: 1 }] } }, /groups\[0\]: "Z" not among the assets/)
    refused({ constraints: { groups: [{ assets: ['A', 'A'], max: 1 }] } }, /names an asset twice/)
    refused({ constraints: { groups: [{ assets: [], max: 1 }] } }, /names no asset/)
    refused({ constraints: { groups: [{ assets: ['A'] }] } }, /needs a min or a max/)
    refused({ constraints: { previousWeights: { Z: 1 } } }, /previousWeights: "Z" is not among the assets/)
    refused({ constraints: { maxWeight: { Z: 1 } } }, /maxWeight: "Z" is not among the assets/)
    refused({ constraints: { previousWeights: [1] } }, /previousWeights has 1 values but there are 2 assets/)
  })

  test('a change needs something to change from', () => {
    refused({ constraints: { maxTurnover: 0.1 } }, /maxTurnover needs previousWeights/)
    refused({ constraints: { costBps: 5 } }, /costBps needs previousWeights/)
    refused({ constraints: { previousWeights: {}, costBps: -5 } }, /costBps must be 0 or more/)
    assert.deepEqual(faultsOf({ ...whole, constraints: { previousWeights: {}, costBps: 5, maxTurnover: 0.1 } }), [])
  })

  test('numbers out of their range are refused', () => {
    for (const confidence of [0, 1, -0.5, 95]) refused({ confidence }, /confidence must lie between 0 and 1/)
    refused({ riskAversion: -1 }, /riskAversion must be 0 or more/)
  })

  test('sizes beyond memory are refused before they fill it', () => {
    const assets = Array.from({ length: 3000 }, (_, i) => `A${i}`)
    const row = new Float64Array(3000)
    const scenarios = Array.from({ length: 2000 }, () => row)
    assert.match(
      faultsOf({ assets, scenarios, objective: 'min-cvar' })[0]!,
      /2000 rows for 3000 assets are too many; at most 1666/,
    )
    const few = scenarios.slice(0, 2)
    assert.match(faultsOf({ assets, scenarios: few, objective: 'min-variance' })[0]!, /at most 2000 assets, got 3000/)
  })
})

describe('defaults of a problem', () => {
  test('weights are long only, cash is 0, confidence 0.95 and risk aversion 1', () => {
    const { constraints, confidence, riskAversion, expectedReturns } = parseProblem(whole)
    assert.deepEqual([...constraints.minWeight, ...constraints.maxWeight], [0, 0, 1, 1])
    assert.deepEqual([constraints.minCash, constraints.maxCash], [0, 0])
    assert.deepEqual([confidence, riskAversion], [0.95, 1])
    assert.ok(Math.abs(expectedReturns![0]! + 0.005) < 1e-15 && Math.abs(expectedReturns![1]! - 0.01) < 1e-15)
  })

  test('one cash limit opens the other side', () => {
    const cash = (constraints: object) => {
      const { minCash, maxCash } = parseProblem({ ...whole, constraints }).constraints
      return [minCash, maxCash]
    }
    assert.deepEqual(cash({ minCash: 0.1 }), [0.1, 1])
    assert.deepEqual(cash({ maxCash: 0.3 }), [0, 0.3])
  })

  test('weight limits come as a number, a list or a map, and null is none', () => {
    const limits = (maxWeight: unknown) => [
      ...parseProblem({ ...whole, constraints: { maxWeight } }).constraints.maxWeight,
    ]
    assert.deepEqual(limits(0.3), [0.3, 0.3])
    assert.deepEqual(limits([0.2, 0.3]), [0.2, 0.3])
    assert.deepEqual(limits({ B: 0.3 }), [1, 0.3])
    assert.deepEqual(limits(null), [Infinity, Infinity])
    assert.deepEqual(limits({ A: null }), [Infinity, 1])
  })
})
