import { z } from 'zod'
import { InputError, JournalError } from '../../errors.ts'
import { canonicalJson } from '../../journal/canonical.ts'
import type { ChainRow, Draft } from '../../journal/chain.ts'
import { type Entry, type EntryKind, entryBodies, type NewEntry } from '../../journal/entry.ts'
import { Instant } from '../../units.ts'

const Envelope = z.object({
  at: Instant,
  book: z
    .string()
    .max(100)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'a name without control characters'),
  key: z
    .string()
    .max(200)
    .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'a key without control characters')
    .optional(),
})

export type KeyedDraft = Draft & { readonly key: string | undefined }

/**
 * Entries as they will be stored. Each body is held against the schema of its kind, so that what is written can be read.
 *
 * @throws InputError with every fault of every entry
 */
export function draftsOf(entries: readonly NewEntry[]): readonly KeyedDraft[] {
  const faults: string[] = []
  const keys = new Set<string>()
  const drafts = entries.map((entry, index) => {
    const { at, kind, book, key } = entry
    const complain = (text: string) => faults.push(`entry ${index + 1} of ${entries.length} (${kind}): ${text}`)
    if (key !== undefined && keys.has(key)) complain(`the key ${key} stands on an earlier entry too`)
    if (key !== undefined) keys.add(key)
    const envelope = Envelope.safeParse({ at, book, key })
    for (const text of issues(envelope.error, [])) complain(text)
    const schema = Object.hasOwn(entryBodies, kind) ? entryBodies[kind] : undefined
    if (schema === undefined) complain('no such kind of entry')
    const parsed = schema?.safeParse(entry.body)
    for (const text of issues(parsed?.error, ['body'])) complain(text)
    return { at, kind, book, key, body: parsed?.success === true ? bodyText(parsed.data, complain) : '' }
  })
  if (faults.length > 0) throw new InputError(faults)
  return drafts
}

function bodyText(body: unknown, complain: (text: string) => void): string {
  try {
    return canonicalJson(body)
  } catch (error) {
    complain(`body: ${(error as Error).message}`)
    return ''
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
