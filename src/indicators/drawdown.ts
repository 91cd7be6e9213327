/**
 * Highest value so far. Example: [100, 120, 90] -> [100, 120, 120]
 *
 * @param into buffer of the same length to write to; fresh unless given
 */
export function runningPeak(values: Float64Array, into: Float64Array = new Float64Array(values.length)): Float64Array {
  let peak = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value > peak) peak = value
    into[i] = peak
  }
  return into
}

/**
 * Fraction below the running peak of the history at hand, zero or more.
 *
 * @param values closes or equity, above zero, oldest first
 * @returns same length. Example: [100, 120, 90] -> [0, 0, 0.25]
 */
export function drawdown(values: Float64Array): Float64Array {
  return drawdownFrom(runningPeak(values), values)
}

/** As `drawdown`, with the peaks already at hand. */
export function drawdownFrom(
  peaks: Float64Array,
  values: Float64Array,
  into: Float64Array = new Float64Array(values.length),
): Float64Array {
  for (let i = 0; i < values.length; i++) into[i] = 1 - values[i]! / peaks[i]!
  return into
}
