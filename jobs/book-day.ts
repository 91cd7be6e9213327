import { z } from 'zod'
import type { Config } from '../src/config.ts'
import type { Context } from '../src/context.ts'
import type { Owed } from '../src/job.ts'
import { dateIn } from '../src/market/calendar.ts'
import { Instant, IsoDate } from '../src/units.ts'
import { allocatorBooks, newYork } from './book-step.ts'

/** A step of one book on one trade date. */
export const BookDay = z.strictObject({ book: z.string(), date: IsoDate })
export type BookDay = z.infer<typeof BookDay>

/** The same at one of several moments of the date. */
export const BookMoment = z.strictObject({ ...BookDay.shape, at: Instant })
export type BookMoment = z.infer<typeof BookMoment>

/** A step falls due once a trade date for each book, whichever schedule starts it. */
export const bookDays = (firedAt: Instant, _config: Config): readonly BookDay[] =>
  allocatorBooks().map((book) => ({ book, date: dateIn(firedAt, newYork) }))

export const identityOfDay = ({ book, date }: BookDay): string => `${book}-${date}`

/** Whether any of the journal's steps is still lacking. */
export async function owedUnless(ctx: Context, keys: readonly string[]): Promise<Owed> {
  for (const key of keys) if ((await ctx.journal.done(key)) === null) return 'missed'
  return 'done'
}
