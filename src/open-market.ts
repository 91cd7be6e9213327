import { join } from 'node:path'
import type { Config } from './config.ts'
import { InputError } from './errors.ts'
import type { MarketSpec } from './market/market-spec.ts'
import type { PriceSource } from './market/price-source.ts'

/** The price source of a market spec; each one is loaded only when it is asked for. */
export async function openMarket(spec: MarketSpec, config: Pick<Config, 'yahooUrl' | 'home'>): Promise<PriceSource> {
  switch (spec.kind) {
    case 'csv':
      return (await import('./adapters/market/csv.ts')).openCsvMarket(spec.directory)
    case 'simulated':
      return (await import('./adapters/market/simulated.ts')).openSimulatedMarket(String(spec.seed))
    case 'yahoo': {
      const { openYahooMarket } = await import('./adapters/market/yahoo.ts')
      return openYahooMarket({
        ...(config.yahooUrl !== null && { url: config.yahooUrl }),
        cacheDirectory: join(config.home, 'cache', 'yahoo'),
      })
    }
    case 'ccxt':
      throw new InputError(
        'ccxt markets come with the catalyst book, which this version does not have yet; use yahoo, csv:DIR or simulated:SEED',
      )
  }
}
