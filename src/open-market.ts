import { join } from 'node:path'
import type { Config } from './config.ts'
import { ConfigError } from './errors.ts'
import type { MarketSpec } from './market/market-spec.ts'
import type { PriceSource } from './market/price-source.ts'

/** The sources of a configuration: for lists of instruments, and for books of coins. */
export type Markets = { readonly prices: PriceSource; readonly coinPrices: PriceSource }

/**
 * Both sources that the settings name; one and the same where they name one.
 *
 * @throws ConfigError when one is live and the other is played back: no clock fits both
 */
export async function openMarkets(config: Config): Promise<Markets> {
  const prices = await openMarket(config.market, config)
  if (config.coinMarket === config.market) return { prices, coinPrices: prices }
  const coinPrices = await openMarket(config.coinMarket, config)
  if ((prices.nature === 'live') !== (coinPrices.nature === 'live')) {
    throw new ConfigError(
      `MARKET is ${prices.spec} and COIN_MARKET ${coinPrices.spec}: one is live, the other is played back, and no clock fits both`,
    )
  }
  return { prices, coinPrices }
}

/** The price source of a market spec; each one is loaded only when it is asked for. */
export async function openMarket(
  spec: MarketSpec,
  config: Pick<Config, 'yahooUrl' | 'exchangeUrl' | 'home'>,
): Promise<PriceSource> {
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
    case 'ccxt': {
      const { openExchangeMarket } = await import('./adapters/market/exchange.ts')
      return openExchangeMarket({
        exchange: spec.exchange,
        ...(config.exchangeUrl !== null && { url: config.exchangeUrl }),
        archiveDirectory: join(config.home, 'cache', `exchange-${spec.exchange}`),
      })
    }
  }
}
