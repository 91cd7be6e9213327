import type { StoredSignal } from '../../catalysts/stored-signal.ts'
import { InputError } from '../../errors.ts'
import { type BookMarket, heldSymbol } from '../book-market.ts'
import type { Policy } from '../policy.ts'
import { buyAndHold, doNothing } from './buy-and-hold.ts'
import { cvarPolicy } from './cvar.ts'
import { equalWeight } from './equal-weight.ts'
import { modelPolicy } from './model.ts'
import { randomPolicy } from './random.ts'
import type { Rebalance } from './rebalance.ts'
import { signalsPolicy } from './signals.ts'

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
  options: {
    readonly rebalance?: Rebalance
    readonly asBenchmark?: boolean
    /** What the policy `signals` acts on. */
    readonly signals?: readonly StoredSignal[]
  } = {},
): Policy {
  if (spec === 'cvar') return cvarPolicy(options.rebalance ?? 'weekly')
  if (spec === 'equal-weight') return equalWeight(options.rebalance ?? 'monthly')
  if (spec === 'do-nothing') return doNothing
  if (spec === 'model' && options.asBenchmark !== true) return modelPolicy
  if (/^signals(:.+)?$/s.test(spec) && options.signals !== undefined)
    return signalsPolicy(market, options.signals, spec)
  const seed = /^random:(.{1,64})$/.exec(spec)?.[1]
  if (seed !== undefined) return randomPolicy(seed)
  const named = heldSymbol(spec)
  if (named === null)
    throw new InputError(
      `no policy is called ${JSON.stringify(spec)}; there are ${[...controlForms, 'signals', 'signals:FILE', 'model'].join(', ')}`,
    )
  const symbol = pairOf(market, named)
  if (options.asBenchmark === true || market.instruments.has(symbol)) return buyAndHold(symbol)
  const tradable = market.tradable.map((instrument) => instrument.symbol).join(' ')
  throw new InputError(
    symbol.startsWith('^')
      ? `${symbol} is an index and cannot be bought; the instruments here are ${tradable}`
      : `${symbol} cannot be traded here: it is not an instrument of the book ${market.book.name}, or the market has no prices for it; there are ${tradable}`,
  )
}

/** A coin by its own name alone: BTC is BTC/USDT or BTC/USD, whichever the market has. */
function pairOf(market: BookMarket, name: string): string {
  if (market.coins === undefined || market.instruments.has(name)) return name
  return [...market.instruments.keys()].find((symbol) => symbol.startsWith(`${name}/`)) ?? name
}
