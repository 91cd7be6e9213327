import { z } from 'zod'
import { InputError } from '../errors.ts'
import { crossValidatedForecasts } from '../statistics/cross-validated.ts'
import { combinations, combinatorialSplits, type PurgedSplit, pathCount, pathOfTests } from '../statistics/folds.ts'
import { type ForecastQuality, forecastQuality } from '../statistics/forecast-quality.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { firstFaults, type Given, jsonObject, sentencesOf } from './json-input.ts'
import { readInput } from './read-input.ts'
import { shown } from './returns-csv.ts'

const number = z.number({ error: (issue) => `must be a finite number, got ${shown(issue.input)}` })
const whole = (least: number) =>
  number.refine((value) => Number.isSafeInteger(value) && value >= least, {
    error: (issue) => `must be a whole number from ${least}, got ${shown(issue.input)}`,
  })
const column = z.array(number, { error: (issue) => `must be a list of numbers, got ${shown(issue.input)}` })

const Input = z.strictObject({
  observations: whole(2).optional(),
  target: column.optional(),
  features: z
    .record(z.string(), column, { error: (issue) => `must be {NAME: numbers}, got ${shown(issue.input)}` })
    .optional(),
  folds: whole(2).optional(),
  testFolds: whole(1).optional(),
  purge: whole(0).optional(),
  embargo: whole(0).optional(),
})
type Plan = {
  readonly observations: number
  readonly folds: number
  readonly testFolds: number
  readonly purge: number
  readonly embargo: number
}

/** So many splits and forecasts are more than anybody reads, and less than fills the memory. */
const splitsMost = 10_000
const forecastsMost = 5_000_000

/**
 * `primer cross-validate FILE`: combinatorial purged cross-validation. With a target and features, the forecasts of a linear
 * model, each row by models that were trained away from it; with a number of observations alone, the splits.
 *
 * @returns json: the plan, `splits` with `train` and `tests` as rows [start, end), `paths`; with a target also coefficients by
 *   split, and forecasts and their quality by path. Text: a summary
 */
export async function crossValidate(file: string, io: CommandIo): Promise<CommandResult> {
  const { name, text } = await readInput(file, 'a JSON file with a target and features', io)
  const faults: string[] = []
  const given = jsonObject(name, text, '{"target": [0.01, -0.02], "features": {"momentum": [1, 2]}}', faults)
  const parsed = Input.safeParse(given ?? {})
  if (given !== null && !parsed.success) faults.push(...sentencesOf(parsed.error, { '': Object.keys(Input.shape) }))
  if (given !== null) faults.push(...faultsOfLengths(given))
  if (faults.length > 0 || !parsed.success) throw new InputError(firstFaults(faults))
  const { target, features = {}, folds = 10, testFolds = 2, purge = 0, embargo = 0 } = parsed.data
  const plan: Plan = { observations: target?.length ?? parsed.data.observations!, folds, testFolds, purge, embargo }
  const wrong = faultsOfPlan(plan, target !== undefined)
  if (wrong.length > 0) throw new InputError(wrong)
  const splits = combinatorialSplits(plan)
  const untrained = splits.findIndex(({ train }) => train.length === 0)
  if (untrained >= 0)
    throw new InputError(`split ${untrained} leaves nothing to train on; fewer test folds or less purge`)
  const shape = { n: plan.observations, folds, testFolds, purge, embargo }
  const paths = pathOfTests(folds, testFolds)
  const rows = splits.map((split, i) => splitDocument(split, paths[i]!))
  if (target === undefined) {
    const json = { ...shape, paths: pathCount(folds, testFolds), splits: rows }
    return { json, text: summary(plan, splits.length, null) }
  }
  const columns = Object.entries(features)
  const fitted = crossValidatedForecasts(
    columns.map(([, values]) => values),
    target,
    { splits, folds },
  )
  if (fitted.kind === 'collinear') {
    throw new InputError(`${fitted.because}: one is constant there, or a combination of others; leave it out`)
  }
  const quality = fitted.paths.map((forecasts) => forecastQuality(forecasts, target))
  const json = {
    ...shape,
    paths: quality.map((figures, i) => ({ ...figures, forecasts: [...fitted.paths[i]!] })),
    splits: rows.map((row, i) => {
      const [intercept, ...slopes] = fitted.coefficients[i]!
      return { ...row, intercept, coefficients: Object.fromEntries(columns.map(([key], j) => [key, slopes[j]])) }
    }),
    notes: [
      'rSquared compares the squared errors with those of the mean over all rows, which no forecaster knew: below zero is no better than it.',
      'Without any skill the correlations lean below zero: a row that lifts its own fold is missing from the mean that forecasts it.',
      'The paths share rows and models, so their spread is no standard error.',
    ],
  }
  return { json, text: summary(plan, splits.length, quality) }
}

function splitDocument({ testFolds, tests, train }: PurgedSplit, paths: readonly number[]) {
  const pairs = (ranges: PurgedSplit['train']) => ranges.map(({ start, end }) => [start, end])
  return { testFolds, tests: pairs(tests), train: pairs(train), paths }
}

function faultsOfLengths({ observations, target, features }: Given): readonly string[] {
  if (target === undefined) {
    if (features !== undefined) return ['features are there without a target; give what they are to forecast']
    return observations === undefined ? ['there is neither a target nor a number of observations'] : []
  }
  const faults: string[] = []
  if (observations !== undefined) faults.push('observations is the length of the target; leave one of them out')
  const columns = typeof features === 'object' && features !== null ? Object.entries(features) : []
  if (features === undefined || (typeof features === 'object' && columns.length === 0))
    faults.push('features is missing or empty; a forecast needs at least one column')
  if (!Array.isArray(target)) return faults
  for (const [name, values] of columns) {
    if (Array.isArray(values) && values.length !== target.length)
      faults.push(`features.${name} has length ${values.length} but target has ${target.length}`)
  }
  return faults
}

function faultsOfPlan({ observations, folds, testFolds, purge, embargo }: Plan, forecasts: boolean): readonly string[] {
  if (testFolds >= folds) return [`testFolds is ${testFolds} of ${folds} folds; at least one must be left to train on`]
  const size = Math.floor(observations / folds)
  const faults: string[] = []
  if (size <= purge + embargo) {
    faults.push(
      `${observations} observations in ${folds} folds are ${size} each: a purge of ${purge} and an embargo of ${embargo} use them up`,
    )
  }
  const count = combinations(folds, testFolds)
  if (count > splitsMost) {
    faults.push(`${testFolds} of ${folds} folds make ${count} splits; at most ${splitsMost} are computed`)
  } else if (forecasts && pathCount(folds, testFolds) * observations > forecastsMost) {
    faults.push(
      `${pathCount(folds, testFolds)} paths of ${observations} rows are more than ${forecastsMost} forecasts; fewer folds`,
    )
  }
  return faults
}

function summary(plan: Plan, splits: number, quality: readonly ForecastQuality[] | null): string {
  const head = `${plan.observations} rows, ${plan.testFolds} of ${plan.folds} folds tested: ${splits} splits; purge ${plan.purge}, embargo ${plan.embargo}`
  if (quality === null) return `${head}; the splits are in the JSON (--json).`
  const figure = (value: number | null) => (value === null ? '-' : value.toFixed(4)).padStart(12)
  const names = ['correlation', 'rankCorrelation', 'rSquared', 'meanSquaredError'] as const
  const lines = quality.map((one, i) => `${String(i).padStart(4)}${names.map((name) => figure(one[name])).join('')}`)
  const header = `path${['correlation', 'rank', 'R squared', 'mean sq.'].map((label) => label.padStart(12)).join('')}`
  return [head, header, ...lines].join('\n')
}
