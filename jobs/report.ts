import type { Context, OpenBook } from '../src/context.ts'
import type { BookMarket } from '../src/decision/book-market.ts'
import { sessionsUntilNextOpen } from '../src/decision/guardrails/sessions.ts'
import { InputError } from '../src/errors.ts'
import { applyEntry, type BookState, openState } from '../src/journal/replay.ts'
import { weeklyReport } from '../src/journal/weekly.ts'
import { addDays, isoWeek } from '../src/market/calendar.ts'
import { renderWeeklyPost } from '../src/posts/weekly-report.ts'
import type { IsoDate } from '../src/units.ts'
import { appendStep, due } from './steps.ts'

/**
 * The weekly report, Fridays after New York's close, and the post about it. Safe to run twice.
 *
 * @param date the week's last session
 */
export async function reportWeek(ctx: Context, market: BookMarket, open: OpenBook, date: IsoDate): Promise<void> {
  const book = open.opened.book
  const week = isoWeek(date)
  if ((await ctx.journal.done(`${book}/${week}/report`)) === null) {
    const state = await stateAt(ctx, open, date)
    if (!state.closes.some((close) => close.date === date)) {
      throw new InputError(
        `the book ${book} has no close of ${date}, with which the report of ${week} ends; run primer run fill --date ${date} first`,
      )
    }
    // The week and the close before it; entries are written on their trade date or later.
    const fromAt = `${addDays(date, -35)}T00:00:00.000Z`
    const closes = await Array.fromAsync(ctx.journal.read({ book, kinds: ['close'], fromAt }))
    const sessions = await Array.fromAsync(ctx.journal.read({ book, kinds: ['session'], fromAt }))
    const valuesOf = (wanted: (closeDate: IsoDate) => boolean) => {
      const entry = closes.findLast((candidate) => candidate.kind === 'close' && wanted(candidate.body.date))
      return entry?.kind === 'close'
        ? Object.fromEntries(entry.body.positions.map(({ symbol, value }) => [symbol, value]))
        : {}
    }
    const body = weeklyReport(state, date, {
      valuesBefore: valuesOf((closeDate) => isoWeek(closeDate) < week),
      valuesAfter: valuesOf((closeDate) => closeDate <= date),
      sessions: sessions.flatMap((entry) =>
        entry.kind === 'session' && isoWeek(entry.body.date) === week && entry.body.date <= date ? [entry.body] : [],
      ),
      sessionsBetween: (symbol, from, to) => {
        const index = market.panel.indexOf.get(to)
        const exchange = market.panel.bySymbol.get(symbol)?.exchange
        return index === undefined || exchange === undefined
          ? 0
          : sessionsUntilNextOpen(market.panel, exchange, from, index)
      },
    })
    const at = ctx.clock.now(due.report(date))
    await appendStep(ctx, [{ at, kind: 'report', book, key: `${book}/${week}/report`, body }], {
      book,
      seq: open.state.seq,
    })
  }
  const key = `${book}/${week}/post-report`
  if ((await ctx.journal.done(key)) !== null) return
  const report = await ctx.journal.last(book, 'report')
  if (report === null || report.body.week !== week) return
  const post = renderWeeklyPost({ opened: open.opened, report })
  await ctx.journal.append([{ at: ctx.clock.now(due.report(date)), kind: 'post', book, key, body: post }])
}

/** The book as it stood at the end of a date: a report that comes late tells of its own week, not of what followed. */
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
