import { z } from 'zod'
import { Features } from '../indicators/features.ts'
import { Exchange } from '../market/bar.ts'
import { Order } from '../portfolio/holdings.ts'
import { Currency, Instant, IsoDate } from '../units.ts'
import { Action, Clamp, Regime } from './decision.ts'

const number = z.number().nullable()

/** Loss figures of a portfolio over past sessions on equity including cash, per session, positive when a loss. */
export const Risk = z.strictObject({
  observations: z.int(),
  var95: number,
  cvar95: number,
  var99: number,
  cvar99: number,
  /** Why a figure is null. */
  because: z.string().nullable(),
})
export type Risk = z.infer<typeof Risk>

/** Everything a decision may know, as of `sealedAt`; each row says when it became known. */
export const Snapshot = z.strictObject({
  book: z.string(),
  date: IsoDate,
  sealedAt: Instant,
  /** 1 on the book's first session. */
  day: z.int(),
  currency: Currency,
  market: z.string(),
  nextOpens: z.array(z.strictObject({ exchange: Exchange, date: IsoDate, opensAt: Instant })),
  rates: z.array(
    z.strictObject({
      currency: Currency,
      rate: z.number(),
      date: IsoDate,
      knownAt: Instant,
      note: z.string().nullable(),
    }),
  ),
  assets: z.array(
    z.strictObject({
      symbol: z.string(),
      name: z.string(),
      exchange: Exchange,
      currency: Currency,
      /** Null where no close is known; `note` then says so. A close of an earlier session is never passed off as today's. */
      close: number,
      date: IsoDate.nullable(),
      knownAt: Instant.nullable(),
      note: z.string().nullable(),
      features: Features.nullable(),
      /** Upper bound for a position by half the Kelly fraction of the last 252 base-currency returns, in [0, 1]. */
      halfKelly: number,
    }),
  ),
  /** Pearson correlation of base-currency returns over the last 20 sessions; rows and columns in the order of `symbols`. */
  correlation20: z.strictObject({ symbols: z.array(z.string()), matrix: z.array(z.array(number)) }),
  regime: Regime,
  portfolio: z.strictObject({
    equity: z.number(),
    cash: z.number(),
    cashWeight: z.number(),
    netReturn: z.number(),
    drawdown: z.number(),
    positions: z.array(
      z.strictObject({
        symbol: z.string(),
        quantity: z.number(),
        weight: z.number(),
        averageCost: z.number(),
        close: z.number(),
        /** Close against average cost in the position's currency, fraction. */
        change: z.number(),
        sessionsHeld: z.int(),
        /** Tversky and Kahneman (1992) value of the gain or loss against cost, in percent of cost. */
        prospectValue: z.number(),
        unrealizedAsset: z.number(),
        unrealizedCurrency: z.number(),
      }),
    ),
    pending: z.array(Order),
  }),
  risk: Risk,
  limits: z.strictObject({
    stopLoss: z.number(),
    maxWeight: z.number(),
    cashFloor: z.number(),
    cashCeiling: z.number(),
    tradesThisWeek: z.int(),
    tradesLeft: z.int(),
    minimumTicket: z.number(),
    minimumHoldingSessions: z.int(),
    reentryCooldownSessions: z.int(),
    /** What the guardrails would refuse today, and why. */
    blocked: z.array(z.strictObject({ symbol: z.string(), side: z.enum(['buy', 'sell']), because: z.string() })),
    /** Positions the stop-loss sells at the next open, whatever the decision. */
    stops: z.array(z.string()),
  }),
  benchmarks: z.array(
    z.strictObject({ policy: z.string(), shortName: z.string(), netReturn: z.number(), priceOnly: z.boolean() }),
  ),
  recentDecisions: z.array(
    z.strictObject({
      date: IsoDate,
      outcome: z.enum(['decision', 'no-decision', 'warm-up']),
      actions: z.array(Action),
      clamps: z.array(Clamp),
      /** What became of it by today: return of each asset since that close, own currency, null without a later close. */
      since: z.array(z.strictObject({ symbol: z.string(), side: z.enum(['buy', 'sell']), return: number })),
    }),
  ),
  analystNotes: z.array(z.strictObject({ text: z.string(), knownAt: Instant })),
  textFactors: z.array(z.strictObject({ name: z.string(), value: z.number(), knownAt: Instant })),
})
export type Snapshot = z.infer<typeof Snapshot>
