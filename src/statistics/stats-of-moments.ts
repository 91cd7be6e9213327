import { deflatedSharpe } from './deflated-sharpe.ts'
import type { Figure } from './figure.ts'
import { minTrackRecordLength, probabilisticSharpe } from './inference.ts'
import { type Stats, type StatsInput, stats } from './stats.ts'

/** A record of which only the length, the Sharpe ratio and the shape are known, as papers print it. */
export type PublishedMoments = {
  readonly n: number
  readonly sharpePerPeriod: number
  readonly skewness: number
  /** 0 for a normal. */
  readonly excessKurtosis: number
}

const needsReturns = 'only moments were given, and this needs the returns themselves'

/** The statistics that need no more than moments; all others are null, with that reason. */
export function statsOfMoments(published: PublishedMoments, input: Omit<StatsInput, 'returns' | 'benchmark'>): Stats {
  const { n, sharpePerPeriod, skewness, excessKurtosis } = published
  const sample = { sharpe: sharpePerPeriod, count: n, skewness, kurtosis: excessKurtosis + 3 }
  const { confidence = 0.95, benchmarkSharpePerPeriod: above = 0, trials } = input
  const found: Record<string, Figure> = {
    probabilisticSharpe: probabilisticSharpe(sample, above),
    minTrackRecordLength: minTrackRecordLength(sample, { above, confidence }),
    ...(trials !== undefined && { deflatedSharpe: deflatedSharpe(sample, trials) }),
  }
  const empty = stats({ ...input, returns: [] })
  const known: Record<string, number | null> = {
    sharpe: sharpePerPeriod * Math.sqrt(input.periodsPerYear ?? 252),
    skewness,
    excessKurtosis,
  }
  const notes: Record<string, string> = {}
  for (const [name, figure] of Object.entries(found)) {
    known[name] = typeof figure === 'number' ? figure : null
    if (typeof figure !== 'number') notes[name] = sentence(figure.because)
  }
  for (const [name, value] of Object.entries(empty)) {
    if (value !== null || known[name] !== undefined) continue
    notes[name] = name === 'deflatedSharpe' ? (empty.notes[name] ?? '') : sentence(needsReturns)
  }
  return {
    ...empty,
    ...known,
    n,
    eValue: null,
    verdict: 'No evidence of skill yet: moments alone say nothing of an opponent.',
    notes: {
      ...notes,
      ...Object.fromEntries(
        ['bootstrap', 'eValue', 'confidenceSequence'].map((name) => [name, sentence(needsReturns)]),
      ),
    },
  }
}

const sentence = (because: string) => `Null: ${because}.`
