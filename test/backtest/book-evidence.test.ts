import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type AllocatorRank, bookEvidence } from '../../src/backtest/book-evidence.ts'
import type { Opened } from '../../src/journal/entry.ts'
import { Evidence } from '../../src/journal/evidence-entry.ts'
import type { ClosedDay } from '../../src/journal/replay.ts'
import { standingAt } from '../../src/journal/standing.ts'
import { addDays } from '../../src/market/calendar.ts'
import { stats } from '../../src/statistics/stats.ts'
import { opened as openedEntry } from '../posts/sample-entries.ts'
import { noiseOf } from '../support/trials-of-chance.ts'

const none: AllocatorRank = { kind: 'none', because: 'not asked for here' }
const alone = () => ({ count: 1, sharpeVariance: 0 })

/** A book with two benchmarks and a control, whose first benchmark is the main one. */
function opened(decider: Opened['decider'] = 'model'): Opened {
  return openedEntry({
    decider,
    policy: decider === 'model' ? 'model' : 'cvar',
    benchmarks: [
      { policy: 'buy-and-hold:SPY', shortName: 'SPY', priceOnly: false },
      { policy: 'do-nothing', shortName: 'cash', priceOnly: false },
      ...(decider === 'model' ? [{ policy: 'cvar', shortName: 'CVaR control', priceOnly: false }] : []),
    ],
  }).body
}

type Series = Readonly<Record<'book' | 'SPY' | 'cvar', ArrayLike<number>>>

/** Closes of a book from net daily returns; a constant fraction is invested unless said otherwise. */
function closesOf({ book, SPY, cvar }: Series, invested = 1): readonly ClosedDay[] {
  let [equity, spy, control] = [10_000, 10_000, 10_000]
  return Array.from({ length: book.length + 1 }, (_, t) => {
    if (t > 0) {
      equity *= 1 + book[t - 1]!
      spy *= 1 + SPY[t - 1]!
      control *= 1 + cvar[t - 1]!
    }
    return {
      date: addDays('2020-01-13', t),
      equity,
      cashCents: Math.round(equity * (1 - invested) * 100),
      benchmarks: { 'buy-and-hold:SPY': spy, 'do-nothing': 10_000, cvar: control },
    }
  })
}

function verdictOn(
  closes: readonly ClosedDay[],
  more: Partial<Parameters<typeof bookEvidence>[0]> = {},
): ReturnType<typeof bookEvidence> {
  const evidence = bookEvidence({
    opened: opened(),
    closes,
    sessionsPerYear: 252,
    tried: alone,
    allocators: none,
    ...more,
  })
  // What is journaled is strict, and knows neither NaN nor infinity.
  return Evidence.parse(JSON.parse(JSON.stringify(evidence)))
}

const noise = (label: string, count: number, mean = 0) => noiseOf('normal', label, 1, count, mean)
const near = (found: number | null, wanted: number | null) =>
  assert.ok(found !== null && wanted !== null && Math.abs(found - wanted) < 1e-9, `${found} is not ${wanted}`)

test('after one day of 3 % against 1 % the e-value is 1.124, as worked by hand', () => {
  // x = 0.02: (1.02 + 1.04 + 1.08 + 1.16 + 1.32) / 5
  const { comparisons, skill } = verdictOn(closesOf({ book: [0.03], SPY: [0.01], cvar: [0.03] }))
  near(comparisons[0]!.eValue, 1.124)
  // Against its equal nothing is won, and that is the smallest; fully invested, the mix is SPY.
  assert.deepEqual(
    comparisons.map(({ kind, policy, eValue }) => [kind, policy, Number(eValue.toFixed(3))]),
    [
      ['benchmark', 'buy-and-hold:SPY', 1.124],
      // x = 0.03: (1.03 + 1.06 + 1.12 + 1.24 + 1.48) / 5
      ['benchmark', 'do-nothing', 1.186],
      ['control', 'cvar', 1],
      ['mix', 'buy-and-hold:SPY', 1.124],
    ],
  )
  assert.deepEqual([skill!.eValue, skill!.hardest], [1, 2])
})

test('each figure is what primer stats says of the same two series', () => {
  const series = { book: noise('book', 200, 0.0008), SPY: noise('SPY', 200), cvar: noise('cvar', 200) }
  const trials = { count: 5, sharpeVariance: 0.003 }
  let told: number | null = null
  const { comparisons, skill } = verdictOn(closesOf(series), {
    tried: (sharpe) => {
      told = sharpe
      return trials
    },
  })
  const returns = [...series.book]
  for (const [place, opponent] of [series.SPY, noise('none', 200).map(() => 0), series.cvar].entries()) {
    const { bootstrap, eValue } = stats({ returns, benchmark: [...opponent] })
    const found = comparisons[place]!
    near(found.difference, bootstrap.meanDifference! * 252)
    near(found.low, bootstrap.low! * 252)
    near(found.high, bootstrap.high! * 252)
    near(found.eValue, eValue)
  }
  const own = stats({ returns, trials })
  near(told, own.sharpe! / Math.sqrt(252))
  near(skill!.probabilisticSharpe, own.probabilisticSharpe)
  near(skill!.deflatedSharpe, own.deflatedSharpe)
  near(skill!.minTrackRecord, own.minTrackRecordLength)
  assert.ok(skill!.deflatedSharpe! < skill!.probabilisticSharpe!)
  assert.equal(skill!.trials, 5)
})

test('the headline is the e-value that the daily posts have: the smallest of all', () => {
  for (const count of [1, 30, 150]) {
    const closes = closesOf({ book: noise('a', count, 0.001), SPY: noise('b', count), cvar: noise('c', count) }, 0.6)
    near(verdictOn(closes).skill!.eValue, standingAt(opened(), closes).verdict.eValue)
  }
})

test('no ratio, interval or length is there on 59 returns, and each is on 60', () => {
  const series = (count: number) => ({
    book: noise('book', 60, 0.002).subarray(0, count),
    SPY: noise('SPY', 60).subarray(0, count),
    cvar: noise('cvar', 60).subarray(0, count),
  })
  const few = verdictOn(closesOf(series(59)))
  for (const { difference, low, high } of few.comparisons) assert.deepEqual([difference, low, high], [null, null, null])
  const { probabilisticSharpe, deflatedSharpe, minTrackRecord, returnsToEvidence } = few.skill!
  assert.deepEqual([probabilisticSharpe, deflatedSharpe, minTrackRecord, returnsToEvidence], [null, null, null, null])
  for (const name of ['comparisons', 'probabilisticSharpe', 'deflatedSharpe', 'minTrackRecord', 'returnsToEvidence']) {
    assert.match(few.notes[name]!, /begin at 60 net daily returns; there are 59/)
  }
  assert.doesNotMatch(few.text, /Such an edge/)
  const enough = verdictOn(closesOf(series(60)))
  for (const { difference, low, high } of enough.comparisons) assert.ok(low! < difference! && difference! < high!)
  assert.ok(enough.skill!.probabilisticSharpe! > 0.5 && enough.skill!.minTrackRecord! > 1)
  assert.deepEqual(enough.notes, { allocators: 'not asked for here' })
  assert.match(enough.text, /Such an edge would need about [\d,]+ sessions in all/)
})

test('a planted edge of 0.4 % a day is found within a year, and a book without one is not', () => {
  const market = noise('market', 252)
  const edge = verdictOn(
    closesOf({ book: market.map((value) => value + 0.004), SPY: market, cvar: market.map((value) => value / 2) }),
  )
  assert.ok(edge.skill!.eValue! >= 20, `${edge.skill!.eValue}`)
  assert.match(edge.text, /^Evidence of skill: the smallest e-value is /)
  const chance = verdictOn(closesOf({ book: noise('x', 252), SPY: market, cvar: noise('y', 252) }))
  assert.ok(chance.skill!.eValue! < 20)
  assert.match(chance.text, /^No evidence of skill yet: the smallest e-value is /)
})

test('half the money in SPY and half in cash beats a falling SPY, and the mix says that this is no skill', () => {
  // SPY loses 0.8 % a day: half of it is ahead by 0.4 % every day, at the very exposure that the mix has.
  const falling = new Float64Array(150).fill(-0.008)
  const { comparisons, skill, text } = verdictOn(
    closesOf({ book: falling.map((value) => value / 2), SPY: falling, cvar: falling }, 0.5),
  )
  assert.ok(comparisons[0]!.eValue > 100)
  assert.equal(comparisons.at(-1)!.kind, 'mix')
  // To the cent in which cash is kept.
  assert.ok(Math.abs(comparisons.at(-1)!.eValue - 1) < 1e-6)
  // Cash itself is harder still here: the book lost money.
  assert.equal(comparisons[skill!.hardest!]!.policy, 'do-nothing')
  assert.match(text, /No evidence of skill yet: .* against cash after 150 returns.* no edge that any length would turn/)
})

test('a control is shown against its benchmarks, and skill is not spoken of', () => {
  const closes = closesOf({ book: noise('book', 90, 0.01), SPY: noise('SPY', 90), cvar: noise('cvar', 90) })
  const evidence = verdictOn(closes, { opened: opened('control') })
  assert.equal(evidence.skill, null)
  assert.equal(evidence.text, 'A control run: no claim of skill.')
  assert.ok(evidence.comparisons.length === 3 && evidence.comparisons[0]!.difference! > 0)
})

test('before the first return, and without any benchmark, the verdict says so', () => {
  const flat = { book: [], SPY: [], cvar: [] }
  assert.equal(verdictOn(closesOf(flat)).text, 'No evidence of skill yet: there is no daily return.')
  const lonely = verdictOn(closesOf({ ...flat, book: [0.01], SPY: [0], cvar: [0] }), {
    opened: { ...opened(), benchmarks: [] },
  })
  assert.equal(lonely.text, 'No evidence of skill yet: the book has no benchmark to be measured against.')
  // A record that never moves has no Sharpe ratio, and the entry says why.
  const still = new Float64Array(80)
  const { skill, notes } = verdictOn(closesOf({ book: still, SPY: still, cvar: still }))
  assert.deepEqual([skill!.probabilisticSharpe, skill!.deflatedSharpe, skill!.minTrackRecord], [null, null, null])
  assert.match(notes.probabilisticSharpe!, /do not vary/)
})

test('the rank among random allocators is told as it was found', () => {
  const closes = closesOf({ book: noise('a', 20), SPY: noise('b', 20), cvar: noise('c', 20) })
  const allocators = { count: 1000, atLeastAsGood: 388, p: 389 / 1001 }
  const { skill, notes } = verdictOn(closes, { allocators: { kind: 'ranked', allocators } })
  assert.deepEqual(skill!.allocators, allocators)
  assert.equal(notes.allocators, undefined)
})
