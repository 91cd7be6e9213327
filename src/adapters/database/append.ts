import { ConflictError } from '../../errors.ts'
import { type ChainRow, fits, followed, type Link, type StoredRow, sealed } from '../../journal/chain.ts'
import type { KeyedDraft } from './rows.ts'
import type { AppendPlan, AppendState } from './store.ts'
import { brokenJournal } from './verify.ts'

export type Expectation = { readonly book: string; readonly seq: number }

/** What one transaction knows: whom it writes to, and the last entry that this process has checked. */
export type Footing = { readonly url: string; readonly known: Link }

export type Written =
  | { readonly kind: 'appended'; readonly rows: readonly ChainRow[] }
  | { readonly kind: 'already-done'; readonly key: string; readonly seq: number }

/** Decides, inside the transaction, what an append writes. */
export function appendPlan(
  { url, known }: Footing,
  drafts: readonly KeyedDraft[],
  expect: Expectation | undefined,
): (state: AppendState) => AppendPlan<Written> {
  return (state) => {
    const last = soundTail({ url, known }, state.tail)
    const [done] = state.done
    if (done !== undefined) {
      if (done.seq > last.seq) throw lostStep(url, last, done)
      return { rows: [], steps: [], answer: { kind: 'already-done', ...done } }
    }
    if (expect !== undefined && expect.seq !== state.bookSeq) {
      throw new ConflictError(
        `Book ${expect.book} was read up to entry ${expect.seq} and stands at entry ${state.bookSeq} now: another process wrote to it. Nothing was written; run this again`,
      )
    }
    const rows = sealed(last, drafts)
    const steps: { readonly key: string; readonly seq: number }[] = []
    for (const [index, { key }] of drafts.entries()) if (key !== undefined) steps.push({ key, seq: rows[index]!.seq })
    return { rows, steps, answer: { kind: 'appended', rows } }
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
