import { z } from 'zod'
import { FillCosts, Position } from '../portfolio/holdings.ts'
import { IsoDate } from '../units.ts'
import { CatalystFigures, Performance } from './catalyst-report-entry.ts'
import { DecisionFigures, Evidence } from './evidence-entry.ts'
import { Standing } from './standing-entry.ts'

/** What a report of either version records. */
const common = {
  from: IsoDate,
  to: IsoDate,
  sessions: z.int(),
  equityStartCents: z.int(),
  equityEndCents: z.int(),
  standing: Standing,
  /** Largest and smallest contribution to the period's profit, base currency, before costs; null without positions. */
  best: z.strictObject({ symbol: z.string(), profit: z.number() }).nullable(),
  worst: z.strictObject({ symbol: z.string(), profit: z.number() }).nullable(),
  costsSinceStart: FillCosts,
  equityAtTwiceTheCosts: z.number(),
  trades: z.int(),
  stops: z.int(),
  clampsByRule: z.record(z.string(), z.int()),
  missedDays: z.array(z.strictObject({ date: IsoDate, because: z.string() })),
  /** Completed round trips since the start, those with a profit after costs, and mean sessions held. */
  roundTrips: z.strictObject({ count: z.int(), profitable: z.int(), meanSessions: z.number().nullable() }),
  cashDrag: z.strictObject({ meanCashWeight: z.number(), sessionsAboveCeiling: z.int() }),
  realized: z.strictObject({ asset: z.number(), currency: z.number() }),
  unrealized: z.strictObject({ asset: z.number(), currency: z.number() }),
  dividendsCents: z.int(),
  positions: z.array(Position),
}

export const periodKinds = ['week', 'month'] as const
export type PeriodKind = (typeof periodKinds)[number]

/** An ISO week, `2020-W11`, or a calendar month, `2020-03`. */
export const Period = z.strictObject({
  kind: z.enum(periodKinds),
  name: z.string().regex(/^\d{4}-(W\d{2}|\d{2})$/),
})
export type Period = z.infer<typeof Period>

/** A period of a book, everything since its start, and what that allows to say. */
export const PeriodReport = z.strictObject({
  period: Period,
  ...common,
  periodReturn: z.number(),
  benchmarkReturns: z.record(z.string(), z.number()),
  costsPeriod: FillCosts,
  /** Half the absolute traded value over the equity of the close before, summed; null in reports of before it was recorded. */
  turnover: z.strictObject({ period: z.number(), sinceStart: z.number() }).nullable(),
  /** Null only in reports of before it was part of them. */
  evidence: Evidence.nullable(),
  /** Null with the reason in `decisionsBecause`. */
  decisions: DecisionFigures.nullable(),
  decisionsBecause: z.string().nullable(),
  /** Absent in reports of before it was part of them. */
  performance: Performance.optional(),
  /** Of a book that acts on catalysts. */
  catalysts: CatalystFigures.optional(),
})
export type PeriodReport = z.infer<typeof PeriodReport>

/** A weekly report as it was written before there were monthly ones. */
export const FirstReport = z.strictObject({
  week: z.string().regex(/^\d{4}-W\d{2}$/),
  ...common,
  weekReturn: z.number(),
  benchmarkWeekReturns: z.record(z.string(), z.number()),
  costsWeek: FillCosts,
})
export type FirstReport = z.infer<typeof FirstReport>

/** Step `report`, of either version; read it with `periodReportOf`. */
export const ReportEntry = z.union([PeriodReport, FirstReport])
export type ReportEntry = z.infer<typeof ReportEntry>

/** A report of either version as one of this version; what an older one did not record is null. */
export function periodReportOf(body: ReportEntry): PeriodReport {
  if ('period' in body) return body
  const { week, weekReturn, benchmarkWeekReturns, costsWeek, ...same } = body
  return {
    ...same,
    period: { kind: 'week', name: week },
    periodReturn: weekReturn,
    benchmarkReturns: benchmarkWeekReturns,
    costsPeriod: costsWeek,
    turnover: null,
    evidence: null,
    decisions: null,
    decisionsBecause: 'reports of that version held none',
  }
}
