// One worker of the queue in a process of its own: node test/support/extraction-worker.ts REDIS_SOCKET PREFIX, settings from
// the environment. It works until it is killed.
import { openLog } from '../../src/adapters/log.ts'
import { openMetrics } from '../../src/adapters/metrics.ts'
import { openQueues } from '../../src/adapters/queue.ts'
import { readConfig } from '../../src/config.ts'
import { systemClock } from '../../src/context.ts'
import { openContext } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'
import { workOf } from '../../src/service/perform.ts'

const [path, prefix, played] = process.argv.slice(2) as [string, string, string?]
const config = readConfig(process.env)
const log = openLog({
  level: 'warn',
  environment: {},
  write: (line) => process.stderr.write(line),
  isTerminal: true,
})
const ctx = await openContext({
  config,
  databaseUrl: config.databaseUrl,
  prices: await openMarket(config.market, config),
  clock: systemClock,
  market: async () => {
    throw new Error('reading texts needs no prices')
  },
  say: (line) => log.info(line),
})
// `played`: a worker that was killed is noticed within seconds.
const queues = await openQueues({ address: { path }, prefix, played: played !== undefined })
queues.start(workOf({ ctx, queues, log, metrics: openMetrics(), leftOut: new Map(), played: false }))
