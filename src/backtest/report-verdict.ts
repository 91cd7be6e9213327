import { sessionsPerYear } from '../decision/book-market.ts'
import { exposureMatched, simpleReturns } from '../statistics/evidence.ts'
import { ratioFewest, type Stats, stats } from '../statistics/stats.ts'
import type { IsoDate } from '../units.ts'
import type { BacktestDocument, BacktestRun } from './output.ts'
import type { Knowledge, KnowledgePart, VerdictPart } from './report.ts'

/** Example: an index that stands in for an ETF -> 'CAC (price only)' */
export function opponentName({
  shortName,
  priceOnly,
}: {
  readonly shortName: string
  readonly priceOnly: boolean
}): string {
  return priceOnly ? `${shortName} (price only)` : shortName
}

/** The run against each benchmark on net daily returns, what was tried, and what that allows to say. */
export function verdictOf(run: BacktestRun, returns: readonly number[], own: Stats): VerdictPart {
  const { market, benchmarks, allocators, trials, options } = run
  const rivals = market.benchmarks.map((benchmark) => ({
    name: opponentName(benchmark),
    returns: simpleReturns([...benchmarks[benchmark.policy]!.equity]),
  }))
  const [first] = rivals
  if (first !== undefined) {
    const exposure = Array.from(run.cashWeights, (weight) => 1 - weight)
    rivals.push({
      name: `${first.name} and cash, invested as much as the run`,
      returns: exposureMatched(first.returns, exposure),
    })
  }
  const found = rivals.map(({ name, returns: theirs }) => ({
    name,
    against: stats({ returns, benchmark: theirs, ...(trials !== null && { trials }) }),
    netReturn: theirs.reduce((value, change) => value * (1 + change), 1) - 1,
  }))
  const perYear = (value: number | null) =>
    value === null || own.n < ratioFewest ? null : value * sessionsPerYear(run.market)
  const enough = own.n >= ratioFewest
  return {
    sentence: sentenceOf(options.policy, found),
    comparisons: found.map(({ name, netReturn, against }) => ({
      name,
      netReturn,
      difference: perYear(against.bootstrap.meanDifference),
      low: perYear(against.bootstrap.low),
      high: perYear(against.bootstrap.high),
      eValue: own.n === 0 ? null : against.eValue,
    })),
    probabilisticSharpe: enough ? own.probabilisticSharpe : null,
    deflatedSharpe: enough ? own.deflatedSharpe : null,
    trials: trials?.count ?? null,
    allocators:
      allocators === null
        ? null
        : { count: allocators.count, atLeastAsGood: allocators.atLeastAsGood, p: allocators.p },
  }
}

/** Of the opponent against which there is least evidence: beating the easiest one is no news. */
function sentenceOf(policy: string, found: readonly { readonly name: string; readonly against: Stats }[]): string {
  if (policy !== 'model' && !/^signals(:|$)/.test(policy)) return 'A control run: no claim of skill.'
  const hardest = found.reduce<(typeof found)[number] | null>(
    (least, one) => (least === null || (one.against.eValue ?? 1) < (least.against.eValue ?? 1) ? one : least),
    null,
  )
  if (hardest === null) return 'No evidence of skill yet: the book has no benchmark to be measured against.'
  return `${hardest.against.verdict} The benchmark of this sentence is ${hardest.name}, against which the e-value is smallest. A backtest makes no headline: only decisions recorded before their fills do.`
}

/** The run up to the day to which the model's training reached, and after it. */
export function knowledgeOf(
  document: BacktestDocument,
  dates: readonly IsoDate[],
  equity: readonly number[],
  benchmark: Float64Array | null,
  masked: Knowledge['masked'],
): Knowledge | null {
  if (document.knowledge === null) return null
  const { cutoff } = document.knowledge
  if (cutoff === null) return { cutoff, before: null, after: null, masked }
  const split = dates.filter((date) => date <= cutoff).length
  const part = (from: number, to: number, sessions: number): KnowledgePart | null =>
    sessions === 0
      ? null
      : {
          sessions,
          netReturn: equity[to]! / equity[from]! - 1,
          benchmark: benchmark === null ? null : benchmark[to]! / benchmark[from]! - 1,
        }
  return {
    cutoff,
    before: part(0, Math.max(0, split - 1), split),
    after: part(Math.max(0, split - 1), dates.length - 1, dates.length - split),
    masked,
  }
}
