import { InputError } from '../errors.ts'

/** Where prices come from, as `MARKET` or `--market` says it. */
export type MarketSpec =
  | { readonly kind: 'yahoo' }
  | { readonly kind: 'csv'; readonly directory: string }
  | { readonly kind: 'simulated'; readonly seed: number }
  | { readonly kind: 'ccxt'; readonly exchange: string }

const marketForms =
  'write yahoo, csv:DIRECTORY, simulated:SEED (a whole number) or ccxt:EXCHANGE (such as ccxt:binance)'

/**
 * A market as `--market` and `MARKET` name it.
 *
 * @throws InputError naming the accepted forms
 * Example: parseMarketSpec('simulated:7') -> { kind: 'simulated', seed: 7 }
 */
export function parseMarketSpec(spec: string): MarketSpec {
  const [, kind, , rest = ''] = /^([^:]*)(:(.*))?$/s.exec(spec) ?? []
  const refuse = (because: string): never => {
    throw new InputError(`market ${JSON.stringify(spec)}: ${because}; ${marketForms}`)
  }
  switch (kind) {
    case 'yahoo':
      return spec === 'yahoo' ? { kind } : refuse('yahoo takes nothing after it')
    case 'csv':
      return rest === '' ? refuse('the directory is missing') : { kind, directory: rest }
    case 'simulated':
      if (!/^\d{1,15}$/.test(rest)) return refuse('the seed is not a whole number of at most 15 digits')
      return { kind, seed: Number(rest) }
    case 'ccxt':
      return /^[a-z0-9]+$/.test(rest) ? { kind, exchange: rest } : refuse('the exchange is missing or misspelt')
    default:
      return refuse('there is no such market')
  }
}
