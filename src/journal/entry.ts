import { z } from 'zod'
import { Action, Clamp, Regime } from '../decision/decision.ts'
import { FillCosts, Holdings, Lapsed, Order, SessionEvents } from '../portfolio/holdings.ts'
import { Currency, Instant, IsoDate } from '../units.ts'
import { catalystBodies } from './catalyst-entry.ts'
import { communityBodies } from './community-entry.ts'
import type { SealedText } from './erasable.ts'
import { outboxBodies } from './outbox-entry.ts'
import { ReportEntry } from './report-entry.ts'
import { Standing } from './standing-entry.ts'

export { ReportEntry } from './report-entry.ts'
export { Standing } from './standing-entry.ts'

/** SHA-256 in lower-case hex. */
const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/** The first entry of a book: what was declared before anything happened. */
export const Opened = z.strictObject({
  title: z.string(),
  currency: Currency,
  initialCashCents: z.int(),
  bookHash: Sha256,
  policy: z.string(),
  /** `model` or the name of the control that decides because no model is configured. */
  decider: z.enum(['model', 'control']),
  market: z.strictObject({ spec: z.string(), label: z.string(), nature: z.enum(['live', 'recorded', 'simulated']) }),
  firstSession: IsoDate,
  instruments: z.array(
    z.strictObject({ symbol: z.string(), name: z.string(), shortName: z.string(), currency: Currency }),
  ),
  benchmarks: z.array(z.strictObject({ policy: z.string(), shortName: z.string(), priceOnly: z.boolean() })),
  notes: z.array(z.string()),
})
export type Opened = z.infer<typeof Opened>

/** Step `fill`: what the opens of a session did to the book and to each benchmark. */
export const SessionEntry = z.strictObject({
  date: IsoDate,
  events: SessionEvents,
  benchmarks: z.record(z.string(), SessionEvents),
})
export type SessionEntry = z.infer<typeof SessionEntry>

/** A position valued at its last official close. */
export const Valued = z.strictObject({
  symbol: z.string(),
  quantity: z.number(),
  price: z.number(),
  /** Session of that close: earlier than the date of the valuation when its exchange was closed or gave no price. */
  priceDate: IsoDate,
  currency: Currency,
  rate: z.number(),
  value: z.number(),
  weight: z.number(),
  averageCost: z.number(),
  /** Unrealized profit in the base currency, before costs. */
  unrealized: z.strictObject({ asset: z.number(), currency: z.number() }),
})
export type Valued = z.infer<typeof Valued>

/** Step `close`: the book and each benchmark at the official closes. */
export const CloseEntry = z.strictObject({
  date: IsoDate,
  cashCents: z.int(),
  /** Unrounded, base currency. */
  equity: z.number(),
  positions: z.array(Valued),
  costs: FillCosts,
  dividendsCents: z.int(),
  benchmarks: z.record(z.string(), z.number()),
  standing: Standing,
  holdings: Holdings,
})
export type CloseEntry = z.infer<typeof CloseEntry>

/** Step `snapshot`: all that a decision may know, sealed. */
export const SnapshotEntry = z.strictObject({ date: IsoDate, sha256: Sha256, snapshot: z.unknown() })
export type SnapshotEntry = z.infer<typeof SnapshotEntry>

/** One call of the model, whatever came of it. */
export const AttemptEntry = z.strictObject({
  date: IsoDate,
  attempt: z.int().positive(),
  sentAt: Instant,
  latencyMs: z.number(),
  model: z.string(),
  answeredBy: z.string().nullable(),
  fingerprint: z.string().nullable(),
  requestId: z.string().nullable(),
  finishReason: z.string().nullable(),
  promptTokens: z.int().nullable(),
  completionTokens: z.int().nullable(),
  costUsd: z.number(),
  /** Whether tokens were estimated because the server did not count them, or the price is a default. */
  costEstimated: z.boolean(),
  outcome: z.enum([
    'accepted',
    'invalid',
    'refused',
    'truncated',
    'filtered',
    'timeout',
    'http-error',
    'connection',
    'too-large',
    'budget',
  ]),
  detail: z.string(),
  rawAnswer: z.string().nullable(),
})
export type AttemptEntry = z.infer<typeof AttemptEntry>

/** Step `decision`: what will be done at the next open, and why; written before that open. */
export const DecisionEntry = z.strictObject({
  date: IsoDate,
  policy: z.string(),
  outcome: z.enum(['decision', 'no-decision', 'warm-up']),
  /** Why there is no decision; null otherwise. */
  because: z.string().nullable(),
  /** The decider's summary in its own words; empty for controls that give none. */
  summary: z.string(),
  actions: z.array(Action),
  clamps: z.array(Clamp),
  /** Orders placed by this decision, stops first. */
  orders: z.array(Order),
  /** Pending orders that a stop replaced. */
  cancelled: z.array(z.string()),
  /** Orders whose exchange had already opened when the decision was recorded: they are not filled. */
  missed: z.array(Lapsed),
  /** Stop orders in numbers: close against average cost, as a negative fraction. */
  stops: z.array(
    z.strictObject({ symbol: z.string(), close: z.number(), averageCost: z.number(), change: z.number() }),
  ),
  holds: z.int(),
  regime: Regime,
  cashDrag: z.strictObject({ cashWeight: z.number(), floor: z.number(), ceiling: z.number() }),
  /** Null on a missed day, when nothing was looked at. */
  snapshotSha256: Sha256.nullable(),
  /** Null for controls. */
  prompt: z
    .strictObject({
      file: z.string(),
      sha256: Sha256,
      messages: z.array(z.strictObject({ role: z.string(), content: z.string() })),
    })
    .nullable(),
  standing: Standing,
  benchmarkOrders: z.record(z.string(), z.array(Order)),
})
export type DecisionEntry = z.infer<typeof DecisionEntry>

export const Alert = z.strictObject({
  symbol: z.string(),
  kind: z.enum(['move', 'stop', 'drawdown']),
  /** Fraction: move since the official previous close, close against average cost, or drawdown from the peak. */
  value: z.number(),
  /** 0 for the first alert of (symbol, kind, session), 1 for each further escalation step. */
  level: z.int().min(0),
  price: z.number().nullable(),
  reference: z.number().nullable(),
})
export type Alert = z.infer<typeof Alert>

/** One run of the monitor that found something. */
export const AlertEntry = z.strictObject({ date: IsoDate, checkedAt: Instant, alerts: z.array(Alert).min(1) })
export type AlertEntry = z.infer<typeof AlertEntry>

/** A post as rendered from the entry `of`. */
export const RenderedPost = z.strictObject({
  purpose: z.enum(['decision', 'fills', 'alert', 'weekly', 'monthly']),
  /** Sequence number and hash of the entry it tells of. */
  of: z.strictObject({ seq: z.int(), hash: Sha256 }),
  /** One text each, at most 280 weighted characters; empty where a purpose is for Discord only. */
  x: z.array(z.string()),
  discord: z.unknown().nullable(),
  /** First open at which what it tells fills: sent later, it says so. Absent where nothing waits for an open. */
  before: Instant.optional(),
  /** Sentences in a model's words that were left out, since a figure in them stands nowhere in the entry. */
  omitted: z
    .array(z.strictObject({ where: z.string(), sentence: z.string(), figures: z.array(z.string()).min(1) }))
    .optional(),
})
export type RenderedPost = z.infer<typeof RenderedPost>

/** One thing that was tried on a book, recorded once however often it is run: what the deflated Sharpe ratio counts. Controls are none. */
export const TrialEntry = z.strictObject({
  /** SHA-256 of policy, prompt, model and parameters. */
  trial: Sha256,
  policy: z.string(),
  model: z.string(),
  promptSha256: Sha256,
  parameters: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** Where and over what it was first run. */
  market: z.string(),
  from: IsoDate,
  to: IsoDate,
  returns: z.int(),
  /** Mean over standard deviation of net returns per session; null when the sample has none. */
  sharpePerPeriod: z.number().nullable(),
})
export type TrialEntry = z.infer<typeof TrialEntry>

export const entryBodies = {
  opened: Opened,
  session: SessionEntry,
  close: CloseEntry,
  snapshot: SnapshotEntry,
  attempt: AttemptEntry,
  decision: DecisionEntry,
  alert: AlertEntry,
  report: ReportEntry,
  post: RenderedPost,
  trial: TrialEntry,
  ...outboxBodies,
  ...communityBodies,
  ...catalystBodies,
} as const
export type EntryKind = keyof typeof entryBodies
export type EntryBodies = { [K in EntryKind]: z.infer<(typeof entryBodies)[K]> }

/** An entry to be appended. `key` makes a step happen once: a second append of the same key is refused as already done. */
export type NewEntry<K extends EntryKind = EntryKind> = {
  [P in K]: {
    readonly at: Instant
    readonly kind: P
    readonly book: string
    readonly body: EntryBodies[P]
    readonly key?: string
    /** Texts that the body refers to, which can be erased later. */
    readonly erasable?: readonly SealedText[]
  }
}[K]

/** A recorded entry. `hash` is SHA-256 over the canonical JSON of all other fields. */
export type Entry<K extends EntryKind = EntryKind> = {
  [P in K]: {
    readonly seq: number
    readonly at: Instant
    readonly kind: P
    readonly book: string
    readonly body: EntryBodies[P]
    readonly previousHash: string
    readonly hash: string
  }
}[K]
