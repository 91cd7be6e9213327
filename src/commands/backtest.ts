import { readTrials, recordTrial, trialHash, trialsOf, withRegistry } from '../../jobs/trials.ts'
import { solve } from '../adapters/highs.ts'
import type { Opponent } from '../backtest/memory.ts'
import { type BacktestDocument, type BacktestRun, backtestDocument } from '../backtest/output.ts'
import { randomAllocators, ticketsOf } from '../backtest/random-allocators.ts'
import type { Reasoning } from '../backtest/reasoning.ts'
import { backtestReport } from '../backtest/report-data.ts'
import { signalsDocument } from '../backtest/signals-output.ts'
import { type Simulation, simulate } from '../backtest/simulate.ts'
import { readBook } from '../books.ts'
import { type Config, readConfig } from '../config.ts'
import type { Benchmark, BookMarket } from '../decision/book-market.ts'
import { modelOpponents } from '../decision/policies/model.ts'
import { parsePolicy } from '../decision/policies/parse.ts'
import type { Rebalance } from '../decision/policies/rebalance.ts'
import { InputError } from '../errors.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import { firstSessionFrom } from '../market/panel.ts'
import type { PriceSource } from '../market/price-source.ts'
import { askedAt, readBookMarket } from '../open-context.ts'
import { openMarket } from '../open-market.ts'
import type { Trials } from '../statistics/deflated-sharpe.ts'
import { simpleReturns } from '../statistics/evidence.ts'
import { moments } from '../statistics/moments.ts'
import type { IsoDate } from '../units.ts'
import { type AnswerStability, repetitionOn, withStability } from './answer-stability.ts'
import { type ModelInBacktest, openModelForBacktest } from './backtest-model.ts'
import { signalsOf, signalTrial, type Tried } from './backtest-signals.ts'
import { backtestText } from './backtest-text.ts'
import type { CommandIo, CommandResult } from './command.ts'
import type { SignalSet } from './stored-signals.ts'
import { keepYoungGeneration } from './young-generation.ts'

export type BacktestOptions = {
  readonly book: string
  readonly policy: string
  readonly from: IsoDate
  readonly to: IsoDate
  readonly market: string
  readonly guardrails?: 'book' | 'none'
  readonly rebalance?: Rebalance
  readonly report?: string
  /** Policy `model` only: runs a second time with names, dates and price levels hidden, and shows the gap. */
  readonly masked?: boolean
  readonly knowledgeCutoff?: IsoDate
  readonly randomAllocators?: number
  /** Policy `model` only: how often the same question is put on up to 20 dates, to see whether the answers agree. */
  readonly repeat?: number
}

/** `primer backtest`: one policy and the book's benchmarks over the same sessions, net of all costs. */
export async function backtest(options: BacktestOptions, io: CommandIo): Promise<CommandResult> {
  keepYoungGeneration()
  refuseOptions(options)
  const config = readConfig(io.environment)
  const book = readBook(options.book)
  const signals = await signalsOf(options.policy, config)
  const source = await openMarket(parseMarketSpec(options.market), config)
  const market = await readBookMarket(
    source,
    book,
    { first: options.from, to: options.to },
    askedAt(source, options.to),
  )
  const range = sessionRange(market, options)
  const run = { options, config, source, market, signals, ...range, io }
  const benchmarks = await runBenchmarks(run)
  const plain = await runPolicy(run, benchmarks, false)
  const json = withStability(plain.document, plain.stability)
  const masked = options.masked === true ? (await runPolicy(run, benchmarks, true)).document : null
  const shown = signals === null ? undefined : signalsDocument(market, signals, range.last)
  const document = {
    ...json,
    ...(masked !== null && {
      masked: {
        finalEquity: masked.finalEquity,
        netReturn: masked.netReturn,
        gap: json.netReturn - masked.netReturn,
        equity: masked.equity,
      },
    }),
    ...(plain.asked !== null && { asked: plain.asked }),
    ...(shown !== undefined && { signals: shown, notes: [...json.notes, ...shown.notes] }),
  }
  if (options.report !== undefined) {
    const { writeBacktestReport } = await import('./report-files.ts')
    const report = backtestReport(plain.run, json, {
      reasoning: plain.reasoning,
      ...(document.masked !== undefined && { masked: document.masked }),
      ...(shown !== undefined && { signals: shown }),
    })
    for (const file of await writeBacktestReport(options.report, report, json)) io.say(`wrote ${file}`)
  }
  return { json: document, text: backtestText(document) }
}

function refuseOptions(options: BacktestOptions): void {
  const faults: string[] = []
  if (options.from > options.to) faults.push(`--from ${options.from} lies after --to ${options.to}`)
  if (options.repeat !== undefined && !(options.repeat >= 2 && options.repeat <= 20))
    faults.push(`--repeat must be from 2 to 20, got ${options.repeat}`)
  if (options.policy !== 'model') {
    if (options.masked === true) faults.push('--masked hides names from a model: it goes with --policy model')
    if (options.repeat !== undefined)
      faults.push('--repeat puts a question to a model again: it goes with --policy model')
    if (options.knowledgeCutoff !== undefined)
      faults.push('--knowledge-cutoff is that of a model: it goes with --policy model')
  }
  if (faults.length > 0) throw new InputError(faults)
}

type Run = {
  readonly options: BacktestOptions
  readonly config: Config
  readonly source: PriceSource
  readonly market: BookMarket
  /** What the policy `signals` acts on; null for any other. */
  readonly signals: SignalSet | null
  readonly first: number
  readonly last: number
  readonly io: CommandIo
}

function sessionRange(market: BookMarket, options: BacktestOptions): { first: number; last: number } {
  const { sessions } = market.panel
  const first = firstSessionFrom(sessions, options.from)
  const last = sessions.length - 1
  if (first === null) {
    throw new InputError(
      `the market has no session from ${options.from} to ${options.to}; its prices run from ${sessions[0]} to ${sessions[last]}`,
    )
  }
  return { first, last }
}

async function runBenchmarks({ options, market, first, last }: Run): Promise<Record<string, Simulation>> {
  const benchmarks: Record<string, Simulation> = {}
  for (const { policy } of benchmarksOf(options, market)) {
    const control = parsePolicy(policy, market, { asBenchmark: true })
    benchmarks[policy] = await simulate({ market, policy: control, isBenchmark: true, first, last, solve })
  }
  return benchmarks
}

type Ran = {
  readonly document: BacktestDocument
  readonly run: BacktestRun
  /** A model's own words by decision date. */
  readonly reasoning: readonly Reasoning[]
  readonly asked: ReturnType<ModelInBacktest['asked']> | null
  readonly stability: AnswerStability | null
}

async function runPolicy(run: Run, benchmarks: Readonly<Record<string, Simulation>>, masked: boolean): Promise<Ran> {
  const { options, market, first, last, source } = run
  const policy = parsePolicy(options.policy, market, {
    ...(options.rebalance !== undefined && { rebalance: options.rebalance }),
    ...(run.signals !== null && { signals: run.signals.signals }),
  })
  const guarded = options.guardrails === undefined ? policy.guarded : options.guardrails === 'book'
  const model =
    policy.remembers === true
      ? await openModelForBacktest(run.config, {
          masked,
          symbols: market.book.instruments.map(({ symbol }) => symbol),
          ...(options.repeat !== undefined &&
            !masked && { repeat: repetitionOn(market.panel.sessions.slice(first, last + 1), options.repeat) }),
        })
      : null
  const count = options.randomAllocators ?? (model === null && run.signals === null ? 0 : 1000)
  const held = new Map<string, number>()
  const reasoning: Reasoning[] = []
  const cashWeights = new Float64Array(last - first + 1)
  const main = await simulate({
    market,
    policy,
    guarded,
    first,
    last,
    solve,
    // For random allocators and the report; otherwise they would only take room.
    keepOrders: count > 0 || options.report !== undefined,
    ...(model !== null && {
      ask: {
        reply: listening(progress(run, model), reasoning),
        marketLabel: source.label,
        opponents: opponentsOf(options, market, benchmarks),
      },
    }),
    onClose: ({ session, holdings, equity }) => {
      cashWeights[session - first] = holdings.cashCents / 100 / equity
      if (count > 0) for (const { symbol, quantity } of holdings.positions) held.set(`${symbol} ${session}`, quantity)
    },
  })
  const tickets =
    count === 0 ? [] : ticketsOf(market, main.orders, main, (symbol, session) => held.get(`${symbol} ${session}`) ?? 0)
  const allocators =
    tickets.length === 0
      ? null
      : randomAllocators({ market, tickets, first, last, finalEquity: main.equity.at(-1)!, count, seed: '1' })
  const what = model === null ? signalTrial(run.signals, market) : modelTrial(options, model)
  const trials = what === null ? null : await registerTrial(run, what, main)
  const ran: BacktestRun = {
    market,
    main,
    cashWeights,
    benchmarks,
    allocators,
    trials,
    knowledgeCutoff: options.knowledgeCutoff ?? null,
    options: {
      policy: options.policy,
      market: options.market,
      guardrails: guarded ? 'book' : 'none',
      simulated: source.nature === 'simulated' ? source.label : null,
      ...(options.rebalance !== undefined &&
        !['cvar', 'equal-weight'].includes(options.policy) && {
          ignored: `--rebalance ${options.rebalance} has no effect: only cvar and equal-weight decide at intervals.`,
        }),
    },
  }
  return {
    document: backtestDocument(ran),
    run: ran,
    reasoning,
    asked: model?.asked() ?? null,
    stability: model?.stability() ?? null,
  }
}

/** Keeps what the model says of its decisions, for the report. */
function listening(reply: ModelInBacktest['reply'], reasoning: Reasoning[]): ModelInBacktest['reply'] {
  return async (snapshot) => {
    const said = await reply(snapshot)
    if (said.kind === 'answer') {
      reasoning.push({
        date: snapshot.date,
        text: [said.summary, ...said.actions.map(({ reason }) => reason)].join(' '),
      })
    }
    return said
  }
}

function progress({ io }: Run, model: ModelInBacktest): ModelInBacktest['reply'] {
  if (!io.interactive) return model.reply
  return async (snapshot) => {
    const reply = await model.reply(snapshot)
    const { calls, fromCache, costUsd } = model.asked()
    io.say(`${snapshot.date}: ${calls} calls, ${fromCache} from the cache, USD ${costUsd.toFixed(2)}`)
    return reply
  }
}

/** The book's benchmarks; a model is measured against two controls more, as its live book is. */
function benchmarksOf({ policy }: BacktestOptions, market: BookMarket): readonly Benchmark[] {
  return policy === 'model' ? [...market.benchmarks, ...modelOpponents] : market.benchmarks
}

function opponentsOf(
  options: BacktestOptions,
  market: BookMarket,
  benchmarks: Readonly<Record<string, Simulation>>,
): readonly Opponent[] {
  return benchmarksOf(options, market).map((benchmark) => ({
    ...benchmark,
    equity: benchmarks[benchmark.policy]!.equity,
  }))
}

function modelTrial(options: BacktestOptions, model: ModelInBacktest): Tried {
  return {
    policy: options.policy,
    model: model.model,
    promptSha256: model.promptSha256,
    parameters: { ...model.parameters, guardrails: options.guardrails ?? 'book' },
  }
}

/** Writes the trial into the journal's registry, once, and reads how many there are. */
async function registerTrial(run: Run, what: Tried, main: Simulation): Promise<Trials | null> {
  const { options, config, market, first, last } = run
  const returns = simpleReturns([...main.equity])
  const { mean, deviation } = moments(returns)
  return withRegistry(config, async (journal) => {
    await recordTrial(journal, market.book.name, new Date().toISOString(), {
      trial: trialHash(what),
      ...what,
      market: options.market,
      from: market.panel.sessions[first]!,
      to: market.panel.sessions[last]!,
      returns: returns.length,
      sharpePerPeriod: deviation > 0 ? mean / deviation : null,
    })
    return trialsOf(await readTrials(journal, market.book.name))
  })
}
