import { readBook } from '../src/books.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { InputError } from '../src/errors.ts'
import { defineJob } from '../src/job.ts'
import { periodName } from '../src/journal/period-report.ts'
import { isoWeek } from '../src/market/calendar.ts'
import type { IsoDate } from '../src/units.ts'
import { BookDay, bookDays, identityOfDay, owedUnless } from './book-day.ts'
import { endsPeriod, newYork, standOn, standOnSchedule, tradesOn } from './book-step.ts'
import { reportDue } from './report.ts'
import { endsMonth, endsWeek } from './trading-day.ts'

/** After the last session of a week, and of a month: the reports. It looks every weekday, since a holiday may end either. */
export const reportJob = defineJob({
  name: 'report',
  summary: 'the week, the month',
  queue: 'books',
  schedule: [{ pattern: '40 16 * * 1-5', zone: newYork }],
  payload: BookDay,
  payloads: bookDays,
  identity: identityOfDay,
  posts: true,

  owed: async (ctx, { book, date }) => {
    const rules = readBook(book)
    const periods = [
      ...(endsPeriod(rules, date, isoWeek) ? [periodName('week', date)] : []),
      ...(endsPeriod(rules, date, (day) => day.slice(0, 7)) ? [periodName('month', date)] : []),
    ]
    if (periods.length === 0 || !tradesOn(rules, date)) return 'not-due'
    const known = await ctx.state(book)
    if (known === null || date < known.state.opened.firstSession) return 'done'
    return owedUnless(
      ctx,
      periods.flatMap((period) => [`${book}/${period}/report`, `${book}/${period}/post-report`]),
    )
  },

  run: async (ctx, { book, date }) => {
    const standing = await standOnSchedule(ctx, 'report', readBook(book), date)
    if (typeof standing === 'string') return { kind: 'nothing', because: standing }
    const { market, open } = standing
    if (standing.date !== date || !(endsWeek(market, date) || endsMonth(market, date))) {
      return { kind: 'nothing', because: `neither a week nor a month ends with ${date}` }
    }
    await reportDue(ctx, market, open, date)
    return { kind: 'done', did: `reported what ends with ${date}` }
  },

  byHand: async (ctx, options) => {
    const { market, open, date } = await standOn(ctx, 'report', readBook(options.book), options.date)
    refuseUnfinished(market, date)
    await reportDue(ctx, market, open, date)
    return { date, outcome: { kind: 'done', did: `reported what ends with ${date}` } }
  },
})

/** A week and a month are reported once, so one of them must be over. */
function refuseUnfinished(market: BookMarket, date: IsoDate): void {
  if (endsWeek(market, date) || endsMonth(market, date)) return
  throw new InputError(
    `the week of ${date} has sessions after it, and so has the month; a report falls due after the last one of either, or on the days off that follow`,
  )
}
