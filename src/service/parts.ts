import type { Log } from '../adapters/log.ts'
import type { Config } from '../config.ts'
import type { Channels, Context } from '../context.ts'
import type { Publisher } from '../posts/publisher.ts'

/** Whatever the service is put together from that not every command needs is loaded here, and only when it is configured. */

export type OpenChannels = Channels & { readonly close: () => Promise<void> }

/** A log, or whoever only wants to hear what is wrong. */
type ChannelLog = Pick<Log, 'warn'> | { readonly warn: (line: string) => void }

function discordLog(log: ChannelLog) {
  const tell = (_fields: object, message: string) => log.warn(message)
  return { info: () => {}, debug: () => {}, warn: tell }
}

/** The channels that are configured. Nothing is asked of them before something is sent or read. */
export async function openChannels(config: Config, log: ChannelLog): Promise<OpenChannels> {
  const publishers: Publisher[] = []
  let xReader: Channels['xReader'] = null
  const discord = discordSettings(config)
  if (discord === null) {
    log.warn('Discord is a preview: set DISCORD_TOKEN, DISCORD_APPLICATION_ID and DISCORD_CHANNEL_ID to post there')
  } else {
    const { openDiscordPublisher } = await import('../adapters/discord/publisher.ts')
    publishers.push(openDiscordPublisher({ ...discord, log: discordLog(log) }))
  }
  const { xSettingsOf } = await import('../adapters/x/client.ts')
  const x = xSettingsOf(config)
  if (x === null) {
    log.warn('X is a preview: set X_APP_KEY, X_APP_SECRET, X_ACCESS_TOKEN and X_ACCESS_SECRET to post there')
  } else {
    const { openXLedger } = await import('../adapters/x/ledger.ts')
    const { openXPublisher } = await import('../adapters/x/publisher.ts')
    const { openXReader } = await import('../adapters/x/read.ts')
    const ledger = openXLedger(config.home)
    publishers.push(await openXPublisher({ ...x, ledger, say: (line) => log.warn(line) }))
    xReader = await openXReader({ ...x, ledger, dailyUsd: config.x.dailyReadUsd })
  }
  return {
    publishers,
    xReader,
    close: async () => {
      await Promise.allSettled([...publishers.map((publisher) => publisher.close()), xReader?.close()])
    },
  }
}

function discordSettings({ discord }: Config) {
  const { token, applicationId, channelId, apiUrl } = discord
  if (token === null || applicationId === null || channelId === null) return null
  return { token, applicationId, channelId, apiUrl }
}

/** The conversation on Discord, as far as the service looks at it. */
export type Talk = {
  readonly state: () => { readonly isConnected: boolean; readonly because: string | null; readonly waiting: number }
  readonly close: () => Promise<void>
}

/** Listens and answers on Discord; null where it is not configured. One service at a time may have it. */
export async function openTalk(ctx: Context, log: Log): Promise<Talk | null> {
  const settings = discordSettings(ctx.config)
  if (settings === null) return null
  const { openDiscord } = await import('../adapters/discord/discord.ts')
  const { capture } = await import('../talk/capture.ts')
  const { commands, handle, isPrivate } = await import('../talk/commands/index.ts')
  const { noticeText, tellOnce } = await import('../talk/notice.ts')
  const { heldOnDiscord } = await import('./held.ts')
  const { noticeSender } = await import('./notices.ts')
  const notify = noticeSender(async ({ channel, userId, placeId, replyTo }) => {
    await tellOnce(ctx, { channel, userId }, new Date().toISOString(), (nonce) =>
      discord.say({ placeId, replyTo, text: noticeText, nonce }),
    )
  })
  const discord = openDiscord({
    settings,
    commands,
    isPrivate,
    onInteraction: (interaction) => handle(ctx, interaction),
    onEvents: async (events) => {
      notify((await capture(ctx, events)).notices)
    },
    cursor: {
      read: () => ctx.journal.cursor('discord/messages'),
      write: (id) => ctx.journal.setCursor('discord/messages', id),
    },
    held: (since) => heldOnDiscord(ctx, since),
    log,
  })
  return discord
}
