import { parseFeed } from 'feedsmith'
import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { InputError } from '../../errors.ts'
import { publishedAt, textOfHtml } from './plain.ts'

/** More than any feed has, fewer than a hostile one: the newest may stand last. */
const itemsMost = 5000

const text = z
  .union([z.string(), z.object({ value: z.string() }).transform(({ value }) => value)])
  .optional()
  .catch(undefined)

/** What RSS, Atom, RDF and JSON feeds call the same things. */
const Entry = z.object({
  id: text,
  guid: text,
  title: text,
  link: text,
  url: text,
  links: z
    .array(z.object({ href: z.string().optional(), rel: z.string().optional() }))
    .optional()
    .catch(undefined),
  description: text,
  summary: text,
  content: z
    .union([
      z.string(),
      z.object({ encoded: z.string() }).transform(({ encoded }) => encoded),
      z.object({ value: z.string() }).transform(({ value }) => value),
    ])
    .optional()
    .catch(undefined),
  content_html: text,
  content_text: text,
  pubDate: text,
  published: text,
  updated: text,
  date_published: text,
  dc: z
    .object({ date: text, dates: z.array(text).optional() })
    .optional()
    .catch(undefined),
  itunes: z.object({ summary: text }).optional().catch(undefined),
})

const Feed = z.object({
  items: z.array(z.unknown()).optional(),
  entries: z.array(z.unknown()).optional(),
})

/**
 * The items of a feed of any form. An entry without title and text is left out; one without a readable date is undated.
 *
 * @throws InputError when the document is no feed: a page, an empty answer, a document that declares entities of its own
 */
export function itemsOfFeed(
  document: string,
  source: {
    readonly name: string
    readonly url: string
    readonly assets: readonly string[]
    readonly kind?: string | undefined
  },
): readonly FoundItem[] {
  const refuse = (because: string): never => {
    throw new InputError(
      `${source.name}: ${new URL(source.url).origin} sent no feed: ${because}; check the address in the book`,
    )
  }
  if (document.trim() === '') refuse('the answer is empty')
  // Entities of its own are how a small document becomes a gigantic one; no feed needs them. They stand before the first element.
  const prolog = document.replace(/<!--.*?-->/gs, '').split(/<[A-Za-z]/, 1)[0]!
  if (/<!ENTITY/i.test(prolog)) refuse('it declares entities')
  let feed: unknown
  try {
    feed = parseFeed(document).feed
  } catch (error) {
    refuse(
      /^\s*<(!doctype html|html)/i.test(document)
        ? 'it is a web page'
        : ((error as Error).message ?? 'it cannot be read').slice(0, 200),
    )
  }
  const parsed = Feed.safeParse(feed)
  const raw = parsed.success ? (parsed.data.items ?? parsed.data.entries ?? []) : []
  return raw.slice(0, itemsMost).flatMap((value) => {
    const entry = Entry.safeParse(value)
    return entry.success ? itemOf(entry.data, source) : []
  })
}

function itemOf(
  entry: z.infer<typeof Entry>,
  source: { readonly name: string; readonly assets: readonly string[]; readonly kind?: string | undefined },
): FoundItem[] {
  const html = entry.content ?? entry.content_html ?? entry.description ?? entry.summary ?? entry.itunes?.summary ?? ''
  const words = entry.content_text ?? textOfHtml(html)
  const title = textOfHtml(entry.title ?? '').replace(/\s+/g, ' ')
  if (title === '' && words === '') return []
  const linked = (entry.links ?? []).filter(({ href }) => href !== undefined)
  // The page itself, rather than a file that is attached to it.
  const page = linked.find(({ rel }) => rel === undefined || rel === 'alternate') ?? linked[0]
  const link = entry.link ?? entry.url ?? page?.href ?? null
  const when = publishedAt(
    entry.pubDate ?? entry.published ?? entry.date_published ?? entry.dc?.date ?? entry.dc?.dates?.[0] ?? entry.updated,
  )
  return [
    {
      source: source.name,
      id: entry.guid ?? entry.id ?? link,
      title,
      text: words,
      url: link !== null && /^https?:/.test(link) && link.length <= 2000 ? link : null,
      publishedAt: when?.at ?? null,
      dateOnly: when?.dateOnly ?? false,
      assets: source.assets,
      kind: source.kind ?? null,
    },
  ]
}
