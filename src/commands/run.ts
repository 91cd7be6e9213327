import { checkSession } from '../../jobs/monitor.ts'
import { openBook } from '../../jobs/open-book.ts'
import { reportWeek } from '../../jobs/report.ts'
import { due, sessionCloseAt } from '../../jobs/steps.ts'
import { allocate, catchUp, endsWeek } from '../../jobs/trading-day.ts'
import { publishHeadOf } from '../adapters/database/heads.ts'
import { readBook } from '../books.ts'
import { readConfig } from '../config.ts'
import { type Context, simulatedClock, systemClock } from '../context.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { ConflictError, InputError } from '../errors.ts'
import { openContext, readBookMarket } from '../open-context.ts'
import { openMarket } from '../open-market.ts'
import type { AllocatorBook } from '../portfolio/book.ts'
import { postOnTerminal } from '../posts/terminal.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'

export const jobNames = ['fill', 'allocate', 'monitor', 'report'] as const
export type JobName = (typeof jobNames)[number]

/** `primer run JOB`: one job once, in the foreground. Recorded prices are played back at the scheduled time of the date. */
export async function run(
  job: string,
  options: { readonly date?: IsoDate; readonly book: string },
  io: CommandIo,
): Promise<CommandResult> {
  if (!isJob(job)) throw new InputError(`no job is called ${JSON.stringify(job)}; there are ${jobNames.join(', ')}`)
  const config = readConfig(io.environment)
  const book = readBook(options.book)
  const prices = await openMarket(config.market, config)
  const clock = prices.nature === 'live' ? systemClock : simulatedClock
  const ctx = await openContext({
    config,
    databaseUrl: config.databaseUrl,
    prices,
    clock,
    market: (which, range) => readBookMarket(prices, which, range, marketNow(clock.kind, range.to)),
    say: io.say,
  })
  try {
    const before = (await ctx.journal.head())?.seq ?? 0
    const outcome = await withRetries(() => runJob(ctx, job, book, options.date))
    await publishHeadOf(ctx.home, ctx.journal)
    return await answer(ctx, job, book, outcome, before)
  } finally {
    await ctx.journal.close()
  }
}

function isJob(job: string): job is JobName {
  return (jobNames as readonly string[]).includes(job)
}

/** Recorded prices of a date are all there at its end; live ones as of now. */
function marketNow(kind: 'system' | 'simulated', date: IsoDate): string {
  return kind === 'system' ? new Date().toISOString() : due.report(date)
}

/** Another writer in between is no failure: the state is read again and the step tried again. */
async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= 5) throw error
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** tries))
    }
  }
}

type JobOutcome = { readonly date: IsoDate; readonly did: string }

async function runJob(
  ctx: Context,
  job: JobName,
  book: AllocatorBook,
  wanted: IsoDate | undefined,
): Promise<JobOutcome> {
  const until = wanted ?? (await latestDate(ctx, book))
  const known = await ctx.state(book.name)
  const lastBooked = known?.state.lastSession ?? until
  const market = await ctx.market(book, {
    first: until < lastBooked ? until : lastBooked,
    to: until,
    ...(job === 'monitor' && ctx.clock.kind === 'system' && { through: until }),
  })
  const session = wanted === undefined || job === 'report' ? lastSessionTo(market, until) : sessionOn(market, wanted)
  const date = market.panel.sessions[session]!
  const last = known?.state.lastSession ?? null
  if (last !== null && date < last && job !== 'report') {
    throw new InputError(
      `the book ${book.name} is booked up to ${last}: ${date} lies before it, and the past is not booked again`,
    )
  }
  if (known === null && (job === 'monitor' || job === 'report')) {
    throw new InputError(
      `the book ${book.name} has no record yet, so there is nothing to ${job}; primer run allocate begins one`,
    )
  }
  if (job === 'report') refuseUnfinishedWeek(market, date)
  const open = await openBook(ctx, book, market, date, ctx.clock.now(due.fill(date)))
  switch (job) {
    case 'fill':
      await catchUp(ctx, market, open, session)
      break
    case 'allocate':
      await allocate(ctx, market, open, session)
      break
    case 'monitor':
      await checkSession(ctx, market, open, session, ctx.clock.now(sessionCloseAt(market.panel, session)))
      break
    case 'report':
      await reportWeek(ctx, market, open, date)
  }
  return { date, did: job }
}

/** A week is reported once, so it must be over. */
function refuseUnfinishedWeek(market: BookMarket, date: IsoDate): void {
  if (endsWeek(market, date)) return
  throw new InputError(
    `the week of ${date} has sessions after it; its report falls due after the last one, or on the weekend`,
  )
}

async function latestDate(ctx: Context, book: AllocatorBook): Promise<IsoDate> {
  const range = await ctx.prices.range(book.instruments)
  const today = new Date().toISOString().slice(0, 10)
  return range === null || range.to > today ? today : range.to
}

/** Index of the last session up to a date: what is meant when none is named, and what a report of a week ends with. */
function lastSessionTo(market: BookMarket, date: IsoDate): number {
  const found = market.panel.sessions.findLastIndex((session) => session <= date)
  if (found < 0) throw new InputError(`the market has no session of this book up to ${date}`)
  return found
}

function sessionOn(market: BookMarket, date: IsoDate): number {
  const { sessions, indexOf } = market.panel
  const found = indexOf.get(date)
  if (found !== undefined) return found
  const before = sessions.findLast((session) => session < date) ?? 'not known'
  throw new InputError(
    `${date} is no session of this book that the market has closes for; the last one before it is ${before}`,
  )
}

async function answer(
  ctx: Context,
  job: JobName,
  book: AllocatorBook,
  outcome: JobOutcome,
  before: number,
): Promise<CommandResult> {
  const entries = await Array.fromAsync(ctx.journal.read({ book: book.name, fromSeq: before + 1 }))
  const posts = entries.flatMap((entry) => (entry.kind === 'post' ? [entry.body] : []))
  const lines = [
    `${job} ${book.name} ${outcome.date}: ${entries.length === 0 ? 'done before, nothing to do' : `entries ${entries[0]!.seq} to ${entries.at(-1)!.seq}`}`,
    ...posts.map((post) => postOnTerminal(post)),
  ]
  return {
    text: lines.join('\n\n'),
    json: {
      job,
      book: book.name,
      date: outcome.date,
      entries: entries.map(({ seq, kind, hash }) => ({ seq, kind, hash })),
      posts: posts.map(({ purpose, x, discord }) => ({ purpose, x, discord })),
    },
  }
}
