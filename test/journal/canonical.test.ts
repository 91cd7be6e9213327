import assert from 'node:assert/strict'
import { test } from 'node:test'
import { canonicalJson, isCanonicalJson } from '../../src/journal/canonical.ts'

test('the example of RFC 8785 comes out as the RFC prints it', () => {
  // RFC 8785, section 3.2.2 (values) and 3.2.3 (sorting).
  const sample = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  )
  assert.equal(
    canonicalJson(sample),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  )
  const keys = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 }
  assert.equal(canonicalJson(keys), '{"\\r":2,"1":4,"\u0080":6,"ö":7,"€":1,"😀":5,"\ufb33":3}')
})

test('a number that JSON cannot hold is refused with its place', () => {
  assert.throws(() => canonicalJson({ fills: [{ price: 1 }, { price: Number.NaN }] }), {
    name: 'TypeError',
    message: 'fills[1].price is NaN, which JSON cannot hold',
  })
  assert.throws(() => canonicalJson({ a: Number.NEGATIVE_INFINITY }), { message: /^a is -Infinity/ })
  assert.throws(() => canonicalJson({ a: 10n }), { message: /^a is a bigint/ })
  assert.throws(() => canonicalJson({ reason: 'cut \ud83d' }), { message: 'reason holds half of a surrogate pair' })
  assert.throws(() => canonicalJson(undefined), { message: /nothing to write/ })
})

test('only the canonical spelling of a value is canonical', () => {
  assert.equal(isCanonicalJson('{"a":1,"b":[2]}'), true)
  for (const text of ['{"b":[2],"a":1}', '{"a": 1}', '{"a":1.0}', '{"a":"\\u0041"}', '{"a":1,"a":1}', '{"a":1', '']) {
    assert.equal(isCanonicalJson(text), false, text)
  }
})
