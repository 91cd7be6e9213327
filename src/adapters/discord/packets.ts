import { z } from 'zod'
import { storable } from '../../journal/incoming.ts'

/** What Discord sends, as far as it is read. Everything else in it is let pass; what does not fit is no packet of ours. */

const id = z.string().regex(/^\d{1,20}$/)
const outside = z.string().transform((text) => storable(text))

export const User = z.object({
  id,
  username: z.string(),
  global_name: z.string().nullish(),
  bot: z.boolean().optional(),
  system: z.boolean().optional(),
})
export type User = z.infer<typeof User>

const Emoji = z.object({ id: id.nullable().default(null), name: z.string().nullable() })
export type Emoji = z.infer<typeof Emoji>

const Reference = z.object({ type: z.int().optional(), message_id: id.optional(), channel_id: id.optional() })

export const Message = z.object({
  id,
  channel_id: id,
  guild_id: id.optional(),
  author: User,
  content: outside.optional(),
  type: z.int().default(0),
  timestamp: z.string().optional(),
  edited_timestamp: z.string().nullish(),
  webhook_id: id.optional(),
  mentions: z.array(z.object({ id })).default([]),
  attachments: z.array(z.unknown()).default([]),
  embeds: z.array(z.unknown()).default([]),
  nonce: z.union([z.string(), z.number()]).optional(),
  pinned: z.boolean().optional(),
  message_reference: Reference.nullish(),
  referenced_message: z.object({ id, author: User }).nullish(),
  reactions: z.array(z.object({ emoji: Emoji, count: z.int() })).optional(),
})
export type Message = z.infer<typeof Message>

export const Thread = z.object({
  id,
  type: z.int(),
  parent_id: id.nullish(),
  owner_id: id.nullish(),
  guild_id: id.optional(),
  name: z.string().nullish(),
  thread_metadata: z.object({ archived: z.boolean(), archive_timestamp: z.string() }).optional(),
})
export type Thread = z.infer<typeof Thread>

export const Threads = z.object({ threads: z.array(Thread), has_more: z.boolean().optional() })

export const ReactionChange = z.object({
  user_id: id,
  channel_id: id,
  message_id: id,
  guild_id: id.optional(),
  emoji: Emoji,
  message_author_id: id.optional(),
  member: z.object({ user: User.optional() }).optional(),
})

export type ReactionChange = z.infer<typeof ReactionChange>

export const ReactionsCleared = z.object({ channel_id: id, message_id: id, guild_id: id.optional() })
/** All that a change of a message certainly tells; the rest may be missing where it did not change. */
export const Change = z.object({ id, channel_id: id, guild_id: id.optional() })
export const Deletion = z.object({ id, channel_id: id, guild_id: id.optional() })
export const Deletions = z.object({ ids: z.array(id), channel_id: id, guild_id: id.optional() })
export const Ready = z.object({
  user: User,
  application: z.object({ id, flags: z.int().optional() }),
  guilds: z.array(z.object({ id })).default([]),
})
export const Guild = z.object({
  id,
  channels: z.array(z.object({ id, type: z.int() })).default([]),
  threads: z.array(Thread).default([]),
})

const Value = z.union([outside, z.number(), z.boolean()])
const Option = z.object({ name: z.string().max(100), value: Value.optional(), focused: z.boolean().optional() })
const OuterOption = Option.extend({ type: z.int(), options: z.array(Option).max(25).optional() })

/** A field of a sent form, in either of the two shapes Discord has had. */
const Field = z.object({ custom_id: z.string().max(100), value: outside })
const Row = z.union([
  z.object({ component: Field }).transform((row) => [row.component]),
  z.object({ components: z.array(Field).max(5) }).transform((row) => row.components),
])

export const InteractionPacket = z.object({
  id,
  token: z.string().min(1).max(1000),
  type: z.int(),
  channel_id: id.optional(),
  guild_id: id.optional(),
  locale: z.string().max(20).optional(),
  member: z.object({ user: User }).optional(),
  user: User.optional(),
  message: z.object({ id }).optional(),
  data: z
    .object({
      name: z.string().max(100).optional(),
      type: z.int().optional(),
      options: z.array(OuterOption).max(25).default([]),
      custom_id: z.string().min(1).max(100).optional(),
      component_type: z.int().optional(),
      components: z.array(Row).max(10).default([]),
    })
    .optional(),
})
export type InteractionPacket = z.infer<typeof InteractionPacket>

/** Enough of an interaction that is otherwise unreadable to answer it. */
export const AnyInteraction = z.object({ id, token: z.string().min(1).max(1000), type: z.int() })

/** The emoji itself, or `name:id` of a custom one; null where nothing can be told. */
export function emojiText(emoji: Emoji): string | null {
  const text = emoji.id === null ? (emoji.name ?? '') : `${emoji.name ?? 'deleted'}:${emoji.id}`
  return text === '' ? null : storable(text, 64)
}

export function nameOf(user: User): string {
  return storable(user.global_name ?? user.username, 200)
}
