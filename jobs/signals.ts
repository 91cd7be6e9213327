import type { StoredSignal } from '../src/catalysts/stored-signal.ts'
import { type TextFactor, textFactors } from '../src/catalysts/text-factors.ts'
import { textNotes } from '../src/catalysts/text-notes.ts'
import type { Context } from '../src/context.ts'
import { SignalMemory, type SourcedSignal } from '../src/journal/signal-memory.ts'
import { marketTextSources } from '../src/source-lists.ts'
import type { Instant } from '../src/units.ts'
import { extractorOf } from './extract.ts'
import { catalystsBook } from './ingest.ts'

type Memory = { seq: number; readonly found: SignalMemory }
const memories = new WeakMap<Context['journal'], Memory>()

/** What the extractor of this configuration has found so far: the model's signals where there is one, else those of the keywords. */
export async function storedSignals(ctx: Context): Promise<readonly SourcedSignal[]> {
  const found = await brought(ctx)
  const extractor = extractorOf(ctx)
  if (extractor === null) return []
  return extractor.kind === 'model'
    ? found.signalsOf(ctx.model!.name, extractor.promptSha256)
    : found.signalsOf(null, extractor.name)
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

/** Read once, then only what is new. */
async function brought({ journal }: Context): Promise<SignalMemory> {
  let memory = memories.get(journal)
  if (memory === undefined) {
    memory = { seq: 0, found: new SignalMemory() }
    memories.set(journal, memory)
  }
  const kinds = ['item', 'extraction'] as const
  for await (const entry of journal.read({ book: catalystsBook, kinds, fromSeq: memory.seq + 1 })) {
    memory.seq = entry.seq
    if (entry.kind === 'item' || entry.kind === 'extraction') memory.found.add(entry)
  }
  return memory.found
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
