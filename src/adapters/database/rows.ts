import { z } from 'zod'
import { InputError, JournalError } from '../../errors.ts'
import { canonicalJson } from '../../journal/canonical.ts'
import type { ChainRow, Draft } from '../../journal/chain.ts'
import { type Entry, type EntryKind, entryBodies, type NewEntry } from '../../journal/entry.ts'
import { refersTo, type SealedText } from '../../journal/erasable.ts'
import { Instant } from '../../units.ts'

const printable = /^[^\p{Cc}\p{Cs}]+$/u
const bookMax = 100
const keyMax = 200

const Envelope = z.object({
  at: Instant,
  book: z.string().max(bookMax).regex(printable, 'a name without control characters'),
  key: z.string().max(keyMax).regex(printable, 'a key without control characters').optional(),
})

export type KeyedDraft = Draft & {
  readonly key: string | undefined
  readonly erasable: readonly SealedText[] | undefined
}

/**
 * Entries as they will be stored. Each body is held against the schema of its kind, so that what is written can be read.
 *
 * @throws InputError with every fault of every entry
 */
export function draftsOf(entries: readonly NewEntry[]): readonly KeyedDraft[] {
  const drafts: KeyedDraft[] = []
  for (const entry of entries) {
    const draft = soundDraft(entry)
    // Only where something is wrong is every entry gone through once more, to say all that is wrong.
    if (draft === null) throw new InputError(faultsOf(entries))
    drafts.push(draft)
  }
  const keys = drafts.flatMap(({ key }) => key ?? [])
  if (keys.length > 1 && new Set(keys).size < keys.length) throw new InputError(faultsOf(entries))
  return drafts
}

function soundDraft({ at, kind, book, key, body, erasable }: NewEntry): KeyedDraft | null {
  if (!isName(book, bookMax) || (key !== undefined && !isName(key, keyMax)) || !Instant.safeParse(at).success)
    return null
  const parsed = Object.hasOwn(entryBodies, kind) ? entryBodies[kind].safeParse(body) : undefined
  if (parsed?.success !== true) return null
  try {
    const draft = { at, kind, book, key, body: canonicalJson(parsed.data), erasable }
    return erasable === undefined || erasable.every((text) => refersTo(draft.body, text)) ? draft : null
  } catch {
    return null
  }
}

/** What `Envelope` asks of a name, without the cost of an object schema for each entry. */
function isName(text: unknown, max: number): boolean {
  return typeof text === 'string' && text.length <= max && printable.test(text)
}

function faultsOf(entries: readonly NewEntry[]): readonly string[] {
  const faults: string[] = []
  const keys = new Set<string>()
  for (const [index, { at, kind, book, key, body, erasable = [] }] of entries.entries()) {
    const complain = (text: string) => faults.push(`entry ${index + 1} of ${entries.length} (${kind}): ${text}`)
    if (key !== undefined && keys.has(key)) complain(`the key ${key} stands on an earlier entry too`)
    if (key !== undefined) keys.add(key)
    const envelope = Envelope.safeParse({ at, book, key })
    for (const text of issues(envelope.error, [])) complain(text)
    const schema = Object.hasOwn(entryBodies, kind) ? entryBodies[kind] : undefined
    if (schema === undefined) complain('no such kind of entry')
    const parsed = schema?.safeParse(body)
    for (const text of issues(parsed?.error, ['body'])) complain(text)
    if (parsed?.success === true) complainOfBody(parsed.data, erasable, complain)
  }
  return faults
}

function complainOfBody(body: unknown, texts: readonly SealedText[], complain: (text: string) => void): void {
  try {
    const written = canonicalJson(body)
    for (const text of texts) {
      if (!refersTo(written, text)) complain(`the text ${text.id} comes with it, and its body does not refer to it`)
    }
  } catch (error) {
    complain(`body: ${(error as Error).message}`)
  }
}

/** A row that fits the chain, as what it records. */
export function entryOf(row: ChainRow, url: string): Entry {
  const { seq, at, kind, book, previousHash, hash } = row
  const unreadable = (because: string, cause?: unknown) =>
    new JournalError(`Entry ${seq} of the journal ${url} cannot be read: ${because}. Nothing was changed`, { cause })
  if (!Object.hasOwn(entryBodies, kind)) {
    throw unreadable(`its kind "${kind}" is not known to this Primer; a newer one may have written it`)
  }
  let body: unknown
  try {
    body = JSON.parse(row.body)
  } catch (error) {
    throw unreadable('its body is not JSON', error)
  }
  const parsed = entryBodies[kind as EntryKind].safeParse(body)
  if (!parsed.success) throw unreadable(`its body is no ${kind}: ${issues(parsed.error, ['body']).join('; ')}`)
  return { seq, at, kind, book, body: parsed.data, previousHash, hash } as Entry
}

function issues(error: z.ZodError | undefined, root: readonly string[]): readonly string[] {
  return (error?.issues ?? []).map((issue) => `${[...root, ...issue.path].join('.')}: ${issue.message}`)
}
