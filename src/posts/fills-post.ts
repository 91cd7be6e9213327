import type { Entry, RenderedPost } from '../journal/entry.ts'
import { fillsEmbed } from './fills-embed.ts'
import { type FillsTelling, fillsSentences } from './fills-text.ts'
import { controlNotice, labelsOf, type OpenedEntry, seal } from './labels.ts'
import { fitX } from './length.ts'
import { standingLine } from './standing.ts'

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
  const notices = [labels.prices, controlNotice(opened, labels)].filter((text) => text !== '')
  const drafts = tellings.map((telling) => [
    `${session.body.date}: ${fillsSentences(opened, events, labels, telling).join(' ')}`,
    ...(input.close === undefined ? [] : [standingLine(opened, input.close.body.standing, labels, telling.detail)]),
  ])
  return {
    purpose: 'fills',
    of: { seq: session.seq, hash: session.hash },
    x: fitX(drafts, { every: [notices.join(' ')], last: seal(session) }),
    discord: fillsEmbed(input),
  }
}

/** From the fullest to the shortest. */
const tellings: readonly FillsTelling[] = [
  { detail: 'full', most: Number.POSITIVE_INFINITY },
  { detail: 'brief', most: Number.POSITIVE_INFINITY },
  { detail: 'brief', most: 3 },
  { detail: 'brief', most: 2 },
  { detail: 'brief', most: 1 },
]
