import { z } from 'zod'
import type { Parsed } from '../../decision/answer.ts'
import { repeatedKey } from '../../decision/json-keys.ts'
import { plainText } from '../../decision/plain-text.ts'

/** What the model may answer. */
export type AskAnswer = { readonly answer: string; readonly sources: readonly number[] }

const answerMost = 1200
const sourcesMost = 12

const SentOut = z.strictObject({
  answer: z.string().describe('At most 120 words, from the entries alone.'),
  sources: z
    .array(z.number())
    .describe(`Numbers of the entries it rests on, at most ${sourcesMost}; empty when the entries do not say.`),
})

export const askJsonSchema: Readonly<Record<string, unknown>> = (() => {
  const { $schema: _, ...schema } = z.toJSONSchema(SentOut)
  return schema
})()

export const askSchemaText = `One JSON object and nothing else (no prose, no code fence), valid against this JSON schema:
${JSON.stringify(askJsonSchema)}`

const Accepted = z.object({
  answer: z
    .string()
    .transform((text) => plainText(text, answerMost))
    .refine((text) => text !== '', 'must not be empty'),
  sources: z.array(z.int().positive()).max(sourcesMost),
})

/**
 * A model's answer once it holds: its sources are entries it was shown.
 *
 * @param shown numbers of the entries in the prompt
 */
export function askParser(shown: ReadonlySet<number>): (text: string) => Parsed<AskAnswer> {
  return (text) => {
    const json = text.trim().replace(/^```(?:json)?\s*|\s*```$/g, '')
    let value: unknown
    try {
      value = JSON.parse(json)
    } catch {
      return { kind: 'invalid', issues: ['the answer is not one JSON object'] }
    }
    const repeated = repeatedKey(json)
    if (repeated !== null) return { kind: 'invalid', issues: [`the key ${repeated} stands there twice`] }
    const parsed = Accepted.safeParse(value)
    if (!parsed.success) {
      return {
        kind: 'invalid',
        issues: parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`),
      }
    }
    const strange = parsed.data.sources.filter((seq) => !shown.has(seq))
    if (strange.length > 0)
      return { kind: 'invalid', issues: [`sources: ${strange.join(', ')} is not among the entries given`] }
    return { kind: 'answer', answer: { answer: parsed.data.answer, sources: [...new Set(parsed.data.sources)] } }
  }
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

/**
 * An answer without the sentences that hold a figure which stands in none of the entries it was given.
 *
 * @param lines the entries as the model read them
 * @returns what is left, and how many sentences were left out
 */
export function withoutInventedFigures(
  answer: string,
  lines: readonly string[],
): { readonly text: string; readonly dropped: number } {
  const known = new Set(lines.flatMap(figuresIn))
  let dropped = 0
  const kept: string[] = []
  for (const { segment } of sentences.segment(answer)) {
    if (figuresIn(segment).every((figure) => known.has(figure) || isShorter(figure, known))) kept.push(segment)
    else dropped++
  }
  return { text: kept.join('').trim(), dropped }
}

/** Figures as they compare: digits and point, without sign, grouping or a date's dashes. */
function figuresIn(text: string): readonly string[] {
  const plain = text.replace(/(\d)[,\u00a0\u202f'](?=\d{3}\b)/g, '$1')
  return (plain.match(/\d+(?:\.\d+)?/g) ?? []).map((figure) => String(Number(figure)))
}

/** A figure may be told with fewer decimals: 10213 for 10213.02. */
function isShorter(figure: string, known: ReadonlySet<string>): boolean {
  const decimals = figure.split('.')[1]?.length ?? 0
  for (const exact of known) {
    if ((exact.split('.')[1]?.length ?? 0) > decimals && String(Number(Number(exact).toFixed(decimals))) === figure)
      return true
  }
  return false
}
