import { type Figure, missing } from './figure.ts'

/** A series per period in a few numbers, none of them annualized. */
export type Moments = {
  readonly count: number
  readonly mean: number
  /** Of the sample: the squares divided by count - 1. Zero when the values do not vary. */
  readonly deviation: number
  /** Of the population; 0 when the values do not vary. */
  readonly skewness: number
  /** Of the population, 3 for a normal; 0 when the values do not vary. */
  readonly kurtosis: number
  /** Whether any two values differ by more than rounding. */
  readonly varies: boolean
}

/** Returns come from prices near one another and carry a rounding of 1e-16 each: a range of this size is none. */
const rangeOfRounding = 1e-13

/**
 * Mean, spread and shape of a series.
 *
 * @param values in any order, any number of them
 * Example: [1, 2, 3, 4] -> mean 2.5, deviation sqrt(5 / 3), skewness 0, kurtosis 41 / 25
 */
export function moments(values: ArrayLike<number>): Moments {
  const count = values.length
  let sum = 0
  let low = Infinity
  let high = -Infinity
  for (let i = 0; i < count; i++) {
    const value = values[i]!
    sum += value
    if (value < low) low = value
    if (value > high) high = value
  }
  const mean = count === 0 ? 0 : sum / count
  const varies = high - low > rangeOfRounding
  if (!varies) return { count, mean, deviation: 0, skewness: 0, kurtosis: 0, varies }
  let squares = 0
  let cubes = 0
  let fourths = 0
  for (let i = 0; i < count; i++) {
    const off = values[i]! - mean
    const square = off * off
    squares += square
    cubes += square * off
    fourths += square * square
  }
  const variance = squares / count
  return {
    count,
    mean,
    deviation: Math.sqrt(squares / (count - 1)),
    skewness: cubes / count / variance ** 1.5,
    kurtosis: fourths / count / (variance * variance),
    varies,
  }
}

/**
 * Mean over deviation, per period: the Sharpe ratio of excess returns, before it is annualized.
 *
 * @param what names the values in the reason, for example "the excess returns"
 */
export function meanOverDeviation(of: Moments, what: string): Figure {
  if (of.count < 2) return missing(`a standard deviation needs 2 returns; there ${of.count === 1 ? 'is 1' : 'are 0'}`)
  if (!of.varies) return missing(`${what} do not vary, so there is nothing to divide by`)
  return of.mean / of.deviation
}
