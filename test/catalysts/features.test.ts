import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { aged, asOf, featuresOf, scoreMatrix, standardized } from '../../src/catalysts/features.ts'
import { defaultKindSettings } from '../../src/catalysts/kinds.ts'
import type { StoredSignal } from '../../src/catalysts/stored-signal.ts'

const settings = { horizonDays: 5, halfLifeDays: 2 }
const times = ['2021-03-01', '2021-03-02', '2021-03-03', '2021-03-04'].map((date) => `${date}T23:59:59.999Z`)
const signal = (asset: string, knownAt: string, score: number): StoredSignal => ({
  asset,
  kind: 'listing',
  knownAt,
  score,
  entry: null,
})
const grid = (assets: string[]) => ({ kind: 'listing' as const, assets, times, settings })

test('a signal enters at the first session whose data end after it was known, and halves every half-life', () => {
  const matrix = scoreMatrix([signal('AAA', '2021-03-02T23:59:59.999Z', 0.8)], grid(['AAA']))
  // Known at the very end of the second session: nothing before; 0.8; a day later 0.8 * 0.5^(1/2) = 0.565685; two days later 0.4.
  const [before, first, second, third] = matrix.values
  assert.equal(before, 0)
  assert.equal(first, 0.8)
  assert.ok(Math.abs(second! - 0.565685) < 1e-6)
  assert.ok(Math.abs(third! - 0.4) < 1e-12)
  assert.deepEqual([...matrix.known], [0, 1, 1, 1])
})

test('a text that is read late is as old as it is, and no news after five half-lives', () => {
  const late = (textKnownAt: string) => ({ ...signal('AAA', '2021-03-11T12:00:00.000Z', 0.8), textKnownAt })
  const settings = { ...defaultKindSettings, listing: { horizonDays: 5, halfLifeDays: 2 } }
  const [fresh, waited, ...rest] = aged(
    // At once; two days, one half-life; and eleven days, more than five.
    [late('2021-03-11T12:00:00.000Z'), late('2021-03-09T12:00:00.000Z'), late('2021-02-28T12:00:00.000Z')],
    settings,
  )
  assert.deepEqual([fresh!.score, waited!.score, rest.length], [0.8, 0.4, 0])
  assert.equal(waited!.knownAt, '2021-03-11T12:00:00.000Z')
})

test('a signal known one millisecond after the data end waits for the next session', () => {
  const matrix = scoreMatrix([signal('AAA', '2021-03-03T00:00:00.000Z', 1)], grid(['AAA']))
  assert.deepEqual([...matrix.known], [0, 0, 1, 1])
})

test('what becomes known later changes no earlier row', () => {
  const anySignal = fc.record({
    asset: fc.constantFrom('AAA', 'BBB'),
    hour: fc.integer({ min: 0, max: 95 }),
    score: fc.double({ min: -1, max: 1, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(anySignal), fc.array(anySignal), fc.integer({ min: 0, max: 3 }), (some, more, row) => {
      const make = (list: typeof some) =>
        list.map(({ asset, hour, score }) =>
          signal(asset, new Date(Date.parse('2021-03-01T00:00:00Z') + hour * 3_600_000).toISOString(), score),
        )
      const later = make(more).filter(({ knownAt }) => knownAt > times[row]!)
      const alone = standardized(scoreMatrix(make(some), grid(['AAA', 'BBB'])))
      const both = standardized(scoreMatrix([...make(some), ...later], grid(['AAA', 'BBB'])))
      const upTo = (row + 1) * 2
      assert.deepEqual(alone.values.slice(0, upTo), both.values.slice(0, upTo))
      assert.deepEqual(alone.known.slice(0, upTo), both.known.slice(0, upTo))
    }),
  )
})

test('five assets or more are compared with one another, four are not', () => {
  const row = (scores: number[]) => {
    const assets = scores.map((_, index) => `A${index}`)
    const matrix = scoreMatrix(
      scores.map((score, index) => signal(`A${index}`, times[0]!, score)),
      { ...grid(assets), times: times.slice(0, 1) },
    )
    return [...standardized(matrix).values].map((value) => Math.round(value * 1000) / 1000)
  }
  // 0.2 ... 1.0: mean 0.6, squares 0.16 + 0.04 + 0 + 0.04 + 0.16 = 0.4, deviation sqrt(0.4 / 4) = 0.316228; 0.4 / 0.316228 = 1.265.
  assert.deepEqual(row([0.2, 0.4, 0.6, 0.8, 1]), [-1.265, -0.632, 0, 0.632, 1.265])
  assert.deepEqual(row([0.2, 0.4, 0.6, 0.8]), [0.2, 0.4, 0.6, 0.8])
  assert.deepEqual(row([0.5, 0.5, 0.5, 0.5, 0.5]), [0.5, 0.5, 0.5, 0.5, 0.5])
})

test('an as-of read gives the last value known by then, and nothing before the first', () => {
  const store = featuresOf([signal('AAA', times[2]!, 0.3), signal('AAA', times[0]!, -0.2), signal('BBB', times[0]!, 1)])
  const at = (moment: string) => asOf(store, { asset: 'AAA', name: 'listing', at: moment })?.value ?? null
  assert.equal(at('2021-03-01T12:00:00.000Z'), null)
  assert.equal(at(times[0]!), -0.2)
  assert.equal(at(times[1]!), -0.2)
  assert.equal(at(times[3]!), 0.3)
})
