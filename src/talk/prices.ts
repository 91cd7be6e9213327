import { bookNames } from '../books.ts'
import type { Context } from '../context.ts'
import type { Snapshot } from '../decision/snapshot.ts'
import type { Entry, EntryBodies } from '../journal/entry.ts'
import type { Instant } from '../units.ts'

/** Last closes by symbol, each with its currency and its session. */
export type Prices = EntryBodies['reply']['prices']

/** Prices of one book from a moment on, until the next. */
type Board = { readonly at: Instant; readonly held: Prices; readonly all: Prices }

export type PriceBoard = {
  /** Last closes known then of what was held, and of what a text names. */
  readonly at: (saidAt: Instant, text: string | null) => Prices
  /** Last close known then of one symbol, or null. */
  readonly of: (saidAt: Instant, symbol: string) => Prices[string] | null
}

/** Symbols of one utterance at most, so that a text which lists a whole book stays small. */
const pricesMost = 30

/**
 * The closes that were on record at any moment from `from` on: of what was held from the entry `close`, of everything else
 * from the snapshot of the same session. Read from the journal once for a whole batch.
 */
export async function readPriceBoard(ctx: Context, from: Instant): Promise<PriceBoard> {
  const books = await Promise.all(bookNames().map((book) => boardsOf(ctx, book, from)))
  const boardsAt = (saidAt: Instant) => books.flatMap((boards) => boards.findLast((board) => board.at <= saidAt) ?? [])
  return {
    at(saidAt, text) {
      const found = boardsAt(saidAt)
      const prices: Prices = {}
      const take = (some: Prices, isWanted: (symbol: string) => boolean) => {
        for (const [symbol, price] of Object.entries(some)) {
          if (isWanted(symbol) && Object.keys(prices).length < pricesMost) prices[symbol] ??= price
        }
      }
      // What was named comes first: what is held beside it may have to give way.
      const named = text === null || text === '' ? null : wordsOf(text)
      if (named !== null) for (const { all } of found) take(all, (symbol) => named.has(symbol))
      for (const { held } of found) take(held, () => true)
      return prices
    },
    of(saidAt, symbol) {
      for (const { all } of boardsAt(saidAt)) if (all[symbol] !== undefined) return all[symbol]
      return null
    },
  }
}

/** Oldest first; the first may lie before `from`, and stands then. */
async function boardsOf(ctx: Context, book: string, from: Instant): Promise<readonly Board[]> {
  const { journal } = ctx
  const before = await Array.fromAsync(journal.read({ book, kinds: ['close'], beforeAt: from, latest: 1 }))
  const after = await Array.fromAsync(journal.read({ book, kinds: ['close'], fromAt: from }))
  const closes = [...before, ...after] as Entry<'close'>[]
  const [first] = closes
  if (first === undefined) return []
  const sealed = new Map<string, Prices>()
  const snapshots = [
    ...(await Array.fromAsync(journal.read({ book, kinds: ['snapshot'], toSeq: first.seq, latest: 1 }))),
    ...(await Array.fromAsync(journal.read({ book, kinds: ['snapshot'], fromSeq: first.seq }))),
  ] as Entry<'snapshot'>[]
  for (const { body } of snapshots) sealed.set(body.date, pricesOf(body.snapshot))
  // A close whose session has no snapshot goes with the one sealed before.
  let known: Prices =
    (snapshots[0] !== undefined && snapshots[0].seq < first.seq && pricesOf(snapshots[0].body.snapshot)) || {}
  return closes.map(({ at, body: { date, positions } }) => {
    known = sealed.get(date) ?? known
    const held: Prices = {}
    for (const { symbol, price, currency, priceDate } of positions) held[symbol] = { price, currency, date: priceDate }
    return { at, held, all: { ...known, ...held } }
  })
}

function pricesOf(snapshot: unknown): Prices {
  const prices: Prices = {}
  const { assets } = snapshot as Partial<Pick<Snapshot, 'assets'>>
  for (const { symbol, close, currency, date } of assets ?? []) {
    if (close !== null && close > 0 && date !== null) prices[symbol] = { price: close, currency, date }
  }
  return prices
}

/** Words of a text in capitals, as symbols are written: `$spy`, `MC.PA,` and `(tlt)` name what they seem to. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = text
    .slice(0, 4000)
    .toUpperCase()
    .split(/[^A-Z0-9.^=\-_/]+/)
  return new Set(words.flatMap((word) => [word, word.replace(/^[.\-_/]+|[.\-_/]+$/g, '')]))
}
