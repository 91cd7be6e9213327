import type { Context, OpenBook } from '../src/context.ts'
import { type BookMarket, membersAt } from '../src/decision/book-market.ts'
import type { UniverseEntry } from '../src/journal/catalyst-entry.ts'
import { leftOutAt } from '../src/market/universe.ts'
import type { IsoDate } from '../src/units.ts'
import { catalystsBook } from './ingest.ts'
import { reportDue } from './report.ts'
import { dueOf } from './steps.ts'
import { allocate } from './trading-day.ts'

/**
 * A catalyst book's day, after the bar of a date is whole: who is in the universe is put on record, sessions that the journal
 * lacks are booked, and the book decides. What it orders fills at the open of the day after the next one at the earliest: the next
 * one has opened half an hour ago. Safe to run twice.
 */
export async function rebalance(ctx: Context, market: BookMarket, open: OpenBook, session: number): Promise<OpenBook> {
  const date = market.panel.sessions[session]!
  await recordUniverse(ctx, market, session)
  const after = await allocate(ctx, market, open, session)
  await reportDue(ctx, market, after, date)
  return after
}

/** The members of a date and why others are out, where they differ from what was last put on record. */
async function recordUniverse(ctx: Context, market: BookMarket, session: number): Promise<void> {
  const { coins, panel, rules } = market
  if (coins === undefined) return
  const date: IsoDate = panel.sessions[session]!
  const { name } = coins.book
  const key = `${catalystsBook}/universe/${name}/${date}`
  const last = await lastUniverse(ctx, name)
  if ((last !== null && last.date >= date) || (await ctx.journal.done(key)) !== null) return
  const members = membersAt(market, session).map(({ symbol }) => symbol)
  if (last !== null && last.members.join(' ') === members.join(' ')) return
  const isIn = new Set(members)
  const left = [...leftOutAt(panel, coins.candidates, coins.book.universe, session), ...coins.excluded]
    .filter(([symbol]) => !isIn.has(symbol))
    .map(([symbol, because]) => ({ symbol, because }))
  const at = ctx.clock.now(dueOf(rules).decision(date))
  await ctx.journal.append([
    { at, kind: 'universe', book: catalystsBook, key, body: { book: name, date, members, left } },
  ])
}

/** What was last put on record of a book; an old record that names none is any book's. Null sends it to the record once more. */
async function lastUniverse(ctx: Context, name: string): Promise<UniverseEntry | null> {
  let last: UniverseEntry | null = null
  for await (const entry of ctx.journal.read({ book: catalystsBook, kinds: ['universe'], latest: 50 })) {
    if (entry.kind === 'universe' && (entry.body.book ?? name) === name) last = entry.body
  }
  return last
}
