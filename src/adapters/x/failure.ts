import { ordinaryText } from '../../posts/safe-text.ts'
import type { Instant } from '../../units.ts'
import type { XKeys } from './client.ts'

/** What went wrong with one request to X, told apart by what it means for whoever asked. */
export type XFailure =
  /** X answered with a status of 400 or more. */
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly detail: string
      /** When the limit that was hit starts anew; null where X does not say. */
      readonly resetAt: Instant | null
    }
  /** The request went out and no whole answer came back: it may have been performed. */
  | { readonly kind: 'lost'; readonly detail: string }
  /** Nothing was sent. */
  | { readonly kind: 'unconnected'; readonly detail: string }

const neverConnected = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'EACCES',
  'EADDRNOTAVAIL',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'ERR_TLS_CERT_ALTNAME_INVALID',
])

/**
 * Reads an error of twitter-api-v2, by its fields alone: the library is loaded only where it is used.
 *
 * @throws the error itself when it is none of the library's: our own mistake
 */
export function failureOf(error: unknown, keys: XKeys): XFailure {
  const fault = error as LibraryError
  switch (fault?.type) {
    case 'response':
      return {
        kind: 'answer',
        status: fault.code ?? 0,
        detail: safeDetail(detailOf(fault.data), keys),
        resetAt: resetOf(fault.rateLimit),
      }
    case 'partial-response':
      return { kind: 'lost', detail: 'the answer was cut off' }
    case 'request': {
      // The cause is in a field that the library hides from printing.
      const cause = fault._options?.error as { readonly code?: string; readonly message?: string } | undefined
      // Several addresses were tried, and each failed.
      const code = cause?.code ?? (cause as { errors?: { code?: string }[] } | undefined)?.errors?.[0]?.code
      if (code !== undefined && neverConnected.has(code))
        return { kind: 'unconnected', detail: `no connection (${code})` }
      const why = /timeout/i.test(cause?.message ?? '')
        ? 'no answer in time'
        : `the connection broke (${code ?? 'closed'})`
      return { kind: 'lost', detail: why }
    }
    default:
      throw error
  }
}

type RateLimit = { readonly remaining?: number; readonly reset?: number }
type LibraryError = {
  readonly type?: string
  readonly code?: number
  readonly data?: unknown
  readonly rateLimit?: RateLimit & { readonly day?: RateLimit; readonly userDay?: RateLimit }
  readonly _options?: { readonly error?: unknown }
}

/** Of the limits that are used up, the one that lasts longest. */
function resetOf(rateLimit: LibraryError['rateLimit']): Instant | null {
  if (rateLimit === undefined) return null
  const all = [rateLimit, rateLimit.day, rateLimit.userDay].filter((limit) => limit !== undefined)
  const used = all.filter(({ remaining }) => remaining === 0)
  const resets = (used.length > 0 ? used : [rateLimit]).map(({ reset }) => reset ?? Number.NaN)
  const last = Math.max(...resets)
  return Number.isFinite(last) && last > 0 && last < 1e11 ? new Date(last * 1000).toISOString() : null
}

/** Problem documents say it in `detail`, older errors in `errors`; a page of a proxy says nothing that helps. */
function detailOf(data: unknown): string {
  if (typeof data !== 'object' || data === null) return ''
  const { detail, title, type, errors } = data as Readonly<Record<string, unknown>>
  const first = Array.isArray(errors) ? (errors[0] as { message?: unknown } | undefined)?.message : undefined
  const texts = [detail, first, title].filter((text) => typeof text === 'string' && text !== '')
  const kind = typeof type === 'string' ? (type.split('/').at(-1) ?? '') : ''
  return `${texts[0] ?? ''}${kind === '' || kind === 'about:blank' ? '' : ` (${kind})`}`
}

/** One line of somebody else's words, without our secrets should they be in it. */
export function safeDetail(text: string, keys: XKeys): string {
  let safe = text
  for (const secret of Object.values(keys)) if (secret !== '') safe = safe.replaceAll(secret, '[secret]')
  return ordinaryText(safe).slice(0, 200)
}

/** Example: 'HTTP 503', 'HTTP 403: You are not permitted to perform this action.' */
export function failureText(failure: XFailure): string {
  if (failure.kind !== 'answer') return failure.detail
  return failure.detail === '' ? `HTTP ${failure.status}` : `HTTP ${failure.status}: ${failure.detail}`
}
