import { z } from 'zod'
import { Currency, IsoDate } from '../units.ts'

/** Costs of one fill in the base currency, unrounded; a kind that does not apply is absent. */
export const FillCosts = z.strictObject({
  commission: z.number().optional(),
  spread: z.number().optional(),
  fx: z.number().optional(),
  tax: z.number().optional(),
  impact: z.number().optional(),
  fee: z.number().optional(),
})
export type FillCosts = z.infer<typeof FillCosts>
export const costKinds = ['commission', 'spread', 'fx', 'tax', 'impact', 'fee'] as const

/**
 * An order waiting for the open of its own exchange.
 * A buy is an amount of cash in base-currency cents, costs included; a sell is a number of shares.
 */
export const Order = z.strictObject({
  /** Unique within a book: decision date and place in the decision, `2020-03-12/1`. */
  id: z.string(),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  amountCents: z.int().positive().optional(),
  quantity: z.number().positive().optional(),
  decidedOn: IsoDate,
  /** `stop` orders come from the stop-loss, `universe` ones sell what left the universe, `policy` ones come from whoever decides. */
  reason: z.enum(['policy', 'stop', 'universe']),
  /** Sessions of its exchange that have passed without an open to fill at. */
  waited: z.int().min(0),
})
export type Order = z.infer<typeof Order>

/** What an order obtained at the official open. */
export const Fill = z.strictObject({
  orderId: z.string(),
  date: IsoDate,
  symbol: z.string(),
  /** Shares, positive when bought. */
  quantity: z.number(),
  /** The official open, in `currency`. Costs never hide in it. */
  price: z.number(),
  currency: Currency,
  /** Base currency for one unit of `currency`, mid. */
  rate: z.number(),
  costs: FillCosts,
  /** Change of cash in whole base-currency cents: -(quantity * price * rate) - costs, rounded once. */
  cashChangeCents: z.int(),
  /** A buy that cash could not pay in full: what it wanted to spend. */
  wantedCents: z.int().optional(),
  /** For a sell: profit over average cost before costs, from the price at the purchase rate, and from the rate. */
  realized: z.strictObject({ asset: z.number(), currency: z.number() }).optional(),
  /** `delisted` closes what trades no more, without an order or an open: `price` is its last close less the haircut. */
  reason: z.enum(['policy', 'stop', 'universe', 'delisted']),
  /** How the price of a delisted asset came about, or what else is odd about the fill. */
  note: z.string().optional(),
  /**
   * Of a coin: what its costs rest on, known at the close before the open. Mean traded value a session in the base currency,
   * volatility of one session and half-spread as fractions: spread = halfSpread * value, impact = y * volatility * value *
   * sqrt(value / volume), with the book's y and value = |quantity| * price * rate.
   */
  liquidity: z.strictObject({ volume: z.number(), volatility: z.number(), halfSpread: z.number() }).optional(),
})
export type Fill = z.infer<typeof Fill>

export const DividendCredit = z.strictObject({
  date: IsoDate,
  symbol: z.string(),
  quantity: z.number(),
  perShare: z.number(),
  currency: Currency,
  rate: z.number(),
  cashChangeCents: z.int(),
})
export type DividendCredit = z.infer<typeof DividendCredit>

export const SplitApplied = z.strictObject({
  date: IsoDate,
  symbol: z.string(),
  ratio: z.number().positive(),
  quantityBefore: z.number(),
  quantityAfter: z.number(),
})
export type SplitApplied = z.infer<typeof SplitApplied>

/** An order that ended without a fill. */
export const Lapsed = z.strictObject({
  orderId: z.string(),
  symbol: z.string(),
  side: z.enum(['buy', 'sell']),
  kind: z.enum(['expired', 'missed', 'no-cash', 'nothing-held']),
  because: z.string(),
})
export type Lapsed = z.infer<typeof Lapsed>

/** An order left pending because its exchange opened without a price for it. */
export const Waiting = z.strictObject({ orderId: z.string(), symbol: z.string(), waited: z.int() })
export type Waiting = z.infer<typeof Waiting>

/** Everything that happened to one portfolio between two closes. */
export const SessionEvents = z.strictObject({
  splits: z.array(SplitApplied),
  dividends: z.array(DividendCredit),
  fills: z.array(Fill),
  lapsed: z.array(Lapsed),
  waiting: z.array(Waiting),
})
export type SessionEvents = z.infer<typeof SessionEvents>

export const Position = z.strictObject({
  symbol: z.string(),
  currency: Currency,
  /** Shares, above zero. */
  quantity: z.number().positive(),
  /** Price paid for the shares held, in `currency`, without costs. Divided by quantity it is the average cost. */
  costLocal: z.number(),
  /** The same at the rates of the purchases, in the base currency. */
  costBase: z.number(),
  /** Date of the fill that opened the position from zero; buying more does not move it, selling a part neither. */
  openedOn: IsoDate,
})
export type Position = z.infer<typeof Position>

/** One portfolio: a pure function of its orders and session events. */
export const Holdings = z.strictObject({
  cashCents: z.int(),
  positions: z.array(Position),
  pending: z.array(Order),
  /** Date of the last fill that closed each position no longer held. */
  exits: z.record(z.string(), IsoDate),
})
export type Holdings = z.infer<typeof Holdings>
