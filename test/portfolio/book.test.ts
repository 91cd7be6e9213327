import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { InputError } from '../../src/errors.ts'
import { parseBook } from '../../src/portfolio/book.ts'
import { isMember, universeOf } from '../../src/portfolio/membership.ts'

const allocator = JSON.parse(readFileSync(new URL('../../books/allocator.json', import.meta.url), 'utf8'))
const faultsOf = (change: object): readonly string[] => {
  try {
    parseBook({ ...allocator, ...change }, 'book')
    return []
  } catch (error) {
    assert.ok(error instanceof InputError)
    return error.faults
  }
}

test('every fault of a universe by date is told with its row', () => {
  const universe = [
    { symbol: 'SPY', from: '2020-01-01', until: '2020-06-30' },
    { symbol: 'SPY', from: '2020-06-30' },
    { symbol: 'NONE' },
    { symbol: 'QQQ', from: '2020-02-01', until: '2020-02-01' },
    { symbol: 'GLD', delisted: true },
    { symbol: 'TLT', until: '2020-02-01', haircut: 0.5 },
    { symbol: 'FEZ', until: '2020-02-30' },
  ]
  const faults = faultsOf({ universe, delisting: { haircut: 1.5, afterSessions: 1 } })
  for (const [path, words] of [
    ['universe[1].from', /overlaps row 0 of SPY, which ends on 2020-06-30/],
    ['universe[2].symbol', /NONE is not among the instruments/],
    ['universe[3].until', /must lie after from/],
    ['universe[4].delisted', /there is no until/],
    ['universe[5].haircut', /add "delisted": true/],
    ['universe[6].until', /./],
    ['delisting.haircut', /./],
    ['delisting.afterSessions', /./],
  ] as const) {
    assert.ok(
      faults.some((fault) => fault.includes(`$.${path}: `) && words.test(fault)),
      `${path}: ${faults.join('\n')}`,
    )
  }
  assert.equal(faults.length, 8)
})

test('an instrument may leave the universe and come back', () => {
  const universe = universeOf([
    { symbol: 'B', from: '2020-06-01' },
    { symbol: 'B', from: '2019-01-01', until: '2019-12-31' },
  ])
  const on = ['2018-12-31', '2019-01-01', '2019-12-30', '2019-12-31', '2020-05-31', '2020-06-01', '2030-01-01']
  assert.deepEqual(
    on.map((date) => isMember(universe, 'B', date)),
    [false, true, true, false, false, true, true],
  )
  assert.ok(isMember(universe, 'A', '2000-01-01'))
})

test('a book that says nothing of a universe stays as it was, to the byte', () => {
  assert.deepEqual(parseBook(allocator, 'book'), allocator)
})
