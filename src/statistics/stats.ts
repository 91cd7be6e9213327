import { bootstrapFewest, bootstrapMean } from './bootstrap.ts'
import { type OverfittingFigures, overfittingOf, usualBlocks } from './candidates.ts'
import { type ConfidenceBounds, confidenceBounds } from './confidence-sequence.ts'
import { deflatedSharpe, type Trials } from './deflated-sharpe.ts'
import { clip, eValue, evidenceAt, periodsToEvidence } from './evidence.ts'
import { type Figure, isKnown, missing } from './figure.ts'
import { minTrackRecordLength, probabilisticSharpe, sharpeSample } from './inference.ts'
import { moments } from './moments.ts'
import {
  annualReturn,
  type Convention,
  calmarRatio,
  excessKurtosis,
  excessReturns,
  informationRatio,
  marketModel,
  omegaRatio,
  sharpeRatio,
  skewness,
  sortinoRatio,
  totalReturn,
  volatility,
} from './performance.ts'
import { expectedShortfall, maxDrawdown, valueAtRisk } from './risk.ts'
import { verdictSentence } from './verdict.ts'

export type StatsInput = {
  /** Net simple return per period, fractions, oldest first; -1 is a total loss. */
  readonly returns: readonly number[]
  /** Over the same periods. */
  readonly benchmark?: readonly number[] | undefined
  /** 252 unless given. */
  readonly periodsPerYear?: number | undefined
  readonly riskFreePerPeriod?: number | undefined
  /** Of var, cvar, the bootstrap's interval and the minimum track record length; 0.95 unless given. */
  readonly confidence?: number | undefined
  /** What the probabilistic Sharpe ratio and the minimum track record length must beat; 0 unless given. */
  readonly benchmarkSharpePerPeriod?: number | undefined
  readonly trials?: Trials | undefined
  /** Every record that these returns were chosen from, by name, over the same periods: for the probability of overfitting. */
  readonly candidates?: Readonly<Record<string, readonly number[]>> | undefined
  /** Into how many blocks the candidates' records are cut; 16 unless given. */
  readonly candidateBlocks?: number | undefined
  /** Of the bootstrap; 1 unless given. */
  readonly seed?: number | undefined
}

const figureNames = [
  'totalReturn',
  'annualReturn',
  'volatility',
  'sharpe',
  'sortino',
  'calmar',
  'omega',
  'maxDrawdown',
  'skewness',
  'excessKurtosis',
  'var',
  'cvar',
  'alpha',
  'beta',
  'informationRatio',
  'probabilisticSharpe',
  'deflatedSharpe',
  'minTrackRecordLength',
] as const
type FigureName = (typeof figureNames)[number]

export type Stats = { readonly n: number } & Readonly<Record<FigureName, number | null>> & {
    /** Mean return per period less the opponent's: the benchmark, or cash without one. */
    readonly bootstrap: {
      readonly meanDifference: number | null
      readonly low: number | null
      readonly high: number | null
    }
    readonly eValue: number | null
    readonly confidenceSequence: ConfidenceBounds
    /** Only where candidates were given. */
    readonly overfitting?: OverfittingFigures
    readonly verdict: string
    /** Sentences by the name of the field that they are about: why it is null, or what it must not be taken for. */
    readonly notes: Readonly<Record<string, string>>
  }

/** Beyond it fewer than five of the 10,000 paths lie in each tail. */
const confidenceMost = 0.999
/** Posts, pages and reports show no ratio on fewer. */
export const ratioFewest = 60

/**
 * All statistics of a series of returns, none of which depends on the presence of a benchmark unless it names one. Fits any
 * sample: a figure that it cannot carry is null with its reason in the notes. Equal inputs give equal bytes.
 */
export function stats(input: StatsInput): Stats {
  const { returns, benchmark } = input
  const n = returns.length
  const notes: Record<string, string> = {}
  if (n < ratioFewest) {
    notes.n = `Fewer than ${ratioFewest} returns: ratios of so few are mostly chance, and no post, page or report shows them.`
  }
  const overfitting =
    input.candidates === undefined ? undefined : overfittingOf(input.candidates, input.candidateBlocks ?? usualBlocks)
  const trials = input.trials ?? overfitting?.trials ?? undefined
  const figures = figuresOf({ ...input, trials })
  const values = Object.fromEntries(figureNames.map((name) => [name, settled(name, figures[name], notes)])) as Record<
    FigureName,
    number | null
  >
  noteThinTail(input, notes)
  if (overfitting !== undefined) noteCandidates(input, overfitting, notes)
  const opponent = benchmark ?? new Array<number>(n).fill(input.riskFreePerPeriod ?? 0)
  const bootstrap = bootstrapOf(input, opponent, notes)
  const e = eValue(returns, opponent)
  const about = [
    ...(benchmark === undefined ? ['No benchmark was given: the opponent is cash.'] : []),
    ...clippingOf(returns, opponent),
  ]
  if (about.length > 0) notes.eValue = about.join(' ')
  notes.confidenceSequence =
    `Of the mean difference clipped to ${percent(clip)} a period, at all lengths of record at once: each bound holds with ` +
    `${percent(1 - 1 / evidenceAt)}, both with ${percent(1 - 2 / evidenceAt)}.`
  return {
    n,
    ...values,
    bootstrap,
    eValue: settled('eValue', e, notes),
    confidenceSequence: confidenceBounds(returns, opponent),
    ...(overfitting !== undefined && { overfitting }),
    verdict: verdictSentence({
      periods: n,
      periodsPerYear: input.periodsPerYear ?? 252,
      eValue: e,
      opponent: benchmark === undefined ? 'cash' : 'benchmark',
      periodsToEvidence: n === 0 ? null : periodsToEvidence(returns, opponent),
      ...(trials !== undefined && {
        deflated: { trials, probability: values.deflatedSharpe, confidence: input.confidence ?? 0.95 },
      }),
    }),
    notes,
  }
}

function noteCandidates(input: StatsInput, found: OverfittingFigures, notes: Record<string, string>): void {
  if (found.probability === null) {
    notes.overfitting = `Null: ${found.blocks} blocks need ${2 * found.blocks} periods; give fewer blocks (candidateBlocks) or a longer record.`
  }
  if (input.trials === undefined && found.trials !== null) {
    notes.deflatedSharpe ??= `The trials are the ${found.candidates} candidates: whatever else was tried is not in it.`
  }
}

function figuresOf(input: StatsInput): Record<FigureName, Figure> {
  const { returns, benchmark, confidence = 0.95, trials } = input
  const convention: Convention = {
    periodsPerYear: input.periodsPerYear ?? 252,
    riskFreePerPeriod: input.riskFreePerPeriod ?? 0,
  }
  const nothing = missing('there is no return')
  const some = (figure: () => Figure): Figure => (returns.length === 0 ? nothing : figure())
  const noBenchmark = missing('no benchmark was given')
  const market =
    benchmark === undefined ? { alpha: noBenchmark, beta: noBenchmark } : marketModel(returns, benchmark, convention)
  return {
    totalReturn: some(() => totalReturn(returns)),
    annualReturn: annualReturn(returns, convention),
    volatility: volatility(returns, convention),
    sharpe: sharpeRatio(returns, convention),
    sortino: sortinoRatio(returns, convention),
    calmar: some(() => calmarRatio(returns, convention)),
    omega: some(() => omegaRatio(returns)),
    maxDrawdown: some(() => maxDrawdown(returns)),
    skewness: skewness(returns),
    excessKurtosis: excessKurtosis(returns),
    var: some(() => valueAtRisk(returns, confidence)),
    cvar: some(() => expectedShortfall(returns, confidence)),
    ...market,
    informationRatio: benchmark === undefined ? noBenchmark : informationRatio(returns, benchmark, convention),
    ...sharpeInference(input, convention, confidence, trials),
  }
}

function sharpeInference(
  input: StatsInput,
  convention: Convention,
  confidence: number,
  trials: Trials | undefined,
): Record<'probabilisticSharpe' | 'deflatedSharpe' | 'minTrackRecordLength', Figure> {
  const sample = sharpeSample(moments(excessReturns(input.returns, convention)))
  const above = input.benchmarkSharpePerPeriod ?? 0
  const noTrials = missing(
    'no trials were given: without their number and spread the best of many looks like the only one',
  )
  if ('because' in sample) {
    return {
      probabilisticSharpe: sample,
      deflatedSharpe: trials === undefined ? noTrials : sample,
      minTrackRecordLength: sample,
    }
  }
  return {
    probabilisticSharpe: probabilisticSharpe(sample, above),
    deflatedSharpe: trials === undefined ? noTrials : deflatedSharpe(sample, trials),
    minTrackRecordLength: minTrackRecordLength(sample, { above, confidence }),
  }
}

function bootstrapOf(
  input: StatsInput,
  opponent: readonly number[],
  notes: Record<string, string>,
): Stats['bootstrap'] {
  const { returns, confidence = 0.95 } = input
  const of = input.benchmark === undefined ? 'No benchmark was given: this is the mean return less cash. ' : ''
  const differences = returns.map((value, t) => value - opponent[t]!)
  const mean = returns.length === 0 ? null : moments(differences).mean
  const because =
    returns.length < bootstrapFewest
      ? `An interval needs ${bootstrapFewest} returns; there are ${returns.length}.`
      : confidence > confidenceMost
        ? `An interval of ${percent(confidence)} needs more than 10,000 paths.`
        : null
  if (because !== null) {
    notes.bootstrap = `${of}${because}`
    return { meanDifference: mean, low: null, high: null }
  }
  const { low, high, blockLength } = bootstrapMean(differences, { confidence, seed: input.seed ?? 1 })
  if (![mean, low, high].every(Number.isFinite)) {
    notes.bootstrap = `${of}The returns are too large to compute with.`
    return { meanDifference: null, low: null, high: null }
  }
  notes.bootstrap = `${of}${percent(confidence)} interval per period, from 10,000 paths of blocks of ${blockLength.toFixed(1)} periods on average.`
  return { meanDifference: mean, low, high }
}

function clippingOf(returns: readonly number[], opponent: readonly number[]): readonly string[] {
  const beyond = returns.filter((value, t) => Math.abs(value - opponent[t]!) > clip).length
  return beyond === 0
    ? []
    : [`${beyond} of ${returns.length} differences lie beyond ${percent(clip)} and count as that.`]
}

/** The number for the output, or null and its reason in the notes. */
function settled(name: string, figure: Figure, notes: Record<string, string>): number | null {
  const bounded = isKnown(figure) && !Number.isFinite(figure) ? missing('it is beyond what a number can hold') : figure
  if (!isKnown(bounded)) notes[name] = `Null: ${bounded.because}.`
  // Zero plus, so that nothing is -0.
  return isKnown(bounded) ? 0 + bounded : null
}

function noteThinTail({ returns, confidence = 0.95 }: StatsInput, notes: Record<string, string>): void {
  const tail = (1 - confidence) * returns.length
  if (returns.length === 0 || tail >= 1) return
  const worst = `The worst ${percent(1 - confidence)} of ${returns.length} returns is less than one: this is the worst of all.`
  for (const name of ['var', 'cvar']) notes[name] ??= worst
}

/** Example: 0.95 -> 95 % */
function percent(fraction: number): string {
  return `${Number((100 * fraction).toPrecision(6))} %`
}
