import { randomBytes } from 'node:crypto'
import type { Pseudonym, TextRef } from '../journal/community-entry.ts'
import { type SealedText, sealText } from '../journal/erasable.ts'
import { storable } from '../journal/incoming.ts'
import type { Channel } from '../journal/outbox-entry.ts'
import type { People } from './people.ts'

/** Name of the journal's book that holds what people said. */
export const communityBook = 'community'

/** Characters of one text that are kept. */
export const keptTextMost = 4000

/** What can be erased of an utterance: its words, and everything that leads to who said it and where. */
export type SaidContent = {
  readonly channel: Channel
  readonly userId: string
  readonly userName?: string | null
  readonly text: string | null
  readonly messageId?: string
  readonly placeId?: string | null
  readonly repliesTo?: string | null
  readonly threadOf?: string | null
  readonly attachments?: number
  /** Last change of the message as it was kept. */
  readonly editedAt?: string | null
  /** The text was longer and is cut. */
  readonly cut?: true
}

/** A text in the two parts that an entry takes: the reference for its body, and the row that can be erased. */
export function sealSaid(
  person: Pseudonym,
  content: SaidContent | { readonly [name: string]: unknown },
): { readonly ref: TextRef; readonly row: SealedText } {
  const id = randomBytes(16).toString('hex')
  // One name with half a letter in it must not keep a whole batch from being written.
  const whole = Object.fromEntries(
    Object.entries(content).map(([name, value]) => [name, typeof value === 'string' ? storable(value) : value]),
  )
  return sealText({ id, salt: randomBytes(16).toString('hex'), person, content: whole })
}

/** A text within the bound, and whether that cost some of it. Nothing else is changed: hostile text is data like any other. */
export function bounded(text: string | null): { readonly text: string | null; readonly cut?: true } {
  if (text === null) return { text }
  const kept = storable(text, keptTextMost)
  return text.length > keptTextMost ? { text: kept, cut: true } : { text: kept }
}

/** Keys under which each utterance is written once. None of them names a message or a person to who lacks the people key. */
export function keysOf(people: People) {
  const { opaque } = people
  return {
    message: (channel: Channel, messageId: string) => `said/${opaque(channel, 'message', messageId)}`,
    edit: (channel: Channel, messageId: string, editedAt: string) =>
      `said/e/${opaque(channel, 'edit', messageId, editedAt)}`,
    deletion: (channel: Channel, messageId: string) => `said/d/${opaque(channel, 'deletion', messageId)}`,
    /** All changes of reactions to a message. */
    reactions: (channel: Channel, messageId: string) => `said/r/${opaque(channel, 'reactions', messageId)}/`,
    /** The changes of one person's one emoji, to be followed by their count. */
    reaction: (channel: Channel, messageId: string, userId: string, emoji: string) =>
      `said/r/${opaque(channel, 'reactions', messageId)}/${opaque(channel, 'reaction', messageId, userId, emoji)}/`,
    /** The opinions of one person on one decision, to be followed by their count. */
    opinion: (channel: Channel, decision: number, userId: string) =>
      `said/o/${opaque(channel, 'opinion', String(decision), userId)}/`,
    interaction: (channel: Channel, interactionId: string) => `said/i/${opaque(channel, 'interaction', interactionId)}`,
    /** Name of the cursor that says that a message was deleted before it was seen. */
    gone: (channel: Channel, messageId: string) => `gone/${opaque(channel, 'deletion', messageId)}`,
  }
}
export type Keys = ReturnType<typeof keysOf>
