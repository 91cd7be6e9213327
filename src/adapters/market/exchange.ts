import { InputError } from '../../errors.ts'
import type { Bar, History } from '../../market/bar.ts'
import { closeAt, dateIn, instantAt } from '../../market/calendar.ts'
import type { HistoryRequest, Listing, Pair, PairsRequest, PriceSource } from '../../market/price-source.ts'
import type { IsoDate } from '../../units.ts'
import { type ExchangeArchive, openExchangeArchive, Row } from './exchange-archive.ts'
import { type ExchangeClient, type ExchangeOptions, openExchangeClient } from './exchange-client.ts'

/** Daily bars asked for at a time: every exchange gives at least so many. */
const page = 500
const dayMs = 86_400_000
/** Pairs whose volume of the last 24 hours lies further from the band than this factor are not looked at. */
const reach = 3
/** The library's mode in which precision is a step; in others it is a count of digits. */
const tickSize = 4

/**
 * Spot prices of one exchange: daily bars of UTC days, lots and fees as it states them. A token that stands for the dollar counts
 * as one. An exchange knows what trades there today; pairs that were fetched before it took them off its list are kept on disk.
 *
 * @param options archiveDirectory: where rows are kept, none without it
 */
export function openExchangeMarket(options: ExchangeOptions & { readonly archiveDirectory?: string }): PriceSource {
  const client = openExchangeClient(options)
  const archive = openExchangeArchive(options.archiveDirectory)
  const { exchange: name } = options
  return {
    spec: `ccxt:${name}`,
    label: `${name} spot prices`,
    nature: 'live',

    async pairs(request) {
      return choosePairs(await fetchMarkets(client), await fetchVolumes(client), archive.symbols(), request, name)
    },

    async history(request) {
      refuseOthers(request.listings, name)
      const answers = await Promise.all(
        request.listings.map(async (listing) => ({
          listing,
          rows: await fetchRows(client, archive, listing.symbol, request),
        })),
      )
      const histories: History[] = []
      const absent: { symbol: string; because: string }[] = []
      const impossible: string[] = []
      for (const { listing, rows } of answers) {
        const { symbol, currency } = listing
        const odd: string[] = []
        const read = typeof rows === 'string' ? `${name} ${rows}` : readBars(rows, request, { name, odd })
        if (typeof read === 'string') absent.push({ symbol, because: read })
        else histories.push({ symbol, currency, bars: read, dividends: [], splits: [] })
        impossible.push(...odd.map((date) => `${symbol} ${date}`))
      }
      return { histories, rates: [], absent, notes: impossible.length === 0 ? [] : [noteOn(impossible, name)] }
    },

    async quotes(listings, now) {
      if (listings.length === 0) return []
      const wanted = listings.map(({ symbol }) => symbol)
      const tickers = await client.call('latest prices', (exchange) => exchange.fetchTickers(wanted))
      return listings.flatMap(({ symbol, currency }) => {
        const { last, timestamp } = tickers?.[symbol] ?? {}
        if (last === undefined || !(last > 0)) return []
        const at = timestamp === undefined ? now : new Date(timestamp).toISOString()
        return [{ symbol, currency, price: last, at: at < now ? at : now }]
      })
    },

    // A live source has no last day, and each coin a first one of its own.
    range: async () => null,
  }
}

type SpotMarket = Pair & { readonly active: boolean }

async function fetchMarkets(client: ExchangeClient): Promise<readonly SpotMarket[]> {
  // Asked anew each time: a service that runs for months meets new listings.
  const found = await client.call('its pairs', async (exchange) => {
    const markets = await exchange.loadMarkets(true)
    return { markets: Object.values(markets), inSteps: exchange.precisionMode === tickSize }
  })
  return (found?.markets ?? []).flatMap((market): SpotMarket[] => {
    if (market?.spot !== true || market.base === undefined || market.quote === undefined) return []
    const { symbol, base, quote, precision, taker, active } = market
    const step = precision.amount
    return [
      {
        symbol,
        base,
        quote,
        quantityStep: step === undefined || !(step > 0) ? null : found!.inSteps ? step : 10 ** -step,
        takerFeeBps: taker === undefined ? null : Math.round(taker * 1e6) / 100,
        active: active !== false,
      },
    ]
  })
}

/** Traded value of the last 24 hours by symbol, in the quote currency. */
async function fetchVolumes(client: ExchangeClient): Promise<ReadonlyMap<string, number>> {
  const tickers = await client.call('the volume of its pairs', (exchange) => exchange.fetchTickers())
  return new Map(
    Object.entries(tickers ?? {}).map(([symbol, { quoteVolume }]): [string, number] => [symbol, quoteVolume ?? 0]),
  )
}

function choosePairs(
  markets: readonly SpotMarket[],
  volumes: ReadonlyMap<string, number>,
  archived: readonly string[],
  { quotes, volume, always }: PairsRequest,
  name: string,
) {
  const quoted = markets.filter(({ quote }) => quotes.includes(quote))
  const wanted = new Set(always)
  const before = new Set(archived)
  const chosen = quoted.filter(({ symbol, base, active }) => {
    if (wanted.has(symbol) || wanted.has(base)) return true
    // One quiet day takes nobody off the list that the universe is drawn from.
    if (active && before.has(symbol)) return true
    const traded = volumes.get(symbol) ?? 0
    return active && traded >= volume.min / reach && traded <= volume.max * reach
  })
  const trading = new Set(quoted.filter(({ active }) => active).map(({ symbol }) => symbol))
  const listed = new Set(chosen.map(({ symbol }) => symbol))
  const gone = archived.flatMap((symbol): Pair[] => {
    const [base = '', quote = ''] = symbol.split('/')
    if (trading.has(symbol) || listed.has(symbol) || !quotes.includes(quote)) return []
    return [{ symbol, base, quote, quantityStep: null, takerFeeBps: null }]
  })
  const notes = [
    `${name}: ${chosen.length} of ${quoted.length} pairs looked at, those that trade now with a volume of the last 24 hours within a factor of ${reach} of the band or were looked at before, benchmarks and holdings besides${gone.length > 0 ? `, and ${gone.length} kept from before they left it` : ''}. For dates before the first look this is a list of survivors.`,
  ]
  return { pairs: [...chosen.map(({ active: _, ...pair }): Pair => pair), ...gone], notes }
}

/**
 * Rows of the days asked for, page by page; an empty page may lie before the first trade. Only what is not kept yet is fetched.
 *
 * @returns why there are none, when the exchange does not know the pair and never did
 */
async function fetchRows(
  client: ExchangeClient,
  archive: ExchangeArchive,
  symbol: string,
  { from, to, now }: HistoryRequest,
): Promise<readonly Row[] | string> {
  const before = await archive.read(symbol)
  const known = before !== null && before.from <= from ? before : { symbol, from, rows: [] }
  const rows = new Map(known.rows.map((row) => [row[0], row]))
  const end = Math.min(msOf(to), Date.parse(now))
  const last = known.rows.at(-1)
  let since = last === undefined ? msOf(from) : last[0] + dayMs
  while (since <= end) {
    const start = since
    const answer = await client.call(`daily bars of ${symbol}`, (exchange) =>
      exchange.fetchOHLCV(symbol, '1d', start, page),
    )
    if (answer === null) return before === null ? `has no pair ${symbol}` : before.rows
    let latest = -1
    for (const sent of answer) {
      // A number that is missing makes its bar an impossible one, which is left out where bars are read.
      const row = Row.safeParse((Array.isArray(sent) ? sent : []).slice(0, 6).map((value) => value ?? -1))
      if (!row.success) return `sent something that is no bar of ${symbol}: ${JSON.stringify(sent).slice(0, 100)}`
      if (row.data[0] < start) continue
      rows.set(row.data[0], row.data)
      latest = Math.max(latest, row.data[0])
    }
    since = latest < 0 ? start + page * dayMs : latest + dayMs
  }
  const sorted = [...rows.values()].sort((a, b) => a[0] - b[0])
  const over = sorted.filter((row) => row[0] + dayMs <= Date.parse(now))
  if (over.length > known.rows.length) await archive.write({ symbol, from: known.from, rows: over })
  return sorted
}

const msOf = (date: IsoDate): number => Date.parse(instantAt(date, '00:00', 'UTC'))

/**
 * The days that were over at `now`, or why there are none that can be used. A bar that cannot be is left out, like a day without one:
 * for one wrong digit nobody sells what he holds.
 *
 * @param odd takes the dates of what was left out
 */
function readBars(
  rows: readonly Row[],
  { from, to, now }: HistoryRequest,
  { name, odd }: { readonly name: string; readonly odd: string[] },
): readonly Bar[] | string {
  const bars: Bar[] = []
  for (const [ms, open, high, low, close, volume] of rows) {
    const begins = new Date(ms).toISOString()
    const date = dateIn(begins, 'UTC')
    if (ms !== msOf(date)) return `${name} sent a daily bar that begins at ${begins}, not at 00:00 UTC`
    if (date < from || date > to || closeAt('CRYPTO', date) > now) continue
    if (!(open > 0 && high >= low && low > 0 && close > 0 && volume >= 0)) {
      odd.push(date)
      continue
    }
    // Open and close may miss the exchange's own high and low by the last digit.
    bars.push({ date, open, high: Math.max(high, open, close), low: Math.min(low, open, close), close, volume })
  }
  if (bars.length === 0 && odd.length > 0) return `${name} sent an impossible bar for ${odd[0]}`
  return bars.length > 0 ? bars : `${name} has no bar from ${from} to ${to} that was over at ${now}`
}

function noteOn(impossible: readonly string[], name: string): string {
  const named = impossible.slice(0, 8).join(', ')
  const more = impossible.length > 8 ? ` and ${impossible.length - 8} more` : ''
  return `${name}: impossible bars were left out, as if those days had none: ${named}${more}.`
}

function refuseOthers(listings: readonly Listing[], name: string): void {
  const others = listings.filter(({ exchange }) => exchange !== 'CRYPTO').map(({ symbol }) => symbol)
  if (others.length === 0) return
  const shown = `${others.slice(0, 3).join(', ')}${others.length > 3 ? ` and ${others.length - 3} more` : ''}`
  throw new InputError(
    `ccxt:${name} trades coins, and the book asks for ${shown} of stock exchanges; use yahoo, csv:DIR or simulated:SEED for it`,
  )
}
