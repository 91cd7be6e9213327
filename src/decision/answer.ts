import { z } from 'zod'
import type { Action } from './decision.ts'
import { repeatedKey } from './json-keys.ts'
import { plainText } from './plain-text.ts'

const actionsMost = 40
const reasonMost = 600
const summaryMost = 1000
const answerMost = 100_000

/** What the model may answer, checked here. `actions` holds buys and sells only; holds are counted. */
export type Answer = {
  readonly summary: string
  readonly actions: readonly Action[]
  readonly holds: number
}

/** A model's text as `T`, or why it is none: one sentence for each fault, fit to be sent back to the model. */
export type Parsed<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'invalid'; readonly issues: readonly string[] }

/** As it is sent out: plain types only, since servers that compile it into a grammar refuse much else. */
const SentOut = z.strictObject({
  summary: z.string().describe('Two or three sentences for the public: what is done today and why.'),
  actions: z
    .array(
      z.strictObject({
        symbol: z.string().describe('A symbol of the asset table, exactly as written there.'),
        side: z.enum(['buy', 'sell', 'hold']),
        pct: z
          .number()
          .describe('buy: percentage of the cash available now; sell: percentage of the position; hold: 0.'),
        reason: z
          .string()
          .describe(`Why, from the given numbers, at most ${reasonMost} characters. A sell names its condition.`),
      }),
    )
    .describe(`At most ${actionsMost}, each symbol once; an asset that is not listed is held. Empty: hold everything.`),
})

/** JSON schema of the answer, for servers that enforce one. */
export const answerJsonSchema: Readonly<Record<string, unknown>> = (() => {
  const { $schema: _, ...schema } = z.toJSONSchema(SentOut)
  return schema
})()

/** The same in words, part of every prompt: servers that enforce no schema have nothing else to go by. */
export const answerSchemaText = `One JSON object and nothing else (no prose, no code fence), valid against this JSON schema:
${JSON.stringify(answerJsonSchema)}`

const SymbolText = z
  .string()
  .transform((text) => plainText(text, 24))
  .refine((text) => text !== '', 'must not be empty')

const trade = <const S extends 'buy' | 'sell'>(side: S) =>
  z.object({
    symbol: SymbolText,
    side: z.literal(side),
    pct: z.number().gt(0).max(100),
    reason: z
      .string()
      .default('')
      .transform((text) => plainText(text, reasonMost)),
  })

/** As it is accepted. Keys that we did not ask for are ignored; everything else must be right. */
const Accepted = z.object({
  // Words may be missing, since a server that enforces no schema forgets them; a side, a symbol or a size may not.
  summary: z
    .string()
    .default('')
    .transform((text) => plainText(text, summaryMost)),
  actions: z
    .array(
      z.discriminatedUnion('side', [
        trade('buy'),
        trade('sell'),
        z.object({ symbol: SymbolText, side: z.literal('hold') }),
      ]),
    )
    .max(actionsMost),
})

/**
 * A model's answer: one JSON object that fills the whole text, give or take one code fence around it. An object inside prose
 * is never looked for, since the last one of a draft is not a decision. Unknown and repeated symbols pass: the guardrails
 * refuse those one by one, in sight. Texts lose unseen characters and are cut to their length.
 *
 * Example: parseAnswer('{"summary": "Calm.", "actions": []}') -> { kind: 'answer', answer: { summary: 'Calm.', actions: [], holds: 0 } }
 */
export function parseAnswer(text: string): Parsed<Answer> {
  if (text.length > answerMost) return invalid(`the answer is longer than ${answerMost} characters`)
  const json = withoutFence(text.trim())
  if (json === '') return invalid('the answer is empty')
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return invalid('the answer is not one JSON object: it must start with { and end with }, with nothing around it')
  }
  const repeated = repeatedKey(json)
  if (repeated !== null) return invalid(`an object has the key ${JSON.stringify(plainText(repeated, 40))} twice`)
  const parsed = Accepted.safeParse(value)
  if (!parsed.success) {
    return {
      kind: 'invalid',
      issues: parsed.error.issues.slice(0, 20).map((issue) => {
        const place = issue.path.length === 0 ? 'the answer' : issue.path.join('.')
        return `${place}: ${issue.message}`
      }),
    }
  }
  const { summary, actions } = parsed.data
  return {
    kind: 'answer',
    answer: {
      summary,
      actions: actions.filter((action) => action.side !== 'hold'),
      holds: actions.filter((action) => action.side === 'hold').length,
    },
  }
}

const invalid = (issue: string): Parsed<never> => ({ kind: 'invalid', issues: [issue] })

function withoutFence(text: string): string {
  return /^```(?:json)?\s*\n(.*)\n\s*```$/is.exec(text)?.[1]?.trim() ?? text
}
