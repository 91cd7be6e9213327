import { z } from 'zod'
import { CatalystKind } from './kinds.ts'

/** A bounded claim about one asset, with the words it rests on. */
export const Signal = z.strictObject({
  asset: z.string().min(1).max(40),
  kind: CatalystKind,
  /** -1 as bad as can be for the price, 1 as good. */
  direction: z.number().min(-1).max(1),
  confidence: z.number().min(0).max(1),
  /** Days over which it should show. */
  horizonDays: z.int().min(1).max(90),
  /** Copied from the text; checked to be a part of it. */
  evidence: z.string().min(1).max(1000),
})
export type Signal = z.infer<typeof Signal>
