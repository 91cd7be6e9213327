import { strict as assert } from 'node:assert'
import { type PurgedSplit, pathCount, pathOfTests, type Range } from './folds.ts'

export type CrossValidated =
  | {
      readonly kind: 'fitted'
      /** Intercept and one slope for each feature, by split. */
      readonly coefficients: readonly Float64Array[]
      /** One forecast for each row on each path, none of them from a model that was trained near that row. */
      readonly paths: readonly Float64Array[]
    }
  | { readonly kind: 'collinear'; readonly because: string }

/**
 * Least squares with an intercept on the training rows of each split, and its forecasts of the test rows, put together to
 * paths.
 *
 * @param features columns, each as long as the target
 * @param splits all splits of one plan, as `combinatorialSplits` gives them
 * @param folds of that plan
 * Sums of products are kept from the first row on, so that a split costs what its ranges cost and not its rows.
 */
export function crossValidatedForecasts(
  features: readonly ArrayLike<number>[],
  target: ArrayLike<number>,
  { splits, folds }: { readonly splits: readonly PurgedSplit[]; readonly folds: number },
): CrossValidated {
  const rows = target.length
  assert(
    features.every((column) => column.length === rows),
    'features and target have different lengths',
  )
  const width = features.length + 1
  const centers = features.map((column) => mean(column))
  // About their means the columns lose no digits in differences of long sums; the slopes stay the same.
  const centered = features.map((column, i) => Float64Array.from(column, (value) => value - centers[i]!))
  const sums = productSums(centered, target)
  const testFolds = splits[0]!.testFolds.length
  const pathOf = pathOfTests(folds, testFolds)
  const paths = Array.from({ length: pathCount(folds, testFolds) }, () => new Float64Array(rows))
  const coefficients: Float64Array[] = []
  for (const [index, split] of splits.entries()) {
    const fitted = solve(productsOf(sums, split.train, width), width)
    if (fitted === null) return { kind: 'collinear', because: `the features of split ${index} depend on one another` }
    for (const [test, range] of split.tests.entries()) forecast(centered, fitted, range, paths[pathOf[index]![test]!]!)
    fitted[0]! -= centers.reduce((sum, center, i) => sum + center * fitted[i + 1]!, 0)
    coefficients.push(fitted)
  }
  return { kind: 'fitted', coefficients, paths }
}

function mean(values: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Running sums of x_i x_j for i <= j with x_0 = 1, the target as the last x: `size` numbers for each row, the first all zero. */
function productSums(features: readonly Float64Array[], target: ArrayLike<number>): Float64Array {
  const rows = target.length
  const width = features.length + 2
  const size = (width * (width + 1)) / 2
  const sums = new Float64Array(size * (rows + 1))
  const row = new Float64Array(width)
  row[0] = 1
  for (let t = 0; t < rows; t++) {
    for (let i = 0; i < features.length; i++) row[i + 1] = features[i]![t]!
    row[width - 1] = target[t]!
    let at = size * (t + 1)
    for (let i = 0; i < width; i++) {
      for (let j = i; j < width; j++, at++) sums[at] = sums[at - size]! + row[i]! * row[j]!
    }
  }
  return sums
}

/** Sums of products over ranges of rows, as a full matrix of coefficients by coefficients and target. */
function productsOf(sums: Float64Array, ranges: readonly Range[], width: number): Float64Array {
  const columns = width + 1
  const size = (columns * (columns + 1)) / 2
  const matrix = new Float64Array(width * columns)
  let at = 0
  for (let i = 0; i < width; i++) {
    for (let j = i; j < columns; j++, at++) {
      let sum = 0
      for (const { start, end } of ranges) sum += sums[end * size + at]! - sums[start * size + at]!
      matrix[i * columns + j] = sum
      if (j < width) matrix[j * columns + i] = sum
    }
  }
  return matrix
}

/** Elimination without exchanges, which a positive definite matrix does not need; null when a pivot is only rounding. */
function solve(matrix: Float64Array, width: number): Float64Array | null {
  const columns = width + 1
  const least = Float64Array.from({ length: width }, (_, i) => 1e-12 * matrix[i * columns + i]!)
  for (let pivot = 0; pivot < width; pivot++) {
    const head = matrix[pivot * columns + pivot]!
    if (head <= least[pivot]!) return null
    for (let i = pivot + 1; i < width; i++) {
      const factor = matrix[i * columns + pivot]! / head
      for (let j = pivot; j < columns; j++) matrix[i * columns + j]! -= factor * matrix[pivot * columns + j]!
    }
  }
  const solution = new Float64Array(width)
  for (let i = width - 1; i >= 0; i--) {
    let rest = matrix[i * columns + width]!
    for (let j = i + 1; j < width; j++) rest -= matrix[i * columns + j]! * solution[j]!
    solution[i] = rest / matrix[i * columns + i]!
  }
  return solution
}

function forecast(features: readonly Float64Array[], fitted: Float64Array, rows: Range, into: Float64Array): void {
  into.fill(fitted[0]!, rows.start, rows.end)
  for (let i = 0; i < features.length; i++) {
    const column = features[i]!
    const slope = fitted[i + 1]!
    for (let t = rows.start; t < rows.end; t++) into[t]! += slope * column[t]!
  }
}
