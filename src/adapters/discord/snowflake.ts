import { SnowflakeUtil } from 'discord.js'
import type { Instant } from '../../units.ts'

/** Ids of Discord carry their moment and rise with it. */

export function momentOf(id: string): Instant {
  return new Date(SnowflakeUtil.timestampFrom(id)).toISOString()
}

/** The lowest id of a moment; what was made before it has a lower one. */
export function idAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms) - Number(SnowflakeUtil.epoch))) << 22n)
}

export function isLater(id: string, than: string): boolean {
  return BigInt(id) > BigInt(than)
}

export function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return BigInt(a.id) < BigInt(b.id) ? -1 : 1
}

export function laterOf(a: string, b: string): string {
  return isLater(a, b) ? a : b
}
