import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type FeatureColumns,
  Features,
  featureColumns,
  featuresAt,
  featureTable,
} from '../../src/indicators/features.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

function walk(length: number, seed: number): Float64Array {
  const random = randomFrom('walk', seed)
  let price = 100
  return Float64Array.from({ length }, () => (price *= Math.exp(0.02 * randomNormal(random))))
}

const names = Object.keys(featureColumns(walk(3, 1))) as (keyof FeatureColumns)[]

test('changing later prices changes no earlier row', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 300 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer(),
      fc.constantFrom(1e-6, 0.5, 3, 1e9),
      (length, cut, seed, factor) => {
        const closes = walk(length, seed)
        const from = 1 + Math.floor(cut * (length - 1))
        const changed = closes.map((close, i) => (i < from ? close : ((close * factor * (1 + (i % 3))) as number)))
        const [before, after] = [featureColumns(closes), featureColumns(changed)]
        const short = featureColumns(closes.slice(0, from))
        for (const name of names) {
          assert.deepEqual(before[name].subarray(0, from), after[name].subarray(0, from), name)
          assert.deepEqual(before[name].subarray(0, from), short[name], name)
        }
      },
    ),
    { numRuns: 60 },
  )
})

test('each window is null until it is full, and known from that session on', () => {
  const columns = featureColumns(walk(260, 2))
  const first = Object.fromEntries(
    names.map((name) => [name, columns[name].findIndex((value) => !Number.isNaN(value))]),
  )
  assert.deepEqual(first, {
    dailyReturn: 1,
    sma20: 19,
    sma50: 49,
    sma200: 199,
    rsi14: 14,
    bollingerLower: 19,
    bollingerMiddle: 19,
    bollingerUpper: 19,
    percentB: 19,
    volatility20: 20,
    drawdown: 0,
    runningPeak: 0,
  })
  const row = featuresAt(columns, 48)
  assert.equal(row.sma50, null)
  assert.equal(row.sma200, null)
  assert.ok(row.sma20 !== null)
  assert.deepEqual(Features.parse(JSON.parse(JSON.stringify(row))), row)
})

test('thirty closes give no figure that is called a mean of fifty or of two hundred', () => {
  const row = featuresAt(featureColumns(walk(30, 3)), 29)
  assert.deepEqual([row.sma50, row.sma200], [null, null])
})

test('a row outside the history is null throughout', () => {
  const row = featuresAt(featureColumns(walk(5, 4)), 5)
  assert.equal(row.drawdown, null)
  assert.equal(row.bollinger20.percentB, null)
})

test('an empty history has empty columns', () => {
  for (const name of names) assert.equal(featureColumns(new Float64Array(0))[name].length, 0)
})

test('an asset has the same columns alone as in a table with assets of other lengths', () => {
  const closes = [walk(250, 5), walk(30, 6), walk(1, 7)]
  const table = featureTable(closes)
  for (const [index, columns] of table.entries()) assert.deepEqual(columns, featureColumns(closes[index]!))
})

test('the middle band is the 20-session average', () => {
  const columns = featureColumns(walk(60, 8))
  assert.deepEqual(columns.sma20, columns.bollingerMiddle)
})
