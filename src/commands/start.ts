import { openLog } from '../adapters/log.ts'
import { bookNames, readBook } from '../books.ts'
import { readConfig } from '../config.ts'
import { listingsOf } from '../decision/book-market.ts'
import { ConfigError, InputError } from '../errors.ts'
import type { PriceSource } from '../market/price-source.ts'
import { openMarkets } from '../open-market.ts'
import { openService } from '../service/open-service.ts'
import { closeMostMs, runService } from '../service/run-service.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type StartOptions = { readonly from?: IsoDate; readonly to?: IsoDate; readonly stay?: boolean }
type Played = { readonly from: IsoDate; readonly to: IsoDate }

/**
 * `primer start`: the service, until a signal stops it. With recorded or simulated prices it plays dates back, as fast as
 * the work is done, and ends after the last one unless it is told to stay.
 */
export async function start(options: StartOptions, io: CommandIo): Promise<CommandResult> {
  const config = readConfig(io.environment)
  const log = openLog({
    level: config.logLevel,
    environment: io.environment,
    write: (line) => io.say(line.trimEnd()),
    isTerminal: io.interactive,
  })
  const markets = await openMarkets(config)
  const { prices } = markets
  const played = await datesToPlay(prices, options)
  const stop = new AbortController()
  const stopped = stopsOnSignal(stop, (line) => log.info(line))
  try {
    const opened = await openService({ config, environment: io.environment, markets, log, played })
    const { ctx } = opened.service
    log.info(
      played === null
        ? `started: ${prices.label}, journal ${ctx.journal.url}`
        : `plays ${played.from} to ${played.to} back: ${prices.label}, journal ${ctx.journal.url}`,
    )
    const ran = await runService(opened, played, { stay: options.stay === true, signal: stop.signal })
    const json = { home: config.home, journal: ctx.journal.url, played, runs: ran.runs, ended: ran.because }
    return { json, text: ran.because === 'played' ? `played ${played!.from} to ${played!.to}: ${ran.runs} runs` : '' }
  } finally {
    stopped.forget()
  }
}

/** The first signal closes everything in order; whatever hangs then, the process ends in time. A second one ends it at once. */
function stopsOnSignal(stop: AbortController, say: (line: string) => void): { readonly forget: () => void } {
  const onSignal = (signal: NodeJS.Signals) => {
    if (stop.signal.aborted) process.exit(130)
    say(`${signal}: closing, at most ${(closeMostMs + 500) / 1000} s`)
    setTimeout(() => process.exit(0), closeMostMs + 500).unref()
    stop.abort()
  }
  const signals = ['SIGTERM', 'SIGINT'] as const
  for (const signal of signals) process.on(signal, onSignal)
  return {
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal)
    },
  }
}

async function datesToPlay(prices: PriceSource, { from, to }: StartOptions): Promise<Played | null> {
  if (prices.nature === 'live') {
    if (from === undefined && to === undefined) return null
    throw new InputError(
      `--from and --to play recorded days back, and ${prices.label} is live; use csv:DIR or simulated:SEED`,
    )
  }
  if (from === undefined || to === undefined) {
    throw new ConfigError(
      `MARKET is ${prices.spec}, whose days are played back: name --from and --to, or use MARKET=yahoo`,
    )
  }
  if (from > to) throw new InputError(`--from ${from} lies after --to ${to}`)
  const ranges = []
  for (const name of bookNames('allocator')) ranges.push(await prices.range(listingsOf(readBook(name))))
  const known = ranges.filter((range) => range !== null)
  if (known.length > 0 && !known.some((range) => range.from <= from && to <= range.to)) {
    const has = known.map((range) => `${range.from} to ${range.to}`).join(', ')
    throw new InputError(`${prices.label} cover ${has}, which does not hold ${from} to ${to}`)
  }
  return { from, to }
}
