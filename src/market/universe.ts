import { z } from 'zod'
import type { IsoDate } from '../units.ts'
import { isoWeek } from './calendar-days.ts'
import type { Liquidity } from './liquidity.ts'
import type { Column, Panel } from './panel.ts'

/** Which coins a book may decide on, from prices and volumes alone; see `drawUniverse`. */
export const UniverseRule = z.strictObject({
  /** Coins quoted in it; a market that has none is taken in `USD`. Either counts as one dollar. */
  quote: z.enum(['USDT', 'USDC', 'USD']),
  /** Mean traded value a day over the last `days` days, in the book's currency. */
  volume: z.strictObject({
    min: z.number().min(0),
    max: z.number().positive(),
    days: z.int().min(5).max(120),
    /** A member of the last 90 days stays until its volume leaves the band widened by this factor at both ends. */
    keepFactor: z.number().min(1).max(100),
  }),
  /** Days since the first bar that the market has of it. */
  minimumAgeDays: z.int().min(0).max(365),
  /** Who is in is decided at the close of the first session of each ISO week, or at every close. */
  review: z.enum(['daily', 'weekly']),
  /** When more are inside the band, those with the largest volume. */
  mostMembers: z.int().min(1).max(1000),
  /** Base coins that are too large to be in. */
  majors: z.array(z.string()),
  /** Base coins that stand for something else: dollars, gold, another coin. */
  pegged: z.array(z.string()),
  jump: z.strictObject({ ratio: z.number().min(2), quarantineDays: z.int().min(1).max(365) }),
})
export type UniverseRule = z.infer<typeof UniverseRule>

/** One stay in the universe: decided from the close of `from` on and before the close of `until`. */
export type DrawnStay = { readonly symbol: string; readonly from: IsoDate; readonly until?: IsoDate }

/** A coin that could be in, and how it trades. */
export type Candidate = { readonly column: Column; readonly liquidity: Liquidity }

const keptDays = 90
/** Days without a price after which a coin is out until it trades again. */
const silentDays = 3

/** Tokens that hold a multiple of another coin, as Gate and others name them: BTC3L, ETH5S. */
const leveraged = /^[A-Z0-9]{2,}[2345][LS]$/

/** Why a base coin is never in, null when it may be. */
export function excludedBecause(base: string, rule: Pick<UniverseRule, 'majors' | 'pegged'>): string | null {
  if (rule.majors.includes(base)) return 'a major'
  if (rule.pegged.includes(base)) return 'pegged or wrapped'
  return leveraged.test(base) ? 'a leveraged token' : null
}

/**
 * Who is in on each date, point in time: a coin is in after a review when it traded in the last days, is old enough, and its mean
 * volume lies in the band, or did at a review of the last 90 days and lies in the wider band still; of too many, the largest.
 * Each answer reads the sessions up to its review only, and at most `volume.days` + 90 of them beside the first bar, so that a
 * longer history draws the same.
 *
 * @returns stays, by candidate in the order given and by date
 */
export function drawUniverse(panel: Panel, candidates: readonly Candidate[], rule: UniverseRule): readonly DrawnStay[] {
  const { sessions } = panel
  const firsts = candidates.map(({ column }) => column.close.findIndex((close) => !Number.isNaN(close)))
  const lastInBand = new Int32Array(candidates.length).fill(-keptDays - 1)
  const since = new Array<IsoDate | null>(candidates.length).fill(null)
  const stays: DrawnStay[] = []
  for (let t = 0; t < sessions.length; t++) {
    if (!isReview(sessions, t, rule.review)) continue
    const inside: number[] = []
    candidates.forEach((candidate, i) => {
      if (isInBand(candidate, t, rule, 1)) lastInBand[i] = t
      if (standing(candidate, firsts[i]!, lastInBand[i]!, t, rule) === null) inside.push(i)
    })
    const chosen = new Set(largest(candidates, inside, t, rule.mostMembers))
    candidates.forEach(({ column: { symbol } }, i) => {
      const from = since[i]!
      if (chosen.has(i) && from === null) since[i] = sessions[t]!
      else if (!chosen.has(i) && from !== null) {
        stays.push({ symbol, from, until: sessions[t]! })
        since[i] = null
      }
    })
  }
  candidates.forEach(({ column: { symbol } }, i) => {
    const from = since[i]!
    if (from !== null) stays.push({ symbol, from })
  })
  return stays
}

/** Why a candidate is not in at the last review up to a session, for those that are not; nothing later is read. */
export function leftOutAt(
  panel: Panel,
  candidates: readonly Candidate[],
  rule: UniverseRule,
  session: number,
): ReadonlyMap<string, string> {
  let review = session
  while (review > 0 && !isReview(panel.sessions, review, rule.review)) review--
  const left = new Map<string, string>()
  const inside: number[] = []
  candidates.forEach((candidate, i) => {
    const { column } = candidate
    let inBand = -keptDays - 1
    for (let t = Math.max(0, review - keptDays); t <= review; t++) {
      if (isReview(panel.sessions, t, rule.review) && isInBand(candidate, t, rule, 1)) inBand = t
    }
    const first = column.close.findIndex((close) => !Number.isNaN(close))
    const because = standing(candidate, first, inBand, review, rule)
    if (because === null) inside.push(i)
    else left.set(column.symbol, because)
  })
  const chosen = new Set(largest(candidates, inside, review, rule.mostMembers))
  for (const i of inside) {
    if (!chosen.has(i))
      left.set(candidates[i]!.column.symbol, `not among the ${rule.mostMembers} of the largest volume`)
  }
  return left
}

function isReview(sessions: readonly IsoDate[], t: number, review: UniverseRule['review']): boolean {
  // The first session is none: it would stand for whatever day a history happens to begin on.
  return t > 0 && (review === 'daily' || isoWeek(sessions[t]!) !== isoWeek(sessions[t - 1]!))
}

function isInBand({ liquidity }: Candidate, t: number, { volume }: UniverseRule, factor: number): boolean {
  const traded = liquidity.volume[t]!
  return traded >= volume.min / factor && traded <= volume.max * factor
}

/** Why a candidate is not inside at a review, null when it is. */
function standing(candidate: Candidate, first: number, inBand: number, t: number, rule: UniverseRule): string | null {
  const { column, liquidity } = candidate
  if (first < 0 || first > t) return 'not listed yet'
  const age = t - first
  if (age < rule.minimumAgeDays) return `listed for ${age} of at least ${rule.minimumAgeDays} days`
  if (column.markedOn[t]! <= t - silentDays) return `no price in ${silentDays} days`
  if (Number.isNaN(liquidity.volume[t]!) || Number.isNaN(liquidity.volatility[t]!)) return 'too few prices'
  const { volume } = rule
  const traded = Math.round(liquidity.volume[t]!)
  if (inBand >= t - keptDays) {
    if (isInBand(candidate, t, rule, volume.keepFactor)) return null
    return `${traded} traded a day, beyond ${volume.min / volume.keepFactor} to ${volume.max * volume.keepFactor} for a member`
  }
  return `${traded} traded a day, outside ${volume.min} to ${volume.max}`
}

function largest(candidates: readonly Candidate[], inside: readonly number[], t: number, most: number): number[] {
  if (inside.length <= most) return [...inside]
  const volumeOf = (i: number) => candidates[i]!.liquidity.volume[t]!
  return [...inside]
    .sort((a, b) => volumeOf(b) - volumeOf(a) || (candidates[a]!.column.symbol < candidates[b]!.column.symbol ? -1 : 1))
    .slice(0, most)
}
