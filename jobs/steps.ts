import type { Book } from '../src/catalysts/catalyst-book.ts'
import type { Context } from '../src/context.ts'
import type { Entry, NewEntry } from '../src/journal/entry.ts'
import { addDays, closeAt, decisionAt, instantAt } from '../src/market/calendar.ts'
import type { Panel } from '../src/market/panel.ts'
import type { Instant, IsoDate } from '../src/units.ts'

const newYork = 'America/New_York'

/** When each step of a trade date is due. */
export type Due = Readonly<Record<'fill' | 'snapshot' | 'decision' | 'post' | 'report', (date: IsoDate) => Instant>>

/** A book of shares: New York's wall clock, so daylight saving moves them in UTC. */
export const due: Due = {
  /** Opens are filled and the day's rate is published: the session is booked after New York's close. */
  fill: (date) => instantAt(date, '16:10', newYork),
  snapshot: (date) => instantAt(date, '16:20', newYork),
  decision: (date) => instantAt(date, '16:21', newYork),
  post: (date) => instantAt(date, '16:22', newYork),
  report: (date) => instantAt(date, '16:40', newYork),
}

/** A book of coins: the day after the bar's date in UTC, once the bar is whole; the decision at the hour of `decisionAt`. */
const dueOfCoins: Due = {
  fill: (date) => instantAt(addDays(date, 1), '00:20', 'UTC'),
  snapshot: (date) => instantAt(addDays(date, 1), '00:29', 'UTC'),
  decision: (date) => decisionAt('CRYPTO', date)!,
  post: (date) => instantAt(addDays(date, 1), '00:31', 'UTC'),
  report: (date) => instantAt(addDays(date, 1), '00:40', 'UTC'),
}

export function dueOf({ kind }: Pick<Book, 'kind'>): Due {
  return kind === 'catalyst' ? dueOfCoins : due
}

/** Last official close of a session over the exchanges that were open, in UTC. */
export function sessionCloseAt(panel: Panel, session: number): Instant {
  const date = panel.sessions[session]!
  let latest = ''
  for (const exchange of panel.exchanges) {
    if (panel.isOpen[exchange][session] === 1) {
      const at = closeAt(exchange, date)
      if (at > latest) latest = at
    }
  }
  return latest
}

/**
 * Appends the entries of one step in one transaction, once: a key that is in the journal already writes nothing.
 *
 * @param expect sequence number the entries were computed from; another writer in between is a ConflictError
 * @returns the entries, or null when the step was done before
 */
export async function appendStep(
  ctx: Context,
  entries: readonly NewEntry[],
  expect: { readonly book: string; readonly seq: number },
): Promise<readonly Entry[] | null> {
  const result = await ctx.journal.append(entries, { expect })
  return result.kind === 'appended' ? result.entries : null
}
