import { dueOf } from '../../jobs/steps.ts'
import { bookNames, readBook } from '../books.ts'
import type { Book } from '../catalysts/catalyst-book.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { addDays } from '../market/calendar.ts'
import type { PriceSource } from '../market/price-source.ts'
import { rangeOf, readBookMarket } from '../open-context.ts'

/** The simulated world goes on for years; its demo ends here, so that the same command shows the same days. */
const simulatedEnd = '2025-12-31'

/** A book that the market has prices of, and the session its demo begins with. */
export type Play = { readonly book: Book; readonly market: BookMarket; readonly first: number; readonly wanted: number }

/** `all`, or a number. */
type Sessions = { readonly sessions: string }

/** Every book that exists, as far as the market trades what it holds. */
export async function openPlays(source: PriceSource, options: Sessions): Promise<{ plays: Play[]; notes: string[] }> {
  const plays: Play[] = []
  const notes: string[] = []
  const books = bookNames().map((name) => readBook(name))
  const trading: Book[] = []
  for (const book of books) if (await trades(source, book)) trading.push(book)
  // With none at all, the first one says what is missing.
  for (const book of trading.length > 0 ? trading : books.slice(0, 1)) {
    const market = await wholeMarket(source, book, options)
    const { length } = market.panel.sessions
    const wanted = options.sessions === 'all' ? length : Number(options.sessions)
    plays.push({ book, market, wanted, first: Math.max(0, length - wanted) })
  }
  for (const { name, kind } of books) {
    if (plays.some(({ book }) => book.name === name)) continue
    const what = kind === 'catalyst' ? 'no coins' : 'none of its instruments'
    notes.push(`The book ${name} is left out: the market ${source.spec} has ${what}.`)
  }
  return { plays, notes }
}

async function trades(source: PriceSource, book: Book): Promise<boolean> {
  if (source.nature === 'live') return (source.pairs !== undefined) === (book.kind === 'catalyst')
  return (book.kind === 'allocator' || source.pairs !== undefined) && (await rangeOf(source, book)) !== null
}

async function wholeMarket(source: PriceSource, book: Book, options: Sessions): Promise<BookMarket> {
  const range = await rangeOf(source, book)
  const today = new Date().toISOString().slice(0, 10)
  const to = source.nature === 'simulated' ? simulatedEnd : (range?.to ?? today)
  // A live source has no first day: two calendar years for each 500 sessions reach back far enough.
  const span = options.sessions === 'all' ? 3650 : Math.ceil(Number(options.sessions) * 1.6) + 10
  const first = range?.from ?? addDays(to, -span)
  return readBookMarket(
    source,
    book,
    { first, to },
    source.nature === 'live' ? new Date().toISOString() : dueOf(book).report(to),
  )
}
