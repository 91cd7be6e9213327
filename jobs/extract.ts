import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClaimsCache, openClaimsCache } from '../src/adapters/claims-cache.ts'
import { baselineName } from '../src/catalysts/baseline.ts'
import { catalystPromptSha256 } from '../src/catalysts/prompt.ts'
import type { Context } from '../src/context.ts'
import type { ExtractionEntry } from '../src/journal/catalyst-entry.ts'
import type { Entry } from '../src/journal/entry.ts'
import type { Instant } from '../src/units.ts'
import type { AssetLists } from './asset-lists.ts'
import { catalystsBook } from './ingest.ts'
import { type ModelReader, nothing, readByBaseline, readByModel } from './read-text.ts'

/** Who reads texts, and under which name what it read is done: another model or prompt reads them anew. */
export type Extractor =
  | { readonly kind: 'baseline'; readonly name: string }
  | { readonly kind: 'model'; readonly name: string; readonly promptSha256: string; readonly reader: ModelReader }

/** The model where there is one, else the keywords, which every output then says; null where a model is wanted and there is none. */
export function extractorOf(
  ctx: Pick<Context, 'model' | 'config' | 'spending'>,
  options: { readonly extractor?: 'model' | 'baseline'; readonly repeat?: number } = {},
): Extractor | null {
  const { extractor = ctx.model === null ? 'baseline' : 'model', repeat = 1 } = options
  if (extractor === 'baseline') return { kind: 'baseline', name: baselineName }
  const { model, spending } = ctx
  const settings = ctx.config.model
  if (model === null || settings === null) return null
  const template = readFileSync(fileURLToPath(new URL('../prompts/catalyst.md', import.meta.url)), 'utf8')
  const promptSha256 = catalystPromptSha256(template)
  // A model's name may hold anything; keys hold plain letters.
  const plain = model.name.replace(/[^A-Za-z0-9.-]+/g, '-').slice(0, 60)
  const name = `${plain}-${promptSha256.slice(0, 16)}${repeat > 1 ? `-x${repeat}` : ''}`
  const cache = cacheOf(join(ctx.config.home, 'cache', 'claims'))
  return { kind: 'model', name, reader: { model, settings, template, spending, cache, repeat }, promptSha256 }
}

/** One connection a folder, as long as the process lives: a run ends long before it. */
const caches = new Map<string, ClaimsCache>()
function cacheOf(folder: string): ClaimsCache {
  const cache = caches.get(folder) ?? openClaimsCache(folder)
  caches.set(folder, cache)
  return cache
}

/** Key of the step that reads one content by one extractor. */
export function extractionKey(extractor: Extractor, contentSha256: string): string {
  return `${catalystsBook}/extraction/${extractor.name}/${contentSha256}`
}

/** Numbers of the items that an extractor has not read yet, oldest first. */
export async function pendingItems(ctx: Context, extractor: Extractor): Promise<readonly number[]> {
  const done = await ctx.journal.doneUnder(`${catalystsBook}/extraction/${extractor.name}/`)
  const pending: number[] = []
  const seen = new Set<string>()
  for await (const entry of ctx.journal.read({ book: catalystsBook, kinds: ['item'] })) {
    if (entry.kind !== 'item') continue
    const key = extractionKey(extractor, entry.body.contentSha256)
    // Two sources may have the same text at the same moment: it is read once.
    if (done.has(key) || seen.has(key)) continue
    seen.add(key)
    pending.push(entry.seq)
  }
  return pending
}

export type Extracted =
  | { readonly kind: 'read'; readonly body: ExtractionEntry }
  | { readonly kind: 'done-before' }
  | { readonly kind: 'no-budget' }

/**
 * Reads one item: asks, checks every claim against the text, records. Safe to run twice, on several machines: the entry is
 * written once, and an answer that was paid for is kept before it is judged.
 *
 * @param now asked once the answer is there: live, a signal exists from then on
 * @throws ModelError when there is no answer for want of a server: nothing is recorded, and it may be tried again
 */
export async function extractItem(
  ctx: Context,
  extractor: Extractor,
  lists: AssetLists,
  item: Entry<'item'>,
  now: () => Instant,
): Promise<Extracted> {
  const { contentSha256, text, flags, knownAt } = item.body
  const key = extractionKey(extractor, contentSha256)
  if ((await ctx.journal.done(key)) !== null) return { kind: 'done-before' }
  const texts = await ctx.journal.texts([text.id])
  const content = texts.get(text.id) as { readonly title: string; readonly text: string } | undefined
  const read =
    content === undefined
      ? nothing('the text was erased')
      : extractor.kind === 'baseline'
        ? readByBaseline(lists, { ...item.body, ...content })
        : await readByModel(extractor.reader, lists, { ...item.body, ...content })
  if (read === null) return { kind: 'no-budget' }
  const at = now()
  const body: ExtractionEntry = {
    item: item.seq,
    contentSha256,
    extractor: extractor.kind,
    model: extractor.kind === 'model' ? extractor.reader.model.name : null,
    promptSha256: extractor.kind === 'model' ? extractor.promptSha256 : null,
    ...(extractor.kind === 'baseline' && { rules: extractor.name }),
    // For a file of history the claim stands in, as it does for the text; live, a signal exists once it was read.
    knownAt: flags.includes('claimed') || knownAt > at ? knownAt : at,
    ...read,
    signals: [...read.signals],
    dropped: [...read.dropped.slice(0, 40)],
  }
  const { kind } = await ctx.journal.append([{ at, kind: 'extraction', book: catalystsBook, key, body }])
  return kind === 'appended' ? { kind: 'read', body } : { kind: 'done-before' }
}
