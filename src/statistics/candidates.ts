import type { Trials } from './deflated-sharpe.ts'
import { combinations } from './folds.ts'
import { meanOverDeviation, moments } from './moments.ts'
import { backtestOverfitting } from './overfitting.ts'

/** What choosing the best of several records is worth. */
export type OverfittingFigures = {
  readonly candidates: number
  readonly blocks: number
  /** In how many ways the record was cut in two. */
  readonly combinations: number
  /** Highest Sharpe ratio over the whole record: the one that a naive choice takes; null where none has one. */
  readonly best: string | null
  /** How often the best of one half was no better than the median in the other; null where the record is too short. */
  readonly probability: number | null
  /** How often the best of one half lost in the other. */
  readonly probabilityOfLoss: number | null
  /** The candidates as trials of the deflated Sharpe ratio, per period; null with fewer than two Sharpe ratios. */
  readonly trials: Trials | null
}

export const usualBlocks = 16

/**
 * Probability of backtest overfitting of a list of records, and what it says of the trials.
 *
 * @param candidates net returns per period by name, all of one length, two or more
 * @param blocks even; a record of fewer than twice as many periods has no probability
 */
export function overfittingOf(
  candidates: Readonly<Record<string, readonly number[]>>,
  blocks: number = usualBlocks,
): OverfittingFigures {
  const named = Object.entries(candidates)
  const ratios = named.flatMap(([name, returns]) => {
    const ratio = meanOverDeviation(moments(returns), 'the returns')
    return typeof ratio === 'number' ? [{ name, ratio }] : []
  })
  const best = ratios.reduce<(typeof ratios)[number] | null>(
    (most, one) => (most === null || one.ratio > most.ratio ? one : most),
    null,
  )
  const periods = named[0]![1].length
  const found =
    periods < 2 * blocks
      ? null
      : backtestOverfitting(
          named.map(([, returns]) => returns),
          blocks,
        )
  const { deviation } = moments(ratios.map(({ ratio }) => ratio))
  return {
    candidates: named.length,
    blocks,
    combinations: combinations(blocks, blocks / 2),
    best: best?.name ?? null,
    probability: found?.probability ?? null,
    probabilityOfLoss: found?.probabilityOfLoss ?? null,
    trials: ratios.length < 2 ? null : { count: named.length, sharpeVariance: deviation ** 2 },
  }
}
