import { randomFrom, randomInt } from '../random.ts'
import type { IsoDate } from '../units.ts'
import type { Exchange } from './bar.ts'
import { sessionsBetween } from './calendar.ts'
import { simulatedWorld, weekdayIndex } from './simulation-factors.ts'
import type { Profile } from './simulation-profiles.ts'

/**
 * The assets among which each year's split and halted week fall: those of the allocator's book. The list is fixed, so that a
 * book with fewer or other assets changes nobody's prices; in such a book some years, or all, are without them.
 */
export const eventRoster = (
  'SPY QQQ GLD TLT FEZ CAC.PA MC.PA TTE.PA SAN.PA OR.PA AIR.PA ' +
  'SU.PA AI.PA BNP.PA CS.PA RMS.PA SAF.PA DSY.PA DG.PA SGO.PA KER.PA'
).split(' ')

const splitRatios = [2, 3, 4, 0.5]
const haltSessions = 5

/** Months of splits and halts: the second half of the year, away from the months with ex-dates. */
const eventMonths: readonly number[] = [7, 8, 10]

/** One year of an exchange, shared by all its assets. */
export type WorldYear = {
  readonly year: number
  readonly sessions: readonly IsoDate[]
  /** `weekdayIndex` of each session. */
  readonly weekdays: Int32Array
  /** Index of the sessions of each month, 1 to 12. */
  readonly byMonth: readonly (readonly number[])[]
}

export function worldYear(exchange: Exchange, year: number): WorldYear {
  const sessions = sessionsBetween(exchange, `${year}-01-01`, `${year}-12-31`).filter(
    (date) => date >= simulatedWorld.from && date <= simulatedWorld.to,
  )
  const byMonth = Array.from({ length: 13 }, (): number[] => [])
  sessions.forEach((date, index) => {
    byMonth[Number(date.slice(5, 7))]!.push(index)
  })
  return { year, sessions, weekdays: Int32Array.from(sessions, weekdayIndex), byMonth }
}

/** What one asset goes through in one year. */
export type YearEvents = {
  readonly exDates: ReadonlySet<IsoDate>
  readonly halted: ReadonlySet<IsoDate>
  readonly split: { readonly date: IsoDate; readonly ratio: number } | null
}

/**
 * @returns ex-dates by the asset's habit; the year's split if it falls on this asset, and the week without bars
 */
export function yearEvents(seed: string, symbol: string, profile: Profile, year: WorldYear): YearEvents {
  const { sessions, byMonth } = year
  const exDates = new Set<IsoDate>()
  for (const month of profile.dividendMonths) {
    const index = byMonth[month]![profile.dividendSession]
    if (index !== undefined) exDates.add(sessions[index]!)
  }
  const random = randomFrom('simulation', seed, 'events', year.year)
  const splitIndex = randomInt(random, eventRoster.length)
  const haltIndex = (splitIndex + 1 + randomInt(random, eventRoster.length - 1)) % eventRoster.length
  const ratio = splitRatios[randomInt(random, splitRatios.length)]!
  const candidates = eventMonths.flatMap((month) => byMonth[month]!)
  const splitAt = candidates[randomInt(random, candidates.length)]!
  const haltAt = candidates[randomInt(random, candidates.length)]!
  return {
    exDates,
    split: eventRoster[splitIndex] === symbol ? { date: sessions[splitAt]!, ratio } : null,
    halted: new Set(eventRoster[haltIndex] === symbol ? sessions.slice(haltAt, haltAt + haltSessions) : []),
  }
}
