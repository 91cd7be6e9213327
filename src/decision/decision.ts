import { z } from 'zod'
import { IsoDate } from '../units.ts'

/** One wish of a policy, before the guardrails. `pct` is a percentage: of the cash at the decision, or of the position. */
export const Action = z.strictObject({
  symbol: z.string().min(1).max(24),
  side: z.enum(['buy', 'sell']),
  pct: z.number().gt(0).max(100),
  reason: z.string().max(2000),
})
export type Action = z.infer<typeof Action>

export const clampRules = [
  'unknown-symbol',
  'duplicate',
  'stop-loss',
  'no-position',
  'pending-order',
  'no-price',
  'minimum-holding',
  'reentry-cooldown',
  'weekly-trades',
  'max-weight',
  'cash-floor',
  'minimum-ticket',
  'volume-share',
] as const
export type ClampRule = (typeof clampRules)[number]

/** What a guardrail changed. Amounts are base-currency cents for buys, shares for sells; `after` 0 means refused. */
export const Clamp = z.strictObject({
  rule: z.enum(clampRules),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  before: z.number(),
  after: z.number(),
  /** One sentence for a reader, with the limit in numbers. */
  because: z.string(),
})
export type Clamp = z.infer<typeof Clamp>

export const Regime = z.strictObject({
  date: IsoDate,
  /** `normal` with `because` when history does not reach. */
  volatility: z.enum(['high', 'normal', 'low']),
  trend: z.enum(['trending', 'ranging', 'unclear']),
  correlation: z.enum(['high', 'normal', 'low']),
  volatilityPercentile: z.number().nullable(),
  adx14: z.number().nullable(),
  meanCorrelation60: z.number().nullable(),
  because: z.string().nullable(),
})
export type Regime = z.infer<typeof Regime>
