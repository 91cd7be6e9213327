import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forecastsOf } from '../../src/catalysts/expected-return.ts'
import { defaultKindSettings } from '../../src/catalysts/kinds.ts'
import { openToOpen, residualAt } from '../../src/catalysts/residuals.ts'
import type { StoredSignal } from '../../src/catalysts/stored-signal.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'
import { weekdays } from '../predecessor/prices.ts'
import { type Asset, marketOf } from '../support/world.ts'

const dates = weekdays('2018-01-02', '2020-12-31')
const dataEnd = (date: string) => `${date}T23:59:59.999Z`

/** A market and assets that move with it; a signal of size one lifts its asset by `edge` residual deviations over five days. */
function planted(edge: number, seed: number) {
  const random = randomFrom('planted', seed)
  const names = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF']
  const market = dates.map(() => 0.01 * randomNormal(random))
  const signals: StoredSignal[] = []
  const drift = new Map(names.map((name) => [name, new Float64Array(dates.length + 20)]))
  for (let day = 80; day < dates.length - 10; day += 3) {
    const asset = names[Math.floor(random() * names.length)]!
    const score = random() < 0.5 ? 1 : -1
    signals.push({ asset, kind: 'listing', knownAt: dataEnd(dates[day]!), score, entry: null })
    // Residual volatility 0.02 a day; from the open two sessions on, five sessions long.
    for (let t = day + 2; t < day + 7; t++) drift.get(asset)![t]! += (edge * score * 0.02) / Math.sqrt(5)
  }
  const all: Asset[] = [{ symbol: 'MKT', days: pathOf(market) }]
  for (const name of names) {
    const own = market.map((move, t) => move + 0.02 * randomNormal(random) + drift.get(name)![t]!)
    all.push({ symbol: name, days: pathOf(own) })
  }
  const panel = marketOf(all).panel
  const settings = { ...defaultKindSettings, listing: { horizonDays: 5, halfLifeDays: 1 } }
  const make = (list: readonly StoredSignal[], on = panel, assets: readonly string[] = names) =>
    forecastsOf({
      signals: list,
      panel: on,
      assets,
      marketSymbol: 'MKT',
      settings,
      dataEnd,
      entrySession: (session) => session + 2,
    })
  return { panel, signals, names, make, forecasts: make(signals) }
}

/** Open to open moves: the return of a day lies between its open and the next one. */
function pathOf(moves: readonly number[]) {
  const days: Record<string, { open: number; close: number }> = {}
  let price = 100
  for (const [index, date] of dates.entries()) {
    const next = price * (1 + moves[index]!)
    days[date] = { open: price, close: next }
    price = next
  }
  return days
}

test('a planted coefficient is recovered within its interval, and none is found where none was planted', () => {
  const { panel, forecasts } = planted(0.4, 1)
  const last = panel.sessions.length - 1
  const found = forecasts.ic('listing', last)
  // z = 0.4 * score + noise of deviation 1: correlation about zero 0.4 / sqrt(1 + 0.16) = 0.371.
  assert.ok(found.low! < 0.371 && found.high! > 0.371, JSON.stringify(found))
  assert.ok(found.low! > 0, 'an edge of this size must show over 230 events')
  const noise = planted(0, 2).forecasts.ic('listing', last)
  assert.ok(noise.low! < 0 && noise.high! > 0, JSON.stringify(noise))
})

test('the expected return is IC times residual volatility times the root of the horizon times the score', () => {
  const { panel, forecasts, signals, names } = planted(0.4, 3)
  const signal = signals.at(-1)!
  const session = panel.indexOf.get(signal.knownAt.slice(0, 10))!
  const expected = forecasts.expectedReturns(session, 5)
  const asset = names.indexOf(signal.asset)
  const { shrunk } = forecasts.ic('listing', session)
  const { volatility } = residualAt(panel.bySymbol.get(signal.asset)!, panel.bySymbol.get('MKT')!, session)!
  const scores = forecasts.scores.listing!
  const score = scores.values[session * scores.assets + asset]!
  assert.ok(Math.sign(score) === signal.score)
  assert.ok(Math.abs(expected[asset]! - shrunk * volatility * Math.sqrt(5) * score) < 1e-15)
  // About 0.37 * 0.02 * 2.236 = 1.7 %.
  assert.ok(Math.abs(expected[asset]!) > 0.008 && Math.abs(expected[asset]!) < 0.03, `${expected[asset]}`)
  // Over two of the five days: two fifths of it.
  assert.ok(Math.abs(forecasts.expectedReturns(session, 2)[asset]! - 0.4 * expected[asset]!) < 1e-15)
})

test('before anything was shown nothing is expected, and later signals change no earlier expectation', () => {
  const { panel, forecasts, signals, make } = planted(0.4, 4)
  const early = panel.indexOf.get(signals[3]!.knownAt.slice(0, 10))!
  assert.deepEqual([...forecasts.expectedReturns(early, 5)], [0, 0, 0, 0, 0, 0])
  const session = panel.indexOf.get(signals[150]!.knownAt.slice(0, 10))!
  const known = make(signals.filter(({ knownAt }) => knownAt <= dataEnd(panel.sessions[session]!)))
  assert.deepEqual(forecasts.expectedReturns(session, 5), known.expectedReturns(session, 5))
  assert.ok(forecasts.expectedReturns(session, 5).some((value) => value !== 0))
})

test('a share that stops trading before the exit is worth its last close', () => {
  const days = { '2020-01-02': { open: 10, close: 11 }, '2020-01-03': { open: 12, close: 3 } }
  const other = Object.fromEntries(
    weekdays('2020-01-02', '2020-01-10').map((date) => [date, { open: 1, close: 1 }] as const),
  )
  const { panel } = marketOf([
    { symbol: 'DEAD', days },
    { symbol: 'LIVE', days: other },
  ])
  // Bought at 12 on the second day, last close 3: 3 / 12 - 1.
  assert.equal(openToOpen(panel.bySymbol.get('DEAD')!, 1, 4), -0.75)
  assert.ok(Number.isNaN(openToOpen(panel.bySymbol.get('DEAD')!, 2, 4)))
})

test("old texts about other assets change nothing of what is said of today's", () => {
  // Two had news the day before yesterday, three yesterday, one today. Compared with what has half faded, its 0.1 would be -0.8.
  const { panel, make, names } = planted(0, 5)
  const day = dates.findIndex((date, index) => index > 200 && new Date(date).getUTCDay() === 4)
  const signals = names.map((asset, index): StoredSignal => {
    const ago = index < 2 ? 2 : index < 5 ? 1 : 0
    return { asset, kind: 'listing', knownAt: dataEnd(dates[day - ago]!), score: index === 5 ? 0.1 : 0.5, entry: null }
  })
  const { scores } = make(signals)
  const { values, assets } = scores.listing!
  const session = panel.indexOf.get(dates[day]!)!
  assert.equal(values[session * assets + 5], 0.1)
  // A day old, half-life one day: a half of 0.5.
  assert.ok(Math.abs(values[session * assets + 4]! - 0.25) < 1e-12)
})

test('a coefficient planted in the size of scores is recovered, whether one asset or all have news that day', () => {
  for (const perDay of [1, 6]) {
    const { panel, names, make } = planted(0, 6)
    const random = randomFrom('sizes', perDay, 3)
    const [last, market] = [panel.sessions.length - 1, panel.bySymbol.get('MKT')!]
    const outcomes: { asset: string; day: number; z: number }[] = []
    for (let day = 80; day < last - 10; day++) {
      for (const asset of perDay === 1 ? [names[day % 6]!] : names) {
        const column = panel.bySymbol.get(asset)!
        const { beta, volatility } = residualAt(column, market, day)!
        const excess = openToOpen(column, day + 2, day + 7) - beta * openToOpen(market, day + 2, day + 7)
        outcomes.push({ asset, day, z: excess / volatility / Math.sqrt(5) })
      }
    }
    const size = Math.sqrt(outcomes.reduce((sum, { z }) => sum + z * z, 0) / outcomes.length)
    // Score = 0.3 z + sqrt(1 - 0.09) noise, in quarters so that hardly any is cut.
    const signals = outcomes.map(({ asset, day, z }): StoredSignal => {
      const score = ((0.3 * z) / size + Math.sqrt(0.91) * randomNormal(random)) / 4
      return {
        asset,
        kind: 'listing',
        knownAt: dataEnd(dates[day]!),
        score: Math.max(-1, Math.min(1, score)),
        entry: null,
      }
    })
    const { low, high } = make(signals).ic('listing', last)
    assert.ok(low! < 0.3 && high! > 0.3 && high! - low! < 0.2, `${perDay} a day: ${low} to ${high}`)
  }
})

test('what is said of a share that is not traded yet changes nothing of what is said of others', () => {
  const { names, make } = planted(0, 7)
  const day = dates.findIndex((date, index) => index > 200 && new Date(date).getUTCDay() === 4)
  const said = (asset: string, score: number): StoredSignal => {
    return { asset, kind: 'listing', knownAt: dataEnd(dates[day]!), score, entry: null }
  }
  const four = names.slice(0, 4).map((name, index) => said(name, 0.2 + index / 10))
  const days = Object.fromEntries(dates.map((date) => [date, { open: 1, close: 1 }] as const))
  const later = Object.fromEntries(Object.entries(days).filter(([date]) => date > dates[day + 30]!))
  const panel = marketOf([
    ...['MKT', ...names].map((symbol) => ({ symbol, days })),
    { symbol: 'NEW', days: later },
  ]).panel
  const scoresOf = (signals: readonly StoredSignal[]) => {
    const { values, assets } = make(signals, panel, [...names, 'NEW']).scores.listing!
    const row = panel.indexOf.get(dates[day]!)! * assets
    return [...values.slice(row, row + names.length)]
  }
  assert.deepEqual(scoresOf([...four, said('NEW', 0.9)]), scoresOf(four))
})
