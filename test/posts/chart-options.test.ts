import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { altOfAllocation, altOfEquity } from '../../src/posts/chart-alt.ts'
import { allocationData, equityData } from '../../src/posts/chart-data.ts'
import { labelOffsets, monthTicks, niceRange } from '../../src/posts/chart-layout.ts'
import { allocationOption, equityOption } from '../../src/posts/chart-options.ts'
import { close, controlOpened, opened } from './sample-entries.ts'

function closes(equities: readonly number[]) {
  return equities.map((equity, index) => ({
    ...close().body,
    date: `2020-03-${String(index + 10)}`,
    equity,
    benchmarks: {
      'buy-and-hold:SPY': 10_000 + index,
      'buy-and-hold:CAC.PA': 10_000,
      'equal-weight': 9_900,
      'do-nothing': 10_000,
    },
  }))
}

test('the axis holds all values in round steps', () => {
  assert.deepEqual(niceRange([9_830, 10_340], [4]), { min: 9_800, max: 10_400, interval: 200 })
  assert.deepEqual(niceRange([10_000, 10_000], [4]), { min: 9_900, max: 10_100, interval: 50 })
  fc.assert(
    fc.property(fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1 }), (values) => {
      const { min, max, interval } = niceRange(values)
      assert.ok(min < max && interval > 0)
      assert.ok((max - min) / interval < 12)
      for (const value of values) assert.ok(value >= min - interval * 1e-6 && value <= max + interval * 1e-6)
    }),
  )
})

test('no two labels overlap, whatever the lines end at, and each stays in its order', () => {
  const range = { min: 0, max: 100, interval: 25 }
  const sizes = { height: 308, labelHeight: 38 }
  assert.deepEqual(labelOffsets([50, 50], range, { height: 300, labelHeight: 36 }), [-18, 18])
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 1, maxLength: 7 }), (ends) => {
      const offsets = labelOffsets(ends, range, sizes)
      const placed = ends
        .map((end, index) => ({ end, at: ((100 - end) / 100) * sizes.height + offsets[index]! }))
        .sort((a, b) => a.at - b.at)
      for (let i = 1; i < placed.length; i++) {
        assert.ok(placed[i]!.at - placed[i - 1]!.at >= sizes.labelHeight - 1e-6)
        assert.ok(placed[i]!.end <= placed[i - 1]!.end + 1e-9)
      }
      assert.ok(placed[0]!.at >= -1e-6 && placed.at(-1)!.at <= sizes.height + 1e-6)
    }),
  )
})

test('dates are labelled by month, half-year or day, never more than six of them', () => {
  assert.deepEqual(
    [...monthTicks(['2019-11-20', '2019-11-29', '2019-12-02', '2020-01-02', '2020-02-03', '2020-02-10'], 6).values()],
    ['Dec 2019', 'Jan 2020', 'Feb'],
  )
  assert.deepEqual([...monthTicks(['2020-03-12'], 6).values()], ['12 Mar 2020'])
  assert.deepEqual([...monthTicks([], 6)], [])
})

test('the alternative text of a chart says its figures', () => {
  // peak 10,400; 10,213.02 lies 1.798 % below it
  const data = equityData(controlOpened(), closes([10_000, 10_400, 10_213.02]))
  assert.equal(
    altOfEquity(data),
    'Line chart from 2020-03-10 to 2020-03-12: equity EUR 10,213, +2.1 % since the start; SPY 0.0 %, CAC 0.0 %, 1/N 0.0 %, cash 0.0 %. ' +
      'Drawdown panel: 1.8 % below the highest close, 1.8 % at the deepest. Simulated prices.',
  )
  assert.equal(
    altOfAllocation(allocationData(opened(), close().body)),
    'Bar chart of weights on 2020-03-12: cash 40.1 %, SPY 11.1 %.',
  )
})

test('a chart of simulated prices says so in capitals, one of live prices does not', () => {
  const subtitle = (option: { title?: unknown }) => (option.title as { subtext: string }).subtext
  assert.match(
    subtitle(equityOption(equityData(controlOpened(), closes([10_000])))),
    /^SIMULATED PRICES · cvar control, net of costs/,
  )
  assert.match(subtitle(allocationOption(allocationData(controlOpened(), close().body))), /^SIMULATED PRICES/)
  assert.doesNotMatch(subtitle(equityOption(equityData(opened(), closes([10_000])))), /PRICES/)
})

test('twenty-one positions stay legible: the smallest share one bar, and nothing is left out of the sum', () => {
  const positions = Array.from({ length: 21 }, (_, index) => ({ name: `Asset ${index}`, weight: 0.04 }))
  const option = allocationOption({ date: '2020-03-12', positions, cash: 0.16, title: '', subtitle: '', label: '' })
  const bars = (option.series as { data: { value: number }[] }[])[0]!.data
  assert.equal(bars.length, 10)
  assert.ok(Math.abs(bars.reduce((sum, { value }) => sum + value, 0) - 1) < 1e-9)
  assert.ok(JSON.stringify(option.yAxis).includes('13 others'))
})
