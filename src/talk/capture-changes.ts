import type { Entry, NewEntry } from '../journal/entry.ts'
import type { IncomingDeletion, IncomingEdit } from '../journal/incoming.ts'
import { type Batch, idOf } from './capture.ts'
import { bounded, communityBook, type SaidContent, sealSaid } from './said.ts'

/** Further versions of messages that were captured; the versions before stay beside them, until they are erased. */
export async function captureEdits(batch: Batch, given: readonly IncomingEdit[]): Promise<void> {
  if (given.length === 0) return
  const { ctx, people, keys, tally } = batch
  const { journal } = ctx
  const messages = await repliesTo(batch, given)
  const found = await people.find(given)
  const deleted = await journal.doneOf(given.map((event) => keys.deletion(event.channel, event.externalId)))
  const kept = await journal.texts([...messages.values()].flatMap(({ body }) => body.text?.id ?? []))
  const entries = new Map<string, NewEntry>()
  const salts = new Map<string, string>()
  for (const event of given) {
    const { channel, externalId, editedAt, userId, userName, placeId } = event
    const message = messages.get(idOf(event))
    const person = found.get(people.lookup(event))
    const before = message?.body.text == null ? undefined : (kept.get(message.body.text.id) as SaidContent | undefined)
    const isOld = before !== undefined && (before.editedAt ?? '') >= editedAt
    if (message === undefined || isOld || deleted.has(keys.deletion(channel, externalId))) tally.known++
    // Somebody forgotten since, under whatever name they go now, or a version of what is erased.
    else if (
      person?.salt == null ||
      !person.listening ||
      people.pseudonym(event, person.salt) !== message.body.person ||
      before === undefined
    ) {
      tally.declined++
    } else {
      const content = { channel, userId, userName, messageId: externalId, placeId, editedAt }
      const { ref, row } = sealSaid(message.body.person, { ...bounded(event.text), ...content })
      const key = keys.edit(channel, externalId, editedAt)
      const body = { channel, of: message.seq, editedAt, text: ref }
      const at = ctx.clock.now(editedAt)
      const erasable = batch.deleted.has(idOf(event)) ? [] : [row]
      entries.set(key, { at, kind: 'edit', book: communityBook, key, body, erasable })
      salts.set(person.lookup, person.salt)
    }
  }
  const result = await journal.append([...entries.values()], { skipDone: true, people: salts })
  if (result.kind !== 'appended') return
  tally.written += result.entries.length
  tally.known += result.skipped.length
}

/** Messages that are gone on their channel: all versions of their text go here too. */
export async function captureDeletions(batch: Batch, given: readonly IncomingDeletion[]): Promise<void> {
  if (given.length === 0) return
  const { ctx, keys, tally } = batch
  const { journal } = ctx
  const messages = await repliesTo(batch, given)
  const entries = new Map<string, NewEntry>()
  const unseen = new Map<string, string>()
  const ids: string[] = []
  const textsOfPerson = new Map<string, Awaited<ReturnType<typeof journal.textsOf>>>()
  for (const event of given) {
    const { channel, externalId, deletedAt } = event
    const message = messages.get(idOf(event))
    if (message === undefined) {
      // It may still come, out of a backfill that was read before: then its text is not kept.
      unseen.set(keys.gone(channel, externalId), deletedAt)
      continue
    }
    const { person } = message.body
    const texts = textsOfPerson.get(person) ?? (await journal.textsOf(person))
    textsOfPerson.set(person, texts)
    for (const { id, content } of texts) {
      const said = content as SaidContent
      if (said.messageId === externalId && said.channel === channel && isVersion(message, id, said)) ids.push(id)
    }
    const key = keys.deletion(channel, externalId)
    const body = { channel, of: message.seq, deletedAt }
    entries.set(key, { at: ctx.clock.now(deletedAt), kind: 'deletion', book: communityBook, key, body })
  }
  if (unseen.size > 0) await journal.setCursors(unseen)
  tally.known += unseen.size
  if (entries.size === 0) return
  const result = await journal.append([...entries.values()], {
    skipDone: true,
    ...(ids.length === 0 ? {} : { erase: { ids } }),
  })
  if (result.kind !== 'appended') return
  tally.written += result.entries.length
  tally.known += result.skipped.length
}

/** Reactions to a message carry its number too; they are not versions of it. */
function isVersion({ body }: Entry<'reply'>, id: string, said: SaidContent): boolean {
  return id === body.text?.id || said.editedAt != null
}

/** The captured messages that events are about, by the channel's number. */
async function repliesTo(
  { ctx, keys }: Batch,
  events: readonly (IncomingEdit | IncomingDeletion)[],
): Promise<ReadonlyMap<string, Entry<'reply'>>> {
  const byKey = new Map(events.map((event) => [keys.message(event.channel, event.externalId), idOf(event)]))
  const done = await ctx.journal.doneOf([...byKey.keys()])
  const bySeq = new Map([...done].map(([key, seq]) => [seq, byKey.get(key)!]))
  const found = new Map<string, Entry<'reply'>>()
  for await (const entry of ctx.journal.read({ seqs: [...bySeq.keys()], kinds: ['reply'] })) {
    found.set(bySeq.get(entry.seq)!, entry as Entry<'reply'>)
  }
  return found
}
