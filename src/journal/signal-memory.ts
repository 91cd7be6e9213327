import { firstBaselineName } from '../catalysts/baseline.ts'
import type { StoredSignal } from '../catalysts/stored-signal.ts'
import type { ExtractionEntry, ItemEntry } from './catalyst-entry.ts'
import type { Entry } from './entry.ts'

export type SourcedSignal = StoredSignal & { readonly source: string }

/** Who read texts, and what was found: a model with one prompt, or the keywords with one version of their rules. */
export type Reader = {
  /** Null for the keywords. */
  readonly model: string | null
  /** SHA-256 of the prompt, or the name of the rules. */
  readonly how: string
  /** Number of the entry that was read in last. */
  latest: number
  readonly signals: readonly SourcedSignal[]
}

type Reading = Reader & {
  readonly signals: SourcedSignal[]
  readonly contents: Set<string>
  readonly said: Set<string>
}

/**
 * What the entries of texts and of their readings come to, the same for a live day and for a backtest:
 *
 * - A text counts once for each reader, as it was read first, however often it was read or copied.
 * - A later version of a text is new where it says something new: another asset, kind or direction than the versions before
 *   it. A corrected typing error is no news.
 */
export class SignalMemory {
  readonly #items = new Map<number, ItemEntry>()
  readonly #readings = new Map<string, Reading>()
  /** Texts whose date is the source's own claim, and texts without one. */
  readonly texts = { claimed: 0, undated: 0 }

  /** Entries in the order of the journal. */
  add(entry: Entry<'item'> | Entry<'extraction'>): void {
    if (entry.kind === 'extraction') {
      this.#addReading(entry.seq, entry.body)
      return
    }
    this.#items.set(entry.seq, entry.body)
    if (entry.body.flags.includes('claimed')) this.texts.claimed++
    if (entry.body.flags.includes('undated')) this.texts.undated++
  }

  get readers(): readonly Reader[] {
    return [...this.#readings.values()]
  }

  signalsOf(model: string | null, how: string): readonly SourcedSignal[] {
    return this.#readings.get(keyOf(model, how))?.signals ?? []
  }

  #addReading(seq: number, entry: ExtractionEntry): void {
    const { extractor, model, promptSha256, rules, knownAt, signals, contentSha256 } = entry
    const isBaseline = extractor === 'baseline'
    const reading = this.#readingBy(isBaseline ? null : model, (isBaseline ? rules : promptSha256) ?? firstBaselineName)
    reading.latest = seq
    if (reading.contents.has(contentSha256)) return
    reading.contents.add(contentSha256)
    const item = this.#items.get(entry.item)
    const [source, textKnownAt] = [item?.source ?? '', item?.knownAt ?? knownAt]
    const saidHere: string[] = []
    for (const { asset, kind, direction, confidence } of signals) {
      const what = JSON.stringify([source, item?.id ?? seq, asset, kind, Math.sign(direction)])
      saidHere.push(what)
      if (reading.said.has(what)) continue
      const score = direction * confidence
      reading.signals.push({ asset, kind, knownAt, textKnownAt, score, entry: seq, source })
    }
    for (const what of saidHere) reading.said.add(what)
  }

  #readingBy(model: string | null, how: string): Reading {
    const key = keyOf(model, how)
    const known = this.#readings.get(key)
    if (known !== undefined) return known
    const reading = { model, how, latest: 0, signals: [], contents: new Set<string>(), said: new Set<string>() }
    this.#readings.set(key, reading)
    return reading
  }
}

function keyOf(model: string | null, how: string): string {
  return JSON.stringify([model, how])
}
