import { ConflictError, InputError, WorldError } from '../errors.ts'

/** How long a kind of failure is waited for: the first pause and the longest, in milliseconds. */
export type Pauses = { readonly firstMs: number; readonly mostMs: number }

/** Another writer was quicker: its entries are there to be read now. */
const conflict: Pauses = { firstMs: 50, mostMs: 2000 }
/** The world: minutes at first, so that a night's outage is outlived without hammering at anybody. */
export const outage: Pauses = { firstMs: 5000, mostMs: 15 * 60_000 }
/** With these pauses about fourteen hours: from New York's close past the next opens. */
export const mostAttempts = 64

/** Whether the same run may succeed later. Bad input and our own mistakes do not mend by themselves. */
export function isRetryable(error: unknown): boolean {
  if (error instanceof InputError) return false
  return error instanceof WorldError && error.retryable
}

/**
 * The pause before a run is tried again, in milliseconds: doubled each time up to the longest, and drawn from its upper
 * half, so that what failed together does not come back together.
 *
 * @param attempt 1 after the first failure
 * @param chance in [0, 1)
 */
export function pauseMs(error: unknown, attempt: number, chance: number, ofWorld: Pauses = outage): number {
  const { firstMs, mostMs } = error instanceof ConflictError ? conflict : ofWorld
  const whole = Math.min(mostMs, firstMs * 2 ** Math.min(30, attempt - 1))
  return Math.round(whole / 2 + (whole / 2) * chance)
}
