import { z } from 'zod'

/** How the book stands against its opponents at one close; every return is net of costs and since the start. */
export const Standing = z.strictObject({
  /** 1 on the book's first session. */
  day: z.int().positive(),
  equityCents: z.int(),
  netReturn: z.number(),
  /** Fraction below the highest close so far, zero or more. */
  drawdown: z.number(),
  benchmarks: z.array(
    z.strictObject({
      policy: z.string(),
      shortName: z.string(),
      equityCents: z.int(),
      netReturn: z.number(),
      priceOnly: z.boolean(),
    }),
  ),
  verdict: z.strictObject({
    /** Who decided so far: skill is only ever claimed of a model. */
    kind: z.enum(['control', 'no-evidence', 'evidence']),
    /** Smallest e-value over all opponents; null before the first return. */
    eValue: z.number().nullable(),
    text: z.string(),
  }),
})
export type Standing = z.infer<typeof Standing>
