import { strict as assert } from 'node:assert'
import { WorldError } from '../../errors.ts'
import {
  type Outgoing,
  type Picture,
  type Publisher,
  type SendOutcome,
  sendMostMs,
  type XMessage,
} from '../../posts/publisher.ts'
import type { Instant } from '../../units.ts'
import { openXClient, type XClient, type XSettings } from './client.ts'
import { failureOf, failureText, type XFailure } from './failure.ts'
import type { XLedger } from './ledger.ts'

export type XPublisherSettings = XSettings & {
  readonly ledger: XLedger
  readonly say: (line: string) => void
  /** Longest time of one send, below `sendMostMs`. */
  readonly sendMs?: number
}

/** X as a channel to post to. Nothing is requested until something is sent or looked for. */
export async function openXPublisher(settings: XPublisherSettings): Promise<Publisher> {
  const client = await openXClient(settings)
  const { say, ledger, sendMs = sendMostMs - 15_000 } = settings
  let isClosed = false
  return {
    channel: 'x',
    send: (message) => sendWithin(client, asX(message), { sendMs, isClosed: () => isClosed }, say),
    find: (message, _nonce, since) => findOwn(client, asX(message), since, ledger),
    close: async () => {
      isClosed = true
      client.cut()
    },
  }
}

function asX(message: Outgoing): XMessage {
  assert(message.channel === 'x', 'a message for another channel was handed to X')
  return message
}

async function sendWithin(
  client: XClient,
  message: XMessage,
  { sendMs, isClosed }: { readonly sendMs: number; readonly isClosed: () => boolean },
  say: (line: string) => void,
): Promise<SendOutcome> {
  let mediaId: string | null = null
  if (message.media !== undefined) {
    const { media } = message
    const uploaded = await within(client, sendMs * pictureShare, () => upload(client, media))
    // A post that began only now would outlive this process, and nobody would write down what became of it.
    if (isClosed()) return { kind: 'later', because: 'X: the connection was closed before the post', retryAt: null }
    if (uploaded.kind === 'failed') return uploaded.outcome
    if (uploaded.kind === 'without') say(`x: the picture was not taken, the post goes without: ${uploaded.because}`)
    else mediaId = uploaded.mediaId
  }
  return within(client, sendMs * (1 - pictureShare), () => tweet(client, message, mediaId))
}

/** Of the time of one send, so that a picture that takes for ever leaves enough for the post. */
const pictureShare = 0.6

/** A server may keep a connection alive for ever without answering, which no single timeout of silence ends. */
async function within<T>(client: XClient, ms: number, work: () => Promise<T>): Promise<T> {
  const timer = setTimeout(() => client.cut(), ms)
  try {
    return await work()
  } finally {
    clearTimeout(timer)
  }
}

async function tweet(client: XClient, { text, replyTo }: XMessage, mediaId: string | null): Promise<SendOutcome> {
  try {
    const { data } = await client.api.v2.tweet(text, {
      ...(replyTo !== null && { reply: { in_reply_to_tweet_id: replyTo } }),
      ...(mediaId !== null && { media: { media_ids: [mediaId] } }),
    })
    // A proxy may answer 200 with a page of its own.
    return typeof data?.id === 'string' && /^\d{1,20}$/.test(data.id)
      ? { kind: 'sent', externalId: data.id }
      : { kind: 'unknown', because: 'X answered without a number' }
  } catch (error) {
    return outcomeOf(failureOf(error, client.keys))
  }
}

/** What a failed request for a post means for the post. */
export function outcomeOf(failure: XFailure): SendOutcome {
  const because = `X: ${failureText(failure)}`
  if (failure.kind === 'unconnected') return { kind: 'later', because, retryAt: null }
  if (failure.kind === 'lost') return { kind: 'unknown', because }
  const { status, detail } = failure
  if (status === 403 && /duplicate/i.test(detail)) return { kind: 'duplicate', because }
  if (status === 402) return { kind: 'no-credit', because: `${because}; buy credits at console.x.com, Billing` }
  if (status === 429) return { kind: 'later', because, retryAt: failure.resetAt }
  if (status === 401)
    return { kind: 'closed', because: `${because}; check X_APP_KEY, X_APP_SECRET, X_ACCESS_TOKEN and X_ACCESS_SECRET` }
  // X refuses a text for what is in it, or because what it answers is gone; anything else it refuses is about the account.
  const aboutText = /\b(reply|replies|deleted|not visible|too long|text|media|spam|conversation)\b/i
  if (status === 400 || status === 422 || status === 413 || (status === 403 && aboutText.test(detail))) {
    return { kind: 'refused', because }
  }
  if (status < 500) {
    const how = 'the app needs the permission "Read and write", and access tokens made after it was given'
    return { kind: 'closed', because: status === 403 ? `${because}; ${how}` : because }
  }
  // Whoever fails on the way back may have performed it.
  return { kind: 'unknown', because }
}

type Uploaded =
  | { readonly kind: 'done'; readonly mediaId: string }
  | { readonly kind: 'without'; readonly because: string }
  | { readonly kind: 'failed'; readonly outcome: SendOutcome }

/** Uploads a picture with its words. A picture that X does not take never keeps a post back. */
async function upload(client: XClient, { png, alt }: Picture): Promise<Uploaded> {
  try {
    const mediaId = await client.api.v2.uploadMedia(Buffer.from(png), {
      media_type: 'image/png',
      media_category: 'tweet_image',
    })
    // Without its words it would say nothing to who cannot see it, so then it is not shown.
    await client.api.v2.createMediaMetadata(mediaId, { alt_text: { text: alt.slice(0, 1000) } })
    return { kind: 'done', mediaId }
  } catch (error) {
    const failure = failureOf(error, client.keys)
    const outcome = outcomeOf(failure)
    if (
      outcome.kind === 'no-credit' ||
      (outcome.kind === 'closed' && failure.kind === 'answer' && failure.status === 401)
    ) {
      return { kind: 'failed', outcome }
    }
    // No post was asked for yet, so none can be there.
    if (failure.kind === 'unconnected') return { kind: 'failed', outcome }
    return { kind: 'without', because: failureText(failure) }
  }
}

/** Most posts of our own that are looked through. */
const lookedThroughMost = 300

async function findOwn(client: XClient, message: XMessage, since: Instant, ledger: XLedger): Promise<string | null> {
  const wanted = comparable(message.text)
  try {
    // Their clock and ours may differ by some minutes; a clock that is further off is refused with every signature.
    const start = new Date(Date.parse(since) - 600_000).toISOString()
    const timeline = await client.api.v2.userTimeline(await client.selfId(), {
      max_results: 100,
      start_time: start,
      'tweet.fields': ['created_at', 'referenced_tweets'],
    })
    for (let seen = 0; ; ) {
      const tweets = timeline.tweets.slice(seen)
      ledger.add(new Date().toISOString().slice(0, 10), 'owned', tweets.length)
      const found = tweets.find((tweet) => comparable(tweet.text) === wanted && answeredBy(tweet) === message.replyTo)
      if (found !== undefined) return found.id
      seen += tweets.length
      if (timeline.done || tweets.length === 0 || seen >= lookedThroughMost) return null
      await timeline.fetchNext()
    }
  } catch (error) {
    const because = failureText(failureOf(error, client.keys))
    throw new WorldError(`X could not be asked whether it has a post: ${because}`, {
      retryable: true,
      cause: undefined,
    })
  }
}

/** A thread's text is where it continues its own thread, whatever else reads like it. */
function answeredBy(tweet: { readonly referenced_tweets?: readonly { readonly type: string; readonly id: string }[] }) {
  return tweet.referenced_tweets?.find(({ type }) => type === 'replied_to')?.id ?? null
}

/** X escapes three characters, and ends a post that has a picture with a link to it. */
function comparable(text: string): string {
  return text
    .replace(/\s*https:\/\/t\.co\/\w+$/, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .normalize('NFC')
    .trim()
}
