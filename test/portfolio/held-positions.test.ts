import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { HeldPositions, positionFinder } from '../../src/portfolio/held-positions.ts'
import type { Position } from '../../src/portfolio/holdings.ts'

const of = (symbol: string, quantity: number): Position => ({
  symbol,
  currency: 'EUR',
  quantity,
  costLocal: quantity * 10,
  costBase: quantity * 10,
  openedOn: '2020-03-02',
})
const symbols = ['A', 'B', 'C', 'D', 'E']

test('positions keep the order in which they were opened over any days of buying and selling, as a map would', () => {
  const change = fc.tuple(fc.constantFrom(...symbols), fc.integer({ min: 0, max: 9 }))
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }), (days) => {
      const expected = new Map<string, Position>()
      let positions: readonly Position[] = []
      for (const changes of days) {
        const yesterday = [...positions]
        const held = new HeldPositions(positions)
        for (const [symbol, quantity] of changes) {
          if (quantity === 0) {
            held.delete(symbol)
            expected.delete(symbol)
          } else {
            held.set(symbol, of(symbol, quantity))
            expected.set(symbol, of(symbol, quantity))
          }
          assert.deepEqual(held.get(symbol), expected.get(symbol))
        }
        assert.deepEqual([...held.values()], [...expected.values()])
        assert.deepEqual(positions, yesterday, 'the list of the day before is left as it was')
        // Another book may be looked at in between: its positions are not those of this one.
        if (changes.length % 2 === 1) assert.equal(positionFinder([of('Z', 1)])('Z')?.quantity, 1)
        positions = held.toArray()
        assert.deepEqual(positions, [...expected.values()])
        const find = positionFinder(positions)
        for (const symbol of [...symbols, 'Z']) assert.deepEqual(find(symbol), expected.get(symbol))
      }
    }),
  )
})
