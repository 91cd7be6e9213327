import { type Random, randomFrom, randomNormal } from '../random.ts'
import type { IsoDate } from '../units.ts'
import { dayNumber } from './calendar-days.ts'

/** First and last day of the simulated world. */
export const simulatedWorld: { readonly from: IsoDate; readonly to: IsoDate } = { from: '2015-01-02', to: '2030-12-31' }

/** What moves many assets together: the world, or one region of it. */
export type FactorName = 'world' | 'america' | 'europe'

/**
 * Log returns of one common factor, by weekday since the world began, holidays included: an exchange that was closed catches up
 * at its next open. `through[t]` is the sum of all returns up to the end of weekday t.
 */
export type Factor = {
  readonly overnight: Float64Array
  readonly intraday: Float64Array
  readonly through: Float64Array
  /** Volatility of the day over its normal value. */
  readonly storm: Float64Array
  /** Volatility of a normal day, as a fraction. */
  readonly volatility: number
  /** Makes the days up to and including weekday t known. */
  readonly fillTo: (t: number) => void
}

/** Part of a day's variance that happens while the exchange is closed. */
export const overnightShare = 0.3

const monday = (date: IsoDate) => dayNumber(date) + 3
const weekdaysBefore = (day: number) => Math.floor(day / 7) * 5 + Math.min(day % 7, 5)
const origin = weekdaysBefore(monday(simulatedWorld.from))

/** Index of a weekday: 0 for the world's first day, 1 for the Monday after it. A weekend day has its Monday's. */
export function weekdayIndex(date: IsoDate): number {
  return weekdaysBefore(monday(date)) - origin
}

/** Chances of tomorrow's regime (calm, normal, stormy) given today's; a storm lasts 25 days on average. */
const transitions = [
  [0.985, 0.014, 0.001],
  [0.012, 0.976, 0.012],
  [0.003, 0.037, 0.96],
] as const
const regimes = [
  { storm: 0.55, worldDrift: 0.0005 },
  { storm: 1, worldDrift: 0.0003 },
  { storm: 2.4, worldDrift: -0.0009 },
] as const

const shapes: Readonly<Record<FactorName, { readonly volatility: number; readonly drifts: boolean }>> = {
  world: { volatility: 0.008, drifts: true },
  america: { volatility: 0.0035, drifts: false },
  europe: { volatility: 0.004, drifts: false },
}

/** Pull per day of a factor back to its trend: weak, but over fifteen years it keeps prices from exploding or vanishing. */
const pull = 0.0003

/** One stream of chance per factor, so that nothing but the seed and the name decides it. */
export function openFactor(seed: string, name: FactorName): Factor {
  const size = weekdayIndex(simulatedWorld.to) + 1
  const { volatility, drifts } = shapes[name]
  const random = randomFrom('simulation', seed, 'factor', name)
  const overnight = new Float64Array(size)
  const intraday = new Float64Array(size)
  const through = new Float64Array(size)
  const storm = new Float64Array(size)
  let known = 0
  let regime = 1
  let offTrend = 0
  const fillTo = (t: number) => {
    for (; known <= t && known < size; known++) {
      const [calm, normal] = transitions[regime]!
      const chance = random()
      regime = chance < calm ? 0 : chance < calm + normal ? 1 : 2
      const scale = volatility * regimes[regime]!.storm
      const night = scale * Math.sqrt(overnightShare) * randomNormal(random)
      const day = scale * Math.sqrt(1 - overnightShare) * fatTailed(random) - pull * offTrend
      offTrend += night + day
      storm[known] = regimes[regime]!.storm
      overnight[known] = night
      intraday[known] = day + (drifts ? regimes[regime]!.worldDrift : 0)
      through[known] = (known === 0 ? 0 : through[known - 1]!) + overnight[known]! + intraday[known]!
    }
  }
  return { overnight, intraday, through, storm, volatility, fillTo }
}

/**
 * Student t with 4 degrees of freedom, scaled to variance 1: about one draw in 140 lies beyond 3. Cut at 9, since a price that
 * loses a third in a day would tell the reader about the simulation and not about markets.
 */
export function fatTailed(random: Random): number {
  const normal = randomNormal(random)
  // A chi-squared variate with 4 degrees of freedom is -2 ln(u v).
  const chiSquared = -2 * Math.log((1 - random()) * (1 - random()))
  const value = normal / Math.sqrt(chiSquared / 4) / Math.SQRT2
  return Math.max(-9, Math.min(9, value))
}
