import type { Journal, Person } from '../adapters/database/journal.ts'
import type { Context } from '../context.ts'
import type { IncomingMessage } from '../journal/incoming.ts'
import type { Instant } from '../units.ts'
import type { Notice } from './capture.ts'
import { type Account, type Known, peopleOf } from './people.ts'
import { communityBook } from './said.ts'

/** What a person is told once, in reply to the first thing they said or did. */
export const noticeText =
  'Noted, once: what you say to this bot is kept for research, under a random name, with its time and the prices of then. The model that decides never reads it, and it is exported only if you allow it. See it with /privacy export, stop it with /privacy consent, erase it with /privacy forget.'

/** A notice that is being sent is not asked for again for a while; should the sending fail, it is. */
const claimMs = 15 * 60_000
const claims = new WeakMap<Journal, Map<string, number>>()

/** The notice that somebody's first message is due, or null. On X the bot only listens, unless it is switched on. */
export function noticeDue(ctx: Context, event: IncomingMessage, person: Person): Notice | null {
  if (person.noticedAt !== null || (event.channel === 'x' && !ctx.config.x.replies)) return null
  let claimed = claims.get(ctx.journal)
  if (claimed === undefined) {
    claimed = new Map()
    claims.set(ctx.journal, claimed)
  }
  const now = performance.now()
  if ((claimed.get(person.lookup) ?? Number.NEGATIVE_INFINITY) > now - claimMs) return null
  for (const [lookup, since] of claimed) if (since <= now - claimMs) claimed.delete(lookup)
  claimed.set(person.lookup, now)
  const { channel, userId, placeId, externalId } = event
  return { channel, userId, placeId, replyTo: externalId }
}

/** While a channel knows a repeated message by its nonce, or by its equal text. */
const nonceMs = 2 * 60_000

/**
 * Tells somebody once and writes it down. When a process died while it was telling, the same is sent again only as long as the
 * channel takes it for the same message; later it counts as told.
 *
 * @param at now
 * @param send gets a nonce, always the same for this person, and answers whether it was sent
 * @returns whether this call sent something
 */
export async function tellOnce(
  ctx: Context,
  account: Account,
  at: Instant,
  send: (nonce: string) => Promise<boolean>,
): Promise<boolean> {
  const people = await peopleOf(ctx)
  const name = `notice/${people.opaque('notice', account.channel, account.userId)}`
  const begunAt = (await ctx.journal.cursor(name)) ?? ''
  if (begunAt !== '' && Date.parse(at) - Date.parse(begunAt) > nonceMs) {
    await recordNotice(ctx, account, at)
    return false
  }
  if (begunAt === '') await ctx.journal.setCursor(name, at)
  const isSent = await send(people.opaque('notice nonce', account.channel, account.userId).slice(0, 24))
  if (isSent) await recordNotice(ctx, account, at)
  else await ctx.journal.setCursor(name, '')
  return isSent
}

async function recordNotice(ctx: Context, account: Account, at: Instant): Promise<boolean> {
  const people = await peopleOf(ctx)
  const person = (await people.enrol([account])).get(people.lookup(account))
  return person === undefined ? false : recordNoticeTo(ctx, account, person, at)
}

export async function recordNoticeTo(ctx: Context, account: Account, person: Known, at: string): Promise<boolean> {
  if (!(await ctx.journal.changePerson(person.lookup, { noticedAt: at }))) return false
  await ctx.journal.append([
    {
      at: ctx.clock.now(at),
      kind: 'notice',
      book: communityBook,
      body: { person: person.pseudonym, channel: account.channel },
    },
  ])
  return true
}
