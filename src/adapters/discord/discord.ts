import { setTimeout as sleep } from 'node:timers/promises'
import { Routes } from 'discord.js'
import type { Answer, Command, Incoming, Interaction } from '../../journal/incoming.ts'
import type { Publisher } from '../../posts/publisher.ts'
import type { Instant } from '../../units.ts'
import { cut } from './answer-body.ts'
import { backfill, type Held, history } from './backfill.ts'
import { register } from './commands.ts'
import type { Self } from './events.ts'
import { openGateway, type Patience, patience } from './gateway.ts'
import { type Cursor, openInbox } from './inbox.ts'
import { interactionHandler } from './interactions.ts'
import { listener } from './listener.ts'
import type { DiscordLog } from './log.ts'
import { Message, Ready } from './packets.ts'
import { inviteUrl, readChannel } from './permissions.ts'
import { openPlaces } from './places.ts'
import { openDiscordPublisher } from './publisher.ts'
import { failureOf, openRest, remedy } from './rest.ts'
import { idAt, momentOf } from './snowflake.ts'

export type DiscordOptions = {
  readonly settings: {
    readonly token: string
    readonly applicationId: string
    readonly channelId: string
    readonly apiUrl: string | null
  }
  /** Offered in the server of the channel. */
  readonly commands: readonly Command[]
  /** Keeps a batch for good. It may see an event twice; while it throws, the same batch is offered again. */
  readonly onEvents: (events: readonly Incoming[]) => Promise<void>
  readonly onInteraction: (interaction: Interaction) => Promise<Answer>
  /** Whether only the person may see that one is thinking, when an answer takes long. */
  readonly isPrivate: (interaction: Interaction) => boolean
  /** Up to where everything is captured. */
  readonly cursor: Cursor
  /** Messages whose texts are held here, said since a moment: those that are gone from Discord are told as deletions. */
  readonly held: (since: Instant) => Promise<readonly Held[]>
  readonly log: DiscordLog
  readonly patience?: Partial<Patience>
  /** How old a message may be whose edits, deletion and reactions are looked for after an absence. */
  readonly lookbackMs?: number
  /** Most that is kept of what cannot be handed on yet; default: 32 MiB. */
  readonly inboxBytesMost?: number
}

export type Discord = {
  readonly publisher: Publisher
  /** Whether the gateway is connected and texts come along; else why not. `waiting`: events not handed on yet. */
  readonly state: () => {
    readonly isConnected: boolean
    readonly withContent: boolean
    readonly because: string | null
    readonly waiting: number
    /** Everything that happened while nobody listened was fetched. */
    readonly isCaughtUp: boolean
  }
  /** Answers a person in the place where the person spoke, notifying nobody; whether it was taken. */
  readonly say: (message: {
    readonly placeId: string
    readonly replyTo: string
    readonly text: string
    /** 25 characters at most. Discord takes a message with a nonce that it had within some minutes for that one. */
    readonly nonce: string
  }) => Promise<boolean>
  /** Ends within five seconds; what was not handed on is found again at the next start. */
  readonly close: () => Promise<void>
}

const day = 86_400_000

/**
 * Discord, both ways: posts, what people say, and their questions. It returns at once and connects by itself; whatever is
 * wrong over there is told in one line and tried again, while the rest of the program runs.
 */
export function openDiscord(options: DiscordOptions): Discord {
  const { settings, log, cursor, held } = options
  const { token, apiUrl, channelId } = settings
  const wait = { ...patience, ...options.patience }
  const rest = openRest({ token, apiUrl, retries: 3, timeoutMs: 15_000, waitMostMs: 120_000 })
  // Answers have a deadline: they never wait behind the pages of a backfill.
  const answers = openRest({ token, apiUrl, retries: 1, timeoutMs: 10_000, waitMostMs: 10_000 })
  const publisher = openDiscordPublisher({ token, channelId, apiUrl, log })
  const places = openPlaces(rest, channelId)
  const stop = new AbortController()
  const now = () => new Date().toISOString()
  let self: Self | null = null
  let applicationId = settings.applicationId
  let onlyGuild: string | null = null

  const inbox = openInbox({
    onEvents: options.onEvents,
    onGap: () => void catchUp(),
    isAsked: () => interactions.isBusy(),
    cursor,
    log,
    ...(options.inboxBytesMost === undefined ? {} : { bytesMost: options.inboxBytesMost }),
  })
  const interactions = interactionHandler({
    rest: answers,
    applicationId: () => applicationId,
    onInteraction: options.onInteraction,
    isPrivate: options.isPrivate,
    log,
  })
  const listen = listener({ inbox, places, rest, self: () => self, held, now })
  const gateway = openGateway({
    token,
    apiUrl,
    log,
    ...(options.patience === undefined ? {} : { patience: options.patience }),
    onPacket: (name, data) => {
      try {
        if (name === 'INTERACTION_CREATE') interactions.take(data)
        else if (name === 'READY') greeted(data)
        else listen(name, data)
      } catch {
        log.debug({ name }, 'Discord: a packet of an unknown form was passed over')
      }
    },
  })

  function greeted(data: unknown): void {
    const ready = Ready.parse(data)
    if (ready.application.id !== settings.applicationId) {
      log.warn({}, 'Discord: DISCORD_APPLICATION_ID is not the application of this token; the one of the token is used')
    }
    applicationId = ready.application.id
    onlyGuild = ready.guilds.length === 1 ? ready.guilds[0]!.id : null
    self = { userId: ready.user.id, channelId, withContent: gateway.state().withContent }
    places.setSelf(self.userId)
    // A new connection tells nothing of what was said before it.
    void catchUp()
  }

  let isCatchingUp = false
  let again = false
  let isCaughtUp = false

  /** Fetches what was missed, until nothing is; meanwhile the cursor stays. */
  async function catchUp(): Promise<void> {
    again = true
    if (isCatchingUp) return
    isCatchingUp = true
    isCaughtUp = false
    inbox.hold()
    let told = ''
    for (let attempt = 0; again && !stop.signal.aborted; ) {
      again = false
      try {
        await catchUpOnce()
        await inbox.settled()
        attempt = 0
      } catch (error) {
        again = true
        const failure = failureOf(error)
        const isRare = ['token', 'forbidden', 'unknown', 'refused'].includes(failure.kind)
        const pause = isRare ? wait.rarelyMs : Math.min(wait.retryMs * 2 ** attempt++, wait.retryMostMs)
        const line = `Discord: what was said meanwhile could not be fetched yet: ${remedy(failure)}`
        if (line !== told) log.warn({}, line)
        told = line
        await sleep(pause, undefined, { signal: stop.signal }).catch(() => {})
        rest.setToken(token)
      }
    }
    isCatchingUp = false
    // Closed before the end: the next start begins where this one did.
    if (stop.signal.aborted) return
    isCaughtUp = true
    inbox.release()
  }

  async function catchUpOnce(): Promise<void> {
    if (self === null) return
    const since = await cursor.read()
    const channel = await readChannel(rest, channelId)
    const guildId = channel.guild_id ?? onlyGuild
    if (guildId !== null) await offerCommands(guildId)
    if (since === null) return cursor.write(await newest())
    const found = await backfill({
      rest,
      places,
      self,
      guildId,
      since,
      lookbackMs: options.lookbackMs ?? 7 * day,
      held,
      now,
      note: async (events, id) => {
        await inbox.room()
        const bytes = events.reduce((sum, event) => sum + JSON.stringify(event).length, 0)
        inbox.note({ id, bytes, work: () => Promise.resolve(events) })
        if (stop.signal.aborted) throw new Error('closed')
      },
    })
    log.info({ ...found }, 'Discord: what was said meanwhile is fetched')
  }

  /** Where a first start begins: after all that was said before. */
  async function newest(): Promise<string> {
    const page = await history(rest, channelId, null).catch(() => null)
    if (page === null) return idAt(Date.now())
    const last = page.messages.at(-1)
    if (last === undefined) return '0'
    const isMoment = Math.abs(Date.parse(last.timestamp ?? '') - Date.parse(momentOf(last.id))) < day
    return isMoment ? idAt(Date.now()) : last.id
  }

  async function offerCommands(guildId: string): Promise<void> {
    try {
      if (await register(rest, { applicationId, guildId }, options.commands))
        log.info({}, 'Discord: the commands are registered')
    } catch (error) {
      const how = `${remedy(failureOf(error))}; add the bot once more by ${inviteUrl(applicationId)}`
      log.warn({}, `Discord: the commands could not be registered: ${how}`)
    }
  }

  return {
    publisher,
    state: () => ({ ...gateway.state(), waiting: inbox.size(), isCaughtUp }),
    say: async ({ placeId, replyTo, text, nonce }) => {
      const body = {
        content: cut(text, 2000),
        nonce,
        enforce_nonce: true,
        message_reference: { message_id: replyTo, fail_if_not_exists: false },
        allowed_mentions: { parse: [], replied_user: false },
      }
      try {
        return Message.pick({ id: true }).safeParse(await rest.post(Routes.channelMessages(placeId), { body })).success
      } catch (error) {
        log.warn({}, `Discord: an answer could not be sent: ${remedy(failureOf(error))}`)
        return false
      }
    },
    close: async () => {
      const bounded = (work: Promise<unknown>, ms: number) => Promise.race([work, sleep(ms, undefined, { ref: false })])
      await bounded(gateway.close(), 2500)
      await bounded(interactions.settled(), 500)
      stop.abort()
      await bounded(inbox.close(), 2000)
      await publisher.close()
    },
  }
}
