import { randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openSimulatedMarket } from '../../src/adapters/market/simulated.ts'
import { readConfig } from '../../src/config.ts'
import { type Context, simulatedClock } from '../../src/context.ts'
import type { Entry, NewEntry } from '../../src/journal/entry.ts'
import type {
  Answer,
  IncomingDeletion,
  IncomingEdit,
  IncomingMessage,
  IncomingReaction,
  Interaction,
} from '../../src/journal/incoming.ts'
import { openContext, readBookMarket } from '../../src/open-context.ts'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { close, decision, opened } from '../posts/sample-entries.ts'
import { withFolder } from './database.ts'
import { sampleSnapshot } from './sample-snapshot.ts'

/** Message of ours that shows the decision of `withTalk`'s journal. */
export const ourMessage = '900000000000000001'
export const place = '800000000000000001'
export const owner = '141592653589793238'
export const ann = '271828182845904523'
export const bob = '314159265358979323'

/** Numbers of the entries that `withTalk` writes. */
export const seqs = { opened: 1, close: 2, snapshot: 3, decision: 4, post: 5, posting: 6, posted: 7 } as const

/** The day of design.md in a journal of its own: a close, a decision, its post, and where that stands on Discord. */
export async function withTalk(
  body: (ctx: Context, folder: string) => Promise<void>,
  environment: Readonly<Record<string, string>> = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const ctx = await talkContext(folder, environment)
    try {
      await writeDay(ctx)
      await body(ctx, folder)
    } finally {
      await ctx.journal.close()
    }
  })
}

export async function talkContext(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Context> {
  const config = readConfig({ PRIMER_HOME: folder, DISCORD_OWNER_ID: owner, ...environment })
  const prices = openSimulatedMarket('7')
  return openContext({
    config,
    databaseUrl: config.databaseUrl,
    prices,
    clock: simulatedClock,
    market: (book, range) => readBookMarket(prices, book, range, `${range.to}T23:00:00.000Z`),
    say: () => {},
  })
}

async function writeDay(ctx: Context): Promise<void> {
  const { journal } = ctx
  const add = async (entry: Pick<NewEntry, 'kind' | 'body'>, at: string, book = 'allocator'): Promise<Entry> => {
    const written = await journal.append([{ ...entry, at, book } as NewEntry])
    if (written.kind !== 'appended') throw new Error('a fresh journal has nothing done')
    return written.entries[0]!
  }
  const first = await add(opened(), '2020-01-13T21:10:00.000Z')
  const closed = await add(close(), '2020-03-12T20:10:00.000Z')
  await add(
    { kind: 'snapshot', body: { date: '2020-03-12', sha256: '2'.repeat(64), snapshot: snapshotThen() } },
    '2020-03-12T20:20:00.000Z',
  )
  const decided = await add(decision(), '2020-03-12T20:21:00.000Z')
  const post = renderDecisionPost({
    opened: first as Entry<'opened'>,
    decision: decided as Entry<'decision'>,
    close: closed as Entry<'close'>,
  })
  await add({ kind: 'post', body: post }, '2020-03-12T20:22:00.000Z')
  const part = { channel: 'discord', post: seqs.post, part: 0 } as const
  const sending = { nonce: 'n1', replyTo: null, costUsd: 0, late: false, parts: 1 }
  const claim = { attempt: 1, worker: 'w', claimedAt: '2020-03-12T20:22:01.000Z' }
  await add({ kind: 'posting', body: { ...part, ...sending, ...claim } }, '2020-03-12T20:22:01.000Z', 'outbox')
  await add(
    { kind: 'posted', body: { ...part, externalId: ourMessage, how: 'sent', late: false } },
    '2020-03-12T20:22:02.000Z',
    'outbox',
  )
}

/** The sample's assets as of the decision's session: SPY 248.11 is held, TLT and the others are not. */
function snapshotThen() {
  const sample = sampleSnapshot()
  const assets = sample.assets.map((asset) => (asset.date === null ? asset : { ...asset, date: '2020-03-12' }))
  return { ...sample, date: '2020-03-12', assets }
}

let counter = 0

export function message(text: string | null, change: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    kind: 'message',
    channel: 'discord',
    externalId: String(910000000000000000n + BigInt(++counter)),
    placeId: place,
    userId: ann,
    userName: 'Ann Example',
    saidAt: '2020-03-12T21:00:00.000Z',
    text,
    via: 'reply',
    repliesTo: ourMessage,
    threadOf: null,
    attachments: 0,
    editedAt: null,
    ...change,
  }
}

export function edit(of: IncomingMessage, text: string, editedAt: string): IncomingEdit {
  const { channel, externalId, placeId, userId, userName } = of
  return { kind: 'edit', channel, externalId, placeId, userId, userName, editedAt, text }
}

export function deletion(of: IncomingMessage, deletedAt: string): IncomingDeletion {
  const { channel, externalId, placeId } = of
  return { kind: 'deletion', channel, externalId, placeId, deletedAt }
}

export function reaction(change: Partial<IncomingReaction> = {}): IncomingReaction {
  return {
    kind: 'reaction',
    channel: 'discord',
    externalId: ourMessage,
    placeId: place,
    userId: ann,
    userName: 'Ann Example',
    emoji: '👍',
    change: 'added',
    saidAt: '2020-03-12T21:05:00.000Z',
    ...change,
  }
}

/** What a person does, as the adapter hands it on. `name` may hold the subcommand: 'privacy export'. */
export function interaction(
  name: string,
  options: Interaction['options'] = {},
  change: Partial<Interaction> = {},
): Interaction {
  const [command, subcommand = null] = name.split(' ')
  return {
    kind: 'command',
    name: command!,
    subcommand,
    parameters: [],
    options,
    focused: null,
    interactionId: String(920000000000000000n + BigInt(++counter)),
    userId: ann,
    userName: 'Ann Example',
    placeId: place,
    messageId: null,
    isDirect: false,
    locale: 'en-GB',
    at: '2020-03-12T21:30:00.000Z',
    ...change,
  }
}

/** Everything a person reads of an answer. */
export function shown(answer: Answer): string {
  if (answer.kind === 'form') return [answer.title, ...answer.fields.map(({ label }) => label)].join('\n')
  if (answer.kind === 'choices') return answer.choices.map(({ name }) => name).join('\n')
  const embeds = (answer.embeds ?? []).flatMap(({ title, description, fields = [], footer }) => [
    title,
    description,
    ...fields.flatMap(({ name, value }) => [name, value]),
    footer?.text,
  ])
  return [answer.content, ...embeds].filter((text) => text !== undefined && text !== '').join('\n')
}

/** Every entry of the book `community`, oldest first. */
export async function community(ctx: Context): Promise<readonly Entry[]> {
  return Array.fromAsync(ctx.journal.read({ book: 'community' }))
}

/** Every file of a folder as bytes, in which a text is looked for. */
export function bytesIn(folder: string, pattern = /^journal/): string {
  const files = readdirSync(folder).filter((name) => pattern.test(name))
  return Buffer.concat(files.map((name) => readFileSync(join(folder, name)))).toString('utf8')
}

export const randomText = () => randomBytes(9).toString('hex')
