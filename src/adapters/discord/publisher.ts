import { strict as assert } from 'node:assert'
import { ChannelType, type REST, Routes, ThreadAutoArchiveDuration } from 'discord.js'
import { z } from 'zod'
import { WorldError } from '../../errors.ts'
import {
  type DiscordMessage,
  type Outgoing,
  type Publisher,
  type SendOutcome,
  sendMostMs,
} from '../../posts/publisher.ts'
import type { Instant } from '../../units.ts'
import { history } from './backfill.ts'
import type { DiscordLog } from './log.ts'
import { Message } from './packets.ts'
import { missingPermissions, readChannel } from './permissions.ts'
import { type Failure, failureOf, isUnheardOf, openRest, remedy, worldError } from './rest.ts'
import { idAt, isLater } from './snowflake.ts'

/** Clocks of two machines may differ by so much. */
const clockMarginMs = 60_000
/** Pages of history that `find` reads at most: 20,000 messages since a post was tried. */
const pagesMost = 200

export type DiscordPublisherSettings = {
  readonly token: string
  readonly channelId: string
  /** Another compatible server; null: Discord itself. */
  readonly apiUrl: string | null
  readonly log: DiscordLog
}

/** Discord as a channel to post to, over its HTTP API alone: it needs no gateway. Nothing is requested until it is used. */
export function openDiscordPublisher(settings: DiscordPublisherSettings): Publisher {
  const { token, channelId, apiUrl, log } = settings
  // Never retried here: the outbox asks `find` first.
  const rest = openRest({ token, apiUrl, retries: 0, timeoutMs: 30_000, waitMostMs: 15_000 })
  const stop = new AbortController()
  const within = (ms: number) => AbortSignal.any([stop.signal, AbortSignal.timeout(ms)])
  // discord.js forgets a token that was refused; whoever mended it elsewhere should not have to restart.
  const use = <T>(work: (rest: REST) => Promise<T>) => work(rest.setToken(token))

  async function send(message: Outgoing, nonce: string): Promise<SendOutcome> {
    const post = asDiscord(message)
    let id: string
    try {
      const answer = await use((rest) =>
        rest.post(Routes.channelMessages(channelId), {
          body: bodyOf(post, nonce),
          files: post.files.map(({ name, png }) => ({ name, data: Buffer.from(png), contentType: 'image/png' })),
          signal: within(sendMostMs - 45_000),
        }),
      )
      const parsed = Message.pick({ id: true }).safeParse(answer)
      // A proxy may answer 200 with a page of its own.
      if (!parsed.success) return { kind: 'unknown', because: 'Discord answered without the number of the message' }
      id = parsed.data.id
    } catch (error) {
      return outcomeOf(failureOf(error), () => missing())
    }
    await complete(id, post)
    return { kind: 'sent', externalId: id }
  }

  /** Names of what is missing, where Discord tells; else nothing. */
  async function missing(): Promise<string> {
    try {
      const me = z.object({ id: z.string() }).parse(await rest.get(Routes.user()))
      const names = await missingPermissions(rest, await readChannel(rest, channelId), me.id)
      return names.length === 0
        ? ''
        : `; missing: ${names.join(', ')} (right click on the channel, Edit Channel, Permissions)`
    } catch {
      return ''
    }
  }

  /** The thread under a message, and its place among the pinned ones: done once, however often it is asked for. */
  async function complete(id: string, post: DiscordMessage): Promise<void> {
    const attempt = async (what: string, work: () => Promise<void>) => {
      try {
        await work()
      } catch (error) {
        const failure = failureOf(error)
        if (failure.code === 160004) return // It has its thread already.
        log.warn({ message: id }, `Discord: the post is out, but ${what} failed: ${remedy(failure)}`)
      }
    }
    if (post.thread !== undefined) {
      const body = { name: post.thread.slice(0, 100), auto_archive_duration: ThreadAutoArchiveDuration.ThreeDays }
      await attempt('opening its thread', async () => {
        await rest.post(Routes.threads(channelId, id), { body, signal: within(15_000) })
      })
    }
    if (post.pin === true) await attempt('pinning it', () => pin(id))
  }

  /** Pins a message, and takes down what we pinned before. */
  async function pin(id: string): Promise<void> {
    const signal = within(20_000)
    let isOlder = false
    const pinOf = (message: string) => (isOlder ? Routes.channelPin : Routes.channelMessagesPin)(channelId, message)
    await rest.put(pinOf(id), { signal }).catch(async (error: unknown) => {
      if (!isUnheardOf(error)) throw error
      isOlder = true
      await rest.put(pinOf(id), { signal })
    })
    const pinsOf = isOlder ? Routes.channelPins : Routes.channelMessagesPins
    const pinned = Pins.parse(await rest.get(pinsOf(channelId), { signal }))
    const author = pinned.find((message) => message.id === id)?.author.id
    for (const message of pinned) {
      if (message.author.id !== author || BigInt(message.id) >= BigInt(id)) continue
      await rest.delete(pinOf(message.id), { signal })
    }
  }

  async function find(message: Outgoing, nonce: string, since: Instant): Promise<string | null> {
    const post = asDiscord(message)
    const earliest = idAt(Date.parse(since) - clockMarginMs)
    try {
      const isOurs = await ownership()
      // The last messages first: mostly it is among them.
      let after: string | null = null
      for (let page = 0; page < pagesMost; page++) {
        const { messages, next } = await history(rest, channelId, after)
        const found = messages.find((one) => isOurs(one) && isSame(one, post, nonce))
        if (found !== undefined) {
          await complete(found.id, post)
          return found.id
        }
        const isWhole = after === null && !isLater(messages[0]?.id ?? '0', earliest)
        if (next === null || isWhole) return null
        after = after === null ? earliest : next
      }
    } catch (error) {
      throw worldError('the channel could not be asked whether a post is there', error)
    }
    throw new WorldError(`more than ${pagesMost * 100} messages came since the post was tried; look for it by hand`, {
      retryable: false,
    })
  }

  /** Whether a message is ours; where nobody tells who we are, any bot's may be, since only ours carry the post's hash. */
  async function ownership(): Promise<(message: Message) => boolean> {
    try {
      const me = z.object({ id: z.string() }).parse(await use((rest) => rest.get(Routes.user())))
      return ({ author }) => author.id === me.id
    } catch (error) {
      if (isUnheardOf(error)) return ({ author }) => author.bot === true
      throw error
    }
  }

  return {
    channel: 'discord',
    send,
    find,
    close: async () => stop.abort(),
  }
}

/** What is pinned, in the form of today and in that of before 2025. */
const Pins = z.union([
  z
    .object({ items: z.array(z.object({ message: Message })) })
    .transform(({ items }) => items.map((one) => one.message)),
  z.array(Message),
])

function asDiscord(message: Outgoing): DiscordMessage {
  assert(message.channel === 'discord', 'a message for another channel was handed to Discord')
  return message
}

function bodyOf(message: DiscordMessage, nonce: string): Record<string, unknown> {
  return {
    ...(message.lateNotice === undefined ? {} : { content: message.lateNotice }),
    embeds: message.post.embeds,
    components: message.post.components,
    // Nothing in a post notifies anybody, whatever it says.
    allowed_mentions: { parse: [] },
    attachments: message.files.map(({ name, alt }, id) => ({ id, filename: name, description: alt.slice(0, 1024) })),
    nonce,
    enforce_nonce: true,
  }
}

async function outcomeOf(failure: Failure, missing: () => Promise<string>): Promise<SendOutcome> {
  const because = remedy(failure)
  switch (failure.kind) {
    case 'token':
    case 'unknown':
      return { kind: 'closed', because }
    case 'forbidden':
      return { kind: 'closed', because: failure.code === 50001 ? because : `${because}${await missing()}` }
    case 'refused':
      return { kind: 'refused', because }
    case 'limited':
      return { kind: 'later', because, retryAt: new Date(Date.now() + (failure.retryAfterMs ?? 60_000)).toISOString() }
    case 'unreached':
      return { kind: 'later', because, retryAt: null }
    case 'unclear':
      return { kind: 'unknown', because }
  }
}

/**
 * Whether a message of ours in the channel is this post. Discord tells a nonce for minutes only; the hash of the journal that
 * every post carries, and its title, stay.
 */
function isSame(message: Message, post: DiscordMessage, nonce: string): boolean {
  if (message.nonce !== undefined && String(message.nonce) === nonce) return true
  const [embed] = message.embeds
  const title = (embed as { title?: unknown } | undefined)?.title
  return title === post.post.embeds[0]?.title && marksOf(message.embeds) === marksOf(post.post.embeds)
}

/** Whole hashes in the embeds; where there are none, their moment. */
function marksOf(embeds: readonly unknown[]): string {
  const hashes = new Set(JSON.stringify(embeds).match(/(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g))
  if (hashes.size > 0) return [...hashes].sort().join(' ')
  const { timestamp } = (embeds[0] ?? {}) as { timestamp?: string }
  return String(Date.parse(timestamp ?? ''))
}

/** The kinds of channel that posts can go to: a text channel, or an announcement channel. */
export const postable: readonly number[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement]
