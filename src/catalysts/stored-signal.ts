import type { Instant } from '../units.ts'
import type { CatalystKind } from './kinds.ts'

/** A signal as the feature store has it, whoever extracted it. */
export type StoredSignal = {
  readonly asset: string
  readonly kind: CatalystKind
  /** No decision whose data end earlier may use it. */
  readonly knownAt: Instant
  /** When its text was known, from which it grows old; absent where it was read at once. */
  readonly textKnownAt?: Instant
  /** In [-1, 1]: direction times confidence. */
  readonly score: number
  /** Number of the journal's `extraction` entry; null for signals from a file. */
  readonly entry: number | null
}
