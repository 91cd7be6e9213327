import type { Exchange as CcxtExchange } from 'ccxt'
import { bulkhead, ExponentialBackoff, handleWhen, retry, wrap } from 'cockatiel'
import { InputError, MarketDataError } from '../../errors.ts'
import { closest } from '../../misspelling.ts'

export type ExchangeOptions = {
  /** ccxt's name of the exchange: gate, mexc, kucoin. */
  readonly exchange: string
  /** Address that stands in for every host of the exchange; paths stay as they are. */
  readonly url?: string
  readonly timeoutMs?: number
  readonly attempts?: number
  /** First pause between attempts; the next ones grow exponentially, with jitter. */
  readonly delayMs?: number
}

export type ExchangeClient = {
  /**
   * One call of the library, in its rate limit, tried again when the network or the exchange failed.
   *
   * @param what for the message: 'its pairs', 'daily bars of AAVE/USDT'
   * @returns null when the exchange does not know what was asked for
   */
  readonly call: <T>(what: string, ask: (exchange: CcxtExchange) => Promise<T>) => Promise<T | null>
}

/** Calls under way at a time: the library spaces them out itself, and an exchange answers slowly. */
const atOnce = 4

/** Public data of one exchange through ccxt, which is loaded on the first call. */
export function openExchangeClient(options: ExchangeOptions): ExchangeClient {
  const { exchange: name, attempts = 4, delayMs = 500 } = options
  let library: ReturnType<typeof openLibrary> | undefined
  const policy = wrap(
    bulkhead(atOnce, Number.POSITIVE_INFINITY),
    retry(
      handleWhen((error) => error instanceof MarketDataError && error.retryable),
      {
        maxAttempts: attempts - 1,
        backoff: new ExponentialBackoff({ initialDelay: delayMs, maxDelay: delayMs * 16 }),
      },
    ),
  )
  return {
    async call(what, ask) {
      library ??= openLibrary(options)
      const { exchange, errors } = await library
      let tried = 0
      try {
        return await policy.execute(async () => {
          tried++
          try {
            return await ask(exchange)
          } catch (error) {
            if (error instanceof errors.BadSymbol) return null
            throw worldError(name, what, error, errors)
          }
        })
      } catch (error) {
        if (!(error instanceof MarketDataError) || tried < 2) throw error
        throw new MarketDataError(`${error.message} Tried ${tried} times.`, {
          retryable: error.retryable,
          cause: error,
        })
      }
    },
  }
}

type Library = typeof import('ccxt')['default']
type Errors = Pick<Library, 'BadSymbol' | 'NetworkError' | 'RateLimitExceeded' | 'RequestTimeout' | 'BaseError'>

async function openLibrary({ exchange: name, url, timeoutMs = 20_000 }: ExchangeOptions) {
  const { default: ccxt } = await import('ccxt')
  const known: readonly string[] = ccxt.exchanges
  if (!known.includes(name)) {
    const meant = closest(name, known, 2)
    throw new InputError(
      `market ccxt:${name}: ccxt knows no exchange of this name${meant === null ? '; it has gate, mexc, kucoin, binance and others' : `; did you mean ccxt:${meant}?`}`,
    )
  }
  const make = (ccxt as unknown as Record<string, new (config: object) => CcxtExchange>)[name]!
  const exchange = new make({ timeout: timeoutMs, enableRateLimit: true, options: { defaultType: 'spot' } })
  askForSpotAlone(exchange)
  if (url !== undefined)
    exchange.urls.api = redirected(exchange.urls.api, url.replace(/\/+$/, '')) as typeof exchange.urls.api
  return { exchange, errors: ccxt as Errors }
}

/** Loading the markets would ask for futures, options and the networks of every coin too. */
function askForSpotAlone(exchange: CcxtExchange): void {
  exchange.has = { ...exchange.has, fetchCurrencies: false }
  const settings: unknown = exchange.options.fetchMarkets
  if (typeof settings !== 'object' || settings === null || !('types' in settings)) return
  const { types } = settings
  if (Array.isArray(types)) exchange.options.fetchMarkets = { ...settings, types: ['spot'] }
  else if (typeof types === 'object' && types !== null) {
    const alone = Object.fromEntries(Object.keys(types).map((type) => [type, type === 'spot']))
    exchange.options.fetchMarkets = { ...settings, types: alone }
  }
}

/** Every address in a tree of addresses with another host in front; paths stay. */
function redirected(tree: unknown, base: string): unknown {
  if (typeof tree === 'string') return tree.replace(/^https?:\/\/[^/]+/, base)
  if (typeof tree !== 'object' || tree === null) return tree
  return Object.fromEntries(Object.entries(tree).map(([name, inner]) => [name, redirected(inner, base)]))
}

function worldError(name: string, what: string, error: unknown, errors: Errors): Error {
  if (!(error instanceof errors.BaseError)) return error as Error
  const said = error.message.replace(/\s+/g, ' ').slice(0, 200)
  const asked = `Asked ${name} for ${what}: `
  const fail = (because: string, retryable: boolean) =>
    new MarketDataError(asked + because, { retryable, cause: error })
  if (error instanceof errors.RateLimitExceeded)
    return fail('it answers that there were too many requests; try again in a minute.', true)
  if (error instanceof errors.RequestTimeout) return fail('no answer in time; try again later.', true)
  if (error instanceof errors.NetworkError)
    return fail(
      `it cannot be reached or is closed to this place (${said}); try again later, or use another exchange.`,
      true,
    )
  return fail(`it refused (${said}); use another exchange or csv:DIR.`, false)
}
