import type { TTweetv2TweetField } from 'twitter-api-v2'
import { z } from 'zod'
import { type IncomingDeletion, type IncomingEdit, type IncomingMessage, storable } from '../../journal/incoming.ts'
import { Instant, type IsoDate } from '../../units.ts'
import { openXClient, type XClient, type XSettings } from './client.ts'
import { failureOf, failureText } from './failure.ts'
import { type ReadKind, readPrices, type XLedger } from './ledger.ts'
import { afterPage, momentOf, type OwnPost, type Pass, parseSweep, passOf, queriesFor, sinceWithin } from './sweep.ts'

/** Our own posts, as the journal knows them. */
export type OwnPosts = {
  /** First posts of threads of the last week: their conversations are searched. */
  readonly roots: readonly OwnPost[]
  /** Further posts of those threads, which may be quoted by themselves. */
  readonly parts: readonly OwnPost[]
  /** Every post of ours that an answer may belong to. */
  readonly all: ReadonlySet<string>
}

export type XPoll = {
  readonly events: readonly (IncomingMessage | IncomingEdit)[]
  /** To be stored once the events are: `x/mentions` and `x/search`. */
  readonly cursors: { readonly mentions: string; readonly search: string }
  /** Why not everything was read; null when it was. */
  readonly because: string | null
}

export type XReader = {
  /**
   * Mentions first, which cost least, then conversations and quotes, until everything is read or the day's budget is used.
   *
   * @param day whose budget it is: the system's own, unless days are played back
   */
  readonly poll: (
    cursors: { readonly mentions: string | null; readonly search: string | null },
    own: OwnPosts,
    day?: IsoDate,
  ) => Promise<XPoll>
  /** Which posts are gone, of those asked for; null where the budget or X does not allow to ask. */
  readonly gone: (ids: readonly string[], day?: IsoDate) => Promise<readonly IncomingDeletion[] | null>
  readonly close: () => Promise<void>
}

export type XReaderSettings = XSettings & {
  readonly ledger: XLedger
  /** Most US dollars for reading in a UTC day. */
  readonly dailyUsd: number
  readonly nowMs?: () => number
}

/** What a post of X must have to be of use; its author's name is not asked for, since it is paid as a read of its own. */
const Post = z.object({
  id: z.string().regex(/^\d{1,20}$/),
  text: z.string(),
  author_id: z.string().regex(/^\d{1,20}$/),
  created_at: z.string().optional(),
  conversation_id: z
    .string()
    .regex(/^\d{1,20}$/)
    .optional(),
  referenced_tweets: z.array(z.object({ type: z.string(), id: z.string().max(64) })).optional(),
  attachments: z.object({ media_keys: z.array(z.string()).optional() }).optional(),
  edit_history_tweet_ids: z.array(z.string().regex(/^\d{1,20}$/)).optional(),
  note_tweet: z.object({ text: z.string() }).optional(),
})
type Post = z.infer<typeof Post>

const fields: { 'tweet.fields': TTweetv2TweetField[] } = {
  'tweet.fields': [
    'author_id',
    'created_at',
    'conversation_id',
    'referenced_tweets',
    'attachments',
    'edit_history_tweet_ids',
    'note_tweet',
  ],
}

type Page = {
  readonly posts: readonly unknown[]
  readonly newestId: string | null
  readonly oldestId: string | null
  readonly isLast: boolean
}
type Range = { readonly since_id?: string; readonly until_id?: string; readonly max_results: number }
type Source = {
  readonly kind: ReadKind
  readonly leastResults: number
  readonly via: 'mention' | 'conversation'
  readonly page: (query: string, range: Range) => Promise<Page>
}

const countedMost = 100_000

export async function openXReader(settings: XReaderSettings): Promise<XReader> {
  const client = await openXClient(settings)
  const nowMs = settings.nowMs ?? Date.now
  const today = () => new Date(nowMs()).toISOString().slice(0, 10)
  const left = (day: IsoDate) => settings.dailyUsd - settings.ledger.readUsd(day)
  /** What was counted before: sweeps overlap, and X counts a post once a day, however often it is read. */
  const counted = new Set<string>()
  const paid = (day: IsoDate, kind: ReadKind, posts: readonly unknown[]) => {
    if (counted.size > countedMost) counted.clear()
    const before = counted.size
    for (const post of posts) counted.add(`${kind}/${(post as { readonly id?: unknown }).id}`)
    settings.ledger.add(day, kind, counted.size - before)
  }

  /** Reads a source from its cursor on. @returns why it stopped early, or null */
  async function sweep(
    source: Source,
    cursor: string | null,
    posts: readonly OwnPost[],
    toQueries: (posts: ReadonlySet<string>) => readonly string[],
    tell: (post: unknown) => void,
    day: IsoDate,
  ): Promise<{ readonly cursor: string; readonly because: string | null }> {
    let state = parseSweep(cursor, nowMs())
    let pass: Pass | null = passOf(state, posts, toQueries, nowMs())
    while (pass !== null) {
      const [next] = pass.queries
      // With nothing to ask there is nothing to read, and our posts of today are asked about once there are any.
      if (next === undefined) return { cursor: JSON.stringify({ ...state, pass: null }), because: null }
      const most = Math.min(100, Math.floor(left(day) / readPrices[source.kind] + 1e-9))
      if (most < source.leastResults) {
        const because = `the day's budget for reading X, USD ${settings.dailyUsd}, is used (X_DAILY_READ_USD)`
        return { cursor: JSON.stringify({ ...state, pass }), because }
      }
      const since = sinceWithin(next.since, nowMs())
      const range: Range = {
        ...(since !== null && { since_id: since }),
        ...(pass.until !== null && { until_id: pass.until }),
        max_results: most,
      }
      let page: Page
      try {
        page = await source.page(next.query, range)
      } catch (error) {
        return { cursor: JSON.stringify({ ...state, pass }), because: failureText(failureOf(error, client.keys)) }
      }
      paid(day, source.kind, page.posts)
      for (const post of page.posts) tell(post)
      state = afterPage(state, pass, page)
      pass = state.pass
    }
    return { cursor: JSON.stringify(state), because: null }
  }

  return {
    async poll(cursors, own, day = today()) {
      const events: XPoll['events'][number][] = []
      const unread = { mentions: cursors.mentions ?? '', search: cursors.search ?? '' }
      let selfId: string
      try {
        selfId = await client.selfId()
      } catch (error) {
        return { events, cursors: unread, because: failureText(failureOf(error, client.keys)) }
      }
      const listen = (via: Source['via']) => (post: unknown) => {
        events.push(...eventsOf(post, via, own, selfId))
      }
      const mentions = await sweep(
        mentionsOf(client, selfId),
        cursors.mentions,
        [],
        () => ['mentions'],
        listen('mention'),
        day,
      )
      const idsIn = (posts: readonly OwnPost[], among: ReadonlySet<string>) =>
        posts.filter(({ id }) => among.has(id)).map(({ id }) => id)
      const search = await sweep(
        searchOf(client),
        cursors.search,
        [...own.roots, ...own.parts],
        (among) => queriesFor(idsIn(own.roots, among), selfId, idsIn(own.parts, among)),
        listen('conversation'),
        day,
      )
      const once = new Map(events.map((event) => [`${event.kind}/${event.externalId}/${event.editedAt}`, event]))
      return {
        events: [...once.values()].toReversed(),
        cursors: { mentions: mentions.cursor, search: search.cursor },
        because: mentions.because ?? search.because,
      }
    },
    async gone(ids, day = today()) {
      if (ids.length === 0) return []
      if (left(day) < ids.length * readPrices.post) return null
      const deletedAt = new Date(nowMs()).toISOString()
      const deletions: IncomingDeletion[] = []
      try {
        for (let from = 0; from < ids.length; from += 100) {
          const some = ids.slice(from, from + 100)
          const { data = [], errors = [] } = await client.api.v2.tweets(some)
          settings.ledger.add(day, 'post', data.length)
          const there = new Set(data.map(({ id }) => id))
          // Only what X says it does not find is gone: a post that it withholds for a while may come back.
          const notFound = new Set(
            errors.flatMap(({ title, value }) =>
              title === 'Not Found Error' && typeof value === 'string' ? [value] : [],
            ),
          )
          for (const externalId of some) {
            if (there.has(externalId) || !notFound.has(externalId)) continue
            deletions.push({ kind: 'deletion', channel: 'x', externalId, placeId: externalId, deletedAt })
          }
        }
        return deletions
      } catch (error) {
        failureOf(error, client.keys)
        return null
      }
    },
    close: async () => client.cut(),
  }
}

function mentionsOf(client: XClient, selfId: string): Source {
  return {
    kind: 'owned',
    leastResults: 5,
    via: 'mention',
    page: async (_query, range) => pageOf(await client.api.v2.userMentionTimeline(selfId, { ...fields, ...range })),
  }
}

function searchOf(client: XClient): Source {
  return {
    kind: 'post',
    leastResults: 10,
    via: 'conversation',
    page: async (query, range) => pageOf(await client.api.v2.search(query, { ...fields, ...range })),
  }
}

function pageOf(found: { readonly tweets: readonly unknown[]; readonly done: boolean }): Page {
  const ids = found.tweets.flatMap((tweet) => {
    const { success, data } = Post.pick({ id: true }).safeParse(tweet)
    return success ? [data.id] : []
  })
  const ascending = ids.toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1))
  return {
    posts: found.tweets,
    newestId: ascending.at(-1) ?? null,
    oldestId: ascending[0] ?? null,
    isLast: found.done,
  }
}

/** A post as what was said; one of our own, or one that cannot be read, is nothing. */
function eventsOf(value: unknown, source: Source['via'], own: OwnPosts, selfId: string): XPoll['events'][number][] {
  const parsed = Post.safeParse(value)
  if (!parsed.success || parsed.data.author_id === selfId) return []
  const post: Post = parsed.data
  const saidAt = Instant.safeParse(new Date(post.created_at ?? momentOf(post.id)).toJSON() ?? '')
  if (!saidAt.success) return []
  const reference = (type: string) => post.referenced_tweets?.find((one) => one.type === type)?.id ?? null
  const [answered, quoted] = [reference('replied_to'), reference('quoted')]
  const place = post.conversation_id ?? post.id
  // An edit gets a number of its own on X; what was said stays under the first.
  const first = post.edit_history_tweet_ids?.[0] ?? post.id
  const editedAt = first === post.id ? null : saidAt.data
  const from = { channel: 'x', externalId: first, placeId: place, userId: post.author_id, userName: null } as const
  const text = storable(unescaped(post.note_tweet?.text ?? post.text))
  const via =
    answered !== null && own.all.has(answered) ? 'reply' : quoted !== null && own.all.has(quoted) ? 'quote' : source
  const message: IncomingMessage = {
    ...from,
    kind: 'message',
    saidAt: saidAt.data,
    text,
    via,
    repliesTo: answered ?? quoted,
    threadOf: own.all.has(place) ? place : null,
    attachments: post.attachments?.media_keys?.length ?? 0,
    editedAt,
  }
  return editedAt === null ? [message] : [message, { ...from, kind: 'edit', editedAt, text }]
}

function unescaped(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
}
