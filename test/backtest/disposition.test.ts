import assert from 'node:assert/strict'
import { test } from 'node:test'
import { disposition } from '../../src/backtest/disposition.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import type { Fill } from '../../src/portfolio/holdings.ts'
import { fillOf } from '../support/fills.ts'
import { flat, marketOf } from '../support/world.ts'

const dates = sessionsBetween('XPAR', '2020-01-02', '2020-06-30')

/** Five positions bought at 100 on the first day: W and G stand at 110, L and K at 95, S swings around its cost. */
function found(sales: (date: string, day: number) => readonly Fill[], days = 24) {
  const prices = { W: 110, G: 110, L: 95, K: 95 }
  const assets = Object.entries(prices).map(([symbol, price]) => ({ symbol, days: flat(dates, price) }))
  const swinging = Object.fromEntries(dates.map((date) => [date, { open: 99, close: 101 }]))
  const { panel } = marketOf([...assets, { symbol: 'S', days: swinging }])
  const bought = ['W', 'G', 'L', 'K', 'S'].map((symbol) => fillOf(dates[0]!, symbol, 100, 100))
  const fills = [...bought, ...dates.slice(1, days + 1).flatMap(sales)]
  return disposition({ panel, initialCash: 100_000, first: 0, last: dates.length - 1, fills, dividends: [] })
}

test('[36] gains realized against losses realized, as Odean counts them', () => {
  // On each of 24 days a part of W is sold at a gain while G is a gain on paper: 24 of 48. On every third day a part of L is
  // sold at a loss, K is one on paper, and so is L on the other days: 8 of 24 + 24. S lies around its cost and is neither.
  const effect = found((date, day) => [
    fillOf(date, 'W', -1, 110),
    ...(day % 3 === 0 ? [fillOf(date, 'L', -1, 95)] : []),
  ])
  assert.deepEqual(
    [effect.saleDates, effect.realizedGains, effect.paperGains, effect.realizedLosses, effect.paperLosses],
    [24, 24, 24, 8, 40],
  )
  assert.deepEqual([effect.gainsRealized, effect.lossesRealized], [0.5, 8 / 48])
  assert.ok(Math.abs(effect.difference! - 1 / 3) < 1e-12)
  assert.ok(effect.low! < 1 / 3 && effect.high! > 1 / 3 && effect.low! > 0)
  // Eight losses sold are too few to say at which size they are felt.
  assert.equal(effect.lossAversion.value, null)
  assert.match(effect.lossAversion.because!, /there are 24 and 8/)
})

test('[36] loss aversion is the size of gains sold over the size of losses sold, and not the share of sales', () => {
  // Gains are sold at 10 %, losses at 5 %: a loss counts as much as a gain twice its size.
  const same = found((date) => [fillOf(date, 'W', -1, 110), fillOf(date, 'L', -1, 95)])
  assert.ok(Math.abs(same.lossAversion.value! - 2) < 1e-9)
  // Sizes that never vary leave nothing to doubt.
  assert.ok(Math.abs(same.lossAversion.low! - 2) < 1e-9 && Math.abs(same.lossAversion.high! - 2) < 1e-9)
  // What was kept, G at +10 % and K at -5 %, shows the same ratio: whoever drew lots would have come out there too.
  assert.ok(Math.abs(same.lossAversion.kept! - 2) < 1e-9)
  // With the same sales, sizes the other way round give the inverse: the number of sales has no part in it.
  const tolerant = found((date) => [fillOf(date, 'W', -1, 102), fillOf(date, 'L', -1, 96)])
  assert.ok(Math.abs(tolerant.lossAversion.value! - 0.5) < 1e-9)
})

test('[36] what the stop-loss sold was not decided: it is neither a loss realized nor a sign of loss aversion', () => {
  const effect = found((date) => [fillOf(date, 'W', -1, 110), fillOf(date, 'L', -1, 95, { reason: 'stop' })])
  assert.deepEqual([effect.realizedLosses, effect.paperLosses, effect.lossAversion.lossesSold], [0, 24, 0])
  assert.equal(found((date) => [fillOf(date, 'L', -1, 95, { reason: 'stop' })]).saleDates, 0)
})

test('a few sales give no proportion, with the number that is missing', () => {
  const effect = found((date) => [fillOf(date, 'W', -1, 110)], 5)
  assert.deepEqual([effect.gainsRealized, effect.difference], [null, null])
  assert.match(effect.because!, /at least 20 gains and 20 losses .* there are 10 and 10/)
})
