import { z } from 'zod'
import { Agreement } from '../catalysts/agreement.ts'
import { Signal } from '../catalysts/signal.ts'
import { Instant } from '../units.ts'
import { TextRef } from './community-entry.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** One version of a text from a source, when we first saw it. */
export const ItemEntry = z.strictObject({
  /** Name of the source in the book, as in `books/catalyst.json`. */
  source: z.string().min(1).max(100),
  /** The source's own id, or a hash of the content where it gives none. */
  id: z.string().min(1).max(200),
  /** 1 for the first version; an edit is the next. */
  version: z.int().positive(),
  /** SHA-256 of title and text, with which copies are found. */
  contentSha256: Sha256,
  /** What the source claims; null where it claims nothing. */
  publishedAt: Instant.nullable(),
  /** When it can first have been acted on: our first sight; for history files the claimed time, flagged `claimed`. */
  knownAt: Instant,
  /** Assets the source names; empty where it names none. */
  assets: z.array(z.string().min(1).max(40)).max(100),
  /** What the source calls it, such as `governance`; null where it does not. */
  kind: z.string().min(1).max(60).nullable(),
  url: z.string().max(2000).nullable(),
  /** Title and text: `{title, text}`, erasable as everything from outside. */
  text: TextRef,
  flags: z.array(z.enum(['future', 'undated', 'claimed', 'truncated', 'date-only', 'edited'])),
})
export type ItemEntry = z.infer<typeof ItemEntry>

/** What an extractor found in one version of an item. */
export const ExtractionEntry = z.strictObject({
  /** Number of the `item` entry. */
  item: z.int().positive(),
  contentSha256: Sha256,
  /** `model`, or `baseline`: keywords, always labelled as such. */
  extractor: z.enum(['model', 'baseline']),
  model: z.string().nullable(),
  promptSha256: Sha256.nullable(),
  /** Version of the keywords' rules; entries of before it was recorded are of the first. */
  rules: z.string().max(40).optional(),
  /** When its signals may be acted on: the later of the item's knownAt and, live, the extraction itself. */
  knownAt: Instant,
  signals: z.array(Signal),
  dropped: z.array(z.strictObject({ asset: z.string().max(200), because: z.string().min(1).max(500) })),
  /** Why there is no answer; null otherwise. */
  because: z.string().nullable(),
  costUsd: z.number().min(0),
  attempts: z.int().min(0),
  /** How far several answers agree, where the model was asked several times; the signals are those of the first. */
  agreement: Agreement.optional(),
})
export type ExtractionEntry = z.infer<typeof ExtractionEntry>

/** Which assets a point-in-time universe held on a date, and why others were not in it. */
export const UniverseEntry = z.strictObject({
  /** Whose universe it is; entries of before this was recorded name none. */
  book: z.string().min(1).max(64).optional(),
  date: z.iso.date(),
  members: z.array(z.string()),
  left: z.array(z.strictObject({ symbol: z.string(), because: z.string().max(200) })),
})
export type UniverseEntry = z.infer<typeof UniverseEntry>

export const catalystBodies = { item: ItemEntry, extraction: ExtractionEntry, universe: UniverseEntry } as const
