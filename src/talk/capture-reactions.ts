import type { Entry, NewEntry } from '../journal/entry.ts'
import type { IncomingReaction, IncomingTally } from '../journal/incoming.ts'
import { storable } from '../journal/incoming.ts'
import { type Batch, idOf } from './capture.ts'
import { isDeclined } from './capture-messages.ts'
import { communityBook, type SaidContent, sealSaid } from './said.ts'
import { noTarget, type Target } from './targets.ts'

/** Changes of one emoji of one person under one message that are kept: more says nothing but that somebody played. */
const changesMost = 20

type Change = { readonly n: number; readonly saidAt: string; readonly change: 'added' | 'removed' }

/** Reactions added and removed. Channels do not number them, so each is told from the last one that was kept. */
export async function captureReactions(batch: Batch, given: readonly IncomingReaction[]): Promise<void> {
  if (given.length === 0) return
  const { ctx, people, keys, tally } = batch
  const prefixOf = (event: IncomingReaction) =>
    keys.reaction(event.channel, event.externalId, event.userId, event.emoji)
  const groups = Map.groupBy(given, prefixOf)
  const states = await lastChanges(batch, [...groups.keys()])
  const found = await people.find(given)
  const wanted: { readonly event: IncomingReaction; readonly key: string }[] = []
  for (const [prefix, events] of groups) {
    let state = states.get(prefix)
    for (const event of events) {
      if (!follows(state, event)) tally.known++
      else if (isDeclined(found.get(people.lookup(event)), event.saidAt)) tally.declined++
      else {
        state = { n: (state?.n ?? 0) + 1, saidAt: event.saidAt, change: event.change }
        wanted.push({ event, key: `${prefix}${state.n}` })
      }
    }
  }
  const known = await people.enrol(wanted.map(({ event }) => event))
  const targets = await targetsOf(
    batch,
    wanted.map(({ event }) => event),
  )
  const salts = new Map<string, string>()
  const entries: NewEntry[] = []
  for (const { event, key } of wanted) {
    const person = known.get(people.lookup(event))
    if (person === undefined) continue
    salts.set(person.lookup, person.salt)
    const { channel, externalId, placeId, userId, userName, saidAt, change } = event
    const { ref, row } = sealSaid(person.pseudonym, {
      channel,
      userId,
      userName,
      text: null,
      messageId: externalId,
      placeId,
    })
    entries.push({
      at: ctx.clock.now(saidAt),
      kind: 'reaction',
      book: communityBook,
      key,
      erasable: [row],
      body: {
        channel,
        person: person.pseudonym,
        saidAt,
        text: ref,
        consent: person.consent,
        ...(targets.get(idOf(event)) ?? noTarget),
        prices: batch.prices.at(saidAt, null),
        emoji: storable(event.emoji, 64),
        change,
      },
    })
  }
  const result = await ctx.journal.append(entries, { skipDone: true, people: salts })
  if (result.kind !== 'appended') return
  tally.written += result.entries.length
  tally.known += result.skipped.length
}

/**
 * Whether an event changes what is on record. An older one is a repetition. Where two have the same time, an addition came
 * before the removal.
 */
function follows(state: Change | undefined, { saidAt, change }: IncomingReaction): boolean {
  if (state === undefined) return change === 'added'
  if (state.change === change || state.n >= changesMost) return false
  return saidAt > state.saidAt || (saidAt === state.saidAt && change === 'removed')
}

/** The last change on record under each prefix. */
async function lastChanges(batch: Batch, prefixes: readonly string[]): Promise<ReadonlyMap<string, Change>> {
  const last = new Map<string, { readonly n: number; readonly seq: number }>()
  let open = prefixes
  // Nearly everybody reacts once, so few numbers are asked for at first.
  for (let from = 1, to = 3; open.length > 0 && from <= changesMost; from = to + 1, to = changesMost) {
    const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index)
    const done = await batch.ctx.journal.doneOf(open.flatMap((prefix) => numbers.map((n) => `${prefix}${n}`)))
    open = open.filter((prefix) => {
      const highest = numbers.findLast((n) => done.has(`${prefix}${n}`))
      if (highest !== undefined) last.set(prefix, { n: highest, seq: done.get(`${prefix}${highest}`)! })
      return highest === to
    })
  }
  return changesAt(batch, last)
}

async function changesAt(
  { ctx }: Batch,
  last: ReadonlyMap<string, { readonly n: number; readonly seq: number }>,
): Promise<ReadonlyMap<string, Change>> {
  const entries = new Map<number, Entry<'reaction'>>()
  const seqs = [...last.values()].map(({ seq }) => seq)
  for await (const entry of ctx.journal.read({ seqs, kinds: ['reaction'] })) {
    entries.set(entry.seq, entry as Entry<'reaction'>)
  }
  return new Map(
    [...last].flatMap(([prefix, { n, seq }]) => {
      const body = entries.get(seq)?.body
      return body === undefined ? [] : [[prefix, { n, saidAt: body.saidAt, change: body.change }] as const]
    }),
  )
}

/** A reaction answers our post, or what the captured message under it answers. */
async function targetsOf(batch: Batch, events: readonly IncomingReaction[]): Promise<ReadonlyMap<string, Target>> {
  const { ctx, targets, keys } = batch
  const found = new Map<string, Target>()
  const messages = new Map<string, string>()
  for (const event of events) {
    const post = targets.postOf(event.channel, event.externalId)
    if (post === null) messages.set(keys.message(event.channel, event.externalId), idOf(event))
    else found.set(idOf(event), await targets.targetOf(post))
  }
  const done = await ctx.journal.doneOf([...messages.keys()])
  const bySeq = new Map([...done].map(([key, seq]) => [seq, messages.get(key)!]))
  for await (const entry of ctx.journal.read({ seqs: [...bySeq.keys()], kinds: ['reply'] })) {
    const { post, decision } = (entry as Entry<'reply'>).body
    found.set(bySeq.get(entry.seq)!, { post, decision })
  }
  return found
}

/** Who reacts to a message now, against what is on record: what differs changed while nobody listened. */
export async function captureTallies(batch: Batch, event: IncomingTally): Promise<void> {
  const { channel, externalId, placeId, seenAt } = event
  const present: IncomingReaction[] = event.present.flatMap(({ emoji, users }) =>
    users.map(
      ({ userId, userName }): IncomingReaction => ({
        kind: 'reaction',
        channel,
        externalId,
        placeId,
        userId,
        userName,
        emoji,
        change: 'added',
        saidAt: seenAt,
      }),
    ),
  )
  const withdrawn = event.complete ? await withdrawnSince(batch, event, present) : []
  await captureReactions(batch, [...present, ...withdrawn])
}

/** Those on record as reacting who are not among the present. */
async function withdrawnSince(
  batch: Batch,
  { channel, externalId, placeId, seenAt }: IncomingTally,
  present: readonly IncomingReaction[],
): Promise<readonly IncomingReaction[]> {
  const { ctx, keys } = batch
  const there = new Set(present.map(({ userId, emoji }) => keys.reaction(channel, externalId, userId, emoji)))
  const last = new Map<string, { n: number; seq: number }>()
  for (const [key, seq] of await ctx.journal.doneUnder(keys.reactions(channel, externalId))) {
    const prefix = key.slice(0, key.lastIndexOf('/') + 1)
    const n = Number(key.slice(prefix.length))
    if (n > (last.get(prefix)?.n ?? 0)) last.set(prefix, { n, seq })
  }
  const absent = [...last].filter(([prefix, { n }]) => n % 2 === 1 && !there.has(prefix))
  const seqs = absent.map(([, { seq }]) => seq)
  const entries = (await Array.fromAsync(ctx.journal.read({ seqs, kinds: ['reaction'] }))) as Entry<'reaction'>[]
  const kept = await ctx.journal.texts(entries.flatMap(({ body }) => body.text?.id ?? []))
  return entries.flatMap(({ body }): readonly IncomingReaction[] => {
    // Erased: the person was forgotten, and nothing more is said of them.
    const said = body.text === null ? undefined : (kept.get(body.text.id) as SaidContent | undefined)
    if (said === undefined) return []
    const { userId, userName = null } = said
    const { emoji } = body
    return [
      { kind: 'reaction', channel, externalId, placeId, userId, userName, emoji, change: 'removed', saidAt: seenAt },
    ]
  })
}
