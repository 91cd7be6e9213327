import { z } from 'zod'

/** What a catalyst is about. `manipulation` is news of a pump: never read as good news by the book. */
export const catalystKinds = [
  'governance',
  'tokenomics',
  'listing',
  'delisting',
  'regulatory',
  'security',
  'partnership',
  'manipulation',
  'macro',
  'earnings',
  'other',
] as const
export const CatalystKind = z.enum(catalystKinds)
export type CatalystKind = z.infer<typeof CatalystKind>

/** Over which time a kind should show in prices, and how fast a text of it grows old. */
export const KindSettings = z.strictObject({
  /** Sessions from entry to exit over which the kind is judged. */
  horizonDays: z.int().min(1).max(90),
  /** Days in which a signal loses half of its weight. */
  halfLifeDays: z.number().positive().max(365),
})
export type KindSettings = z.infer<typeof KindSettings>

/** Guesses written down before any of them was tested; a book may replace them, and each change is a trial. */
export const defaultKindSettings: Readonly<Record<CatalystKind, KindSettings>> = {
  governance: { horizonDays: 10, halfLifeDays: 5 },
  tokenomics: { horizonDays: 20, halfLifeDays: 10 },
  listing: { horizonDays: 5, halfLifeDays: 2 },
  delisting: { horizonDays: 10, halfLifeDays: 5 },
  regulatory: { horizonDays: 20, halfLifeDays: 10 },
  security: { horizonDays: 10, halfLifeDays: 5 },
  partnership: { horizonDays: 5, halfLifeDays: 3 },
  manipulation: { horizonDays: 5, halfLifeDays: 2 },
  macro: { horizonDays: 10, halfLifeDays: 5 },
  earnings: { horizonDays: 20, halfLifeDays: 10 },
  other: { horizonDays: 10, halfLifeDays: 5 },
}
