import { InputError } from '../../errors.ts'
import { type BookMarket, heldSymbol } from '../book-market.ts'
import type { Policy } from '../policy.ts'
import { buyAndHold, doNothing } from './buy-and-hold.ts'
import { cvarPolicy } from './cvar.ts'
import { equalWeight } from './equal-weight.ts'
import { modelPolicy } from './model.ts'
import { randomPolicy } from './random.ts'
import type { Rebalance } from './rebalance.ts'

/** The controls, in the words of the command line. */
export const controlForms = ['cvar', 'equal-weight', 'buy-and-hold:SYMBOL', 'random:SEED', 'do-nothing'] as const

/**
 * The control of that name on this market.
 *
 * @param options asBenchmark: a benchmark may hold the index that stands in for an ETF
 * @throws InputError for an unknown name, or a symbol that is not tradeable here
 */
export function parsePolicy(
  spec: string,
  market: BookMarket,
  options: { readonly rebalance?: Rebalance; readonly asBenchmark?: boolean } = {},
): Policy {
  if (spec === 'cvar') return cvarPolicy(options.rebalance ?? 'weekly')
  if (spec === 'equal-weight') return equalWeight(options.rebalance ?? 'monthly')
  if (spec === 'do-nothing') return doNothing
  if (spec === 'model' && options.asBenchmark !== true) return modelPolicy
  const seed = /^random:(.{1,64})$/.exec(spec)?.[1]
  if (seed !== undefined) return randomPolicy(seed)
  const symbol = heldSymbol(spec)
  if (symbol === null)
    throw new InputError(
      `no policy is called ${JSON.stringify(spec)}; there are ${[...controlForms, 'model'].join(', ')}`,
    )
  if (options.asBenchmark === true || market.tradable.some((instrument) => instrument.symbol === symbol))
    return buyAndHold(symbol)
  const tradable = market.tradable.map((instrument) => instrument.symbol).join(' ')
  throw new InputError(
    symbol.startsWith('^')
      ? `${symbol} is an index and cannot be bought; the instruments here are ${tradable}`
      : `${symbol} cannot be traded here: it is not an instrument of the book ${market.book.name}, or the market has no prices for it; there are ${tradable}`,
  )
}
