import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { crossValidatedForecasts } from '../../src/statistics/cross-validated.ts'
import { combinations, combinatorialSplits, pathCount, pathOfTests, rowsOf } from '../../src/statistics/folds.ts'
import { backtestOverfitting } from '../../src/statistics/overfitting.ts'
import { readConformance } from '../support/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

type Case = {
  readonly params: {
    readonly n_folds: number
    readonly n_test_folds: number
    readonly purged_size: number
    readonly embargo_size: number
    readonly n_observations: number
  }
  readonly expected: {
    readonly splits: readonly { readonly train: readonly number[]; readonly tests: readonly (readonly number[])[] }[]
    readonly n_splits?: number
    readonly n_test_paths?: number
    readonly test_set_index?: readonly (readonly number[])[]
    readonly recombined_paths?: readonly (readonly number[])[]
    readonly binary_train_test_sets?: readonly (readonly number[])[]
    readonly 'get_path_ids()'?: readonly (readonly number[])[]
  }
}

test('splits and paths are the index sets of skfolio, in its order', { skip: sharedAbsent }, () => {
  const { cases } = readConformance<{ readonly cases: readonly Case[] }>('skfolio_cpcv.json')
  assert.ok(cases.length >= 2)
  for (const { params, expected } of cases) {
    const { n_folds: folds, n_test_folds: testFolds } = params
    const splits = combinatorialSplits({
      observations: params.n_observations,
      folds,
      testFolds,
      purge: params.purged_size,
      embargo: params.embargo_size,
    })
    const listed = splits.map(({ train, tests }) => ({
      train: rowsOf(train),
      tests: tests.map((range) => rowsOf([range])),
    }))
    assert.deepEqual(listed, expected.splits)
    if (expected.n_splits === undefined) continue
    const testedIn = Array.from({ length: folds }, (_, fold) =>
      splits.map(({ testFolds: tested }) => tested.includes(fold)),
    )
    assert.equal(splits.length, expected.n_splits)
    assert.equal(pathCount(folds, testFolds), expected.n_test_paths)
    assert.deepEqual(
      splits.map((split) => split.testFolds),
      expected.test_set_index,
    )
    assert.deepEqual(
      testedIn.map((row) => row.map(Number)),
      expected.binary_train_test_sets,
    )
    assert.deepEqual(
      testedIn.map((row) => row.flatMap((is, i) => (is ? [i] : []))),
      expected.recombined_paths,
    )
    assert.deepEqual(pathOfTests(folds, testFolds), expected['get_path_ids()'])
  }
})

test('a purge of one takes a row on both sides of a test block, as skfolio documents it', () => {
  // From the docstring of skfolio's CombinatorialPurgedCV: n_folds=3, n_test_folds=2, purged_size=1, 12 rows.
  const splits = combinatorialSplits({ observations: 12, folds: 3, testFolds: 2, purge: 1 })
  assert.deepEqual(
    splits.map(({ train }) => rowsOf(train)),
    [
      [9, 10, 11],
      [5, 6],
      [0, 1, 2],
    ],
  )
})

test('[38] the embargo lies after a test block and never before it, and no row of the tail is dropped', () => {
  const plan = { observations: 103, folds: 10, testFolds: 1, embargo: 3 }
  const splits = combinatorialSplits(plan)
  // Fold 4 is rows 40 to 49: rows 50 to 52 are barred, row 39 is not.
  assert.deepEqual(splits[4]!.train, [
    { start: 0, end: 40 },
    { start: 53, end: 103 },
  ])
  // 103 rows in tens leave three, and the last fold takes them.
  assert.deepEqual(splits[9]!.tests, [{ start: 90, end: 103 }])
  assert.deepEqual(
    splits.flatMap(({ tests }) => rowsOf(tests)),
    Array.from({ length: 103 }, (_, row) => row),
  )
})

const plans = fc
  .record({
    folds: fc.integer({ min: 3, max: 8 }),
    testFolds: fc.integer({ min: 1, max: 4 }),
    purge: fc.integer({ min: 0, max: 4 }),
    embargo: fc.integer({ min: 0, max: 4 }),
    more: fc.integer({ min: 1, max: 60 }),
  })
  .filter(({ folds, testFolds }) => testFolds < folds)
  .map((plan) => ({ ...plan, observations: plan.folds * (plan.purge + plan.embargo + 1) + plan.more }))

test('no row is trained on within the purge before or the purge and embargo after a tested one, and all others are', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      for (const { train, tests } of combinatorialSplits(plan)) {
        const trained = new Set(rowsOf(train))
        const tested = new Set(rowsOf(tests))
        for (let row = 0; row < plan.observations; row++) {
          let near = tested.has(row)
          for (let step = 1; step <= plan.purge; step++) near ||= tested.has(row + step)
          for (let step = 1; step <= plan.purge + plan.embargo; step++) near ||= tested.has(row - step)
          assert.equal(trained.has(row), !near, `row ${row}`)
        }
      }
    }),
    { numRuns: 40 },
  )
})

test('every path tests every fold once, and every test belongs to one path', () => {
  fc.assert(
    fc.property(plans, ({ folds, testFolds, observations }) => {
      const splits = combinatorialSplits({ folds, testFolds, observations })
      assert.equal(splits.length, combinations(folds, testFolds))
      const paths = Array.from({ length: pathCount(folds, testFolds) }, (): number[] => [])
      for (const [split, ids] of pathOfTests(folds, testFolds).entries()) {
        for (const [test, path] of ids.entries()) paths[path]!.push(splits[split]!.testFolds[test]!)
      }
      const each = Array.from({ length: folds }, (_, fold) => fold)
      for (const path of paths)
        assert.deepEqual(
          path.toSorted((a, b) => a - b),
          each,
        )
    }),
    { numRuns: 40 },
  )
})

test('forecasts of the folds are those of a least squares fit to the training rows alone', () => {
  const random = randomFrom('regression')
  const rows = 83
  const features = [0, 1].map((i) => Array.from({ length: rows }, () => 5 * i + randomNormal(random)))
  const target = Array.from(
    { length: rows },
    (_, t) => 2 + features[0]![t]! - 3 * features[1]![t]! + randomNormal(random),
  )
  const folds = 4
  const splits = combinatorialSplits({ observations: rows, folds, testFolds: 2, purge: 2, embargo: 1 })
  const fitted = crossValidatedForecasts(features, target, { splits, folds })
  assert.ok(fitted.kind === 'fitted')
  assert.equal(fitted.paths.length, 3)
  for (const [index, { train }] of splits.entries()) {
    const [intercept, ...slopes] = fitted.coefficients[index]!
    // Least squares leave residuals that are orthogonal to the intercept and to every feature.
    const residuals = rowsOf(train).map(
      (t) => target[t]! - intercept! - slopes[0]! * features[0]![t]! - slopes[1]! * features[1]![t]!,
    )
    const against = [() => 1, (t: number) => features[0]![t]!, (t: number) => features[1]![t]!]
    for (const of of against) {
      const product = rowsOf(train).reduce((sum, t, i) => sum + of(t) * residuals[i]!, 0)
      assert.ok(Math.abs(product) < 1e-8, `${product}`)
    }
  }
  // Split 0 tests folds 0 and 1, both on path 0.
  const [intercept, ...slopes] = fitted.coefficients[0]!
  const expected = intercept! + slopes[0]! * features[0]![3]! + slopes[1]! * features[1]![3]!
  assert.ok(Math.abs(fitted.paths[0]![3]! - expected) < 1e-10)
})

test('features that depend on one another are an answer, not a forecast', () => {
  const column = Array.from({ length: 40 }, (_, t) => Math.sin(t))
  const splits = combinatorialSplits({ observations: 40, folds: 4, testFolds: 2 })
  const twice = column.map((value) => 2 * value + 1)
  const fitted = crossValidatedForecasts([column, twice], column, { splits, folds: 4 })
  assert.deepEqual(fitted, { kind: 'collinear', because: 'the features of split 0 depend on one another' })
})

test('the probability of overfitting by hand: four blocks, two strategies', () => {
  // Means by block: a = 3 1 1 3, b = 2 2 2 2, with the same spread everywhere. Halves of blocks:
  // {0,3}: a 3 against 2 chosen, outside a 1 against 2: worst of two. {1,2}: b chosen, outside 2 against 3: worst.
  // {0,1}, {0,2}, {1,3}, {2,3}: both have mean 2, but the blocks of a differ, so its Sharpe ratio is lower: b is chosen,
  // and outside it is the better one again. So 2 of 6 are at or below the median.
  const spread = [0.1, -0.1, 0.1, -0.1]
  const a = [3, 1, 1, 3].flatMap((mean) => spread.map((off) => mean + off))
  const b = [2, 2, 2, 2].flatMap((mean) => spread.map((off) => mean + off))
  const { probability, probabilityOfLoss, logits } = backtestOverfitting([a, b], 4)
  assert.equal(probability, 2 / 6)
  assert.equal(probabilityOfLoss, 0)
  // Rank 1 or 2 of 2, over 3: logits -log 2 and log 2.
  assert.deepEqual(new Set(Array.from(logits, (value) => Math.sign(value))), new Set([-1, 1]))
  assert.ok(Array.from(logits).every((value) => Math.abs(Math.abs(value) - Math.LN2) < 1e-12))
})

test('choosing among equal noise is overfitted about half the time, choosing a strategy with an edge never', () => {
  const strategies = (market: number, drift: number) =>
    Array.from({ length: 12 }, (_, i) => {
      const random = randomFrom('overfitting', market, i)
      return Array.from({ length: 320 }, () => (i === 5 ? drift : 0) + randomNormal(random))
    })
  // One market's combinations share their days, so only the mean over many markets says something.
  const markets = 60
  let sum = 0
  for (let market = 0; market < markets; market++) sum += backtestOverfitting(strategies(market, 0), 6).probability
  assert.ok(Math.abs(sum / markets - 0.5) < 0.12, `${sum / markets}`)
  assert.equal(backtestOverfitting(strategies(0, 0.7), 10).probability, 0)
})
