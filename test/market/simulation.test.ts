import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Exchange } from '../../src/market/bar.ts'
import { sessionsBetween } from '../../src/market/calendar.ts'
import { bridgeMaximum, openSimulation, type SimulatedSeries } from '../../src/market/simulation.ts'
import { eventRoster } from '../../src/market/simulation-events.ts'
import { simulatedWorld, weekdayIndex } from '../../src/market/simulation-factors.ts'

const listing = (symbol: string) => ({
  symbol,
  exchange: (/\.PA$|\^FCHI/.test(symbol) ? 'XPAR' : 'XNYS') as Exchange,
})
const listings = [...eventRoster, '^FCHI'].map(listing)
const seeds = ['1', '2', 'demo']
const worlds = new Map(
  seeds.map((seed) => {
    const simulation = openSimulation(seed)
    return [seed, new Map(listings.map((one) => [one.symbol, simulation.series(one, simulatedWorld.to)]))]
  }),
)
const everySeries = [...worlds.values()].flatMap((world) => [...world.values()])

/** Total log returns from close to close: shares multiplied by splits, dividends kept. */
function returns(series: SimulatedSeries): Map<string, number> {
  const split = new Map(series.splits.map(({ date, ratio }) => [date, ratio]))
  const dividend = new Map(series.dividends.map(({ date, amount }) => [date, amount]))
  const found = new Map<string, number>()
  for (let i = 1; i < series.bars.length; i++) {
    const { date, close } = series.bars[i]!
    const value = (close + (dividend.get(date) ?? 0)) * (split.get(date) ?? 1)
    found.set(date, Math.log(value / series.bars[i - 1]!.close))
  }
  return found
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
const moment = (values: readonly number[], power: number) => {
  const centre = mean(values)
  return mean(values.map((value) => (value - centre) ** power))
}
function correlation(x: readonly number[], y: readonly number[]): number {
  const [mx, my] = [mean(x), mean(y)]
  const covariance = mean(x.map((value, i) => (value - mx) * (y[i]! - my)))
  return covariance / Math.sqrt(moment(x, 2) * moment(y, 2))
}
function pair(world: ReadonlyMap<string, SimulatedSeries>, one: string, other: string): number {
  const [x, y] = [returns(world.get(one)!), returns(world.get(other)!)]
  const common = [...x.keys()].filter((date) => y.has(date))
  return correlation(
    common.map((date) => x.get(date)!),
    common.map((date) => y.get(date)!),
  )
}

test('the same seed gives the same prices, another seed gives others', () => {
  const again = openSimulation('1').series(listing('SPY'), '2016-06-30')
  const first = worlds.get('1')!.get('SPY')!
  assert.deepEqual(again.bars, first.bars.slice(0, again.bars.length))
  const other = worlds.get('2')!.get('SPY')!
  const equal = first.bars.filter((bar, i) => bar.close === other.bars[i]?.close).length
  assert(equal < first.bars.length / 20)
})

test('the world of a seed is the same on every machine, to the cent', () => {
  const closes = (symbol: string) => [0, 1000, 3000].map((i) => worlds.get('1')!.get(symbol)!.bars[i]!.close)
  assert.deepEqual(
    [closes('SPY'), closes('MC.PA')],
    [
      [204.03, 343.74, 667.16],
      [63.33, 96.87, 60.76],
    ],
  )
})

test('a price depends neither on the range asked for nor on who was asked about before', () => {
  const request = fc.record({ symbol: fc.constantFrom(...eventRoster), year: fc.integer({ min: 2015, max: 2030 }) })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), (requests) => {
      const simulation = openSimulation('demo')
      for (const { symbol, year } of requests) simulation.series(listing(symbol), `${year}-03-15`)
      for (const { symbol } of requests) {
        const grown = simulation.series(listing(symbol), '2015-01-02')
        const whole = worlds.get('demo')!.get(symbol)!
        assert.deepEqual(grown.bars, whole.bars.slice(0, grown.bars.length))
        assert.deepEqual(grown.dividends, whole.dividends.slice(0, grown.dividends.length))
        assert.deepEqual(grown.splits, whole.splits.slice(0, grown.splits.length))
      }
    }),
    { numRuns: 15 },
  )
})

test('every bar is a possible one: finite, above zero, in cents, low <= open and close <= high, on a session', () => {
  const sessions: Record<Exchange, ReadonlySet<string>> = {
    XNYS: new Set(sessionsBetween('XNYS', simulatedWorld.from, simulatedWorld.to)),
    XPAR: new Set(sessionsBetween('XPAR', simulatedWorld.from, simulatedWorld.to)),
    CRYPTO: new Set(),
  }
  for (const world of worlds.values()) {
    for (const [symbol, { bars }] of world) {
      let before = ''
      for (const { date, open, high, low, close, volume } of bars) {
        assert(date > before && sessions[listing(symbol).exchange].has(date), `${symbol} ${date}`)
        before = date
        for (const price of [open, high, low, close]) {
          assert(
            price > 0 && price < 1e6 && Math.abs(price * 100 - Math.round(price * 100)) < 1e-6,
            `${symbol} ${date}`,
          )
        }
        assert(low <= open && low <= close && high >= open && high >= close, `${symbol} ${date}`)
        assert(Number.isInteger(volume) && volume > 0)
      }
    }
  }
})

test('prices neither explode nor vanish: a share bought in 2015 is worth 0.1 to 40 times as much in 2030', () => {
  for (const world of worlds.values()) {
    for (const [symbol, series] of world) {
      const growth = Math.exp([...returns(series).values()].reduce((sum, value) => sum + value, 0))
      assert(growth > 0.1 && growth < 40, `${symbol} ${growth}`)
    }
  }
})

test('the open differs from the last close: much of what happens, happens overnight', () => {
  const gaps = everySeries.flatMap(({ bars }) =>
    bars.slice(1).map((bar, i) => Math.abs(Math.log(bar.open / bars[i]!.close))),
  )
  assert(gaps.filter((gap) => gap > 0.001).length > gaps.length / 2)
})

test('returns have fat tails and calm and stormy times', () => {
  const kurtoses = everySeries.map((series) => {
    const values = [...returns(series).values()]
    return moment(values, 4) / moment(values, 2) ** 2 - 3
  })
  assert(Math.min(...kurtoses) > 1, `excess kurtosis from ${Math.min(...kurtoses)}`)
  // After a big day comes another: squared returns are correlated with those of the day before.
  for (const world of worlds.values()) {
    const squares = [...returns(world.get('SPY')!).values()].map((value) => value ** 2)
    assert(correlation(squares.slice(1), squares.slice(0, -1)) > 0.05)
  }
})

test('assets move together, funds of shares closely, gold and bonds apart', () => {
  const symbols = eventRoster.slice(0, 12)
  for (const world of worlds.values()) {
    const pairs = symbols.flatMap((one, i) => symbols.slice(i + 1).map((other) => pair(world, one, other)))
    assert(mean(pairs) > 0.1, `mean correlation ${mean(pairs)}`)
    assert(pair(world, 'SPY', 'QQQ') > 0.8)
    assert(pair(world, 'CAC.PA', '^FCHI') > 0.9)
    assert(pair(world, 'SPY', 'TLT') < 0.1)
    assert(Math.abs(pair(world, 'SPY', 'GLD')) < 0.3)
  }
})

test('each year one asset splits and one other has no bars for five sessions, both in the second half', () => {
  for (const world of worlds.values()) {
    for (let year = 2015; year <= 2030; year++) {
      const ofYear = (date: string) => date.startsWith(String(year))
      const splits = [...world].flatMap(([symbol, { splits }]) =>
        splits.filter(({ date }) => ofYear(date)).map((split) => ({ symbol, ...split })),
      )
      assert.equal(splits.length, 1)
      assert(splits[0]!.date > `${year}-07-00` && [2, 3, 4, 0.5].includes(splits[0]!.ratio))
      const halted = [...world].flatMap(([symbol, { bars }]) => {
        const present = new Set(bars.map(({ date }) => date))
        const sessions = sessionsBetween(listing(symbol).exchange, `${year}-01-01`, `${year}-12-31`)
        const missing = sessions.filter((date) => date >= simulatedWorld.from && !present.has(date))
        if (missing.length === 0) return []
        // Five in a row, and trading goes on after them.
        assert.equal(sessions.indexOf(missing[4]!) - sessions.indexOf(missing[0]!), 4)
        assert(present.has(sessions[sessions.indexOf(missing[4]!) + 1]!))
        return [{ symbol, missing }]
      })
      assert.equal(halted.length, 1)
      assert.equal(halted[0]!.missing.length, 5)
      assert(halted[0]!.missing[0]! > `${year}-07-00`)
      assert.notEqual(halted[0]!.symbol, splits[0]!.symbol)
    }
  }
})

test('a split divides the price and multiplies the volume by its ratio', () => {
  for (const { bars, splits } of everySeries) {
    for (const { date, ratio } of splits) {
      const i = bars.findIndex((bar) => bar.date === date)
      const step = bars[i - 1]!.close / bars[i]!.open
      assert(Math.abs(Math.log(step / ratio)) < 0.2, `${date}: ${step} for ${ratio}`)
      const volume = (from: number, to: number) => mean(bars.slice(from, to).map((bar) => bar.volume))
      assert(Math.abs(Math.log(volume(i, i + 60) / volume(i - 60, i) / ratio)) < 0.4)
    }
  }
})

test('on an ex-date the price opens lower by the dividend', () => {
  const gaps = everySeries.flatMap(({ bars, dividends }) =>
    dividends.flatMap(({ date, amount }) => {
      const i = bars.findIndex((bar) => bar.date === date)
      const before = bars[i - 1]!.close
      assert(i > 0 && amount > 0 && amount < before / 10)
      return [{ fallen: Math.log(bars[i]!.open / before), mended: Math.log((bars[i]!.open + amount) / before) }]
    }),
  )
  // About 2,200 ex-dates of 1.2 % on average; an overnight move of 0.8 % leaves an error of the mean near 0.02 %.
  assert(gaps.length > 1000)
  assert(mean(gaps.map(({ fallen }) => fallen)) < -0.008)
  assert(Math.abs(mean(gaps.map(({ mended }) => mended))) < 0.002)
  for (const world of worlds.values()) {
    assert.equal(world.get('SPY')!.dividends.length, 64) // quarterly, 16 years
    assert.equal(world.get('GLD')!.dividends.length, 0)
    assert.equal(world.get('^FCHI')!.dividends.length, 0)
    assert([16, 32].includes(world.get('MC.PA')!.dividends.length)) // yearly or half-yearly
  }
})

test('the euro stays near 1.10 dollars and is published on the days of the ECB', () => {
  for (const seed of seeds) {
    const { dates, values } = openSimulation(seed).euroRates('USD')
    assert(Math.abs(values[0]! - 1.1) < 0.03)
    assert(Math.min(...values) > 0.75 && Math.max(...values) < 1.6)
    assert(!dates.includes('2020-04-10') && !dates.includes('2020-04-13')) // Good Friday and Easter Monday
    assert(!dates.includes('2020-05-01') && !dates.includes('2020-12-25') && !dates.includes('2021-01-01'))
    assert(dates.includes('2020-07-03') && dates.includes('2020-11-26')) // American holidays
    // 2020 has 262 weekdays; 1 January, 10 and 13 April, 1 May and 25 December are among them.
    assert.equal(dates.filter((date) => date.startsWith('2020')).length, 257)
  }
})

test('weekdays are numbered without gaps from the first day of the world, a Friday', () => {
  assert.deepEqual(['2015-01-02', '2015-01-05', '2015-01-09', '2015-01-12'].map(weekdayIndex), [0, 1, 5, 6])
})

test('the highest point of a path follows from where it ends', () => {
  // sqrt(-2 * 0.01^2 * ln 0.5) / 2 = sqrt(1.386294e-4) / 2 = 0.0117741 / 2
  assert(Math.abs(bridgeMaximum(0, 0.01, 0.5) - 0.00588705) < 1e-8)
  assert.equal(bridgeMaximum(0.02, 0.01, 0), 0.02)
  assert.equal(bridgeMaximum(-0.02, 0.01, 0), 0)
})
