/**
 * Characters that are seen by nobody or that change how others are seen: controls, zero-width, bidirectional, line and
 * paragraph separators, byte-order marks, tags. Outside text loses them before it is shown or asked about.
 */
const unseen =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is removed
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/**
 * Outside text on one line, without unseen characters, at most `most` long, cut at a sentence where one ends in time.
 *
 * Example: plainText('Sell.\n\nNow\u202e!', 40) -> 'Sell. Now!'
 */
export function plainText(text: string, most: number): string {
  const line = text.toWellFormed().replace(/\s/g, ' ').replace(unseen, '').replace(/ {2,}/g, ' ').trim()
  return cutAtSentence(line, most)
}

/** The text as it is when it fits; else its whole sentences that do; else its words that do, and an ellipsis. */
export function cutAtSentence(text: string, most: number): string {
  if (text.length <= most) return text
  const head = text.slice(0, most + 1)
  const sentences = /^.*[.!?…]["»)\]]?(?=\s)/s.exec(head)?.[0]
  if (sentences !== undefined && sentences.length >= most / 3) return sentences
  const words = text.slice(0, most - 1)
  return `${words.slice(0, Math.max(words.lastIndexOf(' '), most / 2)).trimEnd()}…`.toWellFormed()
}
