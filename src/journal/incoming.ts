import { z } from 'zod'
import { Instant } from '../units.ts'
import { Channel } from './outbox-entry.ts'

/** What people say and do on any channel, and what they are answered, as plain data: adapters make it, `src/talk/` reads it. */

/** More characters than anybody may write on Discord (4,000) and than most long posts on X hold. */
export const outsideTextMost = 10_000

/**
 * Text from outside as it may be stored: whole surrogate pairs (canonical JSON has no others), no NUL (PostgreSQL has none),
 * cut to a length. Nothing else is changed: what a person wrote is kept as it was written.
 */
export function storable(text: string, most: number = outsideTextMost): string {
  return text.slice(0, most).replaceAll('\0', '').toWellFormed()
}

const id = z.string().min(1).max(64)
const name = z.string().max(200)
const text = z.string().max(outsideTextMost)

/** Where something happened and who did it. */
const From = {
  channel: Channel,
  /** Message it is about, by the channel's own number. */
  externalId: id,
  /** Channel, thread or direct conversation it stands in. */
  placeId: id,
  userId: id,
  /** As shown there; null where it was not said. */
  userName: name.nullable(),
}

/**
 * Somebody said something to us or about us. Dedupe by `externalId`: a backfill brings the same message once more, as it is
 * then. Text is null where the channel withheld it; an empty text was empty (an attachment alone).
 */
export const IncomingMessage = z.strictObject({
  ...From,
  kind: z.literal('message'),
  saidAt: Instant,
  text: text.nullable(),
  via: z.enum(['reply', 'mention', 'thread', 'direct', 'quote', 'conversation']),
  /**
   * Message it answers or quotes. It may be gone, and may be another person's: a `reply` or `quote` whose message is none of
   * ours by the journal was not said to us, and is not kept.
   */
  repliesTo: id.nullable(),
  /** Our message under which the thread or conversation stands. */
  threadOf: id.nullable(),
  attachments: z.int().min(0),
  /** Last change before we saw it; null: none. */
  editedAt: Instant.nullable(),
})

/** A message was changed. It may be one that was never captured, which is no matter of ours. Dedupe by (externalId, editedAt). */
export const IncomingEdit = z.strictObject({
  ...From,
  kind: z.literal('edit'),
  editedAt: Instant,
  text: text.nullable(),
})

/** A message is gone; who deleted it is not known. It may be one that was never captured. Dedupe by externalId. */
export const IncomingDeletion = z.strictObject({
  kind: z.literal('deletion'),
  channel: Channel,
  externalId: id,
  placeId: id,
  /** When it was noticed. */
  deletedAt: Instant,
})

/**
 * A reaction to a message was added or removed. A removal may concern a message that is not ours: it counts where its addition
 * was captured. Channels give no number to reactions: an addition counts where the last captured change is not one.
 */
export const IncomingReaction = z.strictObject({
  ...From,
  kind: z.literal('reaction'),
  /** The emoji itself, or `name:id` of a custom one. */
  emoji: z.string().min(1).max(64),
  change: z.enum(['added', 'removed']),
  /** When it was noticed; channels do not say when it was done. */
  saidAt: Instant,
})

/** Everybody whose reactions stand under one of our messages now, found after an absence: what differs from what is recorded changed meanwhile. */
export const IncomingTally = z.strictObject({
  kind: z.literal('tally'),
  channel: Channel,
  externalId: id,
  placeId: id,
  seenAt: Instant,
  present: z.array(
    z.strictObject({
      emoji: z.string().min(1).max(64),
      users: z.array(z.strictObject({ userId: id, userName: name.nullable() })),
    }),
  ),
  /** False: there were too many to list, so nobody may be taken to have withdrawn. */
  complete: z.boolean(),
})

/** Bots and ourselves are left out by the adapter. Every text is `storable`. */
export const Incoming = z.discriminatedUnion('kind', [
  IncomingMessage,
  IncomingEdit,
  IncomingDeletion,
  IncomingReaction,
  IncomingTally,
])
export type Incoming = z.infer<typeof Incoming>
export type IncomingMessage = z.infer<typeof IncomingMessage>
export type IncomingEdit = z.infer<typeof IncomingEdit>
export type IncomingDeletion = z.infer<typeof IncomingDeletion>
export type IncomingReaction = z.infer<typeof IncomingReaction>
export type IncomingTally = z.infer<typeof IncomingTally>

/** Somebody uses a command, presses a button, sends a form, or types an option that wants suggestions. */
export const Interaction = z.strictObject({
  kind: z.enum(['command', 'button', 'modal', 'autocomplete']),
  /** Name of the command; of a button or form, what stands before the first colon of its id. */
  name: z.string().min(1).max(100),
  /** `export` of `/privacy export`; null where there is none. */
  subcommand: z.string().max(100).nullable(),
  /** What follows in the id of a button or form: `agree:12:ab34` gives ['12', 'ab34']. */
  parameters: z.array(z.string().max(100)),
  /** Options of the command, or fields of the form by their id. Checked against nothing yet. */
  options: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** The option being typed; null unless kind is `autocomplete`. */
  focused: z.string().nullable(),
  interactionId: id,
  userId: id,
  userName: name.nullable(),
  placeId: id.nullable(),
  /** Message that carries the button; null where there is none. */
  messageId: id.nullable(),
  isDirect: z.boolean(),
  /** Language of the person's client, such as `fr` or `en-GB`; null where it is not said. */
  locale: z.string().max(20).nullable(),
  at: Instant,
})
export type Interaction = z.infer<typeof Interaction>

/** A field of a form. */
export type FormField = {
  readonly id: string
  /** At most 45 characters. */
  readonly label: string
  readonly long: boolean
  readonly required: boolean
  /** At most 4,000. */
  readonly lengthMax: number
  readonly placeholder?: string
}

/** An embed of an answer, in the API's own field names. */
export type AnswerEmbed = {
  readonly title?: string
  readonly description?: string
  readonly color?: number
  readonly fields?: readonly { readonly name: string; readonly value: string; readonly inline: boolean }[]
  readonly footer?: { readonly text: string }
  readonly timestamp?: Instant
  /** Only `attachment://NAME.png` of a file that comes along. */
  readonly image?: { readonly url: string }
}

/**
 * What a person is answered. The adapter sends it within three seconds, saying before that it is thinking when it takes
 * longer (never possible for `form` and `choices`), cuts what is too long for the channel, and lets nothing in it ping anybody.
 */
export type Answer =
  | {
      readonly kind: 'reply'
      readonly content?: string
      readonly embeds?: readonly AnswerEmbed[]
      readonly files?: readonly { readonly name: string; readonly bytes: Uint8Array; readonly alt?: string }[]
      /** Rows of buttons, as in a post. */
      readonly components?: readonly {
        readonly type: 1
        readonly components: readonly {
          readonly type: 2
          readonly style: 1 | 2 | 3 | 4
          readonly label: string
          readonly custom_id: string
        }[]
      }[]
      /** Only the person who asked sees it. */
      readonly ephemeral: boolean
    }
  /** `id` as of a button: what stands before the first colon becomes the name of the interaction that the sent form is. */
  | { readonly kind: 'form'; readonly id: string; readonly title: string; readonly fields: readonly FormField[] }
  /** Suggestions for the option being typed; at most 25 are shown. */
  | {
      readonly kind: 'choices'
      readonly choices: readonly { readonly name: string; readonly value: string | number }[]
    }

/** An option of a command, in the terms of people. */
export type CommandOption = {
  readonly name: string
  readonly description: string
  readonly type: 'text' | 'integer' | 'number' | 'flag'
  readonly required: boolean
  readonly suggests?: boolean
  readonly choices?: readonly { readonly name: string; readonly value: string | number }[]
  readonly min?: number
  readonly max?: number
  readonly lengthMax?: number
}

/** A slash command as it is registered. */
export type Command = {
  readonly name: string
  readonly description: string
  readonly options?: readonly CommandOption[]
  readonly subcommands?: readonly {
    readonly name: string
    readonly description: string
    readonly options?: readonly CommandOption[]
  }[]
  /** Shown by default only to those who may manage the server; who may use it is checked when it is used. */
  readonly ownerOnly?: boolean
}
