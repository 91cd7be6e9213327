import { ConflictError } from '../../errors.ts'
import { type ChainRow, fits, followed, type Link, type StoredRow, sealed } from '../../journal/chain.ts'
import type { KeyedDraft } from './rows.ts'
import type { AppendPlan, AppendState, Erasure } from './store.ts'
import { brokenJournal } from './verify.ts'

export type Expectation = { readonly book: string; readonly seq: number }

/** What one transaction knows: whom it writes to, and the last entry that this process has checked. */
export type Footing = { readonly url: string; readonly known: Link }

export type DoneStep = { readonly key: string; readonly seq: number }

export type Written =
  | { readonly kind: 'appended'; readonly rows: readonly ChainRow[]; readonly skipped: readonly DoneStep[] }
  | { readonly kind: 'already-done'; readonly key: string; readonly seq: number }

export type AppendOptions = {
  /** The last entry of a book that the caller's state was computed from, 0 for none. */
  readonly expect?: Expectation
  /** Leave out the entries whose keys are done, and write the rest. */
  readonly skipDone?: boolean
  /** Salt by lookup of the people whose pseudonyms stand in the entries, as the caller read them. */
  readonly people?: ReadonlyMap<string, string>
  /** What to overwrite with zeros in the same transaction. */
  readonly erase?: Erasure
}

/** Decides, inside the transaction, what an append writes. */
export function appendPlan(
  { url, known }: Footing,
  given: readonly KeyedDraft[],
  { expect, skipDone, people, erase }: AppendOptions,
): (state: AppendState) => AppendPlan<Written> {
  return (state) => {
    const last = soundTail({ url, known }, state.tail)
    const [done] = state.done
    let drafts = given
    if (done !== undefined) {
      const ahead = state.done.find(({ seq }) => seq > last.seq)
      if (ahead !== undefined) throw lostStep(url, last, ahead)
      if (skipDone !== true) return { rows: [], steps: [], answer: { kind: 'already-done', ...done } }
      const keys = new Set(state.done.map(({ key }) => key))
      drafts = given.filter(({ key }) => key === undefined || !keys.has(key))
    }
    if (people !== undefined) refuseForgotten(people, state.salts)
    if (expect !== undefined && expect.seq !== state.bookSeq) {
      throw new ConflictError(
        `Book ${expect.book} was read up to entry ${expect.seq} and stands at entry ${state.bookSeq} now: another process wrote to it. Nothing was written; run this again`,
      )
    }
    const rows = sealed(last, drafts)
    const steps: DoneStep[] = []
    for (const [index, { key }] of drafts.entries()) if (key !== undefined) steps.push({ key, seq: rows[index]!.seq })
    const answer = { kind: 'appended', rows, skipped: state.done } as const
    const hasTexts = drafts.some(({ erasable }) => erasable !== undefined)
    if (!hasTexts && erase === undefined) return { rows, steps, answer }
    const texts = drafts.flatMap(({ erasable = [] }, index) =>
      erasable.map((text) => ({ ...text, seq: rows[index]!.seq })),
    )
    return { rows, steps, texts, ...(erase === undefined ? {} : { erase }), answer }
  }
}

/** A person who was forgotten since the caller looked must not come back under the old name. */
function refuseForgotten(people: ReadonlyMap<string, string>, salts: AppendState['salts']): void {
  for (const [lookup, salt] of people) {
    if (salts.get(lookup) === salt) continue
    throw new ConflictError(
      'Somebody was forgotten while what they said was being written. Nothing was written; run this again',
    )
  }
}

function lostStep(url: string, last: Link, { key, seq }: { readonly key: string; readonly seq: number }): Error {
  const missing = last.seq + 1
  return brokenJournal(url, {
    seq: missing,
    because: `entry ${missing} is missing: the journal ends at ${last.seq}, and the step ${key} wrote entry ${seq}`,
  })
}

/** The same for entries that carry their hashes already. */
export function sealedPlan(
  { url, known }: Footing,
  rows: readonly ChainRow[],
): (state: AppendState) => AppendPlan<null> {
  return (state) => {
    let last = soundTail({ url, known }, state.tail)
    for (const row of rows) {
      if (!fits(last, row)) {
        const step = followed(last, row)
        if (step.kind === 'fault') throw brokenJournal('that entries were to be copied from', step.fault)
      }
      last = row
    }
    return { rows, steps: [], answer: null }
  }
}

/**
 * The last entry, once it is known to continue what this process has checked. Usually the tail is one row, the entry this
 * process knows; it is hashed again, since somebody may have changed it meanwhile.
 */
function soundTail({ url, known }: Footing, tail: AppendState['tail']): Link {
  if (tail === null) return known
  let last = known
  for (const stored of known.seq === 0 ? tail : tail.slice(1)) {
    const step = followed(last, stored)
    if (step.kind === 'fault') throw brokenJournal(url, step.fault)
    last = step.row
  }
  if (known.seq > 0) assertUnchanged({ url, known }, tail[0])
  return last
}

function assertUnchanged({ url, known }: Footing, stored: StoredRow | undefined): void {
  const { seq } = known
  const broken = (because: string) => brokenJournal(url, { seq, because })
  if (stored === undefined) throw broken(`entry ${seq} is missing: it was removed while this program ran`)
  const step = followed({ seq: seq - 1, hash: known.previousHash, previousHash: '' }, stored)
  if (step.kind === 'fault') throw brokenJournal(url, step.fault)
  if (step.row.hash !== known.hash) throw broken(`entry ${seq} was rewritten while this program ran`)
}
