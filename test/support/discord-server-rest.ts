import type { Gateway } from './discord-server-gateway.ts'
import { gatewayUrls, withheld } from './discord-server-gateway.ts'
import { formError, messageErrors, pings } from './discord-server-rules.ts'
import {
  type Channel,
  emojiKey,
  type Message,
  type Permission,
  permissionBits,
  rendered,
  type SentInteraction,
  type State,
} from './discord-server-state.ts'

export type Request = {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  readonly files: readonly { readonly name: string; readonly bytes: Uint8Array }[]
  readonly isAuthorized: boolean
}
export type Reply = { readonly status: number; readonly body?: unknown; readonly headers?: Record<string, string> }

const answer = (body: unknown, status = 200): Reply => ({ status, body })
const nothing: Reply = { status: 204 }
const refuse = (status: number, code: number, message: string): Reply => ({ status, body: { message, code } })
const unknownChannel = refuse(404, 10003, 'Unknown Channel')
const unknownMessage = refuse(404, 10008, 'Unknown Message')
const missingAccess = refuse(403, 50001, 'Missing Access')
const missingPermissions = refuse(403, 50013, 'Missing Permissions')

type Handler = (request: Request, ids: readonly string[]) => Reply

/** Every request of the API that a bot like ours makes; anything else is answered 404, as Discord does. */
export class Rest {
  private readonly state: State
  private readonly gateway: Gateway
  private readonly posted = new Map<string, number[]>()
  private readonly routes: readonly (readonly [string, RegExp, Handler])[]

  constructor(state: State, gateway: Gateway) {
    this.state = state
    this.gateway = gateway
    const route = (method: string, pattern: string, handler: Handler) =>
      [method, new RegExp(`^${pattern.replaceAll(':id', '([^/]+)')}$`), handler] as const
    this.routes = [
      route('GET', '/gateway/bot', () => this.gatewayBot()),
      route('GET', '/users/@me', () => answer(state.bot)),
      route('GET', '/(?:oauth2/)?applications/@me', () => answer(this.application())),
      route('POST', '/users/@me/channels', ({ body }) => this.direct(String(body.recipient_id))),
      route('GET', '/guilds/:id', (_, [id]) =>
        id === state.guildId ? answer(this.gateway.guild()) : refuse(404, 10004, 'Unknown Guild'),
      ),
      route('GET', '/guilds/:id/roles', () => answer(this.roles())),
      route('GET', '/guilds/:id/members/:id', (_, [, id]) => answer({ user: state.users.get(id!), roles: ['7'] })),
      route('GET', '/guilds/:id/threads/active', () => this.threads(false)),
      route('GET', '/channels/:id', (_, [id]) => this.channel(id!)),
      route('GET', '/channels/:id/threads/archived/public', (request, [id]) => this.archived(request, id!)),
      route('GET', '/channels/:id/messages', (request, [id]) => this.history(request, id!)),
      route('GET', '/channels/:id/(?:messages/)?pins', (_, [id]) => this.pinned(id!)),
      route('PUT', '/channels/:id/(?:messages/)?pins/:id', (_, [channel, id]) => this.pin(channel!, id!, true)),
      route('DELETE', '/channels/:id/(?:messages/)?pins/:id', (_, [channel, id]) => this.pin(channel!, id!, false)),
      route('GET', '/channels/:id/messages/:id', (_, [channel, id]) => this.one(channel!, id!)),
      route('POST', '/channels/:id/messages', (request, [id]) => this.post(request, id!)),
      route('PATCH', '/channels/:id/messages/:id', (request, [channel, id]) => this.change(request, channel!, id!)),
      route('POST', '/channels/:id/messages/:id/threads', (request, [channel, id]) =>
        this.openThread(request, channel!, id!),
      ),
      route('GET', '/channels/:id/messages/:id/reactions/:id', (request, [channel, id, emoji]) =>
        this.reactions(request, channel!, id!, decodeURIComponent(emoji!)),
      ),
      route('GET', '/applications/:id/guilds/:id/commands', () => answer(state.commands)),
      route('PUT', '/applications/:id/guilds/:id/commands', (request) => this.commands(request)),
      route('POST', '/interactions/:id/:id/callback', (request, [id, token]) => this.callback(request, id!, token!)),
      route('PATCH', '/webhooks/:id/:id/messages/@original', (request, [, token]) => this.original(request, token!)),
      route('DELETE', '/webhooks/:id/:id/messages/@original', (_, [, token]) => this.removeOriginal(token!)),
      route('POST', '/webhooks/:id/:id', (request, [, token]) => this.followup(request, token!)),
    ]
  }

  handle(request: Request): Reply {
    const open = /^\/(interactions|webhooks)\//.test(request.path)
    if (!open && !request.isAuthorized) return refuse(401, 0, '401: Unauthorized')
    for (const [method, pattern, handler] of this.routes) {
      const match = method === request.method ? pattern.exec(request.path) : null
      if (match !== null) return handler(request, match.slice(1))
    }
    return refuse(404, 0, '404: Not Found')
  }

  private gatewayBot(): Reply {
    return answer({
      url: gatewayUrls.get(this.state),
      shards: 1,
      session_start_limit: { total: 1000, remaining: 999, reset_after: 86_400_000, max_concurrency: 1 },
    })
  }

  private application(): unknown {
    const { state } = this
    return {
      id: state.applicationId,
      name: 'Primer',
      // The switch in the portal, as applications in few servers have it.
      flags: state.messageContent ? 1 << 19 : 0,
      bot: state.bot,
      owner: state.owner,
      bot_public: true,
    }
  }

  private roles(): unknown {
    let bits = 0n
    for (const name of this.state.permissions) bits |= permissionBits[name]
    return [
      { id: this.state.guildId, name: '@everyone', permissions: '0', position: 0 },
      { id: '7', name: 'Primer', permissions: String(bits), position: 1 },
    ]
  }

  private direct(recipient: string): Reply {
    const user = this.state.users.get(recipient)
    return user === undefined ? refuse(400, 50033, 'Invalid Recipient(s)') : answer(this.state.directChannel(user))
  }

  /** The channel, where the bot may see it. */
  private seen(id: string): Channel | Reply {
    const channel = this.state.channels.get(id)
    if (channel === undefined) return unknownChannel
    if (channel.guild_id !== undefined && !this.may('ViewChannel')) return missingAccess
    return channel
  }

  private may(...names: readonly Permission[]): boolean {
    return names.every((name) => this.state.permissions.has(name))
  }

  private channel(id: string): Reply {
    const channel = this.seen(id)
    return 'status' in channel ? channel : answer(channel)
  }

  private threads(isArchived: boolean, parent?: string): Reply {
    const threads = [...this.state.channels.values()].filter(
      (channel) =>
        channel.type === 11 &&
        channel.thread_metadata?.archived === isArchived &&
        (parent === undefined || channel.parent_id === parent),
    )
    return answer({ threads, members: [], has_more: false })
  }

  private archived(request: Request, id: string): Reply {
    const channel = this.seen(id)
    if ('status' in channel) return channel
    if (!this.may('ReadMessageHistory')) return missingPermissions
    const before = request.query.get('before')
    const limit = Number(request.query.get('limit') ?? 50)
    const threads = this.state
      .threadsOf(id)
      .filter((thread) => thread.thread_metadata?.archived === true)
      .filter((thread) => before === null || thread.thread_metadata!.archive_timestamp < before)
      .sort((a, b) => (a.thread_metadata!.archive_timestamp < b.thread_metadata!.archive_timestamp ? 1 : -1))
    return answer({ threads: threads.slice(0, limit), members: [], has_more: threads.length > limit })
  }

  private history(request: Request, id: string): Reply {
    const channel = this.seen(id)
    if ('status' in channel) return channel
    if (channel.guild_id !== undefined && !this.may('ReadMessageHistory')) return answer([])
    const limit = Number(request.query.get('limit') ?? 50)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) {
      return answer(
        formError([{ path: 'limit', code: 'NUMBER_TYPE_MAX', message: 'int value should be between 1 and 100.' }]),
        400,
      )
    }
    const [before, after] = [request.query.get('before'), request.query.get('after')]
    let found = [...this.state.placed(id).values()]
    if (after !== null) found = found.filter((message) => BigInt(message.id) > BigInt(after)).slice(0, limit)
    else if (before !== null) found = found.filter((message) => BigInt(message.id) < BigInt(before)).slice(-limit)
    else found = found.slice(-limit)
    return answer(found.reverse().map((message) => this.shown(message)))
  }

  private shown(message: Message): Record<string, unknown> {
    const whole = rendered(this.state, message)
    return this.state.messageContent ? whole : withheld(this.state, whole)
  }

  private one(channelId: string, id: string): Reply {
    const channel = this.seen(channelId)
    if ('status' in channel) return channel
    const message = this.state.message(channelId, id)
    return message === undefined ? unknownMessage : answer(this.shown(message))
  }

  private post(request: Request, channelId: string): Reply {
    const { state } = this
    const channel = this.seen(channelId)
    if ('status' in channel) return channel
    const isThread = channel.type === 11
    if (channel.guild_id !== undefined && !this.may(isThread ? 'SendMessagesInThreads' : 'SendMessages'))
      return missingPermissions
    const { body, files } = request
    if (files.length > 0 && channel.guild_id !== undefined && !this.may('AttachFiles')) return missingPermissions
    if (
      Array.isArray(body.embeds) &&
      body.embeds.length > 0 &&
      channel.guild_id !== undefined &&
      !this.may('EmbedLinks')
    ) {
      return missingPermissions
    }
    const limited = this.limited(channelId)
    if (limited !== null) return limited
    const errors = messageErrors(
      body,
      files.map((file) => file.name),
      false,
    )
    if (errors.length > 0) {
      state.faults.push(`a message was refused: ${JSON.stringify(errors)}`)
      return answer(formError(errors), 400)
    }
    const nonce = body.nonce === undefined ? undefined : String(body.nonce)
    if (nonce !== undefined && body.enforce_nonce === true) {
      // Discord remembers a nonce for some minutes.
      const known = [...state.placed(channelId).values()].findLast(
        (message) =>
          message.held.nonce === nonce &&
          message.author.id === state.bot.id &&
          state.now() - message.held.createdMs < 300_000,
      )
      if (known !== undefined) return answer({ ...rendered(state, known), nonce })
    }
    const reference = body.message_reference as { message_id?: string; fail_if_not_exists?: boolean } | undefined
    const answered = reference?.message_id === undefined ? undefined : state.message(channelId, reference.message_id)
    if (reference?.message_id !== undefined && answered === undefined && reference.fail_if_not_exists !== false) {
      return answer(
        formError([
          { path: 'message_reference', code: 'MESSAGE_REFERENCE_UNKNOWN_MESSAGE', message: 'Unknown message' },
        ]),
        400,
      )
    }
    const message = state.add({
      channel_id: channelId,
      author: state.bot,
      content: String(body.content ?? ''),
      embeds: (body.embeds as unknown[]) ?? [],
      components: (body.components as unknown[]) ?? [],
      attachments: attachmentsOf(state, request),
      ...(reference?.message_id === undefined
        ? {}
        : { type: 19, message_reference: { channel_id: channelId, message_id: reference.message_id } }),
      held: {
        reactions: [],
        ...(nonce === undefined ? {} : { nonce }),
        files: filesOf(request),
        createdMs: state.now(),
      },
    })
    for (const ping of pings(state, body, answered?.author.id ?? null))
      state.faults.push(`message ${message.id} pings ${ping}`)
    this.gateway.dispatchMessage('MESSAGE_CREATE', message)
    return answer({ ...rendered(state, message), ...(nonce === undefined ? {} : { nonce }) })
  }

  private limited(channelId: string): Reply | null {
    const { rateLimit } = this.state
    if (rateLimit === null || rateLimit === undefined) return null
    const now = Date.now()
    const recent = (this.posted.get(channelId) ?? []).filter((at) => now - at < rateLimit.perMs)
    this.posted.set(channelId, recent)
    if (recent.length >= rateLimit.limit) {
      const seconds = (rateLimit.perMs - (now - recent[0]!)) / 1000
      return {
        status: 429,
        body: { message: 'You are being rate limited.', retry_after: seconds, global: false },
        headers: { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-scope': 'user' },
      }
    }
    recent.push(now)
    return null
  }

  private change(request: Request, channelId: string, id: string): Reply {
    const message = this.state.message(channelId, id)
    if (message === undefined) return unknownMessage
    if (message.author.id !== this.state.bot.id)
      return refuse(403, 50005, 'Cannot edit a message authored by another user')
    const errors = messageErrors(
      request.body,
      request.files.map((file) => file.name),
      true,
    )
    if (errors.length > 0) return answer(formError(errors), 400)
    Object.assign(message, request.body)
    message.edited_timestamp = new Date(this.state.now()).toISOString()
    this.gateway.dispatchMessage('MESSAGE_UPDATE', message)
    return answer(rendered(this.state, message))
  }

  private openThread(request: Request, channelId: string, id: string): Reply {
    const { state } = this
    const message = state.message(channelId, id)
    if (message === undefined) return unknownMessage
    if (!this.may('CreatePublicThreads')) return missingPermissions
    if (state.channels.has(id)) return refuse(400, 160004, 'A thread has already been created for this message')
    const name = String(request.body.name ?? '')
    if (name.trim() === '' || name.length > 100) {
      return answer(
        formError([{ path: 'name', code: 'BASE_TYPE_BAD_LENGTH', message: 'Must be between 1 and 100 in length.' }]),
        400,
      )
    }
    const thread = state.openThread(message, channelId, name, state.bot.id)
    this.gateway.dispatch('THREAD_CREATE', { ...thread, newly_created: true })
    return answer(thread, 201)
  }

  private pinned(channelId: string): Reply {
    const channel = this.seen(channelId)
    if ('status' in channel) return channel
    const items = (this.state.pins.get(channelId) ?? []).flatMap((id) => {
      const message = this.state.message(channelId, id)
      return message === undefined ? [] : [{ pinned_at: message.timestamp, message: this.shown(message) }]
    })
    return answer({ items, has_more: false })
  }

  private pin(channelId: string, id: string, isPinned: boolean): Reply {
    const message = this.state.message(channelId, id)
    if (message === undefined) return unknownMessage
    if (!this.may('PinMessages')) return missingPermissions
    const others = (this.state.pins.get(channelId) ?? []).filter((other) => other !== id)
    if (isPinned && others.length >= 50)
      return refuse(400, 30003, 'Maximum number of pins reached for the channel (50)')
    this.state.pins.set(channelId, isPinned ? [id, ...others] : others)
    message.pinned = isPinned
    return nothing
  }

  private reactions(request: Request, channelId: string, id: string, emoji: string): Reply {
    const message = this.state.message(channelId, id)
    if (message === undefined) return unknownMessage
    const limit = Number(request.query.get('limit') ?? 25)
    const after = request.query.get('after')
    const users = (message.held.reactions.find((reaction) => emojiKey(reaction.emoji) === emoji)?.users ?? [])
      .filter((user) => after === null || BigInt(user.id) > BigInt(after))
      .sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
    return answer(users.slice(0, Math.min(limit, 100)))
  }

  private commands(request: Request): Reply {
    const commands = request.body as unknown
    if (!Array.isArray(commands)) return refuse(400, 50035, 'Invalid Form Body')
    const { state } = this
    for (const command of commands as Record<string, unknown>[]) {
      const name = String(command.name)
      if (
        !/^[-_\p{Ll}\p{N}]{1,32}$/u.test(name) ||
        String(command.description ?? '').length < 1 ||
        String(command.description).length > 100
      ) {
        state.faults.push(`command ${name} was refused`)
        return answer(
          formError([
            {
              path: '0.name',
              code: 'APPLICATION_COMMAND_INVALID_NAME',
              message: 'Command name or description is invalid',
            },
          ]),
          400,
        )
      }
    }
    state.commandPuts += 1
    // What Discord adds to a command of its own accord.
    state.commands = (commands as Record<string, unknown>[]).map((command) => ({
      id: state.nextId(),
      application_id: state.applicationId,
      guild_id: state.guildId,
      version: state.nextId(),
      type: 1,
      default_member_permissions: null,
      nsfw: false,
      name_localizations: null,
      description_localizations: null,
      ...command,
    }))
    return answer(state.commands)
  }

  private callback(request: Request, id: string, token: string): Reply {
    const { state } = this
    const sent = state.interactions.get(id)
    if (sent === undefined || sent.token !== token) return refuse(404, 10062, 'Unknown interaction')
    if (sent.answeredWith !== null) return refuse(400, 40060, 'Interaction has already been acknowledged.')
    const after = Date.now() - sent.sentMs
    if (after > 3000) {
      state.faults.push(`interaction ${id} was answered after ${after} ms`)
      return refuse(404, 10062, 'Unknown interaction')
    }
    const type = Number(request.body.type)
    const data = (request.body.data ?? {}) as Record<string, unknown>
    const allowed: Record<number, readonly number[]> = { 2: [4, 5, 9], 3: [4, 5, 6, 7, 9], 4: [8], 5: [4, 5, 6, 7] }
    if (allowed[sent.type]?.includes(type) !== true) {
      state.faults.push(`interaction ${id} of type ${sent.type} was answered with ${type}`)
      return refuse(400, 50035, 'Invalid Form Body')
    }
    if (type === 4) {
      const refused = this.checked(sent, data, request)
      if (refused !== null) return refused
      sent.shown = data
    }
    if (type === 8) {
      const choices = (data.choices ?? []) as { name: string; value: unknown }[]
      const isWrong =
        choices.length > 25 ||
        choices.some(({ name, value }) => name.length < 1 || name.length > 100 || String(value).length > 100)
      if (isWrong) {
        state.faults.push(`choices of ${id} were refused`)
        return refuse(400, 50035, 'Invalid Form Body')
      }
    }
    if (type === 9) {
      const components = (data.components ?? []) as Record<string, unknown>[]
      const isWrong =
        String(data.title).length > 45 ||
        String(data.custom_id).length > 100 ||
        components.length < 1 ||
        components.length > 5
      if (isWrong) {
        state.faults.push(`the form of ${id} was refused`)
        return refuse(400, 50035, 'Invalid Form Body')
      }
    }
    if (type === 8 || type === 9) sent.data = data
    sent.answeredAfterMs = after
    sent.answeredWith = type
    sent.ephemeral = (Number(data.flags ?? 0) & 64) !== 0
    return nothing
  }

  private checked(sent: SentInteraction, data: Record<string, unknown>, request: Request): Reply | null {
    const errors = messageErrors(
      data,
      request.files.map((file) => file.name),
      false,
    )
    if (errors.length > 0) {
      this.state.faults.push(`an answer to ${sent.id} was refused: ${JSON.stringify(errors)}`)
      return answer(formError(errors), 400)
    }
    for (const ping of pings(this.state, data, null)) this.state.faults.push(`an answer to ${sent.id} pings ${ping}`)
    return null
  }

  private byToken(token: string): SentInteraction | undefined {
    return [...this.state.interactions.values()].find((sent) => sent.token === token)
  }

  private original(request: Request, token: string): Reply {
    const sent = this.byToken(token)
    if (sent === undefined || sent.answeredWith === null) return refuse(404, 10015, 'Unknown Webhook')
    const refused = this.checked(sent, request.body, request)
    if (refused !== null) return refused
    sent.shown = request.body
    return answer({ id: this.state.nextId(), ...request.body })
  }

  private removeOriginal(token: string): Reply {
    const sent = this.byToken(token)
    if (sent === undefined) return refuse(404, 10015, 'Unknown Webhook')
    sent.shown = null
    return nothing
  }

  private followup(request: Request, token: string): Reply {
    const sent = this.byToken(token)
    if (sent === undefined || sent.answeredWith === null) return refuse(404, 10015, 'Unknown Webhook')
    const refused = this.checked(sent, request.body, request)
    if (refused !== null) return refused
    sent.followups.push(request.body)
    return answer({ id: this.state.nextId(), ...request.body })
  }
}

function filesOf(request: Request): Map<string, Uint8Array> {
  return new Map(request.files.map((file) => [file.name, file.bytes]))
}

function attachmentsOf(state: State, request: Request): Message['attachments'] {
  const described = (request.body.attachments ?? []) as { id: number | string; description?: string }[]
  return request.files.map((file, index) => {
    const alt = described.find((attachment) => String(attachment.id) === String(index))?.description
    return {
      id: state.nextId(),
      filename: file.name,
      size: file.bytes.length,
      url: `http://127.0.0.1/attachments/${file.name}`,
      ...(alt === undefined ? {} : { description: alt }),
    }
  })
}
