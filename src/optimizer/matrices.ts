import { type Faults, fault, full, shown } from './reading.ts'

/** Returns per period, simple and as fractions: row s, column i is `values[s * assets + i]`. */
export type Scenarios = { readonly count: number; readonly values: Float64Array }

/** A covariance may be off symmetry, and below zero on its spectrum, by this much of a variance: rounding, not a mistake. */
const roundingTolerance = 1e-8

/** Beyond these the solver's memory ends before an answer: 10,000 assets in 500 scenarios still take 10 s. */
const mostScenarioNumbers = 5_000_000
export const mostCovarianceAssets = 2_000

/** Reads rows of returns; each row must have one finite number of at least -1 for each asset. */
export function readScenarios(faults: Faults, raw: unknown, assets: readonly string[]): Scenarios | undefined {
  if (!Array.isArray(raw) || raw.length === 0) {
    fault(faults, 'scenarios must be a list of at least one row of returns, one return per asset')
    return undefined
  }
  if (raw.length * assets.length > mostScenarioNumbers) {
    const most = Math.floor(mostScenarioNumbers / assets.length)
    fault(faults, `scenarios: ${raw.length} rows for ${assets.length} assets are too many; at most ${most} rows`)
    return undefined
  }
  const values = readRows(faults, 'scenarios', raw, assets)
  if (values === undefined) return undefined
  const n = assets.length
  for (let index = 0; index < values.length && !full(faults); index += 1) {
    const value = values[index]!
    if (value < -1) {
      const where = `scenarios[${Math.floor(index / n)}][${index % n}] (${assets[index % n]})`
      fault(
        faults,
        `${where} is ${value}: a return below -1 loses more than everything; returns are fractions, not percent`,
      )
    }
  }
  return { count: raw.length, values }
}

/** Reads a symmetric, positive semidefinite n x n matrix; rounding is forgiven and evened out. */
export function readCovariance(faults: Faults, raw: unknown, assets: readonly string[]): Float64Array | undefined {
  const n = assets.length
  if (n > mostCovarianceAssets) {
    fault(faults, `covariance: ${n} assets are too many for a dense matrix; at most ${mostCovarianceAssets}`)
    return undefined
  }
  if (!Array.isArray(raw) || raw.length !== n) {
    const rows = Array.isArray(raw) ? `${raw.length} rows` : shown(raw)
    fault(faults, `covariance must have one row and one column per asset (${n}), got ${rows}`)
    return undefined
  }
  const before = faults.length
  const values = readRows(faults, 'covariance', raw, assets)
  if (values === undefined || faults.length > before) return undefined
  refuseAsymmetry(faults, values, assets)
  if (faults.length === before) refuseIndefinite(faults, values, assets)
  return values
}

function readRows(
  faults: Faults,
  name: string,
  rows: readonly unknown[],
  assets: readonly string[],
): Float64Array | undefined {
  const n = assets.length
  const values = new Float64Array(rows.length * n)
  let whole = true
  for (let index = 0; index < rows.length && !full(faults); index += 1) {
    const row = rows[index]
    if (!Array.isArray(row) && !(row instanceof Float64Array)) {
      fault(faults, `${name}[${index}] must be a list of ${n} numbers, got ${shown(row)}`)
      whole = false
    } else if (row.length !== n) {
      fault(faults, `${name}[${index}] has ${row.length} values but there are ${n} assets`)
      whole = false
    } else {
      for (let column = 0; column < n; column += 1) {
        const value: unknown = row[column]
        if (typeof value === 'number' && Number.isFinite(value)) values[index * n + column] = value
        else {
          fault(faults, `${name}[${index}][${column}] (${assets[column]}) must be a finite number, got ${shown(value)}`)
          whole = false
        }
      }
    }
  }
  return whole ? values : undefined
}

function refuseAsymmetry(faults: Faults, values: Float64Array, assets: readonly string[]): void {
  const n = assets.length
  for (let i = 0; i < n && !full(faults); i += 1) {
    if (values[i * n + i]! < 0)
      fault(faults, `covariance: the variance of ${assets[i]} is ${values[i * n + i]}, below 0`)
    for (let j = 0; j < i; j += 1) {
      const below = values[i * n + j]!
      const above = values[j * n + i]!
      const size = Math.sqrt(Math.abs(values[i * n + i]! * values[j * n + j]!)) + Math.abs(below)
      if (Math.abs(below - above) > roundingTolerance * size) {
        fault(
          faults,
          `covariance is not symmetric: ${assets[i]} with ${assets[j]} is ${below}, the other way round ${above}`,
        )
      }
      values[i * n + j] = (below + above) / 2
      values[j * n + i] = (below + above) / 2
    }
  }
}

/** Cholesky on the correlations, diagonal raised by the tolerance; a pivot is what earlier assets leave unexplained. */
function refuseIndefinite(faults: Faults, values: Float64Array, assets: readonly string[]): void {
  const n = assets.length
  const deviation = Float64Array.from({ length: n }, (_, i) => Math.sqrt(values[i * n + i]!) || 1)
  const factor = new Float64Array(n * n)
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let rest = values[i * n + j]! / (deviation[i]! * deviation[j]!)
      for (let k = 0; k < j; k += 1) rest -= factor[i * n + k]! * factor[j * n + k]!
      if (i !== j) {
        factor[i * n + j] = rest / factor[j * n + j]!
      } else if (rest + roundingTolerance > 0) {
        factor[i * n + i] = Math.sqrt(rest + roundingTolerance)
      } else {
        const left = (rest * deviation[i]! ** 2).toPrecision(3)
        const because = `after the assets before it, ${assets[i]} would have a variance of ${left} left`
        fault(
          faults,
          `covariance is not positive semidefinite (some portfolio would have a negative variance): ${because}`,
        )
        return
      }
    }
  }
}

/** Mean of each column. Example: rows [0.01, 0] and [0.03, 0.02] -> [0.02, 0.01] */
export function scenarioMeans(scenarios: Scenarios, assets: number): Float64Array {
  const means = new Float64Array(assets)
  for (let s = 0; s < scenarios.count; s += 1) {
    for (let i = 0; i < assets; i += 1) means[i]! += scenarios.values[s * assets + i]!
  }
  return means.map((sum) => sum / scenarios.count)
}

/**
 * Sample covariance of the columns, divisor count - 1, n x n by rows.
 * Example: rows [0.01, 0] and [0.03, 0.02] -> [2e-4, 2e-4, 2e-4, 2e-4]
 */
export function sampleCovariance(scenarios: Scenarios, assets: number): Float64Array {
  const means = scenarioMeans(scenarios, assets)
  const covariance = new Float64Array(assets * assets)
  const centred = new Float64Array(assets)
  for (let s = 0; s < scenarios.count; s += 1) {
    for (let i = 0; i < assets; i += 1) centred[i] = scenarios.values[s * assets + i]! - means[i]!
    for (let i = 0; i < assets; i += 1) {
      const left = centred[i]!
      for (let j = 0; j <= i; j += 1) covariance[i * assets + j]! += left * centred[j]!
    }
  }
  for (let i = 0; i < assets; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      const value = covariance[i * assets + j]! / (scenarios.count - 1)
      covariance[i * assets + j] = value
      covariance[j * assets + i] = value
    }
  }
  return covariance
}
