import { type REST, Routes } from 'discord.js'
import { z } from 'zod'
import type { Incoming, IncomingTally } from '../../journal/incoming.ts'
import type { Instant } from '../../units.ts'
import { editedAt, editOf, type Self, saidToUs } from './events.ts'
import { emojiText, Message, nameOf, type Thread, Threads, User } from './packets.ts'
import type { Place, Places } from './places.ts'
import { failureOf } from './rest.ts'
import { byId, idAt, isLater, momentOf } from './snowflake.ts'

/** A message whose text is held here. */
export type Held = { readonly externalId: string; readonly placeId: string }

export type BackfillOptions = {
  readonly rest: REST
  readonly places: Places
  readonly self: Self
  readonly guildId: string | null
  /** Everything up to this message was captured before. */
  readonly since: string
  readonly lookbackMs: number
  readonly held: (since: Instant) => Promise<readonly Held[]>
  readonly note: (events: readonly Incoming[], id: string | null) => Promise<void>
  readonly now: () => Instant
}

export type Found = {
  readonly messages: number
  readonly edits: number
  readonly deletions: number
  readonly tallies: number
}

/** How far before the last captured message one looks once more: messages of one moment may arrive in any order. */
const overlapMs = 600_000
const pageMost = 100
/** Pages of one place, so that a channel with a flood of messages ends too. */
const pagesMost = 1000

/**
 * What happened while nobody listened, as Discord still holds it: messages since the last captured one, in the channel, the
 * threads of our posts and the direct conversations that are known; what was edited; what of the held messages is gone; and
 * who reacts to our posts now. It hands on what was captured before as well: downstream knows it by its id.
 *
 * @param options.lookbackMs how old a message may be whose edits, deletion and reactions are looked for
 * @throws what discord.js throws, when Discord cannot be asked; it is safe to begin again
 */
export async function backfill(options: BackfillOptions): Promise<Found> {
  const { rest, places, self, since, note, now } = options
  const sinceMs = Date.parse(momentOf(since))
  const from = idAt(sinceMs - options.lookbackMs)
  const fresh = idAt(sinceMs - overlapMs)
  const freshMoment = new Date(sinceMs - overlapMs).toISOString()
  const count = { messages: 0, edits: 0, deletions: 0, tallies: 0 }
  const seen = new Set<string>()
  const scanned = new Set<string>()
  /** Messages of ours in the channel: a thread under one has its id. */
  const posts: string[] = []

  async function scan(placeId: string, place: Place | null): Promise<void> {
    if (scanned.has(placeId)) return
    let after = from
    for (let page = 0; page < pagesMost; page++) {
      // Of before the question: who reacts while it is answered is told live, and is no one who withdrew.
      const seenAt = now()
      const { messages, next } = await history(rest, placeId, after)
      for (const message of messages) {
        seen.add(message.id)
        if (message.author.id === self.userId) {
          if (place?.kind === 'channel') posts.push(message.id)
          count.tallies += 1
          await note([await tally(rest, message, self, seenAt)], null)
          continue
        }
        const events: Incoming[] = []
        const edited = editedAt(message)
        const isEdited = edited !== null && edited >= freshMoment
        const said = isLater(message.id, fresh) || isEdited ? saidToUs(message, place, self) : null
        if (said !== null) events.push(said)
        const edit = isEdited ? editOf(message, place, self) : null
        if (edit !== null) events.push(edit)
        if (said !== null) count.messages += 1
        if (edit !== null) count.edits += 1
        if (events.length > 0) await note(events, message.id)
      }
      if (next === null) break
      after = next
    }
    scanned.add(placeId)
  }

  await scan(self.channelId, { kind: 'channel' })
  const threads = await orGone(() => threadsSince(options, new Date(sinceMs - options.lookbackMs).toISOString()))
  // A server that lists no threads may have them all the same.
  if (threads === null) for (const id of posts) await orGone(() => scan(id, { kind: 'thread', root: id }))
  for (const thread of threads ?? []) {
    places.learnThread(thread)
    const place = await places.find(thread.id)
    if (place.kind === 'thread') await orGone(() => scan(thread.id, place))
  }
  const held = await options.held(momentOf(from))
  for (const placeId of new Set(held.map((one) => one.placeId))) {
    if (scanned.has(placeId)) continue
    const channel = await rest.get(Routes.channel(placeId)).catch((error: unknown) => {
      const { kind, code } = failureOf(error)
      if (kind !== 'unknown') throw error
      // Only Discord's own word counts, no page that is not found.
      if (code !== null) scanned.add(placeId)
      return null
    })
    if (channel === null) continue
    const isDirect = z.object({ type: z.literal(1) }).safeParse(channel).success
    const place = isDirect ? null : await places.find(placeId)
    if (place?.kind !== 'other') await orGone(() => scan(placeId, place))
  }
  for (const { externalId, placeId } of held) {
    if (!scanned.has(placeId) || seen.has(externalId) || !isLater(externalId, from)) continue
    // Not in the list is not yet gone: only Discord's word counts for erasing a text.
    const message = await orGone(() => rest.get(Routes.channelMessage(placeId, externalId)))
    if (message !== null) continue
    count.deletions += 1
    await note([{ kind: 'deletion', channel: 'discord', externalId, placeId, deletedAt: now() }], null)
  }
  return count
}

/** Messages of one place, oldest first; `next`: the id after which there may be more, null at the end. */
type Page = { readonly messages: readonly Message[]; readonly next: string | null }

/** At most 100 messages after an id, or the last ones (null). What cannot be read is left out. */
export async function history(rest: REST, placeId: string, after: string | null): Promise<Page> {
  const query = new URLSearchParams({ ...(after === null ? {} : { after }), limit: String(pageMost) })
  const page = z.array(z.unknown()).parse(await rest.get(Routes.channelMessages(placeId), { query }))
  const messages = page
    .flatMap((raw) => {
      const message = Message.safeParse(raw)
      return message.success ? [message.data] : []
    })
    .sort(byId)
  const last = messages.at(-1)?.id
  // A server that does not know `after` would tell the same page for ever.
  const isEnd = page.length < pageMost || last === undefined || (after !== null && !isLater(last, after))
  return { messages, next: isEnd ? null : last }
}

/** Threads of the channel with anything said since a moment: the open ones, and those that were archived after it. */
async function threadsSince({ rest, guildId, self }: BackfillOptions, since: Instant): Promise<readonly Thread[]> {
  const found: Thread[] = []
  if (guildId !== null) {
    const active = Threads.parse(await rest.get(Routes.guildActiveThreads(guildId)))
    found.push(...active.threads.filter((thread) => thread.parent_id === self.channelId))
  }
  let before: string | undefined
  for (let page = 0; page < pagesMost; page++) {
    const query = new URLSearchParams({ limit: '100', ...(before === undefined ? {} : { before }) })
    const answer = Threads.parse(await rest.get(Routes.channelThreads(self.channelId, 'public'), { query }))
    const moment = (thread: Thread) => thread.thread_metadata?.archive_timestamp ?? ''
    found.push(...answer.threads.filter((thread) => Date.parse(moment(thread)) >= Date.parse(since)))
    const last = answer.threads.at(-1)
    if (answer.has_more !== true || last === undefined || Date.parse(moment(last)) < Date.parse(since)) break
    before = moment(last)
  }
  return found
}

const usersMost = 5000

/**
 * Everybody whose reaction stands under a message of ours, bots left out.
 *
 * @param seenAt a moment before the message was asked for
 */
export async function tally(rest: REST, message: Message, self: Self, seenAt: Instant): Promise<IncomingTally> {
  const present: IncomingTally['present'] = []
  let complete = true
  for (const { emoji } of message.reactions ?? []) {
    const text = emojiText(emoji)
    if (text === null) continue
    const users: IncomingTally['present'][number]['users'] = []
    let after = '0'
    for (;;) {
      const query = new URLSearchParams({ limit: '100', after })
      const key = encodeURIComponent(emoji.id === null ? (emoji.name ?? '') : `${emoji.name}:${emoji.id}`)
      const path = Routes.channelMessageReaction(message.channel_id, message.id, key)
      const page = z.array(User).parse(await rest.get(path, { query }))
      for (const user of page) {
        if (user.id !== self.userId && user.bot !== true) users.push({ userId: user.id, userName: nameOf(user) })
      }
      const last = page.toSorted(byId).at(-1)?.id
      if (page.length < 100 || last === undefined || !isLater(last, after)) break
      after = last
      if (users.length >= usersMost) {
        complete = false
        break
      }
    }
    present.push({ emoji: text, users })
  }
  return {
    kind: 'tally',
    channel: 'discord',
    externalId: message.id,
    placeId: message.channel_id,
    seenAt,
    present,
    complete,
  }
}

/** Null where Discord says that it is not there any longer; missing access is no such word. */
export async function orGone<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await question()
  } catch (error) {
    if (failureOf(error).kind === 'unknown') return null
    throw error
  }
}
