import { readBook } from '../src/books.ts'
import { defineJob } from '../src/job.ts'
import { BookDay, bookDays, identityOfDay, owedUnless } from './book-day.ts'
import { newYork, standOn, standOnSchedule, tradesOn } from './book-step.ts'
import { catchUp } from './trading-day.ts'

/** After New York's close: fills at the session's opens, dividends, values; and every session that the journal lacks before it. */
export const fillJob = defineJob({
  name: 'fill',
  summary: 'book the opens of a session',
  queue: 'books',
  schedule: [{ pattern: '10 16 * * 1-5', zone: newYork }],
  payload: BookDay,
  payloads: bookDays,
  identity: identityOfDay,
  posts: true,

  owed: async (ctx, { book, date }) => {
    if (!tradesOn(readBook(book), date)) return 'not-due'
    const known = await ctx.state(book)
    // A record begins with its first run in time, never in hindsight.
    if (known === null || date < known.state.opened.firstSession) return 'done'
    return owedUnless(ctx, [`${book}/${date}/fill`])
  },

  run: async (ctx, { book, date }) => {
    const standing = await standOnSchedule(ctx, 'fill', readBook(book), date)
    if (typeof standing === 'string') return { kind: 'nothing', because: standing }
    const { market, open, session } = standing
    const before = open.state.seq
    const after = await catchUp(ctx, market, open, session)
    return after.state.seq === before
      ? { kind: 'nothing', because: `${date} is booked already` }
      : { kind: 'done', did: `booked ${date}` }
  },

  byHand: async (ctx, options) => {
    const { market, open, session, date } = await standOn(ctx, 'fill', readBook(options.book), options.date)
    await catchUp(ctx, market, open, session)
    return { date, outcome: { kind: 'done', did: `booked ${date}` } }
  },
})
