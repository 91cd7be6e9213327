import type { IsoDate } from '../units.ts'

/** Where prices stood on one day around the events. */
export type PathDay = {
  readonly day: number
  readonly mean: number
  /** Between events (or between dates, where those are averaged first), n - 1; null for one alone. */
  readonly std: number | null
  readonly n: number
}

export type PricedEvent = {
  readonly date: IsoDate
  /** Values by session of the asset, NaN where there is none, and the index of the event in it. */
  readonly values: Float64Array
  readonly zero: number
}

/**
 * Mean path of values around events, as they are: neither rebased nor differenced. Days outside the data are left out, event by
 * event, so that days may rest on different events; that is why this is a picture and not a test.
 *
 * @param byDate average the events of one date first
 * @param demeaned subtract from each path the mean path of the events of its date
 * Example: values [1, 2, 4] with the event at index 1, days -1 to 1 -> means 1, 2, 4
 * Source: alphalens `common_start_returns`.
 */
export function pricePaths(
  events: readonly PricedEvent[],
  {
    first,
    last,
    byDate,
    demeaned,
  }: { readonly first: number; readonly last: number; readonly byDate: boolean; readonly demeaned: boolean },
): readonly PathDay[] {
  const dates = [...Map.groupBy(events, ({ date }) => date).values()]
  const days: PathDay[] = []
  for (let day = first; day <= last; day++) {
    const values: number[] = []
    for (const sharing of dates) {
      const present = sharing
        .map(({ values: own, zero }) => own[zero + day] ?? Number.NaN)
        .filter((value) => !Number.isNaN(value))
      if (present.length === 0) continue
      const mean = present.reduce((sum, value) => sum + value, 0) / present.length
      const centre = demeaned ? mean : 0
      if (byDate) values.push(mean - centre)
      else for (const value of present) values.push(value - centre)
    }
    if (values.length === 0) continue
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    days.push({ day, mean, std: values.length < 2 ? null : Math.sqrt(squares / (values.length - 1)), n: values.length })
  }
  return days
}
