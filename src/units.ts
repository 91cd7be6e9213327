import { z } from 'zod'

/** A trading day on its exchange's calendar, `YYYY-MM-DD`. Compares and sorts as text. */
export type IsoDate = string
/** A moment in UTC, `YYYY-MM-DDTHH:MM:SS.sssZ`. Compares and sorts as text. */
export type Instant = string
/** ISO 4217 code in capitals: EUR, USD. Minor units such as GBp are never a currency here. */
export type Currency = string

export const IsoDate = z.iso.date()
export const Instant = z.iso.datetime({ precision: 3 })
export const Currency = z
  .string()
  .regex(/^[A-Z]{3}$/, 'an ISO 4217 code such as EUR; pence (GBp, GBX) must be converted to pounds')

/**
 * Money in whole cents, rounded half away from zero once, when it is booked.
 *
 * @param amount in currency units, for example euros
 * @returns whole cents. Example: cents(1.005) -> 101, since 1.005 was meant
 */
export function cents(amount: number): number {
  const scaled = Math.abs(amount) * 100
  // A product such as 1.005 * 100 = 100.49999999999999 was meant to be a half: the nudge is far below any real price's precision.
  const rounded = Math.floor(scaled + 0.5 + scaled * 4e-16 + 1e-12)
  return rounded === 0 ? 0 : amount < 0 ? -rounded : rounded
}

/** Whole cents as currency units. Example: fromCents(1021300) -> 10213 */
export function fromCents(value: number): number {
  return value / 100
}

/** Basis points as a fraction. Example: fromBps(5) -> 0.0005 */
export function fromBps(bps: number): number {
  return bps / 10_000
}
