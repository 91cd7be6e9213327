import { solve } from '../../src/adapters/highs.ts'
import { backtestDocument } from '../../src/backtest/output.ts'
import type { BacktestReport } from '../../src/backtest/report.ts'
import { backtestReport } from '../../src/backtest/report-data.ts'
import { type Simulation, simulate } from '../../src/backtest/simulate.ts'
import { readBook } from '../../src/books.ts'
import { readConfig } from '../../src/config.ts'
import { parsePolicy } from '../../src/decision/policies/parse.ts'
import { parseMarketSpec } from '../../src/market/market-spec.ts'
import { firstSessionFrom } from '../../src/market/panel.ts'
import { readBookMarket } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'

/** The report of a control on the allocator's book, as the command makes it. */
export async function reportOf(options: {
  readonly policy: string
  readonly from: string
  readonly to: string
  readonly market: string
  readonly book?: string
}): Promise<{ readonly report: BacktestReport; readonly document: ReturnType<typeof backtestDocument> }> {
  const book = readBook(options.book ?? 'allocator')
  const source = await openMarket(parseMarketSpec(options.market), readConfig({}))
  const range = { first: options.from, to: options.to }
  const market = await readBookMarket(source, book, range, '2026-01-01T00:00:00.000Z')
  const first = firstSessionFrom(market.panel.sessions, options.from)!
  const last = market.panel.sessions.length - 1
  const benchmarks: Record<string, Simulation> = {}
  for (const { policy } of market.benchmarks) {
    const control = parsePolicy(policy, market, { asBenchmark: true })
    benchmarks[policy] = await simulate({ market, policy: control, isBenchmark: true, first, last, solve })
  }
  const policy = parsePolicy(options.policy, market)
  const cashWeights = new Float64Array(last - first + 1)
  const main = await simulate({
    market,
    policy,
    first,
    last,
    solve,
    keepOrders: true,
    onClose: ({ session, holdings, equity }) => {
      cashWeights[session - first] = holdings.cashCents / 100 / equity
    },
  })
  const run = {
    market,
    main,
    cashWeights,
    benchmarks,
    allocators: null,
    trials: null,
    knowledgeCutoff: null,
    options: {
      policy: options.policy,
      market: options.market,
      guardrails: policy.guarded ? ('book' as const) : ('none' as const),
      simulated: source.nature === 'simulated' ? source.label : null,
    },
  }
  const document = backtestDocument(run)
  return { report: backtestReport(run, document), document }
}
