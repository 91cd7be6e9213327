import type { Trials } from './deflated-sharpe.ts'
import { evidenceAt } from './evidence.ts'

export type VerdictInput = {
  readonly periods: number
  readonly periodsPerYear: number
  readonly eValue: number
  /** Who was to be beaten: without a benchmark it is cash, and beating cash is no skill. */
  readonly opponent: 'benchmark' | 'cash'
  /** Length of record at which the e-value would reach evidence at the pace so far; null when it does not grow. */
  readonly periodsToEvidence: number | null
  /** What was tried, and what that leaves of the Sharpe ratio. */
  readonly deflated?: { readonly trials: Trials; readonly probability: number | null; readonly confidence: number }
}

/**
 * What the e-value allows to say, and how long a record it would take to say more. It never says that there is skill: an
 * e-value counts on a record that was fixed before it was seen, which a file of returns does not show of itself.
 *
 * Example: "No evidence of skill yet: against the benchmark the e-value is 1.31 after 252 periods, and evidence begins at 20.
 * Such an edge would need about 2,310 periods in all (9.2 years)."
 */
export function verdictSentence(input: VerdictInput): string {
  const { eValue, periods, opponent, deflated } = input
  const found = `against ${opponent === 'cash' ? 'cash' : 'the benchmark'} the e-value is ${shortNumber(eValue)} after ${count(periods)}`
  const sofar = eValue < evidenceAt ? `${found}, and evidence begins at ${evidenceAt}. ${howLong(input)}` : `${found}.`
  if (opponent === 'cash') {
    return `No evidence of skill yet: no benchmark was given, and to beat cash is no skill. For the record, ${sofar}`
  }
  if (eValue < evidenceAt) return `No evidence of skill yet: ${sofar}`
  if (deflated !== undefined && (deflated.probability ?? 0) < deflated.confidence) {
    const { trials, probability, confidence } = deflated
    return (
      `No evidence of skill yet: ${found}, but this is the best of ${trials.count.toLocaleString('en-US')} trials, and its ` +
      `deflated Sharpe ratio is ${probability === null ? 'unknown' : probability.toFixed(3)} where ${confidence} is asked.`
    )
  }
  return (
    `Evidence, if this record was fixed before it began: ${found}; without an edge that happens to at most ` +
    `one record in ${evidenceAt}. Of a backtest it says nothing.`
  )
}

/** How long a record would take to become evidence at the pace so far, in a sentence. */
export function howLong(
  {
    periods,
    periodsPerYear,
    periodsToEvidence,
  }: Pick<VerdictInput, 'periods' | 'periodsPerYear' | 'periodsToEvidence'>,
  unit = 'period',
): string {
  if (periodsToEvidence === null) return 'The record so far shows no edge that any length would turn into evidence.'
  const years = periodsToEvidence / periodsPerYear
  if (years > 1000) return 'Such an edge would need more than a thousand years.'
  const needed = roundedUp(Math.max(periods + 1, periodsToEvidence))
  return `Such an edge would need about ${count(needed, unit)} in all (${(needed / periodsPerYear).toFixed(1)} years).`
}

/** Three digits: more would be a precision that an extrapolation has not. */
export function roundedUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 2)
  return Math.ceil(value / unit) * unit
}

function count(periods: number, unit = 'period'): string {
  return `${periods.toLocaleString('en-US')} ${unit}${periods === 1 ? '' : 's'}`
}

/** An e-value in three digits. Example: 1.3081 -> '1.31', 12345 -> '1.2e+4' */
export function shortNumber(value: number): string {
  return value >= 1000 ? value.toExponential(1) : value.toPrecision(3)
}
