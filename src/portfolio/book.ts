import { z } from 'zod'
import { InputError } from '../errors.ts'
import { Instrument } from '../market/bar.ts'
import { Currency, IsoDate } from '../units.ts'
import { Delisting, Membership, membershipFaults } from './membership.ts'

const bps = z.number().min(0).max(10_000)
const fraction = z.number().min(0).max(1)
const byVolatility = <T extends z.ZodType>(value: T) => z.strictObject({ high: value, normal: value, low: value })

/** What a trade costs, charged to every policy and benchmark alike. */
export const Costs = z.strictObject({
  commissionBps: bps,
  /** Least commission of one fill, in the base currency. */
  commissionMin: z.number().min(0),
  /** Charged on the value of fills in another currency than the base. */
  fxBps: bps,
  /** Rate in force from each date on, for purchases of the instruments that name the schedule. */
  purchaseTaxes: z.record(z.string(), z.array(z.strictObject({ from: IsoDate, bps })).min(1)),
  /** Smallest order, in the base currency. */
  minimumTicket: z.number().min(0),
  /** Quantities are multiples of this many shares. */
  quantityStep: z.number().positive(),
})
export type Costs = z.infer<typeof Costs>

/** The limits that code enforces on every decision, by the volatility regime of the day. */
export const Limits = z.strictObject({
  stopLoss: byVolatility(fraction),
  minimumHoldingSessions: z.int().min(0),
  reentryCooldownSessions: z.int().min(0),
  tradesPerWeek: byVolatility(z.int().min(0)),
  maxWeight: fraction,
  cashFloor: byVolatility(fraction),
  /** Reported as cash drag when exceeded, never enforced. */
  cashCeiling: byVolatility(fraction),
  orderExpirySessions: z.int().min(1),
})
export type Limits = z.infer<typeof Limits>

export const MonitorLimits = z.strictObject({
  move: fraction,
  portfolioDrawdown: fraction,
  escalation: fraction,
})
export type MonitorLimits = z.infer<typeof MonitorLimits>

export const AllocatorBook = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
  title: z.string().min(1),
  kind: z.literal('allocator'),
  currency: Currency,
  initialCash: z.number().positive(),
  instruments: z.array(Instrument).min(1),
  /** When each instrument was in; those without a row always are. Without it, all are. */
  universe: z.array(Membership).optional(),
  /** How a held asset that stops trading is closed; `defaultDelisting` where it is absent. */
  delisting: Delisting.optional(),
  /** Policies run beside the book as opponents. `standIn` is an index used where the market lacks the symbol: price only. */
  benchmarks: z.array(
    z.strictObject({
      policy: z.string(),
      shortName: z.string().min(1).max(24),
      standIn: z.strictObject({ symbol: z.string(), shortName: z.string() }).optional(),
    }),
  ),
  costs: Costs,
  limits: Limits,
  monitor: MonitorLimits,
})
export type AllocatorBook = z.infer<typeof AllocatorBook>

/**
 * A book as validated data.
 *
 * @param value parsed JSON
 * @param origin how the file is named in faults
 * @throws InputError listing every fault with its JSON path
 */
export function parseBook(value: unknown, origin: string): AllocatorBook {
  const parsed = AllocatorBook.safeParse(value)
  const faults = [
    ...(parsed.error?.issues ?? []).map(({ path, message }) => ({ path, message })),
    ...crossFaults(value),
  ]
  if (parsed.success && faults.length === 0) return parsed.data
  throw new InputError(faults.map(({ path, message }) => `${origin}: ${jsonPath(path)}: ${message}`))
}

type Fault = { readonly path: readonly PropertyKey[]; readonly message: string }

function jsonPath(path: readonly PropertyKey[]): string {
  return `$${path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('')}`
}

const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined

/** What no single field shows. Read from the raw value, so that it is told even where fields have faults of their own. */
function crossFaults(value: unknown): readonly Fault[] {
  const faults: Fault[] = []
  const taxes = field(field(value, 'costs'), 'purchaseTaxes')
  const seen = new Set<unknown>()
  list(field(value, 'instruments')).forEach((instrument, index) => {
    const symbol = field(instrument, 'symbol')
    const at = (name: string) => ['instruments', index, name]
    if (seen.has(symbol)) faults.push({ path: at('symbol'), message: `${String(symbol)} is listed twice` })
    seen.add(symbol)
    if (typeof symbol === 'string' && symbol.startsWith('^')) {
      faults.push({
        path: at('symbol'),
        message: `${symbol} is an index and cannot be bought; name an ETF that follows it`,
      })
    }
    const tax = field(instrument, 'purchaseTax')
    if (typeof tax === 'string' && field(taxes, tax) === undefined) {
      faults.push({ path: at('purchaseTax'), message: `no schedule is named ${tax} in costs.purchaseTaxes` })
    }
  })
  const rows = list(field(value, 'universe')).map((row) => (typeof row === 'object' && row !== null ? row : {}))
  for (const { index, field: name, message } of membershipFaults(rows, seen)) {
    faults.push({ path: ['universe', index, name], message })
  }
  if (typeof taxes === 'object' && taxes !== null) {
    for (const [name, schedule] of Object.entries(taxes)) {
      list(schedule).forEach((step, index) => {
        const before = index === 0 ? undefined : field(list(schedule)[index - 1], 'from')
        const from = field(step, 'from')
        if (typeof before === 'string' && typeof from === 'string' && from <= before) {
          faults.push({
            path: ['costs', 'purchaseTaxes', name, index, 'from'],
            message: `dates must rise, and ${from} follows ${before}`,
          })
        }
      })
    }
  }
  list(field(value, 'benchmarks')).forEach((benchmark, index) => {
    const policy = field(benchmark, 'policy')
    if (typeof policy !== 'string') return
    const symbol = /^buy-and-hold:(.+)$/.exec(policy)?.[1]
    if (symbol !== undefined && !seen.has(symbol)) {
      faults.push({ path: ['benchmarks', index, 'policy'], message: `${symbol} is not among the instruments` })
    }
    if (symbol === undefined && !/^(cvar|equal-weight|do-nothing|random:\S{1,64})$/.test(policy)) {
      const forms = 'cvar, equal-weight, buy-and-hold:SYMBOL, random:SEED and do-nothing'
      faults.push({
        path: ['benchmarks', index, 'policy'],
        message: `no control is called ${JSON.stringify(policy)}; there are ${forms}`,
      })
    }
  })
  return faults
}
