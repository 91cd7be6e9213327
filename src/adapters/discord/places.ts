import { type REST, Routes } from 'discord.js'
import { Message, Thread } from './packets.ts'
import { failureOf } from './rest.ts'

/** What a place of Discord is to us: our channel, a thread under one of our posts (by that post's id), or nothing. */
export type Place =
  | { readonly kind: 'channel' }
  | { readonly kind: 'thread'; readonly root: string }
  | { readonly kind: 'other' }

export type Places = {
  /** What is known without asking; null where Discord must be asked. */
  readonly known: (id: string) => Place | null
  /** @throws when Discord cannot be asked now */
  readonly find: (id: string) => Promise<Place>
  readonly learnThread: (thread: Thread) => void
  readonly learnOther: (id: string) => void
  /** Takes a thread of ours off; whether it was one. */
  readonly forget: (id: string) => boolean
  readonly setSelf: (userId: string) => void
}

/** Places remembered; beyond them the oldest are asked for again. */
const placesMost = 20_000
const other: Place = { kind: 'other' }

/**
 * Which places matter: the channel, and the threads of our own posts. What is said elsewhere is nobody's business, so it is
 * neither kept nor handed on.
 */
export function openPlaces(rest: REST, channelId: string): Places {
  const places = new Map<string, Place>()
  /** Threads that a person opened in our channel: ours if the message they hang on is. */
  const unsure = new Set<string>()
  let self = ''
  const keep = (id: string, place: Place) => {
    places.delete(id)
    places.set(id, place)
    if (places.size > placesMost) places.delete(places.keys().next().value!)
    return place
  }

  function learnThread(thread: Thread): Place | null {
    if (thread.parent_id !== channelId) return keep(thread.id, other)
    // A thread that hangs on a message has that message's id.
    if (thread.owner_id === self) return keep(thread.id, { kind: 'thread', root: thread.id })
    const known = places.get(thread.id)
    if (known === undefined) unsure.add(thread.id)
    return known ?? null
  }

  async function find(id: string): Promise<Place> {
    const known = id === channelId ? ({ kind: 'channel' } as const) : places.get(id)
    if (known !== undefined) return known
    if (!unsure.has(id)) {
      const thread = await asked(() => rest.get(Routes.channel(id)))
      if (thread === null) return keep(id, other)
      const learned = learnThread(Thread.parse(thread))
      if (learned !== null) return learned
    }
    const root = await asked(() => rest.get(Routes.channelMessage(channelId, id)))
    unsure.delete(id)
    const parsed = Message.safeParse(root)
    const isOurs = parsed.success && parsed.data.author.id === self
    return keep(id, isOurs ? { kind: 'thread', root: id } : other)
  }

  return {
    known: (id) => (id === channelId ? { kind: 'channel' } : (places.get(id) ?? null)),
    find,
    learnThread,
    learnOther: (id) => {
      if (id !== channelId) keep(id, other)
    },
    forget: (id) => {
      const was = places.get(id)?.kind === 'thread'
      places.delete(id)
      unsure.delete(id)
      return was
    },
    setSelf: (userId) => {
      self = userId
    },
  }
}

/** Null where Discord says that it does not exist or is not for us. */
async function asked(question: () => Promise<unknown>): Promise<unknown> {
  try {
    return await question()
  } catch (error) {
    if (['unknown', 'forbidden'].includes(failureOf(error).kind)) return null
    throw error
  }
}
