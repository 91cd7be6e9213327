import { modelOpponents } from '../decision/policies/model.ts'
import type { Opened } from '../journal/entry.ts'
import { type Comparison, type Evidence, opponentName, type Skill } from '../journal/evidence-entry.ts'
import type { ClosedDay } from '../journal/replay.ts'
import { bootstrapMean } from '../statistics/bootstrap.ts'
import { deflatedSharpe, type Trials } from '../statistics/deflated-sharpe.ts'
import { eValue, evidenceAt, exposureMatched, periodsToEvidence, simpleReturns } from '../statistics/evidence.ts'
import { type Figure, isKnown } from '../statistics/figure.ts'
import { minTrackRecordLength, probabilisticSharpe, sharpeSample } from '../statistics/inference.ts'
import { moments } from '../statistics/moments.ts'
import { ratioFewest } from '../statistics/stats.ts'
import { howLong, shortNumber } from '../statistics/verdict.ts'
import { fromCents } from '../units.ts'
import type { RandomAllocators } from './random-allocators.ts'

const confidence = 0.95

/** Where among random choices of assets the book ended, or why that is not known. */
export type AllocatorRank =
  | { readonly kind: 'ranked'; readonly allocators: Pick<RandomAllocators, 'count' | 'atLeastAsGood' | 'p'> }
  | { readonly kind: 'none'; readonly because: string }

/**
 * The verdict on a book at its last close, on net daily returns since the start: against each benchmark, each control and the
 * mix of the main benchmark and cash. Skill is spoken of for a model only. Below 60 returns no ratio, no interval and no
 * length is given; the e-value holds at any length.
 *
 * @param closes all closes of the book, oldest first, at least one
 * @param sessionsPerYear 252, or 365 where every day is a session
 * @param tried what was tried on the book, the running trial included, given the Sharpe ratio per period of this record
 */
export function bookEvidence(input: {
  readonly opened: Opened
  readonly closes: readonly ClosedDay[]
  readonly sessionsPerYear: number
  readonly tried: (sharpePerPeriod: number | null) => Trials
  readonly allocators: AllocatorRank
}): Evidence {
  const { opened, closes, sessionsPerYear } = input
  const returns = simpleReturns(closes.map(({ equity }) => equity))
  const rivals = rivalsOf(opened, closes)
  const enough = returns.length >= ratioFewest
  const few = `yearly figures, intervals and lengths begin at ${ratioFewest} net daily returns; there are ${returns.length}`
  const notes: Record<string, string> = enough ? {} : { comparisons: few }
  const comparisons = rivals.map((rival) => compared(rival, returns, enough ? sessionsPerYear : null))
  if (opened.decider === 'control') {
    return {
      returns: returns.length,
      sessionsPerYear,
      comparisons,
      skill: null,
      notes,
      text: 'A control run: no claim of skill.',
    }
  }
  const hardest =
    returns.length === 0 || comparisons.length === 0
      ? null
      : comparisons.reduce((least, { eValue }, i) => (eValue < comparisons[least]!.eValue ? i : least), 0)
  const lengthNeeded = hardest === null || !enough ? null : periodsToEvidence(returns, rivals[hardest]!.returns)
  if (!enough) notes.returnsToEvidence = few
  else if (lengthNeeded === null) {
    notes.returnsToEvidence = 'the record so far shows no edge that any length would turn into evidence'
  }
  if (input.allocators.kind === 'none') notes.allocators = input.allocators.because
  const skill: Skill = {
    eValue: hardest === null ? null : comparisons[hardest]!.eValue,
    hardest,
    ...sharpeFigures(returns, input.tried, enough ? null : few, notes),
    returnsToEvidence: lengthNeeded,
    allocators:
      input.allocators.kind === 'none'
        ? null
        : {
            count: input.allocators.allocators.count,
            atLeastAsGood: input.allocators.allocators.atLeastAsGood,
            p: input.allocators.allocators.p,
          },
  }
  return {
    returns: returns.length,
    sessionsPerYear,
    comparisons,
    skill,
    notes,
    text: headline(skill, { returns: returns.length, sessionsPerYear, comparisons }),
  }
}

type Rival = Pick<Comparison, 'kind' | 'policy' | 'shortName' | 'priceOnly'> & { readonly returns: readonly number[] }

function rivalsOf(opened: Opened, closes: readonly ClosedDay[]): readonly Rival[] {
  const controls = new Set<string>(modelOpponents.map(({ policy }) => policy))
  const rivals = opened.benchmarks.map(
    ({ policy, shortName, priceOnly }): Rival => ({
      kind: controls.has(policy) ? 'control' : 'benchmark',
      policy,
      shortName,
      priceOnly,
      returns: simpleReturns(closes.map(({ benchmarks }) => benchmarks[policy]!)),
    }),
  )
  const [main] = rivals
  if (main === undefined) return rivals
  const exposure = closes.map(({ cashCents, equity }) => 1 - fromCents(cashCents) / equity)
  const mixed = exposureMatched(main.returns, exposure)
  return [...rivals, { ...main, kind: 'mix', returns: mixed }]
}

/** @param sessionsPerYear null below 60 returns, which carry no mean of a year */
function compared(
  { returns: theirs, ...rival }: Rival,
  returns: readonly number[],
  sessionsPerYear: number | null,
): Comparison {
  const e = eValue(returns, theirs)
  const netReturn = theirs.reduce((value, change) => value * (1 + change), 1) - 1
  // A product of long luck leaves what a number can hold; that much is said, not that it is infinite.
  const facts = { ...rival, netReturn, eValue: Math.min(e, Number.MAX_VALUE) }
  if (sessionsPerYear === null) return { ...facts, difference: null, low: null, high: null }
  const differences = returns.map((value, t) => value - theirs[t]!)
  const { mean, low, high } = bootstrapMean(differences, { confidence, seed: 1 })
  return {
    ...facts,
    difference: mean * sessionsPerYear,
    low: low * sessionsPerYear,
    high: high * sessionsPerYear,
  }
}

/** All per period, over the cash rate of zero that the book's cash earns. */
function sharpeFigures(
  returns: readonly number[],
  tried: (sharpePerPeriod: number | null) => Trials,
  few: string | null,
  notes: Record<string, string>,
): Pick<Skill, 'probabilisticSharpe' | 'deflatedSharpe' | 'trials' | 'minTrackRecord'> {
  const sample = sharpeSample(moments(returns))
  const trials = tried('because' in sample ? null : sample.sharpe)
  const settled = (name: string, figure: () => Figure): number | null => {
    const found: Figure = few !== null ? { because: few } : 'because' in sample ? sample : figure()
    if (isKnown(found)) return found
    notes[name] = found.because
    return null
  }
  const shape = sample as Exclude<typeof sample, { because: string }>
  return {
    trials: trials.count,
    probabilisticSharpe: settled('probabilisticSharpe', () => probabilisticSharpe(shape, 0)),
    deflatedSharpe: settled('deflatedSharpe', () => deflatedSharpe(shape, trials)),
    minTrackRecord: settled('minTrackRecord', () => minTrackRecordLength(shape, { above: 0, confidence })),
  }
}

/** Example: 'No evidence of skill yet: the smallest e-value is 0.91, against SPY after 72 returns, and evidence begins at 20.' */
function headline(
  { eValue, hardest, returnsToEvidence }: Skill,
  { returns, sessionsPerYear, comparisons }: Pick<Evidence, 'returns' | 'sessionsPerYear' | 'comparisons'>,
): string {
  if (eValue === null || hardest === null) {
    return comparisons.length === 0
      ? 'No evidence of skill yet: the book has no benchmark to be measured against.'
      : 'No evidence of skill yet: there is no daily return.'
  }
  const found = `the smallest e-value is ${shortNumber(eValue)}, against ${opponentName(comparisons[hardest]!)} after ${returns} ${returns === 1 ? 'return' : 'returns'}`
  if (eValue >= evidenceAt) {
    return `Evidence of skill: ${found}; without an edge that happens to at most one record in ${evidenceAt}, however often one looks.`
  }
  const need = { periods: returns, periodsPerYear: sessionsPerYear, periodsToEvidence: returnsToEvidence }
  return `No evidence of skill yet: ${found}, and evidence begins at ${evidenceAt}.${returns < ratioFewest ? '' : ` ${howLong(need, 'session')}`}`
}
