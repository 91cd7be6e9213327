import { createHmac, timingSafeEqual } from 'node:crypto'
import type { XKeys } from '../../src/adapters/x/client.ts'

/** RFC 5849, section 3.6: what encodeURIComponent leaves alone and the standard does not. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!*'()]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

/**
 * Checks the OAuth 1.0a signature of a request whose body is not signed (JSON, multipart).
 *
 * @param url as X itself would be asked: a signature for any other host is none
 * @returns what is wrong, or null
 */
export function signatureFault(
  request: { readonly method: string; readonly url: URL; readonly authorization: string | undefined },
  keys: XKeys,
  seenNonces: Set<string>,
  nowMs: number,
): string | null {
  const { method, url, authorization } = request
  if (!authorization?.startsWith('OAuth ')) return 'no OAuth header'
  const fields = new Map<string, string>()
  for (const part of authorization.slice('OAuth '.length).split(',')) {
    const match = /^\s*(\w+)="([^"]*)"\s*$/.exec(part)
    if (match === null) return `an unreadable part of the header: ${part}`
    fields.set(match[1]!, decodeURIComponent(match[2]!))
  }
  if (fields.get('oauth_signature_method') !== 'HMAC-SHA1') return 'not HMAC-SHA1'
  if (fields.get('oauth_consumer_key') !== keys.appKey) return 'an unknown app'
  if (fields.get('oauth_token') !== keys.accessToken) return 'an unknown token'
  if (Math.abs(nowMs / 1000 - Number(fields.get('oauth_timestamp'))) > 300) return 'a timestamp far off'
  const nonce = fields.get('oauth_nonce') ?? ''
  if (nonce === '' || seenNonces.has(nonce)) return 'a nonce used before'
  seenNonces.add(nonce)
  const signature = fields.get('oauth_signature') ?? ''
  fields.delete('oauth_signature')
  const pairs = [...fields, ...url.searchParams].map(([name, value]) => [encoded(name), encoded(value)] as const)
  pairs.sort(([a, x], [b, y]) => (a === b ? (x < y ? -1 : 1) : a < b ? -1 : 1))
  const parameters = pairs.map(([name, value]) => `${name}=${value}`).join('&')
  const base = [method, encoded(`${url.origin}${url.pathname}`), encoded(parameters)].join('&')
  const key = `${encoded(keys.appSecret)}&${encoded(keys.accessSecret)}`
  const expected = createHmac('sha1', key).update(base).digest()
  const given = Buffer.from(signature, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected) ? null : 'a wrong signature'
}
