import { strict as assert } from 'node:assert'
import { z } from 'zod'
import { catalystKinds } from './kinds.ts'
import type { Signal } from './signal.ts'

/** As it is asked for: plain types only, since servers that compile it into a grammar refuse much else. */
const SentOut = z.strictObject({
  events: z
    .array(
      z.strictObject({
        asset: z.string().describe('One of the assets listed, exactly as written there.'),
        kind: z.enum(catalystKinds),
        direction: z
          .number()
          .describe('From -1 (as bad as can be for the price of the asset) to 1 (as good as can be).'),
        confidence: z
          .number()
          .describe('From 0 (a guess) to 1 (certain) that the event is real and has this direction.'),
        horizon_days: z.number().describe('Whole days over which it should show in the price, from 1 to 90.'),
        evidence: z
          .string()
          .describe('The words of the text that say so, copied letter by letter, 10 to 400 characters.'),
      }),
    )
    .describe('One object for each event that matters to the price of an asset listed; empty when there is none.'),
})

/** JSON schema of the answer, for servers that enforce one. */
export const extractionJsonSchema: Readonly<Record<string, unknown>> = (() => {
  const { $schema: _, ...schema } = z.toJSONSchema(SentOut)
  return schema
})()

const answerMost = 100_000
const eventsMost = 40

/** As it is read: the form must be right, while each event is judged by itself afterwards. */
const Read = z.object({ events: z.array(z.record(z.string(), z.unknown())).max(eventsMost) })

export type ClaimedEvent = Readonly<Record<string, unknown>>

export type ParsedExtraction =
  | { readonly kind: 'answer'; readonly answer: readonly ClaimedEvent[] }
  | { readonly kind: 'invalid'; readonly issues: readonly string[] }

/** A model's text as claimed events, or why it is none. An object inside prose is never looked for. */
export function parseExtraction(text: string): ParsedExtraction {
  const invalid = (issue: string): ParsedExtraction => ({ kind: 'invalid', issues: [issue] })
  if (text.length > answerMost) return invalid(`the answer is longer than ${answerMost} characters`)
  const trimmed = text.trim()
  const json = /^```(?:json)?\s*\n(.*)\n\s*```$/is.exec(trimmed)?.[1]?.trim() ?? trimmed
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return invalid('the answer is not one JSON object: it must start with { and end with }, with nothing around it')
  }
  const parsed = Read.safeParse(value)
  if (parsed.success) return { kind: 'answer', answer: parsed.data.events }
  return {
    kind: 'invalid',
    issues: parsed.error.issues
      .slice(0, 20)
      .map(({ path, message }) => `${path.join('.') || 'the answer'}: ${message}`),
  }
}

/** A claim that was not believed, and why. */
export type Dropped = { readonly asset: string; readonly because: string }

/** In UTF-8, so that four characters of Chinese count like ten of English. */
const evidenceLeastBytes = 10

const Claim = z.object({
  asset: z.string().min(1).max(100),
  kind: z.enum(catalystKinds),
  direction: z.number().min(-1).max(1),
  confidence: z.number().min(0).max(1),
  horizon_days: z.number().min(1).max(90),
  evidence: z
    .string()
    .max(1000)
    .refine(
      (text) => Buffer.byteLength(text) >= evidenceLeastBytes,
      `shorter than ${evidenceLeastBytes} characters proves nothing`,
    ),
})

/**
 * The claims that hold: bounds kept, asset in the universe, evidence a part of the text (runs of white space count as one
 * space, letters and their marks compare as Unicode composes them, nothing else is forgiven). Of several claims with the same asset and kind the strongest is kept, since pieces of a
 * long text overlap.
 *
 * @param text what was asked about, title included
 * @param assets names by which the assets of the universe go, upper case, to the symbol
 */
export function acceptSignals(
  claims: readonly ClaimedEvent[],
  { text, assets }: { readonly text: string; readonly assets: ReadonlyMap<string, string> },
): { readonly signals: readonly Signal[]; readonly dropped: readonly Dropped[] } {
  const haystack = squeezed(text)
  const kept = new Map<string, Signal>()
  const dropped: Dropped[] = []
  for (const claim of claims) {
    const named = typeof claim.asset === 'string' ? claim.asset.slice(0, 100) : ''
    const drop = (because: string) => dropped.push({ asset: named, because })
    const parsed = Claim.safeParse(claim)
    if (!parsed.success) {
      drop(
        parsed.error.issues
          .map(({ path, message }) => `${path.join('.')}: ${message}`)
          .join('; ')
          .slice(0, 500),
      )
      continue
    }
    const { kind, direction, confidence, horizon_days, evidence } = parsed.data
    const asset = assets.get(assetName(named))
    if (asset === undefined) {
      drop('the asset is not in the universe')
      continue
    }
    if (!haystack.includes(squeezed(evidence))) {
      drop('the evidence is not a part of the text')
      continue
    }
    const signal: Signal = { asset, kind, direction, confidence, horizonDays: Math.round(horizon_days), evidence }
    const key = `${asset}\u0000${kind}`
    const before = kept.get(key)
    if (before === undefined || strength(signal) > strength(before)) kept.set(key, signal)
  }
  return { signals: [...kept.values()], dropped }
}

function strength({ direction, confidence }: Signal): number {
  return Math.abs(direction) * confidence
}

/** White space of any kind and length as one space, and each letter with its marks in the one form that Unicode composes. */
function squeezed(text: string): string {
  return text.normalize('NFC').replace(/\s+/gu, ' ').trim()
}

/** What a text calls an asset, as it is looked up: `$aave`, `AAVE/USDT` and `AAVE-USD` are AAVE. */
export function assetName(name: string): string {
  return name
    .trim()
    .replace(/^\$/, '')
    .toUpperCase()
    .replace(/[/:_-](USDT?|USDC|BUSD|EUR)$/, '')
}

/** Names by which each symbol of a universe goes. Example: AAVE/USDT -> AAVE */
export function assetNames(symbols: readonly string[]): ReadonlyMap<string, string> {
  return new Map(symbols.map((symbol) => [assetName(symbol), symbol]))
}

/**
 * A long text in pieces that a model reads one by one: cut between paragraphs, else between sentences or words, each piece
 * beginning with the end of the one before, so that an event on a border is whole in one of them.
 *
 * @param most characters of a piece
 * @param overlap characters repeated at most
 */
export function pieces(text: string, { most, overlap }: { readonly most: number; readonly overlap: number }): string[] {
  assert(overlap < most / 2, 'pieces must be longer than what they share')
  const found: string[] = []
  let start = 0
  while (text.length - start > most) {
    const window = text.slice(start, start + most)
    const end = start + lastBreak(window, most / 2)
    found.push(text.slice(start, end))
    // Back by whole paragraphs or words, never the whole piece again.
    const tail = text.slice(Math.max(start + 1, end - overlap), end)
    const border = tail.search(/\n\s*\n|\s/)
    start = end - (border < 0 ? tail.length : tail.length - border)
  }
  found.push(text.slice(start))
  return found
}

/** Where to cut: after the last paragraph, sentence or word that ends beyond `least`, else at the very end. */
function lastBreak(window: string, least: number): number {
  for (const border of ['\n\n', '\n', '. ', ' ']) {
    const at = window.lastIndexOf(border)
    if (at >= least) return at + border.length
  }
  // Never between the halves of one character.
  const last = window.charCodeAt(window.length - 1)
  return last >= 0xd800 && last <= 0xdbff ? window.length - 1 : window.length
}
