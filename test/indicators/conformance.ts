import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { sharedPath } from '../support/shared.ts'

export type TulipCase = {
  readonly function: string
  readonly params: readonly number[]
  readonly inputs: Readonly<Record<string, readonly number[]>>
  readonly expected: Readonly<Record<string, readonly number[]>>
}

/**
 * Cases of one function of Tulip Indicators, at least one. Not offered here, and so not read: ema, macd, max, obv, roc,
 * stoch, sum. Its stddev is held against the half width of the Bollinger bands.
 */
export function tulipCases(name: string): readonly TulipCase[] {
  const file = JSON.parse(readFileSync(sharedPath('conformance/tulip_indicators.json'), 'utf8')) as {
    cases: readonly TulipCase[]
  }
  const cases = file.cases.filter((candidate) => candidate.function === name)
  assert.ok(cases.length > 0, `no case of ${name}`)
  return cases
}

/** Peers print no leading blanks: their last value belongs to our last one. `tolerance` is absolute. */
export function assertEndsWith(actual: Float64Array, expected: readonly number[], tolerance: number): void {
  assert.ok(expected.length > 0 && expected.length <= actual.length)
  const offset = actual.length - expected.length
  for (const [index, value] of expected.entries()) {
    const ours = actual[offset + index]!
    assert.ok(Math.abs(ours - value) <= tolerance, `at ${index}: ${ours} instead of ${value}`)
  }
}

/** Printed to 3 decimals. */
export const tulipTolerance = 0.001
