import { strict as assert } from 'node:assert'

/**
 * Prices in terms of the shares of the last index: every earlier price is divided by the splits that followed it. No split
 * from after the last index is known, so cut both arrays at the decision's session and nothing looks ahead.
 *
 * @param prices as traded, oldest first
 * @param splitRatios as long as `prices`: new shares for each old one, in force before the open of that index; 1 otherwise
 * @returns fresh prices, the last one unchanged. Example: prices [100, 102, 51], ratios [1, 1, 2] -> [50, 51, 51]
 */
export function splitAdjusted(prices: Float64Array, splitRatios: ArrayLike<number>): Float64Array {
  assert(prices.length === splitRatios.length, 'one split ratio for each price')
  const adjusted = new Float64Array(prices.length)
  let factor = 1
  for (let i = prices.length - 1; i >= 0; i--) {
    adjusted[i] = prices[i]! / factor
    factor *= splitRatios[i]!
  }
  return adjusted
}
