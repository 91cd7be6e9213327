import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Journal } from '../src/adapters/database/journal.ts'
import type { TrialEntry } from '../src/journal/entry.ts'
import type { Trials } from '../src/statistics/deflated-sharpe.ts'
import type { Instant } from '../src/units.ts'

/** Hash of what makes a trial: the same policy, prompt, model and parameters are the same trial, however often they run. */
export function trialHash(trial: Pick<TrialEntry, 'policy' | 'model' | 'promptSha256' | 'parameters'>): string {
  const { policy, model, promptSha256, parameters } = trial
  return createHash('sha256').update(canonicalize({ policy, model, promptSha256, parameters })!).digest('hex')
}

/** Records a trial on a book unless it is on record. */
export async function recordTrial(journal: Journal, book: string, at: Instant, trial: TrialEntry): Promise<void> {
  await journal.append([{ at, kind: 'trial', book, key: `${book}/trial/${trial.trial}`, body: trial }])
}

/**
 * How many things were tried on a book, and the spread of their Sharpe ratios per period.
 *
 * @returns null before any trial; the variance is 0 with one
 */
export async function readTrials(journal: Journal, book: string): Promise<Trials | null> {
  const sharpes: number[] = []
  let count = 0
  for await (const entry of journal.read({ book, kinds: ['trial'] })) {
    if (entry.kind !== 'trial') continue
    count++
    if (entry.body.sharpePerPeriod !== null) sharpes.push(entry.body.sharpePerPeriod)
  }
  if (count === 0) return null
  const mean = sharpes.reduce((sum, value) => sum + value, 0) / Math.max(1, sharpes.length)
  const squares = sharpes.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { count, sharpeVariance: sharpes.length < 2 ? 0 : squares / (sharpes.length - 1) }
}
