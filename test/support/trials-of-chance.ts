import { type Random, randomFrom, randomNormal } from '../../src/random.ts'

/** Kinds of daily returns without any skill, each with a standard deviation of 1 % and a mean of zero. */
export const noises = {
  normal: (random: Random) => () => 0.01 * randomNormal(random),
  /** Student's t with 5 degrees of freedom, whose deviation is sqrt(5 / 3). */
  fatTailed: (random: Random) => () => {
    let squares = 0
    for (let i = 0; i < 5; i++) squares += randomNormal(random) ** 2
    return (0.01 * randomNormal(random)) / Math.sqrt(squares / 5) / Math.sqrt(5 / 3)
  },
  /** Calm and wild weeks: GARCH(1, 1) with 0.08 and 0.9. */
  clustered: (random: Random) => {
    let variance = 1e-4
    return () => {
      const value = Math.sqrt(variance) * randomNormal(random)
      variance = 0.02e-4 + 0.08 * value * value + 0.9 * variance
      return value
    }
  },
}
export type Noise = keyof typeof noises

export function noiseOf(kind: Noise, label: string, round: number, count: number, mean = 0): Float64Array {
  const next = noises[kind](randomFrom(kind, label, round))
  return Float64Array.from({ length: count }, () => mean + next())
}

/** How often something happened in so many independent rounds. */
export function rateOf(rounds: number, happened: (round: number) => boolean): number {
  let count = 0
  for (let round = 0; round < rounds; round++) if (happened(round)) count++
  return count / rounds
}

/** Three standard errors of a rate: what chance alone may add to it. */
export function chanceError(rate: number, rounds: number): number {
  return 3 * Math.sqrt((rate * (1 - rate)) / rounds)
}
