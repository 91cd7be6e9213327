import { bookCatalysts } from '../src/backtest/book-catalysts.ts'
import { bookAllocators, bookDecisions, bookRecord } from '../src/backtest/book-decisions.ts'
import { type AllocatorRank, bookEvidence } from '../src/backtest/book-evidence.ts'
import { bookPerformance } from '../src/backtest/book-performance.ts'
import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { sessionsUntilNextOpen } from '../src/decision/guardrails/sessions.ts'
import { InputError } from '../src/errors.ts'
import type { AttemptEntry, Entry } from '../src/journal/entry.ts'
import { type PeriodFacts, periodFigures, periodName } from '../src/journal/period-report.ts'
import { applyEntry, type BookState, openState } from '../src/journal/replay.ts'
import type { PeriodKind, PeriodReport } from '../src/journal/report-entry.ts'
import { addDays } from '../src/market/calendar.ts'
import { renderReportPost } from '../src/posts/report-post.ts'
import type { IsoDate } from '../src/units.ts'
import { readTexts } from './signals.ts'
import { appendStep, dueOf } from './steps.ts'
import { endsMonth, endsWeek } from './trading-day.ts'
import { liveTrial, readTrials, trialsWith } from './trials.ts'

/**
 * The reports that fall due after a session, and the posts about them: the weekly one on the week's last session, the monthly
 * one on the month's. Safe to run twice.
 *
 * @param date the last session of a week, of a month or of both; after any other nothing is due and nothing happens
 */
export async function reportDue(ctx: Context, market: BookMarket, open: OpenBook, date: IsoDate): Promise<void> {
  if (endsWeek(market, date)) await reportPeriod(ctx, market, open, { kind: 'week', date })
  if (endsMonth(market, date)) await reportPeriod(ctx, market, open, { kind: 'month', date })
}

/**
 * Sessions of the last two months after which a report fell due and was not posted, oldest first: what `reportDue` makes up for
 * after a time in which the program did not run. A late report tells of its own period, so it is never too late for one.
 */
export async function overdueReports(ctx: Context, market: BookMarket, open: OpenBook): Promise<readonly IsoDate[]> {
  const { book } = open.opened
  const overdue: IsoDate[] = []
  for (const { date } of open.state.closes.slice(-62)) {
    const ends: PeriodKind[] = [
      ...(endsWeek(market, date) ? (['week'] as const) : []),
      ...(endsMonth(market, date) ? (['month'] as const) : []),
    ]
    const posted = await Promise.all(ends.map((kind) => ctx.journal.done(postKey(book, periodName(kind, date)))))
    if (posted.includes(null)) overdue.push(date)
  }
  return overdue
}

function postKey(book: string, name: string): string {
  return `${book}/${name}/post-report`
}

/** The report of the week or the month that ends with a session, once. */
async function reportPeriod(
  ctx: Context,
  market: BookMarket,
  { opened }: OpenBook,
  period: { readonly kind: PeriodKind; readonly date: IsoDate },
): Promise<void> {
  const { book } = opened
  const { kind, date } = period
  const name = periodName(kind, date)
  const at = ctx.clock.now(dueOf(market.rules).report(date))
  const key = `${book}/${name}/report`
  if ((await ctx.journal.done(key)) === null) {
    const open = (await ctx.state(book))!
    const state = await stateAt(ctx, open, date)
    if (!state.closes.some((close) => close.date === date)) {
      throw new InputError(
        `the book ${book} has no close of ${date}, with which the report of ${name} ends; run primer run fill --date ${date} first`,
      )
    }
    const body: PeriodReport = {
      ...periodFigures(state, period, await factsOf(ctx, market, book, period)),
      ...(await analysisOf(ctx, market, state, date)),
    }
    await appendStep(ctx, [{ at, kind: 'report', book, key, body }], { book, seq: open.state.seq })
  }
  const posted = postKey(book, name)
  if ((await ctx.journal.done(posted)) !== null) return
  const report = await reportOf(ctx, book, (await ctx.journal.done(key))!)
  const post = renderReportPost({ opened, report })
  await ctx.journal.append([{ at, kind: 'post', book, key: posted, body: post }])
}

/** Positions, fills and dividends of the period and of the close before it, from the journal. */
async function factsOf(
  ctx: Context,
  market: BookMarket,
  book: string,
  { kind, date }: { readonly kind: PeriodKind; readonly date: IsoDate },
): Promise<PeriodFacts> {
  const name = periodName(kind, date)
  // A month and the close before it; entries are written on their trade date or later.
  const fromAt = `${addDays(date, -60)}T00:00:00.000Z`
  const closes = await Array.fromAsync(ctx.journal.read({ book, kinds: ['close'], fromAt }))
  const sessions = await Array.fromAsync(ctx.journal.read({ book, kinds: ['session'], fromAt }))
  const valuesOf = (wanted: (closeDate: IsoDate) => boolean) => {
    const entry = closes.findLast((candidate) => candidate.kind === 'close' && wanted(candidate.body.date))
    return entry?.kind === 'close'
      ? Object.fromEntries(entry.body.positions.map(({ symbol, value }) => [symbol, value]))
      : {}
  }
  return {
    valuesBefore: valuesOf((closeDate) => periodName(kind, closeDate) < name),
    valuesAfter: valuesOf((closeDate) => closeDate <= date),
    sessions: sessions.flatMap((entry) =>
      entry.kind === 'session' && periodName(kind, entry.body.date) === name && entry.body.date <= date
        ? [entry.body]
        : [],
    ),
    sessionsBetween: (symbol, from, to) => {
      const index = market.panel.indexOf.get(to)
      const exchange = market.panel.bySymbol.get(symbol)?.exchange
      return index === undefined || exchange === undefined
        ? 0
        : sessionsUntilNextOpen(market.panel, exchange, from, index)
    },
  }
}

/** The verdict, and what the decisions were worth, on all prices since the book began. */
async function analysisOf(
  ctx: Context,
  market: BookMarket,
  state: BookState,
  date: IsoDate,
): Promise<Pick<PeriodReport, 'evidence' | 'decisions' | 'decisionsBecause' | 'performance' | 'catalysts'>> {
  const { opened } = state
  const { name: book } = market.book
  const whole = market.panel.indexOf.has(opened.firstSession)
    ? market
    : await ctx.market(market.rules, { first: opened.firstSession, to: date })
  const sessionsPerYear = whole.panel.exchanges.every((exchange) => exchange === 'CRYPTO') ? 365 : 252
  const record = bookRecord(whole, state)
  const isModel = opened.decider === 'model'
  const trials = isModel ? await readTrials(ctx.journal, book) : []
  const own = liveTrial(ctx)?.trial ?? null
  const catalysts = await catalystsOf(ctx, whole, state, date)
  const allocators: AllocatorRank =
    record.kind === 'differs'
      ? { kind: 'none', because: record.because }
      : isModel
        ? bookAllocators(whole, state, record)
        : { kind: 'none', because: 'a control is no trial of skill' }
  return {
    evidence: bookEvidence({
      opened,
      closes: state.closes,
      sessionsPerYear,
      tried: (sharpePerPeriod) => trialsWith(trials, { trial: own, sharpePerPeriod }),
      allocators,
    }),
    decisions:
      record.kind === 'differs'
        ? null
        : bookDecisions(whole, state, record, {
            attempts: isModel ? await attemptsOf(ctx, book, date) : [],
            sessionsPerYear,
          }),
    decisionsBecause: record.kind === 'differs' ? record.because : null,
    performance: bookPerformance(
      state.closes.map(({ equity }) => equity),
      sessionsPerYear,
    ),
    ...(catalysts !== undefined && { catalysts }),
  }
}

/** What the texts of a book that acts on them have shown; undefined for any other. */
async function catalystsOf(ctx: Context, market: BookMarket, state: BookState, date: IsoDate) {
  if (market.coins === undefined || state.opened.policy !== 'signals') return undefined
  return bookCatalysts(market, state, await readTexts(ctx), market.panel.indexOf.get(date) ?? -1)
}

async function attemptsOf(ctx: Context, book: string, date: IsoDate): Promise<readonly AttemptEntry[]> {
  const attempts: AttemptEntry[] = []
  for await (const entry of ctx.journal.read({ book, kinds: ['attempt'] })) {
    if (entry.kind === 'attempt' && entry.body.date <= date) attempts.push(entry.body)
  }
  return attempts
}

async function reportOf(ctx: Context, book: string, seq: number): Promise<Entry<'report'>> {
  for await (const entry of ctx.journal.read({ book, kinds: ['report'], fromSeq: seq })) {
    if (entry.seq === seq) return entry as Entry<'report'>
    break
  }
  throw new Error(`entry ${seq} is no report of the book ${book}`)
}

/** The book as it stood at the end of a date: a report that comes late tells of its own period, not of what followed. */
async function stateAt(ctx: Context, open: OpenBook, date: IsoDate): Promise<BookState> {
  const { lastSession } = open.state
  if (lastSession === null || lastSession <= date) return open.state
  let state = openState(open.opened)
  for await (const entry of ctx.journal.read({ book: open.opened.book, fromSeq: open.opened.seq + 1 })) {
    if (entry.kind === 'session' && entry.body.date > date) break
    state = applyEntry(state, entry)
  }
  return state
}
