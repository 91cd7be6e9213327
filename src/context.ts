import type { Journal } from './adapters/database/journal.ts'
import type { Model } from './adapters/model.ts'
import type { Spending } from './adapters/spending.ts'
import type { XReader } from './adapters/x/read.ts'
import type { Book } from './catalysts/catalyst-book.ts'
import type { Config } from './config.ts'
import type { BookMarket } from './decision/book-market.ts'
import type { Solver } from './decision/day.ts'
import { InputError } from './errors.ts'
import type { Entry } from './journal/entry.ts'
import { applyEntry, type BookState, openState } from './journal/replay.ts'
import type { PriceSource } from './market/price-source.ts'
import type { Publisher } from './posts/publisher.ts'
import type { Instant, IsoDate } from './units.ts'

/** Real time, or the scheduled time of the step at hand when recorded prices are played back. */
export type Clock = {
  readonly kind: 'system' | 'simulated'
  /** @param scheduled when the step is due; a simulated clock stands exactly there */
  readonly now: (scheduled: Instant) => Instant
}

export const systemClock: Clock = { kind: 'system', now: () => new Date().toISOString() }
export const simulatedClock: Clock = { kind: 'simulated', now: (scheduled) => scheduled }

/** What is not configured is not here: its posts are shown as previews. */
export type Channels = { readonly publishers: readonly Publisher[]; readonly xReader: XReader | null }
export const noChannels: Channels = { publishers: [], xReader: null }

/** Every open resource that a job may use, and nothing it may not. */
export type Context = {
  readonly config: Config
  /** The folder that the journal belongs to: its published heads lie here. A demo has one of its own. */
  readonly home: string
  readonly journal: Journal
  readonly prices: PriceSource
  /** The source of a book's own prices: coins may trade elsewhere. */
  readonly pricesOf: (book: Pick<Book, 'kind'>) => PriceSource
  readonly clock: Clock
  /** Null: a control decides, and every output says so. */
  readonly model: Model | null
  /** What the model has cost, over all journals of this home. */
  readonly spending: Spending
  readonly solve: Solver
  /** Text of prompts/allocator.md. */
  readonly promptTemplate: string
  /** Prices of a book, aligned, with the history that decisions from `first` on need; `through` as in buildPanel. */
  readonly market: (
    book: Book,
    range: {
      readonly first: IsoDate
      readonly to: IsoDate
      readonly through?: IsoDate
      /** Coins that must not be left out, since they are held. */
      readonly keep?: readonly string[]
    },
  ) => Promise<BookMarket>
  /** A book's state from the journal, brought up to date; null before it was opened. */
  readonly state: (book: string) => Promise<OpenBook | null>
  /** Channels to post to and to listen on, as far as they are configured and open. */
  readonly channels: Channels
  /** Aborted when the process is to end: what is under way is brought to an end, and nothing more is begun. */
  readonly stopping: AbortSignal
  /** Facts for the log and the terminal. */
  readonly say: (line: string) => void
}

/** A book as the journal has it, with the entry that opened it. */
export type OpenBook = { readonly opened: Entry<'opened'>; readonly state: BookState }

/** Reads a book's entries once and then only the new ones. */
export function stateReader(journal: Journal): Context['state'] {
  const known = new Map<string, OpenBook>()
  return async (book) => {
    let open = known.get(book) ?? null
    for await (const entry of journal.read({ book, fromSeq: open === null ? 1 : open.state.seq + 1 })) {
      if (open === null) {
        // What was tried on a book may be on record before the book is opened.
        if (entry.kind === 'trial') continue
        if (entry.kind !== 'opened') {
          throw new InputError(
            `entry ${entry.seq} of the book ${book} comes before the book was opened; run primer journal verify`,
          )
        }
        open = { opened: entry as Entry<'opened'>, state: openState(entry as Entry<'opened'>) }
      } else open = { opened: open.opened, state: applyEntry(open.state, entry) }
    }
    if (open !== null) known.set(book, open)
    return open
  }
}
