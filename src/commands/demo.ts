import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { checkSession } from '../../jobs/monitor.ts'
import { bookHash, openBook } from '../../jobs/open-book.ts'
import { rebalance } from '../../jobs/rebalance.ts'
import { reportDue } from '../../jobs/report.ts'
import { dueOf, sessionCloseAt } from '../../jobs/steps.ts'
import { allocate, catchUp } from '../../jobs/trading-day.ts'
import { publishHeadOf } from '../adapters/database/heads.ts'
import { type Config, readConfig } from '../config.ts'
import { type Context, type OpenBook, simulatedClock } from '../context.ts'
import { InputError } from '../errors.ts'
import { makeFolder, makeFreshFolder, writeWhole } from '../files.ts'
import type { Entry } from '../journal/entry.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import type { PriceSource } from '../market/price-source.ts'
import { openContext } from '../open-context.ts'
import { openMarket } from '../open-market.ts'
import { costKinds } from '../portfolio/holdings.ts'
import { postOnTerminal } from '../posts/terminal.ts'
import type { Instant, IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { openPlays, type Play } from './demo-plays.ts'

export type DemoOptions = { readonly sessions: string; readonly market: string; readonly out?: string }

/** `primer demo`: the whole cycle on a simulated clock. A run that was cut off is continued where it stopped. */
export async function demo(options: DemoOptions, io: CommandIo): Promise<CommandResult> {
  const config = readConfig(io.environment)
  const source = await openMarket(parseMarketSpec(options.market), config)
  const { plays, notes: leftOut } = await openPlays(source, options)
  const home = await demoHome(options.out, config, {
    market: options.market,
    from: plays.map(({ market, first }) => market.panel.sessions[first]!).join(' '),
    book: plays.map(({ book }) => bookHash(book)).join(' '),
    decider: config.model === null ? 'control' : `model ${config.model.name}`,
  })
  const ctx = await openContext({
    config,
    home,
    databaseUrl: `sqlite:${join(home, 'journal.db')}`,
    prices: source,
    clock: simulatedClock,
    market: async ({ name }) => plays.find(({ book }) => book.name === name)!.market,
    say: io.say,
  })
  try {
    const notes = [...openingNotes(config, source, plays), ...leftOut]
    for (const note of notes) io.show(note)
    await playSessions(ctx, plays, io)
    await publishHeadOf(home, ctx.journal)
    // Loaded here, so that the first post does not wait for a charting library.
    const { drawCharts } = await import('./demo-charts.ts')
    const charts: string[] = []
    const opens: OpenBook[] = []
    for (const { book } of plays) {
      const open = (await ctx.state(book.name))!
      const closes = await Array.fromAsync(ctx.journal.read({ book: book.name, kinds: ['close'] }))
      const bodies = closes.flatMap((entry) => (entry.kind === 'close' ? [entry.body] : []))
      charts.push(...(await drawCharts(open.opened, bodies, join(home, 'charts'))))
      opens.push(open)
    }
    const json = await summary(ctx, opens, {
      home,
      charts,
      notes: [...notes, ...plays.flatMap(({ market }) => market.notes)],
    })
    return { json, text: closingText(json) }
  } finally {
    await ctx.journal.close()
  }
}

type Parameters = { readonly market: string; readonly from: IsoDate; readonly book: string; readonly decider: string }

/** A fresh folder, or the folder of the same demo begun before. A folder with any other journal is left alone. */
async function demoHome(out: string | undefined, config: Config, parameters: Parameters): Promise<string> {
  if (out === undefined) {
    makeFolder(config.home)
    const home = makeFreshFolder(join(resolve(config.home), 'demo-'))
    await writeMark(home, parameters)
    return home
  }
  if (out.trim() === '') throw new InputError('--out is empty; name a folder, or leave it out for a fresh one')
  const home = resolve(out)
  const mark = join(home, 'demo.json')
  // Asked before the mark, which comes first: another process may be making the same demo at this moment.
  const foreign = ['journal.db', 'heads'].find((name) => existsSync(join(home, name)))
  if (existsSync(mark)) {
    const before = readMark(mark)
    const differing = Object.entries(parameters).filter(([name, value]) => before[name] !== value)
    if (differing.length > 0) {
      throw new InputError(
        differing.map(
          ([name, value]) =>
            `${home} holds a demo with ${name} ${String(before[name])}, and this one has ${value}; choose another --out`,
        ),
      )
    }
    return home
  }
  if (foreign !== undefined) {
    throw new InputError(
      `${home} holds a live record (${foreign}) that no demo wrote; a demo never writes over one, choose another --out`,
    )
  }
  makeFolder(home)
  await writeMark(home, parameters)
  return home
}

async function writeMark(home: string, parameters: Parameters): Promise<void> {
  await writeWhole(join(home, 'demo.json'), `${JSON.stringify(parameters, null, 2)}\n`)
}

function readMark(file: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new InputError(`${file} is not readable JSON; this folder is not a demo's, choose another --out`, { cause })
  }
  if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  throw new InputError(`${file} holds no parameters; this folder is not a demo's, choose another --out`)
}

function openingNotes(config: Config, source: PriceSource, plays: readonly Play[]): string[] {
  const notes: string[] = []
  if (source.nature === 'simulated')
    notes.push(`Prices are simulated (${source.spec}): nothing here says anything about a real market.`)
  if (source.nature === 'recorded') notes.push('Recorded prices, played back on a simulated clock.')
  notes.push(
    config.model === null
      ? 'No model is configured: the cvar control decides. Set OPENAI_API_KEY or OPENAI_BASE_URL to let a model decide.'
      : `The model ${config.model.name} decides. It may know what happened on past dates: only forward results say anything about it.`,
  )
  for (const { book, market, wanted } of plays) {
    const available = market.panel.sessions.length
    if (wanted > available) notes.push(`${wanted} sessions were asked for; the market has ${available}.`)
    if (book.kind === 'catalyst')
      notes.push(`The book ${book.name} is decided by the ${book.policy} policy, an optimizer.`)
  }
  return notes
}

/** The sessions of all books in the order in which they are decided. */
async function playSessions(ctx: Context, plays: readonly Play[], io: CommandIo): Promise<void> {
  const steps: { readonly play: Play; readonly session: number; readonly at: Instant }[] = []
  for (const play of plays) {
    const { book, market, first } = play
    const { sessions } = market.panel
    const open = await openBook(ctx, book, market, sessions[first]!, dueOf(book).fill(sessions[first]!))
    const booked = open.state.lastSession
    const begin = booked === null ? first : market.panel.indexOf.get(booked)!
    for (let session = begin; session < sessions.length; session++) {
      steps.push({ play, session, at: dueOf(book).decision(sessions[session]!) })
    }
  }
  steps.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
  let shown = (await ctx.journal.head())!.seq
  for (const [index, { play, session }] of steps.entries()) {
    await playSession(ctx, play, session)
    shown = await showPosts(ctx, play.book.name, shown, io)
    if (io.interactive)
      process.stderr.write(`\r${play.market.panel.sessions[session]}  session ${index + 1} of ${steps.length}  `)
  }
  if (io.interactive) process.stderr.write('\n')
}

async function playSession(ctx: Context, { book, market }: Play, session: number): Promise<void> {
  const before = (await ctx.state(book.name))!
  if (book.kind === 'catalyst') {
    await rebalance(ctx, market, before, session)
    return
  }
  const open = await catchUp(ctx, market, before, session)
  await checkSession(ctx, market, open, session, sessionCloseAt(market.panel, session))
  const after = await allocate(ctx, market, (await ctx.state(book.name))!, session)
  await reportDue(ctx, market, after, market.panel.sessions[session]!)
}

async function showPosts(ctx: Context, book: string, after: number, io: CommandIo): Promise<number> {
  let last = after
  for await (const entry of ctx.journal.read({ book, kinds: ['post'], fromSeq: after + 1 })) {
    last = entry.seq
    if (entry.kind === 'post') io.show(`\n${entry.at.slice(0, 10)}  ${postOnTerminal(entry.body)}`)
  }
  return last
}

type Summary = Awaited<ReturnType<typeof summary>>

async function summary(
  ctx: Context,
  opens: readonly OpenBook[],
  made: { readonly home: string; readonly charts: readonly string[]; readonly notes: readonly string[] },
) {
  const posts: { book: string; date: string; purpose: string; x: readonly string[]; discord: unknown }[] = []
  for (const { opened } of opens) {
    for await (const entry of ctx.journal.read({ book: opened.book, kinds: ['post'] })) {
      if (entry.kind !== 'post') continue
      const { purpose, x, discord } = (entry as Entry<'post'>).body
      posts.push({ book: opened.book, date: entry.at.slice(0, 10), purpose, x, discord })
    }
  }
  return {
    home: made.home,
    journal: join(made.home, 'journal.db'),
    books: opens.map(({ opened, state }) => {
      const close = state.lastClose!.body
      return {
        book: opened.book,
        policy: opened.body.policy,
        decider: opened.body.decider,
        sessions: state.closes.length,
        from: state.closes[0]!.date,
        to: close.date,
        currency: opened.body.currency,
        equity: close.equity,
        netReturn: close.standing.netReturn,
        costs: Object.fromEntries(costKinds.map((kind) => [kind, state.costs[kind] ?? 0])),
        benchmarks: Object.fromEntries(
          close.standing.benchmarks.map((benchmark) => [benchmark.policy, benchmark.netReturn]),
        ),
        fills: state.fills.length,
        verdict: close.standing.verdict.text,
      }
    }),
    posts,
    charts: made.charts,
    notes: made.notes,
  }
}

function closingText(json: Summary): string {
  const pct = (fraction: number) => `${fraction >= 0 ? '+' : ''}${(fraction * 100).toFixed(2)} %`
  const lines = ['']
  for (const book of json.books) {
    const costs = Object.values(book.costs).reduce((sum, amount) => sum + amount, 0)
    lines.push(
      `${book.book}: ${book.sessions} ${book.sessions === 1 ? 'session' : 'sessions'}, ${book.from} to ${book.to}, decided by ${book.decider === 'control' ? `the ${book.policy} control (no model)` : 'the model'}`,
      `  equity ${book.currency} ${book.equity.toFixed(2)}, net ${pct(book.netReturn)}, after ${book.currency} ${costs.toFixed(2)} of costs in ${book.fills} fills`,
      ...Object.entries(book.benchmarks).map(([name, netReturn]) => `  against ${name.padEnd(22)} ${pct(netReturn)}`),
      `  ${book.verdict}`,
    )
  }
  lines.push('', ...json.notes.map((note) => `Note: ${note}`), '', 'What to look at next:')
  for (const chart of json.charts) lines.push(`  ${chart}`)
  const home = json.home.includes(' ') ? JSON.stringify(json.home) : json.home
  lines.push(
    `  npx primer journal verify --home ${home}     check every entry of the journal`,
    `  npx primer replay --home ${home}             rebuild the holdings from it, to the cent`,
    `  npx primer journal show --kind decision --home ${home}`,
  )
  return lines.join('\n')
}
