import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '../../src/journal/canonical.ts'
import { type ChainRow, followed, genesis, type Link, type StoredRow, sealed } from '../../src/journal/chain.ts'

const drafts = [
  {
    at: '2020-03-12T20:20:00.000Z',
    kind: 'alert',
    book: 'allocator',
    body: canonicalJson({ z: 1, a: [1.5, 'é € " \\ \n', null, true] }),
  },
  { at: '2020-03-13T20:20:00.000Z', kind: 'close', book: 'allocator', body: canonicalJson({ equity: 10213.25 }) },
  { at: '2020-03-16T20:20:00.000Z', kind: 'post', book: 'café "2"', body: '{}' },
]

test('a stranger with Python recomputes the hashes', () => {
  // hashlib.sha256(json.dumps({at, body, book, kind, previousHash, seq}, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode())
  assert.deepEqual(
    sealed(genesis, drafts).map((row) => row.hash),
    [
      '0e8cf402827982488f0263c6ed5436c3b38715478cad55ffecb57363786dbb19',
      '5fbd39fbedfb5a32d250b8d66b038da19c0970bae20c45322236393fdaa18bf4',
      '7430f636032187a77709649430175c0107b1a46eaa7ec751f997afcde3af55b9',
    ],
  )
})

test('entries are numbered from one and each names the hash before it, from 64 zeros on', () => {
  const rows = sealed(genesis, drafts)
  assert.deepEqual(
    rows.map((row) => row.seq),
    [1, 2, 3],
  )
  assert.equal(rows[0]!.previousHash, '0000000000000000000000000000000000000000000000000000000000000000')
  assert.equal(rows[1]!.previousHash, rows[0]!.hash)
  assert.equal(firstBad(rows), null)
  assert.deepEqual(sealed(rows[1]!, drafts.slice(2)), rows.slice(2))
})

/** The first fault that reading in order finds. */
function firstBad(rows: readonly StoredRow[]): { readonly seq: number; readonly because: string } | null {
  let last: Link = genesis
  for (const row of rows) {
    const step = followed(last, row)
    if (step.kind === 'fault') return step.fault
    last = step.row
  }
  return null
}

const chain = sealed(
  genesis,
  Array.from({ length: 9 }, (_, index) => ({
    at: `2020-03-12T20:20:00.00${index}Z`,
    kind: 'alert',
    book: 'allocator',
    body: canonicalJson({ index }),
  })),
)
const at = (seq: number): ChainRow => chain[seq - 1]!
const renumbered = (row: ChainRow, seq: number): ChainRow => ({ ...row, seq })

test('any change of any column of any entry is found, and that entry is named', () => {
  const column = fc.constantFrom('at', 'kind', 'book', 'body', 'previousHash', 'hash')
  const value = fc.oneof(fc.string(), fc.json(), fc.integer(), fc.constant(null), fc.uint8Array())
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), column, value, (seq, name, changed) => {
      fc.pre(changed !== at(seq)[name])
      const rows = chain.map((row) => (row.seq === seq ? { ...row, [name]: changed } : row))
      assert.equal(firstBad(rows)?.seq, seq)
    }),
  )
})

test('a change of a single character is found', () => {
  const column = fc.constantFrom('at', 'kind', 'book', 'body', 'previousHash', 'hash')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), column, fc.nat(), fc.nat(255), (seq, name, place, code) => {
      const text = at(seq)[name]
      const index = place % text.length
      const changed = text.slice(0, index) + String.fromCharCode(code) + text.slice(index + 1)
      fc.pre(changed !== text)
      assert.equal(firstBad(chain.map((row) => (row.seq === seq ? { ...row, [name]: changed } : row)))?.seq, seq)
    }),
  )
})

test('a removed entry is missing, whether or not the later ones are renumbered', () => {
  assert.deepEqual(firstBad(chain.toSpliced(4, 1)), { seq: 5, because: 'entry 5 is missing: entry 6 follows entry 4' })
  const closedUp = chain.toSpliced(4, 1).map((row, index) => renumbered(row, index + 1))
  assert.deepEqual(firstBad(closedUp), {
    seq: 5,
    because: 'entry 5 was removed or moved: what stands in its place was recorded as entry 6',
  })
  assert.equal(firstBad(chain.slice(1))?.seq, 1)
})

test('two swapped entries are found at the first of them', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (one, other) => {
      fc.pre(one < other)
      const rows = chain.map((row) =>
        row.seq === one ? renumbered(at(other), one) : row.seq === other ? renumbered(at(one), other) : row,
      )
      assert.equal(firstBad(rows)?.seq, one)
    }),
  )
})

test('an inserted entry is named, even with a hash of its own that fits', () => {
  const [forged] = sealed(at(4), [{ at: at(4).at, kind: 'alert', book: 'allocator', body: '{"index":100}' }])
  const rows = [...chain.slice(0, 4), forged!, ...chain.slice(4).map((row) => renumbered(row, row.seq + 1))]
  assert.deepEqual(firstBad(rows), {
    seq: 5,
    because: 'entry 5 was inserted: the entry after it was recorded in its place',
  })
  assert.equal(firstBad([...chain, renumbered(at(3), 10)])?.seq, 10)
  assert.equal(firstBad([...chain.slice(0, 4), at(4), ...chain.slice(4)])?.seq, 5)
})

test('an entry rewritten together with its hash is named, not the untouched one after it', () => {
  const [forged] = sealed(at(4), [{ at: at(5).at, kind: 'alert', book: 'allocator', body: '{"index":100}' }])
  assert.deepEqual(firstBad(chain.with(4, forged!)), {
    seq: 5,
    because: 'entry 5 was rewritten: entry 6 is chained to another hash than it has now',
  })
})

test('moving text from one column to its neighbour is found', () => {
  // The hashed text is one string; a body that ends inside the next field must not pass for the original.
  const row = at(3)
  const moved = { ...row, body: `${row.body},"book":"allocator"`, book: 'x' }
  assert.equal(firstBad(chain.with(2, moved))?.seq, 3)
})
