import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Bar, Dividend, Exchange, Split } from '../../src/market/bar.ts'
import { closeAt, instantAt, openAt, zoneOf } from '../../src/market/calendar.ts'
import type { Currency, Instant } from '../../src/units.ts'

/** What the server knows of one symbol, as traded; it adjusts for splits itself, as Yahoo does. */
export type YahooListing = {
  /** `FX`: a rate, stamped at midnight in London. */
  readonly exchange: Exchange | 'FX'
  /** Sent as it is: GBp, a wrong one, or null. */
  readonly currency: Currency | null
  readonly bars: readonly Bar[]
  readonly dividends?: readonly Dividend[]
  readonly splits?: readonly Split[]
  /** Rows sent after the others, as they are: live, null, on a holiday, doubled. */
  readonly extraRows?: readonly WireRow[]
  /** Latest price of the meta block; null leaves it out. Without it, the last row's close. */
  readonly quote?: { readonly price: number; readonly at: Instant } | null
}
export type WireRow = {
  readonly at: Instant
  readonly open: number | null
  readonly high: number | null
  readonly low: number | null
  readonly close: number | null
  readonly volume: number | null
}

export type YahooFault =
  | { readonly kind: 'status'; readonly status: number; readonly body?: string }
  | { readonly kind: 'hang' | 'cut' | 'html' | 'empty' | 'null-rows' | 'misfit-columns' | 'endless' }

export type YahooServer = {
  readonly url: string
  /** Every request so far: its symbol and query, in order of arrival. */
  readonly requests: readonly { readonly symbol: string; readonly path: string; readonly query: URLSearchParams }[]
  /** Most requests that were open at the same time. */
  readonly mostAtOnce: () => number
  readonly set: (symbol: string, listing: YahooListing) => void
  /** The next `times` answers (of that symbol, where given) are spoiled. */
  readonly inject: (fault: YahooFault, options?: { readonly times?: number; readonly symbol?: string }) => void
  /** From now on the server lives at that moment: later bars are hidden, and a session under way is a live row. */
  readonly setClock: (now: Instant) => void
  readonly close: () => Promise<void>
}

/**
 * A server on 127.0.0.1 that answers `/v8/finance/chart/SYMBOL` in Yahoo's wire format: split-adjusted prices as 32-bit floats,
 * rows stamped with the session's open in seconds, events keyed by their stamp.
 */
export async function openYahooServer(listings: Readonly<Record<string, YahooListing>>): Promise<YahooServer> {
  const known = new Map(Object.entries(listings))
  const requests: { symbol: string; path: string; query: URLSearchParams }[] = []
  const faults: { fault: YahooFault; left: number; symbol: string | undefined }[] = []
  let clock: Instant | null = null
  let open = 0
  let most = 0

  const server = createServer((request, response) => {
    open++
    most = Math.max(most, open)
    response.on('close', () => open--)
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    const symbol = decodeURIComponent(/^\/v8\/finance\/chart\/([^/]+)$/.exec(url.pathname)?.[1] ?? '')
    requests.push({ symbol, path: url.pathname, query: url.searchParams })
    const spoiled = faults.find((one) => one.left > 0 && (one.symbol === undefined || one.symbol === symbol))
    if (spoiled !== undefined) spoiled.left--
    const listing = known.get(symbol)
    // A turn of the loop apart, so that requests sent together are seen together.
    setImmediate(() => {
      if (spoiled !== undefined && spoil(spoiled.fault, response)) return
      if (listing === undefined) return sendError(response)
      const answer = wireAnswer(symbol, listing, url.searchParams, clock)
      if (spoiled?.fault.kind === 'null-rows') nullRows(answer)
      if (spoiled?.fault.kind === 'misfit-columns') answer.indicators.quote[0]!.high?.pop()
      send(response, 200, JSON.stringify({ chart: { result: [answer], error: null } }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    mostAtOnce: () => most,
    set: (symbol, listing) => known.set(symbol, listing),
    inject: (fault, options = {}) => faults.push({ fault, left: options.times ?? 1, symbol: options.symbol }),
    setClock: (now) => {
      clock = now
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function send(response: ServerResponse, status: number, body: string, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(body)
}

function sendError(response: ServerResponse): void {
  const error = { code: 'Not Found', description: 'No data found, symbol may be delisted' }
  send(response, 404, JSON.stringify({ chart: { result: null, error } }))
}

/** Whether the fault answered in place of the data. */
function spoil(fault: YahooFault, response: ServerResponse): boolean {
  switch (fault.kind) {
    case 'status':
      send(response, fault.status, fault.body ?? 'Too Many Requests\r\n', 'text/plain')
      return true
    case 'hang':
      return true
    case 'cut':
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '10000' })
      response.write('{"chart":{"result":[{"meta":', () => response.destroy())
      return true
    case 'html':
      send(response, 200, '<!doctype html><title>Yahoo</title><p>Accept all', 'text/html')
      return true
    case 'empty':
      send(response, 200, '')
      return true
    case 'endless': {
      response.writeHead(200, { 'content-type': 'application/json' })
      const chunk = Buffer.alloc(1 << 20, 0x20)
      const pour = (): unknown => (response.destroyed ? undefined : response.write(chunk, pour))
      pour()
      return true
    }
    default:
      return false
  }
}

type Quote = Record<'open' | 'high' | 'low' | 'close' | 'volume', (number | null)[]>

function wireAnswer(symbol: string, listing: YahooListing, query: URLSearchParams, clock: Instant | null) {
  const from = Number(query.get('period1'))
  const to = Number(query.get('period2'))
  const inPeriod = (seconds: number) => seconds >= from && seconds < to && (clock === null || seconds <= at(clock))
  const { exchange } = listing
  const stampOf = (date: string) =>
    at(exchange === 'FX' ? instantAt(date, '00:00', 'Europe/London') : openAt(exchange, date))
  const splits = (listing.splits ?? []).filter((split) => clock === null || stampOf(split.date) <= at(clock))
  const factor = (date: string) =>
    splits.reduce((product, split) => (split.date > date ? product * split.ratio : product), 1)
  const rows: { at: number; values: Omit<WireRow, 'at'> }[] = []
  for (const bar of listing.bars) {
    const stamp = stampOf(bar.date)
    if (!inPeriod(stamp)) continue
    const adjust = (price: number) => Math.fround(price / factor(bar.date))
    const isLive = clock !== null && exchange !== 'FX' && closeAt(exchange, bar.date) > clock
    const close = adjust(isLive ? (bar.open + bar.close) / 2 : bar.close)
    const open = adjust(bar.open)
    const values = isLive
      ? { open, high: Math.max(open, close), low: Math.min(open, close), close, volume: bar.volume / 2 }
      : { open, high: adjust(bar.high), low: adjust(bar.low), close, volume: bar.volume * factor(bar.date) }
    rows.push({ at: isLive ? at(clock!) : stamp, values })
  }
  for (const { at: moment, ...values } of listing.extraRows ?? []) {
    if (inPeriod(at(moment))) rows.push({ at: at(moment), values })
  }
  const quote: Quote = { open: [], high: [], low: [], close: [], volume: [] }
  for (const { values } of rows) {
    for (const name of ['open', 'high', 'low', 'close', 'volume'] as const) quote[name].push(values[name])
  }
  const dividends = (listing.dividends ?? []).flatMap(({ date, amount }) =>
    inPeriod(stampOf(date)) ? [[String(stampOf(date)), { amount: amount / factor(date), date: stampOf(date) }]] : [],
  )
  const events = splits.flatMap(({ date, ratio }) => {
    const [numerator, denominator] = ratio >= 1 ? [ratio, 1] : [1, 1 / ratio]
    const event = { date: stampOf(date), numerator, denominator, splitRatio: `${numerator}:${denominator}` }
    return inPeriod(event.date) ? [[String(event.date), event]] : []
  })
  return {
    meta: meta(symbol, listing, rows.at(-1)),
    ...(rows.length === 0 ? {} : { timestamp: rows.map((row) => row.at) }),
    ...(dividends.length + events.length === 0
      ? {}
      : { events: { dividends: Object.fromEntries(dividends), splits: Object.fromEntries(events) } }),
    indicators: {
      quote: rows.length === 0 ? [{} as Quote] : [quote],
      adjclose: [{ adjclose: quote.close }],
    },
  }
}

function meta(
  symbol: string,
  listing: YahooListing,
  last: { at: number; values: { close: number | null } } | undefined,
) {
  const zone = listing.exchange === 'FX' ? 'Europe/London' : zoneOf(listing.exchange)
  const price = listing.quote === undefined ? last?.values.close : listing.quote?.price
  const priceAt = listing.quote === undefined ? last?.at : listing.quote && at(listing.quote.at)
  return {
    currency: listing.currency,
    symbol,
    exchangeName: listing.exchange === 'FX' ? 'CCY' : listing.exchange === 'XNYS' ? 'PCX' : 'PAR',
    instrumentType: listing.exchange === 'FX' ? 'CURRENCY' : 'EQUITY',
    firstTradeDate: 728317800,
    ...(priceAt == null ? {} : { regularMarketTime: priceAt }),
    ...(price == null ? {} : { regularMarketPrice: price }),
    hasPrePostMarketData: true,
    gmtoffset: 0,
    timezone: 'UTC',
    exchangeTimezoneName: zone,
    priceHint: 2,
    dataGranularity: '1d',
    range: '',
    validRanges: ['1d', '5d', '1mo', '1y', 'max'],
  }
}

function nullRows(answer: ReturnType<typeof wireAnswer>): void {
  for (const values of Object.values(answer.indicators.quote[0]!)) values.fill(null)
}

function at(moment: Instant): number {
  return Math.floor(Date.parse(moment) / 1000)
}
