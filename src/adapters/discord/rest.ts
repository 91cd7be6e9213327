import { DiscordAPIError, HTTPError, RateLimitError, REST, type RESTOptions } from 'discord.js'
import { WorldError } from '../../errors.ts'
import { storable } from '../../journal/incoming.ts'

/** More than any answer of Discord; a server that sends more is not Discord. */
const answerMostBytes = 32 << 20

/**
 * A client of Discord's HTTP API that keeps its rate limits.
 *
 * @param options.apiUrl another compatible server, without the version; null: Discord itself
 * @param options.retries attempts after a failure of the server or a timeout; none where a message could be doubled
 * @param options.waitMostMs longest rate limit that is waited for; a longer one is thrown
 */
export function openRest(options: {
  readonly token: string
  readonly apiUrl: string | null
  readonly retries: number
  readonly timeoutMs: number
  readonly waitMostMs: number
}): REST {
  const { token, apiUrl, retries, timeoutMs, waitMostMs } = options
  return new REST({
    ...restOptions(apiUrl),
    retries,
    timeout: timeoutMs,
    rejectOnRateLimit: (limit) => Math.max(limit.timeToReset, limit.retryAfter) > waitMostMs,
  }).setToken(token)
}

/** What every client of ours has in common, that of the gateway included. */
export function restOptions(apiUrl: string | null): Pick<RESTOptions, 'makeRequest'> & Partial<RESTOptions> {
  return {
    ...(apiUrl === null ? {} : { api: apiUrl }),
    makeRequest: (url, init) => request(url, init as unknown as RequestInit),
    // One line of ours tells of a limit; discord.js would print warnings of its own.
    invalidRequestWarningInterval: 0,
  }
}

/**
 * One request whose whole body is read before its timeout ends. Library and runtime together end the process on a 204 that
 * claims to be JSON, and take a broken body for one that never comes; here both are what they are.
 */
async function request(url: string, init: RequestInit): Promise<Response> {
  const response = await fetch(url, init)
  const bytes = await bodyOf(response)
  const headers = new Headers(response.headers)
  if (headers.get('content-type')?.startsWith('application/json') === true && !isJson(bytes))
    headers.delete('content-type')
  const hasBody = ![101, 204, 205, 304].includes(response.status)
  return new Response(hasBody ? bytes : null, { status: response.status, statusText: response.statusText, headers })
}

async function bodyOf(response: Response): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of response.body ?? []) {
    chunks.push(chunk)
    length += chunk.length
    if (length > answerMostBytes) throw new Error('the answer is larger than any of Discord')
  }
  return new Uint8Array(Buffer.concat(chunks))
}

function isJson(bytes: Uint8Array): boolean {
  try {
    JSON.parse(Buffer.from(bytes).toString())
    return true
  } catch {
    return false
  }
}

/** What went wrong with a request, in terms of what to do about it. */
export type Failure = {
  readonly kind:
    | 'token' /** 401: the token is refused. */
    | 'forbidden' /** 403: no access, or a permission is missing. */
    | 'unknown' /** 404: what was asked for does not exist. */
    | 'refused' /** Another 4xx: the request itself is wrong. */
    | 'limited' /** A rate limit that is too long to wait for. */
    | 'unreached' /** Certainly not performed: no connection. */
    | 'unclear' /** Perhaps performed: a 5xx, a cut answer, a timeout. */
  /** Discord's own code, such as 50013; null where there is none. */
  readonly code: number | null
  /** What came back, fit for a log: no secret, no stack. */
  readonly said: string
  /** Milliseconds until it may be tried again; null where that is not said. */
  readonly retryAfterMs: number | null
}

const neverConnected =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|CERT_|ERR_TLS|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/

export function failureOf(error: unknown): Failure {
  const failure = (kind: Failure['kind'], said: string, more: Partial<Failure> = {}): Failure => ({
    kind,
    code: null,
    retryAfterMs: null,
    said: storable(said.replace(/\s+/g, ' '), 300),
    ...more,
  })
  if (error instanceof DiscordAPIError) {
    const code = typeof error.code === 'number' && error.code > 0 ? error.code : null
    const said = `${error.status}${code === null ? '' : `, code ${code}`}: ${error.message}`
    if (error.status === 401) return failure('token', said, { code })
    if (error.status === 403) return failure('forbidden', said, { code })
    if (error.status === 404) return failure('unknown', said, { code })
    return failure('refused', said, { code })
  }
  if (error instanceof HTTPError) return failure('unclear', `HTTP ${error.status}`)
  if (error instanceof RateLimitError) {
    const ms = Math.max(error.retryAfter, error.timeToReset)
    return failure('limited', `a rate limit of ${Math.ceil(ms / 1000)} s`, { retryAfterMs: ms })
  }
  if (!(error instanceof Error)) return failure('unclear', 'something that is no error was thrown')
  // discord.js forgets a token once it was refused, and then says that it needs one.
  if (/token/i.test(error.message) && /Expected|invalid/i.test(error.message))
    return failure('token', 'the token was refused')
  const { code } = (error.cause ?? error) as { readonly code?: unknown }
  if (typeof code === 'string' && neverConnected.test(code)) return failure('unreached', code)
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return failure('unclear', 'no answer in time')
  const inner = error.cause instanceof Error ? error.cause.message : error.message
  return failure('unclear', typeof code === 'string' ? `the connection broke (${code})` : inner)
}

/** Whether the server has no such page at all: Discord's own 404 carries a code, and says that something is gone. */
export function isUnheardOf(error: unknown): boolean {
  const { kind, code } = failureOf(error)
  return kind === 'unknown' && code === null
}

/** What a person can do about it; ends the sentence that a log line or a finding of `doctor` begins. */
export function remedy({ kind, code, said }: Failure): string {
  if (kind === 'token')
    return 'Discord refuses the token: Developer Portal, your application, Bot, Reset Token; put it into DISCORD_TOKEN'
  if (kind === 'forbidden' && code === 50001) {
    return 'the bot does not see the channel (50001): right click on the channel, Edit Channel, Permissions, add the bot, allow View Channel; or check DISCORD_CHANNEL_ID'
  }
  if (kind === 'forbidden') return `the bot lacks a permission (${said}): primer doctor names it`
  if (kind === 'unknown' && code === 10003) {
    return 'Discord knows no such channel (10003): right click on the channel, Copy Channel ID; put it into DISCORD_CHANNEL_ID'
  }
  if (kind === 'limited') return `Discord asks to wait (${said})`
  if (kind === 'unreached')
    return `Discord cannot be reached (${said}): check the network, and DISCORD_API_URL if it is set`
  if (kind === 'unclear') return `no clear answer came from Discord (${said}): try again later`
  return `Discord answered ${said}`
}

/** The failure of a request as the class of errors that stands for the world's. */
export function worldError(what: string, error: unknown): WorldError {
  const failure = failureOf(error)
  const isLasting = ['token', 'forbidden', 'unknown', 'refused'].includes(failure.kind)
  return new WorldError(`${what}: ${remedy(failure)}`, { retryable: !isLasting, cause: error })
}
