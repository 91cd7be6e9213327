import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { dueOf } from '../../jobs/steps.ts'
import { openSolverWorker, type SolverWorker } from '../adapters/highs-worker.ts'
import type { Log } from '../adapters/log.ts'
import { openMetrics } from '../adapters/metrics.ts'
import { openQueues, type Queues } from '../adapters/queue.ts'
import { openRedis, type Redis } from '../adapters/redis.ts'
import { bookNames, readBook } from '../books.ts'
import type { Config } from '../config.ts'
import { type Context, simulatedClock, systemClock } from '../context.ts'
import { InputError } from '../errors.ts'
import { openContext, readBookMarket } from '../open-context.ts'
import type { Markets } from '../open-market.ts'
import { redactor } from '../redaction.ts'
import type { IsoDate } from '../units.ts'
import { type OpenChannels, openChannels } from './parts.ts'
import type { Service } from './perform.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Everything open that the running service is made of. */
export type Opened = {
  readonly service: Service
  readonly redis: Redis
  readonly channels: OpenChannels
  readonly solver: SolverWorker
  /** Tells whoever works that the service ends (`Context.stopping`). */
  readonly stop: () => void
}

/** Keys of the queue in Redis: a service of another journal that shares the Redis has others. */
export function prefixOf(config: Config): string {
  const file = /^sqlite:(.+)$/s.exec(config.databaseUrl)?.[1]
  // Two machines may reach one database as different users.
  const url = file === undefined ? new URL(config.databaseUrl) : null
  const journal = url === null ? resolve(file!) : `${url.host}${url.pathname}`
  return `primer-${createHash('sha256').update(journal).digest('hex').slice(0, 12)}`
}

/**
 * Opens what the service needs, in the order in which it may fail: Redis, then the journal. Whatever was opened is closed
 * again when a later part fails.
 *
 * @param played dates that are played back, or null for the live service
 */
export async function openService(input: {
  readonly config: Config
  readonly environment: Environment
  readonly markets: Markets
  readonly log: Log
  readonly played: { readonly from: IsoDate; readonly to: IsoDate } | null
}): Promise<Opened> {
  const { config, environment, markets, log, played } = input
  const say = (line: string) => log.info(line)
  const prefix = prefixOf(config)
  const redis = await openRedis(config, { environment, prefix, say })
  const solver = openSolverWorker()
  const stopping = new AbortController()
  let ctx: Context | undefined
  let queues: Queues | undefined
  try {
    const channels = await openChannels(config, log)
    ctx = await openContext({
      config,
      databaseUrl: config.databaseUrl,
      ...markets,
      clock: played === null ? systemClock : simulatedClock,
      market: remembered(markets, played === null),
      say,
      channels,
      solve: solver.solve,
      stopping: stopping.signal,
    })
    queues = await openQueues({
      address: redis.address,
      prefix,
      played: played !== null,
      redact: redactor(environment),
      onError: quiet(log),
    })
    const metrics = openMetrics()
    const leftOut = await booksLeftOut(ctx, played?.to ?? null, log)
    const service = { ctx, queues, log, metrics, leftOut, played: played !== null }
    return { service, redis, channels, solver, stop: () => stopping.abort() }
  } catch (error) {
    await Promise.allSettled([queues?.close(1000), solver.close(), ctx?.journal.close()])
    await redis.close()
    throw error
  }
}

/** Connections tell of each attempt to come back; once a minute is enough for a reader. */
function quiet(log: Log): (error: Error) => void {
  let toldAt = Number.NEGATIVE_INFINITY
  return (error) => {
    if (performance.now() - toldAt < 60_000) return
    toldAt = performance.now()
    log.debug({ err: error }, 'the queue has lost its connection and comes back by itself')
  }
}

/** Prices of recorded days do not change: what the steps of one day ask for is read once. */
function remembered({ prices, coinPrices }: Markets, isLive: boolean): Context['market'] {
  const recent = new Map<string, ReturnType<Context['market']>>()
  return (book, range) => {
    // Recorded prices of a date are all there at its end.
    const now = () => (isLive ? new Date().toISOString() : dueOf(book).report(range.to))
    const read = () => readBookMarket(book.kind === 'catalyst' ? coinPrices : prices, book, range, now())
    if (isLive) return read()
    const key = JSON.stringify([book.name, range])
    const known = recent.get(key) ?? read()
    recent.delete(key)
    recent.set(key, known)
    known.catch(() => recent.delete(key))
    for (const oldest of recent.keys()) if (recent.size > 6) recent.delete(oldest)
    return known
  }
}

/** Books of which this market has nothing: coins have no price at Yahoo, and funds none on an exchange of coins. */
async function booksLeftOut(ctx: Context, to: IsoDate | null, log: Log): Promise<ReadonlyMap<string, string>> {
  const leftOut = new Map<string, string>()
  for (const name of bookNames()) {
    const because = await cannotTrade(ctx, name, to)
    if (because === null) continue
    leftOut.set(name, because)
    log.warn({ book: name }, `left out: ${because}`)
  }
  if (leftOut.size === bookNames().length) {
    throw new InputError([...leftOut].map(([name, because]) => `the book ${name} cannot be run: ${because}`))
  }
  return leftOut
}

async function cannotTrade(ctx: Context, name: string, to: IsoDate | null): Promise<string | null> {
  const { kind } = ctx.config.market
  const book = readBook(name)
  const isOfCoins = book.kind === 'catalyst'
  if (isOfCoins && kind === 'yahoo') return 'Yahoo has no prices of its coins; MARKET=ccxt:EXCHANGE has'
  if (!isOfCoins && kind === 'ccxt') return 'an exchange of coins has no prices of it; MARKET=yahoo has'
  // A live source that cannot be reached now may be reached when a job asks for it.
  if (to === null || (await ctx.state(name)) !== null) return null
  try {
    await ctx.market(book, { first: to, to })
    return null
  } catch (error) {
    if (error instanceof InputError) return error.faults[0] ?? error.message
    throw error
  }
}
