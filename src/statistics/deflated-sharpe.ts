import { strict as assert } from 'node:assert'
import type { Figure } from './figure.ts'
import { probabilisticSharpe, type SharpeSample } from './inference.ts'
import { normalQuantile } from './normal.ts'

/** What was tried before this result was shown: how many trials, and the variance of their Sharpe ratios per period. */
export type Trials = { readonly count: number; readonly sharpeVariance: number }

const eulerMascheroni = 0.5772156649015329

/**
 * Expected maximum of independent standard normals, approximately: what the best of so many trials without any skill shows.
 *
 * @param count at least 1; one trial is no choice and expects 0
 * @returns in standard deviations. Example: 100 -> 2.5306
 * Source: Bailey & Lopez de Prado, The deflated Sharpe ratio, Journal of Portfolio Management 40(5), 2014, equation 1.
 */
export function expectedMaximum(count: number): number {
  assert(Number.isInteger(count) && count >= 1, `${count} is no number of trials`)
  if (count === 1) return 0
  // The quantile of 1 - p is minus that of p, which keeps its digits where p is tiny.
  return -(1 - eulerMascheroni) * normalQuantile(1 / count) - eulerMascheroni * normalQuantile(1 / (count * Math.E))
}

/**
 * Deflated Sharpe ratio: probability that the true Sharpe ratio is above zero although the best of several trials was picked;
 * the probabilistic Sharpe ratio against the maximum that chance alone is expected to give.
 *
 * @param sample of the trial that was picked, per period
 * @returns in [0, 1]. Example: annual ratio 2.5 over 1,250 days, skewness -3, kurtosis 10, best of 100 trials with an annual
 * variance of 0.5 -> 0.9004
 * Source: Bailey & Lopez de Prado 2014, equation 2.
 */
export function deflatedSharpe(sample: SharpeSample, trials: Trials): Figure {
  return probabilisticSharpe(sample, Math.sqrt(trials.sharpeVariance) * expectedMaximum(trials.count))
}
