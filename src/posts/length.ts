import { strict as assert } from 'node:assert'
import twitter from 'twitter-text'
import { discordSafe, ordinaryText, xSafe } from './safe-text.ts'

/** Weighted characters of a text on X, as X counts them: most count one, emoji and ideographs two, anything like a link 23. */
export function weightedLength(text: string): number {
  return twitter.parseTweet(text).weightedLength
}

export const xLimit = 280

/**
 * A post for X: the first draft that fits into one text, or else the first one that fits into a thread of at most `mostTexts`.
 *
 * @param drafts from the fullest to the shortest; each is a list of paragraphs
 * @param parts.every said in every text of a thread, since a text may be seen alone; in a single text it stands before `last`
 * @param parts.last ends the post
 * @returns texts of at most 280 weighted characters; those of a thread begin with their place, such as '1/2 '
 * Example: fitX([['Day 1. No orders.']], { every: [], last: 'Paper money. ab' }) -> ['Day 1. No orders.\nPaper money. ab']
 */
export function fitX(
  drafts: readonly (readonly string[])[],
  parts: { readonly every: readonly string[]; readonly last: string; readonly mostTexts?: number },
): string[] {
  for (const draft of drafts) {
    const single = joined([...draft, ...parts.every, parts.last])
    if (weightedLength(single) <= xLimit) return [xSafe(single)]
  }
  for (const mostTexts of [parts.mostTexts ?? 2, 4, 9]) {
    for (const draft of drafts) {
      const texts = thread(draft, parts.every, parts.last)
      if (texts.length <= mostTexts) return texts
    }
  }
  return assert.fail(`no draft of the post fits into nine texts; the shortest is ${drafts.at(-1)?.join(' ')}`)
}

/** Paragraphs packed into texts in their order; a paragraph that is longer than a text is divided where it reads best. */
function thread(draft: readonly string[], every: readonly string[], last: string): string[] {
  const mark = '9/9 '
  const room = xLimit - weightedLength(joined([mark, ...every]))
  const texts: string[][] = [[]]
  for (const paragraph of draft) {
    for (const piece of pieces(paragraph, room)) {
      const text = texts.at(-1)!
      if (text.length > 0 && weightedLength(joined([...text, piece])) > room) texts.push([piece])
      else text.push(piece)
    }
  }
  // The hash is never divided: where it does not fit any more it takes the last paragraph along, or a text of its own.
  const end = texts.at(-1)!
  if (weightedLength(joined([...end, last])) > room) {
    const moved = end.length > 1 ? end.pop()! : undefined
    texts.push(moved !== undefined && weightedLength(joined([moved, last])) <= room ? [moved] : [])
    if (moved !== undefined && texts.at(-1)!.length === 0) end.push(moved)
  }
  return texts.map((text, index) => {
    const isLast = index === texts.length - 1
    return xSafe(`${index + 1}/${texts.length} ${joined([...text, ...every, ...(isLast ? [last] : [])])}`)
  })
}

function pieces(paragraph: string, room: number): string[] {
  const result: string[] = []
  let rest = paragraph
  while (weightedLength(rest) > room) {
    const at = breakBefore(rest, (text) => weightedLength(text) <= room)
    result.push(rest.slice(0, at).trimEnd())
    rest = rest.slice(at).trimStart()
  }
  return rest === '' ? result : [...result, rest]
}

/**
 * Where to divide a text so that the head fits: after a sentence or a comma where that wastes less than half, else between
 * words, but never inside a figure ('EUR 10,213' and '+2.1 %' stay whole). One endless word is divided between characters.
 */
function breakBefore(text: string, fits: (head: string) => boolean): number {
  const word = lastBoundary(text, /(?<!\b[A-Z]{3}|\d)\s+(?=\S)|(?<=\d)\s+(?=[^\s%])/g, fits)
  for (const boundary of [/[.!?]\s+(?=\S)/g, /[,;:]\s+(?=\S)/g]) {
    const at = lastBoundary(text, boundary, fits)
    if (at > word / 2) return at
  }
  if (word > 0) return word
  let at = 0
  for (const character of text) {
    if (at > 0 && !fits(text.slice(0, at + character.length))) break
    at += character.length
  }
  return at
}

function lastBoundary(text: string, boundary: RegExp, fits: (head: string) => boolean): number {
  let best = 0
  for (const match of text.matchAll(boundary)) {
    const at = match.index + match[0].length
    if (!fits(text.slice(0, at).trimEnd())) break
    best = at
  }
  return best
}

/**
 * Outside text for X, one line, cut at a sentence or a word to a weighted length.
 *
 * Example: cutForX('The server sent nonsense. Twice.', 26) -> 'The server sent nonsense…'
 */
export function cutForX(text: string, weightMax: number): string {
  const safe = xSafe(ordinaryText(text))
  return cut(safe, (head) => weightedLength(head) <= weightMax)
}

/**
 * Outside text for Discord, escaped, one line, cut at a sentence (at a word where the first sentence is too long).
 *
 * @param lengthMax characters of the escaped text
 */
export function cutForDiscord(text: string, lengthMax: number): string {
  return discordSafe(cut(ordinaryText(text), (head) => discordSafe(head).length <= lengthMax))
}

const sentences = new Intl.Segmenter('en', { granularity: 'sentence' })

function cut(text: string, fits: (head: string) => boolean): string {
  if (fits(text)) return text
  let kept = ''
  for (const { segment } of sentences.segment(text)) {
    if (!fits(`${(kept + segment).trimEnd()} …`)) break
    kept += segment
  }
  if (kept.trim() !== '') return `${kept.trimEnd()} …`
  const at = breakBefore(text, (head) => fits(`${head.replace(/[.,;:!?]$/, '')}…`))
  const head = text
    .slice(0, at)
    .trimEnd()
    .replace(/[.,;:!?]$/, '')
  return fits(`${head}…`) ? `${head}…` : ''
}

function joined(paragraphs: readonly string[]): string {
  return paragraphs.filter((paragraph) => paragraph !== '').join('\n')
}
