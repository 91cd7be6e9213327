import type { Instant } from '../units.ts'
import { aged } from './features.ts'
import { defaultKindSettings } from './kinds.ts'
import type { StoredSignal } from './stored-signal.ts'

/** What texts say of one asset in one kind, as a number in [-1, 1]. */
export type TextFactor = { readonly name: string; readonly value: number; readonly knownAt: Instant }

const factorsMost = 20
const msPerDay = 86_400_000
/** A factor weaker than this is as good as none. */
const weakest = 0.05

/**
 * The strongest factors known at a moment: for each asset and kind the sum of scores, each halved by the kind's half-life since
 * it was known and dropped after five, cut to [-1, 1]. No word of a text is in it.
 *
 * Example: MC.PA earnings 0.8 known five days ago with a half-life of ten -> { name: 'MC.PA earnings', value: 0.57 }
 */
export function textFactors(signals: readonly StoredSignal[], at: Instant): readonly TextFactor[] {
  const sums = new Map<string, { value: number; knownAt: Instant }>()
  for (const { asset, kind, knownAt, score } of aged(signals, defaultKindSettings)) {
    if (knownAt > at || score === 0) continue
    const halfLives = (Date.parse(at) - Date.parse(knownAt)) / msPerDay / defaultKindSettings[kind].halfLifeDays
    if (halfLives > 5) continue
    const name = `${asset} ${kind}`
    const before = sums.get(name)
    const value = (before?.value ?? 0) + score * 0.5 ** halfLives
    sums.set(name, { value, knownAt: before === undefined || before.knownAt < knownAt ? knownAt : before.knownAt })
  }
  return [...sums]
    .map(([name, { value, knownAt }]) => ({ name, value: rounded(Math.max(-1, Math.min(1, value))), knownAt }))
    .filter(({ value }) => Math.abs(value) >= weakest)
    .sort((a, b) => Math.abs(b.value) - Math.abs(a.value) || (a.name < b.name ? -1 : 1))
    .slice(0, factorsMost)
}

/** Two digits: more would tell a machine from another and no reader anything. */
function rounded(value: number): number {
  return Math.round(value * 100) / 100
}
