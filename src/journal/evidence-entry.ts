import { z } from 'zod'

/** The book against one opponent, on net daily returns since the start. */
export const Comparison = z.strictObject({
  /** `mix` is the main benchmark and cash at the mean exposure the book had up to the day before. */
  kind: z.enum(['benchmark', 'control', 'mix']),
  /** Of a mix: the policy of the benchmark in it. */
  policy: z.string(),
  shortName: z.string(),
  priceOnly: z.boolean(),
  netReturn: z.number(),
  /** Mean difference a session times the sessions of a year, and its 95 % interval by the stationary block bootstrap; null below 60 returns. */
  difference: z.number().nullable(),
  low: z.number().nullable(),
  high: z.number().nullable(),
  eValue: z.number(),
})
export type Comparison = z.infer<typeof Comparison>

/** Example: the mix -> 'SPY mixed with cash to the same exposure' */
export function opponentName({
  kind,
  shortName,
  priceOnly,
}: Pick<Comparison, 'kind' | 'shortName' | 'priceOnly'>): string {
  const name = priceOnly ? `${shortName} (price only)` : shortName
  return kind === 'mix' ? `${name} mixed with cash to the same exposure` : name
}

/** What the record allows to say of a model. A control has none of it: skill is never claimed of one. */
export const Skill = z.strictObject({
  /** The smallest over all opponents, which is the headline; null without an opponent or a return. */
  eValue: z.number().nullable(),
  /** Place of that opponent among the comparisons. */
  hardest: z.int().min(0).nullable(),
  /** Probabilities that the true Sharpe ratio is above zero: as if nothing else had been tried, and with what was tried. */
  probabilisticSharpe: z.number().nullable(),
  deflatedSharpe: z.number().nullable(),
  /** Things tried on the book by the registry, the running one included. */
  trials: z.int().min(1),
  /** Returns after which a Sharpe ratio of this size and shape is above zero with 95 %. */
  minTrackRecord: z.number().nullable(),
  /** Returns in all after which the e-value against the hardest opponent reaches 20 at the pace so far. */
  returnsToEvidence: z.number().nullable(),
  /** The book's place among agents that copy its dates, sides and ticket sizes and draw only the assets. */
  allocators: z
    .strictObject({
      count: z.int().positive(),
      /** Agents that ended with at least as much. */
      atLeastAsGood: z.int().min(0),
      /** (1 + atLeastAsGood) / (1 + count). */
      p: z.number(),
    })
    .nullable(),
})
export type Skill = z.infer<typeof Skill>

/** The verdict of a report. */
export const Evidence = z.strictObject({
  /** Net daily returns since the start. */
  returns: z.int().min(0),
  /** What makes a year of a mean: 252, or 365 where every day is a session. */
  sessionsPerYear: z.int().positive(),
  comparisons: z.array(Comparison),
  skill: Skill.nullable(),
  /** Reasons by the name of the figure that is null. */
  notes: z.record(z.string(), z.string()),
  text: z.string(),
})
export type Evidence = z.infer<typeof Evidence>

const interval = { low: z.number().nullable(), high: z.number().nullable() }

/** What the decisions were worth, apart from what the book earned; docs/methods.md says how each figure is made. */
export const DecisionFigures = z.strictObject({
  orders: z.int(),
  filled: z.int(),
  benchmark: z.string().nullable(),
  forward: z
    .array(
      z.strictObject({
        side: z.enum(['buy', 'sell', 'stop']),
        sessions: z.int(),
        count: z.int(),
        dates: z.int(),
        tooRecent: z.int(),
        asset: z.number().nullable(),
        benchmark: z.number().nullable(),
        excess: z.number().nullable(),
        ...interval,
        ahead: z.number().nullable(),
        because: z.string().nullable(),
      }),
    )
    .readonly(),
  holding: z.strictObject({
    trips: z.int(),
    profitable: z.int(),
    profit: z.number(),
    meanSessions: z.number().nullable(),
    buckets: z
      .array(
        z.strictObject({
          from: z.int(),
          to: z.int().nullable(),
          trips: z.int(),
          profitable: z.int(),
          profit: z.number(),
        }),
      )
      .readonly(),
  }),
  turnoverPerYear: z.number().nullable(),
  costsPerYear: z.number().nullable(),
  cash: z.strictObject({
    sessions: z.int(),
    meanCashWeight: z.number(),
    aboveCeiling: z.int(),
    drag: z.int(),
    capBound: z.int(),
    forgone: z.strictObject({ drag: z.number(), capBound: z.number() }).nullable(),
  }),
  disposition: z.strictObject({
    saleDates: z.int(),
    realizedGains: z.int(),
    paperGains: z.int(),
    realizedLosses: z.int(),
    paperLosses: z.int(),
    gainsRealized: z.number().nullable(),
    lossesRealized: z.number().nullable(),
    difference: z.number().nullable(),
    ...interval,
    because: z.string().nullable(),
    lossAversion: z.strictObject({
      value: z.number().nullable(),
      ...interval,
      gainsSold: z.int(),
      lossesSold: z.int(),
      kept: z.number().nullable(),
      because: z.string().nullable(),
    }),
  }),
  /** Null where the decider gives no reasons, as controls do not. */
  keywords: z
    .strictObject({
      texts: z.int(),
      periods: z.array(z.strictObject({ name: z.string(), texts: z.int() })).readonly(),
      rates: z.array(z.strictObject({ concept: z.string(), mentions: z.array(z.int()).readonly() })).readonly(),
    })
    .nullable(),
  /** Agreement of the answers on dates on which the model was asked the same more than once; null where it never was. */
  stability: z.strictObject({ dates: z.int().positive(), calls: z.int(), agreement: z.number() }).nullable(),
})
export type DecisionFigures = z.infer<typeof DecisionFigures>
