import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bar } from '../../src/market/bar.ts'
import type { Instant } from '../../src/units.ts'

/** What the server knows of one pair. */
export type ExchangePair = {
  readonly bars: readonly Bar[]
  readonly amountPrecision?: number
  /** Percent, as Gate states it. */
  readonly fee?: string
  readonly status?: 'tradable' | 'untradable'
  /** Traded in the last 24 hours, in the quote currency; that of the last bar unless given. */
  readonly quoteVolume?: number
}

export type ExchangeFault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'hang' | 'cut' | 'html' }

export type ExchangeServer = {
  readonly url: string
  /** Path and query of every request so far. */
  readonly requests: readonly { readonly path: string; readonly query: URLSearchParams }[]
  readonly set: (symbol: string, pair: ExchangePair) => void
  readonly remove: (symbol: string) => void
  /** The next `times` answers whose path holds `path` are spoiled. */
  readonly inject: (fault: ExchangeFault, options?: { readonly times?: number; readonly path?: string }) => void
  /** The server's clock: bars that begin later are hidden, the one under way is sent as it stands. */
  readonly setClock: (now: Instant) => void
  readonly close: () => Promise<void>
}

const daySeconds = 86_400

/** A server on 127.0.0.1 that answers the public spot endpoints of Gate's version 4 in its wire format. */
export async function openExchangeServer(
  pairs: Readonly<Record<string, ExchangePair>>,
  now: Instant,
): Promise<ExchangeServer> {
  const known = new Map(Object.entries(pairs))
  const requests: { path: string; query: URLSearchParams }[] = []
  const faults: { fault: ExchangeFault; left: number; path: string }[] = []
  let clock = Date.parse(now) / 1000

  const answer = (path: string, query: URLSearchParams): unknown => {
    if (path.endsWith('/margin/currency_pairs')) return []
    if (path.endsWith('/spot/currency_pairs')) return [...known].map(([symbol, pair]) => pairRow(symbol, pair))
    if (path.endsWith('/spot/tickers')) return [...known].map(([symbol, pair]) => tickerRow(symbol, pair, clock))
    if (path.endsWith('/spot/candlesticks')) return candles(known, query, clock)
    return undefined
  }

  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1')
    requests.push({ path: pathname, query: searchParams })
    const fault = faults.find(({ left, path }) => left > 0 && pathname.includes(path))
    if (fault !== undefined) {
      fault.left--
      spoil(response, fault.fault)
      return
    }
    const body = answer(pathname, searchParams)
    if (body === undefined) send(response, 404, { label: 'NOT_FOUND', message: pathname })
    else if (body instanceof Refused) send(response, 400, { label: body.label, message: body.label })
    else send(response, 200, body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    set: (symbol, pair) => known.set(symbol, pair),
    remove: (symbol) => known.delete(symbol),
    inject: (fault, { times = 1, path = '' } = {}) => faults.push({ fault, left: times, path }),
    setClock: (moment) => {
      clock = Date.parse(moment) / 1000
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

class Refused {
  readonly label: string
  constructor(label: string) {
    this.label = label
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

function spoil(response: ServerResponse, fault: ExchangeFault): void {
  switch (fault.kind) {
    case 'status':
      response.writeHead(fault.status, { 'content-type': 'application/json' })
      response.end(fault.body ?? '{"label":"TOO_MANY_REQUESTS","message":"Request Rate limit Exceeded"}')
      return
    case 'html':
      response.writeHead(403, { 'content-type': 'text/html' })
      response.end('<html><body>Access denied</body></html>')
      return
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' })
      response.write('[[')
      response.destroy()
      return
    case 'hang':
      return
  }
}

const secondsOf = ({ date }: Bar): number => Date.parse(`${date}T00:00:00Z`) / 1000
const idOf = (symbol: string): string => symbol.replace('/', '_')

function pairRow(symbol: string, { amountPrecision = 4, fee = '0.2', status = 'tradable' }: ExchangePair) {
  const [base, quote] = symbol.split('/')
  return {
    id: idOf(symbol),
    base,
    base_name: base,
    quote,
    quote_name: quote,
    fee,
    min_base_amount: '0.01',
    min_quote_amount: '3',
    amount_precision: amountPrecision,
    precision: 6,
    trade_status: status,
    sell_start: 1516378650,
    buy_start: 1516378650,
    type: 'normal',
    trade_url: '',
  }
}

function tickerRow(symbol: string, { bars, quoteVolume }: ExchangePair, clock: number) {
  const last = bars.findLast((bar) => secondsOf(bar) <= clock)
  const traded = quoteVolume ?? (last === undefined ? 0 : last.volume * last.close)
  return {
    currency_pair: idOf(symbol),
    last: String(last?.close ?? 0),
    lowest_ask: String((last?.close ?? 0) * 1.001),
    highest_bid: String((last?.close ?? 0) * 0.999),
    change_percentage: '0',
    base_volume: String(last?.volume ?? 0),
    quote_volume: String(traded),
    high_24h: String(last?.high ?? 0),
    low_24h: String(last?.low ?? 0),
  }
}

/** Rows of text: begin, quote volume, close, high, low, open, base volume, and whether the day is over. */
function candles(known: ReadonlyMap<string, ExchangePair>, query: URLSearchParams, clock: number): unknown {
  const found = [...known].find(([symbol]) => idOf(symbol) === query.get('currency_pair'))
  if (found === undefined) return new Refused('INVALID_CURRENCY_PAIR')
  const from = Number(query.get('from'))
  const to = Math.min(Number(query.get('to') ?? clock), clock)
  if (query.get('interval') !== '1d' || (to - from) / daySeconds > 1000) return new Refused('INVALID_PARAM_VALUE')
  return found[1].bars
    .filter((bar) => secondsOf(bar) >= from && secondsOf(bar) <= to)
    .map((bar) => [
      String(secondsOf(bar)),
      String(bar.volume * bar.close),
      String(bar.close),
      String(bar.high),
      String(bar.low),
      String(bar.open),
      String(bar.volume),
      String(secondsOf(bar) + daySeconds <= clock),
    ])
}
