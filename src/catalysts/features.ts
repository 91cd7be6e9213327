import { strict as assert } from 'node:assert'
import type { Instant } from '../units.ts'
import type { CatalystKind, KindSettings } from './kinds.ts'
import type { StoredSignal } from './stored-signal.ts'

/** One value that became known of an asset. */
export type Feature = {
  readonly asset: string
  readonly knownAt: Instant
  readonly name: string
  readonly value: number
  readonly entry: number | null
}

/** Features by session and asset: `values[row * assets + column]`, and which of them there are. */
export type FeatureMatrix = {
  readonly rows: number
  readonly assets: number
  /** 0 where `known` is 0. */
  readonly values: Float64Array
  /** 1 where something was known. */
  readonly known: Uint8Array
  /** 1 for sessions whose scores were standardized across assets; absent where none were. */
  readonly compared?: Uint8Array
}

const msPerDay = 86_400_000
/** After five half-lives 3 % are left: a signal that old is gone, so that a matrix tells "nothing" from "almost nothing". */
const halfLivesMost = 5

/**
 * Signals as strong as they are once they can be used: a text that is read late, say by another model, is no news of that day. Its
 * score is halved for every half-life that it waited, and it is dropped after five.
 *
 * Example: half-life 2 days, a signal of 0.8 read two days after its text was known -> 0.4
 */
export function aged(
  signals: readonly StoredSignal[],
  settings: Readonly<Record<CatalystKind, KindSettings>>,
): readonly StoredSignal[] {
  return signals.flatMap((signal) => {
    const { kind, knownAt, textKnownAt, ...said } = signal
    if (textKnownAt === undefined || textKnownAt >= knownAt) return [signal]
    const halfLives = (Date.parse(knownAt) - Date.parse(textKnownAt)) / msPerDay / settings[kind].halfLifeDays
    return halfLives > halfLivesMost ? [] : [{ ...said, kind, knownAt, score: said.score * 0.5 ** halfLives }]
  })
}

/** Features of a kind, as the store holds them. */
export function featuresOf(signals: readonly StoredSignal[]): readonly Feature[] {
  return signals.map(({ asset, kind, knownAt, score, entry }) => ({ asset, knownAt, name: kind, value: score, entry }))
}

/**
 * The last value of a feature that was known at a moment; null before there was one.
 *
 * @param features in any order
 */
export function asOf(
  features: readonly Feature[],
  what: { readonly asset: string; readonly name: string; readonly at: Instant },
): Feature | null {
  let found: Feature | null = null
  for (const feature of features) {
    if (feature.asset !== what.asset || feature.name !== what.name || feature.knownAt > what.at) continue
    if (found === null || feature.knownAt >= found.knownAt) found = feature
  }
  return found
}

/**
 * Scores of one kind aligned to sessions: at each session the sum of what was known by then, each signal halved for every
 * half-life of its age and dropped after five, cut to [-1, 1]. Signals of other kinds or assets are left out.
 *
 * @param times when the data of each session end, rising; a signal known later than that is not in its row
 * Example: half-life 2 days, a signal of 0.8 known at the first session's end, sessions a day apart -> 0.8, 0.566, 0.4, ...
 */
export function scoreMatrix(
  signals: readonly StoredSignal[],
  grid: {
    readonly kind: CatalystKind
    readonly assets: readonly string[]
    readonly times: readonly Instant[]
    readonly settings: KindSettings
  },
): FeatureMatrix {
  const { kind, assets, times, settings } = grid
  const columns = new Map(assets.map((asset, index) => [asset, index]))
  const width = assets.length
  const values = new Float64Array(times.length * width)
  const known = new Uint8Array(times.length * width)
  const ms = times.map((time) => Date.parse(time))
  for (let row = 1; row < ms.length; row++) assert(ms[row]! > ms[row - 1]!, 'the ends of sessions must rise')
  for (const signal of signals) {
    const column = columns.get(signal.asset)
    if (signal.kind !== kind || column === undefined) continue
    const at = Date.parse(signal.knownAt)
    for (let row = firstAtOrAfter(ms, at); row < ms.length; row++) {
      const halfLives = (ms[row]! - at) / msPerDay / settings.halfLifeDays
      if (halfLives > halfLivesMost) break
      values[row * width + column]! += signal.score * 0.5 ** halfLives
      known[row * width + column] = 1
    }
  }
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-1, Math.min(1, values[i]!))
  return { rows: times.length, assets: width, values, known }
}

/**
 * The same, but only what is new: at the first session by whose end signals are known, their sum, faded since they were known and
 * cut to [-1, 1]; nothing later. What a day's texts say of its assets, which is what can be compared across them.
 */
export function freshScores(signals: readonly StoredSignal[], grid: Parameters<typeof scoreMatrix>[1]): FeatureMatrix {
  const { kind, assets, times, settings } = grid
  const columns = new Map(assets.map((asset, index) => [asset, index]))
  const width = assets.length
  const values = new Float64Array(times.length * width)
  const known = new Uint8Array(times.length * width)
  const ms = times.map((time) => Date.parse(time))
  for (const signal of signals) {
    const column = columns.get(signal.asset)
    if (signal.kind !== kind || column === undefined) continue
    const at = Date.parse(signal.knownAt)
    const row = firstAtOrAfter(ms, at)
    if (row === ms.length) continue
    const halfLives = (ms[row]! - at) / msPerDay / settings.halfLifeDays
    if (halfLives > halfLivesMost) continue
    values[row * width + column]! += signal.score * 0.5 ** halfLives
    known[row * width + column] = 1
  }
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-1, Math.min(1, values[i]!))
  return { rows: times.length, assets: width, values, known }
}

/**
 * Scores of each session carried on: their sum, each halved for every half-life since its session and dropped after five. A sum is
 * cut to [-1, 1], or to the largest of its parts where that is more: the same news told again is not more news.
 *
 * Example: half-life 2 days, 1.5 in the first session, nothing in the next -> 1.5, 1.061, 0.75, ...
 */
export function faded(
  matrix: FeatureMatrix,
  { times, settings }: { readonly times: readonly Instant[]; readonly settings: KindSettings },
): FeatureMatrix {
  const { rows, assets: width } = matrix
  const values = new Float64Array(rows * width)
  const known = new Uint8Array(rows * width)
  const most = new Float64Array(rows * width).fill(1)
  const ms = times.map((time) => Date.parse(time))
  for (let from = 0; from < rows; from++) {
    for (let column = 0; column < width; column++) {
      const own = from * width + column
      if (matrix.known[own] !== 1) continue
      for (let row = from; row < rows; row++) {
        const halfLives = (ms[row]! - ms[from]!) / msPerDay / settings.halfLifeDays
        if (halfLives > halfLivesMost) break
        const part = matrix.values[own]! * 0.5 ** halfLives
        const at = row * width + column
        values[at]! += part
        known[at] = 1
        if (Math.abs(part) > most[at]!) most[at] = Math.abs(part)
      }
    }
  }
  for (let i = 0; i < values.length; i++) values[i] = Math.max(-most[i]!, Math.min(most[i]!, values[i]!))
  return { rows, assets: width, values, known }
}

/** Index of the first session whose data end at or after a moment; `times.length` where there is none. */
export function firstAtOrAfter(timesMs: readonly number[], ms: number): number {
  let low = 0
  let high = timesMs.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (timesMs[middle]! < ms) low = middle + 1
    else high = middle
  }
  return low
}

/** Fewest assets of one session that can be compared with one another. */
export const fewestToStandardize = 5
/** Standard deviations beyond which a score is cut. */
export const winsorizeAt = 3

/**
 * Each session's scores made comparable: less their mean, over their standard deviation (n - 1) across the assets that have
 * one, cut at 3. With fewer than five, or where they do not differ, they stay as they are.
 *
 * Example: a row 0.2, 0.4, 0.6, 0.8, 1.0 -> -1.265, -0.632, 0, 0.632, 1.265
 */
export function standardized(matrix: FeatureMatrix): FeatureMatrix {
  const values = matrix.values.slice()
  const compared = new Uint8Array(matrix.rows)
  for (let row = 0; row < matrix.rows; row++) {
    const start = row * matrix.assets
    let count = 0
    let sum = 0
    for (let i = start; i < start + matrix.assets; i++) {
      if (matrix.known[i] !== 1) continue
      count++
      sum += matrix.values[i]!
    }
    if (count < fewestToStandardize) continue
    const mean = sum / count
    let squares = 0
    for (let i = start; i < start + matrix.assets; i++) {
      if (matrix.known[i] === 1) squares += (matrix.values[i]! - mean) ** 2
    }
    const deviation = Math.sqrt(squares / (count - 1))
    if (deviation < 1e-9) continue
    compared[row] = 1
    for (let i = start; i < start + matrix.assets; i++) {
      if (matrix.known[i] !== 1) continue
      values[i] = Math.max(-winsorizeAt, Math.min(winsorizeAt, (matrix.values[i]! - mean) / deviation))
    }
  }
  return { ...matrix, values, compared }
}
