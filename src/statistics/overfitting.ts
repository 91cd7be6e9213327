import { strict as assert } from 'node:assert'
import { choices, combinations } from './folds.ts'

export type Overfitting = {
  /** How often the best in one half was no better than the median in the other. */
  readonly probability: number
  /** How often the best in one half lost money in the other. */
  readonly probabilityOfLoss: number
  /** For each combination the logit of the rank in the other half; above zero is above the median. */
  readonly logits: Float64Array
}

/**
 * Probability of backtest overfitting, by combinatorially symmetric cross-validation: the record is cut into blocks, each
 * half of the blocks chooses the strategy with the best Sharpe ratio, and the other half shows its rank among all.
 *
 * @param strategies returns per period of every strategy that was tried, over the same periods; two or more
 * @param blocks even number of consecutive blocks, 16 unless given; periods that do not divide go to the first blocks
 * @returns over C(blocks, blocks / 2) combinations. Example: equal noise -> about 0.5; one strategy far ahead -> 0
 * Source: Bailey, Borwein, Lopez de Prado & Zhu, The probability of backtest overfitting, Journal of Computational Finance
 * 20(4), 2017.
 */
export function backtestOverfitting(strategies: readonly ArrayLike<number>[], blocks = 16): Overfitting {
  const periods = strategies[0]?.length ?? 0
  assert(strategies.length >= 2, 'one strategy cannot be overfitted by choosing it')
  assert(
    strategies.every((returns) => returns.length === periods),
    'strategies must cover the same periods',
  )
  assert(blocks >= 2 && blocks % 2 === 0 && combinations(blocks, blocks / 2) <= 200_000, `${blocks} blocks`)
  assert(periods >= 2 * blocks, `${periods} periods make no ${blocks} blocks of two`)
  const tables = strategies.map((returns) => blockSums(returns, blocks))
  const half = choices(blocks, blocks / 2)
  const logits = new Float64Array(half.length)
  const inside = new Float64Array(strategies.length)
  const outside = new Float64Array(strategies.length)
  let losses = 0
  for (const [index, chosen] of half.entries()) {
    let best = 0
    for (const [strategy, { counts, sums, squares, total }] of tables.entries()) {
      let count = 0
      let sum = 0
      let square = 0
      for (const block of chosen) {
        count += counts[block]!
        sum += sums[block]!
        square += squares[block]!
      }
      inside[strategy] = sharpeOf(count, sum, square)
      outside[strategy] = sharpeOf(total.count - count, total.sum - sum, total.square - square)
      if (inside[strategy]! > inside[best]!) best = strategy
    }
    const rank = rankOf(outside, best) / (strategies.length + 1)
    logits[index] = Math.log(rank / (1 - rank))
    if (outside[best]! < 0) losses++
  }
  const below = logits.reduce((count, logit) => count + (logit <= 0 ? 1 : 0), 0)
  return { probability: below / half.length, probabilityOfLoss: losses / half.length, logits }
}

function blockSums(returns: ArrayLike<number>, blocks: number) {
  const size = Math.floor(returns.length / blocks)
  const longer = returns.length % blocks
  const counts = new Float64Array(blocks)
  const sums = new Float64Array(blocks)
  const squares = new Float64Array(blocks)
  const total = { count: returns.length, sum: 0, square: 0 }
  let t = 0
  for (let block = 0; block < blocks; block++) {
    counts[block] = size + (block < longer ? 1 : 0)
    for (const end = t + counts[block]!; t < end; t++) {
      sums[block]! += returns[t]!
      squares[block]! += returns[t]! * returns[t]!
    }
    total.sum += sums[block]!
    total.square += squares[block]!
  }
  return { counts, sums, squares, total }
}

/** Sharpe ratio per period from sums; of returns that do not vary an infinite one of their sign, or 0. */
function sharpeOf(count: number, sum: number, square: number): number {
  const mean = sum / count
  const variance = (square - sum * mean) / (count - 1)
  // Sums of squares carry a rounding of 1e-16 of themselves.
  return variance > (1e-14 * square) / count ? mean / Math.sqrt(variance) : mean === 0 ? 0 : Infinity * mean
}

/** Place from the worst, 1 at least; of equals the mean place. */
function rankOf(values: Float64Array, index: number): number {
  const own = values[index]!
  let below = 0
  let equal = 0
  for (const value of values) {
    if (value < own) below++
    else if (value === own) equal++
  }
  return below + (equal + 1) / 2
}
