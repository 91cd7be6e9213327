import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bookNames, readBook } from '../../src/books.ts'
import { parseCatalystBook } from '../../src/catalysts/catalyst-book.ts'
import { InputError } from '../../src/errors.ts'

const faultsOf = (value: unknown): readonly string[] => {
  try {
    parseCatalystBook(value, 'b.json')
    return []
  } catch (error) {
    assert.ok(error instanceof InputError)
    return error.faults
  }
}

test('both books of the repository are read by their kind', () => {
  assert.deepEqual(bookNames(), ['allocator', 'catalyst'])
  assert.deepEqual(bookNames('catalyst'), ['catalyst'])
  const book = readBook('catalyst')
  assert.ok(book.kind === 'catalyst')
  assert.deepEqual([book.currency, book.initialCash, book.costs.volumeShareMax], ['USD', 10_000, 0.01])
  assert.equal(Object.keys(book.signals.kinds).length, 11)
})

test('every fault of a catalyst book is told with its place, those between fields too', () => {
  const book = readBook('catalyst') as unknown as Record<string, Record<string, unknown>>
  const wrong = {
    ...book,
    policy: 'model',
    universe: {
      ...book.universe,
      volume: { min: 5, max: 5, days: 30, keepFactor: 2 },
      jump: { ratio: 20, quarantineDays: 7 },
    },
    costs: { ...book.costs, halfSpread: { estimator: 'abdi-ranaldo', days: 60, floorBps: 400, capBps: 300 } },
    benchmarks: [
      { policy: 'buy-and-hold:BTC', shortName: 'BTC' },
      { policy: 'momentum', shortName: 'M' },
    ],
  }
  assert.deepEqual(faultsOf(wrong), [
    'b.json: $.universe.volume.min: must lie below max',
    'b.json: $.costs.halfSpread.floorBps: must not lie above capBps',
    'b.json: $.universe.jump.quarantineDays: must be more than delisting.afterSessions',
    'b.json: $.policy: no policy is called "model"; there are signals, cvar, equal-weight, buy-and-hold:COIN, random:SEED and do-nothing',
    'b.json: $.benchmarks[1].policy: no control is called "momentum"; there are cvar, equal-weight, buy-and-hold:COIN, random:SEED and do-nothing',
  ])
  const shapes = faultsOf({ ...book, initialCash: -1, costs: { ...book.costs, volumeShareMax: 0 }, surprise: 1 })
  assert.equal(shapes.length, 3)
  assert.ok(shapes.some((fault) => fault.startsWith('b.json: $.costs.volumeShareMax: must be above zero')))
})
