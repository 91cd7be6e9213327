import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { WorldError } from '../../errors.ts'
import { publishedAt, textOfHtml } from './plain.ts'
import { SourceError, type Web } from './web.ts'

/** Topics looked at in one poll, and pages of the list: a forum that pages for ever is left after these. */
const topicsMost = 30
const pagesMost = 3

const Topic = z.object({
  id: z.number().int().positive(),
  title: z.string(),
  slug: z.string().catch('topic'),
  created_at: z.string().nullish(),
  bumped_at: z.string().nullish(),
  pinned: z.boolean().nullish(),
})
const List = z.object({ topic_list: z.object({ topics: z.array(z.unknown()), more_topics_url: z.string().nullish() }) })
const Post = z.object({ id: z.number(), cooked: z.string(), created_at: z.string().nullish() })
const TopicPage = z.object({ title: z.string(), post_stream: z.object({ posts: z.array(z.unknown()) }) })

type Forum = {
  readonly name: string
  readonly url: string
  readonly category?: number | undefined
  readonly assets: readonly string[]
  readonly kind?: string | undefined
}

/**
 * First posts of the newest topics of a Discourse forum: https://docs.discourse.org.
 *
 * @param since topics created before are not opened; null opens the newest
 */
export async function discourseItems(web: Web, forum: Forum, since: string | null): Promise<readonly FoundItem[]> {
  const base = forum.url.replace(/\/+$/, '')
  const topics: z.infer<typeof Topic>[] = []
  for (let page = 0; page < pagesMost && topics.length < topicsMost; page++) {
    const path = forum.category === undefined ? 'latest.json' : `c/${forum.category}/l/latest.json`
    const list = List.parse(await json(web, `${base}/${path}?order=created&page=${page}`))
    const found = list.topic_list.topics.flatMap((value) => Topic.safeParse(value).data ?? [])
    const fresh = found.filter(
      ({ id, created_at }) =>
        (since === null || created_at == null || created_at >= since) && !topics.some((topic) => topic.id === id),
    )
    topics.push(...fresh)
    // Nothing new on a page: what follows is older, or the same page again.
    if (fresh.length === 0 || list.topic_list.more_topics_url == null) break
  }
  const items: FoundItem[] = []
  let failure: unknown = null
  for (const topic of topics.slice(0, topicsMost)) {
    let found: unknown
    try {
      found = await json(web, `${base}/t/${topic.id}.json`, { mayBeGone: true })
    } catch (error) {
      if (!(error instanceof WorldError)) throw error
      // One page that the forum cannot show must not hide all others: it is among the next look's again. A forum that asks to be left
      // alone, or shows none, is left.
      failure ??= error
      if (error instanceof SourceError && error.retryAfterMs !== null) break
      continue
    }
    // Taken away or closed to the public since it was listed.
    if (found === null) continue
    const page = TopicPage.parse(found)
    const post = Post.safeParse(page.post_stream.posts[0]).data
    if (post === undefined) continue
    const when = publishedAt(topic.created_at ?? post.created_at)
    items.push({
      source: forum.name,
      id: String(topic.id),
      title: page.title,
      text: textOfHtml(post.cooked),
      url: `${base}/t/${topic.slug}/${topic.id}`.slice(0, 2000),
      publishedAt: when?.at ?? null,
      dateOnly: when?.dateOnly ?? false,
      assets: forum.assets,
      kind: forum.kind ?? 'governance',
    })
  }
  if (failure !== null && items.length === 0) throw failure
  return items
}

async function json(web: Web, url: string, options: { readonly mayBeGone?: boolean } = {}): Promise<unknown> {
  const answer = await web.fetch({ url, accept: 'application/json', ...options })
  if (answer.kind === 'gone') return null
  if (answer.kind === 'unchanged') throw new WorldError(`${url} answered 304 to a plain request`, { retryable: true })
  try {
    return JSON.parse(Buffer.from(answer.bytes).toString('utf8'))
  } catch (cause) {
    throw new WorldError(`${new URL(url).origin} sent no JSON: is it a Discourse forum?`, { retryable: false, cause })
  }
}
