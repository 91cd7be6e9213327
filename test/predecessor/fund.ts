import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { checkSession } from '../../jobs/monitor.ts'
import { readBook } from '../../src/books.ts'
import { type BacktestOptions, backtest } from '../../src/commands/backtest.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { replayBook } from '../../src/commands/replay.ts'
import { run } from '../../src/commands/run.ts'
import { readConfig } from '../../src/config.ts'
import { type Context, simulatedClock } from '../../src/context.ts'
import type { Action } from '../../src/decision/decision.ts'
import type { CloseEntry, DecisionEntry, Entry, EntryBodies, EntryKind } from '../../src/journal/entry.ts'
import type { PriceSource } from '../../src/market/price-source.ts'
import { openContext, readBookMarket } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'
import { type ModelServer, type Reply, replies, startModelServer } from '../support/model-server.ts'
import { type Prices, writePrices } from './prices.ts'

type Wish = Omit<Action, 'reason'> & { readonly reason?: string }
export type Posted = EntryBodies['post']

/**
 * The program as its user has it: a folder of prices, a state folder, a model on 127.0.0.1 that answers what the test
 * says, and the commands, one trade date after another. What happened is read from the journal's file by plain SQL.
 */
export type Fund = {
  readonly home: string
  readonly market: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly server: ModelServer
  /** What the commands said on stderr. */
  readonly said: readonly string[]
  /** What the model will answer from now on. */
  readonly next: (...actions: readonly Wish[]) => void
  /** The same user with another state folder beside the first, and other settings where given. */
  readonly elsewhere: (name: string, changed?: Readonly<Record<string, string>>) => Fund
  /** `primer run allocate --date DATE` with a model that answers these actions. */
  readonly decide: (date: string, ...actions: readonly Wish[]) => Promise<void>
  /** The same with the server's reply as given. */
  readonly answered: (date: string, reply: Reply) => Promise<void>
  readonly job: (job: string, date: string) => Promise<{ text: string; json: unknown }>
  readonly entries: <K extends EntryKind>(kind: K) => readonly Entry<K>[]
  readonly decision: (date: string) => DecisionEntry
  readonly close: (date: string) => CloseEntry
  /** Every fill so far, oldest first. */
  readonly fills: () => readonly EntryBodies['session']['events']['fills'][number][]
  readonly posts: (purpose: Posted['purpose']) => readonly Posted[]
  /** What is held according to `primer replay`. */
  readonly replayed: () => Promise<Replayed>
  /** One run of the monitor at a moment of a session that is under way, with these prices on the screen. */
  readonly watch: (at: string, quotes: Readonly<Record<string, number | Seen>>) => Promise<void>
}
export type Seen = { readonly price: number; readonly at: string }
export type Replayed = {
  readonly ok: boolean
  readonly date: string
  readonly cash: number
  readonly equity: number
  readonly positions: readonly { symbol: string; quantity: number; openedOn: string }[]
  readonly pending: readonly { symbol: string; side: string }[]
}

export async function withFund(prices: Prices, body: (fund: Fund) => Promise<void>): Promise<void> {
  let reply: Reply = replies.decision()
  const server = await startModelServer({ script: () => reply })
  try {
    await withFolder(async (folder) => {
      const market = writePrices(join(folder, 'prices'), prices)
      const environment = { MARKET: `csv:${market}`, PRIMER_HOME: join(folder, 'home'), OPENAI_BASE_URL: server.url }
      await body(
        fundIn(environment, server, (next) => {
          reply = next
        }),
      )
    })
  } finally {
    await server.close()
  }
}

/** The same without a model: the control decides. */
export async function withControlledFund(prices: Prices, body: (fund: Fund) => Promise<void>): Promise<void> {
  await withFund(prices, (fund) =>
    body(fundIn({ ...fund.environment, OPENAI_BASE_URL: undefined }, fund.server, () => {})),
  )
}

function fundIn(environment: Fund['environment'], server: ModelServer, next: (reply: Reply) => void): Fund {
  const said: string[] = []
  const io = ioOf(environment, said)
  const home = environment.PRIMER_HOME!
  const market = environment.MARKET!.slice('csv:'.length)
  const job: Fund['job'] = (name, date) => run(name, { date, book: 'allocator' }, io)
  const entries: Fund['entries'] = (kind) => readEntries(join(home, 'journal.db'), kind)
  const decision = (actions: readonly Wish[]) =>
    replies.decision(...actions.map((action) => ({ reason: 'As the test says.', ...action })))
  const answered: Fund['answered'] = async (date, reply) => {
    next(reply)
    await job('allocate', date)
  }
  return {
    home,
    market,
    environment,
    server,
    said,
    job,
    entries,
    answered,
    next: (...actions) => next(decision(actions)),
    elsewhere: (name, changed = {}) =>
      fundIn({ ...environment, PRIMER_HOME: join(home, '..', name), ...changed }, server, next),
    decide: (date, ...actions) => answered(date, decision(actions)),
    decision: (date) => found(entries('decision'), date),
    close: (date) => found(entries('close'), date),
    fills: () => entries('session').flatMap(({ body }) => body.events.fills),
    posts: (purpose) => entries('post').flatMap(({ body }) => (body.purpose === purpose ? [body] : [])),
    replayed: async () => {
      const { json } = await replayBook({ book: 'allocator', databaseUrl: `sqlite:${join(home, 'journal.db')}` }, io)
      return json as Replayed
    },
    watch: (at, quotes) => watch(environment, at, quotes),
  }
}

function found<B extends { readonly date: string }>(entries: readonly { readonly body: B }[], date: string): B {
  const entry = entries.find(({ body }) => body.date === date)
  if (entry === undefined) throw new Error(`nothing recorded for ${date}`)
  return entry.body
}

function readEntries<K extends EntryKind>(file: string, kind: K): Entry<K>[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare('SELECT * FROM entries WHERE kind = ? ORDER BY seq').all(kind)
    return rows.map((row) => ({ ...row, body: JSON.parse(String(row.body)) }) as unknown as Entry<K>)
  } finally {
    database.close()
  }
}

export function ioOf(environment: CommandIo['environment'], said: string[] = []): CommandIo {
  return {
    environment,
    readStdin: async () => '',
    say: (line) => said.push(line),
    show: () => {},
    interactive: false,
  }
}

/**
 * Everything a job needs, as the service opens it: for moments and prices that a command does not let a user choose.
 *
 * @param how pricesAt: the moment up to which prices are known. now: the clock; recorded time unless given
 */
export async function withContext<T>(
  environment: Fund['environment'],
  how: { readonly pricesAt: string; readonly now?: string; readonly quotes?: PriceSource['quotes'] },
  body: (ctx: Context) => Promise<T>,
): Promise<T> {
  const config = readConfig(environment)
  const recorded = await openMarket(config.market, config)
  const prices = { ...recorded, ...(how.quotes !== undefined && { quotes: how.quotes }) }
  const { now } = how
  const ctx = await openContext({
    config,
    databaseUrl: config.databaseUrl,
    prices,
    clock: now === undefined ? simulatedClock : { kind: 'system', now: () => now },
    market: (book, range) => readBookMarket(prices, book, range, how.pricesAt),
    say: () => {},
  })
  try {
    return await body(ctx)
  } finally {
    await ctx.journal.close()
  }
}

/**
 * The monitor as the service calls it during a session: today has no bar yet, prices are quotes. A plain number is a quote
 * of that moment.
 */
async function watch(environment: Fund['environment'], at: string, seen: Readonly<Record<string, number | Seen>>) {
  const quotes: PriceSource['quotes'] = async (listings) =>
    listings.flatMap(({ symbol, currency }) => {
      const quote = seen[symbol]
      if (quote === undefined) return []
      return [{ symbol, currency, ...(typeof quote === 'number' ? { price: quote, at } : quote) }]
    })
  await withContext(environment, { pricesAt: at, now: at, quotes }, async (ctx) => {
    const date = at.slice(0, 10)
    const open = (await ctx.state('allocator'))!
    const market = await ctx.market(readBook('allocator'), { first: open.state.lastSession!, to: date, through: date })
    await checkSession(ctx, market, open, market.panel.indexOf.get(date)!, at)
  })
}

export async function withFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'primer-predecessor-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** SHA-256 of every file below a folder, so that a test can say that nothing was touched. */
export function bytesOf(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort()
  return Object.fromEntries(
    files.map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(folder, name)))
        .digest('hex'),
    ]),
  )
}

export type Backtested = {
  readonly finalEquity: number
  readonly sessions: number
  readonly costs: Readonly<Record<string, number>>
  readonly equity: readonly (readonly [string, number])[]
  readonly fills: readonly {
    readonly date: string
    readonly symbol: string
    readonly quantity: number
    readonly price: number
    readonly currency: string
    readonly rate: number
    readonly costs: Readonly<Record<string, number>>
    readonly cashChange: number
    readonly order: string
    readonly reason: string
  }[]
  readonly dividends: readonly { readonly date: string; readonly symbol: string; readonly amount: number }[]
  readonly benchmarks: Readonly<Record<string, { finalEquity: number; equity: readonly (readonly [string, number])[] }>>
  readonly notes: readonly string[]
}

/** `primer backtest --json` over a folder of prices. */
export async function backtested(
  options: Omit<BacktestOptions, 'book'> & { readonly book?: string },
): Promise<Backtested> {
  const { json } = await backtest({ book: 'allocator', ...options }, ioOf({}))
  return JSON.parse(JSON.stringify(json)) as Backtested
}

/** Everything a post says, on both channels, as one text. */
export function wordsOf(post: Posted): string {
  return [...post.x, JSON.stringify(post.discord)].join('\n')
}
