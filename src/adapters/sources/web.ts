import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'
import { InputError, WorldError } from '../../errors.ts'

/** What a source answered: a body, or that nothing has changed since `validators`. */
export type Fetched =
  | { readonly kind: 'body'; readonly bytes: Uint8Array; readonly contentType: string; readonly validators: Validators }
  | { readonly kind: 'unchanged' }
  /** Only where `mayBeGone` was said: 403, 404 and 410. */
  | { readonly kind: 'gone' }

/** A source that could not be read, with how long it asked to be left alone. */
export class SourceError extends WorldError {
  override readonly name: string = 'SourceError'
  readonly retryAfterMs: number | null
  constructor(
    message: string,
    options: { readonly retryable: boolean; readonly retryAfterMs?: number | null; readonly cause?: unknown },
  ) {
    super(message, options)
    this.retryAfterMs = options.retryAfterMs ?? null
  }
}

/** What makes the next request a conditional one. */
export type Validators = { readonly etag: string | null; readonly lastModified: string | null }

export type WebRequest = {
  readonly url: string
  readonly validators?: Validators
  readonly accept?: string
  /** JSON body of a POST; a GET without it. */
  readonly post?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** One page of many, which may have been taken away or closed since it was listed. */
  readonly mayBeGone?: boolean
}

export type WebOptions = {
  /** How names become addresses; the system's way unless given. */
  readonly resolve?: typeof systemLookup
  readonly timeoutMs?: number
}

export type Web = { readonly fetch: (request: WebRequest) => Promise<Fetched>; readonly close: () => Promise<void> }

const bytesMost = 10_000_000
const redirectsMost = 5
const answerMostMs = 20_000
const userAgent = 'Primer/0.1 (paper portfolio, reads public feeds)'

const privateAddresses = new BlockList()
for (const [address, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  privateAddresses.addSubnet(address, prefix, 'ipv4')
}
for (const [address, prefix] of [
  ['::', 96],
  ['64:ff9b::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  privateAddresses.addSubnet(address, prefix, 'ipv6')
}

/** Whether an address belongs to this machine or a network of its own, mapped ones included. */
export function isPrivateAddress(address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  const family = isIP(plain)
  return family === 0 || privateAddresses.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

/** Names are resolved by the connection itself and judged there, so that no second answer of the DNS can slip in between. */
function publicLookup(resolve: typeof systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '', 0)
      const open = addresses.filter(({ address }) => !isPrivateAddress(address))
      const [first] = open
      if (first === undefined) {
        return callback(Object.assign(new Error(`${hostname} has a private address only`), { code: 'EPRIVATE' }), '', 0)
      }
      return options.all === true ? callback(null, open) : callback(null, first.address, first.family)
    })
  }
}

type Means = { readonly outside: Agent; readonly inside: Agent; readonly timeoutMs: number }

/**
 * Fetches from the hosts of a book's sources and no others. A redirect may lead to the same host or its `www.` sibling; a name
 * that resolves to a private address is refused, unless the source itself names a private address, as tests and readers of a
 * feed of their own do. Bodies are read up to 10 MB, unpacked.
 */
export function openWeb({ resolve = systemLookup, timeoutMs = answerMostMs }: WebOptions = {}): Web {
  const common = { connections: 2, headersTimeout: timeoutMs, bodyTimeout: timeoutMs }
  const outside = new Agent({ ...common, connect: { lookup: publicLookup(resolve), timeout: timeoutMs } })
  const inside = new Agent({ ...common, connect: { timeout: timeoutMs } })
  return {
    fetch: (request) => fetchFrom(request, { outside, inside, timeoutMs }),
    close: async () => {
      await Promise.all([outside.destroy(), inside.destroy()])
    },
  }
}

async function fetchFrom(request: WebRequest, means: Means): Promise<Fetched> {
  const configured = new URL(request.url)
  const named = configured.hostname.replace(/^\[|\]$/g, '')
  const own = named === 'localhost' || (isIP(named) !== 0 && isPrivateAddress(named))
  // One clock for redirects, headers and body: a server that drips is left after it.
  const signal = AbortSignal.timeout(means.timeoutMs)
  let url = configured
  for (let hops = 0; ; hops++) {
    const response = await send(url, request, { dispatcher: own ? means.inside : means.outside, signal })
    if ([301, 302, 303, 307, 308].includes(response.status)) {
      await response.body?.cancel()
      if (hops >= redirectsMost) throw failure(request.url, 'it redirects without end', { retryable: false })
      url = redirected(url, configured, response.headers.get('location'))
      continue
    }
    if (response.status === 304) return { kind: 'unchanged' }
    if (!response.ok) {
      await response.body?.cancel()
      if (request.mayBeGone === true && [403, 404, 410].includes(response.status)) return { kind: 'gone' }
      throw statusFailure(request.url, response.status, response.headers.get('retry-after'))
    }
    return {
      kind: 'body',
      bytes: await readBody(request.url, response),
      contentType: response.headers.get('content-type') ?? '',
      validators: { etag: response.headers.get('etag'), lastModified: response.headers.get('last-modified') },
    }
  }
}

type Response = Awaited<ReturnType<typeof undiciFetch>>

async function send(
  url: URL,
  request: WebRequest,
  { dispatcher, signal }: { readonly dispatcher: Agent; readonly signal: AbortSignal },
): Promise<Response> {
  const { validators, post } = request
  try {
    return await undiciFetch(url, {
      method: post === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      dispatcher,
      signal,
      headers: {
        'user-agent': userAgent,
        accept: request.accept ?? '*/*',
        ...request.headers,
        ...(validators?.etag != null && { 'if-none-match': validators.etag }),
        ...(validators?.lastModified != null && { 'if-modified-since': validators.lastModified }),
        ...(post !== undefined && { 'content-type': 'application/json' }),
      },
      ...(post !== undefined && { body: JSON.stringify(post) }),
    })
  } catch (error) {
    throw failure(request.url, reasonOf(error), { retryable: true, cause: error })
  }
}

function redirected(from: URL, configured: URL, location: string | null): URL {
  const to = location === null ? null : URL.parse(location, from.href)
  if (to === null) throw failure(configured.href, 'it redirects to nowhere', { retryable: false })
  const bare = (host: string) => host.replace(/^www\./, '')
  const isSame = bare(to.hostname) === bare(configured.hostname) && to.port === configured.port
  if (!isSame || !['http:', 'https:'].includes(to.protocol)) {
    throw new InputError(
      `${configured.origin} redirects to ${to.origin}, which is no source of this book; put that address into the book if you trust it`,
    )
  }
  return to
}

async function readBody(url: string, response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      bytes += chunk.length
      if (bytes > bytesMost) throw failure(url, `it sent more than ${bytesMost / 1e6} MB`, { retryable: false })
      chunks.push(chunk)
    }
  } catch (error) {
    throw error instanceof WorldError ? error : failure(url, reasonOf(error), { retryable: true, cause: error })
  }
  return Buffer.concat(chunks)
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const isLate =
    (cause instanceof Error && cause.name === 'TimeoutError') ||
    (cause instanceof Error && 'code' in cause && /^UND_ERR_(HEADERS|BODY|CONNECT)_TIMEOUT$/.test(String(cause.code)))
  if (isLate) return 'it did not answer in time'
  return cause instanceof Error ? cause.message || cause.name : 'no connection'
}

function statusFailure(url: string, status: number, retryAfter: string | null): SourceError {
  const retryAfterMs = waitOf(retryAfter)
  const wait = retryAfterMs === null ? '' : `, to be asked again after ${Math.ceil(retryAfterMs / 1000)} s`
  const retryable = status === 408 || status === 429 || status >= 500
  return failure(url, `status ${status}${wait}`, { retryable, retryAfterMs })
}

/** Retry-After, as seconds or as a date. */
function waitOf(header: string | null): number | null {
  if (header === null) return null
  const ms = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : null
}

/** Without the path's parameters, which may hold a key. */
function failure(
  url: string,
  because: string,
  options: { readonly retryable: boolean; readonly retryAfterMs?: number | null; readonly cause?: unknown },
): SourceError {
  const { origin, pathname } = new URL(url)
  return new SourceError(`${origin}${pathname} could not be read: ${because}`, options)
}
