import { type REST, Routes } from 'discord.js'
import { z } from 'zod'
import type { Incoming } from '../../journal/incoming.ts'
import type { Instant } from '../../units.ts'
import { type Held, orGone, tally } from './backfill.ts'
import { editOf, isWritten, reactionOf, type Self, saidToUs } from './events.ts'
import type { Inbox, Noted } from './inbox.ts'
import { Change, Deletion, Deletions, Guild, Message, ReactionChange, ReactionsCleared, Thread } from './packets.ts'
import type { Place, Places } from './places.ts'

type Options = {
  readonly inbox: Inbox
  readonly places: Places
  readonly rest: REST
  /** Null before the first greeting. */
  readonly self: () => Self | null
  readonly held: (since: Instant) => Promise<readonly Held[]>
  readonly now: () => Instant
}

/** What is noted for a packet besides its text. */
const bytesAround = 400

/**
 * Turns dispatches into what is noted. Most are decided at once; where Discord must be asked first (an unknown thread), the
 * inbox does so in its turn, so that the order stays.
 *
 * @returns a function that takes every dispatch; what it does not know or cannot read it passes over
 */
export function listener(options: Options): (name: string, data: unknown) => void {
  const { inbox, places, rest, held, now } = options

  function note(
    id: string | null,
    placeId: string,
    isDirect: boolean,
    make: (place: Place | null) => ReturnType<Noted['work']>,
    length = 0,
  ): void {
    const known = isDirect ? null : places.known(placeId)
    if (known?.kind === 'other') return
    if (isDirect || known !== null) {
      const made = known === null ? make(null) : make(known)
      inbox.note({ id, bytes: bytesAround + 2 * length, work: () => made })
      return
    }
    const work = async () => {
      try {
        const place = await places.find(placeId)
        return place.kind === 'other' ? null : await make(place)
      } catch {
        // Discord cannot tell now whose thread it is: the backfill finds it again.
        inbox.markGap()
        return null
      }
    }
    inbox.note({ id, bytes: bytesAround + 2 * length, work })
  }

  /** Whatever asks Discord for more; a failure is made up for by the backfill. */
  const later = (question: () => Promise<readonly Incoming[] | Incoming | null>): Noted => ({
    id: null,
    bytes: bytesAround,
    work: () =>
      question().catch(() => {
        inbox.markGap()
        return null
      }),
  })

  const handlers: Readonly<Record<string, (data: unknown, self: Self) => void>> = {
    MESSAGE_CREATE: (data, self) => {
      const message = Message.parse(data)
      if (!isWritten(message)) return
      note(
        message.id,
        message.channel_id,
        message.guild_id === undefined,
        (place) => saidToUs(message, place, self),
        message.content?.length,
      )
    },
    MESSAGE_UPDATE: (data, self) => {
      const whole = Message.safeParse(data)
      if (!whole.success) {
        const { id, channel_id, guild_id } = Change.parse(data)
        if (guild_id !== undefined && places.known(channel_id)?.kind === 'other') return
        // Only what changed came along.
        const question = async () => {
          const place = guild_id === undefined ? null : await places.find(channel_id)
          if (place?.kind === 'other') return null
          const found = await orGone(() => rest.get(Routes.channelMessage(channel_id, id)))
          return found === null ? null : changeOf({ ...Message.parse(found), guild_id }, place, self)
        }
        inbox.note(later(question))
        return
      }
      const message = whole.data
      const make = (place: Place | null) => {
        const events = changeOf(message, place, self)
        return events === null ? null : Promise.resolve(events)
      }
      note(null, message.channel_id, message.guild_id === undefined, make, message.content?.length)
    },
    MESSAGE_DELETE: (data) => {
      const { id, channel_id, guild_id } = Deletion.parse(data)
      note(null, channel_id, guild_id === undefined, () => deletion(id, channel_id, now()))
    },
    MESSAGE_DELETE_BULK: (data) => {
      const { ids, channel_id, guild_id } = Deletions.parse(data)
      for (const id of ids) note(null, channel_id, guild_id === undefined, () => deletion(id, channel_id, now()))
    },
    MESSAGE_REACTION_ADD: (data, self) => {
      const packet = ReactionChange.parse(data)
      note(null, packet.channel_id, packet.guild_id === undefined, () => reactionOf(packet, 'added', self, now()))
    },
    MESSAGE_REACTION_REMOVE: (data, self) => {
      const packet = ReactionChange.parse(data)
      note(null, packet.channel_id, packet.guild_id === undefined, () => reactionOf(packet, 'removed', self, now()))
    },
    MESSAGE_REACTION_REMOVE_ALL: (data) => {
      const { channel_id, message_id, guild_id } = ReactionsCleared.parse(data)
      note(null, channel_id, guild_id === undefined, () => ({
        kind: 'tally',
        channel: 'discord',
        externalId: message_id,
        placeId: channel_id,
        seenAt: now(),
        present: [],
        complete: true,
      }))
    },
    MESSAGE_REACTION_REMOVE_EMOJI: (data, self) => {
      const { channel_id, message_id, guild_id } = ReactionsCleared.parse(data)
      if (guild_id !== undefined && places.known(channel_id)?.kind === 'other') return
      inbox.note(
        later(async () => {
          const place = guild_id === undefined ? null : await places.find(channel_id)
          if (place?.kind === 'other') return null
          const seenAt = now()
          const message = Message.parse(await rest.get(Routes.channelMessage(channel_id, message_id)))
          return message.author.id === self.userId ? tally(rest, message, self, seenAt) : null
        }),
      )
    },
    THREAD_CREATE: (data) => {
      places.learnThread(Thread.parse(data))
    },
    THREAD_LIST_SYNC: (data) => {
      for (const thread of z.object({ threads: z.array(Thread) }).parse(data).threads) places.learnThread(thread)
    },
    THREAD_DELETE: (data) => {
      const { id } = Thread.parse(data)
      // With a thread of ours, everything in it is gone.
      if (!places.forget(id)) return
      inbox.note(
        later(async () => {
          if ((await orGone(() => rest.get(Routes.channel(id)))) !== null) return null
          const lost = (await held('1970-01-01T00:00:00.000Z')).filter(({ placeId }) => placeId === id)
          return lost.map(({ externalId }) => deletion(externalId, id, now()))
        }),
      )
    },
    GUILD_CREATE: (data) => {
      const guild = Guild.parse(data)
      for (const channel of guild.channels) places.learnOther(channel.id)
      for (const thread of guild.threads) places.learnThread(thread)
    },
    CHANNEL_CREATE: (data) => {
      places.learnOther(z.object({ id: z.string() }).parse(data).id)
    },
  }

  return (name, data) => {
    const self = options.self()
    const handler = handlers[name]
    if (self !== null && handler !== undefined) handler(data, self)
  }
}

/** A change may turn what was said to nobody into something said to us. */
function changeOf(message: Message, place: Place | null, self: Self): readonly Incoming[] | null {
  const edit = editOf(message, place, self)
  if (edit === null) return null
  const said = saidToUs(message, place, self)
  return said === null ? [edit] : [said, edit]
}

function deletion(externalId: string, placeId: string, deletedAt: Instant): Extract<Incoming, { kind: 'deletion' }> {
  return { kind: 'deletion', channel: 'discord', externalId, placeId, deletedAt }
}
