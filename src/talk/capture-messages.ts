import type { Person } from '../adapters/database/journal.ts'
import type { Entry, NewEntry } from '../journal/entry.ts'
import type { IncomingMessage } from '../journal/incoming.ts'
import { type Batch, idOf } from './capture.ts'
import { captureEdits } from './capture-changes.ts'
import { guessLanguage } from './language.ts'
import { noticeDue } from './notice.ts'
import type { Known } from './people.ts'
import { bounded, communityBook, sealSaid } from './said.ts'
import { noTarget, type Target } from './targets.ts'

/** Replies, mentions, messages in threads, direct messages and quotes. */
export async function captureMessages(batch: Batch, given: readonly IncomingMessage[]): Promise<void> {
  if (given.length === 0) return
  const { ctx, people, keys, tally } = batch
  const { fresh: events, older } = versions(given)
  const done = await ctx.journal.doneOf(events.map((event) => keys.message(event.channel, event.externalId)))
  const found = await people.find(events)
  const fresh: IncomingMessage[] = []
  for (const event of events) {
    if (done.has(keys.message(event.channel, event.externalId))) older.push(event)
    else if (isDeclined(found.get(people.lookup(event)), event.saidAt)) tally.declined++
    else fresh.push(event)
  }
  const targets = await targetsOf(batch, fresh)
  const toUs = fresh.filter((event) => isToUs(event, targets))
  batch.unrelated.push(...fresh.filter((event) => !isToUs(event, targets)))
  const known = await people.enrol(toUs)
  const gone = await ctx.journal.cursors(toUs.map((event) => keys.gone(event.channel, event.externalId)))
  const entries: NewEntry[] = []
  const salts = new Map<string, string>()
  for (const event of toUs) {
    const person = known.get(people.lookup(event))
    if (person === undefined) continue
    const isGone = batch.deleted.has(idOf(event)) || gone.has(keys.gone(event.channel, event.externalId))
    const entry = replyEntry(batch, event, person, targets.get(idOf(event)) ?? noTarget)
    entries.push(isGone ? { ...entry, erasable: [] } : entry)
    salts.set(person.lookup, person.salt)
    const notice = noticeDue(ctx, event, person)
    if (notice !== null && !isGone) batch.notices.push(notice)
  }
  const result = await ctx.journal.append(entries, { skipDone: true, people: salts })
  if (result.kind === 'appended') {
    tally.written += result.entries.length
    tally.known += result.skipped.length
  }
  // Seen before, and changed since: an edit that nobody told us of.
  const edits = older.filter(({ editedAt }) => editedAt !== null)
  tally.known += older.length - edits.length
  await captureEdits(
    batch,
    edits.map((event) => ({
      kind: 'edit',
      channel: event.channel,
      externalId: event.externalId,
      placeId: event.placeId,
      userId: event.userId,
      userName: event.userName,
      editedAt: event.editedAt!,
      text: event.text,
    })),
  )
}

/** Whether nothing of what this person says may be kept: asked to be left alone, or said before being forgotten. */
export function isDeclined(person: Person | undefined, saidAt: string): boolean {
  if (person === undefined) return false
  return !person.listening || (person.forgottenAt !== null && saidAt <= person.forgottenAt)
}

/** A reply or a quote is said to us only where the message it answers is ours, or belongs to talk that was captured. */
function isToUs(event: IncomingMessage, targets: ReadonlyMap<string, Target>): boolean {
  return (event.via !== 'reply' && event.via !== 'quote') || targets.has(idOf(event))
}

/** Each message once, as it was first; its further versions are edits. */
function versions(given: readonly IncomingMessage[]): {
  readonly fresh: readonly IncomingMessage[]
  readonly older: IncomingMessage[]
} {
  const byId = Map.groupBy(given, idOf)
  const fresh: IncomingMessage[] = []
  const older: IncomingMessage[] = []
  for (const [first, ...rest] of byId.values()) {
    fresh.push(first!)
    older.push(...rest)
  }
  return { fresh, older }
}

/**
 * What each message answers: one of our posts, or, through the message it replies to, what that one answers. Left out is a
 * message that answers nothing on record.
 */
async function targetsOf(batch: Batch, events: readonly IncomingMessage[]): Promise<ReadonlyMap<string, Target>> {
  const { ctx, targets, keys } = batch
  const found = new Map<string, Target>()
  const parents = new Map<string, string>()
  for (const event of events) {
    const { channel, repliesTo } = event
    if (repliesTo !== null && targets.postOf(channel, repliesTo) === null) {
      parents.set(keys.message(channel, repliesTo), idOf({ channel, externalId: repliesTo }))
    }
  }
  const done = await ctx.journal.doneOf([...parents.keys()])
  const bySeq = new Map([...done].map(([key, seq]) => [seq, parents.get(key)!]))
  for await (const entry of ctx.journal.read({ seqs: [...bySeq.keys()], kinds: ['reply'] })) {
    const { post, decision } = (entry as Entry<'reply'>).body
    found.set(bySeq.get(entry.seq)!, { post, decision })
  }
  // In the order of their time, so that a reply to a message of the same batch finds what that one answers.
  for (const event of events) {
    const { channel, repliesTo, threadOf } = event
    const parent = repliesTo === null ? undefined : found.get(idOf({ channel, externalId: repliesTo }))
    const own = [repliesTo, threadOf].map((id) => (id === null ? null : targets.postOf(channel, id)))
    const post = own[0] ?? (parent?.post == null ? own[1] : null) ?? null
    const target = post === null ? parent : await targets.targetOf(post)
    // Whatever speaks to us is talk that others may answer.
    if (target !== undefined) found.set(idOf(event), target)
    else if (event.via !== 'reply' && event.via !== 'quote') found.set(idOf(event), noTarget)
  }
  return found
}

function replyEntry(batch: Batch, event: IncomingMessage, person: Known, target: Target): NewEntry<'reply'> {
  const { channel, externalId, placeId, userId, userName, saidAt, repliesTo, threadOf, attachments, editedAt } = event
  const { ref, row } = sealSaid(person.pseudonym, {
    ...bounded(event.text),
    channel,
    userId,
    userName,
    messageId: externalId,
    placeId,
    repliesTo,
    threadOf,
    attachments,
    editedAt,
  })
  return {
    at: batch.ctx.clock.now(saidAt),
    kind: 'reply',
    book: communityBook,
    key: batch.keys.message(channel, externalId),
    erasable: [row],
    body: {
      channel,
      person: person.pseudonym,
      saidAt,
      text: ref,
      consent: person.consent,
      ...target,
      prices: batch.prices.at(saidAt, event.text),
      via: event.via,
      language: guessLanguage(event.text ?? ''),
      withheld: event.text === null,
    },
  }
}
