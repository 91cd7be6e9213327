import { type Random, randomFrom, randomNormal } from '../random.ts'
import type { Currency, IsoDate } from '../units.ts'
import type { Bar, Dividend, Exchange, Split } from './bar.ts'
import type { Listing } from './price-source.ts'
import { type WorldYear, worldYear, yearEvents } from './simulation-events.ts'
import {
  type Factor,
  type FactorName,
  fatTailed,
  openFactor,
  overnightShare,
  simulatedWorld,
} from './simulation-factors.ts'
import { type Profile, profileOf } from './simulation-profiles.ts'
import { type EuroRates, euroRates } from './simulation-rates.ts'

/** All that happened to one asset, oldest first, at least to the end of the year asked for. */
export type SimulatedSeries = {
  readonly bars: readonly Bar[]
  readonly dividends: readonly Dividend[]
  readonly splits: readonly Split[]
}
export type Simulation = {
  readonly series: (listing: Pick<Listing, 'symbol' | 'exchange'>, to: IsoDate) => SimulatedSeries
  /** Units of a currency for one euro. */
  readonly euroRates: (currency: Currency) => EuroRates
}

/**
 * An invented market from 2015 to 2030: volatility regimes, fat tails, assets that move together, overnight gaps, dividends,
 * each year one split and one halted week. It says nothing about real markets and must be labelled wherever it appears.
 *
 * Every number follows from the seed. Each asset and each common factor has a stream of chance of its own and is generated
 * from the world's first day onward, so a price depends neither on the range asked for nor on who else is asked about.
 */
export function openSimulation(seed: string): Simulation {
  const factors = new Map<FactorName, Factor>()
  const factorNamed = (name: FactorName): Factor => {
    const known = factors.get(name) ?? openFactor(seed, name)
    factors.set(name, known)
    return known
  }
  const years = new Map<string, WorldYear>()
  const yearOf = (exchange: Exchange, year: number): WorldYear => {
    const key = `${exchange} ${year}`
    const known = years.get(key) ?? worldYear(exchange, year)
    years.set(key, known)
    return known
  }
  const assets = new Map<string, Asset>()
  const rates = new Map<Currency, EuroRates>()
  return {
    series({ symbol, exchange }, to) {
      const key = `${exchange} ${symbol}`
      let asset = assets.get(key)
      if (asset === undefined) {
        const profile = profileOf(symbol, exchange)
        asset = openAsset({ seed, symbol, profile }, factorNamed('world'), factorNamed(profile.region), (year) =>
          yearOf(exchange, year),
        )
        assets.set(key, asset)
      }
      asset.growTo(Math.min(Number(to.slice(0, 4)), Number(simulatedWorld.to.slice(0, 4))))
      return asset.series
    },
    euroRates(currency) {
      const known = rates.get(currency) ?? euroRates(seed, currency)
      rates.set(currency, known)
      return known
    },
  }
}

type Asset = { readonly series: SimulatedSeries; readonly growTo: (year: number) => void }
type Identity = {
  readonly seed: string
  readonly symbol: string
  readonly profile: Profile
}

/** Pull per session of an asset's own part back to its trend; see `pull` of the factors. */
const ownPull = 0.0006

/** One asset's prices, grown year by year; the years already there never change. */
function openAsset(
  { seed, symbol, profile }: Identity,
  world: Factor,
  region: Factor,
  yearOf: (year: number) => WorldYear,
): Asset {
  const random = randomFrom('simulation', seed, 'asset', symbol)
  const bars: Bar[] = []
  const dividends: Dividend[] = []
  const splits: Split[] = []
  const ownDrift = (profile.ownDriftPerYear + profile.yield) / 252
  let nextYear = Number(simulatedWorld.from.slice(0, 4))
  let lastClose = profile.startPrice
  let lastDay = -1
  let offTrend = 0
  /** What happened to the asset while it was halted; its next open shows it. */
  let pent = 0
  let shares = 1

  const session = (date: IsoDate, t: number, isHalted: boolean, base: number) => {
    const own = ownReturns(random, profile, world.storm[t]!)
    const ownDay = own.intraday + ownDrift - ownPull * offTrend
    offTrend += own.overnight + ownDay - ownDrift
    const path = { high: random(), low: random(), bustle: randomNormal(random) }
    if (isHalted) {
      pent += own.overnight + ownDay
      return
    }
    const gap =
      profile.worldBeta * overnightSince(world, lastDay, t) +
      profile.regionBeta * overnightSince(region, lastDay, t) +
      own.overnight +
      pent
    const day = profile.worldBeta * world.intraday[t]! + profile.regionBeta * region.intraday[t]! + ownDay
    const spread = dayVolatility(profile, world, region, t) * Math.sqrt(1 - overnightShare)
    const bar = barOf(date, { base, gap, day, spread, usualVolume: profile.volume * shares }, path)
    bars.push(bar)
    lastClose = bar.close
    lastDay = t
    pent = 0
  }

  const growTo = (year: number) => {
    for (; nextYear <= year; nextYear++) {
      const current = yearOf(nextYear)
      const { sessions, weekdays } = current
      const events = yearEvents(seed, symbol, profile, current)
      world.fillTo(weekdays.at(-1)!)
      region.fillTo(weekdays.at(-1)!)
      for (let index = 0; index < sessions.length; index++) {
        const date = sessions[index]!
        let base = lastClose
        if (events.split?.date === date) {
          // A share of a few euros would not be split into smaller ones.
          const ratio = base / events.split.ratio < 8 ? 0.5 : events.split.ratio
          splits.push({ date, ratio })
          base /= ratio
          shares *= ratio
        }
        if (events.exDates.has(date)) {
          const amount = toCents((base * profile.yield) / profile.dividendMonths.length)
          dividends.push({ date, amount })
          base -= amount
        }
        session(date, weekdays[index]!, events.halted.has(date), base)
      }
    }
  }
  return { series: { bars, dividends, splits }, growTo }
}

type Move = {
  /** Last close, less what a dividend and a split took out of it. */
  readonly base: number
  /** Log return from `base` to the open, and from the open to the close. */
  readonly gap: number
  readonly day: number
  /** Volatility of the path from open to close. */
  readonly spread: number
  readonly usualVolume: number
}
type Path = { readonly high: number; readonly low: number; readonly bustle: number }

function barOf(date: IsoDate, { base, gap, day, spread, usualVolume }: Move, path: Path): Bar {
  const open = toCents(base * Math.exp(gap))
  const close = toCents(open * Math.exp(day))
  const high = Math.max(open, close, toCents(open * Math.exp(bridgeMaximum(day, spread, path.high))))
  const low = Math.min(open, close, toCents(open * Math.exp(-bridgeMaximum(-day, spread, path.low))))
  const bustle = Math.exp(0.3 * path.bustle) * (0.7 + 0.3 * Math.min(6, Math.abs(day) / spread))
  return { date, open, high, low, close, volume: Math.max(1, Math.round(usualVolume * bustle)) }
}

/** Log return of a factor from the close of one weekday to the open of a later one; all of the days between count. */
function overnightSince(factor: Factor, lastDay: number, t: number): number {
  const between = t === 0 ? 0 : factor.through[t - 1]! - (lastDay < 0 ? 0 : factor.through[lastDay]!)
  return between + factor.overnight[t]!
}

function ownReturns(random: Random, profile: Profile, storm: number) {
  // An asset's own news grows with the world's storms, but less than the world.
  const scale = profile.ownVolatility * (0.6 + 0.4 * storm)
  const overnight = scale * Math.sqrt(overnightShare) * randomNormal(random)
  return { overnight, intraday: scale * Math.sqrt(1 - overnightShare) * fatTailed(random) }
}

function dayVolatility(profile: Profile, world: Factor, region: Factor, t: number): number {
  return Math.hypot(
    profile.worldBeta * world.volatility * world.storm[t]!,
    profile.regionBeta * region.volatility * region.storm[t]!,
    profile.ownVolatility * (0.6 + 0.4 * world.storm[t]!),
  )
}

/**
 * Highest point of a Brownian path that ends at `end`, above its start; never below 0 nor `end`.
 *
 * @param end log return from open to close
 * @param spread volatility of the path
 * @param chance uniform in [0, 1)
 * Example: end 0, spread 0.01, chance 0.5 -> sqrt(-2 * 0.0001 * ln 0.5) / 2 = 0.0059
 * Source: reflection principle, P(max > m) = exp(-2 m (m - end) / spread^2).
 */
export function bridgeMaximum(end: number, spread: number, chance: number): number {
  return (end + Math.sqrt(end * end - 2 * spread * spread * Math.log(1 - chance))) / 2
}

function toCents(price: number): number {
  return Math.max(0.01, Math.round(price * 100) / 100)
}
