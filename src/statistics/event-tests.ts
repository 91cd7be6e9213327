import type { IsoDate } from '../units.ts'
import type { AbnormalPath } from './event-study.ts'
import { meanAndDeviation, tOf } from './event-summary.ts'

/** Three ways to ask whether the cumulative abnormal return over the whole window is zero, from naive to careful. */
export type EventTests = {
  /** Mean CAR over its spread between events: takes events as independent and equally noisy. */
  readonly crossSection: number | null
  /** The same of CARs divided by their own prediction error: noisy assets count less, and an event may raise the noise. */
  readonly standardized: number | null
  /** The standardized one, reduced by what events of one date have in common. */
  readonly clustered: number | null
  /** Mean correlation of residuals over all pairs of events; pairs of different dates count as 0. */
  readonly meanCorrelation: number | null
  /** Events of one date with any other event. */
  readonly eventsSharingADate: number
  readonly largestDate: number
}

type Event = { readonly date: IsoDate; readonly measured: AbnormalPath }

/**
 * t statistics of the mean cumulative abnormal return.
 *
 * With r the mean correlation over all pairs, the standardized t is multiplied by sqrt((1 - r) / (1 + (n - 1) r)): 40 events on
 * one date whose residuals correlate by 0.1 shrink it to 0.43 of itself.
 *
 * Source: Boehmer, Musumeci & Poulsen, Journal of Financial Economics 30(2), 1991; Kolari & Pynnonen, Review of Financial Studies
 * 23(11), 2010 (there all events share one date; pairs apart in time are taken as uncorrelated here).
 */
export function eventTests(events: readonly Event[]): EventTests {
  const ofAll = (values: readonly number[]) => {
    if (values.length === 0) return null
    const { mean, std } = meanAndDeviation(Float64Array.from(values))
    return tOf(mean, std, values.length)
  }
  // An asset that the model explains to the last digit, such as the benchmark itself, has no error to be measured in.
  const noisy = events.map(({ measured }) => measured.standardizedCar).filter((value) => !Number.isNaN(value))
  const standardized = ofAll(noisy)
  const r = meanCorrelation(events)
  const sizes = [...byDate(events).values()].map((sharing) => sharing.length)
  return {
    crossSection: ofAll(events.map(({ measured }) => measured.car)),
    standardized,
    clustered: standardized === null || r === null ? null : standardized * shrinkage(r, noisy.length),
    meanCorrelation: r,
    eventsSharingADate: sizes.filter((size) => size > 1).reduce((sum, size) => sum + size, 0),
    largestDate: Math.max(0, ...sizes),
  }
}

/** A negative correlation, which chance gives, is not taken as a reason to be surer. */
function shrinkage(r: number, count: number): number {
  const common = Math.max(0, r)
  return Math.sqrt((1 - common) / (1 + (count - 1) * common))
}

function meanCorrelation(events: readonly Event[]): number | null {
  if (events.length < 2) return null
  let sum = 0
  for (const sharing of byDate(events).values()) {
    // The sum over pairs of z_i * z_j is half of (sum of z)^2 - sum of z^2, date by date; each z has unit length.
    const totals = new Map<IsoDate, { sum: number; squares: number }>()
    for (const { measured } of sharing.length > 1 ? sharing : []) {
      for (const [date, z] of measured.residuals) {
        const total = totals.get(date) ?? { sum: 0, squares: 0 }
        total.sum += z
        total.squares += z * z
        totals.set(date, total)
      }
    }
    for (const total of totals.values()) sum += (total.sum * total.sum - total.squares) / 2
  }
  return sum / ((events.length * (events.length - 1)) / 2)
}

function byDate(events: readonly Event[]): ReadonlyMap<IsoDate, readonly Event[]> {
  return Map.groupBy(events, ({ date }) => date)
}
