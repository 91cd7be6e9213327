import { z } from 'zod'
import { InputError } from '../errors.ts'
import { UniverseRule } from '../market/universe.ts'
import { type AllocatorBook, MonitorLimits } from '../portfolio/book.ts'
import { Delisting } from '../portfolio/membership.ts'
import { Currency } from '../units.ts'
import { CatalystKind, KindSettings } from './kinds.ts'
import { Sources } from './source.ts'

const bps = z.number().min(0).max(10_000)
const fraction = z.number().min(0).max(1)

/** What a trade of a coin costs, charged to every policy and benchmark alike. */
export const CoinCosts = z.strictObject({
  /** Fee of an order that takes what is offered, where the market does not say its own. */
  takerFeeBps: bps,
  /** Estimated from daily highs, lows and closes (Abdi and Ranaldo 2017) over the last `days` days, within these bounds. */
  halfSpread: z.strictObject({
    estimator: z.literal('abdi-ranaldo'),
    days: z.int().min(10).max(365),
    floorBps: bps,
    capBps: bps,
  }),
  /** Impact as a fraction of the price: y * daily volatility * sqrt(order value / mean traded value a day). */
  impact: z.strictObject({ y: z.number().min(0).max(10), volatilityDays: z.int().min(10).max(365) }),
  /** No order above this part of the mean traded value a day. */
  volumeShareMax: fraction.refine((share) => share > 0, 'must be above zero'),
  /** Smallest order, in the book's currency. */
  minimumTicket: z.number().min(0),
  /** Where the market states no lot: quantities are multiples of the power of ten that is worth at most this. */
  lotValue: z.number().positive(),
})
export type CoinCosts = z.infer<typeof CoinCosts>

/** What code enforces on every decision and every solution of the optimizer. */
export const CoinLimits = z.strictObject({
  /** Of equity, in one coin. */
  maxWeight: fraction,
  /** Half the absolute traded value over equity, of one decision. */
  maxTurnover: z.number().positive().max(10),
  /** Of equity, kept in cash. */
  minCash: fraction,
  /** CVaR of one session at `confidence`, as a fraction of equity: a portfolio beyond it is scaled down into cash. */
  maxCvar: fraction,
  confidence: z.number().min(0.5).max(0.999),
  orderExpirySessions: z.int().min(1),
})
export type CoinLimits = z.infer<typeof CoinLimits>

/** A book that trades coins on signals from text. */
export const CatalystBook = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
  title: z.string().min(1),
  kind: z.literal('catalyst'),
  /** Coins are quoted in it, or in a token that stands for it. */
  currency: Currency,
  initialCash: z.number().positive(),
  /** Who decides the live book, in the words of `--policy`. */
  policy: z.string().min(1),
  universe: UniverseRule,
  /** Policies run beside the book; `buy-and-hold:BTC` holds the pair of BTC that the market has. */
  benchmarks: z.array(z.strictObject({ policy: z.string(), shortName: z.string().min(1).max(24) })),
  costs: CoinCosts,
  limits: CoinLimits,
  delisting: Delisting,
  monitor: MonitorLimits,
  /** Horizon and half-life of each kind of catalyst. */
  signals: z.strictObject({
    /** Days over which the optimizer looks ahead: returns, risk and costs are all counted over these. */
    horizonDays: z.int().min(1).max(30).default(5),
    kinds: z.record(CatalystKind, KindSettings),
  }),
  /** Where texts come from. */
  sources: Sources,
})
export type CatalystBook = z.infer<typeof CatalystBook>

/** Any book of books/. */
export type Book = AllocatorBook | CatalystBook

const control = /^(cvar|equal-weight|do-nothing|random:\S{1,64}|buy-and-hold:\S{1,24})$/

/**
 * A catalyst book as validated data.
 *
 * @param value parsed JSON
 * @param origin how the file is named in faults
 * @throws InputError listing every fault with its JSON path
 */
export function parseCatalystBook(value: unknown, origin: string): CatalystBook {
  const parsed = CatalystBook.safeParse(value)
  const faults = (parsed.error?.issues ?? []).map(({ path, message }) => `${origin}: ${jsonPath(path)}: ${message}`)
  if (parsed.success) {
    const fault = (path: readonly PropertyKey[], message: string) =>
      faults.push(`${origin}: ${jsonPath(path)}: ${message}`)
    const { universe, costs, delisting, benchmarks } = parsed.data
    if (universe.volume.min >= universe.volume.max) fault(['universe', 'volume', 'min'], 'must lie below max')
    if (costs.halfSpread.floorBps > costs.halfSpread.capBps)
      fault(['costs', 'halfSpread', 'floorBps'], 'must not lie above capBps')
    if (universe.jump.quarantineDays <= delisting.afterSessions) {
      // Else what is held through a redenomination would be sold in the new unit at the old one's cost.
      fault(['universe', 'jump', 'quarantineDays'], 'must be more than delisting.afterSessions')
    }
    const forms = 'cvar, equal-weight, buy-and-hold:COIN, random:SEED and do-nothing'
    const { policy: own } = parsed.data
    if (own !== 'signals' && !control.test(own))
      fault(['policy'], `no policy is called ${JSON.stringify(own)}; there are signals, ${forms}`)
    benchmarks.forEach(({ policy }, index) => {
      if (control.test(policy)) return
      fault(['benchmarks', index, 'policy'], `no control is called ${JSON.stringify(policy)}; there are ${forms}`)
    })
    if (faults.length === 0) return parsed.data
  }
  throw new InputError(faults)
}

function jsonPath(path: readonly PropertyKey[]): string {
  return `$${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')}`
}
