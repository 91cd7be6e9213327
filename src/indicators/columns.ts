/**
 * Fresh columns of one length that share one buffer, which costs less than a buffer for each.
 *
 * @param count how many columns may be taken
 * @returns the next column at each call, zeros
 */
export function freshColumns(size: number, count: number): () => Float64Array {
  const bytes = size * Float64Array.BYTES_PER_ELEMENT
  const buffer = new ArrayBuffer(count * bytes)
  let taken = 0
  return () => new Float64Array(buffer, taken++ * bytes, size)
}
