import { strict as assert } from 'node:assert'
import twitter from 'twitter-text'
import { discordSafe, ordinaryText, xSafe } from './safe-text.ts'

/** Weighted characters of a text on X, as X counts them: most count one, emoji and ideographs two, anything like a link 23. */
export function weightedLength(text: string): number {
  return twitter.parseTweet(text).weightedLength
}

export const xLimit = 280

/** One way to tell a post: its paragraphs, and how many texts on X it is worth. */
export type Draft = { readonly paragraphs: readonly string[]; readonly texts: number }

/**
 * A post for X: the first draft that fits into as many texts as it is worth. Where none does, the first that a longer thread holds.
 *
 * @param drafts in order of preference
 * @param parts.every said in every text of a thread, since a text may be seen alone
 * @param parts.once said once, in the text that ends the post
 * @param parts.last ends the post
 * @param parts.mark ends each text of a thread between its first and its last, which else might read as that of another post:
 *   X refuses a text that it has
 * @returns texts of at most 280 weighted characters; those of a thread begin with their place, such as '1/2 '
 * Example: fitX([{ paragraphs: ['Day 1. No orders.'], texts: 1 }], { every: '', once: '', last: 'Paper money. ab', mark: 'ab' })
 *   -> ['Day 1. No orders.\nPaper money. ab']
 */
export function fitX(drafts: readonly Draft[], parts: Ending): string[] {
  for (const { paragraphs, texts } of drafts) {
    const single = joined([...paragraphs, ending(parts)])
    if (weightedLength(single) <= xLimit) return [xSafe(single)]
    if (texts === 1) continue
    const several = thread(paragraphs, parts)
    if (several.length <= texts) return several
  }
  for (const mostTexts of [2, 4, 9]) {
    for (const { paragraphs } of drafts) {
      const texts = thread(paragraphs, parts)
      if (texts.length <= mostTexts) return texts
    }
  }
  return assert.fail(
    `no draft of the post fits into nine texts; the shortest is ${drafts.at(-1)?.paragraphs.join(' ')}`,
  )
}

type Ending = { readonly every: string; readonly once: string; readonly last: string; readonly mark: string }

function ending({ every, once, last }: Omit<Ending, 'mark'>): string {
  return joined([[every, once].filter((text) => text !== '').join(' '), last])
}

/** Paragraphs packed into texts in their order; a paragraph that is longer than a text is divided where it reads best. */
function thread(draft: readonly string[], parts: Ending): string[] {
  const mark = '9/9 '
  const between = [parts.every, parts.mark].filter((text) => text !== '').join(' ')
  const firstRoom = xLimit - weightedLength(joined([mark, parts.every]))
  const room = xLimit - weightedLength(joined([mark, between]))
  const lastRoom = xLimit - weightedLength(joined([mark, ending(parts)]))
  const fits = (text: readonly string[], most: number) => weightedLength(joined(text)) <= most
  const texts: string[][] = [[]]
  for (const paragraph of draft) {
    for (const piece of pieces(paragraph, room)) {
      const text = texts.at(-1)!
      if (text.length > 0 && !fits([...text, piece], texts.length === 1 ? firstRoom : room)) texts.push([piece])
      else text.push(piece)
    }
  }
  // The hash is never divided: where it does not fit any more it takes the last paragraphs along.
  const end = texts.at(-1)!
  if (!fits(end, lastRoom)) {
    const moved: string[] = []
    while (end.length > 1 && fits([end.at(-1)!, ...moved], lastRoom)) moved.unshift(end.pop()!)
    // Nor does it stand with nothing but notices: then the end of the last paragraph goes with it.
    if (moved.length === 0) {
      const paragraph = end.pop()!
      const at = breakFrom(paragraph, (tail) => fits([tail], lastRoom))
      end.push(paragraph.slice(0, at).trimEnd())
      moved.push(paragraph.slice(at))
    }
    texts.push(moved)
  }
  return texts.map((text, index) => {
    const end = index === texts.length - 1 ? ending(parts) : index === 0 ? parts.every : between
    return xSafe(`${index + 1}/${texts.length} ${joined([...text, end])}`)
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

const afterSentence = /[.!?]\s+(?=\S)/g
const afterComma = /[,;:]\s+(?=\S)/g
const betweenWords = /(?<!\b[A-Z]{3}|\d)\s+(?=\S)|(?<=\d)\s+(?=[^\s%])/g

/** Where to divide a text so that its tail fits and is as long as that allows: at a sentence, else a comma, a word, a character. */
function breakFrom(text: string, fits: (tail: string) => boolean): number {
  for (const boundary of [afterSentence, afterComma, betweenWords]) {
    for (const match of text.matchAll(boundary)) {
      const at = match.index + match[0].length
      if (fits(text.slice(at))) return at
    }
  }
  let at = 0
  for (const character of text) {
    at += character.length
    if (fits(text.slice(at))) break
  }
  return at
}

/**
 * Where to divide a text so that the head fits: after a sentence or a comma where that wastes less than half, else between
 * words, but never inside a figure ('EUR 10,213' and '+2.1 %' stay whole). One endless word is divided between characters.
 */
function breakBefore(text: string, fits: (head: string) => boolean): number {
  const word = lastBoundary(text, betweenWords, fits)
  for (const boundary of [afterSentence, afterComma]) {
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
