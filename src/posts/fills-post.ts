import type { Entry, RenderedPost } from '../journal/entry.ts'
import type { Detail } from './decision-facts.ts'
import { fillsEmbed } from './fills-embed.ts'
import { type FillsTelling, fillsSentences } from './fills-text.ts'
import { controlNotice, labelsOf, type OpenedEntry, seal, shortSeal } from './labels.ts'
import { fitX } from './length.ts'
import { dailyDetail, standingLine } from './standing.ts'

export type FillsInput = {
  readonly opened: OpenedEntry
  readonly session: Entry<'session'>
  /** The close of the same session, where it is known: how the book stood after these fills. */
  readonly close?: Entry<'close'> | undefined
}

/**
 * What a session's opens did to the book: fills with price and cost, dividends, splits, orders that ended or wait.
 * Null when nothing happened, since a post about nothing is noise.
 */
export function renderFillsPost(input: FillsInput): RenderedPost | null {
  const { opened, session } = input
  const { events } = session.body
  const happened = events.fills.length + events.dividends.length + events.splits.length
  if (happened + events.lapsed.length + events.waiting.length === 0) return null
  const labels = labelsOf(opened, 'x')
  const drafts = tellings.map((telling) => {
    const happened = `${session.body.date}: ${fillsSentences(opened, events, labels, telling).join(' ')}`
    if (input.close === undefined || telling.standing === null) return { paragraphs: [happened], texts: telling.texts }
    const { standing } = input.close.body
    const line = standingLine(opened, standing, labels, dailyDetail(opened, standing, telling.standing))
    return { paragraphs: [happened, line], texts: telling.texts }
  })
  return {
    purpose: 'fills',
    of: { seq: session.seq, hash: session.hash },
    x: fitX(drafts, {
      every: labels.prices,
      once: controlNotice(opened, labels),
      last: seal(session),
      mark: shortSeal(session),
    }),
    discord: fillsEmbed(input),
  }
}

const all = Number.POSITIVE_INFINITY

/**
 * What was filled goes before how the book stands, which the day's decision says as well; and rather two texts than a fill
 * that is only counted.
 */
const tellings: readonly (FillsTelling & { readonly standing: Detail | null; readonly texts: 1 | 2 })[] = [
  { standing: 'full', detail: 'full', most: all, texts: 1 },
  { standing: 'brief', detail: 'full', most: all, texts: 1 },
  { standing: 'brief', detail: 'brief', most: all, texts: 1 },
  { standing: 'brief', detail: 'prices', most: all, texts: 1 },
  { standing: null, detail: 'brief', most: all, texts: 1 },
  { standing: null, detail: 'prices', most: all, texts: 1 },
  { standing: 'full', detail: 'full', most: all, texts: 2 },
  { standing: 'brief', detail: 'prices', most: all, texts: 2 },
  { standing: null, detail: 'prices', most: 4, texts: 1 },
  { standing: null, detail: 'prices', most: 3, texts: 1 },
  { standing: null, detail: 'prices', most: 2, texts: 1 },
  { standing: null, detail: 'prices', most: 1, texts: 1 },
]
