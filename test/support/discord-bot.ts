import { type Discord, type DiscordOptions, openDiscord } from '../../src/adapters/discord/discord.ts'
import type { Incoming, Interaction } from '../../src/journal/incoming.ts'
import type { DiscordMessage } from '../../src/posts/publisher.ts'
import type { DiscordServer, Message } from './discord-server.ts'

export type Bot = Discord & {
  readonly events: Incoming[]
  readonly interactions: Interaction[]
  readonly lines: string[]
  readonly cursor: { value: string | null; writes: number }
  readonly held: { externalId: string; placeId: string }[]
  /** Events of a kind, once each, as someone downstream would keep them. */
  readonly messages: () => string[]
}

/** The real adapter on a server of this machine, with everything it hands on kept in lists. */
export function openBot(
  server: {
    readonly url: string
    readonly settings: () => { token: string; applicationId: string; channelId: string }
  },
  given: Partial<DiscordOptions> & { readonly from?: Bot } = {},
): Bot {
  const events: Incoming[] = given.from?.events ?? []
  const interactions: Interaction[] = []
  const lines: string[] = []
  const cursor = given.from?.cursor ?? { value: null, writes: 0 }
  const held = given.from?.held ?? []
  const log = (level: string) => (fields: object, message: string) =>
    void lines.push(`${level} ${message} ${JSON.stringify(fields)}`)
  const { token, applicationId, channelId } = server.settings()
  const discord = openDiscord({
    settings: { token, applicationId, channelId, apiUrl: server.url },
    commands: [],
    onEvents: async (batch) => void events.push(...batch),
    onInteraction: async (interaction) => {
      interactions.push(interaction)
      return { kind: 'reply', content: 'Done.', ephemeral: true }
    },
    isPrivate: () => true,
    cursor: {
      read: async () => cursor.value,
      write: async (id) => {
        cursor.value = id
        cursor.writes += 1
      },
    },
    held: async () => held,
    log: { info: log('info'), warn: log('warn'), debug: log('debug') },
    patience: { unconnectedMs: 60_000, retryMs: 50, retryMostMs: 400, rarelyMs: 400 },
    ...given,
  })
  return {
    ...discord,
    events,
    interactions,
    lines,
    cursor,
    held,
    messages: () => [...new Set(events.flatMap((event) => (event.kind === 'message' ? [event.externalId] : [])))],
  }
}

/** Waits until something is so; the description ends the sentence of the failure. */
export async function until(what: string | (() => string), isSo: () => boolean, ms = 15_000): Promise<void> {
  const end = Date.now() + ms
  while (!isSo()) {
    if (Date.now() > end) throw new Error(`waited ${ms} ms in vain until ${typeof what === 'string' ? what : what()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}

export async function connected(bot: Bot): Promise<Bot> {
  await until(
    () => `the bot is connected: ${bot.lines.join('; ')}`,
    () => bot.state().isConnected && bot.state().isCaughtUp,
  )
  return bot
}

/** A message of the bot with a thread under it. */
export async function posted(server: DiscordServer, bot: Bot): Promise<Message> {
  const outcome = await bot.publisher.send(examplePost(), nonceOf())
  if (outcome.kind !== 'sent') throw new Error(`not sent: ${JSON.stringify(outcome)}`)
  return server.message(outcome.externalId)!
}

let nonces = 0
export const nonceOf = () => `nonce-${++nonces}`

/** A decision as it is posted; `hash` is that of its journal entry. */
export function examplePost(hash = 'ab'.repeat(32), more: Partial<DiscordMessage> = {}): DiscordMessage {
  return {
    channel: 'discord',
    post: {
      embeds: [
        {
          title: 'Day 1',
          description: 'Hold.',
          color: 0,
          fields: [{ name: 'Journal entry 7', value: `\`${hash}\``, inline: false }],
          footer: { text: 'Automated account.' },
          timestamp: '2026-11-20T21:20:00.000Z',
        },
      ],
      components: [
        { type: 1, components: [{ type: 2, style: 2, label: 'Agree', custom_id: `agree:7:${hash.slice(0, 32)}` }] },
      ],
      allowedMentions: { parse: [] },
      charts: [],
    },
    files: [],
    thread: 'Day 1',
    ...more,
  }
}
