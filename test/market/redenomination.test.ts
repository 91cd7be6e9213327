import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Bar, History } from '../../src/market/bar.ts'
import { withoutJumps } from '../../src/market/redenomination.ts'
import { bars } from '../support/coins.ts'

const terms = { ratio: 20, quarantineDays: 3 }

function historyOf(own: readonly Bar[], change: Partial<History> = {}): History {
  return { symbol: 'X/USD', currency: 'USD', bars: own, dividends: [], splits: [], ...change }
}

test('the days after a hundredfold jump are left out, and the new unit joins the old by a split', () => {
  const { history, jumps } = withoutJumps(historyOf(bars('2021-01-01', [1, 1.02, 103, 104, 105, 106, 107])), terms)
  assert.deepEqual(
    history.bars.map(({ date }) => date),
    ['2021-01-01', '2021-01-02', '2021-01-06', '2021-01-07'],
  )
  assert.deepEqual(jumps, [{ symbol: 'X/USD', date: '2021-01-03', ratio: 103 / 1.02 }])
  // One unit of 1.02 is worth 1.02 / 106 of a new one: who held it would have neither won nor lost.
  assert.deepEqual(history.splits, [{ date: '2021-01-06', ratio: 1.02 / 106 }])
})

test('a split on record explains its jump, and a large move is a price', () => {
  const recorded = historyOf(bars('2021-01-01', [100, 100, 1, 1]), { splits: [{ date: '2021-01-03', ratio: 100 }] })
  assert.deepEqual(withoutJumps(recorded, terms).history, recorded)
  // BitConnect lost 92 % on 16 January 2018, and that was no change of unit.
  const fall = historyOf(bars('2018-01-14', [350, 330, 25, 20]))
  assert.deepEqual(withoutJumps(fall, terms).history, fall)
})

test('a jump within the quarantine begins it anew', () => {
  const { history, jumps } = withoutJumps(historyOf(bars('2021-01-01', [1, 100, 1, 1, 1, 1])), terms)
  assert.equal(jumps.length, 2)
  assert.deepEqual(
    history.bars.map(({ date }) => date),
    ['2021-01-01', '2021-01-06'],
  )
})

test('bars without volume are no prices', () => {
  const own = bars('2021-01-01', [1, { close: 5, volume: 0 }, 1.1])
  const { history, idle } = withoutJumps(historyOf(own), terms)
  assert.equal(idle, 1)
  assert.deepEqual(
    history.bars.map(({ close }) => close),
    [1, 1.1],
  )
})

test('whether a bar stays does not hang on later ones', () => {
  const price = fc.oneof(fc.double({ min: 0.5, max: 2, noNaN: true }), fc.constant(150), fc.constant(0.001))
  fc.assert(
    fc.property(fc.array(price, { minLength: 3, maxLength: 30 }), fc.nat({ max: 30 }), (prices, cut) => {
      const all = bars('2021-01-01', prices)
      const known = all.slice(0, cut)
      const last = known.at(-1)?.date ?? ''
      const whole = withoutJumps(historyOf(all), terms).history
      const past = withoutJumps(historyOf(known), terms).history
      assert.deepEqual(
        whole.bars.filter(({ date }) => date <= last),
        past.bars,
      )
      assert.deepEqual(
        whole.splits.filter(({ date }) => date <= last),
        past.splits,
      )
    }),
  )
})
