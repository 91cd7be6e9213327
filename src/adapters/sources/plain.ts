import { compile } from 'html-to-text'
import { DateTime } from 'luxon'
import type { Instant } from '../../units.ts'

/** Of a page only so much is read, several times what an item keeps, and only so deep a nest of elements. */
const htmlMost = 400_000
const depthMost = 300

const toText = compile({
  wordwrap: false,
  limits: { maxInputLength: htmlMost, maxDepth: depthMost, ellipsis: '' },
  formatters: {
    cell: (element, walk, builder) => {
      walk(element.children, builder)
      builder.addLiteral(' ')
    },
  },
  selectors: [
    { selector: 'img', format: 'skip' },
    { selector: 'a', options: { ignoreHref: true } },
    { selector: 'table', format: 'block' },
    { selector: 'tr', format: 'block' },
    { selector: 'td', format: 'cell' },
    { selector: 'th', format: 'cell' },
  ],
})

/** HTML as the words a reader sees: no pictures, no addresses of links, the cells of a row apart. */
export function textOfHtml(html: string): string {
  const read = html.slice(0, htmlMost)
  // Built to exhaust a reader: its tags are cut out instead.
  if (depth(read) > depthMost * 10) return read.replace(/<[^>]{0,1000}>/g, ' ').trim()
  return toText(read).trim()
}

/** Elements that stand alone, or end where the next begins. */
const unclosed = /^(?:area|br|col|dd|dt|embed|hr|img|input|li|link|meta|option|p|param|source|td|th|tr|wbr)$/i

/** The deepest nest, as the tags have it. */
function depth(html: string): number {
  let now = 0
  let most = 0
  for (const [, end, name] of html.matchAll(/<(\/?)([a-z][a-z0-9]*)/gi)) {
    if (unclosed.test(name!)) continue
    now = end === '/' ? Math.max(0, now - 1) : now + 1
    if (now > most) most = now
  }
  return most
}

/**
 * When a text says it was published; null where that cannot be read. A time without a zone is taken for UTC. A year or a month
 * alone is no date: who claims less than a day claims nothing that a day can be bought on.
 */
export function publishedAt(
  text: string | null | undefined,
): { readonly at: Instant; readonly dateOnly: boolean } | null {
  const trimmed = text?.trim() ?? ''
  if (trimmed === '' || trimmed.length > 60) return null
  const options = { zone: 'utc' } as const
  const dateOnly = /^\d{4}-\d{2}-\d{2}$/.test(trimmed)
  const forms = /^\d{4}-\d{2}-\d{2}(?!\d)/.test(trimmed)
    ? [DateTime.fromISO, DateTime.fromSQL]
    : [DateTime.fromRFC2822, DateTime.fromHTTP]
  for (const parse of forms) {
    const found = parse(trimmed, options)
    if (!found.isValid) continue
    const { year } = found
    return year < 1990 || year > 2200 ? null : { at: new Date(found.toMillis()).toISOString(), dateOnly }
  }
  return null
}

/**
 * Bytes as text in the encoding that they show by themselves, that the transport names or that the document names; UTF-8
 * otherwise. Bytes that are said to be UTF-8 and are not are read as Windows-1252, which is what such documents mostly are.
 */
export function decoded(bytes: Uint8Array, contentType: string): string {
  const head = Buffer.from(bytes.subarray(0, 1024)).toString('latin1')
  const named =
    shownBy(bytes) ??
    /charset=["']?([\w-]+)/i.exec(contentType)?.[1] ??
    // Who can read this much of it as single bytes does not hold UTF-16, whatever it says.
    /<\?xml[^>]*encoding=["']((?!utf-?16)[\w-]+)["']/i.exec(head)?.[1] ??
    'utf-8'
  try {
    return new TextDecoder(named, { fatal: true }).decode(bytes)
  } catch {
    if (!isEncoding(named)) return decoded(bytes, '; charset=utf-8')
    return new TextDecoder(/^utf-?8$/i.test(named) ? 'windows-1252' : named).decode(bytes)
  }
}

/** A mark at the beginning, or the zeros of a first `<` or `{`. */
function shownBy([a, b, c]: Uint8Array): string | null {
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8'
  if ((a === 0xff && b === 0xfe) || ((a === 0x3c || a === 0x7b) && b === 0)) return 'utf-16le'
  if ((a === 0xfe && b === 0xff) || (a === 0 && (b === 0x3c || b === 0x7b))) return 'utf-16be'
  return null
}

function isEncoding(name: string): boolean {
  try {
    return new TextDecoder(name) !== null
  } catch {
    return false
  }
}
