import type { OwnPosts, XReader } from '../src/adapters/x/read.ts'
import type { OwnPost } from '../src/adapters/x/sweep.ts'
import type { Context } from '../src/context.ts'
import { addDays } from '../src/market/calendar.ts'
import type { Publisher } from '../src/posts/publisher.ts'
import { capture, type Notice } from '../src/talk/capture.ts'
import { tellOnce } from '../src/talk/notice.ts'
import type { SaidContent } from '../src/talk/said.ts'
import { communityBook } from '../src/talk/said.ts'
import type { Instant } from '../src/units.ts'

export type Collected = {
  readonly written: number
  readonly deletions: number
  /** Why not everything was read; null when it was. */
  readonly because: string | null
}

/** X is searched for answers to what we posted in these days, and asked in these days whether an answer is still there. */
const listeningDays = 7

/** What a person on X is told once, where the bot answers there at all. */
const noticeOnX =
  'Automated, once: what you say to this bot is kept for research under a random name; text from X is never exported and never reaches the model. Delete your post and its text is erased here too.'

/**
 * Listens on X: fetches what people said to us and about us, writes it down, and remembers how far it read only then, so that
 * nothing is lost between. Safe to run at any time, twice and by several workers: what was captured is known by its key.
 *
 * @param publisher for the one notice that a person gets; without `X_REPLIES=true` nobody is answered
 */
export async function collectFromX(
  ctx: Context,
  reader: XReader,
  now: Instant,
  publisher: Publisher | null = null,
): Promise<Collected> {
  const own = await ownPosts(ctx, now)
  const cursors = { mentions: await ctx.journal.cursor('x/mentions'), search: await ctx.journal.cursor('x/search') }
  const poll = await reader.poll(cursors, own, now.slice(0, 10))

  const captured = await capture(ctx, poll.events)
  await ctx.journal.setCursor('x/mentions', poll.cursors.mentions)
  await ctx.journal.setCursor('x/search', poll.cursors.search)

  if (publisher !== null && ctx.config.x.replies) await tell(ctx, publisher, captured.notices, now)
  const deletions = await forgetDeleted(ctx, reader, now)
  if (poll.because !== null) ctx.say(`x: not everything was read: ${poll.because}`)
  return { written: captured.written, deletions, because: poll.because }
}

/** What the journal knows of our posts on X. */
async function ownPosts(ctx: Context, now: Instant): Promise<OwnPosts> {
  const all = new Set<string>()
  const roots: OwnPost[] = []
  const parts: OwnPost[] = []
  const weekAgo = `${addDays(now.slice(0, 10), -listeningDays)}${now.slice(10)}`
  for await (const entry of ctx.journal.read({ kinds: ['posted'] })) {
    if (entry.kind !== 'posted' || entry.body.channel !== 'x') continue
    all.add(entry.body.externalId)
    if (entry.at < weekAgo) continue
    const { part, externalId: id } = entry.body
    ;(part === 0 ? roots : parts).push({ id, seq: entry.seq })
  }
  return { roots, parts, all }
}

/** Once a day: what was deleted on X is erased here. */
async function forgetDeleted(ctx: Context, reader: XReader, now: Instant): Promise<number> {
  const today = now.slice(0, 10)
  if ((await ctx.journal.cursor('x/looked-for-deletions')) === today) return 0
  const refs: string[] = []
  const fromAt = `${addDays(today, -listeningDays)}T00:00:00.000Z`
  for await (const entry of ctx.journal.read({ book: communityBook, kinds: ['reply'], fromAt })) {
    if (entry.kind === 'reply' && entry.body.channel === 'x' && entry.body.text !== null) refs.push(entry.body.text.id)
  }
  const texts = refs.length === 0 ? [] : [...(await ctx.journal.texts(refs)).values()]
  const ids = texts.flatMap((content) => (content as SaidContent).messageId ?? [])
  const gone = await reader.gone(ids, today)
  if (gone === null) return 0
  if (gone.length > 0) await capture(ctx, gone)
  await ctx.journal.setCursor('x/looked-for-deletions', today)
  return gone.length
}

/** Texts of the day's quota that are left to posts. */
const leftToPosts = 4

async function tell(ctx: Context, publisher: Publisher, notices: readonly Notice[], now: Instant): Promise<void> {
  let left = ctx.config.x.dailyPosts - leftToPosts - (await sentToday(ctx, now))
  for (const { channel, userId, replyTo } of notices) {
    if (channel !== 'x') continue
    if (left <= 0) return ctx.say('x: no notice is sent any more today: the quota is kept for posts')
    // X refuses a text that it has from us already, so each says whom it is for, by a word that nobody can trace back.
    let refused: string | null = null
    const isSent = await tellOnce(ctx, { channel, userId }, now, async (nonce) => {
      const text = `${noticeOnX} Ref ${nonce.slice(0, 9)}.`
      const outcome = await publisher.send({ channel: 'x', text, replyTo }, '')
      if (outcome.kind === 'sent' || outcome.kind === 'duplicate') return true
      refused = outcome.because
      return false
    })
    if (refused !== null) return ctx.say(`x: a notice was not sent: ${refused}`)
    if (!isSent) continue
    left -= 1
  }
}

async function sentToday(ctx: Context, now: Instant): Promise<number> {
  let sent = 0
  for await (const entry of ctx.journal.read({
    kinds: ['posting', 'notice'],
    fromAt: `${now.slice(0, 10)}T00:00:00.000Z`,
  })) {
    if ((entry.kind === 'posting' || entry.kind === 'notice') && entry.body.channel === 'x') sent += 1
  }
  return sent
}
