import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { splitAdjusted } from '../../src/indicators/splits.ts'
import { dailyReturn } from '../../src/indicators/volatility.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

test('a split of two for one halves the closes before it and leaves the return of its day alone', () => {
  const adjusted = splitAdjusted(Float64Array.of(100, 102, 51), [1, 1, 2])
  assert.deepEqual([...adjusted], [50, 51, 51])
  assert.equal(dailyReturn(adjusted)[2], 0)
})

test('two splits multiply, and a split on the first session changes nothing', () => {
  // 600 -> 2:1 -> 3:1 -> 100; a reverse split of 1:8 raises earlier closes eightfold.
  assert.deepEqual([...splitAdjusted(Float64Array.of(600, 300, 100), [5, 2, 3])], [100, 100, 100])
  assert.deepEqual([...splitAdjusted(Float64Array.of(2, 16), [1, 0.125])], [16, 16])
})

test('no price knows a split from after the session it is seen from', () => {
  const closes = Float64Array.of(100, 102, 51)
  assert.deepEqual([...splitAdjusted(closes.subarray(0, 2), [1, 1])], [100, 102])
})

test('the reverse split of USO on 2020-04-29 does not look like a gain of 700 %', { skip: sharedAbsent }, () => {
  const rows = readFileSync(sharedPath('bars/us_etf_2005_2020/USO.csv'), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','))
  const closes = Float64Array.from(rows, (row) => Number(row[4]))
  const ratios = Float64Array.from(rows, (row) => Number(row[7]))
  const day = rows.findIndex((row) => row[0] === '2020-04-29')
  assert.ok(dailyReturn(closes)[day]! > 5)
  assert.ok(Math.abs(dailyReturn(splitAdjusted(closes, ratios))[day]!) < 0.2)
})
