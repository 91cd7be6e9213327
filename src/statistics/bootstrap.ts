import { strict as assert } from 'node:assert'
import { createHash } from 'node:crypto'
import { automaticBlockLength } from './block-length.ts'
import { moments } from './moments.ts'
import { normalQuantile, studentQuantile } from './normal.ts'

export type MeanInterval = {
  readonly mean: number
  readonly low: number
  readonly high: number
  /** Mean length of the blocks, in periods. */
  readonly blockLength: number
}

export type BootstrapOptions = {
  /** Chance that the interval covers the true mean, in (0, 1); both tails equal. */
  readonly confidence: number
  readonly seed: number
  /** 10,000 unless given. */
  readonly paths?: number
  /** The larger of `automaticBlockLength` and the cube root of n unless given. */
  readonly blockLength?: number
}

/** Below this many values an interval for the mean covers less than it says, whatever the method. */
export const bootstrapFewest = 20

/**
 * Interval for the mean of a series with memory: quantiles of the stationary block bootstrap, about the sample mean.
 *
 * Blocks begin anywhere, have geometric lengths and wrap around the end. Left alone the bootstrap is a little too sure of
 * itself, since a sample varies less about its own mean than about the true one and its spread is an estimate too. So the
 * quantiles are widened by sqrt(n / (n - 2b + 1)) and by Student's over the normal quantile at n / b degrees of freedom, b
 * being the block length: 1 % at 2,500 values, 15 % at 60.
 *
 * @param values per period, oldest first, at least `bootstrapFewest`
 * @returns in units of the values; a zero-width interval when they do not vary
 * Source: Politis & Romano, The stationary bootstrap, JASA 89(428), 1994; degrees of freedom of a spectral estimate at zero:
 * Priestley, Spectral analysis and time series, 1981, section 6.2.4.
 */
export function bootstrapMean(values: ArrayLike<number>, options: BootstrapOptions): MeanInterval {
  const { confidence, paths = 10_000 } = options
  const count = values.length
  assert(count >= bootstrapFewest, `an interval needs ${bootstrapFewest} values; there are ${count}`)
  assert(confidence > 0 && confidence < 1, `a confidence of ${confidence} is not between 0 and 1`)
  const { mean, varies } = moments(values)
  const blockLength = options.blockLength ?? Math.max(automaticBlockLength(values), Math.cbrt(count))
  if (!varies) return { mean, low: mean, high: mean, blockLength }
  const deviations = bootstrapDeviations(values, { blockLength, paths, seed: options.seed }).sort()
  const tail = (1 - confidence) / 2
  const wider = widening(count, blockLength, tail)
  return {
    mean,
    low: mean + wider * quantile(deviations, tail),
    high: mean + wider * quantile(deviations, 1 - tail),
    blockLength,
  }
}

function widening(count: number, blockLength: number, tail: number): number {
  const degrees = Math.max(5, count / blockLength)
  const student = tail < 0.5 ? studentQuantile(tail, degrees) / normalQuantile(tail) : 1
  return student * Math.sqrt(count / Math.max(1, count - 2 * blockLength + 1))
}

/** Between the two nearest of the ordered values (Hyndman & Fan 1996, definition 7). */
function quantile(ascending: Float64Array, probability: number): number {
  const place = probability * (ascending.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, ascending.length - 1)
  return ascending[below]! + (place - below) * (ascending[above]! - ascending[below]!)
}

/**
 * Means of resampled series less the mean of the series itself, one for each path, in no order.
 *
 * A block's sum is a difference of two prefix sums, so a path costs as many steps as it has blocks and not as it has values.
 * One random word gives a block's start by its size and its length by its last bits. The path's last block leaves the loop
 * by a jump: to take the smaller of two lengths in its place would make every block wait for the one before.
 */
export function bootstrapDeviations(
  values: ArrayLike<number>,
  { blockLength, paths, seed }: { readonly blockLength: number; readonly paths: number; readonly seed: number },
): Float64Array {
  const count = values.length
  assert(blockLength >= 1, `blocks of ${blockLength} values`)
  const sums = circularSums(values)
  const lengths = geometricLengths(blockLength, count)
  const deviations = new Float64Array(paths)
  const perWord = count / 2 ** 32
  // sfc32 of Doty-Humphrey (PractRand, 2010), written out: called through an object, chance would cost more than all the rest.
  const words = seedWords(seed)
  // Told that these are whole numbers of 32 bits, the compiler keeps them so through the loop: half the time.
  let a = words[0] | 0
  let b = words[1] | 0
  let c = words[2] | 0
  let counter = 1
  for (let path = 0; path < paths; path++) {
    let left = count
    let sum = 0
    for (;;) {
      const word = (a + b + counter) | 0
      counter = (counter + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + word) | 0
      const start = ((word >>> 0) * perWord) | 0
      const length = lengths[word & (lengthSteps - 1)]!
      if (length >= left) {
        sum += sums[start + left]! - sums[start]!
        break
      }
      sum += sums[start + length]! - sums[start]!
      left -= length
    }
    deviations[path] = sum / count
  }
  return deviations
}

/** Prefix sums of the values less their mean, twice around, so that no block has to wrap. */
function circularSums(values: ArrayLike<number>): Float64Array {
  const count = values.length
  const { mean } = moments(values)
  const sums = new Float64Array(2 * count + 1)
  for (let i = 0; i < count; i++) sums[i + 1] = sums[i]! + (values[i]! - mean)
  for (let i = 1; i <= count; i++) sums[count + i] = sums[count]! + sums[i]!
  return sums
}

/** A power of two. */
const lengthSteps = 2 ** 14

/** Quantiles of the geometric distribution with the given mean, in steps of equal chance; a block longer than all is all. */
function geometricLengths(mean: number, most: number): Int32Array {
  if (mean === 1) return new Int32Array(lengthSteps).fill(1)
  const logStay = Math.log1p(-1 / mean)
  return Int32Array.from({ length: lengthSteps }, (_, step) =>
    Math.min(most, 1 + Math.floor(Math.log((step + 0.5) / lengthSteps) / logStay)),
  )
}

function seedWords(seed: number): [number, number, number] {
  const hash = createHash('sha256').update(`bootstrap\u0000${seed}`).digest()
  return [hash.readInt32LE(0), hash.readInt32LE(4), hash.readInt32LE(8)]
}
