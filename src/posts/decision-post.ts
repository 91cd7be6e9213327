import type { Entry, RenderedPost } from '../journal/entry.ts'
import { checkedWords } from './checked-words.ts'
import { decisionEmbed } from './decision-embed.ts'
import { type Detail, factsOf } from './decision-facts.ts'
import { decisionText, type Telling } from './decision-text.ts'
import { controlNotice, labelsOf, type OpenedEntry, seal, shortSeal } from './labels.ts'
import { fitX } from './length.ts'
import { dailyDetail, standingLine } from './standing.ts'

export type DecisionInput = {
  readonly opened: OpenedEntry
  readonly decision: Entry<'decision'>
  /** The close the decision was taken at: tells what is held already ('wanted more SPY'), and what costs came to. */
  readonly close?: Entry<'close'> | undefined
}

/**
 * A decision as what will be done at the next open, written before that open.
 * Pure: the same entries give the same post, and every number in it stands in one of them.
 */
export function renderDecisionPost(input: DecisionInput): RenderedPost {
  const { opened, decision, close } = input
  const words = checkedWords(opened, decision.body)
  // The entry keeps every word; what is shown has the reasons and the summary as they passed.
  const body = {
    ...decision.body,
    summary: words.summary,
    actions: decision.body.actions.map((action, index) => ({ ...action, reason: words.reasons[index]! })),
  }
  const facts = factsOf(body, close)
  const labels = labelsOf(opened, 'x')
  const drafts = tellings.map((telling) => ({
    paragraphs: [
      decisionText(opened, body, facts, labels, telling),
      standingLine(opened, body.standing, labels, dailyDetail(opened, body.standing, telling.standing)),
    ],
    texts: 1,
  }))
  return {
    purpose: 'decision',
    of: { seq: decision.seq, hash: decision.hash },
    x: fitX(drafts, {
      every: labels.prices,
      once: controlNotice(opened, labels, body.policy),
      last: seal(decision),
      mark: shortSeal(decision),
    }),
    discord: decisionEmbed({ ...input, decision: { ...decision, body } }, facts, words.omitted),
    ...(words.omitted.length > 0 && { omitted: [...words.omitted] }),
  }
}

const all = Number.POSITIVE_INFINITY

/** From the fullest to the shortest honest one. */
const tellings: readonly (Telling & { readonly standing: Detail })[] = [
  { standing: 'full', detail: 'full', most: all, notes: 'each', quoteMax: 150 },
  { standing: 'brief', detail: 'full', most: all, notes: 'each', quoteMax: 130 },
  { standing: 'brief', detail: 'full', most: all, notes: 'counted', quoteMax: 110 },
  { standing: 'brief', detail: 'brief', most: all, notes: 'each', quoteMax: 110 },
  { standing: 'brief', detail: 'brief', most: all, notes: 'counted', quoteMax: 90 },
  { standing: 'brief', detail: 'brief', most: 4, notes: 'counted', quoteMax: 70 },
  { standing: 'brief', detail: 'brief', most: 3, notes: 'counted', quoteMax: 70 },
  { standing: 'brief', detail: 'brief', most: 2, notes: 'counted', quoteMax: 50 },
]
