import { accessSync, constants, existsSync, statfsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { openJournal } from '../adapters/database/journal.ts'
import { bookNames, readBook } from '../books.ts'
import { type Config, readConfig } from '../config.ts'
import { addDays } from '../market/calendar.ts'
import { listingsOn, rangeOf } from '../open-context.ts'
import { openMarket } from '../open-market.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { checkDiscord } from './doctor/doctor-discord.ts'
import { checkRedis } from './doctor/doctor-redis.ts'
import { checkX } from './doctor/doctor-x.ts'
import type { Finding } from './doctor/finding.ts'

/** `primer doctor`: each integration in turn; nothing is written and nothing is posted. Exit code 1 when something fails. */
export async function doctor(io: CommandIo): Promise<CommandResult> {
  const config = readConfig(io.environment)
  const findings: Finding[] = [
    { check: 'node', state: 'ok', detail: `Node ${process.versions.node}` },
    ...config.warnings.map((detail) => ({ check: 'settings', state: 'missing', detail }) as const),
    ...bookNames().map((name) => checkBook(name)),
    await checkMarket(config, 'market', config.market, bookNames()),
    ...(await checkCoins(config)),
    await checkModel(config),
    await checkJournal(config),
    checkDisk(config),
    await checkRedis(config, io.environment),
    ...(await checkDiscord(config)),
    ...(await checkX(config)),
  ]
  const failing = findings.filter((finding) => finding.state === 'failing')
  const text = findings.map(({ check, state, detail }) => `${state.padEnd(8)} ${check.padEnd(10)} ${detail}`).join('\n')
  return { json: { ok: failing.length === 0, findings }, text, exitCode: failing.length === 0 ? 0 : 1 }
}

function checkBook(name: string): Finding {
  try {
    const book = readBook(name)
    return {
      check: 'book',
      state: 'ok',
      detail: `${name}: ${book.kind === 'allocator' ? `${book.instruments.length} instruments` : `coins against ${book.universe.quote}`}, ${book.currency} ${book.initialCash}`,
    }
  } catch (error) {
    return { check: 'book', state: 'failing', detail: (error as Error).message }
  }
}

/** Where the books of coins trade, when that is another place than the other books'. */
async function checkCoins(config: Config): Promise<Finding[]> {
  const check = 'coins'
  const books = bookNames('catalyst')
  if (books.length === 0) return []
  if (config.coinMarket !== config.market) return [await checkMarket(config, check, config.coinMarket, books)]
  if (config.market.kind !== 'yahoo') return []
  const detail = `no market of coins, so ${books.join(' and ')} rests; set COIN_MARKET, for example to ccxt:gate`
  return [{ check, state: 'preview', detail }]
}

async function checkMarket(
  config: Config,
  check: string,
  spec: Config['market'],
  books: readonly string[],
): Promise<Finding> {
  try {
    const source = await openMarket(spec, config)
    const now = new Date().toISOString()
    const today = now.slice(0, 10)
    let because = 'it has no prices of any book'
    for (const book of books.map((name) => readBook(name))) {
      // An exchange trades coins, and the other live source none.
      if (source.nature === 'live' && (source.pairs !== undefined) !== (book.kind === 'catalyst')) continue
      const range = await rangeOf(source, book)
      // A simulation goes on past today, and what lies there is not known yet.
      const to = range === null || range.to > today ? today : range.to
      const [first] = await listingsOn(source, book)
      if (first === undefined) continue
      const history = await source.history({ listings: [first], base: first.currency, from: addDays(to, -10), to, now })
      const bars = history.histories[0]?.bars ?? []
      if (bars.length > 0)
        return { check, state: 'ok', detail: `${source.spec}: ${first.symbol} to ${bars.at(-1)!.date}` }
      because = `no bar of ${first.symbol} in the ten days to ${to}; ${history.absent[0]?.because ?? 'check the symbol'}`
    }
    return { check, state: 'failing', detail: `${source.spec}: ${because}` }
  } catch (error) {
    return { check, state: 'failing', detail: (error as Error).message }
  }
}

async function checkModel(config: Config): Promise<Finding> {
  const check = 'model'
  if (config.model === null) {
    return {
      check,
      state: 'preview',
      detail: 'none configured: the cvar control decides; set OPENAI_API_KEY, or OPENAI_BASE_URL for a local server',
    }
  }
  const { default: OpenAI } = await import('openai')
  const client = new OpenAI({
    baseURL: config.model.baseUrl,
    apiKey: config.model.apiKey ?? 'none',
    maxRetries: 0,
    timeout: 10_000,
    logLevel: 'off',
  })
  try {
    const models = await client.models.list()
    const listed = models.data.some((model) => model.id === config.model!.name)
    return {
      check,
      state: 'ok',
      detail: `${config.model.name} ${listed ? 'is offered' : 'is not in the list the server gives; it may still answer'}; USD ${config.model.dailyBudgetUsd} a day`,
    }
  } catch (error) {
    const status = (error as { status?: number }).status
    const how =
      status === 401 || status === 403
        ? 'the key is refused: check OPENAI_API_KEY'
        : status === 404
          ? 'the server answers but lists no models; it may still work'
          : 'the server cannot be reached: check OPENAI_BASE_URL and that it runs'
    return {
      check,
      state: status === 404 ? 'ok' : 'failing',
      detail: `${how}${status === undefined ? '' : ` (HTTP ${status})`}`,
    }
  }
}

async function checkJournal(config: Config): Promise<Finding> {
  const check = 'journal'
  if (config.databaseUrl.startsWith('sqlite:') && !existsSync(config.databaseUrl.slice('sqlite:'.length))) {
    return { check, state: 'ok', detail: `none yet; the first run makes it in ${config.home}` }
  }
  try {
    const journal = await openJournal(config.databaseUrl, { readOnly: true })
    try {
      const head = await journal.head()
      return {
        check,
        state: 'ok',
        detail: head === null ? 'empty' : `chain sound, ${head.seq} entries, head ${head.hash.slice(0, 16)}`,
      }
    } finally {
      await journal.close()
    }
  } catch (error) {
    return { check, state: 'failing', detail: (error as Error).message }
  }
}

function checkDisk(config: Config): Finding {
  let folder = resolve(config.home)
  while (!existsSync(folder)) folder = dirname(folder)
  try {
    accessSync(folder, constants.W_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { check: 'disk', state: 'failing', detail: `${folder} cannot be written to (${code}); check PRIMER_HOME` }
  }
  const { bavail, bsize } = statfsSync(folder)
  const free = (bavail * bsize) / 1e9
  return free > 0.2
    ? { check: 'disk', state: 'ok', detail: `${free.toFixed(1)} GB free for ${config.home}` }
    : {
        check: 'disk',
        state: 'failing',
        detail: `only ${(free * 1000).toFixed(0)} MB free for ${config.home}; make room`,
      }
}
