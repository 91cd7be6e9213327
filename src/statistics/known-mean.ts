// In columns of numbers, NaN stands for what is not known.

/** Mean of the values that are known, null without any. */
export function meanOfKnown(values: Float64Array): number | null {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (Number.isNaN(value)) continue
    sum += value
    count++
  }
  return count === 0 ? null : sum / count
}

/** The number, or null where it is not known. */
export function finite(value: number): number | null {
  return Number.isNaN(value) ? null : value
}
