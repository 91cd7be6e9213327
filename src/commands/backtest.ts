import { solve } from '../adapters/highs.ts'
import { type Simulation, simulate } from '../backtest/simulate.ts'
import { readBook } from '../books.ts'
import { readConfig } from '../config.ts'
import { type BookMarket, listingsOf, openBookMarket } from '../decision/book-market.ts'
import { parsePolicy } from '../decision/policies/parse.ts'
import type { Rebalance } from '../decision/policies/rebalance.ts'
import { InputError } from '../errors.ts'
import { addDays } from '../market/calendar.ts'
import { parseMarketSpec } from '../market/market-spec.ts'
import { firstSessionFrom } from '../market/panel.ts'
import { openMarket } from '../open-market.ts'
import { sumCosts } from '../portfolio/costs.ts'
import { costKinds, type FillCosts } from '../portfolio/holdings.ts'
import type { IsoDate } from '../units.ts'
import { fromCents } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'

export type BacktestOptions = {
  readonly book: string
  readonly policy: string
  readonly from: IsoDate
  readonly to: IsoDate
  readonly market: string
  readonly guardrails?: 'book' | 'none'
  readonly rebalance?: Rebalance
}

/** Days of history before the first session: two years, which the regime and the CVaR control need. */
export const historyDays = 800

/** `primer backtest`: one policy and the book's benchmarks over the same sessions, net of all costs. */
export async function backtest(options: BacktestOptions, io: CommandIo): Promise<CommandResult> {
  if (options.from > options.to) throw new InputError(`--from ${options.from} lies after --to ${options.to}`)
  const config = readConfig(io.environment)
  const book = readBook(options.book)
  const source = await openMarket(parseMarketSpec(options.market), config)
  const range = { from: addDays(options.from, -historyDays), to: options.to }
  const history = await source.history({
    listings: listingsOf(book),
    base: book.currency,
    ...range,
    now: new Date().toISOString(),
  })
  const market = openBookMarket(book, history, range)
  const { first, last } = sessionRange(market, options)
  const policy = parsePolicy(
    options.policy,
    market,
    options.rebalance === undefined ? {} : { rebalance: options.rebalance },
  )
  const guarded = options.guardrails === undefined ? policy.guarded : options.guardrails === 'book'
  const main = await simulate({ market, policy, guarded, first, last, solve })
  const benchmarks: Record<string, Simulation> = {}
  for (const benchmark of market.benchmarks) {
    const control = parsePolicy(benchmark.policy, market, { asBenchmark: true })
    benchmarks[benchmark.policy] = await simulate({ market, policy: control, isBenchmark: true, first, last, solve })
  }
  const json = report({ options, market, main, benchmarks, label: source.label, nature: source.nature, guarded })
  return { json, text: backtestText(json) }
}

function sessionRange(market: BookMarket, options: BacktestOptions): { first: number; last: number } {
  const { sessions } = market.panel
  const first = firstSessionFrom(sessions, options.from)
  const last = sessions.length - 1
  if (first === null || first > last || sessions[last]! < options.from) {
    throw new InputError(
      `the market has no session from ${options.from} to ${options.to}; its prices run from ${sessions[0]} to ${sessions[last]}`,
    )
  }
  return { first, last }
}

type ReportInput = {
  readonly options: BacktestOptions
  readonly market: BookMarket
  readonly main: Simulation
  readonly benchmarks: Readonly<Record<string, Simulation>>
  readonly label: string
  readonly nature: string
  readonly guarded: boolean
}

function report(input: ReportInput) {
  const { options, market, main, benchmarks } = input
  const { book, panel } = market
  const dates = panel.sessions.slice(main.firstSession, main.firstSession + main.equity.length)
  const finalEquity = main.equity.at(-1)!
  const costs = allKinds(main.costs)
  const total = sumCosts(main.costs)
  const lapsed = main.lapsed.map(
    (order) => `${order.kind}: ${order.side} ${order.symbol} (order ${order.orderId}): ${order.because}`,
  )
  return {
    book: book.name,
    policy: options.policy,
    market: options.market,
    from: dates[0]!,
    to: dates.at(-1)!,
    sessions: dates.length,
    currency: book.currency,
    initialCapital: book.initialCash,
    finalEquity,
    netReturn: finalEquity / book.initialCash - 1,
    grossReturn: (finalEquity + total) / book.initialCash - 1,
    costs,
    twiceTheCosts: { finalEquity: finalEquity - total, netReturn: (finalEquity - total) / book.initialCash - 1 },
    turnover: main.turnover,
    guardrails: input.guarded ? 'book' : 'none',
    equity: dates.map((date, t) => [date, main.equity[t]!] as const),
    fills: main.fills.map((fill) => ({
      date: fill.date,
      symbol: fill.symbol,
      quantity: fill.quantity,
      price: fill.price,
      currency: fill.currency,
      rate: fill.rate,
      costs: fill.costs,
      cashChange: fromCents(fill.cashChangeCents),
      order: fill.orderId,
      reason: fill.reason,
      ...(fill.wantedCents !== undefined && { wanted: fromCents(fill.wantedCents) }),
    })),
    dividends: main.dividends.map((credit) => ({
      date: credit.date,
      symbol: credit.symbol,
      amount: fromCents(credit.cashChangeCents),
      quantity: credit.quantity,
      perShare: credit.perShare,
      currency: credit.currency,
      rate: credit.rate,
    })),
    benchmarks: Object.fromEntries(
      Object.entries(benchmarks).map(([name, run]) => [
        name,
        {
          finalEquity: run.equity.at(-1)!,
          netReturn: run.equity.at(-1)! / book.initialCash - 1,
          equity: dates.map((date, t) => [date, run.equity[t]!] as const),
        },
      ]),
    ),
    clamps: countByRule(main),
    lapsed,
    stats: null,
    notes: [
      ...(input.nature === 'simulated'
        ? [`All prices are ${input.label}: they say nothing about any real market.`]
        : []),
      ...market.notes,
      'Dividends are credited before withholding tax.',
      'grossReturn adds all costs back to the final equity, not compounded; twiceTheCosts takes them off once more.',
      'stats are null: this version computes none.',
    ],
  }
}

function allKinds(costs: FillCosts): Record<(typeof costKinds)[number], number> {
  return Object.fromEntries(costKinds.map((kind) => [kind, costs[kind] ?? 0])) as Record<
    (typeof costKinds)[number],
    number
  >
}

function countByRule(run: Simulation): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const clamp of run.clamps) counts[clamp.rule] = (counts[clamp.rule] ?? 0) + 1
  return counts
}

function backtestText(json: ReturnType<typeof report>): string {
  const pct = (fraction: number) => `${fraction >= 0 ? '+' : ''}${(fraction * 100).toFixed(2)} %`
  const money = (amount: number) => `${json.currency} ${amount.toFixed(2)}`
  const costs = Object.entries(json.costs).filter(([, amount]) => amount > 0)
  return [
    `${json.policy} on ${json.book}, ${json.from} to ${json.to} (${json.sessions} sessions), market ${json.market}`,
    `  final equity   ${money(json.finalEquity)}  net ${pct(json.netReturn)}  before costs ${pct(json.grossReturn)}  at twice the costs ${pct(json.twiceTheCosts.netReturn)}`,
    `  costs          ${costs.map(([kind, amount]) => `${kind} ${amount.toFixed(2)}`).join(', ') || 'none'}  (${json.fills.length} fills, turnover ${json.turnover.toFixed(2)})`,
    ...Object.entries(json.benchmarks).map(
      ([name, run]) => `  against        ${name.padEnd(22)} ${money(run.finalEquity)}  ${pct(run.netReturn)}`,
    ),
    ...json.notes.map((note) => `  note           ${note}`),
  ].join('\n')
}
