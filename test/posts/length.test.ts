import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cutForDiscord, cutForX, fitX, weightedLength } from '../../src/posts/length.ts'

const last = `Automated, paper money. ${'a'.repeat(32)}`
/** Drafts that are worth one text each. */
const drafts = (...paragraphs: string[][]) => paragraphs.map((list) => ({ paragraphs: list, texts: 1 }))
const options = { every: 'Simulated prices.', once: '', last, mark: 'd4d4' }

test('X counts an emoji and an ideograph as two, a letter as one', () => {
  assert.equal(weightedLength('abc'), 3)
  assert.equal(weightedLength('中文'), 4)
  assert.equal(weightedLength('👍'), 2)
})

test('the fullest draft that fits into one text is taken', () => {
  assert.deepEqual(fitX(drafts(['x '.repeat(150)], ['Short.']), options), [`Short.\nSimulated prices.\n${last}`])
})

test('a thread is marked, repeats what every text must say, and ends with the whole hash', () => {
  const paragraph = (word: string) => `${`${word} `.repeat(25).trim()}.`
  const texts = fitX(drafts([paragraph('first'), paragraph('second')]), options)
  assert.equal(texts.length, 2)
  assert.match(texts[0]!, /^1\/2 first.*\nSimulated prices\.$/s)
  assert.match(texts[1]!, /^2\/2 second/)
  assert.ok(texts[1]!.endsWith(`Simulated prices.\n${last}`))
})

test('a draft worth two texts goes before a shorter one, and a draft worth one text gives way to it', () => {
  const long = ['first '.repeat(25).trim(), 'second '.repeat(20).trim()]
  assert.equal(fitX([{ paragraphs: long, texts: 2 }, ...drafts(['Short.'])], options).length, 2)
  assert.equal(fitX([{ paragraphs: long, texts: 1 }, ...drafts(['Short.'])], options).length, 1)
})

test('what is said once stands beside what every text says, at the end', () => {
  const texts = fitX(drafts(['first '.repeat(25).trim(), 'second '.repeat(20).trim()]), {
    ...options,
    once: 'A control decides.',
  })
  assert.equal(texts.length, 2)
  assert.ok(texts[0]!.endsWith('\nSimulated prices.'))
  assert.ok(texts[1]!.endsWith(`\nSimulated prices. A control decides.\n${last}`))
})

test('a long list is divided between its items and never inside a figure', () => {
  const items = Array.from(
    { length: 60 },
    (_, index) => `Asset ${index} for EUR 10,${String(index).padStart(3, '0')} (+2.1 %)`,
  )
  const texts = fitX(drafts([`${items.join(', ')}.`]), options)
  const told = texts.map((text) => text.replace(/^\d\/\d |\nSimulated prices\.[\s\S]*$/g, '')).join(' ')
  assert.equal(told, `${items.join(', ')}.`)
  for (const text of texts) assert.doesNotMatch(text, /(EUR|\d,)$|^\d\/\d %/m)
})

test('no text of a thread holds its place and the notices alone, wherever the room runs out', () => {
  const ending = { every: 'Recorded prices.', once: 'A control decides (cvar), no model.', last, mark: 'd4d4' }
  const sentence = fc.integer({ min: 1, max: 40 }).map((words) => `${'Asset, '.repeat(words)}end.`)
  fc.assert(
    fc.property(fc.array(sentence, { minLength: 1, maxLength: 4 }), (paragraphs) => {
      const texts = fitX([{ paragraphs, texts: 3 }], ending)
      const told = texts.map((text) =>
        text.replace(/^\d\/\d |Recorded prices\.|d4d4|A control.*|Automated.*/g, '').trim(),
      )
      for (const text of told) assert.notEqual(text, '')
      assert.equal(told.join(' ').replace(/\s+/g, ' '), paragraphs.join(' '))
    }),
  )
})

test('a quotation is cut at a sentence, else at a word', () => {
  assert.equal(cutForDiscord('One is short. Two is a longer sentence.', 20), 'One is short. …')
  assert.equal(cutForDiscord('Onlyonesentence that goes on and on', 22), 'Onlyonesentence that…')
  assert.equal(
    cutForX('The server sent nonsense. Twice, as it does on every Monday.', 30),
    'The server sent nonsense. …',
  )
})

test('the escapes of a quotation count, and are never cut in two', () => {
  const cut = cutForDiscord('*'.repeat(50), 21)
  assert.ok(cut.length <= 21)
  assert.match(cut, /^(\\\*)+…$/)
})
