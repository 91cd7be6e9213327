import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type FoundItem, itemKey, type KnownItems, newItems } from '../../src/catalysts/item.ts'

const seenAt = '2026-03-10T12:00:00.000Z'
const nothing: KnownItems = { versions: new Map(), contents: new Set() }
const found = (change: Partial<FoundItem> = {}): FoundItem => ({
  source: 'forum',
  id: '7',
  title: 'Title',
  text: 'Text',
  url: null,
  publishedAt: '2026-03-09T08:00:00.000Z',
  dateOnly: false,
  assets: [],
  kind: null,
  ...change,
})
const live = { history: false }

test('a text counts as known when we saw it, whatever it claims', () => {
  const [item] = newItems([found()], nothing, seenAt, live)
  assert.deepEqual([item!.knownAt, item!.publishedAt, item!.flags], [seenAt, '2026-03-09T08:00:00.000Z', []])
})

test('a claimed date after our first sight is flagged and brings nothing forward', () => {
  const [item] = newItems([found({ publishedAt: '2027-01-01T00:00:00.000Z' })], nothing, seenAt, { history: true })
  assert.deepEqual([item!.knownAt, item!.flags], [seenAt, ['future']])
})

test('in a file of history the claim stands in, a day without a time at its end, an undated text not at all', () => {
  const history = { history: true }
  const known = (change: Partial<FoundItem>) => {
    const [item] = newItems([found(change)], nothing, seenAt, history)
    return [item!.knownAt, ...item!.flags]
  }
  assert.deepEqual(known({ publishedAt: '2020-05-01T10:00:00.000Z' }), ['2020-05-01T10:00:00.000Z', 'claimed'])
  assert.deepEqual(known({ publishedAt: '2020-05-01T00:00:00.000Z', dateOnly: true }), [
    '2020-05-01T23:59:59.999Z',
    'date-only',
    'claimed',
  ])
  assert.deepEqual(known({ publishedAt: null }), [seenAt, 'undated'])
})

test('a copy is dropped, an edit is the next version, and a text that is changed back is one more', () => {
  const a = found()
  const b = found({ text: 'Text, edited' })
  const copy = found({ source: 'mirror', id: '99', title: ' Title ', text: 'Text\n' })
  const items = newItems([a, a, copy, b, b, a], nothing, seenAt, live)
  assert.deepEqual(
    items.map(({ source, id, version, text }) => [source, id, version, text]),
    [
      ['forum', '7', 1, 'Text'],
      ['forum', '7', 2, 'Text, edited'],
      ['forum', '7', 3, 'Text'],
    ],
  )
  assert.deepEqual(
    items.map(({ flags }) => flags),
    [[], ['edited'], ['edited']],
  )
})

test('asking twice finds everything once, in whatever portions it comes', () => {
  const one = fc.record({ id: fc.constantFrom('1', '2', '3', null), text: fc.constantFrom('a', 'b', 'c', 'd') })
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), fc.nat({ max: 12 }), (list, cut) => {
      const all = list.map((change) => found({ ...change, title: change.id ?? 'none' }))
      const whole = newItems(all, nothing, seenAt, live)
      const first = newItems(all.slice(0, cut), nothing, seenAt, live)
      const known = {
        versions: new Map(first.map((item) => [itemKey(item.source, item.id), item] as const)),
        contents: new Set(first.map(({ contentSha256 }) => contentSha256)),
      }
      assert.deepEqual([...first, ...newItems(all.slice(cut), known, seenAt, live)], whole)
    }),
  )
})

test('a giant text is cut and says so, and broken halves of characters do not get in', () => {
  const [item] = newItems([found({ text: `${'x'.repeat(59_999)}😀😀`, title: '\ud800' })], nothing, seenAt, live)
  assert.equal(item!.text.length, 60_000)
  assert.ok(item!.text.isWellFormed() && item!.title.isWellFormed())
  assert.deepEqual(item!.flags, ['truncated'])
})
