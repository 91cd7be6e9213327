import { randomFrom, randomNormal } from '../random.ts'
import type { Currency, IsoDate } from '../units.ts'
import { sessionsBetween } from './calendar.ts'
import { simulatedWorld } from './simulation-factors.ts'

/** Around what each currency moves, in units for one euro. Others move around 1. */
const centres: Readonly<Record<Currency, number>> = { USD: 1.1, GBP: 0.86, CHF: 0.98, JPY: 135 }
const volatility = 0.0045
/** Pull per day back to the centre: half of a deviation is gone after three years. */
const pull = 0.001

/** Units of a currency for one euro, by date, to five significant digits. */
export type EuroRates = { readonly dates: readonly IsoDate[]; readonly values: Float64Array }

/**
 * A random walk around its centre, published on the days of the ECB's reference rates. Those are all weekdays but the six TARGET
 * holidays (1 January, Good Friday, Easter Monday, 1 May, 25 and 26 December), which are also the holidays of Euronext Paris.
 */
export function euroRates(seed: string, currency: Currency): EuroRates {
  const dates = sessionsBetween('XPAR', simulatedWorld.from, simulatedWorld.to)
  const values = new Float64Array(dates.length).fill(1)
  if (currency === 'EUR') return { dates, values }
  const random = randomFrom('simulation', seed, 'euro', currency)
  const centre = Object.hasOwn(centres, currency) ? centres[currency]! : 1
  let deviation = 0
  for (let t = 0; t < values.length; t++) {
    deviation += volatility * randomNormal(random) - pull * deviation
    values[t] = Number((centre * Math.exp(deviation)).toPrecision(5))
  }
  return { dates, values }
}
