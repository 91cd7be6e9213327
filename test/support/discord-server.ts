import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { Gateway, gatewayUrls } from './discord-server-gateway.ts'
import { Rest } from './discord-server-rest.ts'
import {
  emojiKey,
  emojiOf,
  type Fault,
  type Message,
  type Options,
  rendered,
  type SentInteraction,
  State,
  type User,
} from './discord-server-state.ts'

export type { Message, SentInteraction }

export type Saying = {
  /** Whoever says it; a user is made for an unknown id. Default: '900000000000000002'. */
  readonly userId?: string
  /** Message it answers. */
  readonly replyTo?: string
  /** Whether answering notifies, as it does unless the person switches it off. */
  readonly pings?: boolean
  /** Channel or thread; default: the channel. */
  readonly place?: string
  readonly direct?: boolean
  readonly attachments?: number
  /** Message that is passed on. */
  readonly forwards?: string
  readonly webhook?: boolean
  readonly bot?: boolean
}

export type DiscordServer = ReturnType<typeof api> & {
  /** For DISCORD_API_URL. */
  readonly url: string
  readonly close: () => Promise<void>
}

/**
 * A server that stands for Discord: its HTTP API and its gateway on one port of 127.0.0.1, strict where Discord is, with one
 * server of people, one channel, and one bot. What it would hold against the bot is collected in `state.faults`.
 */
export async function startDiscordServer(options: Options = {}): Promise<DiscordServer> {
  const state = new State(options)
  const http = createServer((request, response) => {
    void answered(request, response).catch(() => response.destroy())
  })
  const gateway = new Gateway(state, http)
  const rest = new Rest(state, gateway)
  const { calls, control } = withControl(api(state, gateway))

  async function answered(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const bytes = await bodyOf(request)
    const isControl = url.pathname === '/control'
    if (isControl) return send(response, control(bytes))
    const path = url.pathname
      .replace(/^\/api/, '')
      .replace(/^\/v10/, '')
      .replaceAll('%40', '@')
    const method = request.method ?? 'GET'
    const fault = state.failures.find((one) => (one.method ?? method) === method && one.path.test(path))
    if (fault !== undefined && --fault.times <= 0) state.failures.splice(state.failures.indexOf(fault), 1)
    if (fault?.kind === 'hang') return
    if (fault?.kind === 'cut') {
      response.destroy()
      return
    }
    if (fault?.kind === 'status') {
      note(method, path, fault.status ?? 500)
      return send(response, {
        status: fault.status ?? 500,
        body: fault.body ?? { message: 'fault', code: 0 },
        headers: { ...fault.headers },
      })
    }
    const reply = rest.handle({
      method,
      path,
      query: url.searchParams,
      ...(await parsed(request.headers['content-type'] ?? '', bytes)),
      isAuthorized: request.headers.authorization === `Bot ${state.token}` && !state.tokenRevoked,
    })
    note(method, path, reply.status)
    if (state.answerMs > 0 && method === 'POST' && path.endsWith('/messages')) await setTimeout(state.answerMs)
    if (fault?.kind === 'cut-after') {
      response.destroy()
      return
    }
    send(response, reply)
  }
  function note(method: string, path: string, status: number): void {
    state.requests.push({ method, path, status, at: Date.now() })
  }

  http.listen(options.port ?? 0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  gatewayUrls.set(state, `ws://127.0.0.1:${port}/gateway`)
  return {
    ...calls,
    url: `http://127.0.0.1:${port}/api`,
    close: async () => {
      gateway.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** What tests and people do to the server. */
function api(state: State, gateway: Gateway) {
  const author = (userId = '900000000000000002'): User => state.user(userId)
  const found = (id: string): Message => {
    const message = state.anywhere(id)
    if (message === undefined) throw new Error(`no message ${id}`)
    return message
  }

  function userSays(content: string, how: Saying = {}): Message {
    const user = how.bot === true ? { ...author(how.userId), bot: true } : author(how.userId)
    const place = how.direct === true ? state.directChannel(user).id : (how.place ?? state.channelId)
    const answered = how.replyTo === undefined ? undefined : state.anywhere(how.replyTo)
    const mentions = [...content.matchAll(/<@!?(\d+)>/g)].flatMap(([, id]) => state.users.get(id!) ?? [])
    if (answered !== undefined && how.pings !== false) mentions.push(answered.author)
    const isAnswer = how.replyTo !== undefined
    const reference = {
      channel_id: answered?.channel_id ?? place,
      message_id: how.replyTo ?? how.forwards ?? '',
      ...(how.forwards === undefined ? { type: 0 } : { type: 1 }),
    }
    const message = state.add({
      channel_id: place,
      author: user,
      content,
      mentions,
      type: isAnswer ? 19 : 0,
      ...(isAnswer || how.forwards !== undefined ? { message_reference: reference } : {}),
      ...(how.webhook === true ? { webhook_id: '55' } : {}),
      attachments: Array.from({ length: how.attachments ?? 0 }, (_, index) => ({
        id: state.nextId(),
        filename: `file-${index}.png`,
        size: 10,
        url: 'http://127.0.0.1/file.png',
      })),
    })
    gateway.dispatchMessage('MESSAGE_CREATE', message)
    return message
  }

  function react(id: string, emoji: string, userId?: string, change: 'added' | 'removed' = 'added'): void {
    const message = found(id)
    const user = author(userId)
    const what = emojiOf(emoji)
    let reaction = message.held.reactions.find((one) => emojiKey(one.emoji) === emojiKey(what))
    if (reaction === undefined) {
      reaction = { emoji: what, users: [] }
      message.held.reactions.push(reaction)
    }
    reaction.users = reaction.users.filter((one) => one.id !== user.id)
    if (change === 'added') reaction.users.push(user)
    gateway.dispatchReaction(`MESSAGE_REACTION_${change === 'added' ? 'ADD' : 'REMOVE'}`, message, {
      user_id: user.id,
      emoji: what,
      burst: false,
      type: 0,
      ...(change === 'added' ? { message_author_id: message.author.id, member: { user, roles: [] } } : {}),
    })
  }

  function clearReactions(id: string, emoji?: string): void {
    const message = found(id)
    message.held.reactions = message.held.reactions.filter(
      (one) => emoji !== undefined && emojiKey(one.emoji) !== emoji,
    )
    if (emoji === undefined) gateway.dispatchReaction('MESSAGE_REACTION_REMOVE_ALL', message, {})
    else gateway.dispatchReaction('MESSAGE_REACTION_REMOVE_EMOJI', message, { emoji: emojiOf(emoji) })
  }

  function edit(id: string, content: string): void {
    const message = found(id)
    message.content = content
    message.edited_timestamp = new Date(state.now()).toISOString().replace('Z', '000+00:00')
    gateway.dispatchMessage('MESSAGE_UPDATE', message)
  }

  function remove(...ids: readonly string[]): void {
    const messages = ids.map(found)
    for (const message of messages) state.placed(message.channel_id).delete(message.id)
    const [first] = messages
    const where = {
      channel_id: first!.channel_id,
      ...(first!.guild_id === undefined ? {} : { guild_id: first!.guild_id }),
    }
    const needs = first!.guild_id === undefined ? 1 << 12 : 1 << 9
    if (ids.length > 1) gateway.dispatch('MESSAGE_DELETE_BULK', { ids, ...where }, needs)
    else gateway.dispatch('MESSAGE_DELETE', { id: ids[0], ...where }, needs)
  }

  function interact(
    type: number,
    data: unknown,
    how: { userId?: string; message?: Message; place?: string; direct?: boolean },
  ): SentInteraction {
    const user = author(how.userId)
    const sent: SentInteraction = {
      id: state.nextId(),
      token: randomBytes(24).toString('base64url'),
      type,
      sentMs: Date.now(),
      answeredAfterMs: null,
      answeredWith: null,
      shown: null,
      data: null,
      ephemeral: false,
      followups: [],
    }
    state.interactions.set(sent.id, sent)
    const place = how.place ?? how.message?.channel_id ?? state.channelId
    const who =
      how.direct === true
        ? { user }
        : {
            member: { user, roles: [], permissions: '0', joined_at: '2026-01-01T00:00:00Z', flags: 0 },
            guild_id: state.guildId,
          }
    gateway.dispatch('INTERACTION_CREATE', {
      id: sent.id,
      application_id: state.applicationId,
      type,
      token: sent.token,
      version: 1,
      data,
      channel_id: place,
      channel: { id: place, type: 0 },
      ...who,
      ...(how.message === undefined ? {} : { message: rendered(state, how.message) }),
      locale: 'en-GB',
      app_permissions: '0',
      entitlements: [],
      authorizing_integration_owners: {},
      context: how.direct === true ? 1 : 0,
      attachment_size_limit: 10_485_760,
    })
    return sent
  }

  const optionOf = ([name, value]: readonly [string, string | number | boolean]) => ({
    name,
    type: typeof value === 'string' ? 3 : typeof value === 'boolean' ? 5 : Number.isInteger(value) ? 4 : 10,
    value,
  })
  type Options_ = Readonly<Record<string, string | number | boolean>>

  return {
    state,
    gateway,
    userSays,
    react,
    clearReactions,
    edit,
    delete: remove,
    unreact: (id: string, emoji: string, userId?: string) => react(id, emoji, userId, 'removed'),
    /** `/name`, or `/name subcommand` where the name holds a space. */
    slash: (name: string, options: Options_ = {}, how: { userId?: string; direct?: boolean } = {}) => {
      const [command, subcommand] = name.split(' ')
      const given = Object.entries(options).map(optionOf)
      const nested = subcommand === undefined ? given : [{ name: subcommand, type: 1, options: given }]
      return interact(2, { id: '1', name: command, type: 1, options: nested }, how)
    },
    complete: (name: string, options: Options_, focused: string, how: { userId?: string } = {}) =>
      interact(
        4,
        {
          id: '1',
          name,
          type: 1,
          options: Object.entries(options).map((option) => ({
            ...optionOf(option),
            ...(option[0] === focused ? { focused: true } : {}),
          })),
        },
        how,
      ),
    /** Presses the button of a message whose id begins so. */
    click: (messageId: string, button: string, how: { userId?: string } = {}) => {
      const message = found(messageId)
      const ids = [...JSON.stringify(message.components).matchAll(/"custom_id":"([^"]+)"/g)].map((match) => match[1]!)
      const id = ids.find((one) => one === button || one.startsWith(`${button}:`))
      if (id === undefined) throw new Error(`message ${messageId} has no button ${button}`)
      return interact(3, { custom_id: id, component_type: 2 }, { ...how, message })
    },
    submitModal: (customId: string, fields: Readonly<Record<string, string>>, how: { userId?: string } = {}) =>
      interact(
        5,
        {
          custom_id: customId,
          components: Object.entries(fields).map(([id, value], index) => ({
            type: 18,
            id: index + 1,
            component: { type: 4, id: index + 100, custom_id: id, value },
          })),
        },
        how,
      ),
    /** Any interaction at all, as hostile as wanted. */
    interact,
    /** Many messages at once. */
    burst: (count: number, how: (index: number) => Saying & { readonly text: string }): string[] =>
      Array.from({ length: count }, (_, index) => {
        const { text, ...rest } = how(index)
        return userSays(text, rest).id
      }),
    /** Replies to a post, each with a reaction of the same person, by so many people, and in the same breath a command. */
    crowd: (postId: string, count: number, people: number, command: string) => {
      for (let index = 0; index < count; index++) {
        const userId = String(7_000_000 + (index % people))
        userSays(`reply ${index}: I would rather hold`, { replyTo: postId, userId })
        react(postId, ['👍', '👎', '🤔', '🚀', '🐻'][Math.floor(index / people) % 5]!, userId)
      }
      return interact(2, { id: '1', name: command, type: 1, options: [] }, {}).id
    },
    /** Lets matching requests fail, `times` of them. */
    fail: (fault: Omit<Fault, 'times'> & { readonly times?: number }) => {
      state.failures.push({ ...fault, times: fault.times ?? 1 })
    },
    /** Messages of the bot in a place, oldest first. */
    posts: (place: string = state.channelId): Message[] =>
      [...state.placed(place).values()].filter((message) => message.author.id === state.bot.id),
    message: (id: string) => state.anywhere(id),
    drop: () => gateway.drop(),
    refuse: (ms: number) => gateway.refuse(ms),
    archiveThread: (id: string) => {
      const thread = state.channels.get(id)
      if (thread?.thread_metadata === undefined) throw new Error(`no thread ${id}`)
      thread.thread_metadata.archived = true
      thread.thread_metadata.archive_timestamp = new Date(state.now()).toISOString()
    },
    deleteThread: (id: string) => {
      const thread = state.channels.get(id)
      state.channels.delete(id)
      state.messages.delete(id)
      gateway.dispatch('THREAD_DELETE', { id, guild_id: state.guildId, parent_id: thread?.parent_id, type: 11 })
    },
    /** A thread that a person opens under a message or beside all. */
    userOpensThread: (name: string, messageId: string | null, userId = '900000000000000002') => {
      const message = messageId === null ? null : found(messageId)
      const thread = state.openThread(message, state.channelId, name, userId)
      gateway.dispatch('THREAD_CREATE', { ...thread, newly_created: true })
      return thread.id
    },
    /** Settings that point the bot here. */
    settings: () => ({
      token: state.token,
      applicationId: state.applicationId,
      channelId: state.channelId,
      ownerId: state.owner.id,
    }),
  }
}

/** The same calls for another process: POST /control with `{call, with}` answers `{result}`. */
function withControl(calls: ReturnType<typeof api>) {
  const control = (bytes: Uint8Array): { status: number; body?: unknown } => {
    try {
      const { call, with: given = [] } = JSON.parse(Buffer.from(bytes).toString()) as { call: string; with?: unknown[] }
      if (call === 'look') {
        const { faults, commands, commandPuts, requests, interactions } = calls.state
        return {
          status: 200,
          body: {
            result: {
              faults,
              commands,
              commandPuts,
              requests: requests.length,
              interactions: [...interactions.values()],
              ...calls.settings(),
            },
          },
        }
      }
      const todo = (calls as unknown as Record<string, (...values: unknown[]) => unknown>)[call]
      if (typeof todo !== 'function') return { status: 404, body: { message: `no call ${call}` } }
      return { status: 200, body: { result: todo(...given) ?? null } }
    } catch (error) {
      return { status: 400, body: { message: (error as Error).message } }
    }
  }
  return { calls, control }
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function parsed(
  type: string,
  bytes: Buffer,
): Promise<{ body: Record<string, unknown>; files: { name: string; bytes: Uint8Array }[] }> {
  if (!type.startsWith('multipart/form-data')) {
    return { body: bytes.length === 0 ? {} : (JSON.parse(bytes.toString()) as Record<string, unknown>), files: [] }
  }
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData()
  const files: { name: string; bytes: Uint8Array }[] = []
  for (const [key, value] of form.entries()) {
    if (/^files\[\d+\]$/.test(key) && typeof value !== 'string') {
      files.push({ name: value.name, bytes: new Uint8Array(await value.arrayBuffer()) })
    }
  }
  const whole = JSON.parse(String(form.get('payload_json') ?? '{}')) as Record<string, unknown>
  return { body: whole, files }
}

function send(
  response: ServerResponse,
  reply: { status: number; body?: unknown; headers?: Record<string, string> },
): void {
  // A 204 must have neither body nor type.
  if (reply.body === undefined) response.writeHead(reply.status, reply.headers).end()
  else
    response
      .writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
      .end(JSON.stringify(reply.body))
}
