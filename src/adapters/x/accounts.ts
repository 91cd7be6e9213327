import { ApiPartialResponseError, ApiRequestError, ApiResponseError } from 'twitter-api-v2'
import { z } from 'zod'
import { WorldError } from '../../errors.ts'
import type { AccountPosts } from '../sources/read.ts'
import { openXClient, type XSettings } from './client.ts'
import { readPrices, type XLedger } from './ledger.ts'

/** Posts of one account in one look: each is paid for, and X gives no fewer than the least. */
const postsMost = 10
const postsLeast = 5

/** Where each account stands: its number, which costs a request to learn, the last post seen, and when it was looked at. */
const Cursor = z.record(
  z.string(),
  z.object({ id: z.string(), since: z.string().nullable(), at: z.number().default(0) }),
)

/**
 * Posts of accounts since the last look; the first look takes the newest few. Reposts and replies are left out. Whoever was not
 * looked at for longest comes first, and the look ends where the day's budget for reading does. What was read before a failure is
 * kept, since it was paid for.
 *
 * @param ledger where reads are counted
 * @param dailyUsd most US dollars for reading in a UTC day, all readers of X together
 */
export function readAccounts(settings: XSettings, ledger: XLedger, dailyUsd: number): AccountPosts {
  return async (accounts, cursor) => {
    const known = Cursor.parse(cursor === null ? {} : JSON.parse(cursor))
    const { api, cut } = await openXClient(settings)
    const items: Awaited<ReturnType<AccountPosts>>['items'][number][] = []
    try {
      for (const account of accounts.toSorted((a, b) => (known[a]?.at ?? 0) - (known[b]?.at ?? 0))) {
        const day = new Date().toISOString().slice(0, 10)
        const left = dailyUsd - ledger.readUsd(day) - (known[account] === undefined ? readPrices.user : 0)
        const most = Math.min(postsMost, Math.floor(left / readPrices.post + 1e-9))
        if (most < postsLeast) break
        let place = known[account]
        if (place === undefined) {
          const { data } = await api.v2.userByUsername(account)
          ledger.add(day, 'user', 1)
          place = { id: data.id, since: null, at: 0 }
          known[account] = place
        }
        const page = await api.v2.userTimeline(place.id, {
          max_results: most,
          exclude: ['retweets', 'replies'],
          'tweet.fields': ['created_at'],
          ...(place.since !== null && { since_id: place.since }),
        })
        ledger.add(day, 'post', page.tweets.length)
        for (const { id, text, created_at } of page.tweets) {
          const at = created_at === undefined ? null : new Date(created_at)
          items.push({
            id,
            title: '',
            text,
            url: `https://x.com/${account}/status/${id}`,
            publishedAt: at === null || Number.isNaN(at.getTime()) ? null : at.toISOString(),
            dateOnly: false,
          })
        }
        known[account] = { id: place.id, since: page.meta.newest_id ?? place.since, at: Date.now() }
      }
    } catch (cause) {
      if (items.length === 0) throw readFailure(cause)
    } finally {
      cut()
    }
    return { items, since: JSON.stringify(known) }
  }
}

function readFailure(cause: unknown): unknown {
  const failed = (because: string, retryable: boolean) =>
    new WorldError(`X: accounts could not be read: ${because}`, { retryable, cause })
  if (cause instanceof ApiResponseError) {
    if (cause.code === 402) return failed('the account has no credit left (402)', false)
    if (cause.code === 429) return failed('too many requests (429)', true)
    return failed(`status ${cause.code}`, cause.code >= 500)
  }
  if (cause instanceof ApiRequestError || cause instanceof ApiPartialResponseError) {
    return failed('the connection failed', true)
  }
  return cause
}
