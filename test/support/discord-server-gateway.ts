import { randomBytes } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { type Message, rendered, type State } from './discord-server-state.ts'

/** Bits of the intents that the server looks at. */
const intent = {
  Guilds: 1 << 0,
  GuildMessages: 1 << 9,
  GuildMessageReactions: 1 << 10,
  DirectMessages: 1 << 12,
  DirectMessageReactions: 1 << 13,
  MessageContent: 1 << 15,
} as const

type Session = {
  readonly id: string
  readonly intents: number
  seq: number
  socket: WebSocket | null
  /** Dispatches that a resume may ask for. */
  readonly sent: { readonly s: number; readonly text: string }[]
}

type Packet = { readonly op: number; readonly d: unknown }

/** The WebSocket half of the server: identify, resume, heartbeats and dispatches, with everything that goes wrong there. */
export class Gateway {
  readonly sessions = new Map<string, Session>()
  readonly log: { readonly kind: 'identify' | 'resume' | 'refused' | 'closed'; readonly detail: number | string }[] = []
  /** Dispatches kept for a resume; older ones are lost, and so is the session. */
  readonly keep = 25_000
  private readonly state: State
  private readonly server: WebSocketServer
  private refusedUntil = 0
  /** Nothing is answered, not even a heartbeat. */
  isDeaf = false

  constructor(state: State, http: Server) {
    this.state = state
    this.server = new WebSocketServer({ noServer: true, maxPayload: 1 << 20 })
    http.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => {})
      if (Date.now() < this.refusedUntil || !request.url?.startsWith('/gateway')) {
        this.log.push({ kind: 'refused', detail: request.url ?? '' })
        socket.destroy()
        return
      }
      this.server.handleUpgrade(request, socket, head, (ws) => this.connected(ws))
    })
  }

  private connected(ws: WebSocket): void {
    let session: Session | null = null
    ws.on('error', () => {})
    ws.on('close', (code) => {
      this.log.push({ kind: 'closed', detail: code })
      if (session?.socket === ws) session.socket = null
      // A connection that the client ends in good order ends the session too.
      if (session !== null && (code === 1000 || code === 1001)) this.sessions.delete(session.id)
    })
    ws.send(JSON.stringify({ op: 10, d: { heartbeat_interval: this.state.heartbeatMs } }))
    ws.on('message', (data) => {
      if (this.isDeaf) return
      const text = String(data)
      if (text.length > 4096) return ws.close(4002, 'Error while decoding payload.')
      let packet: Packet
      try {
        packet = JSON.parse(text) as Packet
      } catch {
        return ws.close(4002, 'Error while decoding payload.')
      }
      if (packet.op === 1) return ws.send(JSON.stringify({ op: 11 }))
      if (packet.op === 2 || packet.op === 6) {
        if (session !== null) return ws.close(4005, 'Already authenticated.')
        session = packet.op === 2 ? this.identify(ws, packet.d) : this.resume(ws, packet.d)
        return
      }
      if (session === null) return ws.close(4003, 'Not authenticated.')
    })
  }

  private identify(ws: WebSocket, d: unknown): Session | null {
    const { token, intents, properties } = (d ?? {}) as { token?: string; intents?: number; properties?: unknown }
    if (token !== this.state.token || this.state.tokenRevoked) {
      ws.close(4004, 'Authentication failed.')
      return null
    }
    if (!Number.isInteger(intents) || properties === undefined) {
      ws.close(4013, 'Invalid intent(s).')
      return null
    }
    if ((intents! & intent.MessageContent) !== 0 && !this.state.messageContent) {
      ws.close(4014, 'Disallowed intent(s).')
      return null
    }
    this.log.push({ kind: 'identify', detail: intents! })
    const session: Session = { id: randomBytes(8).toString('hex'), intents: intents!, seq: 0, socket: ws, sent: [] }
    this.sessions.set(session.id, session)
    const { state } = this
    this.to(session, 'READY', {
      v: 10,
      user: state.bot,
      guilds: [{ id: state.guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: gatewayUrls.get(this.state),
      shard: [0, 1],
      application: { id: state.applicationId, flags: state.messageContent ? 1 << 19 : 0 },
    })
    this.to(session, 'GUILD_CREATE', this.guild())
    return session
  }

  private resume(ws: WebSocket, d: unknown): Session | null {
    const { token, session_id, seq } = (d ?? {}) as { token?: string; session_id?: string; seq?: number }
    if (token !== this.state.token || this.state.tokenRevoked) {
      ws.close(4004, 'Authentication failed.')
      return null
    }
    const session = this.sessions.get(session_id ?? '')
    const first = session?.sent[0]?.s ?? Number.POSITIVE_INFINITY
    if (session === undefined || seq === undefined || (seq + 1 < first && seq < session.seq)) {
      ws.send(JSON.stringify({ op: 9, d: false }))
      return null
    }
    if (seq > session.seq) {
      ws.close(4007, 'Invalid seq.')
      return null
    }
    this.log.push({ kind: 'resume', detail: seq })
    session.socket?.terminate()
    session.socket = ws
    for (const { s, text } of session.sent) if (s > seq) ws.send(text)
    this.to(session, 'RESUMED', { _trace: [] })
    return session
  }

  guild(): Record<string, unknown> {
    const { state } = this
    const empty = [
      'emojis',
      'stickers',
      'presences',
      'voice_states',
      'stage_instances',
      'guild_scheduled_events',
      'soundboard_sounds',
    ]
    return {
      id: state.guildId,
      name: 'Test server',
      owner_id: state.owner.id,
      unavailable: false,
      member_count: state.users.size,
      roles: [
        {
          id: state.guildId,
          name: '@everyone',
          permissions: '0',
          position: 0,
          color: 0,
          hoist: false,
          managed: false,
          mentionable: false,
          flags: 0,
        },
      ],
      channels: [...state.channels.values()].filter((channel) => channel.type === 0),
      threads: [...state.channels.values()].filter(
        (channel) => channel.type === 11 && channel.thread_metadata?.archived !== true,
      ),
      members: [
        {
          user: state.bot,
          roles: [],
          joined_at: '2026-01-01T00:00:00.000000+00:00',
          deaf: false,
          mute: false,
          flags: 0,
        },
      ],
      ...Object.fromEntries(empty.map((name) => [name, []])),
    }
  }

  private to(session: Session, t: string, d: unknown): void {
    session.seq += 1
    const text = JSON.stringify({ op: 0, t, s: session.seq, d })
    session.sent.push({ s: session.seq, text })
    if (session.sent.length > this.keep) session.sent.shift()
    if (session.socket?.readyState === WebSocket.OPEN) session.socket.send(text)
  }

  /** Sends to every session that asked for such events. */
  dispatch(t: string, d: unknown, needs: number = intent.Guilds): void {
    for (const session of this.sessions.values()) if ((session.intents & needs) !== 0) this.to(session, t, d)
  }

  /** A message or its change, as each session may see it. */
  dispatchMessage(t: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE', message: Message): void {
    const isDirect = message.guild_id === undefined
    const { state } = this
    for (const session of this.sessions.values()) {
      if ((session.intents & (isDirect ? intent.DirectMessages : intent.GuildMessages)) === 0) continue
      const whole = rendered(state, message)
      const seesAll = (session.intents & intent.MessageContent) !== 0
      const packet: Record<string, unknown> = seesAll ? whole : withheld(state, whole)
      if (message.held.nonce !== undefined && t === 'MESSAGE_CREATE') packet.nonce = message.held.nonce
      if (!isDirect)
        packet.member = {
          roles: [],
          joined_at: '2026-01-01T00:00:00.000000+00:00',
          nick: null,
          deaf: false,
          mute: false,
          flags: 0,
        }
      this.to(session, t, packet)
    }
  }

  dispatchReaction(t: string, message: Message, d: Record<string, unknown>): void {
    const isDirect = message.guild_id === undefined
    this.dispatch(
      t,
      {
        channel_id: message.channel_id,
        message_id: message.id,
        ...(isDirect ? {} : { guild_id: message.guild_id }),
        ...d,
      },
      isDirect ? intent.DirectMessageReactions : intent.GuildMessageReactions,
    )
  }

  /** Cuts every connection; the sessions can be resumed. */
  drop(): void {
    for (const ws of this.server.clients) ws.terminate()
  }

  closeWith(code: number): void {
    for (const ws of this.server.clients) ws.close(code)
  }

  send(packet: unknown): void {
    for (const ws of this.server.clients) ws.send(typeof packet === 'string' ? packet : JSON.stringify(packet))
  }

  /** Drops everybody, forgets the sessions, and takes no connection for so long. */
  refuse(ms: number): void {
    this.refusedUntil = Date.now() + ms
    this.sessions.clear()
    this.drop()
  }

  close(): void {
    this.drop()
    this.server.close()
  }
}

/** Where each server's gateway is, told once it listens. */
export const gatewayUrls = new WeakMap<State, string>()

/** What Discord withholds from an application without the message-content intent. */
export function withheld(state: State, message: Record<string, unknown>): Record<string, unknown> {
  const author = message.author as { id: string }
  const mentions = message.mentions as { id: string }[]
  const isOpen =
    author.id === state.bot.id || message.guild_id === undefined || mentions.some(({ id }) => id === state.bot.id)
  const referenced = message.referenced_message
  const inner =
    referenced === undefined || referenced === null
      ? {}
      : { referenced_message: withheld(state, referenced as Record<string, unknown>) }
  return isOpen
    ? { ...message, ...inner }
    : { ...message, ...inner, content: '', embeds: [], attachments: [], components: [] }
}
