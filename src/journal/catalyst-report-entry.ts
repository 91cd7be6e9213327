import { z } from 'zod'
import { CatalystKind } from '../catalysts/kinds.ts'

/** Figures of a book's own net daily returns since the start; ratios are null below 60 returns, with the reason in `because`. */
export const Performance = z.strictObject({
  returns: z.int().min(0),
  /** Annualized, over a cash rate of zero. */
  sharpe: z.number().nullable(),
  sortino: z.number().nullable(),
  volatility: z.number().nullable(),
  /** Deepest fraction below the highest close before, zero or more. */
  maxDrawdown: z.number(),
  because: z.string().nullable(),
})
export type Performance = z.infer<typeof Performance>

const interval = { low: z.number().nullable(), high: z.number().nullable() }

/** What the texts have shown by the end of a report, and how much capital could have followed them. */
export const CatalystFigures = z.strictObject({
  /** Who read the texts: `baseline`, or a model's name. */
  extractor: z.string(),
  signals: z.int().min(0),
  /** About coins of this market, with a direction, known while its prices last. */
  usable: z.int().min(0),
  verdict: z.string(),
  kinds: z.array(
    z.strictObject({
      kind: CatalystKind,
      horizonDays: z.int().positive(),
      n: z.int().min(0),
      dates: z.int().min(0),
      ic: z.number().nullable(),
      ...interval,
      /** What the book uses: the coefficient shrunk by its own error, 0 where nothing is shown. */
      shrunk: z.number(),
    }),
  ),
  /** Cumulative abnormal returns around the texts of a kind, from five days before, signed by their direction. */
  events: z.array(
    z.strictObject({
      kind: CatalystKind,
      n: z.int().min(0),
      dates: z.int().min(0),
      dropped: z.int().min(0),
      days: z.array(z.strictObject({ day: z.int(), mean: z.number(), ...interval })),
    }),
  ),
  /** Capital at which costs eat the gross profit so far: null when no capital does, 0 when nothing is left even of the smallest. */
  capacity: z.strictObject({
    capital: z.number().min(0).nullable(),
    /** Capital at which the first order would have met its share of the volume; null without fills. */
    firstCapped: z.number().min(0).nullable(),
    because: z.string().nullable(),
  }),
  notes: z.array(z.string()),
})
export type CatalystFigures = z.infer<typeof CatalystFigures>
