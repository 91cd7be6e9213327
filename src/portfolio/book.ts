import { z } from 'zod'
import { InputError } from '../errors.ts'
import { Instrument } from '../market/bar.ts'
import { Currency, IsoDate } from '../units.ts'

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

export const AllocatorBook = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]*$/, 'lower-case letters, digits and hyphens'),
    title: z.string().min(1),
    kind: z.literal('allocator'),
    currency: Currency,
    initialCash: z.number().positive(),
    instruments: z.array(Instrument).min(1),
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
  .superRefine((book, context) => {
    const seen = new Set<string>()
    book.instruments.forEach((instrument, index) => {
      if (seen.has(instrument.symbol)) {
        context.addIssue({
          code: 'custom',
          path: ['instruments', index, 'symbol'],
          message: `${instrument.symbol} is listed twice`,
        })
      }
      seen.add(instrument.symbol)
      if (instrument.purchaseTax !== undefined && book.costs.purchaseTaxes[instrument.purchaseTax] === undefined) {
        context.addIssue({
          code: 'custom',
          path: ['instruments', index, 'purchaseTax'],
          message: `no schedule named ${instrument.purchaseTax} in costs.purchaseTaxes`,
        })
      }
      if (instrument.symbol.startsWith('^')) {
        context.addIssue({
          code: 'custom',
          path: ['instruments', index, 'symbol'],
          message: `${instrument.symbol} is an index and cannot be bought; name an ETF that follows it`,
        })
      }
    })
    for (const [name, schedule] of Object.entries(book.costs.purchaseTaxes)) {
      for (let i = 1; i < schedule.length; i++) {
        if (schedule[i]!.from <= schedule[i - 1]!.from) {
          context.addIssue({
            code: 'custom',
            path: ['costs', 'purchaseTaxes', name, i, 'from'],
            message: 'dates must rise',
          })
        }
      }
    }
    book.benchmarks.forEach((benchmark, index) => {
      const symbol = /^buy-and-hold:(.+)$/.exec(benchmark.policy)?.[1]
      if (symbol !== undefined && !seen.has(symbol)) {
        context.addIssue({
          code: 'custom',
          path: ['benchmarks', index, 'policy'],
          message: `${symbol} is not among the instruments`,
        })
      }
    })
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
  if (parsed.success) return parsed.data
  throw new InputError(
    parsed.error.issues.map(
      (issue) => `${origin}: ${issue.path.length === 0 ? '$' : `$.${issue.path.join('.')}`}: ${issue.message}`,
    ),
  )
}
