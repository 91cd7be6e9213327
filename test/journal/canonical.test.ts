import assert from 'node:assert/strict'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
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

/** What the package writes, or 'refused'. */
function peer(value: unknown): string {
  try {
    return canonicalize(value) ?? 'refused'
  } catch {
    return 'refused'
  }
}

function ours(value: unknown): string {
  try {
    return canonicalJson(value)
  } catch (error) {
    assert(error instanceof TypeError, String(error))
    return 'refused'
  }
}

test('any value is written byte for byte as the canonicalize package writes it, or refused where that refuses', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ unit: 'binary' }),
    // Half surrogate pairs, control characters, numbers as keys, and signs on both sides of the surrogates.
    fc.string({
      unit: fc.constantFrom('\ud83d', '\ude00', '\ufb33', '\u2028', '\u007f', '"', '\\', '\n', '\0', '9', '1', 'a'),
    }),
    fc.constantFrom('toJSON', '__proto__', 'constructor', '10', '9', '01', ''),
  )
  const value = fc.anything({
    key: text,
    maxDepth: 4,
    values: [
      text,
      fc.double(),
      fc.double({ noDefaultInfinity: true, noNaN: true }),
      fc.maxSafeInteger(),
      fc.boolean(),
      fc.constantFrom(null, undefined, -0, 1e21, 1e-7, 5e-324, Number.MAX_VALUE),
      fc.bigInt(),
    ],
    withBoxedValues: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withSparseArray: true,
    withTypedArray: true,
    withUnicodeString: true,
  })
  const json = fc.jsonValue({ noUnicodeString: false })
  fc.assert(
    fc.property(fc.oneof(value, json), (any) => assert.equal(ours(any), peer(any))),
    { numRuns: 3000 },
  )
})

test('every number is written as the canonicalize package writes it', () => {
  const bits = new DataView(new ArrayBuffer(8))
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (pattern) => {
      bits.setBigUint64(0, pattern)
      const number = bits.getFloat64(0)
      assert.equal(ours(number), peer(number))
      assert.equal(ours({ a: [number] }), peer({ a: [number] }))
    }),
    { numRuns: 5000 },
  )
})

test('many keys, deep nesting, shared parts and cycles are treated as the canonicalize package treats them', () => {
  const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`k${(index * 37) % 200}`, index]))
  assert.equal(ours(many), peer(many))
  let deep: unknown = 1
  for (let level = 0; level < 20_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep }
  assert.equal(ours(deep), peer(deep))
  const shared = { b: 1, a: [2] }
  assert.equal(ours([shared, { shared }]), '[{"a":[2],"b":1},{"shared":{"a":[2],"b":1}}]')
  const cycle: Record<string, unknown> = { a: 1 }
  cycle.b = [cycle]
  assert.equal(peer(cycle), 'refused')
  assert.throws(() => canonicalJson(cycle), { name: 'TypeError', message: 'b[0] contains itself' })
  class Money {
    readonly cents = 5
    get euros(): number {
      return this.cents / 100
    }
  }
  for (const odd of [new Money(), [new Date(0)], { toJSON: () => ({ b: 1, a: 2 }) }, { f: () => 1, s: Symbol('x') }]) {
    assert.equal(ours(odd), peer(odd))
  }
})
