import { firstBaselineName } from '../src/catalysts/baseline.ts'
import type { StoredSignal } from '../src/catalysts/stored-signal.ts'
import { type TextFactor, textFactors } from '../src/catalysts/text-factors.ts'
import { textNotes } from '../src/catalysts/text-notes.ts'
import type { Context } from '../src/context.ts'
import { marketTextSources } from '../src/source-lists.ts'
import type { Instant } from '../src/units.ts'
import { extractorOf } from './extract.ts'
import { catalystsBook } from './ingest.ts'

type SourcedSignal = StoredSignal & { readonly source: string }

type Memory = {
  seq: number
  readonly items: Map<number, { readonly source: string; readonly knownAt: Instant }>
  readonly texts: { claimed: number; undated: number }
  /** By extractor (the model's name with its prompt, or the keywords with their rules) and text. */
  readonly byExtractor: Map<string, Map<string, readonly SourcedSignal[]>>
}
const memories = new WeakMap<Context['journal'], Memory>()

/** What the extractor of this configuration has found so far: the model's signals where there is one, else those of the keywords. */
export async function storedSignals(ctx: Context): Promise<readonly SourcedSignal[]> {
  const memory = await brought(ctx)
  const extractor = extractorOf(ctx)
  if (extractor === null) return []
  const key = extractor.kind === 'model' ? keyOf(ctx.model!.name, extractor.promptSha256) : keyOf(null, extractor.name)
  return [...(memory.byExtractor.get(key)?.values() ?? [])].flat()
}

/** The same with who read them, as reports name it. */
export async function readTexts(ctx: Context): Promise<{
  readonly signals: readonly StoredSignal[]
  readonly extractor: string
  readonly notes: readonly string[]
}> {
  const { texts } = await brought(ctx)
  const extractor = extractorOf(ctx)?.kind === 'model' ? ctx.model!.name : 'baseline'
  return { signals: await storedSignals(ctx), extractor, notes: textNotes(extractor, texts) }
}

/** @param how prompt of the model, or rules of the keywords */
function keyOf(model: string | null, how: string | null): string {
  return JSON.stringify([model, how])
}

/** Read once, then only what is new. */
async function brought({ journal }: Context): Promise<Memory> {
  let memory = memories.get(journal)
  if (memory === undefined) {
    memory = { seq: 0, items: new Map(), texts: { claimed: 0, undated: 0 }, byExtractor: new Map() }
    memories.set(journal, memory)
  }
  const kinds = ['item', 'extraction'] as const
  for await (const entry of journal.read({ book: catalystsBook, kinds, fromSeq: memory.seq + 1 })) {
    memory.seq = entry.seq
    if (entry.kind === 'item') {
      memory.items.set(entry.seq, { source: entry.body.source, knownAt: entry.body.knownAt })
      if (entry.body.flags.includes('claimed')) memory.texts.claimed++
      if (entry.body.flags.includes('undated')) memory.texts.undated++
    }
    if (entry.kind !== 'extraction') continue
    const { extractor, model, promptSha256, rules, knownAt, signals, item, contentSha256 } = entry.body
    const key = extractor === 'baseline' ? keyOf(null, rules ?? firstBaselineName) : keyOf(model, promptSha256)
    const own = memory.byExtractor.get(key) ?? new Map<string, readonly SourcedSignal[]>()
    memory.byExtractor.set(key, own)
    // A text that was read several times counts once, as in backtests: as it was read first.
    if (own.has(contentSha256)) continue
    const text = memory.items.get(item)
    const textKnownAt = text?.knownAt ?? knownAt
    const source = text?.source ?? ''
    own.set(
      contentSha256,
      signals.map(({ asset, kind, direction, confidence }) => {
        return { asset, kind, knownAt, textKnownAt, score: direction * confidence, entry: entry.seq, source }
      }),
    )
  }
  return memory
}

/**
 * What texts about the allocator's markets say at a moment, as numbers: the only form in which text from outside reaches a
 * decision.
 */
export async function marketTextFactors(ctx: Context, at: Instant): Promise<readonly TextFactor[]> {
  const sources = new Set(marketTextSources().map(({ name }) => name))
  const signals = (await storedSignals(ctx)).filter(({ source }) => sources.has(source))
  return textFactors(signals, at)
}
