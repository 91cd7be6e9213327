import {
  closeOn,
  costsOf,
  type Evidence,
  opensOf,
  type RawInstrument,
  rateOn,
  sessionsOf,
  splitsBetween,
} from './stranger-market.ts'
import type { Report, ReportedDividend, ReportedFill } from './stranger-report.ts'

/**
 * A stranger who has the price files, the book and what `primer backtest --json` printed, and recomputes every euro.
 * Written from the printed contract alone: nothing here imports the program.
 */

export type Walk = {
  /** Sentences about everything that does not add up; empty when every euro is accounted for. */
  readonly faults: readonly string[]
  /** The portfolio at each close, as the stranger has it. */
  readonly days: readonly Day[]
}
export type Day = {
  readonly date: string
  readonly cash: number
  readonly equity: number
  readonly quantities: ReadonlyMap<string, number>
  /** Average price paid for the shares held, in their own currency, without costs. */
  readonly averageCosts: ReadonlyMap<string, number>
  readonly fills: readonly ReportedFill[]
}
export type Asked = { readonly from: string; readonly to: string }

/** Walks the reported fills over the raw prices, session by session, and lists everything that is not as promised. */
export function recompute(report: Report, evidence: Evidence, asked: Asked): Walk {
  const faults: string[] = []
  const complain = (sentence: string) => {
    faults.push(sentence)
  }
  const sessions = sessionsOf(evidence, asked)
  same(complain, 'sessions', report.equity.map(([date]) => date).join(), sessions.join())
  let state: Portfolio = { cashCents: Math.round(evidence.book.initialCash * 100), held: new Map() }
  const days: Day[] = []
  for (const date of sessions) {
    const fills = report.fills.filter((fill) => fill.date === date)
    const credits = report.dividends.filter((credit) => credit.date === date)
    state = morning(state, { date, credits, evidence, complain })
    checkOrderOfFills(fills, evidence, complain)
    for (const fill of fills) state = settle(state, { fill, evidence, sessions, days, complain })
    const equity = valueAt(state, date, evidence)
    near(complain, `equity at the close of ${date}`, report.equity[days.length]?.[1] ?? Number.NaN, equity, 0.005)
    days.push({
      date,
      cash: state.cashCents / 100,
      equity,
      quantities: new Map([...state.held].map(([symbol, { quantity }]) => [symbol, quantity])),
      averageCosts: new Map([...state.held].map(([symbol, { quantity, paid }]) => [symbol, paid / quantity])),
      fills,
    })
  }
  for (const { date, symbol } of [...report.fills, ...report.dividends]) {
    if (!sessions.includes(date)) complain(`${symbol} on ${date}: not a session`)
  }
  checkTotals(report, evidence, days, complain)
  return { faults, days }
}

type Held = { readonly quantity: number; readonly paid: number }
type Portfolio = { readonly cashCents: number; readonly held: ReadonlyMap<string, Held> }
type Complain = (sentence: string) => void

/** Before the opens: dividends on what was held at the previous close, and splits. */
function morning(
  state: Portfolio,
  day: { date: string; credits: readonly ReportedDividend[]; evidence: Evidence; complain: Complain },
): Portfolio {
  const { date, credits, evidence, complain } = day
  const held = new Map(state.held)
  let { cashCents } = state
  for (const [symbol, { quantity, paid }] of state.held) {
    const { currency } = evidence.book.instruments.find((instrument) => instrument.symbol === symbol)!
    const bar = evidence.market.get(symbol)?.get(date)
    const reported = credits.filter((credit) => credit.symbol === symbol)
    const due = (bar?.dividend ?? 0) > 0 ? 1 : 0
    same(complain, `dividends of ${symbol} on ${date}`, reported.length, due)
    if (bar === undefined) continue
    if (due === 1) {
      const rate = rateOn(evidence, currency, date)
      near(complain, `dividend of ${symbol} on ${date}`, reported[0]?.amount, quantity * bar.dividend * rate, 0.00501)
      near(complain, `dividend rate of ${symbol} on ${date}`, reported[0]?.rate, rate, 1e-12)
      near(complain, `dividend per share of ${symbol} on ${date}`, reported[0]?.perShare, bar.dividend, 1e-12)
      cashCents += wholeCents(complain, `dividend of ${symbol} on ${date}`, reported[0]?.amount ?? 0)
    }
    held.set(symbol, { quantity: quantity * bar.split, paid })
  }
  for (const { symbol } of credits) {
    if (!state.held.has(symbol)) complain(`${symbol} paid a dividend on ${date} and was not held at the close before`)
  }
  return { cashCents, held }
}

function settle(
  state: Portfolio,
  context: {
    fill: ReportedFill
    evidence: Evidence
    sessions: readonly string[]
    days: readonly Day[]
    complain: Complain
  },
): Portfolio {
  const { fill, evidence, days, complain } = context
  const { book, market } = evidence
  const { date, symbol, quantity } = fill
  const what = `${symbol} on ${date}`
  const instrument = book.instruments.find((candidate) => candidate.symbol === symbol)
  const bar = market.get(symbol)?.get(date)
  if (instrument === undefined || bar === undefined || Number.isNaN(bar.open)) {
    complain(`${what}: filled without ${instrument === undefined ? 'being in the book' : 'an open'}`)
    return state
  }
  const side = quantity > 0 ? 'buy' : 'sell'
  const before = state.held.get(symbol) ?? { quantity: 0, paid: 0 }
  const isWhole = side === 'sell' && Math.abs(before.quantity + quantity) < 1e-9
  const rate = rateOn(evidence, instrument.currency, date)
  const value = Math.abs(quantity) * bar.open * rate
  const costs = costsOf(evidence, { symbol, date, value, side })
  same(complain, `price of ${what}`, fill.price, bar.open)
  same(complain, `currency of ${what}`, fill.currency, instrument.currency)
  near(complain, `rate of ${what}`, fill.rate, rate, 1e-12)
  for (const kind of ['commission', 'spread', 'fx', 'tax', 'impact', 'fee'] as const) {
    near(complain, `${kind} of ${what}`, fill.costs[kind] ?? 0, costs[kind], 1e-8)
  }
  const total = Object.values(costs).reduce((sum, cost) => sum + cost, 0)
  const change = wholeCents(complain, `cash change of ${what}`, fill.cashChange)
  near(complain, `cash change of ${what}`, change / 100, -Math.sign(quantity) * value - total, 0.00501)
  const steps = Math.abs(quantity) / book.costs.quantityStep
  if (!isWhole && Math.abs(steps - Math.round(steps)) > 1e-6)
    complain(`${what}: ${quantity} is not a multiple of the step`)
  if (quantity === 0) complain(`${what}: a fill of nothing`)
  checkTicket({
    fill,
    instrument,
    isWhole,
    stepValue: book.costs.quantityStep * bar.open * rate,
    days,
    evidence,
    complain,
  })
  checkTiming(fill, evidence, complain)

  const left = isWhole ? 0 : before.quantity + quantity
  if (left < 0) complain(`${what}: ${left} shares held after it, a short position`)
  const cashCents = state.cashCents + change
  if (cashCents < 0) complain(`${what}: cash of ${cashCents / 100} after it`)
  const paid = side === 'buy' ? before.paid + quantity * bar.open : (before.paid * left) / before.quantity
  const held = new Map(state.held)
  if (left > 0) held.set(symbol, { quantity: left, paid })
  else held.delete(symbol)
  return { cashCents, held }
}

/** Tickets from EUR 100: a buy by the cash it was given, a sell by its value at the close it was decided on. */
function checkTicket(context: {
  fill: ReportedFill
  instrument: RawInstrument
  isWhole: boolean
  stepValue: number
  days: readonly Day[]
  evidence: Evidence
  complain: Complain
}): void {
  const { fill, instrument, isWhole, stepValue, evidence, complain } = context
  const least = evidence.book.costs.minimumTicket
  if (fill.quantity > 0) {
    // Rounding the quantity down leaves less than the price of one step, and its costs.
    const given = fill.wanted ?? -fill.cashChange + stepValue * 1.02 + 0.01
    if (given < least) complain(`${fill.symbol} on ${fill.date}: a buy for ${-fill.cashChange}, below the least ticket`)
    return
  }
  if (isWhole) return
  const decided = fill.order.slice(0, 10)
  const splits = splitsBetween(evidence.market, fill.symbol, { after: decided, to: fill.date })
  const rate = rateOn(evidence, instrument.currency, decided)
  const value = (-fill.quantity / splits) * closeOn(evidence, fill.symbol, decided) * rate
  if (value < least - stepValue - 0.01)
    complain(`${fill.symbol} on ${fill.date}: a sale of ${value}, below the least ticket`)
}

/** An order is filled at the first open that its asset has after the day of the decision, or never. */
function checkTiming(fill: ReportedFill, { market }: Evidence, complain: Complain): void {
  const decided = fill.order.slice(0, 10)
  if (!/^\d{4}-\d\d-\d\d\/\d+$/.test(fill.order)) complain(`order ${fill.order} names no date of decision`)
  const opens = opensOf(market, fill.symbol).filter((date) => date > decided && date <= fill.date)
  if (opens.length !== 1) {
    complain(`${fill.symbol}, decided on ${decided}, was filled on ${fill.date}; its next open was on ${opens[0]}`)
  }
}

/** Paris opens before New York; within one exchange sells come before buys, and orders of a side as they were decided. */
function checkOrderOfFills(fills: readonly ReportedFill[], { book }: Evidence, complain: Complain): void {
  const place = (fill: ReportedFill) => {
    const { exchange } = book.instruments.find(({ symbol }) => symbol === fill.symbol)!
    const number = fill.order.slice(11).padStart(4, '0')
    return `${exchange === 'XPAR' ? 0 : 1} ${fill.quantity < 0 ? 0 : 1} ${fill.order.slice(0, 10)} ${number}`
  }
  for (let i = 1; i < fills.length; i++) {
    const [earlier, later] = [fills[i - 1]!, fills[i]!]
    if (place(earlier) >= place(later)) complain(`${later.symbol} on ${later.date} comes after ${earlier.symbol}`)
  }
}

function checkTotals(report: Report, { book }: Evidence, days: readonly Day[], complain: Complain): void {
  const last = days.at(-1)
  near(complain, 'final equity', report.finalEquity, last?.equity ?? Number.NaN, 0.005)
  near(complain, 'final equity and the last point', report.finalEquity, report.equity.at(-1)?.[1] ?? Number.NaN, 1e-9)
  same(complain, 'initial capital', report.initialCapital, book.initialCash)
  same(complain, 'count of sessions', report.sessions, days.length)
  same(complain, 'first and last session', `${report.from} ${report.to}`, `${days[0]?.date} ${last?.date}`)
  if ((days[0]?.fills.length ?? 0) > 0) complain('a fill on the first session, before any decision')
  same(complain, 'equity of the first session', report.equity[0]?.[1], book.initialCash)
  near(complain, 'net return', report.netReturn, report.finalEquity / book.initialCash - 1, 1e-12)
  let all = 0
  for (const kind of ['commission', 'spread', 'fx', 'tax', 'impact', 'fee'] as const) {
    const sum = report.fills.reduce((total, fill) => total + (fill.costs[kind] ?? 0), 0)
    near(complain, `sum of ${kind}`, report.costs[kind], sum, 1e-6)
    all += sum
  }
  near(complain, 'gross return', report.grossReturn, (report.finalEquity + all) / book.initialCash - 1, 1e-9)
  const orders = report.fills.map(({ order }) => order)
  if (new Set(orders).size !== orders.length) complain('an order was filled twice')
  // Half the traded value over the equity of the close before, summed: what style and design call turnover.
  const equityBefore = new Map(days.map(({ date }, index) => [date, days[index - 1]?.equity ?? book.initialCash]))
  const turnover = report.fills.reduce(
    (sum, fill) => sum + (Math.abs(fill.quantity) * fill.price * fill.rate) / (equityBefore.get(fill.date) ?? 0) / 2,
    0,
  )
  near(complain, 'turnover', report.turnover, turnover, 1e-9)
}

function valueAt(state: Portfolio, date: string, evidence: Evidence): number {
  let value = state.cashCents / 100
  for (const [symbol, { quantity }] of state.held) {
    const { currency } = evidence.book.instruments.find((instrument) => instrument.symbol === symbol)!
    value += quantity * closeOn(evidence, symbol, date) * rateOn(evidence, currency, date)
  }
  return value
}

function wholeCents(complain: Complain, what: string, amount: number): number {
  const cents = Math.round(amount * 100)
  if (Math.abs(amount * 100 - cents) > 1e-6) complain(`${what}: ${amount} is not in whole cents`)
  return cents
}

function same(complain: Complain, what: string, reported: unknown, expected: unknown): void {
  if (reported !== expected) complain(`${what}: reported ${String(reported)}, recomputed ${String(expected)}`)
}

function near(
  complain: Complain,
  what: string,
  reported: number | undefined,
  expected: number,
  tolerance: number,
): void {
  if (!(Math.abs((reported ?? Number.NaN) - expected) <= tolerance)) {
    complain(`${what}: reported ${reported}, recomputed ${expected}`)
  }
}
