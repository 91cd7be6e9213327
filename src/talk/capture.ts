import { setImmediate } from 'node:timers/promises'
import type { Context } from '../context.ts'
import { ConflictError } from '../errors.ts'
import type { Incoming, IncomingMessage } from '../journal/incoming.ts'
import type { Channel } from '../journal/outbox-entry.ts'
import { captureDeletions, captureEdits } from './capture-changes.ts'
import { captureMessages } from './capture-messages.ts'
import { captureReactions, captureTallies } from './capture-reactions.ts'
import { type People, peopleOf } from './people.ts'
import { type PriceBoard, readPriceBoard } from './prices.ts'
import { type Keys, keysOf } from './said.ts'
import { readTargets, type Targets } from './targets.ts'

/** Somebody whose words were kept for the first time, and who is to be told by `tellOnce`. */
export type Notice = {
  readonly channel: Channel
  readonly userId: string
  /** Where to say it, and under which message. */
  readonly placeId: string
  readonly replyTo: string
}

export type Captured = {
  /** Entries written. */
  readonly written: number
  /** Events that were on record before, or changed nothing. */
  readonly known: number
  /** Events of people who want nothing kept, or from before they were forgotten. */
  readonly declined: number
  /** Replies to messages that are not ours by the journal. They are looked at again for a while: ours may just be being recorded. */
  readonly unrelated: number
  readonly notices: readonly Notice[]
}

/** What the parts of a batch share. */
export type Batch = {
  readonly ctx: Context
  readonly people: People
  readonly keys: Keys
  readonly targets: Targets
  readonly prices: PriceBoard
  readonly tally: { written: number; known: number; declined: number }
  readonly notices: Notice[]
  readonly unrelated: IncomingMessage[]
  /** Messages that a deletion of the same batch takes away: their text is never written. */
  readonly deleted: ReadonlySet<string>
}

/**
 * Events that are written in one transaction, of each kind. SQLite writes without letting anything else run, and a slash command
 * waits no longer than one of these takes.
 */
const eventsAtOnce = 100

/**
 * Writes down what people said and did: messages first, then edits, reactions and deletions, in the order of their time.
 *
 * Safe for the same events twice, in any order, by several processes at once: each is known by an opaque key. What is
 * captured of people who were forgotten or asked to be left alone is nothing.
 *
 * @throws ConfigError when the people key does not fit; WorldError when the database fails, then the same events may be
 *   given again
 */
export function capture(ctx: Context, events: readonly Incoming[]): Promise<Captured> {
  return inTurn(ctx, () => captureAll(ctx, events))
}

async function captureAll(ctx: Context, given: readonly Incoming[]): Promise<Captured> {
  const tally = { written: 0, known: 0, declined: 0 }
  const notices: Notice[] = []
  const unrelated: IncomingMessage[] = []
  const targets = await readTargets(ctx)
  const events = [...stillWaiting(ctx, targets, given), ...given]
  if (events.length === 0) return { ...tally, unrelated: 0, notices }
  const people = await peopleOf(ctx)
  const ordered = inOrder(events)
  const prices = await readPriceBoard(ctx, timeOf(ordered[0]!))
  const deleted = new Set(ordered.flatMap((event) => (event.kind === 'deletion' ? [idOf(event)] : [])))
  for (let first = 0; first < ordered.length; first += eventsAtOnce) {
    const some = ordered.slice(first, first + eventsAtOnce)
    const batch: Batch = {
      ctx,
      people,
      keys: keysOf(people),
      targets,
      prices,
      tally,
      notices,
      unrelated,
      deleted,
    }
    const of = <K extends Incoming['kind']>(kind: K) =>
      some.filter((event): event is Extract<Incoming, { kind: K }> => event.kind === kind)
    await patiently(() => captureMessages(batch, of('message')))
    await patiently(() => captureEdits(batch, of('edit')))
    await patiently(() => captureReactions(batch, of('reaction')))
    for (const event of of('tally')) await patiently(() => captureTallies(batch, event))
    await patiently(() => captureDeletions(batch, of('deletion')))
  }
  keepWaiting(ctx, targets, events, unrelated)
  return { ...tally, unrelated: unrelated.length, notices }
}

/** A reply that may be to a message of ours whose sending is not on record yet: after a crash that takes a moment. */
type Waiting = { readonly event: IncomingMessage; readonly since: number; readonly lookedAt: number }
const waiting = new WeakMap<Context['journal'], readonly Waiting[]>()
const waitMs = 10 * 60_000
const waitingMost = 1000

/** Those worth another look: more is known of our messages by now, or what they answer is among what is captured now. */
function stillWaiting(ctx: Context, { upTo }: Targets, given: readonly Incoming[]): readonly IncomingMessage[] {
  const list = waiting.get(ctx.journal) ?? []
  if (list.length === 0) return []
  const arriving = new Set(given.map(idOf))
  const answers = ({ channel, repliesTo }: IncomingMessage) =>
    repliesTo !== null && arriving.has(idOf({ channel, externalId: repliesTo }))
  return list.flatMap(({ event, lookedAt }) => (lookedAt < upTo || answers(event) ? [event] : []))
}

function keepWaiting(
  ctx: Context,
  { upTo }: Targets,
  lookedAt: readonly Incoming[],
  unrelated: readonly IncomingMessage[],
): void {
  const now = performance.now()
  const before = new Map((waiting.get(ctx.journal) ?? []).map((one) => [idOf(one.event), one]))
  const since = new Map([...before].map(([id, one]) => [id, one.since]))
  for (const event of lookedAt) before.delete(idOf(event))
  const again = unrelated.map((event) => ({ event, since: since.get(idOf(event)) ?? now, lookedAt: upTo }))
  const list = [...before.values(), ...again].filter((one) => one.since > now - waitMs)
  waiting.set(ctx.journal, list.slice(-waitingMost))
}

/** When something happened, by the channel's clock. */
export function timeOf(event: Incoming): string {
  switch (event.kind) {
    case 'message':
    case 'reaction':
      return event.saidAt
    case 'edit':
      return event.editedAt
    case 'deletion':
      return event.deletedAt
    case 'tally':
      return event.seenAt
  }
}

export function idOf({ channel, externalId }: Pick<Incoming, 'channel' | 'externalId'>): string {
  return `${channel}/${externalId}`
}

const kindOrder: Readonly<Record<Incoming['kind'], number>> = {
  message: 0,
  edit: 1,
  reaction: 2,
  tally: 3,
  deletion: 4,
}

/** By time, then by kind, then by content: the same events are written in the same order however they arrive, each once. */
function inOrder(events: readonly Incoming[]): readonly Incoming[] {
  const keyed = events.map((event) => ({ event, key: `${timeOf(event)} ${kindOrder[event.kind]} ${sameness(event)}` }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return keyed.filter(({ key }, index) => key !== keyed[index - 1]?.key).map(({ event }) => event)
}

function sameness(event: Incoming): string {
  const id = idOf(event)
  if (event.kind === 'reaction') return `${id} ${event.userId} ${event.change} ${event.emoji}`
  // Of a message that arrives twice the later version stands.
  return event.kind === 'message' ? `${id} ${event.editedAt ?? ''}` : id
}

/**
 * Somebody was forgotten, or a key was written, between a look and the write: what is left is computed again. Afterwards whatever
 * waits may run.
 */
async function patiently(work: () => Promise<void>): Promise<void> {
  await setImmediate()
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof ConflictError) || tries === 5) throw error
    }
  }
}

const turns = new WeakMap<Context['journal'], Promise<unknown>>()

/** One batch after the other in this process, so that a reaction's count is not asked while another one is being written. */
export function inTurn<T>(ctx: Context, work: () => Promise<T>): Promise<T> {
  const before = turns.get(ctx.journal) ?? Promise.resolve()
  const turn = before.then(work, work)
  turns.set(
    ctx.journal,
    turn.catch(() => {}),
  )
  return turn
}
