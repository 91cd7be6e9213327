import { type Config, readConfig } from '../../src/config.ts'
import { type Clock, type Context, systemClock } from '../../src/context.ts'
import type { Entry } from '../../src/journal/entry.ts'
import { openContext } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'

/** All that ingest and extract need, over a journal in a folder; prices are simulated and nobody asks for them. */
export async function textContext(
  home: string,
  environment: Readonly<Record<string, string>> = {},
  clock: Clock = systemClock,
): Promise<Context> {
  const config: Config = readConfig({ PRIMER_HOME: home, MARKET: 'simulated:1', ...environment })
  return openContext({
    config,
    databaseUrl: config.databaseUrl,
    prices: await openMarket(config.market, config),
    clock,
    market: async () => {
      throw new Error('reading texts needs no prices')
    },
    say: () => {},
  })
}

export async function entriesOf<K extends 'item' | 'extraction'>(
  ctx: Pick<Context, 'journal'>,
  kind: K,
): Promise<readonly Entry<K>[]> {
  return (await Array.fromAsync(
    ctx.journal.read({ book: 'catalysts', kinds: [kind] }),
  )) as unknown as readonly Entry<K>[]
}
