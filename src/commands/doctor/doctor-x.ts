import { existsSync } from 'node:fs'
import { openJournal } from '../../adapters/database/journal.ts'
import { openXClient, type XClient, xSettingsOf } from '../../adapters/x/client.ts'
import { failureOf, failureText, type XFailure } from '../../adapters/x/failure.ts'
import { openXLedger } from '../../adapters/x/ledger.ts'
import type { Config } from '../../config.ts'
import { quotaReader } from '../../service/quota.ts'
import type { Finding } from './finding.ts'

const check = 'x'
const portal = 'console.x.com, your app'
const makeAnew = `${portal}, User authentication settings, App permissions: Read and write; then Keys and tokens, Access token and secret: Regenerate`

/** X: configured, reachable, keys accepted, allowed to post, and what is left to post and to read. Nothing is posted. */
export async function checkX(config: Config): Promise<readonly Finding[]> {
  const settings = xSettingsOf(config)
  if (settings === null) {
    const how = `set X_APP_KEY, X_APP_SECRET, X_ACCESS_TOKEN and X_ACCESS_SECRET (${portal}, Keys and tokens)`
    return [{ check, state: 'preview', detail: `not configured: posts are rendered and journaled, not sent; ${how}` }]
  }
  const client = await openXClient({ ...settings, timeoutMs: 10_000 })
  const timer = setTimeout(() => client.cut(), 15_000)
  try {
    return [await whoAmI(client), ...(await whatIsLeft(config))]
  } finally {
    clearTimeout(timer)
    client.cut()
  }
}

type Me = { readonly data?: { readonly id?: string; readonly username?: string } }

async function whoAmI(client: XClient): Promise<Finding> {
  try {
    const { data, headers } = await client.api.v2.get<Me>('users/me', {}, { fullResponse: true })
    const name = data.data?.username
    if (typeof name !== 'string') return { check, state: 'failing', detail: 'what answers is not X: check X_API_URL' }
    const who = `@${name.slice(0, 40)}`
    // X says with each answer what the keys may do; a server in between may leave that out.
    const level = headers['x-access-level']
    if (level === undefined) {
      return { check, state: 'ok', detail: `${who}, keys accepted; whether they may post shows with the first post` }
    }
    return String(level).includes('write')
      ? { check, state: 'ok', detail: `${who}, keys accepted, may read and write` }
      : { check, state: 'failing', detail: `${who} may read and not post: ${makeAnew}` }
  } catch (error) {
    return { check, state: 'failing', detail: remedy(failureOf(error, client.keys)) }
  }
}

function remedy(failure: XFailure): string {
  const said = failureText(failure)
  if (failure.kind !== 'answer') return `X cannot be reached (${said}): check the network and X_API_URL`
  const { status, resetAt } = failure
  if (status === 401)
    return `the keys are refused (${said}): ${portal}, Keys and tokens, regenerate and copy all four again`
  if (status === 402) return `out of credit (${said}): console.x.com, Billing, buy credits`
  if (status === 403) return `the app may not do this (${said}): ${makeAnew}`
  if (status === 429)
    return `too many requests (${said}): try again ${resetAt === null ? 'in a quarter of an hour' : `after ${resetAt}`}`
  if (status === 404) return `what answers is not X (${said}): check X_API_URL`
  return `X fails (${said}): try again later`
}

async function whatIsLeft(config: Config): Promise<readonly Finding[]> {
  const now = new Date().toISOString()
  const readUsd = openXLedger(config.home).readUsd(now.slice(0, 10))
  const reading = `USD ${Math.max(0, config.x.dailyReadUsd - readUsd).toFixed(3)} of ${config.x.dailyReadUsd} left to read today`
  const { dailyPosts, monthlyPosts } = config.x
  const file = config.databaseUrl.startsWith('sqlite:') ? config.databaseUrl.slice('sqlite:'.length) : null
  if (file !== null && !existsSync(file)) {
    return [{ check: 'x quota', state: 'ok', detail: `${dailyPosts} posts a day, ${monthlyPosts} a month; ${reading}` }]
  }
  try {
    const journal = await openJournal(config.databaseUrl, { readOnly: true })
    try {
      const { dayLeft, monthLeft, monthUsd } = await quotaReader({ journal, config })(now)
      const posts = `${dayLeft} of ${dailyPosts} posts left today, ${monthLeft} of ${monthlyPosts} this month`
      return [{ check: 'x quota', state: 'ok', detail: `${posts} (USD ${monthUsd.toFixed(2)} so far); ${reading}` }]
    } finally {
      await journal.close()
    }
  } catch {
    // The check of the journal says what is wrong with it.
    return []
  }
}
