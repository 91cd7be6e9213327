import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { AccountPosts } from '../src/adapters/sources/read.ts'
import type { Web } from '../src/adapters/sources/web.ts'
import { type Item, itemKey, newItems, withDistinctIds } from '../src/catalysts/item.ts'
import type { Source } from '../src/catalysts/source.ts'
import type { Context } from '../src/context.ts'
import { InputError, WorldError } from '../src/errors.ts'
import type { NewEntry } from '../src/journal/entry.ts'
import { sealText } from '../src/journal/erasable.ts'
import { Instant } from '../src/units.ts'

/** Book of the journal in which texts and what was read in them lie. */
export const catalystsBook = 'catalysts'

/** What one look at one source came to. */
export type Look = {
  readonly source: string
  readonly found: number
  readonly new: number
  /** Why it could not be read; null when it could. */
  readonly because: string | null
  readonly retryable: boolean
}

/** How a source was last asked, kept beside the chain: losing it costs one more request and nothing else. */
const Asked = z.object({
  cursor: z.string().nullable(),
  askedAt: Instant,
  failures: z.number().int().min(0),
  /** When the source itself asked to be left alone until. */
  notBefore: Instant.nullable().default(null),
})
type Asked = z.infer<typeof Asked>

const batch = 200
const pauseHoursMost = 24
/** Sources read at the same time: a slow one holds up no other. */
const atOnce = 4

/** What a look needs beside the source. */
export type LookOptions = {
  readonly web: Web
  readonly accountPosts: AccountPosts | null
  /** Whether to ask sources that are not due yet. */
  readonly force: boolean
}

/**
 * Asks each source that is due, and records what is new. One source's failure stops no other; a source that keeps failing is
 * asked ever more rarely, at most a day apart, and never before the moment it asked for.
 *
 * @param now the moment: what a source answers is first seen once it has answered
 */
export async function ingest(
  ctx: Context,
  sources: readonly Source[],
  now: () => Instant,
  options: LookOptions,
): Promise<readonly Look[]> {
  const looks = new Map<Source, Look>()
  // What is known is read and added to by one source after another: two of them may bring the same text.
  let recording: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = recording.then(work)
    recording = turn.catch(() => {})
    return turn
  }
  const waiting = sources[Symbol.iterator]()
  const one = async () => {
    for (const source of waiting) {
      const asked = await lastAsked(ctx, source)
      if (!options.force && asked !== null && now() < nextDue(source, asked)) continue
      looks.set(source, await look(ctx, source, asked, now, { ...options, inTurn }))
    }
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return sources.flatMap((source) => looks.get(source) ?? [])
}

async function lastAsked(ctx: Context, source: Source): Promise<Asked | null> {
  const text = await ctx.journal.cursor(cursorName(source))
  try {
    return text === null ? null : Asked.parse(JSON.parse(text))
  } catch {
    // Written by another version: asked once more than needed.
    return null
  }
}

function cursorName({ name }: Source): string {
  return `source/${name}`
}

function nextDue(source: Source, { askedAt, failures, notBefore }: Asked): Instant {
  const minutes = Math.min(source.pollMinutes * 2 ** failures, Math.max(source.pollMinutes, pauseHoursMost * 60))
  const due = later(askedAt, minutes * 60_000)
  return notBefore !== null && notBefore > due ? notBefore : due
}

function later(moment: Instant, ms: number): Instant {
  return new Date(Date.parse(moment) + ms).toISOString()
}

async function look(
  ctx: Context,
  source: Source,
  asked: Asked | null,
  now: () => Instant,
  { web, accountPosts, inTurn }: LookOptions & { readonly inTurn: <T>(work: () => Promise<T>) => Promise<T> },
): Promise<Look> {
  const { readSource } = await import('../src/adapters/sources/read.ts')
  const { SourceError } = await import('../src/adapters/sources/web.ts')
  const askedAt = now()
  const remember = (next: Omit<Asked, 'askedAt'>) =>
    ctx.journal.setCursor(cursorName(source), JSON.stringify({ ...next, askedAt }))
  try {
    const { yahooUrl } = ctx.config
    const read = await readSource(source, asked?.cursor ?? null, { web, seenAt: askedAt, yahooUrl, accountPosts })
    const found = read.kind === 'items' ? read.items : []
    const count = await inTurn(async () => {
      const seenAt = now()
      const items = newItems(withDistinctIds(found), await known(ctx), seenAt, { history: source.type === 'jsonl' })
      await record(ctx, items, seenAt)
      return items.length
    })
    // Only now: whoever is stopped before this reads the same again, and finds it known.
    const cursor = read.kind === 'items' ? read.cursor : (asked?.cursor ?? null)
    await remember({ cursor, failures: 0, notBefore: null })
    return { source: source.name, found: found.length, new: count, because: null, retryable: false }
  } catch (error) {
    // Whatever a source sends must not stop the others; our own mistakes still come out.
    const expected = error instanceof InputError || error instanceof WorldError
    if (!expected && !(error instanceof Error && error.name === 'ZodError')) throw error
    const wait = error instanceof SourceError ? error.retryAfterMs : null
    await remember({
      cursor: asked?.cursor ?? null,
      failures: Math.min(20, (asked?.failures ?? 0) + 1),
      notBefore: wait === null ? null : later(askedAt, Math.min(wait, pauseHoursMost * 3_600_000)),
    })
    const because = expected ? error.message : `${source.name} sent another form of answer than expected`
    return { source: source.name, found: 0, new: 0, because, retryable: error instanceof WorldError && error.retryable }
  }
}

type Memory = {
  seq: number
  readonly versions: Map<string, { readonly version: number; readonly contentSha256: string }>
  readonly contents: Set<string>
}
const memories = new WeakMap<Context['journal'], Memory>()

/** What is on record: read once, then only what is new. A copy is known whichever source had it first. */
async function known(ctx: Context): Promise<Memory> {
  let memory = memories.get(ctx.journal)
  if (memory === undefined) {
    memory = { seq: 0, versions: new Map(), contents: new Set() }
    memories.set(ctx.journal, memory)
  }
  for await (const entry of ctx.journal.read({ book: catalystsBook, kinds: ['item'], fromSeq: memory.seq + 1 })) {
    if (entry.kind !== 'item') continue
    const { source, id, version, contentSha256 } = entry.body
    memory.versions.set(itemKey(source, id), { version, contentSha256 })
    memory.contents.add(contentSha256)
    memory.seq = entry.seq
  }
  return memory
}

/** One entry a version, its text erasable, in batches; what another worker recorded meanwhile is skipped. */
async function record(ctx: Context, items: readonly Item[], seenAt: Instant): Promise<void> {
  for (let from = 0; from < items.length; from += batch) {
    const entries = items.slice(from, from + batch).map((item) => entryOf(item, seenAt))
    await ctx.journal.append(entries, { skipDone: true })
  }
}

function entryOf(item: Item, at: Instant): NewEntry<'item'> {
  const { title, text, ...facts } = item
  const id = randomBytes(16).toString('hex')
  const salt = randomBytes(16).toString('hex')
  const sealed = sealText({ id, salt, person: null, content: { title, text } })
  const whose = createHash('sha256').update(itemKey(item.source, item.id)).digest('hex').slice(0, 32)
  return {
    at,
    kind: 'item',
    book: catalystsBook,
    key: `${catalystsBook}/item/${whose}/${item.version}`,
    body: { ...facts, assets: [...item.assets], flags: [...item.flags], text: sealed.ref },
    erasable: [sealed.row],
  }
}
