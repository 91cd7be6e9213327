import { readBook } from '../src/books.ts'
import { defineJob } from '../src/job.ts'
import { missSession } from './allocate.ts'
import { BookDay, bookDays, identityOfDay, owedUnless } from './book-day.ts'
import { firstOpenAfter, lastOpenAfter, newYork, standOn, standOnSchedule, tradesOn } from './book-step.ts'
import { fillJob } from './fill-job.ts'
import { due } from './steps.ts'
import { allocate, catchUp } from './trading-day.ts'

/** After the fills of a session: snapshot, decision, guardrails, orders, post. */
export const allocateJob = defineJob({
  name: 'allocate',
  summary: 'snapshot, decision, orders, post',
  queue: 'books',
  schedule: [{ pattern: '20 16 * * 1-5', zone: newYork }],
  payload: BookDay,
  payloads: bookDays,
  identity: identityOfDay,
  after: [fillJob],
  posts: true,

  owed: async (ctx, { book, date }) => {
    const rules = readBook(book)
    if (!tradesOn(rules, date)) return 'not-due'
    const known = await ctx.state(book)
    // A record may begin with the last session as long as nothing of its decision could have been filled yet.
    if (known === null) return ctx.clock.now(due.snapshot(date)) < firstOpenAfter(rules, date) ? 'missed' : 'done'
    if (date < known.state.opened.firstSession) return 'done'
    return owedUnless(ctx, [`${book}/${date}/decision`, `${book}/${date}/post-decision`])
  },

  run: async (ctx, { book, date }) => {
    const rules = readBook(book)
    const standing = await standOnSchedule(ctx, 'allocate', rules, date)
    if (typeof standing === 'string') return { kind: 'nothing', because: standing }
    const { market, open, session } = standing
    const before = open.state.decisions.at(-1)?.body.date
    // Once every exchange has opened nothing of it could be filled: the day is missed, and nobody is asked.
    const isLate = lastOpenAfter(rules, date) <= ctx.clock.now(due.decision(date))
    const after = isLate
      ? await missSession(
          ctx,
          market,
          await catchUp(ctx, market, open, session),
          session,
          'the program did not run that day, or had no prices',
        )
      : await allocate(ctx, market, open, session)
    if (before === date) return { kind: 'nothing', because: `${date} is decided already` }
    const outcome = after.state.decisions.at(-1)?.body.outcome ?? 'no-decision'
    return { kind: 'done', did: `decided ${date}: ${outcome}` }
  },

  byHand: async (ctx, options) => {
    const { market, open, session, date } = await standOn(ctx, 'allocate', readBook(options.book), options.date)
    await allocate(ctx, market, open, session)
    return { date, outcome: { kind: 'done', did: `decided ${date}` } }
  },
})
