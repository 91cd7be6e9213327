import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decisionWeight,
  medianParameters,
  positionValue,
  prospectUtility,
  prospectValue,
} from '../../src/statistics/prospect.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const close = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} instead of ${expected}`)

test('a position 10 % down feels 2.25 times as bad as one 10 % up feels good', () => {
  // 10^0.88 = e^(0.88 * 2.302585) = e^2.026275 = 7.5858; times 2.25 is 17.068.
  close(positionValue(0.1), 7.5858, 1e-4)
  close(positionValue(-0.1), -17.068, 1e-3)
  assert.equal(positionValue(0), 0)
})

test('the second loss of 5 % hurts less than the first: losses are felt convexly', () => {
  assert.ok(positionValue(-0.1) > 2 * positionValue(-0.05))
  assert.ok(positionValue(0.1) < 2 * positionValue(0.05))
})

test('a small probability weighs more than it is, a large one less', () => {
  // p = 0.01: 0.01^0.61 = 0.060256, 0.99^0.61 = 0.993888; 0.060256 / 1.054144^(1 / 0.61) = 0.055268.
  close(decisionWeight(0.01, 0.61), 0.055268, 1e-5)
  assert.ok(decisionWeight(0.9, 0.61) < 0.9)
  assert.equal(decisionWeight(0, 0.61), 0)
  assert.equal(decisionWeight(1, 0.69), 1)
})

test('a gamble is worth the same in any order, and an outcome may be told in two parts', () => {
  const outcomes = [
    { amount: 100, probability: 0.4 },
    { amount: -30, probability: 0.25 },
    { amount: 50, probability: 0.2 },
    { amount: 0, probability: 0.15 },
  ]
  const value = prospectUtility(outcomes)
  close(prospectUtility(outcomes.toReversed()), value, 1e-12)
  const parted = [...outcomes.slice(1), { amount: 100, probability: 0.3 }, { amount: 100, probability: 0.1 }]
  close(prospectUtility(parted), value, 1e-12)
})

test('with weights as they are and no curvature it is the expected value, losses times 2.25', () => {
  const plain = { alpha: 1, beta: 1, lambda: 2.25, gamma: 1, delta: 1 }
  const amounts = fc.array(fc.integer({ min: -100, max: 100 }), { minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(amounts, (list) => {
      const outcomes = list.map((amount) => ({ amount, probability: 1 / list.length }))
      const expected = list.reduce((sum, amount) => sum + prospectValue(amount, plain), 0) / list.length
      close(prospectUtility(outcomes, plain), expected, 1e-9)
    }),
  )
})

test('probabilities that do not add up to 1 are refused', () => {
  assert.throws(() => prospectUtility([{ amount: 1, probability: 0.5 }]), /add up to 0.5/)
})

type Gamble = readonly (readonly [amount: number, probability: number])[]
type Case = {
  readonly id: string
  readonly gamble?: Gamble
  readonly gambles?: readonly Gamble[]
  readonly params?: Readonly<Record<string, number>>
  readonly expected: number | readonly number[]
  readonly tolerance: { readonly rtol: number; readonly or_abs?: number }
}

test('all fifteen cases of the R package cognitivemodels agree, the equivalent prospects of 1992 among them', {
  skip: sharedAbsent,
}, () => {
  const { cases } = JSON.parse(readFileSync(sharedPath('conformance/prospect_theory.json'), 'utf8')) as {
    cases: readonly Case[]
  }
  assert.equal(cases.length, 15)
  const names = { alpha: 'alpha', beta: 'beta', lambda_: 'lambda', gamma_gain: 'gamma', gamma_loss: 'delta' }
  for (const { id, gamble, gambles, params = {}, expected, tolerance } of cases) {
    const renamed = Object.entries(params).map(([name, value]) => {
      assert.ok(name in names, `${id}: unknown parameter ${name}`)
      return [names[name as keyof typeof names], value]
    })
    const parameters = { ...medianParameters, ...Object.fromEntries(renamed) }
    const wanted = typeof expected === 'number' ? [expected] : expected
    const given = gamble === undefined ? gambles! : [gamble]
    assert.equal(given.length, wanted.length)
    for (const [index, outcomes] of given.entries()) {
      const actual = prospectUtility(
        outcomes.map(([amount, probability]) => ({ amount, probability })),
        parameters,
      )
      const allowed = Math.max(tolerance.rtol * Math.abs(wanted[index]!), tolerance.or_abs ?? 0)
      close(actual, wanted[index]!, allowed)
    }
  }
})
