import { correlationMatrix } from '../indicators/correlation.ts'
import { featureColumns, featuresAt } from '../indicators/features.ts'
import type { Instrument } from '../market/bar.ts'
import { closeAt, firstFillable, openAt } from '../market/calendar.ts'
import type { Column } from '../market/panel.ts'
import { isMember } from '../portfolio/membership.ts'
import { unitValue, valuePositions } from '../portfolio/valuation.ts'
import { positionValue } from '../statistics/prospect.ts'
import { halfKelly, risk } from '../statistics/risk.ts'
import type { Instant } from '../units.ts'
import { fromCents } from '../units.ts'
import type { Action, Clamp } from './decision.ts'
import { cooldownBlock, holdingBlock, weeklyBlock } from './guardrails/guard.ts'
import { sessionsUntilNextOpen } from './guardrails/sessions.ts'
import { findStops } from './guardrails/stop-loss.ts'
import type { View } from './policy.ts'
import { ownBars } from './regime-at.ts'
import type { Risk, Snapshot } from './snapshot.ts'

/** Own bars that indicators are read from: two years. A longer history changes no figure, so live and backtest agree. */
const featureBars = 520
const riskReturns = 252

/** What the journal knows beside the prices. */
export type SnapshotContext = {
  readonly sealedAt: Instant
  readonly day: number
  readonly marketLabel: string
  readonly netReturn: number
  readonly drawdown: number
  readonly benchmarks: Snapshot['benchmarks']
  readonly recentDecisions: readonly {
    readonly date: string
    readonly outcome: Snapshot['recentDecisions'][number]['outcome']
    readonly actions: readonly Action[]
    readonly clamps: readonly Clamp[]
  }[]
  /** What texts about the book's markets say, as numbers; none in backtests. */
  readonly textFactors?: Snapshot['textFactors']
}

/**
 * Everything a decision at this close may know. Computed by code: whoever decides cites these numbers and computes none.
 * A price that is missing or of an earlier session is stated as such.
 */
export function buildSnapshot(view: View, context: SnapshotContext): Snapshot {
  const { market, session } = view
  const { panel, book } = market
  // Rows for all members of the date, priced or not, so that the presence of a row does not tell what will have prices later.
  const listed = listedAt(view)
  const priced = listed.filter(({ symbol }) => unitValue(panel, symbol, session) > 0)
  const regime = view.regime()
  const { volatility } = regime
  return {
    book: book.name,
    date: panel.sessions[session]!,
    sealedAt: context.sealedAt,
    day: context.day,
    currency: book.currency,
    market: context.marketLabel,
    nextOpens: panel.exchanges.map((exchange) => {
      const date = firstFillable(exchange, panel.sessions[session]!)
      return { exchange, date, opensAt: openAt(exchange, date) }
    }),
    rates: rateRows(view),
    assets: listed.map((instrument) => assetRow(view, instrument)),
    correlation20: {
      symbols: priced.map(({ symbol }) => symbol),
      matrix: correlationMatrix(
        priced.map(({ symbol }) =>
          panel.bySymbol.get(symbol)!.tradedReturn.subarray(Math.max(0, session - 60), session + 1),
        ),
        20,
      ).map((row) => [...row]),
    },
    regime,
    portfolio: portfolioBlock(view, context),
    risk: portfolioRisk(view),
    limits: {
      stopLoss: book.limits.stopLoss[volatility],
      maxWeight: book.limits.maxWeight,
      cashFloor: book.limits.cashFloor[volatility],
      cashCeiling: book.limits.cashCeiling[volatility],
      tradesThisWeek: view.tradesThisWeek,
      tradesLeft: Math.max(0, book.limits.tradesPerWeek[volatility] - view.tradesThisWeek),
      minimumTicket: book.costs.minimumTicket,
      minimumHoldingSessions: book.limits.minimumHoldingSessions,
      reentryCooldownSessions: book.limits.reentryCooldownSessions,
      blocked: blockedRows(view),
      stops: findStops(view).map((stop) => stop.symbol),
    },
    benchmarks: [...context.benchmarks],
    recentDecisions: context.recentDecisions.map((decision) => ({
      date: decision.date,
      outcome: decision.outcome,
      actions: [...decision.actions],
      clamps: [...decision.clamps],
      since: decision.actions.map(({ symbol, side }) => ({
        symbol,
        side,
        return: returnSince(view, symbol, decision.date),
      })),
    })),
    analystNotes: [],
    textFactors: [...(context.textFactors ?? [])],
  }
}

/** Instruments of the book that are in the universe at this close, or still held. */
function listedAt({ market, session, holdings }: View): readonly Instrument[] {
  const { book, universe, panel } = market
  if (universe.size === 0) return book.instruments
  const date = panel.sessions[session]!
  const held = new Set(holdings.positions.map(({ symbol }) => symbol))
  return book.instruments.filter(({ symbol }) => held.has(symbol) || isMember(universe, symbol, date))
}

function rateRows(view: View): Snapshot['rates'] {
  const { panel } = view.market
  const today = panel.sessions[view.session]!
  const seen = new Map<string, Snapshot['rates'][number]>()
  for (const column of panel.columns) {
    const date = column.rateDate[view.session]
    const knownAt = column.rateKnownAt[view.session]
    if (seen.has(column.currency) || date === null || date === undefined || knownAt === null || knownAt === undefined)
      continue
    seen.set(column.currency, {
      currency: column.currency,
      rate: column.rate[view.session]!,
      date,
      knownAt,
      note: date === today ? null : `no rate was published on ${today}: this one is of ${date}`,
    })
  }
  return [...seen.values()]
}

function assetRow(view: View, instrument: Instrument): Snapshot['assets'][number] {
  const { panel } = view.market
  const { session } = view
  const column = panel.bySymbol.get(instrument.symbol)
  const today = panel.sessions[session]!
  const common = {
    symbol: instrument.symbol,
    name: instrument.name,
    exchange: instrument.exchange,
    currency: instrument.currency,
  }
  const markedOn = column?.markedOn[session] ?? -1
  if (column === undefined || markedOn < 0) {
    return {
      ...common,
      close: null,
      date: null,
      knownAt: null,
      note: `no close is known by ${today}`,
      features: null,
      halfKelly: null,
    }
  }
  const date = panel.sessions[markedOn]!
  const open = panel.isOpen[column.exchange][session] === 1
  const bars = ownBars(column, session, featureBars)
  return {
    ...common,
    close: column.mark[session]!,
    date,
    knownAt: closeAt(column.exchange, date),
    note:
      date === today ? null : `${open ? 'no price today' : 'its exchange was closed today'}: this close is of ${date}`,
    features: featuresAt(featureColumns(bars.close), bars.close.length - 1),
    halfKelly: halfKelly(knownReturns(column, session)),
  }
}

function knownReturns(column: Column, session: number): Float64Array {
  return column.baseReturn
    .subarray(Math.max(0, session - riskReturns + 1), session + 1)
    .filter((value) => !Number.isNaN(value))
}

function portfolioBlock(view: View, context: SnapshotContext): Snapshot['portfolio'] {
  const { market, session, holdings, equity } = view
  const cash = fromCents(holdings.cashCents)
  const opened = new Map(holdings.positions.map((position) => [position.symbol, position.openedOn]))
  return {
    equity,
    cash,
    cashWeight: cash / equity,
    netReturn: context.netReturn,
    drawdown: context.drawdown,
    positions: valuePositions(holdings, market.panel, session).map((valued) => {
      const change = valued.price / valued.averageCost - 1
      const exchange = market.panel.bySymbol.get(valued.symbol)!.exchange
      return {
        symbol: valued.symbol,
        quantity: valued.quantity,
        weight: valued.weight,
        averageCost: valued.averageCost,
        close: valued.price,
        change,
        sessionsHeld: sessionsUntilNextOpen(market.panel, exchange, opened.get(valued.symbol)!, session),
        prospectValue: positionValue(change),
        unrealizedAsset: valued.unrealized.asset,
        unrealizedCurrency: valued.unrealized.currency,
      }
    }),
    pending: [...holdings.pending],
  }
}

/** Loss figures of today's holdings over the last 252 sessions, cash included at zero return. */
function portfolioRisk(view: View): Risk {
  const { market, session, holdings } = view
  const weights = valuePositions(holdings, market.panel, session)
  const columns = weights.map(({ symbol }) => market.panel.bySymbol.get(symbol)!)
  const returns: number[] = []
  for (let t = Math.max(1, session - riskReturns + 1); t <= session; t++) {
    let sum = 0
    for (let i = 0; i < columns.length; i++) sum += weights[i]!.weight * columns[i]!.baseReturn[t]!
    if (!Number.isNaN(sum)) returns.push(sum)
  }
  return risk(returns)
}

function blockedRows(view: View): Snapshot['limits']['blocked'] {
  const rows: Snapshot['limits']['blocked'] = []
  const capped = weeklyBlock(view, view.tradesThisWeek)
  for (const instrument of listedAt(view)) {
    const { symbol } = instrument
    if (!view.market.instruments.has(symbol)) continue
    const waiting = view.holdings.pending.some((order) => order.symbol === symbol)
    const position = view.holdings.positions.find((candidate) => candidate.symbol === symbol)
    const buy = waiting ? 'an earlier order still waits for an open' : (cooldownBlock(view, instrument) ?? capped)
    if (buy !== null) rows.push({ symbol, side: 'buy', because: buy })
    if (position === undefined) continue
    const sell = waiting
      ? 'an earlier order still waits for an open'
      : (holdingBlock(view, position, instrument) ?? capped)
    if (sell !== null) rows.push({ symbol, side: 'sell', because: sell })
  }
  return rows
}

function returnSince(view: View, symbol: string, date: string): number | null {
  const { panel } = view.market
  const column = panel.bySymbol.get(symbol)
  const then = panel.indexOf.get(date)
  if (column === undefined || then === undefined || then >= view.session || column.markedOn[view.session]! <= then)
    return null
  let grown = column.mark[view.session]! / column.mark[then]!
  for (let t = then + 1; t <= view.session; t++) grown *= column.split[t]!
  return Number.isFinite(grown) ? grown - 1 : null
}
