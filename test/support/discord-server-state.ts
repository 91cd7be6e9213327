import { randomBytes } from 'node:crypto'

/** What the server knows, in the field names of Discord's API. */
export type User = { id: string; username: string; global_name: string | null; bot?: boolean }
export type Reaction = { emoji: { id: string | null; name: string }; users: User[] }
export type Message = {
  id: string
  channel_id: string
  guild_id?: string
  author: User
  content: string
  timestamp: string
  edited_timestamp: string | null
  type: number
  tts: boolean
  mention_everyone: boolean
  mentions: User[]
  mention_roles: string[]
  attachments: { id: string; filename: string; description?: string; size: number; url: string }[]
  embeds: unknown[]
  components: unknown[]
  pinned: boolean
  flags: number
  webhook_id?: string
  application_id?: string
  message_reference?: { type?: number; message_id?: string; channel_id: string; guild_id?: string }
  thread?: unknown
  /** Kept here, left out of answers as Discord does: reactions are rendered, a nonce is told once. */
  held: { reactions: Reaction[]; nonce?: string; files: Map<string, Uint8Array>; createdMs: number }
}
export type Channel = {
  id: string
  type: number
  guild_id?: string
  name?: string
  parent_id?: string | null
  owner_id?: string
  recipients?: User[]
  message_count?: number
  thread_metadata?: { archived: boolean; auto_archive_duration: number; archive_timestamp: string; locked: boolean }
  permission_overwrites?: { id: string; type: number; allow: string; deny: string }[]
}
export type SentInteraction = {
  readonly id: string
  readonly token: string
  readonly type: number
  readonly sentMs: number
  /** Milliseconds until the first answer; null: none came, or it came too late. */
  answeredAfterMs: number | null
  /** Kind of the first answer: 4 message, 5 thinking, 8 choices, 9 form. */
  answeredWith: number | null
  /** The message shown in the end; null as long as it is thinking. */
  shown: Record<string, unknown> | null
  /** Choices or form of an answer that is no message. */
  data: Record<string, unknown> | null
  ephemeral: boolean
  followups: Record<string, unknown>[]
}

/** What the server does to requests that match, before the queue of faults is empty. */
export type Fault = {
  readonly method?: string
  readonly path: RegExp
  /** `cut`: the connection breaks without an answer; `cut-after`: the same, once the request was performed; `hang`: no answer ever. */
  readonly kind: 'status' | 'cut' | 'cut-after' | 'hang'
  readonly status?: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  times: number
}

export type Options = {
  readonly token?: string
  readonly port?: number
  /** Whether the switch "Message Content Intent" of the portal is on. Default: on. */
  readonly messageContent?: boolean
  /** Milliseconds between heartbeats that are asked for. */
  readonly heartbeatMs?: number
  /** Messages a channel takes from the bot in so many milliseconds; null: as many as come. */
  readonly rateLimit?: { readonly limit: number; readonly perMs: number } | null
  readonly now?: () => number
}

/** Bits of the permissions that matter here. */
export const permissionBits = {
  AddReactions: 1n << 6n,
  ViewChannel: 1n << 10n,
  SendMessages: 1n << 11n,
  ManageMessages: 1n << 13n,
  EmbedLinks: 1n << 14n,
  AttachFiles: 1n << 15n,
  ReadMessageHistory: 1n << 16n,
  CreatePublicThreads: 1n << 35n,
  SendMessagesInThreads: 1n << 38n,
  PinMessages: 1n << 51n,
} as const
export type Permission = keyof typeof permissionBits

const epoch = 1_420_070_400_000

/** All of Discord, as far as one server with one channel and one bot goes. */
export class State {
  readonly token: string
  readonly applicationId: string
  readonly guildId: string
  readonly channelId: string
  readonly bot: User
  readonly owner: User
  readonly users = new Map<string, User>()
  readonly channels = new Map<string, Channel>()
  /** By channel, oldest first. */
  readonly messages = new Map<string, Map<string, Message>>()
  readonly pins = new Map<string, string[]>()
  readonly interactions = new Map<string, SentInteraction>()
  readonly permissions = new Set<Permission>(Object.keys(permissionBits) as Permission[])
  readonly failures: Fault[] = []
  /** What the bot did that Discord or a person would hold against it: pings, late answers, broken bodies. */
  readonly faults: string[] = []
  readonly requests: {
    readonly method: string
    readonly path: string
    readonly status: number
    readonly at: number
  }[] = []
  commands: Record<string, unknown>[] = []
  commandPuts = 0
  messageContent: boolean
  tokenRevoked = false
  /** Milliseconds between having a message and saying so. */
  answerMs = 0
  readonly rateLimit: Options['rateLimit']
  readonly heartbeatMs: number
  readonly now: () => number
  private lastMs = 0
  private increment = 0n

  constructor(options: Options) {
    this.now = options.now ?? Date.now
    this.token = options.token ?? `test.${randomBytes(12).toString('hex')}`
    this.messageContent = options.messageContent ?? true
    this.rateLimit = options.rateLimit ?? null
    this.heartbeatMs = options.heartbeatMs ?? 41_250
    this.applicationId = this.nextId()
    this.bot = { id: this.applicationId, username: 'primer', global_name: null, bot: true }
    this.users.set(this.bot.id, this.bot)
    this.guildId = this.nextId()
    this.channelId = this.nextId()
    this.owner = this.user('900000000000000001', 'owner')
    this.channels.set(this.channelId, {
      id: this.channelId,
      type: 0,
      guild_id: this.guildId,
      name: 'primer',
      parent_id: null,
      permission_overwrites: [],
    })
  }

  /** Ids rise with time, as everywhere in Discord. */
  nextId(atMs = this.now()): string {
    if (atMs > this.lastMs) {
      this.lastMs = atMs
      this.increment = 0n
    } else this.increment += 1n
    // What exceeds the twelve bits of a millisecond goes into the worker bits above them.
    return String((BigInt(this.lastMs - epoch) << 22n) + this.increment)
  }

  user(id: string, username = `user${id.slice(-4)}`): User {
    const known = this.users.get(id)
    if (known !== undefined) return known
    const user = { id, username, global_name: username }
    this.users.set(id, user)
    return user
  }

  placed(channelId: string): Map<string, Message> {
    const found = this.messages.get(channelId)
    if (found !== undefined) return found
    const made = new Map<string, Message>()
    this.messages.set(channelId, made)
    return made
  }

  message(channelId: string, id: string): Message | undefined {
    return this.messages.get(channelId)?.get(id)
  }

  /** A message wherever it is. */
  anywhere(id: string): Message | undefined {
    for (const place of this.messages.values()) if (place.has(id)) return place.get(id)
    return undefined
  }

  add(message: Partial<Message> & Pick<Message, 'channel_id' | 'author' | 'content'>): Message {
    const atMs = this.now()
    const channel = this.channels.get(message.channel_id)
    const whole: Message = {
      id: this.nextId(atMs),
      ...(channel?.guild_id === undefined ? {} : { guild_id: channel.guild_id }),
      timestamp: new Date(atMs).toISOString().replace('Z', '000+00:00'),
      edited_timestamp: null,
      type: 0,
      tts: false,
      mention_everyone: false,
      mentions: [],
      mention_roles: [],
      attachments: [],
      embeds: [],
      components: [],
      pinned: false,
      flags: 0,
      ...message,
      held: message.held ?? { reactions: [], files: new Map(), createdMs: atMs },
    }
    this.placed(whole.channel_id).set(whole.id, whole)
    if (channel?.thread_metadata !== undefined) {
      channel.thread_metadata.archived = false
      channel.message_count = (channel.message_count ?? 0) + 1
    }
    return whole
  }

  openThread(message: Message | null, parentId: string, name: string, ownerId: string): Channel {
    const thread: Channel = {
      id: message?.id ?? this.nextId(),
      type: 11,
      ...(this.channels.get(parentId)?.guild_id === undefined ? {} : { guild_id: this.guildId }),
      name,
      parent_id: parentId,
      owner_id: ownerId,
      message_count: 0,
      thread_metadata: {
        archived: false,
        auto_archive_duration: 1440,
        archive_timestamp: new Date(this.now()).toISOString(),
        locked: false,
      },
    }
    this.channels.set(thread.id, thread)
    if (message !== null) {
      message.flags |= 32
      message.thread = thread
    }
    return thread
  }

  directChannel(user: User): Channel {
    for (const channel of this.channels.values()) {
      if (channel.type === 1 && channel.recipients?.[0]?.id === user.id) return channel
    }
    const channel: Channel = { id: this.nextId(), type: 1, recipients: [user] }
    this.channels.set(channel.id, channel)
    return channel
  }

  threadsOf(parentId: string): Channel[] {
    return [...this.channels.values()].filter((channel) => channel.parent_id === parentId && channel.type === 11)
  }
}

/** A message as answers and dispatches show it; the message it answers comes along, null where that is gone. */
export function rendered(state: State, message: Message, withReference = true): Record<string, unknown> {
  const { held, ...plain } = message
  const reactions = held.reactions
    .filter((reaction) => reaction.users.length > 0)
    .map(({ emoji, users }) => ({
      emoji,
      count: users.length,
      count_details: { burst: 0, normal: users.length },
      me: users.some((user) => user.id === state.bot.id),
      me_burst: false,
      burst_colors: [],
    }))
  const referenced = message.message_reference
  const answered =
    withReference && message.type === 19 && referenced?.message_id !== undefined
      ? state.message(referenced.channel_id, referenced.message_id)
      : undefined
  return {
    ...plain,
    ...(reactions.length === 0 ? {} : { reactions }),
    ...(message.type === 19 && withReference
      ? { referenced_message: answered === undefined ? null : rendered(state, answered, false) }
      : {}),
  }
}

export function emojiOf(text: string): Reaction['emoji'] {
  const custom = /^(?:<a?:)?(\w+):(\d+)>?$/.exec(text)
  return custom === null ? { id: null, name: text } : { id: custom[2]!, name: custom[1]! }
}

export function emojiKey(emoji: Reaction['emoji']): string {
  return emoji.id === null ? emoji.name : `${emoji.name}:${emoji.id}`
}
