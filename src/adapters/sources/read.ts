import type { FoundItem } from '../../catalysts/item.ts'
import type { Source } from '../../catalysts/source.ts'
import { InputError } from '../../errors.ts'
import type { Instant } from '../../units.ts'
import { decoded } from './plain.ts'
import type { Validators, Web } from './web.ts'

/** What one look at a source brought, and what the next look needs to know. */
export type Read =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'items'; readonly items: readonly FoundItem[]; readonly cursor: string | null }

/** Posts of accounts on X since an id; null where X is not configured. */
export type AccountPosts = (
  accounts: readonly string[],
  since: string | null,
) => Promise<{
  readonly items: readonly Omit<FoundItem, 'source' | 'assets' | 'kind'>[]
  readonly since: string | null
}>

/** Days looked back on the first poll of a source that can be asked about the past. */
const firstLookDays = 14

/**
 * Reads a source once.
 *
 * @param cursor what the last look left; null on the first
 * @param seenAt now: what is dated later is a claim about the future
 * @throws InputError where the source is not what the book says, WorldError where it could not be read
 */
export async function readSource(
  source: Source,
  cursor: string | null,
  world: {
    readonly web: Web
    readonly seenAt: Instant
    readonly yahooUrl: string | null
    readonly accountPosts: AccountPosts | null
  },
): Promise<Read> {
  const { web, seenAt } = world
  const since = cursor ?? new Date(Date.parse(seenAt) - firstLookDays * 86_400_000).toISOString()
  // What is edited or closes shortly after it was created is seen once more.
  const again = new Date(Date.parse(seenAt) - firstLookDays * 86_400_000).toISOString()
  const earlier = since < again ? since : again
  switch (source.type) {
    case 'feed': {
      const validators: Validators | undefined = cursor === null ? undefined : JSON.parse(cursor)
      const accept =
        'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5'
      const answer = await web.fetch({ url: source.url, accept, ...(validators !== undefined && { validators }) })
      if (answer.kind !== 'body') return { kind: 'unchanged' }
      const { itemsOfFeed } = await import('./feed.ts')
      const items = itemsOfFeed(decoded(answer.bytes, answer.contentType), source)
      return { kind: 'items', items, cursor: JSON.stringify(answer.validators) }
    }
    case 'discourse':
      return kept(await (await import('./discourse.ts')).discourseItems(web, source, earlier), seenAt)
    case 'snapshot': {
      const { snapshotItems } = await import('./snapshot.ts')
      // Votes last days to weeks: a month back finds each of them closed.
      const from = Math.floor(Date.parse(earlier) / 1000) - 30 * 86_400
      return kept(await snapshotItems(web, source, { since: from, seenAt }), seenAt)
    }
    case 'edgar':
      return kept(await (await import('./edgar.ts')).edgarItems(web, source, earlier), seenAt)
    case 'yahoo-news':
      return kept(await (await import('./yahoo-news.ts')).yahooNews(web, source, { url: world.yahooUrl }), seenAt)
    case 'jsonl':
      return kept(await (await import('./history-file.ts')).historyItems(source), seenAt)
    case 'x': {
      if (world.accountPosts === null) {
        throw new InputError(
          `${source.name}: reading accounts on X needs the four X_ keys; primer doctor says where to get them`,
        )
      }
      const { items, since: next } = await world.accountPosts(source.accounts, cursor)
      const own = items.map((item) => ({
        ...item,
        source: source.name,
        assets: source.assets,
        kind: source.kind ?? null,
      }))
      return { kind: 'items', items: own, cursor: next }
    }
  }
}

function kept(items: readonly FoundItem[], seenAt: Instant): Read {
  return { kind: 'items', items, cursor: seenAt }
}
