import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import twitter from 'twitter-text'
import type { XKeys } from '../../src/adapters/x/client.ts'
import { signatureFault } from './x-server-oauth.ts'

export type Tweet = {
  readonly id: string
  readonly text: string
  readonly authorId: string
  readonly createdAt: string
  readonly conversationId: string
  readonly repliedTo: string | null
  readonly quoted: string | null
  readonly mediaIds: readonly string[]
  /** Numbers of the versions before it, the first one first. */
  readonly editOf: readonly string[]
}

/** What goes wrong with a request. `performed`: what it asked for happens all the same. */
export type XFault =
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: unknown
      readonly headers?: Readonly<Record<string, string>>
      readonly performed?: boolean
    }
  /** The answer ends in the middle, the connection breaks without one, or nothing comes at all. */
  | { readonly kind: 'cut' | 'drop' | 'hang'; readonly performed: boolean }

export type XRequest = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  status: number
}

export type XServer = {
  /** For X_API_URL. */
  readonly url: string
  readonly keys: XKeys
  readonly selfId: string
  /** Every post that exists, ours and others', oldest first. */
  readonly tweets: Tweet[]
  readonly media: Map<string, { bytes: Buffer; alt: string | null; ready: boolean }>
  readonly requests: XRequest[]
  /** What a strict server holds against its client. */
  readonly faults: string[]
  /** The next `times` requests that match go wrong. */
  readonly fail: (match: { readonly method?: string; readonly path: RegExp }, fault: XFault, times?: number) => void
  /** What every request goes through, for faults by chance; undefined: nothing goes wrong. */
  chance: ((request: { readonly method: string; readonly path: string }) => XFault | undefined) | undefined
  writable: boolean
  /** Milliseconds between having a post and saying so. */
  answerMs: number
  /** Dollars left; below zero 402. */
  credit: number
  /** Somebody else posts. */
  readonly say: (
    userId: string,
    text: string,
    how?: {
      readonly replyTo?: string
      readonly quotes?: string
      readonly editOf?: readonly string[]
      readonly at?: Date
    },
  ) => Tweet
  readonly own: () => readonly Tweet[]
  /** Closes the port, and opens the same one again: connections are refused in between. */
  readonly stop: () => Promise<void>
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}

const selfId = '1700000000000000001'

/** A server that stands for X: strict about signatures and texts, and without mercy for whoever sends a text twice. */
export async function startXServer(): Promise<XServer> {
  const scripts: { method: string | undefined; path: RegExp; fault: XFault; left: number }[] = []
  const nonces = new Set<string>()
  const numbers = new Set<bigint>()
  const x: Omit<XServer, 'url' | 'start' | 'stop' | 'close'> = {
    keys: {
      appKey: 'app-key-0123456789',
      appSecret: 'app-secret-0123456789abcdef',
      accessToken: `${selfId}-access-token-0123`,
      accessSecret: 'access-secret-0123456789abcdef',
    },
    selfId,
    tweets: [],
    media: new Map(),
    requests: [],
    faults: [],
    chance: undefined,
    writable: true,
    answerMs: 0,
    credit: 1_000,
    fail: ({ method, path }, fault, times = 1) => void scripts.push({ method, path, fault, left: times }),
    say(userId, text, { replyTo, quotes, editOf = [], at = new Date() } = {}) {
      return add({
        authorId: userId,
        text,
        repliedTo: replyTo ?? null,
        quoted: quotes ?? null,
        mediaIds: [],
        editOf,
        at,
      })
    },
    own: () => x.tweets.filter(({ authorId }) => authorId === selfId),
  }

  function add(draft: Omit<Tweet, 'id' | 'createdAt' | 'conversationId'> & { at: Date }): Tweet {
    // As X makes them: milliseconds since its epoch, then a sequence.
    const made = (BigInt(draft.at.getTime()) - 1_288_834_974_657n) << 22n
    let number = made
    while (numbers.has(number)) number += 1n
    numbers.add(number)
    const { at, ...rest } = draft
    const parent = x.tweets.find(({ id }) => id === draft.repliedTo)
    const id = String(number)
    const tweet = { ...rest, id, createdAt: at.toISOString(), conversationId: parent?.conversationId ?? id }
    x.tweets.push(tweet)
    return tweet
  }

  type Answer = { readonly status: number; readonly body: unknown }
  const ok = (body: unknown, status = 200): Answer => ({ status, body })
  const problem = (status: number, title: string, detail: string, type = 'about:blank'): Answer => ({
    status,
    body: { title, detail, type, status },
  })

  function perform(
    method: string,
    path: string,
    query: URLSearchParams,
    body: Buffer,
    type: string,
  ): Promise<Answer> | Answer {
    const json = () => JSON.parse(body.toString() || '{}') as Record<string, never>
    const isWrite = method === 'POST'
    if (isWrite && !x.writable) {
      return problem(
        403,
        'Forbidden',
        'Your client app is not configured with the appropriate oauth1 app permissions for this endpoint.',
        'https://api.twitter.com/2/problems/oauth1-permissions',
      )
    }
    if (isWrite && path === '/2/tweets') return create(json())
    if (isWrite && path === '/2/media/upload/initialize') return initialize(json())
    if (isWrite && path === '/2/media/metadata') return describe(json())
    const upload = /^\/2\/media\/upload\/(\w+)\/(append|finalize)$/.exec(path)
    if (isWrite && upload !== null)
      return upload[2] === 'append' ? append(upload[1]!, body, type) : finalize(upload[1]!)
    if (path === '/2/users/me') return ok({ data: { id: selfId, name: 'Primer', username: 'primer_bot' } })
    const user = /^\/2\/users\/(\d+)\/(tweets|mentions)$/.exec(path)
    if (user !== null) {
      const isMention = ({ text, authorId, repliedTo }: Tweet) =>
        authorId !== selfId &&
        (text.includes('@primer_bot') || x.tweets.some(({ id, authorId: to }) => id === repliedTo && to === selfId))
      return page(x.tweets.filter(user[2] === 'tweets' ? ({ authorId }) => authorId === user[1] : isMention), query, 5)
    }
    if (path === '/2/tweets/search/recent') return search(query)
    if (path === '/2/tweets') {
      const ids = (query.get('ids') ?? '').split(',')
      const there = ids.flatMap((id) => x.tweets.find((tweet) => tweet.id === id) ?? [])
      const gone = ids.filter((id) => !x.tweets.some((tweet) => tweet.id === id))
      const errors = gone.map((value) => ({
        value,
        title: 'Not Found Error',
        resource_type: 'tweet',
        parameter: 'ids',
      }))
      return ok({ ...(there.length > 0 && { data: there.map(shown) }), ...(errors.length > 0 && { errors }) })
    }
    return problem(404, 'Not Found', `no ${method} ${path}`)
  }

  function create(body: Record<string, never>): Answer {
    const { text, reply, media } = body as {
      text?: string
      reply?: { in_reply_to_tweet_id: string }
      media?: { media_ids: string[] }
    }
    if (typeof text !== 'string' || text === '') return problem(400, 'Invalid Request', 'text is missing')
    const parsed = twitter.parseTweet(text)
    if (!parsed.valid) return problem(403, 'Forbidden', 'Your Tweet text is too long.')
    if (x.own().some((tweet) => tweet.text.replace(/ https:\/\/t\.co\/\w+$/, '') === text)) {
      return problem(403, 'Forbidden', 'You are not allowed to create a Tweet with duplicate content.')
    }
    const to = reply?.in_reply_to_tweet_id ?? null
    if (to !== null && !x.tweets.some(({ id }) => id === to)) {
      return problem(403, 'Forbidden', 'You attempted to reply to a Tweet that is deleted or not visible to you.')
    }
    const mediaIds = media?.media_ids ?? []
    if (mediaIds.some((id) => x.media.get(id)?.ready !== true))
      return problem(400, 'Invalid Request', 'Your media IDs are invalid.')
    const price = twitter.extractUrls(text).length > 0 ? 0.2 : 0.015
    if (x.credit < price) return problem(402, 'Payment Required', 'Your account has no credits left.')
    x.credit -= price
    const shownText = mediaIds.length > 0 ? `${text} https://t.co/picture${x.tweets.length}` : text
    const made = add({
      authorId: selfId,
      text: shownText,
      repliedTo: to,
      quoted: null,
      mediaIds,
      editOf: [],
      at: new Date(),
    })
    return ok({ data: { id: made.id, text: escaped(made.text), edit_history_tweet_ids: [made.id] } }, 201)
  }

  function initialize(body: Record<string, never>): Answer {
    const { media_type, media_category } = body as Record<string, string>
    if (media_type !== 'image/png' || media_category !== 'tweet_image')
      return problem(400, 'Invalid Request', 'wrong media type')
    const id = String(9_000_000 + x.media.size)
    x.media.set(id, { bytes: Buffer.alloc(0), alt: null, ready: false })
    return ok({ data: { id, media_key: `3_${id}`, expires_after_secs: 86_400 } })
  }

  /** The library gives its part no file name, so readers of forms would take the picture for a text. */
  function append(id: string, body: Buffer, type: string): Answer {
    const medium = x.media.get(id)
    const boundary = /boundary=(\S+)$/.exec(type)?.[1] ?? '?'
    const parts = new Map<string, Buffer>()
    for (let at = body.indexOf(`--${boundary}\r\n`); at >= 0; ) {
      const next = body.indexOf(`\r\n--${boundary}`, at)
      const part = body.subarray(at, next)
      const blank = part.indexOf('\r\n\r\n')
      parts.set(/name="(\w+)"/.exec(part.subarray(0, blank).toString())?.[1] ?? '?', part.subarray(blank + 4))
      at = body.indexOf(`--${boundary}\r\n`, next)
    }
    const chunk = parts.get('media')
    if (medium === undefined || !parts.has('segment_index') || chunk === undefined) {
      return problem(400, 'Invalid Request', 'wrong append')
    }
    medium.bytes = Buffer.concat([medium.bytes, chunk])
    return ok({ data: { expires_at: 1 } })
  }

  function finalize(id: string): Answer {
    const medium = x.media.get(id)
    if (medium === undefined || medium.bytes.subarray(1, 4).toString() !== 'PNG')
      return problem(400, 'Invalid Request', 'no PNG')
    medium.ready = true
    return ok({ data: { id, media_key: `3_${id}`, size: medium.bytes.length } })
  }

  function describe(body: Record<string, never>): Answer {
    const { id, metadata } = body as { id?: string; metadata?: { alt_text?: { text?: string } } }
    const medium = x.media.get(id ?? '')
    const alt = metadata?.alt_text?.text
    if (medium === undefined || alt === undefined || alt.length > 1000)
      return problem(400, 'Invalid Request', 'wrong metadata')
    medium.alt = alt
    return ok({ data: { id, associated_metadata: metadata } })
  }

  function search(query: URLSearchParams): Answer {
    const text = query.get('query') ?? ''
    if (text === '' || text.length > 512) return problem(400, 'Invalid Request', `a query of ${text.length} characters`)
    const conversations = new Set([...text.matchAll(/conversation_id:(\d+)/g)].map((match) => match[1]!))
    const quotes = new Set([...text.matchAll(/quotes_of_tweet_id:(\d+)/g)].map((match) => match[1]!))
    const without = new Set([...text.matchAll(/-from:(\w+)/g)].map((match) => match[1]!))
    const found = x.tweets.filter(
      ({ conversationId, quoted, authorId }) =>
        !without.has(authorId) && (conversations.has(conversationId) || (quoted !== null && quotes.has(quoted))),
    )
    return page(found, query, 10)
  }

  /** Newest first, as X lists. */
  function page(all: readonly Tweet[], query: URLSearchParams, leastResults: number): Answer {
    const max = Number(query.get('max_results') ?? 10)
    if (max < leastResults || max > 100) return problem(400, 'Invalid Request', `max_results ${max}`)
    const since = query.get('since_id')
    const weekAgoMs = Date.now() - 7 * 86_400_000
    if (since !== null && leastResults === 10 && (BigInt(since) >> 22n) + 1_288_834_974_657n < BigInt(weekAgoMs)) {
      return problem(400, 'Invalid Request', "'since_id' must be a tweet id created after [a week ago]")
    }
    const until = query.get('until_id')
    const start = query.get('start_time')
    const from = Number(query.get('pagination_token') ?? query.get('next_token') ?? 0)
    const matching = all
      .filter(({ id }) => since === null || BigInt(id) > BigInt(since))
      .filter(({ id }) => until === null || BigInt(id) < BigInt(until))
      .filter(
        ({ createdAt }) => start === null || createdAt >= start.replace(/Z$/, '.000Z').replace('.000.000', '.000'),
      )
      .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1))
    const shownOnes = matching.slice(from, from + max)
    if (shownOnes.length === 0) return ok({ meta: { result_count: 0 } })
    const more = from + max < matching.length ? { next_token: String(from + max) } : {}
    const users = [...new Set(shownOnes.map(({ authorId }) => authorId))].map((id) => ({
      id,
      name: `User ${id}`,
      username: `user${id}`,
    }))
    return ok({
      data: shownOnes.map(shown),
      ...(query.get('expansions')?.includes('author_id') && { includes: { users } }),
      meta: { result_count: shownOnes.length, newest_id: shownOnes[0]!.id, oldest_id: shownOnes.at(-1)!.id, ...more },
    })
  }

  function shown({ id, text, authorId, createdAt, conversationId, repliedTo, quoted, mediaIds, editOf }: Tweet) {
    const references = [
      ...(repliedTo === null ? [] : [{ type: 'replied_to', id: repliedTo }]),
      ...(quoted === null ? [] : [{ type: 'quoted', id: quoted }]),
    ]
    return {
      id,
      text: escaped(text),
      author_id: authorId,
      created_at: createdAt,
      conversation_id: conversationId,
      edit_history_tweet_ids: [...editOf, id],
      ...(references.length > 0 && { referenced_tweets: references }),
      ...(mediaIds.length > 0 && { attachments: { media_keys: mediaIds.map((key) => `3_${key}`) } }),
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'https://api.x.com')
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const method = request.method ?? 'GET'
    const record: XRequest = { method, path: url.pathname, query: url.searchParams, status: 0 }
    x.requests.push(record)
    const { authorization } = request.headers
    const fault = signatureFault({ method, url, authorization }, x.keys, nonces, Date.now())
    const script = scripts.find(
      (one) => one.left > 0 && (one.method === undefined || one.method === method) && one.path.test(url.pathname),
    )
    if (script !== undefined) script.left -= 1
    const wrong = script?.fault ?? x.chance?.({ method, path: url.pathname })
    const run = () =>
      perform(method, url.pathname, url.searchParams, Buffer.concat(chunks), request.headers['content-type'] ?? '')
    const performed = wrong === undefined || wrong.performed === true
    const result =
      fault !== null
        ? problem(401, 'Unauthorized', `Unauthorized: ${fault}`)
        : performed
          ? await run()
          : problem(500, 'Internal Server Error', 'Something is broken.')
    if (x.answerMs > 0 && url.pathname === '/2/tweets' && method === 'POST') await setTimeout(x.answerMs)
    if (fault !== null) x.faults.push(`${method} ${url.pathname}: ${fault}`)
    if (wrong?.kind === 'hang') return
    if (wrong?.kind === 'drop') return void response.destroy()
    const isHtml = wrong?.kind === 'status' && typeof wrong.body === 'string'
    const body =
      wrong?.kind === 'status'
        ? (wrong.body ?? problem(wrong.status, 'Error', 'Something is broken.').body)
        : result.body
    const text = isHtml ? (wrong.body as string) : JSON.stringify(body)
    record.status = wrong?.kind === 'status' ? wrong.status : result.status
    response.writeHead(record.status, {
      'content-type': isHtml ? 'text/html' : record.status >= 400 ? 'application/problem+json' : 'application/json',
      'content-length': Buffer.byteLength(text),
      'x-access-level': x.writable ? 'read-write' : 'read',
      'x-rate-limit-limit': '100',
      'x-rate-limit-remaining': '99',
      'x-rate-limit-reset': String(Math.trunc(Date.now() / 1000) + 900),
      ...(wrong?.kind === 'status' && wrong.headers),
    })
    if (wrong?.kind !== 'cut') return void response.end(text)
    response.write(text.slice(0, Math.floor(text.length / 2)), () => response.destroy())
  }

  let port = 0
  let server: Server | undefined
  const stop = async () => {
    if (server === undefined) return
    const closing = once(server, 'close')
    server.close()
    server.closeAllConnections()
    await closing
    server = undefined
  }
  const start = async () => {
    server = createServer((request, response) => void answer(request, response).catch(() => response.destroy()))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  await start()
  return Object.assign(x, { url: `http://127.0.0.1:${port}`, start, stop, close: stop })
}

/** X shows three characters as HTML would write them. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
