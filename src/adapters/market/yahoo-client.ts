import { ExponentialBackoff, handleWhen, retry } from 'cockatiel'
import { MarketDataError } from '../../errors.ts'
import { parseYahooAnswer, type YahooAnswer } from './yahoo-answer.ts'

const BODY_BYTES_MAX = 20 * 1024 * 1024

export type YahooClientOptions = {
  /** Base address that stands in for every host of yahoo.com. */
  readonly url?: string | undefined
  readonly timeoutMs: number
  readonly attempts: number
  /** First pause between attempts; the next ones grow exponentially, with jitter. */
  readonly delayMs: number
}

/** Seconds since 1970; the range of a chart is half open. */
export type YahooPeriod = { readonly from: number; readonly to: number }
export type YahooReply =
  | { readonly kind: 'answer'; readonly answer: YahooAnswer }
  | { readonly kind: 'unknown'; readonly because: string }

export type YahooClient = (symbol: string, period: YahooPeriod, signal?: AbortSignal) => Promise<YahooReply>

/** Daily rows and events of one symbol, by `chart()` alone: it needs neither cookie nor crumb. */
export function openYahooClient(options: YahooClientOptions): YahooClient {
  let library: ReturnType<typeof openLibrary> | undefined
  const policy = retry(
    handleWhen((error) => error instanceof MarketDataError && error.retryable),
    {
      maxAttempts: options.attempts - 1,
      backoff: new ExponentialBackoff({ initialDelay: options.delayMs, maxDelay: options.delayMs * 16 }),
    },
  )
  return async (symbol, period, signal) => {
    library ??= openLibrary(options)
    const yahoo = await library
    let attempts = 0
    try {
      return await policy.execute(() => {
        attempts++
        return ask(yahoo, symbol, period, signal)
      }, signal)
    } catch (error) {
      if (!(error instanceof MarketDataError) || attempts < 2) throw error
      throw new MarketDataError(`${error.message} Tried ${attempts} times.`, {
        retryable: error.retryable,
        cause: error,
      })
    }
  }
}

type Library = Awaited<ReturnType<typeof openLibrary>>

/** Loaded on first use, since most commands ask Yahoo nothing. It has no timeout of its own and prints by default. */
async function openLibrary(options: YahooClientOptions) {
  const { default: YahooFinance } = await import('yahoo-finance2')
  const silent = () => {}
  return new YahooFinance({
    fetch: yahooFetch(options),
    queue: { concurrency: 2 },
    suppressNotices: ['yahooSurvey', 'ripHistorical'],
    validation: { logErrors: false, logOptionsErrors: false },
    versionCheck: false,
    logger: { info: silent, warn: silent, error: silent, debug: silent, dir: silent },
  })
}

async function ask(
  yahoo: Library,
  symbol: string,
  period: YahooPeriod,
  signal: AbortSignal | undefined,
): Promise<YahooReply> {
  // The library puts the symbol into the path as it is: whatever could leave its segment is encoded here.
  const segment = symbol.replace(/[^A-Za-z0-9.=^&-]/g, encodeURIComponent)
  try {
    const result: unknown = await yahoo.chart(
      segment,
      {
        period1: period.from,
        period2: period.to,
        interval: '1d',
        events: 'div|split',
        includePrePost: false,
        return: 'object',
      },
      { validateResult: false, ...(signal === undefined ? {} : { fetchOptions: { signal } }) },
    )
    return { kind: 'answer', answer: parseYahooAnswer(symbol, result) }
  } catch (error) {
    if (error instanceof UnknownSymbol) return { kind: 'unknown', because: error.message }
    if (error instanceof Refusal) {
      throw new MarketDataError(`Asked Yahoo for ${symbol}: ${error.message}`, {
        retryable: error.retryable,
        cause: error,
      })
    }
    if (error instanceof MarketDataError || signal?.aborted === true) throw error
    const because = error instanceof Error ? error.message.slice(0, 200) : String(error)
    throw new MarketDataError(
      `Yahoo's answer for ${symbol} could not be read (${because}); try again later, or use csv:DIR.`,
      { retryable: true, cause: error },
    )
  }
}

class UnknownSymbol extends Error {}

class Refusal extends Error {
  readonly retryable: boolean
  constructor(message: string, retryable: boolean, cause?: unknown) {
    super(message, { cause })
    this.retryable = retryable
  }
}

/**
 * The library's way out. It sends requests to the configured server, ends them in time, bounds their size, and turns
 * every failure into an error here: shown a failed answer, the library would print its address on the terminal.
 */
function yahooFetch(options: YahooClientOptions): typeof fetch {
  const mend = options.url === undefined ? 'check the network' : 'check YAHOO_URL and the network'
  return async (input, init) => {
    const asked = new URL(input instanceof Request ? input.url : input)
    const target =
      options.url === undefined ? asked.href : options.url.replace(/\/+$/, '') + asked.pathname + asked.search
    const headers = new Headers(init?.headers)
    if (headers.get('cookie') === '') headers.delete('cookie')
    const timeout = AbortSignal.timeout(options.timeoutMs)
    const signal = init?.signal ? AbortSignal.any([timeout, init.signal]) : timeout
    let status: number
    let text: string
    try {
      const response = await fetch(target, { headers, signal, redirect: 'manual' })
      status = response.status
      text = await readBounded(response)
    } catch (error) {
      if (error instanceof Refusal || init?.signal?.aborted === true) throw error
      if (timeout.aborted)
        throw new Refusal(`no answer within ${options.timeoutMs} ms; ${mend}, then run again.`, true, error)
      throw new Refusal(`the connection failed (${reason(error)}); ${mend}, then run again.`, true, error)
    }
    refuseFailure(status, text, mend)
    return new Response(text, { status: 200, headers: { 'content-type': 'application/json' } })
  }
}

function refuseFailure(status: number, text: string, mend: string): void {
  if (status === 429) throw new Refusal('too many requests (HTTP 429); wait some minutes, then run again.', true)
  if (status === 408 || status >= 500)
    throw new Refusal(`its server failed (HTTP ${status}); wait some minutes, then run again.`, true)
  const description = errorDescription(text)
  if (status === 404) throw new UnknownSymbol(description?.text ?? 'HTTP 404')
  if (
    description !== null &&
    (/not found/i.test(description.code) || /doesn't exist|no data found/i.test(description.text))
  )
    throw new UnknownSymbol(description.text)
  if (status < 200 || status > 299) {
    throw new Refusal(`it refused (HTTP ${status}${description ? `: ${description.text}` : ''}); ${mend}.`, false)
  }
  if (description !== null) throw new Refusal(`it refused (${description.code}: ${description.text}).`, false)
  if (!/^\s*\{/.test(text)) throw new Refusal(`it sent ${kindOf(text)} instead of JSON; ${mend}, then run again.`, true)
}

/** Yahoo's own words on why there is no chart, cut to a length that fits a message. */
function errorDescription(text: string): { readonly code: string; readonly text: string } | null {
  try {
    const error: unknown = JSON.parse(text)?.chart?.error
    if (typeof error !== 'object' || error === null) return null
    const { code, description } = error as { readonly code?: unknown; readonly description?: unknown }
    return {
      code: String(code ?? '').slice(0, 60),
      text: String(description ?? code ?? 'no reason given').slice(0, 200),
    }
  } catch {
    return null
  }
}

function kindOf(text: string): string {
  if (text.trim() === '') return 'an empty body'
  return /^\s*</.test(text) ? 'an HTML page' : 'plain text'
}

/** `fetch failed` says nothing: the cause below it does, for example ECONNREFUSED. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  if (!(cause instanceof Error)) return error.message
  return 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.message
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return ''
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body) {
    bytes += chunk.byteLength
    if (bytes > BODY_BYTES_MAX) {
      throw new Refusal(`it sent more than ${BODY_BYTES_MAX / 1024 / 1024} MB; ask for a shorter range.`, false)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
