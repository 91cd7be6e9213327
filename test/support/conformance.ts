import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { sharedPath } from './shared.ts'

/** Peers' results as they lie in ../shared/conformance; what JSON cannot hold is a text such as "NaN". */
export type Printed = number | 'NaN' | 'Infinity' | '-Infinity'

export function readConformance<T>(file: string): T {
  return JSON.parse(readFileSync(sharedPath(`conformance/${file}`), 'utf8')) as T
}

/** Agreement to a number of decimals, counted as numpy's assert_almost_equal does in the peers' tests, or relative. */
export function assertClose(
  actual: number | null,
  expected: number,
  { decimals, rtol }: { readonly decimals?: number; readonly rtol?: number },
  what: string,
): void {
  const allowed = decimals === undefined ? Math.abs(expected) * rtol! : 1.5 * 10 ** -decimals
  assert.ok(
    actual !== null && Math.abs(actual - expected) <= allowed,
    `${what}: ${actual} instead of ${expected} within ${allowed}`,
  )
}

/** Simple daily returns of one share in the prices of skfolio's tests. */
export function skfolioReturns(symbol: string): number[] {
  const rows = gunzipSync(readFileSync(sharedPath('conformance/inputs/skfolio_sp500_prices.csv.gz')))
    .toString('utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  const column = rows[0]!.indexOf(symbol)
  const prices = rows.slice(1).map((row) => Number(row[column]))
  return prices.slice(1).map((price, i) => price / prices[i]! - 1)
}
