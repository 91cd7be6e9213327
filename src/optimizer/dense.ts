/**
 * Cholesky factor L of a symmetric positive definite matrix (n x n by rows), written into its lower triangle.
 *
 * @param skipped stands in for a pivot that is not positive
 * Example: [4, 2, 2, 5] -> L = [2, _, 1, 2]
 */
export function choleskyInPlace(matrix: Float64Array, n: number, skipped: number): void {
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let rest = matrix[i * n + j]!
      for (let k = 0; k < j; k += 1) rest -= matrix[i * n + k]! * matrix[j * n + k]!
      if (i > j) matrix[i * n + j] = rest / matrix[j * n + j]!
      else matrix[i * n + i] = Math.sqrt(rest > 0 ? rest : skipped)
    }
  }
}

/** The x with L L' x = right, L from `choleskyInPlace`. */
export function backward(factor: Float64Array, n: number, right: Float64Array): Float64Array {
  const x = Float64Array.from(right)
  for (let i = 0; i < n; i += 1) {
    for (let k = 0; k < i; k += 1) x[i]! -= factor[i * n + k]! * x[k]!
    x[i]! /= factor[i * n + i]!
  }
  for (let i = n - 1; i >= 0; i -= 1) {
    x[i]! /= factor[i * n + i]!
    for (let k = 0; k < i; k += 1) x[k]! -= factor[i * n + k]! * x[i]!
  }
  return x
}
