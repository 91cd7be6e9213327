import twitter from 'twitter-text'
import { plainText } from '../decision/plain-text.ts'

/** No text from outside is shown in full; what is beyond this many characters is not even looked at. */
const textMost = 8000

/**
 * Text that came from outside (a model's words, a server's error, a name in a book) as one line of ordinary characters:
 * no control, zero-width, bidirectional or private characters, no blank letters, at most two combining marks on a letter.
 */
export function ordinaryText(text: string): string {
  return (
    plainText(text.slice(0, textMost), textMost)
      .normalize('NFC')
      .replace(/[\p{Z}\u2800\u3164\u115f\u1160\uffa0]+/gu, ' ')
      // Cf holds whatever else formats without being seen, such as the joiners of emoji.
      .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}]/gu, '')
      .replace(/(\p{M}{2})\p{M}+/gu, '$1')
      .trim()
  )
}

/**
 * Ordinary text in which X finds no link, mention, hashtag or cashtag. It never grows.
 *
 * Example: xSafe('MC.PA by @desk, see https://foo.com #buy') -> 'MC·PA by desk, see foo·com buy'
 */
export function xSafe(text: string): string {
  let safe = text
    .replace(/\b[a-z][a-z0-9+.-]*:\/\//gi, '')
    .replace(/[@＠]/g, '')
    .replace(/[#＃$＄﹩](?=[\p{L}\p{N}\p{M}_])/gu, '')
    .replace(/(?<=\S)[.。．｡․](?=\p{L})/gu, '·')
  // The rules above know what X looks for; the official extraction has the last word.
  for (let round = 0; round < 4 && entitiesIn(safe).length > 0; round++) {
    for (const { indices } of entitiesIn(safe)) {
      const [from, to] = indices
      safe = safe.slice(0, from) + safe.slice(from, to).replace(/[.。．｡#＃$＄]/g, '·') + safe.slice(to)
    }
  }
  return entitiesIn(safe).length === 0 ? safe : safe.replace(/[^\p{L}\p{N} ,;:'()%+-]/gu, ' ')
}

/**
 * Ordinary text that Discord shows as it was written: no markup, mention, custom emoji or link comes alive in it.
 *
 * Example: discordSafe('*Sure* <@1> @here https://evil.example/x') -> '\*Sure\* ‹＠1> ＠here (link removed)'
 */
export function discordSafe(text: string): string {
  return (
    unlinked(text)
      .replace(/[\\`*_[\]]/g, '\\$&')
      .replace(/~(?=~)|(?<=~)~|\|(?=\|)|(?<=\|)\|/g, '\\$&')
      // A comparison keeps its sign; whatever could begin a mention or an emoji does not.
      .replace(/<(?![\s\d=])/g, '‹')
      .replace(/</g, '\\<')
      .replace(/@/g, '＠')
      // Headings, small print, quotes and lists begin a line only.
      .replace(/^(?=(#{1,3}|-#|>{1,3}|[+-]) )/, '\\')
      .replace(/^(\d+)([.)])(?= )/, '$1\\$2')
  )
}

/** Addresses with a scheme go; others lose their dots, except what reads as a ticker (MC.PA), which Discord leaves alone. */
function unlinked(text: string): string {
  const withoutSchemes = text.replace(/\b[a-z][a-z0-9+.-]*:\/\/\S*/gi, '(link removed)')
  let safe = withoutSchemes
  for (const { url, indices } of twitter.extractUrlsWithIndices(withoutSchemes)) {
    if (/^[A-Z0-9-]{1,12}\.[A-Z]{1,3}$/.test(url)) continue
    safe = safe.slice(0, indices[0]) + url.replaceAll('.', '·') + safe.slice(indices[1])
  }
  return safe.replace(/discord(app)?\.(?=[a-z])/gi, (host) => host.replace('.', '·'))
}

/** Where X would show something to press. */
function entitiesIn(text: string): readonly { readonly indices: [number, number] }[] {
  return [
    ...twitter.extractUrlsWithIndices(text),
    ...twitter.extractMentionsOrListsWithIndices(text),
    ...twitter.extractHashtagsWithIndices(text),
    ...twitter.extractCashtagsWithIndices(text),
  ]
}
