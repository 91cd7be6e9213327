import { createHash } from 'node:crypto'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** A seeded source of chance: every call returns the next number, uniform in [0, 1). */
export type Random = () => number

/**
 * A generator that depends on its labels alone, so that chance is the same whatever was drawn before.
 *
 * @param labels for example ('random', 42, '2020-03-12')
 */
export function randomFrom(...labels: readonly (string | number)[]): Random {
  const seed = createHash('sha256').update(labels.join('\u0000')).digest().readInt32LE(0)
  const generator = xoroshiro128plus(seed)
  return () => uniformFloat64(generator)
}

/** A whole number in [0, below). */
export function randomInt(random: Random, below: number): number {
  return Math.floor(random() * below)
}

/** A standard normal variate (Box and Muller, 1958). */
export function randomNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
}
