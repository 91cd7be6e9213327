import { addDays } from '../market/calendar.ts'
import type { Snapshot } from './snapshot.ts'

/** A snapshot that tells no name, ticker, date or price level, and the way back from its symbols. */
export type Masked = { readonly snapshot: Snapshot; readonly symbolOf: (alias: string) => string }

/**
 * Hides from a model what would let it remember the past: tickers and names become A01, A02, ... in the order
 * given, all dates move by the same whole number of weeks, prices are stated with the close at 100, and the book's and the
 * benchmarks' names go. Returns, ratios and weights stay, since the decision hangs on them.
 */
export function maskSnapshot(
  snapshot: Snapshot,
  options: { readonly shiftWeeks: number; readonly order: readonly string[] },
): Masked {
  const alias = new Map(options.order.map((symbol, i) => [symbol, `A${String(i + 1).padStart(2, '0')}`]))
  const back = new Map([...alias].map(([symbol, name]) => [name, symbol]))
  const nameOf = (symbol: string) => alias.get(symbol) ?? 'A00'
  const day = (date: string) => addDays(date, -7 * options.shiftWeeks)
  const moment = (at: string) => `${day(at.slice(0, 10))}${at.slice(10)}`
  const hide = (text: string) => {
    let hidden = text
    for (const [symbol, name] of alias) hidden = hidden.replaceAll(symbol, name)
    return hidden.replace(/\d{4}-\d{2}-\d{2}/g, (date) => day(date))
  }
  const scale = new Map(snapshot.assets.map(({ symbol, close }) => [symbol, close === null ? 1 : 100 / close]))
  const level = (symbol: string, value: number | null) => (value === null ? null : value * (scale.get(symbol) ?? 1))
  const masked: Snapshot = {
    ...snapshot,
    book: 'book',
    market: 'daily bars',
    date: day(snapshot.date),
    sealedAt: moment(snapshot.sealedAt),
    nextOpens: snapshot.nextOpens.map((open) => ({ ...open, date: day(open.date), opensAt: moment(open.opensAt) })),
    rates: snapshot.rates.map((rate) => ({
      ...rate,
      rate: 1,
      date: day(rate.date),
      knownAt: moment(rate.knownAt),
      note: null,
    })),
    assets: snapshot.assets.map((asset) => ({
      ...asset,
      symbol: nameOf(asset.symbol),
      name: `Asset ${nameOf(asset.symbol)}`,
      close: level(asset.symbol, asset.close),
      date: asset.date === null ? null : day(asset.date),
      knownAt: asset.knownAt === null ? null : moment(asset.knownAt),
      note: asset.note === null ? null : hide(asset.note),
      features:
        asset.features === null
          ? null
          : {
              ...asset.features,
              sma20: level(asset.symbol, asset.features.sma20),
              sma50: level(asset.symbol, asset.features.sma50),
              sma200: level(asset.symbol, asset.features.sma200),
              bollinger20: {
                lower: level(asset.symbol, asset.features.bollinger20.lower),
                middle: level(asset.symbol, asset.features.bollinger20.middle),
                upper: level(asset.symbol, asset.features.bollinger20.upper),
                percentB: asset.features.bollinger20.percentB,
              },
            },
    })),
    correlation20: { ...snapshot.correlation20, symbols: snapshot.correlation20.symbols.map(nameOf) },
    regime: {
      ...snapshot.regime,
      date: day(snapshot.regime.date),
      because: snapshot.regime.because === null ? null : hide(snapshot.regime.because),
    },
    portfolio: {
      ...snapshot.portfolio,
      positions: snapshot.portfolio.positions.map((position) => ({
        ...position,
        symbol: nameOf(position.symbol),
        quantity: position.quantity / (scale.get(position.symbol) ?? 1),
        averageCost: position.averageCost * (scale.get(position.symbol) ?? 1),
        close: position.close * (scale.get(position.symbol) ?? 1),
      })),
      pending: snapshot.portfolio.pending.map((order) => ({
        ...order,
        id: hide(order.id),
        symbol: nameOf(order.symbol),
        decidedOn: day(order.decidedOn),
        ...(order.quantity !== undefined && { quantity: order.quantity / (scale.get(order.symbol) ?? 1) }),
      })),
    },
    limits: {
      ...snapshot.limits,
      blocked: snapshot.limits.blocked.map((row) => ({
        ...row,
        symbol: nameOf(row.symbol),
        because: hide(row.because),
      })),
      stops: snapshot.limits.stops.map(nameOf),
    },
    benchmarks: snapshot.benchmarks.map((benchmark, i) => ({
      ...benchmark,
      policy: `benchmark-${i + 1}`,
      shortName: `B${i + 1}`,
    })),
    recentDecisions: snapshot.recentDecisions.map((decision) => ({
      ...decision,
      date: day(decision.date),
      actions: decision.actions.map((action) => ({
        ...action,
        symbol: nameOf(action.symbol),
        reason: hide(action.reason),
      })),
      clamps: decision.clamps.map((clamp) => ({
        ...clamp,
        symbol: nameOf(clamp.symbol),
        because: hide(clamp.because),
      })),
      since: decision.since.map((row) => ({ ...row, symbol: nameOf(row.symbol) })),
    })),
  }
  return { snapshot: masked, symbolOf: (name) => back.get(name) ?? name }
}
