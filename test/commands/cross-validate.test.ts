import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { crossValidate } from '../../src/commands/cross-validate.ts'
import { InputError } from '../../src/errors.ts'
import { readConformance } from '../support/conformance.ts'
import { chance } from '../support/market-files.ts'
import { sharedAbsent } from '../support/shared.ts'

const io = (stdin: string): CommandIo => ({
  environment: {},
  readStdin: async () => stdin,
  say: () => {},
  show: () => {},
  interactive: false,
})
type Split = {
  readonly testFolds: readonly number[]
  readonly tests: readonly (readonly [number, number])[]
  readonly train: readonly (readonly [number, number])[]
  readonly paths: readonly number[]
  readonly intercept: number
  readonly coefficients: Readonly<Record<string, number>>
}
type Path = {
  readonly correlation: number | null
  readonly rankCorrelation: number | null
  readonly rSquared: number | null
  readonly meanSquaredError: number
  readonly forecasts: readonly number[]
}
type Document = { readonly n: number; readonly splits: readonly Split[]; readonly paths: number | readonly Path[] }
const run = async (input: object | string): Promise<Document> => {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return (await crossValidate('-', io(text))).json as Document
}
const faultsOf = async (input: object | string): Promise<readonly string[]> => {
  try {
    await run(input)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('the input was taken')
}
const rows = (ranges: Split['train']) =>
  ranges.flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i))

type Case = {
  readonly params: Readonly<Record<string, number>>
  readonly expected: {
    readonly splits: readonly { readonly train: readonly number[]; readonly tests: readonly (readonly number[])[] }[]
    readonly n_test_paths?: number
    readonly 'get_path_ids()'?: readonly (readonly number[])[]
  }
}
test('gives the splits and paths of skfolio, row by row', { skip: sharedAbsent }, async () => {
  const { cases } = readConformance<{ readonly cases: readonly Case[] }>('skfolio_cpcv.json')
  assert.ok(cases.length > 0)
  for (const { params, expected } of cases) {
    const found = await run({
      observations: params.n_observations,
      folds: params.n_folds,
      testFolds: params.n_test_folds,
      purge: params.purged_size,
      embargo: params.embargo_size,
    })
    assert.deepEqual(
      found.splits.map(({ train, tests }) => ({ train: rows(train), tests: tests.map((range) => rows([range])) })),
      expected.splits,
    )
    if (expected.n_test_paths !== undefined) assert.equal(found.paths, expected.n_test_paths)
    if (expected['get_path_ids()'] !== undefined)
      assert.deepEqual(
        found.splits.map(({ paths }) => paths),
        expected['get_path_ids()'],
      )
  }
})

test('every path forecasts each row by the line through the rows that its split trained on', async () => {
  const random = chance(7)
  const x = Array.from({ length: 47 }, () => random() - 0.5)
  const target = x.map((value) => 0.3 * value + 0.1 * (random() - 0.5))
  const plan = { folds: 5, testFolds: 2, purge: 2, embargo: 1 }
  const { splits, paths } = await run({ target, features: { x }, ...plan })
  assert.equal(splits.length, 10)
  assert.ok(typeof paths !== 'number')
  assert.equal(paths.length, 4)
  for (const split of splits) {
    // The textbook's line: slope = covariance over variance.
    const train = rows(split.train)
    const mean = (values: readonly number[]) => train.reduce((sum, t) => sum + values[t]!, 0) / train.length
    const [mx, my] = [mean(x), mean(target)]
    const slope =
      train.reduce((sum, t) => sum + (x[t]! - mx) * (target[t]! - my), 0) /
      train.reduce((sum, t) => sum + (x[t]! - mx) ** 2, 0)
    assert.ok(Math.abs(split.coefficients.x! - slope) < 1e-9)
    assert.ok(Math.abs(split.intercept - (my - slope * mx)) < 1e-9)
    for (const [i, range] of split.tests.entries()) {
      for (const t of rows([range])) {
        assert.ok(Math.abs(paths[split.paths[i]!]!.forecasts[t]! - (my - slope * mx + slope * x[t]!)) < 1e-9)
        // Two rows on either side are purged, one more after the block; nothing near a test trains.
        assert.ok(train.every((row) => row < range[0] - 2 || row >= range[1] + 3))
      }
    }
  }
})

test('a feature that is the target is found, one that is noise is not', async () => {
  const random = chance(11)
  const target = Array.from({ length: 400 }, () => random() - 0.5)
  const perfect = await run({ target, features: { same: target.map((value) => 2 * value + 1) } })
  const noise = await run({ target, features: { noise: target.map(() => random()) } })
  assert.ok(typeof perfect.paths !== 'number' && typeof noise.paths !== 'number')
  for (const path of perfect.paths) {
    assert.ok(Math.abs(path.correlation! - 1) < 1e-9 && path.meanSquaredError < 1e-18 && path.rSquared! > 1 - 1e-9)
  }
  for (const path of noise.paths) assert.ok(path.rSquared! < 0.02 && path.rankCorrelation! < 0.1)
})

test('equal inputs give equal bytes', async () => {
  const input = { target: [1, 3, 2, 5, 4, 6, 8, 7], features: { a: [1, 2, 3, 4, 5, 6, 7, 8] }, folds: 4, testFolds: 1 }
  assert.equal(JSON.stringify(await run(input)), JSON.stringify(await run(input)))
})

test('every fault of an input is told with its place', async () => {
  const features = { a: [1, 2, 3, 4] }
  const target = [1, 2, 3, 4]
  const cases: readonly (readonly [object | string, RegExp])[] = [
    ['', /stdin is not JSON/],
    ['[1]', /must be an object such as/],
    ['{"target": [NaN, 1], "features": {"a": [1, Infinity]}}', /target\[0\] must be a finite number, got "NaN"/],
    ['{"target": [NaN, 1], "features": {"a": [1, Infinity]}}', /features\.a\[1\] must be a finite number/],
    [{}, /neither a target nor a number of observations/],
    [{ features }, /without a target/],
    [{ target }, /features is missing or empty/],
    [{ target, features: { a: [1] } }, /features\.a has length 1 but target has 4/],
    [{ target, features, observations: 4 }, /leave one of them out/],
    [{ target, features, folds: 2, testFolds: 2 }, /at least one must be left to train on/],
    [{ target, features, folds: 4, purge: 1 }, /a purge of 1 and an embargo of 0 use them up/],
    [
      { target, features, fold: 2 },
      /"fold" is not a known key; did you mean folds\?|"fold" is not a known key; known are/,
    ],
    [{ observations: 1e6, folds: 100, testFolds: 50 }, /at most 10000 are computed/],
    [{ observations: 2.5 }, /observations must be a whole number from 2, got 2.5/],
    [{ target, features: { a: [1, 1, 1, 1] }, folds: 2, testFolds: 1 }, /one is constant there/],
    // 4 rows in 2 folds leave 2 rows for 3 coefficients.
    [{ target, features: { a: [1, 2, 3, 5], b: [2, 1, 1, 4] }, folds: 2, testFolds: 1 }, /depend on one another/],
  ]
  for (const [input, words] of cases) assert.match((await faultsOf(input)).join('\n'), words)
})
