import { readBook } from '../src/books.ts'
import { defineJob } from '../src/job.ts'
import { dateIn } from '../src/market/calendar.ts'
import { BookMoment } from './book-day.ts'
import { allocatorBooks, standOn, standOnSchedule, tradesAt } from './book-step.ts'
import { checkSession, monitorKey } from './monitor.ts'
import { sessionCloseAt } from './steps.ts'

const paris = 'Europe/Paris'

/**
 * Every two hours while one of the book's exchanges is open: alerts; it never trades. A quarter past, since free prices come
 * fifteen minutes late. A look that was missed is not made up for: the next one sees what it would have seen.
 */
export const monitorJob = defineJob({
  name: 'monitor',
  summary: 'alerts',
  queue: 'books',
  schedule: [{ pattern: '15 9-21/2 * * 1-5', zone: paris }],
  payload: BookMoment,
  payloads: (firedAt) => allocatorBooks().map((book) => ({ book, date: dateIn(firedAt, paris), at: firedAt })),
  identity: ({ book, at }) => `${book}-${at.slice(0, 16).replace(':', '')}`,
  posts: true,

  run: async (ctx, { book, date, at }) => {
    const rules = readBook(book)
    if (!tradesAt(rules, date, at)) return { kind: 'nothing', because: `no exchange of the book ${book} is open` }
    const standing = await standOnSchedule(ctx, 'monitor', rules, date)
    if (typeof standing === 'string') return { kind: 'nothing', because: standing }
    const { market, open, session } = standing
    // Once a session is booked the book holds other things than it held at that moment, and they would be looked at.
    const [booked] = await Array.fromAsync(ctx.journal.read({ book, kinds: ['session'], fromAt: at, limit: 1 }))
    if (booked !== undefined && (await ctx.journal.done(monitorKey(book, date, at))) === null) {
      return { kind: 'nothing', because: `the session of ${booked.at.slice(0, 10)} is booked already` }
    }
    // A retry after a break looks at the prices of its own time, under the moment that it was due at.
    const alerts = await checkSession(ctx, market, open, session, at)
    return alerts === 0 ? { kind: 'nothing', because: 'no alert' } : { kind: 'done', did: `alerted ${alerts}` }
  },

  byHand: async (ctx, options) => {
    const { market, open, session, date } = await standOn(ctx, 'monitor', readBook(options.book), options.date)
    const now = options.at ?? ctx.clock.now(sessionCloseAt(market.panel, session))
    const alerts = await checkSession(ctx, market, open, session, now)
    return { date, outcome: { kind: 'done', did: `alerted ${alerts}` } }
  },
})
