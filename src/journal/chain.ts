import { hash as digest } from 'node:crypto'

/**
 * The hash chain. Each entry's hash is SHA-256, in lower-case hex, of the canonical JSON of
 * `{at, body, book, kind, previousHash, seq}`, where `body` is embedded as JSON, not as a string.
 * A stranger can recompute it from the columns of one row with any RFC 8785 library.
 */
export type ChainRow = {
  readonly seq: number
  readonly at: string
  readonly kind: string
  readonly book: string
  /** Canonical JSON. */
  readonly body: string
  readonly previousHash: string
  readonly hash: string
}

/** A row before it has its place in the chain. */
export type Draft = Pick<ChainRow, 'at' | 'kind' | 'book' | 'body'>

/** Where a chain stands: its last entry. */
export type Link = Pick<ChainRow, 'seq' | 'hash' | 'previousHash'>

/** A row as a database gave it. Somebody may have written to it with other tools, so nothing is known of its columns. */
export type StoredRow = { readonly [Column in keyof ChainRow]: unknown }

/** The first entry that cannot be trusted, and why. */
export type Fault = { readonly seq: number; readonly because: string }

export type Step = { readonly kind: 'fits'; readonly row: ChainRow } | { readonly kind: 'fault'; readonly fault: Fault }

/** What the first entry follows. */
export const genesis: Link = { seq: 0, hash: '0'.repeat(64), previousHash: '' }

export function entryHash(row: Omit<ChainRow, 'hash'>): string {
  // The body is canonical already and the keys stand in sorted order, so composing text is composing canonical JSON.
  const text = `{"at":${quoted(row.at)},"body":${row.body},"book":${quoted(row.book)},"kind":${quoted(row.kind)},"previousHash":${quoted(row.previousHash)},"seq":${row.seq}}`
  return digest('sha256', text)
}

/** A text as JSON. Plain letters, which these columns hold, need no escaping, and looking is quicker than writing them anew. */
function quoted(text: string): string {
  return /[^ !#-[\]-~]/.test(text) ? JSON.stringify(text) : `"${text}"`
}

/** Whether a row whose columns are known to be texts continues the chain: `followed` without the reasons, for many rows. */
export function fits(last: Link, row: ChainRow): boolean {
  return row.seq === last.seq + 1 && row.previousHash === last.hash && entryHash(row) === row.hash
}

/** Rows that continue the chain after `last`, in the order given. */
export function sealed(last: Link, drafts: readonly Draft[]): readonly ChainRow[] {
  let { seq, hash: previousHash } = last
  return drafts.map(({ at, kind, book, body }) => {
    seq += 1
    const unsealed = { seq, at, kind, book, body, previousHash }
    previousHash = entryHash(unsealed)
    return { ...unsealed, hash: previousHash }
  })
}

const textColumns = ['at', 'kind', 'book', 'body', 'previousHash', 'hash'] as const

/**
 * Whether a row, read in the order of `seq`, continues the chain after `last`; if not, which entry is the first bad one.
 *
 * An entry rewritten together with its own hash still fits itself: then the next one shows it, being chained to another
 * hash, and the blame goes to the rewritten entry.
 */
export function followed(last: Link, row: StoredRow): Step {
  const seq = last.seq + 1
  const found = Number(row.seq)
  if (found > seq) return bad(seq, `entry ${seq} is missing: entry ${row.seq} follows entry ${last.seq}`)
  if (found !== seq) return bad(seq, `entry ${row.seq} was inserted after entry ${last.seq}`)
  const { at, kind, book, body, previousHash, hash } = row
  if (
    typeof at !== 'string' ||
    typeof kind !== 'string' ||
    typeof book !== 'string' ||
    typeof body !== 'string' ||
    typeof previousHash !== 'string' ||
    typeof hash !== 'string'
  ) {
    const odd = textColumns.find((column) => typeof row[column] !== 'string')
    return bad(seq, `entry ${seq} was changed: its ${odd} is not text`)
  }
  const typed: ChainRow = { seq, at, kind, book, body, previousHash, hash }
  if (entryHash(typed) !== typed.hash) return changed(last, typed)
  if (typed.previousHash !== last.hash) {
    if (last.seq === 0) return bad(seq, `entry ${seq} was rewritten: it does not start a chain`)
    return bad(last.seq, `entry ${last.seq} was rewritten: entry ${seq} is chained to another hash than it has now`)
  }
  return { kind: 'fits', row: typed }
}

/** A row whose hash is not the one of its content: was it moved whole, or changed? */
function changed(last: Link, row: ChainRow): Step {
  const { seq } = row
  if (entryHash({ ...row, seq: seq + 1 }) === row.hash) {
    return bad(seq, `entry ${seq} was removed or moved: what stands in its place was recorded as entry ${seq + 1}`)
  }
  if (last.seq > 0 && row.previousHash === last.previousHash && entryHash({ ...row, seq: seq - 1 }) === row.hash) {
    if (row.hash === last.hash) return bad(seq, `entry ${seq} was inserted: it is entry ${seq - 1} once more`)
    return bad(seq - 1, `entry ${seq - 1} was inserted: the entry after it was recorded in its place`)
  }
  return bad(seq, `entry ${seq} was changed: its hash does not match its content`)
}

function bad(seq: number, because: string): Step {
  return { kind: 'fault', fault: { seq, because } }
}
