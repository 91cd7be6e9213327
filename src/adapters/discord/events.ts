import type { Incoming, IncomingEdit, IncomingMessage } from '../../journal/incoming.ts'
import { emojiText, type Message, nameOf, type ReactionChange, type User } from './packets.ts'
import type { Place } from './places.ts'
import { momentOf } from './snowflake.ts'

/** Who we are to Discord: set when it greets us. */
export type Self = {
  readonly userId: string
  readonly channelId: string
  /** Whether texts come along; without the intent, an empty text of a stranger was withheld. */
  readonly withContent: boolean
}

/** Messages that people write: plain ones and answers. All other types are told by Discord itself. */
const written = new Set([0, 19])

export function isPerson(user: User): boolean {
  return user.bot !== true && user.system !== true
}

export function isWritten(message: Message): boolean {
  return written.has(message.type) && message.webhook_id === undefined && isPerson(message.author)
}

/**
 * What was said to us or about us; null where it was not. `place` null: a direct conversation.
 *
 * In our channel it is a reply to a post of ours, a mention, or a quote (a message passed on, or a link to one); in the thread
 * of a post, and in a direct conversation, it is everything.
 */
export function saidToUs(message: Message, place: Place | null, self: Self): IncomingMessage | null {
  if (!isWritten(message) || place?.kind === 'other') return null
  const via = viaOf(message, place, self)
  if (via === null) return null
  const quoted = linkedMessage(message, self)
  const answered = message.message_reference?.message_id ?? null
  return {
    kind: 'message',
    channel: 'discord',
    externalId: message.id,
    placeId: message.channel_id,
    userId: message.author.id,
    userName: nameOf(message.author),
    saidAt: saidAt(message),
    text: textOf(message, self),
    via,
    repliesTo: answered ?? (via === 'quote' ? quoted : null),
    threadOf: place?.kind === 'thread' ? place.root : null,
    attachments: message.attachments.length,
    editedAt: editedAt(message),
  }
}

function viaOf(message: Message, place: Place | null, self: Self): IncomingMessage['via'] | null {
  if (place === null) return 'direct'
  const reference = message.message_reference
  const isForward = reference?.type === 1
  if (!isForward && reference?.message_id !== undefined) {
    const answered = message.referenced_message
    if (answered?.author.id === self.userId) return 'reply'
    // The message it answers is gone. It may have been ours, which the journal knows; who names us speaks to us in any case.
    const isMention = message.mentions.some(({ id }) => id === self.userId)
    if (answered == null) return isMention ? 'mention' : 'reply'
  }
  if (place.kind === 'thread') return 'thread'
  if (isForward && reference?.channel_id === self.channelId) return 'quote'
  if (message.mentions.some(({ id }) => id === self.userId)) return 'mention'
  if (linkedMessage(message, self) !== null) return 'quote'
  return null
}

/** Id of a message of our channel that the text links to. */
function linkedMessage(message: Message, self: Self): string | null {
  const found = /discord(?:app)?\.com\/channels\/\d+\/(\d+)\/(\d+)/.exec(message.content ?? '')
  return found?.[1] === self.channelId ? found[2]! : null
}

/** Null where Discord withheld it. */
export function textOf(message: Message, self: Self): string | null {
  if (message.content === undefined) return null
  if (message.content !== '' || self.withContent || message.guild_id === undefined) return message.content
  return message.mentions.some(({ id }) => id === self.userId) ? message.content : null
}

function saidAt({ id, timestamp }: Message): string {
  const ms = Date.parse(timestamp ?? '')
  return Number.isNaN(ms) ? momentOf(id) : new Date(ms).toISOString()
}

export function editedAt(message: Message): string | null {
  const ms = Date.parse(message.edited_timestamp ?? '')
  return Number.isNaN(ms) ? null : new Date(ms).toISOString()
}

/** A change of what a person wrote; null where Discord only added a preview, or a bot wrote it. */
export function editOf(message: Message, place: Place | null, self: Self): IncomingEdit | null {
  const at = editedAt(message)
  if (at === null || !isWritten(message) || place?.kind === 'other') return null
  return {
    kind: 'edit',
    channel: 'discord',
    externalId: message.id,
    placeId: message.channel_id,
    userId: message.author.id,
    userName: nameOf(message.author),
    editedAt: at,
    text: textOf(message, self),
  }
}

/** A reaction to a message of ours, as far as Discord says whose it is: it does for additions only. */
export function reactionOf(
  packet: ReactionChange,
  change: 'added' | 'removed',
  self: Self,
  at: string,
): Extract<Incoming, { kind: 'reaction' }> | null {
  const emoji = emojiText(packet.emoji)
  const user = packet.member?.user
  if (emoji === null || packet.user_id === self.userId || user?.bot === true) return null
  if (packet.message_author_id !== undefined && packet.message_author_id !== self.userId) return null
  return {
    kind: 'reaction',
    channel: 'discord',
    externalId: packet.message_id,
    placeId: packet.channel_id,
    userId: packet.user_id,
    userName: user === undefined ? null : nameOf(user),
    emoji,
    change,
    saidAt: at,
  }
}
