import { signalsTrial } from '../../jobs/trials.ts'
import type { Config } from '../config.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { InputError } from '../errors.ts'
import type { TrialEntry } from '../journal/entry.ts'
import { fileSignals, journalSignals, type SignalSet } from './stored-signals.ts'

/** What makes a trial, before it has run. */
export type Tried = Pick<TrialEntry, 'policy' | 'model' | 'promptSha256' | 'parameters'>

/**
 * The signals that a policy acts on: `signals` those of the journal, `signals:baseline` and `signals:model` by that extractor,
 * `signals:FILE` those of a file; null for any other policy.
 */
export async function signalsOf(policy: string, config: Config): Promise<SignalSet | null> {
  if (policy === 'signals') return journalSignals(config)
  const what = /^signals:(.*)$/s.exec(policy)?.[1]
  if (what === undefined) return null
  if (what === '')
    throw new InputError('the policy signals: names no file; write signals:FILE, or signals for those of the journal')
  return what === 'baseline' || what === 'model' ? journalSignals(config, what) : fileSignals(what)
}

/** A run on signals is something tried: who extracted them, by which prompt, under which settings of the book. */
export function signalTrial(set: SignalSet | null, { coins }: BookMarket): Tried | null {
  if (set === null || coins === undefined) return null
  const trial = signalsTrial(set, coins.book)
  if (trial === null) return null
  const { trial: _, ...what } = trial
  return what
}
