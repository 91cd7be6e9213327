import { bookNames, readBook } from '../src/books.ts'
import { InputError } from '../src/errors.ts'
import { defineJob } from '../src/job.ts'
import { addDays, dateIn } from '../src/market/calendar.ts'
import { missSession } from './allocate.ts'
import { BookDay, identityOfDay, owedUnless } from './book-day.ts'
import { lastOpenAfter, standOn, standOnSchedule } from './book-step.ts'
import { rebalance } from './rebalance.ts'
import { dueOf } from './steps.ts'
import { catchUp } from './trading-day.ts'

/** Half an hour after midnight UTC, when the bar of the day before is whole: fills, universe, decision, orders, posts. */
export const rebalanceJob = defineJob({
  name: 'rebalance',
  summary: 'fills, decision and orders of the coins',
  queue: 'books',
  schedule: [{ pattern: '30 0 * * *', zone: 'UTC' }],
  payload: BookDay,
  payloads: (firedAt) => bookNames('catalyst').map((book) => ({ book, date: addDays(dateIn(firedAt, 'UTC'), -1) })),
  identity: identityOfDay,
  posts: true,

  owed: async (ctx, { book, date }) => {
    const rules = readBook(book)
    const known = await ctx.state(book)
    // A record may begin with the last session as long as nothing of its decision could have been filled yet.
    if (known === null)
      return ctx.clock.now(dueOf(rules).decision(date)) < lastOpenAfter(rules, date) ? 'missed' : 'done'
    if (date < known.state.opened.firstSession) return 'done'
    return owedUnless(ctx, [`${book}/${date}/decision`, `${book}/${date}/post-decision`])
  },

  run: async (ctx, { book, date }) => {
    const rules = readBook(book)
    const standing = await standOnSchedule(ctx, 'allocate', rules, date)
    if (typeof standing === 'string') return { kind: 'nothing', because: standing }
    const { market, open, session } = standing
    if (open.state.decisions.at(-1)?.body.date === date)
      return { kind: 'nothing', because: `${date} is decided already` }
    if (lastOpenAfter(rules, date) <= ctx.clock.now(dueOf(rules).decision(date))) {
      await missSession(
        ctx,
        market,
        await catchUp(ctx, market, open, session),
        session,
        'the program did not run that day, or had no prices',
      )
      return { kind: 'done', did: `booked ${date}, decided nothing: the open has passed` }
    }
    const after = await rebalance(ctx, market, open, session)
    return { kind: 'done', did: `decided ${date}: ${after.state.decisions.at(-1)?.body.outcome ?? 'no-decision'}` }
  },

  byHand: async (ctx, options) => {
    const name = options.book === 'allocator' ? 'catalyst' : options.book
    const rules = readBook(name)
    if (rules.kind !== 'catalyst')
      throw new InputError(`rebalance is for books of coins, and ${name} is none; use primer run allocate`)
    const { market, open, session, date } = await standOn(ctx, 'allocate', rules, options.date)
    await rebalance(ctx, market, open, session)
    return { date, outcome: { kind: 'done', did: `decided ${date}` }, book: name }
  },
})
