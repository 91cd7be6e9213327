import { z } from 'zod'
import { Currency, type IsoDate } from '../units.ts'

/**
 * One trading day of one instrument, as traded that day: in its own currency, not adjusted for later splits or dividends.
 * `open` and `close` are the exchange's official ones. Prices are above zero, `low <= open, close <= high`, volume in shares.
 */
export type Bar = {
  readonly date: IsoDate
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly volume: number
}

/** Cash per share, in the instrument's currency, before tax, for who held at the close before the ex-date `date`. */
export type Dividend = { readonly date: IsoDate; readonly amount: number }

/** New shares for each old one, in force before the open of `date`. A 1:8 reverse split is 0.125. */
export type Split = { readonly date: IsoDate; readonly ratio: number }

/** Everything a source knows of one symbol in the range asked for, oldest first. */
export type History = {
  readonly symbol: string
  readonly currency: Currency
  readonly bars: readonly Bar[]
  readonly dividends: readonly Dividend[]
  readonly splits: readonly Split[]
}

/**
 * Where an instrument trades: MIC of the exchange. `XPAR` Euronext Paris, `XNYS` New York (NYSE, Arca and Nasdaq share it);
 * `CRYPTO` any exchange of coins, which has no MIC and never closes: the bar of a date is that UTC day.
 */
export const Exchange = z.enum(['XPAR', 'XNYS', 'CRYPTO'])
export type Exchange = z.infer<typeof Exchange>

/** What may be held, and how its orders are charged. */
export const Instrument = z.strictObject({
  symbol: z.string().min(1).max(24),
  name: z.string().min(1).max(80),
  /** How posts on X name it: never something that X would turn into a link, such as MC.PA. */
  shortName: z.string().min(1).max(24),
  currency: Currency,
  exchange: Exchange,
  kind: z.enum(['etf', 'share', 'coin']),
  halfSpreadBps: z.number().min(0).max(1000),
  /** Name of the schedule in `costs.purchaseTaxes` that purchases bear. */
  purchaseTax: z.string().optional(),
})
export type Instrument = z.infer<typeof Instrument>
