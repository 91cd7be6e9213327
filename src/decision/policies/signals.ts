import type { CatalystBook } from '../../catalysts/catalyst-book.ts'
import { type Expectation, type Forecasts, forecastsOf } from '../../catalysts/expected-return.ts'
import { assetName } from '../../catalysts/extraction.ts'
import { aged } from '../../catalysts/features.ts'
import { type CatalystKind, defaultKindSettings } from '../../catalysts/kinds.ts'
import type { StoredSignal } from '../../catalysts/stored-signal.ts'
import { InputError } from '../../errors.ts'
import { closeAt, firstFillable } from '../../market/calendar.ts'
import { parseProblem } from '../../optimizer/problem.ts'
import type { Solution } from '../../optimizer/solution.ts'
import { type FillLiquidity, impactFactor, liquidityAtClose } from '../../portfolio/coin-costs.ts'
import { floorToStep } from '../../portfolio/costs.ts'
import { unitValue } from '../../portfolio/valuation.ts'
import { type BookMarket, heldSymbol, membersAt } from '../book-market.ts'
import type { CoinMarket } from '../catalyst-market.ts'
import type { Policy, Request, Settled, View, Wish } from '../policy.ts'

/** Sessions of returns that the risk of a portfolio is read from, and fewest that a coin must have of them. */
const riskSessions = 252
const fewestReturns = 60

/**
 * Text into a portfolio: expected returns over the book's horizon from what each kind of catalyst has shown so far, then the
 * greatest expected return after costs (fee, half-spread, impact) that the book's limits on weight, CVaR, turnover, cash and traded
 * volume allow. What nothing more is expected of is sold, the largest first, within the turnover. Where no kind has shown anything, the book stays in cash.
 *
 * Costs are spread over the horizon of the kind that speaks: a trade that is meant to last four times the optimizer's horizon
 * bears a quarter of its way in and out in it.
 *
 * @param signals known or not: each enters at the first decision whose data end after it was known
 * @throws InputError for a book that trades no coins
 */
export function signalsPolicy(market: BookMarket, signals: readonly StoredSignal[], name = 'signals'): Policy {
  const { coins } = market
  if (coins === undefined) throw new InputError(`the policy ${name} trades coins: use it with a catalyst book`)
  const forecasts = forecastsOn(market, coins, signals)
  const { horizonDays } = coins.book.signals
  return {
    name,
    guarded: true,
    prepare: (view) => {
      const said = forecasts.expectation(view.session, horizonDays)
      const index = new Map(market.tradable.map(({ symbol }, at) => [symbol, at]))
      const plan = planOf(view, coins, said, index)
      if (plan.buyable.length === 0) return exitsOnly(view, plan, evidenceOf(forecasts, view.session))
      return askSolver(view, coins, plan, evidenceOf(forecasts, view.session))
    },
  }
}

/** What the signals say on a market of coins, for the policy and for reports. */
export function forecastsOn(market: BookMarket, coins: CoinMarket, signals: readonly StoredSignal[]): Forecasts {
  const { panel } = market
  const symbols = new Map(market.tradable.map(({ symbol }) => [assetName(symbol), symbol]))
  // A signal may name a coin as another market does; one of direction 0 says nothing.
  const settings = { ...defaultKindSettings, ...coins.book.signals.kinds }
  const own = aged(signals, settings).flatMap((signal) => {
    const asset = symbols.get(assetName(signal.asset))
    return asset === undefined || signal.score === 0 ? [] : [{ ...signal, asset }]
  })
  const main = coins.book.benchmarks.map(({ policy }) => heldSymbol(policy)).find((name) => name !== null) ?? ''
  return forecastsOf({
    signals: own,
    panel,
    assets: market.tradable.map(({ symbol }) => symbol),
    marketSymbol: panel.columns.find(({ symbol }) => assetName(symbol) === assetName(main))?.symbol ?? '',
    settings,
    dataEnd: (date) => closeAt('CRYPTO', date),
    entrySession: (session) =>
      panel.indexOf.get(firstFillable('CRYPTO', panel.sessions[session] ?? '1970-01-01')) ?? panel.sessions.length,
  })
}

/** One coin as the optimizer sees it. */
type Candidate = {
  readonly symbol: string
  /** Over the book's horizon, after the way in and out for what is not held yet. */
  readonly expected: number
  readonly held: number
  readonly kind: CatalystKind | null
  /** Largest change of weight that its traded volume allows in one order. */
  readonly most: number
  /** One way, spread over its kind's horizon, as a fraction of the value. */
  readonly cost: number
}

/** What is to be sold of a coin: fractions of equity. */
type Exit = { readonly symbol: string; readonly held: number; readonly sold: number }

type Plan = {
  readonly buyable: readonly Candidate[]
  readonly exits: readonly Exit[]
  /** Fractions of equity. */
  readonly turnoverLeft: number
}

function planOf(view: View, coins: CoinMarket, said: Expectation, index: ReadonlyMap<string, number>): Plan {
  const { market, session, holdings, equity } = view
  const { costs, limits, signals } = coins.book
  const busy = new Set(holdings.pending.map(({ symbol }) => symbol))
  const members = new Set(membersAt(market, session).map(({ symbol }) => symbol))
  const buyable: Candidate[] = []
  const exits: { symbol: string; held: number; most: number }[] = []
  for (const { symbol } of market.tradable) {
    if (busy.has(symbol)) continue
    const at = index.get(symbol)!
    const value = unitValue(market.panel, symbol, session)
    const position = holdings.positions.find((candidate) => candidate.symbol === symbol)
    const held = position === undefined ? 0 : (position.quantity * value) / equity
    if (!(value > 0) || (position === undefined && said.returns[at]! <= 0)) continue
    const known = liquidityAtClose(coins.liquidity.get(symbol)!, session)
    const part = Math.min(1, signals.horizonDays / Math.max(1, said.horizons[at]!))
    const cost = known === null ? Number.POSITIVE_INFINITY : oneWay(view, coins, symbol, known) * part
    const expected = said.returns[at]! - (held > 0 ? 0 : 2 * cost)
    const most = known === null ? 0 : (costs.volumeShareMax * known.volume) / equity
    const tradable = known !== null && members.has(symbol) && returnsOf(view, symbol, signals.horizonDays) !== null
    if (said.returns[at]! > 0 && expected > 0 && tradable) {
      buyable.push({ symbol, expected, held, kind: said.kinds[at]!, most, cost })
    } else if (position !== undefined && said.returns[at]! <= 0) exits.push({ symbol, held, most })
  }
  exits.sort((a, b) => b.held - a.held || (a.symbol < b.symbol ? -1 : 1))
  const leaving = withinTurnover(exits, limits.maxTurnover)
  const turnoverLeft = leaving.reduce((left, { sold }) => left - sold / 2, limits.maxTurnover)
  return { buyable, exits: leaving, turnoverLeft }
}

/** Sales in the order given, each as far as its volume and the turnover that is left allow. */
function withinTurnover(
  wanted: readonly { readonly symbol: string; readonly held: number; readonly most: number; readonly over?: number }[],
  maxTurnover: number,
): readonly Exit[] {
  let left = 2 * maxTurnover
  return wanted.flatMap(({ symbol, held, most, over = held }) => {
    // What may be more than a day's share of the volume is cut there, and goes on the next day.
    const sold = Math.min(over, most, left)
    left -= sold
    return sold > 0 ? [{ symbol, held, sold }] : []
  })
}

/**
 * What is sold when no portfolio within the limits can be reached in one day: what lies above its weight, else, where risk alone is too
 * large, everything alike, the largest first.
 */
function reliefOf({ buyable, turnoverLeft }: Plan, { maxWeight }: CatalystBook['limits']): readonly Exit[] {
  const held = buyable.filter((one) => one.held > 0).sort((a, b) => b.held - a.held || (a.symbol < b.symbol ? -1 : 1))
  const above = held.filter((one) => one.held > maxWeight).map((one) => ({ ...one, over: one.held - maxWeight }))
  return withinTurnover(above.length > 0 ? above : held, turnoverLeft)
}

/**
 * Cost of an order as a fraction of its value: fee, half-spread, and the impact of the largest one that may be asked for, since what
 * is expected of a coin that hardly trades is gone with the first full order.
 */
function oneWay({ equity }: View, { book, charges }: CoinMarket, symbol: string, known: FillLiquidity): number {
  const charge = charges.get(symbol)!
  const value = Math.min(book.limits.maxWeight * equity, book.costs.volumeShareMax * known.volume)
  return charge.takerFee + known.halfSpread + impactFactor(charge, known) * Math.sqrt(value)
}

/** Returns over the horizon ending at each of the last sessions, less their mean; null where the coin has too few. */
function returnsOf(view: View, symbol: string, horizonDays: number): Float64Array | null {
  const { baseReturn } = view.market.panel.bySymbol.get(symbol)!
  const rows = new Float64Array(riskSessions)
  let count = 0
  let sum = 0
  for (let row = 0; row < riskSessions; row++) {
    const end = view.session - riskSessions + 1 + row
    let growth = 1
    for (let t = end - horizonDays + 1; t <= end; t++) growth *= 1 + (baseReturn[t] ?? Number.NaN)
    rows[row] = growth - 1
    if (Number.isNaN(growth)) continue
    count++
    sum += growth - 1
  }
  if (count < fewestReturns) return null
  // Days before a coin was listed are filled with its mean: they add no risk and take none away.
  // After a rise of many times its price the mean lies above 1, and nobody can lose more than everything.
  for (let row = 0; row < riskSessions; row++)
    rows[row] = Number.isNaN(rows[row]!) ? 0 : Math.max(-1, rows[row]! - sum / count)
  return rows
}

function askSolver(view: View, coins: CoinMarket, plan: Plan, evidence: string): Request {
  const { limits, signals } = coins.book
  const { buyable, exits, turnoverLeft } = plan
  const columns = buyable.map(({ symbol }) => returnsOf(view, symbol, signals.horizonDays)!)
  const other = view.holdings.positions
    .filter(
      ({ symbol }) => !buyable.some((one) => one.symbol === symbol) && !exits.some((one) => one.symbol === symbol),
    )
    .reduce(
      (sum, { symbol, quantity }) =>
        sum + (quantity * unitValue(view.market.panel, symbol, view.session)) / view.equity,
      0,
    )
  const promised = view.holdings.cashCents / 100 / view.equity - view.freeCashCents / 100 / view.equity
  const held = buyable.reduce((sum, one) => sum + one.held, 0)
  // What lies in other coins or is promised to orders is not there to be spent.
  const minCash = Math.min(1 - held, limits.minCash + other + promised)
  // The optimizer charges each change with it; the way in of what is not held was taken off its expectation already.
  const change = Math.min(...buyable.map(({ cost }) => cost))
  const problem = parseProblem({
    assets: buyable.map(({ symbol }) => symbol),
    expectedReturns: buyable.map(({ expected, held: own }) => expected + (own > 0 ? 0 : change)),
    scenarios: Array.from({ length: riskSessions }, (_, row) => Float64Array.from(columns, (column) => column[row]!)),
    objective: 'max-return',
    confidence: limits.confidence,
    constraints: {
      minWeight: buyable.map(({ held: own, most }) => Math.max(0, Math.min(own, own - most))),
      maxWeight: buyable.map((one) => ceilingOf(one, limits.maxWeight)),
      minCash: Math.max(0, minCash),
      maxCash: 1,
      previousWeights: buyable.map(({ held: own }) => own),
      maxTurnover: Math.max(0, turnoverLeft),
      costBps: 10_000 * change,
      maxCvar: limits.maxCvar * Math.sqrt(signals.horizonDays),
    },
  })
  return { kind: 'solve', problem, settle: (solution) => settle(view, coins, plan, evidence, solution) }
}

/** How far a position may have outgrown the largest weight before it is brought back: less would sell a little of each winner daily. */
const outgrown = 1.25

function ceilingOf({ held, most }: Candidate, maxWeight: number): number {
  return held > outgrown * maxWeight
    ? Math.max(maxWeight, held - most)
    : Math.max(held, Math.min(maxWeight, held + most))
}

function settle(view: View, coins: CoinMarket, plan: Plan, evidence: string, solution: Solution): Settled {
  const { horizonDays } = coins.book.signals
  const wishes: Wish[] = exitWishes(view, plan)
  if (solution.status !== 'optimal') {
    // A portfolio that came beyond its limits by itself, through prices, comes back over several days.
    const because = 'The limits are exceeded and cannot be met in one day'
    wishes.push(...saleWishes(view, reliefOf(plan, coins.book.limits), because))
    return wishes.length > 0
      ? { kind: 'wishes', wishes, summary: `Sells only: ${solution.because}. ${evidence}` }
      : { kind: 'no-decision', because: `the optimizer found no portfolio: ${solution.because}` }
  }
  const ticket = view.market.book.costs.minimumTicket
  for (const { symbol, held, expected, kind } of plan.buyable) {
    const target = solution.weights[symbol] ?? 0
    const worth = (target - held) * view.equity
    if (Math.abs(worth) < ticket) continue
    const reason = `${kind ?? 'signal'}: ${percent(expected)} expected over ${horizonDays} days; target ${percent(target)} of equity, held ${percent(held)}.`
    if (worth > 0) wishes.push({ side: 'buy', symbol, amountCents: Math.floor(worth * 100), reason })
    else {
      const step = view.market.book.costs.quantityStep
      const quantity = floorToStep(-worth / unitValue(view.market.panel, symbol, view.session), step)
      if (quantity === 0) continue
      wishes.push({ side: 'sell', symbol, quantity, reason })
    }
  }
  return { kind: 'wishes', wishes, summary: evidence }
}

function exitsOnly(view: View, plan: Plan, evidence: string): Request {
  return { kind: 'wishes', wishes: exitWishes(view, plan), summary: evidence }
}

function exitWishes(view: View, { exits }: Plan): Wish[] {
  return saleWishes(view, exits, 'Nothing more is expected of it')
}

function saleWishes(view: View, sales: readonly Exit[], because: string): Wish[] {
  return sales.flatMap(({ symbol, held, sold }): Wish[] => {
    const { quantity: whole } = view.holdings.positions.find((position) => position.symbol === symbol)!
    const step = view.market.book.costs.quantityStep
    const quantity = sold >= held ? whole : floorToStep((whole * sold) / held, step)
    return quantity > 0
      ? [{ side: 'sell', symbol, quantity, reason: `${because}; held ${percent(held)} of equity.` }]
      : []
  })
}

/** What each kind has shown so far, in words that do not claim more than there is. */
function evidenceOf(forecasts: Forecasts, session: number): string {
  const shown = forecasts.kinds.flatMap((kind) => {
    const { ic, shrunk, low, high, n } = forecasts.ic(kind, session)
    return shrunk > 0 ? [`${kind} IC ${ic!.toFixed(2)} (${low!.toFixed(2)} to ${high!.toFixed(2)}, ${n} events)`] : []
  })
  return shown.length === 0
    ? 'No kind of catalyst has shown an edge so far: the book stays in cash.'
    : `Shown so far: ${shown.join('; ')}.`
}

const percent = (fraction: number) => `${(fraction * 100).toFixed(1)} %`
