import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import type { Instant } from '../units.ts'

/** Something that may be wrong with an item's times or text; each is told wherever the item is used. */
export const itemFlags = ['future', 'undated', 'claimed', 'truncated', 'date-only', 'edited'] as const
export type ItemFlag = (typeof itemFlags)[number]

/** A text as a source gave it. */
export type FoundItem = {
  readonly source: string
  /** The source's own id; null where it gives none. */
  readonly id: string | null
  readonly title: string
  readonly text: string
  readonly url: string | null
  /** What the source claims; null where it claims nothing that can be read. */
  readonly publishedAt: Instant | null
  /** Whether the claim has a day and no time. */
  readonly dateOnly: boolean
  readonly assets: readonly string[]
  readonly kind: string | null
}

/** One version of a text, with when it could first have been acted on. */
export type Item = Omit<FoundItem, 'id' | 'dateOnly'> & {
  readonly id: string
  readonly version: number
  readonly contentSha256: string
  readonly knownAt: Instant
  readonly flags: readonly ItemFlag[]
}

/** What is already on record: the newest version of each item by `source\u0000id`, and every content. */
export type KnownItems = {
  readonly versions: ReadonlyMap<string, { readonly version: number; readonly contentSha256: string }>
  readonly contents: ReadonlySet<string>
}

export const titleMost = 500
export const textMost = 60_000

/** SHA-256 of title and text, white space squeezed and letter case kept: copies on several pages are one content. */
export function contentSha256(title: string, text: string): string {
  const squeeze = (value: string) => value.normalize('NFC').replace(/\s+/gu, ' ').trim()
  return createHash('sha256')
    .update(canonicalize([squeeze(title), squeeze(text)])!)
    .digest('hex')
}

/** Key under which an item's versions are known. */
export function itemKey(source: string, id: string): string {
  return `${source}\u0000${id}`
}

/**
 * What of the found texts is new: first versions, and edits of known ones. A copy of a content that is on record, from whatever
 * source, is left out.
 *
 * `knownAt` is our first sight. A claimed date after that is a mistake or a trick: it is flagged `future` and changes nothing. A
 * file of history cannot show when we first saw its texts, so there its claim stands in (`claimed`), at the end of the day where it
 * has no time (`date-only`); a text without any date was known only now.
 *
 * @param seenAt when the source answered
 * @param options history: the source is a file of history
 */
export function newItems(
  found: readonly FoundItem[],
  known: KnownItems,
  seenAt: Instant,
  options: { readonly history: boolean },
): readonly Item[] {
  const versions = new Map(known.versions)
  const contents = new Set(known.contents)
  const items: Item[] = []
  for (const raw of found) {
    const title = raw.title.toWellFormed().slice(0, titleMost).toWellFormed()
    const text = raw.text.toWellFormed().slice(0, textMost).toWellFormed()
    const content = contentSha256(title, text)
    const id = raw.id === null ? content.slice(0, 32) : shortId(raw.id)
    const key = itemKey(raw.source, id)
    const before = versions.get(key)
    // A text that returns to an earlier form is a new version; a first sight of a known content is a copy.
    if (before === undefined ? contents.has(content) : before.contentSha256 === content) continue
    const version = (before?.version ?? 0) + 1
    versions.set(key, { version, contentSha256: content })
    contents.add(content)
    const { knownAt, flags } = timed(raw, seenAt, options.history && version === 1)
    const cut = raw.text.length > textMost || raw.title.length > titleMost
    const { source, url, publishedAt, assets, kind } = raw
    items.push({
      source,
      id,
      version,
      contentSha256: content,
      title,
      text,
      url,
      publishedAt,
      assets,
      kind,
      knownAt,
      flags: [...flags, ...(version > 1 ? (['edited'] as const) : []), ...(cut ? (['truncated'] as const) : [])],
    })
  }
  return items
}

/**
 * What one look at a source brought, where it gives two texts the same id: all but the first are told apart by their content.
 * Taken for versions of each other, they would replace one another at every look.
 */
export function withDistinctIds(found: readonly FoundItem[]): readonly FoundItem[] {
  const seen = new Set<string>()
  return found.map((item) => {
    if (item.id === null) return item
    const isFirst = !seen.has(item.id)
    seen.add(item.id)
    return isFirst ? item : { ...item, id: `${item.id}~${contentSha256(item.title, item.text).slice(0, 16)}` }
  })
}

/** Ids of any length as at most 200 characters, different ones still different. */
function shortId(id: string): string {
  const whole = id.toWellFormed()
  if (whole.length <= 200) return whole
  return `${whole.slice(0, 130).toWellFormed()}~${createHash('sha256').update(whole).digest('hex')}`
}

function timed(
  { publishedAt, dateOnly }: FoundItem,
  seenAt: Instant,
  history: boolean,
): { readonly knownAt: Instant; readonly flags: readonly ItemFlag[] } {
  if (publishedAt === null) return { knownAt: seenAt, flags: ['undated'] }
  const claim = dateOnly ? `${publishedAt.slice(0, 10)}T23:59:59.999Z` : publishedAt
  const flags: ItemFlag[] = dateOnly ? ['date-only'] : []
  // A day that is not over yet is no claim about the future.
  if (publishedAt > seenAt) return { knownAt: seenAt, flags: [...flags, 'future'] }
  if (!history) return { knownAt: seenAt, flags }
  return { knownAt: claim < seenAt ? claim : seenAt, flags: [...flags, 'claimed'] }
}
