import type { PriceKind, Worth } from './worth.ts'

/** Why a signal has no forward return: no price to enter at, or a horizon that ends after the last session. */
export type Unpriced = 'noEntry' | 'notYetKnown'

/** What holding from a signal's first possible trade for so many sessions has earned. */
export type ForwardReturn =
  | {
      readonly kind: 'known'
      /** Simple total return, a fraction. */
      readonly value: number
      /** Sessions, by index. */
      readonly entry: number
      readonly exit: number
      /** Whether the asset had no price at the exit, so that its last close counts. */
      readonly marked: boolean
    }
  | { readonly kind: Unpriced }

/**
 * Return of `horizon` sessions after a signal that is known at the close of its date.
 *
 * `open`: bought at the open of the first session after the date, sold at the open `horizon` sessions later: what somebody who
 * reads the signal after the close can have. `close`: from the close of the date itself to the close `horizon` sessions later,
 * as alphalens computes it from closes; this buys at the very price that the signal was made of.
 *
 * An asset without a price at the exit (halted, delisted) counts with its last close before it, and is not left out: whoever
 * held it, held it to the end. Without a price at the entry it could not be bought.
 *
 * @param after index of the first session after the signal's date; the date itself is `after - 1` where it is a session
 * @param isSession whether the date is a session of the asset's exchange
 * Example: opens 10, 11, 12.1, signal on day 0, horizon 1 -> bought at 11, sold at 12.1: 0.1
 */
export function forwardReturn(
  worth: Worth,
  signal: { readonly after: number; readonly isSession: boolean; readonly horizon: number; readonly prices: PriceKind },
): ForwardReturn {
  const { after, isSession, horizon, prices } = signal
  const entry = prices === 'open' ? after : after - 1
  const exit = entry + horizon
  if (prices === 'close' && (!isSession || entry < 0)) return { kind: 'noEntry' }
  if (exit >= worth.at.length) return { kind: 'notYetKnown' }
  const paid = worth.price[entry]!
  if (Number.isNaN(paid)) return { kind: 'noEntry' }
  const got = worth.price[exit]!
  if (!Number.isNaN(got)) {
    // Where nothing was paid or split this is the plain ratio of two prices, so that equal returns are equal to the last bit and
    // share their rank; a ratio of two products would break such ties by its rounding.
    const growth = worth.shares[exit]! / worth.shares[entry]!
    return { kind: 'known', value: (growth * got) / paid - 1, entry, exit, marked: false }
  }
  // An open that is missing is preceded by the close of the session before; the entry's own bar has one, so it is never NaN.
  const left = worth.mark[prices === 'open' ? exit - 1 : exit]!
  return { kind: 'known', value: left / worth.at[entry]! - 1, entry, exit, marked: true }
}
