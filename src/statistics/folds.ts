import { strict as assert } from 'node:assert'

export type FoldPlan = {
  readonly observations: number
  /** Consecutive folds of equal size; what does not divide goes to the last one, so that no observation is dropped. */
  readonly folds: number
  readonly testFolds: number
  /** Observations taken out of the training set on both sides of a test block: as many as a label looks ahead. */
  readonly purge?: number
  /** Further observations taken out after a test block, since features remember; never before it. */
  readonly embargo?: number
}

/** Rows `start` to `end - 1`. */
export type Range = { readonly start: number; readonly end: number }

export type PurgedSplit = {
  /** Which folds are tested, ascending. */
  readonly testFolds: readonly number[]
  /** One for each test fold, in the same order. */
  readonly tests: readonly Range[]
  /** What is left to train on, ascending. */
  readonly train: readonly Range[]
}

const splitsMost = 100_000

/**
 * Combinatorial purged cross-validation: every choice of test folds, in lexicographic order.
 *
 * @returns C(folds, testFolds) splits
 * Example: 12 observations, 3 folds, 2 of them tested, embargo 1 -> the first split tests 0-3 and 4-7 and trains on 9-11
 * Source: Lopez de Prado, Advances in Financial Machine Learning, 2018, chapters 7 and 12.
 */
export function combinatorialSplits(plan: FoldPlan): readonly PurgedSplit[] {
  const { observations, folds, testFolds, purge = 0, embargo = 0 } = plan
  assert(folds >= 2 && testFolds >= 1 && testFolds < folds, `${testFolds} of ${folds} folds cannot be tested`)
  assert(purge >= 0 && embargo >= 0, 'a purge and an embargo are numbers of observations')
  const size = Math.floor(observations / folds)
  assert(size > purge + embargo, `folds of ${size} are used up by a purge of ${purge} and an embargo of ${embargo}`)
  assert(
    combinations(folds, testFolds) <= splitsMost,
    `${testFolds} of ${folds} folds make more than ${splitsMost} splits`,
  )
  const rows = (fold: number): Range => ({
    start: fold * size,
    end: fold === folds - 1 ? observations : (fold + 1) * size,
  })
  return choices(folds, testFolds).map((chosen) => {
    const tests = chosen.map(rows)
    const barred = tests.map(({ start, end }) => ({ start: start - purge, end: end + purge + embargo }))
    return { testFolds: chosen, tests, train: complement(barred, observations) }
  })
}

/** Rows outside all ranges; the ranges are in ascending order and may overlap or reach over the ends. */
function complement(ranges: readonly Range[], rows: number): readonly Range[] {
  const free: Range[] = []
  let from = 0
  for (const { start, end } of ranges) {
    if (start > from) free.push({ start: from, end: start })
    from = Math.max(from, end)
  }
  if (from < rows) free.push({ start: from, end: rows })
  return free
}

/**
 * The paths that can be put together from the tests: on each, every fold is tested exactly once.
 *
 * @returns for each split and each of its test folds, the path to which that test belongs; paths count from 0
 * Example: 3 folds, 2 tested -> [[0, 0], [1, 0], [1, 1]]: path 0 is fold 0 of split 0, fold 1 of split 0, fold 2 of split 1
 * Source: Lopez de Prado 2018, section 12.4.1.
 */
export function pathOfTests(folds: number, testFolds: number): readonly (readonly number[])[] {
  const testedSoFar = new Array<number>(folds).fill(0)
  return choices(folds, testFolds).map((chosen) => chosen.map((fold) => testedSoFar[fold]!++))
}

/** Number of paths: C(folds - 1, testFolds - 1). Example: 10 folds, 2 tested -> 9 */
export function pathCount(folds: number, testFolds: number): number {
  return combinations(folds - 1, testFolds - 1)
}

/** Row numbers of ranges, for whoever must list them. Example: [{start: 2, end: 4}] -> [2, 3] */
export function rowsOf(ranges: readonly Range[]): readonly number[] {
  return ranges.flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))
}

export function combinations(of: number, taken: number): number {
  let product = 1
  for (let i = 1; i <= taken; i++) product = (product * (of - taken + i)) / i
  return product
}

/** All ascending choices of `taken` numbers below `of`, in lexicographic order. */
export function choices(of: number, taken: number): readonly (readonly number[])[] {
  if (taken === 0) return [[]]
  const all: (readonly number[])[] = []
  const chosen = Array.from({ length: taken }, (_, i) => i)
  for (;;) {
    all.push([...chosen])
    let last = taken - 1
    while (last >= 0 && chosen[last] === of - taken + last) last--
    if (last < 0) return all
    chosen[last]!++
    for (let i = last + 1; i < taken; i++) chosen[i] = chosen[i - 1]! + 1
  }
}
