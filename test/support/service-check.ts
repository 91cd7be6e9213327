import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { ChainRow } from '../../src/journal/chain.ts'
import type { RenderedPost } from '../../src/journal/entry.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import type { SaidContent } from '../../src/talk/said.ts'
import { primerJson, rowsOf } from './primer.ts'
import type { Crowd, SaidByCrowd } from './service-crowd.ts'
import { forgottenUser } from './service-crowd.ts'
import type { World } from './service-world.ts'

export const bookNamesPlayed = ['allocator', 'catalyst'] as const

/** Entries of the portfolios alone: what the money did, and what was to be said of it. */
export function bookRows(rows: readonly ChainRow[]): readonly ChainRow[] {
  return rows.filter(({ book }) => (bookNamesPlayed as readonly string[]).includes(book))
}

export type PostFigures = { readonly posts: number; readonly onDiscord: number; readonly onX: number }

/**
 * Every post of the journal stands on each channel it belongs to once, whole, in the order of its book, with hash and label;
 * nothing else of ours stands there but answers to people; and nobody was notified.
 */
export function assertPosts(
  { home, discord, x }: World,
  { mayMiss }: Losses = { mayMiss: false },
  rows: readonly ChainRow[] = rowsOf(join(home, 'journal.db')),
): PostFigures {
  const hashes = new Set(rows.map(({ hash }) => hash))
  const posts = rows.filter(({ kind }) => kind === 'post')
  assert.deepEqual(
    rows.filter(({ kind }) => kind === 'unposted').map(({ body }) => body),
    [],
    'nothing was given up',
  )

  const messages = discord.posts().filter(({ embeds }) => embeds.length > 0)
  const tweets = [...x.own()]
  let onX = 0
  const places = new Map<string, { discord: number; x: number }>()
  for (const { seq, book, body } of posts) {
    const post = JSON.parse(body) as RenderedPost
    const last = places.get(book) ?? { discord: -1, x: -1 }
    const wanted = DiscordPost.parse(post.discord)
    const found = messages.flatMap((message, index) =>
      (message.embeds as { title: string }[])[0]!.title === wanted.embeds[0]!.title &&
      JSON.stringify(message.embeds).includes(post.of.hash)
        ? [index]
        : [],
    )
    assert.equal(found.length, 1, `post ${seq} (${post.purpose}) stands ${found.length} times on Discord`)
    assert(found[0]! > last.discord, `post ${seq} stands on Discord before an earlier one of ${book}`)
    const [message] = found.map((index) => messages[index]!)
    assert.match(JSON.stringify(message!.embeds), /[Aa]utomated account/, 'it says who speaks')
    assert(hashes.has(post.of.hash))
    if (post.purpose === 'decision') assert(discord.state.channels.has(message!.id), `post ${seq} has no thread`)
    if (post.purpose === 'alert') assert.deepEqual(post.x, [], 'alerts are for Discord alone')
    last.discord = found[0]!

    let before: string | null = null
    for (const text of post.x) {
      const own = tweets.flatMap((tweet, index) =>
        tweet.text.replace(/ https:\/\/t\.co\/\w+$/, '') === text ? [index] : [],
      )
      assert.equal(own.length, 1, `a text of post ${seq} stands ${own.length} times on X: ${text}`)
      const tweet = tweets[own[0]!]!
      assert.equal(tweet.repliedTo, before, `post ${seq}: a thread on X continues its own text before`)
      assert(own[0]! > last.x, `post ${seq} stands on X before an earlier one of ${book}`)
      last.x = own[0]!
      before = tweet.id
      onX += 1
    }
    if (post.x.length > 0)
      assert(post.x.at(-1)!.endsWith(`Automated, paper money. ${post.of.hash.slice(0, 32)}`), `the seal of ${seq}`)
    places.set(book, last)
  }
  assert.equal(messages.length, posts.length, 'nothing else stands on Discord')
  assert.equal(tweets.length, onX, 'nothing else stands on X')
  assert.doesNotMatch(tweets.map(({ text }) => text).join('\n'), /@\w|#\w/, 'nobody is mentioned')
  const [newestReport] = posts.filter(({ body }) => JSON.parse(body).purpose === 'weekly').slice(-1)
  if (newestReport !== undefined) {
    const pinned = discord.posts().filter((message) => message.pinned)
    assert.equal(pinned.length, 1, 'one report is pinned')
    assert.match(JSON.stringify(pinned[0]!.embeds), new RegExp((JSON.parse(newestReport.body) as RenderedPost).of.hash))
  }
  // A question that waited while the gateway was cut is too old when it arrives.
  const faults = discord.state.faults.filter((fault) => !(mayMiss && / was answered after /.test(fault)))
  assert.deepEqual(faults, [], 'Discord holds nothing against it')
  assert.deepEqual(x.faults, [], 'X holds nothing against it')
  return { posts: posts.length, onDiscord: messages.length, onX }
}

export type TalkFigures = Readonly<Record<string, number>>

type Text = { readonly id: string; readonly content: SaidContent & Readonly<Record<string, unknown>> }

/** Texts that are held now, by the entry that refers to them. */
function textsIn(home: string): ReadonlyMap<string, Text['content']> {
  const database = new DatabaseSync(join(home, 'journal.db'), { readOnly: true })
  try {
    const rows = database.prepare("SELECT id, content FROM texts WHERE content NOT LIKE '00000000%'").all() as {
      id: string
      content: string
    }[]
    return new Map(rows.map(({ id, content }) => [id, JSON.parse(content) as Text['content']]))
  } finally {
    database.close()
  }
}

/** What keeps somebody from being heard: in a run without faults everything is heard. */
export type Losses = { readonly mayMiss: boolean }

/**
 * Everything the crowd said and the platforms still hold is in the journal once, in its last version; what was deleted is
 * erased; what people said among themselves is not there.
 *
 * @param losses mayMiss: the service was away at times, so that what came and went meanwhile may be missing
 * @returns what was compared
 */
export function assertTalk({ home, discord }: World, crowd: Crowd, { mayMiss }: Losses): TalkFigures {
  const rows = rowsOf(join(home, 'journal.db'))
  const texts = textsIn(home)
  const held = new Map<string, { seq: number; text: string | null }[]>()
  const of = <T>(kind: string) =>
    rows.filter((row) => row.kind === kind).map(({ seq, body }) => ({ seq, body: JSON.parse(body) as T }))
  type WithText = { text: { id: string } | null; channel: string }
  for (const { seq, body } of of<WithText>('reply')) {
    const content = body.text === null ? undefined : texts.get(body.text.id)
    if (content?.messageId === undefined) continue
    const key = `${body.channel}/${content.messageId}`
    held.set(key, [...(held.get(key) ?? []), { seq, text: content.text }])
  }
  // Several versions that arrive at once may be written in any order; each says when it was made.
  const edits = of<WithText & { of: number; editedAt: string }>('edit').sort((a, b) =>
    a.body.editedAt < b.body.editedAt ? -1 : 1,
  )
  const lastText = (one: { seq: number; text: string | null }) => {
    const last = edits.findLast(({ body }) => body.of === one.seq)
    return last === undefined ? one.text : (texts.get(last.body.text?.id ?? '')?.text ?? null)
  }

  const compare = (channel: string, all: ReadonlyMap<string, SaidByCrowd>) => {
    let count = 0
    for (const { id, userId, texts: said, isDeleted } of all.values()) {
      const found = held.get(`${channel}/${id}`) ?? []
      if (isDeleted || userId === forgottenUser) {
        assert.deepEqual(found, [], `${channel}: the text of ${id}, which is gone, is still held`)
        continue
      }
      assert.equal(found.length, 1, `${channel}: ${id} (${said[0]!.slice(0, 60)}) was captured ${found.length} times`)
      assert.equal(lastText(found[0]!), said.at(-1)!, `${channel}: the last version of ${id}`)
      count += 1
    }
    return count
  }
  const figures: Record<string, number> = {
    'replies on Discord': compare('discord', crowd.onDiscord),
    'replies on X': compare('x', crowd.onX),
  }
  const content = JSON.stringify([...texts.values()])
  for (const one of [...crowd.onDiscord.values(), ...crowd.onX.values()]) {
    if (!one.isDeleted && one.userId !== forgottenUser) continue
    for (const text of one.texts) {
      const tag = /#\d+/.exec(text)![0]
      assert(!new RegExp(`${tag}\\b`).test(content), `${tag}, which was taken back, is still held`)
    }
  }
  for (const id of crowd.private) assert(!content.includes(`"${id}"`), `${id} was said to nobody of us`)
  assert(!content.includes(forgottenUser) && !JSON.stringify(rows).includes(forgottenUser), 'who is forgotten is gone')
  const deletions = of('deletion').length
  figures['deleted, and erased'] = deletions
  if (!mayMiss) {
    const all = [...crowd.onDiscord.values(), ...crowd.onX.values()]
    const gone = all.filter(({ isDeleted, userId }) => isDeleted || userId === forgottenUser).length
    const captured = of('reply').length
    assert(captured <= all.length && captured >= all.length - gone, `${captured} of ${all.length} were captured`)
  }
  // A notice stands under the first thing that somebody said; who used a command first is told there.
  const notices = [...discord.state.messages.values()]
    .flatMap((place) => [...place.values()])
    .filter(({ author, embeds }) => author.id === discord.state.bot.id && embeds.length === 0)
  const told = notices.map((notice) => crowd.onDiscord.get(notice.message_reference?.message_id ?? '')?.userId)
  const twice = told.length - new Set(told).size
  if (!mayMiss) assert.equal(twice, 0, 'each person is told once what is kept')
  figures['people told what is kept'] = of('notice').length
  figures['told so twice, for a fault between'] = twice
  figures['reactions that stand'] = assertReactions(of('reaction'), texts, crowd, mayMiss)
  figures['changes of reactions'] = of('reaction').length
  Object.assign(figures, assertAsked(rows, crowd, mayMiss))
  return figures
}

function assertReactions(
  entries: readonly { readonly seq: number; readonly body: unknown }[],
  texts: ReadonlyMap<string, Text['content']>,
  crowd: Crowd,
  mayMiss: boolean,
): number {
  const recorded = new Map<string, string[]>()
  for (const { body } of entries) {
    const { text, emoji, change } = body as { text: { id: string }; emoji: string; change: string }
    const said = texts.get(text.id)
    if (said === undefined) continue
    const key = `${said.messageId} ${said.userId} ${emoji}`
    recorded.set(key, [...(recorded.get(key) ?? []), change])
  }
  let standing = 0
  for (const [key, stands] of crowd.reactions) {
    const changes = recorded.get(key) ?? []
    // Added, removed, added: whatever was missed, what is on record alternates.
    for (const [index, change] of changes.entries()) assert.equal(change, index % 2 === 0 ? 'added' : 'removed', key)
    assert.equal(changes.length % 2 === 1, stands, `${key}: ${changes.join()} is on record`)
    if (!mayMiss) {
      const made = crowd.changes.filter((one) => one.key === key).map(({ change }) => change)
      assert.deepEqual(changes, made, key)
    }
    if (stands) standing += 1
  }
  for (const key of recorded.keys()) assert(crowd.reactions.has(key), `nobody reacted like that: ${key}`)
  return standing
}

/** Whatever a person was told is on record is there, once; what was not answered may be there or not. */
function assertAsked(rows: readonly ChainRow[], crowd: Crowd, mayMiss: boolean): Record<string, number> {
  const figures: Record<string, number> = {}
  let slowest = 0
  const answered = crowd.asked.filter(({ sent }) => sent.shown !== null || sent.data !== null)
  for (const { name, sent } of answered) {
    slowest = Math.max(slowest, sent.answeredAfterMs!)
    const shown = JSON.stringify(sent.shown)
    assert.doesNotMatch(shown, /went wrong|try again/i, `/${name} was answered by an apology: ${shown.slice(0, 300)}`)
  }
  if (!mayMiss) {
    for (const { name, sent } of crowd.asked) assert(sent.answeredAfterMs !== null, `/${name} was not answered in time`)
  }
  for (const kind of ['prediction', 'feedback'] as const) {
    const asked = crowd.asked.filter(({ name }) => name === (kind === 'prediction' ? 'predict' : kind))
    const told = asked.flatMap(({ sent }) => {
      const text = JSON.stringify(sent.shown)
      const seq = /[Ee]ntry (\d+)/.exec(text)?.[1]
      return seq === undefined ? [] : [Number(seq)]
    })
    const written = rows.filter((row) => row.kind === kind)
    assert.equal(new Set(told).size, told.length, 'two people were told of one entry')
    for (const seq of told)
      assert(
        written.some((row) => row.seq === seq),
        `${kind} ${seq} was confirmed and is missing`,
      )
    assert(written.length <= asked.length, `more of ${kind} on record than were made`)
    if (!mayMiss) assert.equal(written.length, told.length)
    figures[`${kind}s`] = written.length
  }
  const opinions = rows.filter(({ kind }) => kind === 'opinion').length
  assert(opinions <= crowd.asked.filter(({ name }) => ['agree', 'disagree', 'why'].includes(name)).length)
  figures.opinions = opinions
  figures['commands, buttons and forms answered'] = answered.length
  figures['slowest answer, ms'] = slowest
  return figures
}

/** The chain holds, and each book rebuilt from it is what was recorded. */
export async function assertSound({ home }: World): Promise<number> {
  const verified = await primerJson<{ ok: boolean; entries: number }>(['journal', 'verify'], { home })
  assert.equal(verified.ok, true)
  const rows = rowsOf(join(home, 'journal.db'))
  for (const book of bookNamesPlayed) {
    if (!rows.some((row) => row.book === book)) continue
    const replayed = await primerJson<{ ok: boolean; differences: unknown[] }>(['replay', '--book', book], { home })
    assert.deepEqual([replayed.ok, replayed.differences], [true, []])
  }
  return verified.entries
}
