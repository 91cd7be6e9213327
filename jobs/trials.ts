import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { type Journal, openJournal } from '../src/adapters/database/journal.ts'
import type { CatalystBook } from '../src/catalysts/catalyst-book.ts'
import type { Config } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import { promptSha256 } from '../src/decision/prompt.ts'
import type { TrialEntry } from '../src/journal/entry.ts'
import type { Trials } from '../src/statistics/deflated-sharpe.ts'
import type { Instant, IsoDate } from '../src/units.ts'
import { refuseLost } from './open-book.ts'
import { due } from './steps.ts'

/** Hash of what makes a trial: the same policy, prompt, model and parameters are the same trial, however often they run. */
export function trialHash(trial: Pick<TrialEntry, 'policy' | 'model' | 'promptSha256' | 'parameters'>): string {
  const { policy, model, promptSha256, parameters } = trial
  return createHash('sha256').update(canonicalize({ policy, model, promptSha256, parameters })!).digest('hex')
}

/** What is asked of a model beside the words of the prompt, as the hash of a trial has it. */
export function modelParameters(
  { schemaMode, temperature, maxTokens }: NonNullable<Config['model']>,
  { masked }: { readonly masked: boolean },
): TrialEntry['parameters'] {
  return { schemaMode, temperature, maxTokens, masked }
}

type Trial = Pick<TrialEntry, 'trial' | 'policy' | 'model' | 'promptSha256' | 'parameters'>

/** The model that decides here, as a trial; null where a control decides, which is none. A backtest of the same is the same trial. */
export function liveTrial(ctx: Pick<Context, 'config' | 'model' | 'promptTemplate'>): Trial | null {
  const settings = ctx.config.model
  if (settings === null || ctx.model === null) return null
  const what = {
    policy: 'model',
    model: settings.name,
    promptSha256: promptSha256(ctx.promptTemplate),
    parameters: { ...modelParameters(settings, { masked: false }), guardrails: 'book' },
  }
  return { trial: trialHash(what), ...what }
}

/** Who read the texts of a catalyst book, as a trial; null for keywords, which are a control. */
export function signalsTrial(
  { extractor, sha256 }: { readonly extractor: string; readonly sha256: string },
  book: CatalystBook,
): Trial | null {
  if (extractor === 'baseline') return null
  const { horizonDays, kinds } = book.signals
  const { maxWeight, maxTurnover, minCash, maxCvar } = book.limits
  const what = {
    policy: 'signals',
    model: extractor,
    promptSha256: sha256,
    parameters: { horizonDays, kinds: JSON.stringify(kinds), maxWeight, maxTurnover, minCash, maxCvar },
  }
  return { trial: trialHash(what), ...what }
}

/** Records the model that is about to decide on a book, once: another prompt, model or parameter later on is another trial. */
export async function recordLiveTrial(
  ctx: Context,
  book: string,
  date: IsoDate,
  trial: Trial | null = liveTrial(ctx),
): Promise<void> {
  if (trial === null || (await ctx.journal.done(trialKey(book, trial.trial))) !== null) return
  const first = { market: ctx.prices.spec, from: date, to: date, returns: 0, sharpePerPeriod: null }
  await recordTrial(ctx.journal, book, ctx.clock.now(due.decision(date)), { ...trial, ...first })
}

/**
 * Opens the journal that a live book of these settings has, for the trials in it, and closes it.
 *
 * @throws JournalError when it lacks what was published of it: trials that got lost would flatter whatever is tried next
 */
export async function withRegistry<T>(config: Config, use: (journal: Journal) => Promise<T>): Promise<T> {
  const journal = await openJournal(config.databaseUrl)
  try {
    await refuseLost({ home: config.home, journal })
    return await use(journal)
  } finally {
    await journal.close()
  }
}

/** Records a trial on a book unless it is on record. */
export async function recordTrial(journal: Journal, book: string, at: Instant, trial: TrialEntry): Promise<void> {
  await journal.append([{ at, kind: 'trial', book, key: trialKey(book, trial.trial), body: trial }])
}

function trialKey(book: string, trial: string): string {
  return `${book}/trial/${trial}`
}

export type TrialRecord = Pick<TrialEntry, 'trial' | 'sharpePerPeriod'>

/** What was tried on a book, oldest first. */
export async function readTrials(journal: Journal, book: string): Promise<readonly TrialRecord[]> {
  const trials: TrialRecord[] = []
  for await (const entry of journal.read({ book, kinds: ['trial'] }))
    if (entry.kind === 'trial') trials.push(entry.body)
  return trials
}

/**
 * How many things were tried, and the spread of their Sharpe ratios per period: those that have one.
 *
 * @returns null before any trial; the variance is 0 with one ratio
 */
export function trialsOf(trials: readonly TrialRecord[]): Trials | null {
  if (trials.length === 0) return null
  const sharpes = trials.flatMap(({ sharpePerPeriod }) => sharpePerPeriod ?? [])
  const mean = sharpes.reduce((sum, value) => sum + value, 0) / Math.max(1, sharpes.length)
  const squares = sharpes.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { count: trials.length, sharpeVariance: sharpes.length < 2 ? 0 : squares / (sharpes.length - 1) }
}

/**
 * The same with the running trial at the ratio it has by now, in the place of the one it was recorded with.
 *
 * @param running trial: null where it is not known which one runs; then it counts beside the recorded ones that have a ratio
 */
export function trialsWith(
  trials: readonly TrialRecord[],
  running: { readonly trial: string | null; readonly sharpePerPeriod: number | null },
): Trials {
  const others = trials.filter(({ trial }) => trial !== running.trial)
  return trialsOf([...others, { trial: running.trial ?? '', sharpePerPeriod: running.sharpePerPeriod }])!
}
