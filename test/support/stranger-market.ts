import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Price files and books as a stranger reads them: nothing here imports the program. */

/** One line of a file. `open` and `close` are NaN on a day without trading. */
export type RawBar = {
  readonly open: number
  readonly close: number
  readonly dividend: number
  readonly split: number
}
/** Lines of each symbol by date, oldest first. */
export type RawMarket = ReadonlyMap<string, ReadonlyMap<string, RawBar>>

export type RawInstrument = {
  readonly symbol: string
  readonly currency: string
  readonly exchange: string
  readonly halfSpreadBps: number
  readonly purchaseTax?: string
  readonly [more: string]: unknown
}
export type RawBook = {
  readonly currency: string
  readonly initialCash: number
  readonly instruments: readonly RawInstrument[]
  readonly costs: {
    readonly commissionBps: number
    readonly commissionMin: number
    readonly fxBps: number
    readonly purchaseTaxes: Readonly<Record<string, readonly { readonly from: string; readonly bps: number }[]>>
    readonly minimumTicket: number
    readonly quantityStep: number
  }
  readonly [more: string]: unknown
}
export type Evidence = { readonly market: RawMarket; readonly book: RawBook }

export function readRawMarket(folder: string): RawMarket {
  const market = new Map<string, Map<string, RawBar>>()
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.csv'))) {
    const [header = '', ...lines] = readFileSync(join(folder, file), 'utf8').trim().split(/\r?\n/)
    const columns = header.replace('\ufeff', '').split(',')
    const bars = new Map<string, RawBar>()
    for (const line of lines) {
      const cells = line.split(',')
      const cell = (name: string) => cells[columns.indexOf(name)] ?? ''
      const price = (name: string) => (cell(name) === '' ? Number.NaN : Number(cell(name)))
      bars.set(cell('date'), {
        open: price('open'),
        close: price('close'),
        dividend: Number(cell('dividend') || 0),
        split: Number(cell('split') || 1),
      })
    }
    market.set(decodeURIComponent(file.slice(0, -'.csv'.length)), bars)
  }
  return market
}

/** Days on which a symbol has an open, oldest first. */
export function opensOf(market: RawMarket, symbol: string): readonly string[] {
  const bars = market.get(symbol)
  if (bars === undefined) return []
  const known = opens.get(bars) ?? [...bars].flatMap(([date, { open }]) => (Number.isNaN(open) ? [] : [date])).sort()
  opens.set(bars, known)
  return known
}
const opens = new WeakMap<ReadonlyMap<string, RawBar>, readonly string[]>()

/** Days on which any instrument of the book has a bar. */
export function sessionsOf(
  { market, book }: Evidence,
  asked: { readonly from: string; readonly to: string },
): readonly string[] {
  const dates = new Set(book.instruments.flatMap(({ symbol }) => opensOf(market, symbol)))
  return [...dates].filter((date) => date >= asked.from && date <= asked.to).sort()
}

/** Last close at or before `date`, in shares of that date: a split since then divides it. */
export function closeOn({ market }: Pick<Evidence, 'market'>, symbol: string, date: string): number {
  const today = market.get(symbol)?.get(date)?.close ?? Number.NaN
  if (!Number.isNaN(today)) return today
  const last = opensOf(market, symbol).findLast((day) => day < date)
  if (last === undefined) return Number.NaN
  return market.get(symbol)!.get(last)!.close / splitsBetween(market, symbol, { after: last, to: date })
}

/** New shares for one old share over the splits after one date and up to another. */
export function splitsBetween(
  market: RawMarket,
  symbol: string,
  range: { readonly after: string; readonly to: string },
): number {
  let product = 1
  for (const [date, { split }] of market.get(symbol) ?? []) {
    if (date > range.after && date <= range.to) product *= split
  }
  return product
}

/** Base currency for one unit of `currency` on `date`: 1/EURUSD for dollars of a book in euros; the last published one if none. */
export function rateOn(evidence: Evidence, currency: string, date: string): number {
  if (currency === evidence.book.currency) return 1
  const quoted = closeOn(evidence, 'EURUSD=X', date)
  return evidence.book.currency === 'EUR' ? 1 / quoted : quoted
}

/** What a fill costs by the book's rules, in the base currency. `value` is |quantity| * price * rate. */
export function costsOf(
  { book }: Evidence,
  trade: { readonly symbol: string; readonly date: string; readonly value: number; readonly side: 'buy' | 'sell' },
): Readonly<Record<'commission' | 'spread' | 'fx' | 'tax' | 'impact' | 'fee', number>> {
  const instrument = book.instruments.find(({ symbol }) => symbol === trade.symbol)!
  const { value } = trade
  const schedule = book.costs.purchaseTaxes[instrument.purchaseTax ?? ''] ?? []
  const taxBps = schedule.filter(({ from }) => from <= trade.date).at(-1)?.bps ?? 0
  return {
    commission: Math.max(book.costs.commissionMin, (value * book.costs.commissionBps) / 1e4),
    spread: (value * instrument.halfSpreadBps) / 1e4,
    fx: instrument.currency === book.currency ? 0 : (value * book.costs.fxBps) / 1e4,
    tax: trade.side === 'buy' ? (value * taxBps) / 1e4 : 0,
    impact: 0,
    fee: 0,
  }
}
