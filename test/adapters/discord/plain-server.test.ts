import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { checkDiscordSettings } from '../../../src/adapters/discord/check.ts'
import { openDiscord } from '../../../src/adapters/discord/discord.ts'
import { openDiscordPublisher } from '../../../src/adapters/discord/publisher.ts'
import type { Incoming } from '../../../src/journal/incoming.ts'
import type { DiscordMessage } from '../../../src/posts/publisher.ts'

/**
 * A server that has only the pages without which nothing can be posted or heard, counts its messages from a round number, and
 * tells no field that may be missing.
 */
const bot = { id: '900000000000000001', username: 'primer', bot: true }
const person = { id: '900000000000000002', username: 'ann' }
const [guild, channel] = ['900000000000000003', '900000000000000004']

type Message = { id: string; channel_id: string; author: object; content: string; timestamp: string; embeds: object[] }

async function plainServer(extra: Readonly<Record<string, (body: unknown) => unknown>> = {}) {
  const messages: Message[] = []
  const asked: string[] = []
  const sockets: WebSocket[] = []
  let seq = 0
  const say = (author: object, content: string, more: object = {}): Message => {
    const id = String(1_000_000_000_000_000_000n + BigInt(messages.length + 1))
    const made = { id, channel_id: channel, author, content, timestamp: new Date().toISOString(), embeds: [], ...more }
    messages.push(made)
    return made
  }
  const pages: Readonly<Record<string, (body: unknown, query: URLSearchParams) => unknown>> = {
    'GET /gateway/bot': () => ({
      url: `ws://127.0.0.1:${port}/`,
      shards: 1,
      session_start_limit: { total: 9, remaining: 9, reset_after: 0, max_concurrency: 1 },
    }),
    [`GET /channels/${channel}`]: () => ({ id: channel, type: 0 }),
    [`GET /channels/${channel}/messages`]: (_body, query) => {
      const after = BigInt(query.get('after') ?? '0')
      return messages.filter(({ id }) => BigInt(id) > after).toReversed()
    },
    [`POST /channels/${channel}/messages`]: (body) => say(bot, '', { embeds: (body as { embeds: object[] }).embeds }),
    [`PUT /applications/${bot.id}/guilds/${guild}/commands`]: (body) => body,
    ...extra,
  }
  const server = http.createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url!, 'http://localhost')
    const name = `${request.method} ${url.pathname.replace(/^\/api\/v10/, '')}`
    asked.push(name)
    const text = Buffer.concat(chunks).toString()
    const one = /^GET .*\/messages\/(\d+)$/.exec(name)?.[1]
    const page = one === undefined ? pages[name] : () => messages.find(({ id }) => id === one)
    const body = page?.(text === '' ? null : JSON.parse(text), url.searchParams)
    response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { message: '404: Not Found', code: 0 }))
  })
  new WebSocketServer({ server }).on('connection', (socket) => {
    sockets.push(socket)
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: 40_000 } }))
    socket.on('message', (raw) => {
      const { op } = JSON.parse(String(raw))
      if (op === 1) socket.send(JSON.stringify({ op: 11 }))
      if (op !== 2) return
      const resume_gateway_url = `ws://127.0.0.1:${port}`
      const ready = { v: 10, user: bot, guilds: [{ id: guild }], session_id: 'a', resume_gateway_url }
      socket.send(JSON.stringify({ op: 0, t: 'READY', s: ++seq, d: { ...ready, application: { id: bot.id } } }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    messages,
    asked,
    say,
    tell: (t: string, d: object) => {
      for (const socket of sockets) socket.send(JSON.stringify({ op: 0, t, s: ++seq, d }))
    },
    close: () => {
      for (const socket of sockets) socket.terminate()
      server.closeAllConnections()
      server.close()
    },
  }
}

const silent = { debug: () => {}, info: () => {}, warn: () => {} }

function heard(server: { readonly apiUrl: string }, cursor: { id: string | null }) {
  const events: Incoming[] = []
  const discord = openDiscord({
    settings: { token: 'plain', applicationId: bot.id, channelId: channel, apiUrl: server.apiUrl },
    commands: [{ name: 'help', description: 'What this bot answers' }],
    onEvents: async (batch) => void events.push(...batch),
    onInteraction: async () => ({ kind: 'reply', ephemeral: true, content: '' }),
    isPrivate: () => true,
    cursor: {
      read: async () => cursor.id,
      write: async (id) => {
        cursor.id = id
      },
    },
    held: async () => [],
    log: silent,
  })
  return { discord, events }
}

async function until(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    assert(waited < 5000, 'it did not happen')
    await sleep(20)
  }
}

test('a server that lists neither threads nor commands is listened to, and what was said in an absence is fetched', async () => {
  const server = await plainServer()
  const cursor = { id: null }
  try {
    const first = heard(server, cursor)
    await until(() => first.discord.state().isCaughtUp)
    await first.discord.close()
    const post = server.say(bot, 'Day 1')
    const said = server.say(person, 'Why?', { message_reference: { message_id: post.id }, referenced_message: post })
    const second = heard(server, cursor)
    await until(() => second.events.some(({ kind }) => kind === 'message'))
    await second.discord.close()
    const [event] = second.events.filter(({ kind }) => kind === 'message')
    assert(event?.kind === 'message')
    assert.deepEqual([event.externalId, event.repliesTo, event.via], [said.id, post.id, 'reply'])
    // The number says nothing of the time there; the message does.
    assert.equal(event.saidAt, said.timestamp)
    assert(server.asked.includes(`PUT /applications/${bot.id}/guilds/${guild}/commands`))
  } finally {
    server.close()
  }
})

test('a change that tells only what changed is looked up, and a reaction without an id of its emoji is one', async () => {
  const server = await plainServer()
  try {
    const { discord, events } = heard(server, { id: null })
    await until(() => discord.state().isCaughtUp)
    const post = server.say(bot, 'Day 1')
    const said = server.say(person, 'Why?', { type: 19, message_reference: { message_id: post.id } })
    server.tell('MESSAGE_CREATE', { ...said, guild_id: guild })
    Object.assign(said, { content: 'Why not?', edited_timestamp: '2026-11-21T10:00:00.000Z' })
    server.tell('MESSAGE_UPDATE', { id: said.id, channel_id: channel, guild_id: guild, content: 'Why not?' })
    server.tell('MESSAGE_REACTION_ADD', {
      user_id: person.id,
      channel_id: channel,
      message_id: post.id,
      guild_id: guild,
      emoji: { name: '👍' },
    })
    await until(() => events.some(({ kind }) => kind === 'edit') && events.some(({ kind }) => kind === 'reaction'))
    await discord.close()
    const edit = events.find(({ kind }) => kind === 'edit')
    const reaction = events.find(({ kind }) => kind === 'reaction')
    assert(edit?.kind === 'edit' && edit.text === 'Why not?')
    assert(reaction?.kind === 'reaction' && reaction.emoji === '👍')
  } finally {
    server.close()
  }
})

const post: DiscordMessage = {
  channel: 'discord',
  post: { embeds: [{ title: 'Day 1', description: `\`${'ab'.repeat(32)}\``, color: 1 }], components: [] },
  files: [],
  pin: true,
} as unknown as DiscordMessage

test('a post is found again where nobody says who we are, and pinned by the older page', async () => {
  const pinned: string[] = []
  const first = '1000000000000000001'
  const server = await plainServer({
    [`PUT /channels/${channel}/pins/${first}`]: () => pinned.push(first) && {},
    [`GET /channels/${channel}/pins`]: () => [],
  })
  try {
    const publisher = openDiscordPublisher({ token: 'plain', channelId: channel, apiUrl: server.apiUrl, log: silent })
    const since = new Date().toISOString()
    assert.equal(await publisher.find(post, 'n', since), null)
    const sent = await publisher.send(post, 'n')
    assert.deepEqual(sent, { kind: 'sent', externalId: first })
    assert.deepEqual(pinned, [first])
    assert.equal(await publisher.find(post, 'other', since), first)
    server.say(person, 'no bot', { embeds: post.post.embeds })
    server.messages.shift()
    assert.equal(await publisher.find(post, 'other', since), null)
    await publisher.close()
  } finally {
    server.close()
  }
})

test('a server that always tells the same hundred messages is not asked for ever', async () => {
  const server = await plainServer()
  try {
    for (let index = 0; index < 100; index++) server.say(person, String(index))
    const same = server.messages.slice()
    server.messages.filter = () => same
    const publisher = openDiscordPublisher({ token: 'plain', channelId: channel, apiUrl: server.apiUrl, log: silent })
    assert.equal(await publisher.find(post, 'n', '2015-01-02T00:00:00.000Z'), null)
    await publisher.close()
    assert(server.asked.length < 6, `${server.asked.length} requests`)
  } finally {
    server.close()
  }
})

test('the check says what it could not learn of such a server, and what is no such server at all', async () => {
  const settings = { token: 'plain', applicationId: bot.id, channelId: channel }
  const server = await plainServer({
    'GET /users/@me': () => bot,
    [`GET /channels/${channel}`]: () => ({ id: channel, type: 0, guild_id: guild, name: 'primer' }),
  })
  const other = await plainServer()
  try {
    const found = await checkDiscordSettings({ ...settings, apiUrl: server.apiUrl }, [])
    assert(found.every(({ isGood }) => isGood))
    assert.match(found.map(({ said }) => said).join('\n'), /shows at the start[\s\S]*shows with the first post/)
    const wrong = await checkDiscordSettings({ ...settings, apiUrl: other.apiUrl }, [])
    assert.deepEqual(wrong, [{ isGood: false, said: 'what answers is not Discord: check DISCORD_API_URL' }])
  } finally {
    server.close()
    other.close()
  }
})
