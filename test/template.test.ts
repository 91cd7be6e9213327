import assert from 'node:assert/strict'
import test from 'node:test'
import fc from 'fast-check'
import { InputError } from '../src/errors.ts'
import { fill, namesIn } from '../src/template.ts'

test('names in double braces are replaced, also twice and with spaces inside the braces', () => {
  assert.equal(
    fill('Day {{day}} of {{ title }}, day {{day}}.', { day: '43', title: 'Book' }),
    'Day 43 of Book, day 43.',
  )
})

test('a value that looks like a name is shown as it is and not replaced again', () => {
  assert.equal(fill('{{a}} and {{b}}', { a: '{{b}}', b: 'two' }), '{{b}} and two')
})

test('signs that mean something to String.replace stay as they are', () => {
  assert.equal(fill('pay {{a}}', { a: "$& $1 $' $$" }), "pay $& $1 $' $$")
})

test('a name without a value and a value without a name are both refused, all at once', () => {
  assert.throws(
    () => fill('{{day}} {{price}} {{toString}}', { day: '1', extra: 'x', other: 'y' }),
    (error: unknown) => {
      assert.ok(error instanceof InputError)
      assert.equal(error.faults.length, 4)
      assert.match(error.message, /\{\{price\}\}/)
      assert.match(error.message, /\{\{toString\}\}/)
      assert.match(error.message, /leaves out \{\{extra\}\}/)
      assert.match(error.message, /leaves out \{\{other\}\}/)
      return true
    },
  )
})

test('single braces and JSON are left alone', () => {
  assert.equal(fill('{"a": {"b": 1}} {{x}}', { x: '{}' }), '{"a": {"b": 1}} {}')
  assert.deepEqual(namesIn('{a} {{b}} {{c}} {{b}}'), ['b', 'c'])
})

test('whatever the values are, each appears whole between the texts around it', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (first, second) => {
      assert.equal(fill('<{{a}}|{{b}}>', { a: first, b: second }), `<${first}|${second}>`)
    }),
  )
})
