import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import canonicalize from 'canonicalize'
import { headsFile, readHeads } from '../src/adapters/database/heads.ts'
import type { Book, CatalystBook } from '../src/catalysts/catalyst-book.ts'
import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { modelOpponents } from '../src/decision/policies/model.ts'
import { InputError, JournalError } from '../src/errors.ts'
import type { Opened } from '../src/journal/entry.ts'
import { cents, type Instant, type IsoDate } from '../src/units.ts'
import { storedSignals } from './signals.ts'

/**
 * The book's state, after writing its first entry if there was none: what is declared before anything happens.
 *
 * @throws InputError when the journal's book was opened with other rules, another market or another decider
 * @throws JournalError when the journal lacks what was published of it: a lost file is no reason to begin anew
 */
export async function openBook(
  ctx: Context,
  book: Book,
  market: BookMarket,
  date: IsoDate,
  at: Instant,
): Promise<OpenBook> {
  await refuseLost(ctx)
  const found = await ctx.state(book.name)
  const body = await openedBody(ctx, book, market, date, found?.state.opened.policy)
  if (found !== null) {
    refuseOther(found.state.opened, body)
    return found
  }
  const written = await ctx.journal.append([{ at, kind: 'opened', book: book.name, key: `${book.name}/opened`, body }])
  const open = (await ctx.state(book.name))!
  if (written.kind === 'appended') {
    ctx.say(
      `The book ${book.name} begins a new record in ${placeOf(ctx)}, with ${book.currency} ${book.initialCash.toFixed(2)} on ${date}.`,
    )
  } else refuseOther(open.state.opened, body)
  return open
}

/** The folder with the published heads, and the journal that they belong to. */
export type Registry = Pick<Context, 'home' | 'journal'>

/**
 * A journal that lacks what was published of it was lost, cut or replaced; going on would write another past over it.
 *
 * @throws JournalError naming the first entry that is gone
 */
export async function refuseLost(ctx: Registry): Promise<void> {
  const { heads } = readHeads(ctx.home)
  const lacking = await ctx.journal.lacking(heads.map((head) => ({ ...head, from: headsFile(ctx.home) })))
  if (lacking === null) return
  const { seq, hash } = lacking
  const { at } = heads.find((head) => head.seq === seq && head.hash === hash)!
  const end = (await ctx.journal.head())?.seq ?? 0
  const instead = end >= seq ? 'has another in its place' : end === 0 ? 'is empty' : `ends at entry ${end}`
  throw new JournalError(
    `the journal ${placeOf(ctx)} lacks entry ${seq} of hash ${hash.slice(0, 16)}, which was published on ${at.slice(0, 10)} in ` +
      `${headsFile(ctx.home)}, and ${instead}: it was lost, cut or replaced. Bring back the copy that has it, or use another PRIMER_HOME (or --out) for a new record`,
  )
}

/** The whole path of a SQLite file: from another folder the same name is another journal. */
function placeOf(ctx: Registry): string {
  const [, file] = /^sqlite:(.+)$/s.exec(ctx.journal.url) ?? []
  return file === undefined ? ctx.journal.url : resolve(file)
}

/** SHA-256 of the book's rules as canonical JSON. Where texts come from may change while a record runs; each text names its source. */
export function bookHash(book: Book): string {
  const { sources: _, ...rules } = { sources: [], ...book }
  return createHash('sha256').update(canonicalize(rules)!).digest('hex')
}

async function openedBody(
  ctx: Context,
  book: Book,
  market: BookMarket,
  date: IsoDate,
  before: string | undefined,
): Promise<Opened> {
  const policy = book.kind === 'catalyst' ? await coinPolicy(ctx, book, before) : ctx.model === null ? 'cvar' : 'model'
  // Of a catalyst book the model reads the texts, and what it reads moves the money; keywords and optimizers alone are controls.
  const decider = ctx.model !== null && (policy === 'model' || policy === 'signals') ? 'model' : 'control'
  const prices = ctx.pricesOf(book)
  return {
    title: book.title,
    currency: book.currency,
    initialCashCents: cents(book.initialCash),
    bookHash: bookHash(book),
    policy,
    decider,
    market: { spec: prices.spec, label: prices.label, nature: prices.nature },
    firstSession: date,
    instruments: market.tradable.map(({ symbol, name, shortName, currency }) => ({
      symbol,
      name,
      shortName,
      currency,
    })),
    benchmarks: [
      ...market.benchmarks.map((benchmark) => ({ ...benchmark })),
      ...(decider === 'model' ? modelOpponents : []),
    ],
    notes: [...market.notes],
  }
}

/** Where the past is played back and the journal holds no signal, the optimizer alone runs the book, and every output says so. */
async function coinPolicy(ctx: Context, book: CatalystBook, before: string | undefined): Promise<string> {
  if (book.policy !== 'signals' || ctx.clock.kind === 'system') return book.policy
  if (before !== undefined) return before
  return (await storedSignals(ctx)).length === 0 ? 'cvar' : book.policy
}

function refuseOther(opened: Opened, wanted: Opened): void {
  const faults: string[] = []
  const compare = (what: string, before: string, now: string, mend: string) => {
    if (before !== now) faults.push(`the journal's book was opened with ${what} ${before}, and this is ${now}; ${mend}`)
  }
  const fresh = 'use another PRIMER_HOME (or --out) for another record'
  compare('the market', opened.market.spec, wanted.market.spec, fresh)
  compare('the policy', opened.policy, wanted.policy, fresh)
  compare(
    'rules of hash',
    opened.bookHash.slice(0, 16),
    wanted.bookHash.slice(0, 16),
    `books/ was edited since; undo it, or ${fresh}`,
  )
  if (faults.length > 0) throw new InputError(faults)
}
