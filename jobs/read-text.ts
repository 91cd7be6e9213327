import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { ClaimsCache } from '../src/adapters/claims-cache.ts'
import type { Model } from '../src/adapters/model.ts'
import type { Spending } from '../src/adapters/spending.ts'
import { type Agreement, agreement } from '../src/catalysts/agreement.ts'
import { baselineSignals } from '../src/catalysts/baseline.ts'
import {
  acceptSignals,
  assetName,
  type ClaimedEvent,
  type Dropped,
  extractionJsonSchema,
  parseExtraction,
  pieces,
} from '../src/catalysts/extraction.ts'
import type { CatalystKind } from '../src/catalysts/kinds.ts'
import { renderCatalystPrompt } from '../src/catalysts/prompt.ts'
import type { Signal } from '../src/catalysts/signal.ts'
import type { Config } from '../src/config.ts'
import { ModelError } from '../src/errors.ts'
import type { Instant } from '../src/units.ts'
import type { AssetLists } from './asset-lists.ts'

/** A text as an extractor is given it. */
export type TextToRead = {
  readonly source: string
  readonly publishedAt: Instant | null
  readonly knownAt: Instant
  /** Assets and kind as the source names them. */
  readonly assets: readonly string[]
  readonly kind: string | null
  readonly title: string
  readonly text: string
}

/** What was found in a text. `because`: why there is no answer, or none to a part of it. */
export type ReadText = {
  readonly signals: readonly Signal[]
  readonly dropped: readonly Dropped[]
  readonly because: string | null
  readonly costUsd: number
  readonly attempts: number
  readonly agreement?: Agreement
}

/** A model with all it needs to read texts. */
export type ModelReader = {
  readonly model: Model
  readonly settings: NonNullable<Config['model']>
  readonly template: string
  readonly spending: Spending
  readonly cache: ClaimsCache
  /** How often it is asked about each text; 1 unless agreement is wanted. */
  readonly repeat: number
}

/** Characters of one piece, and of what two neighbours share. */
const pieceMost = 8000
const pieceOverlap = 600
/** Assets that one question lists at most. */
const assetsMost = 60

export function nothing(because: string | null): ReadText {
  return { signals: [], dropped: [], because, costUsd: 0, attempts: 0 }
}

export function readByBaseline(lists: AssetLists, text: TextToRead): ReadText {
  const horizonDays = (kind: CatalystKind) => lists.settings[kind].horizonDays
  const { assets } = lists.of(text.source)
  return { ...nothing(null), signals: baselineSignals(text, { assets, horizonDays }) }
}

/**
 * Asks about each piece of a text, `repeat` times where agreement is wanted, and checks every claim against the whole text. Each
 * answer is kept before it is judged, and asked for once by however many workers.
 *
 * @returns null where the day's budget does not cover it: what was answered is kept
 * @throws ModelError where there is no answer for want of a server: it may be tried again
 */
export async function readByModel(reader: ModelReader, lists: AssetLists, text: TextToRead): Promise<ReadText | null> {
  const { assets, names } = lists.of(text.source)
  const whole = `${text.title}\n\n${text.text}`
  const listed = lists.namesAll(text.source) ? [...new Set(assets.values())] : mentioned(whole, text.assets, names)
  if (listed.length === 0) return nothing('it names no asset of the universe')
  const total = { costUsd: 0, attempts: 0, because: null as string | null }
  const answers: { readonly signals: readonly Signal[]; readonly dropped: readonly Dropped[] }[] = []
  for (let time = 0; time < reader.repeat; time++) {
    const claims: ClaimedEvent[] = []
    for (const piece of pieces(whole, { most: pieceMost, overlap: pieceOverlap })) {
      const found = await claimsOf(reader, text, { piece, assets: listed.slice(0, assetsMost), time }, total)
      if (found === 'no-budget') return null
      claims.push(...found)
    }
    answers.push(acceptSignals(claims, { text: whole, assets }))
  }
  return {
    ...answers[0]!,
    ...total,
    ...(reader.repeat > 1 && { agreement: agreement(answers.map(({ signals }) => signals)) }),
  }
}

async function claimsOf(
  { model, settings, template, spending, cache }: ModelReader,
  text: TextToRead,
  asked: { readonly piece: string; readonly assets: readonly string[]; readonly time: number },
  total: { costUsd: number; attempts: number; because: string | null },
): Promise<readonly ClaimedEvent[] | 'no-budget'> {
  const { source, publishedAt, knownAt } = text
  const { piece, assets, time } = asked
  const messages = renderCatalystPrompt(template, { source, published: publishedAt, assets, text: piece })
  const { name, baseUrl, temperature } = settings
  const question = { model: name, baseUrl, temperature, messages, ...(time > 0 && { time }) }
  const key = createHash('sha256').update(canonicalize(question)!).digest('hex')
  let isOverBudget = false
  const found = await cache.once(key, async () => {
    const reply = await model.ask({
      messages,
      schemaName: 'catalysts',
      jsonSchema: extractionJsonSchema,
      parse: parseExtraction,
      date: knownAt.slice(0, 10),
      spentTodayUsd: spending.on(new Date().toISOString().slice(0, 10)),
      bulk: true,
      record: async (attempt) => {
        spending.add(attempt.sentAt.slice(0, 10), attempt.costUsd)
        total.costUsd += attempt.costUsd
        total.attempts++
      },
    })
    if (reply.kind === 'answer') return reply.answer
    const outcome = reply.attempts.at(-1)?.outcome ?? 'budget'
    isOverBudget = outcome === 'budget'
    // What the same question would bring again is a result; what the network did is not.
    if (!isOverBudget && !lasting.has(outcome)) {
      throw new ModelError(`reading ${JSON.stringify(text.title.slice(0, 60))}: ${reply.because}`, { retryable: true })
    }
    total.because = reply.because
    return null
  })
  return isOverBudget ? 'no-budget' : (found ?? [])
}

const lasting = new Set(['invalid', 'refused', 'truncated', 'filtered'])

/** Symbols that the source names, or the text by cashtag, in capitals, or as a name of four letters and more: Aave. */
function mentioned(text: string, given: readonly string[], names: ReadonlyMap<string, string>): readonly string[] {
  const words = [...given, ...(text.match(/\$?\b(?:(?=\d*[A-Z])[A-Z0-9]{2,10}|[A-Z][a-z]{3,9})\b/g) ?? [])].map(
    assetName,
  )
  const found = words.flatMap((word) => names.get(word) ?? [])
  return [...new Set(found)]
}
