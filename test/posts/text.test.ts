import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  clause,
  count,
  exactMoney,
  money,
  percent,
  price,
  sentence,
  shares,
  signedMoney,
  signedPercent,
} from '../../src/posts/text.ts'

test('a return is shown with its sign and one decimal, and nothing is minus zero', () => {
  assert.equal(signedPercent(0.0213), '+2.1 %')
  assert.equal(signedPercent(-0.0531), '-5.3 %')
  assert.equal(signedPercent(-0.0004), '0.0 %')
  // 1.005 * 100 is 100.49999999999999 in binary; a half is meant.
  assert.equal(signedPercent(0.0195), '+2.0 %')
  assert.equal(signedPercent(12.3456), '+1,234.6 %')
  assert.equal(percent(0.25), '25 %')
  assert.equal(percent(0.1234), '12.3 %')
})

test('amounts are grouped by thousands and keep cents only where they are asked for', () => {
  assert.equal(money('EUR', 1_021_349), 'EUR 10,213')
  assert.equal(money('EUR', 99_950), 'EUR 1,000')
  assert.equal(exactMoney('EUR', 431), 'EUR 4.31')
  assert.equal(signedMoney('EUR', -6410), 'EUR -64.10')
  assert.equal(signedMoney('EUR', 3124), 'EUR +31.24')
  assert.equal(signedMoney('EUR', 0), 'EUR 0.00')
})

test('small prices keep four digits, shares at most four decimals', () => {
  assert.equal(price('USD', 168.214), 'USD 168.21')
  assert.equal(price('USD', 0.012345), 'USD 0.01235')
  assert.equal(shares(6.501), '6.501')
  assert.equal(shares(-10), '10')
})

test('sentences begin with a capital and end with a stop; clauses do neither', () => {
  assert.equal(sentence('no open in 5 sessions'), 'No open in 5 sessions.')
  assert.equal(clause('The answer was cut off.'), 'the answer was cut off')
  assert.equal(clause('HTTP 500 from the server.'), 'HTTP 500 from the server')
  assert.equal(count(1, 'trade'), '1 trade')
  assert.equal(count(2, 'wish', 'wishes'), '2 wishes')
})
