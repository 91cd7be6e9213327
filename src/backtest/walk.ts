import { strict as assert } from 'node:assert'
import type { Panel } from '../market/panel.ts'
import { tidyQuantity } from '../portfolio/costs.ts'
import type { DividendCredit, Fill, Position } from '../portfolio/holdings.ts'
import { bought, sold } from '../portfolio/position.ts'
import type { IsoDate } from '../units.ts'
import { cents, fromCents } from '../units.ts'

/** What happened to one portfolio over a range of sessions. */
export type Ledger = {
  readonly panel: Panel
  /** Base currency, before the first session. */
  readonly initialCash: number
  /** Panel index of the first and of the last session. */
  readonly first: number
  readonly last: number
  /** Oldest first. */
  readonly fills: readonly Fill[]
  readonly dividends: readonly DividendCredit[]
}

/** One session of a ledger. */
export type Walked = {
  readonly session: number
  readonly date: IsoDate
  readonly splits: readonly { readonly symbol: string; readonly ratio: number }[]
  /** What was held before the opens, splits applied. */
  readonly before: ReadonlyMap<string, Position>
  readonly fills: readonly Fill[]
  /** What is held at the close. */
  readonly after: ReadonlyMap<string, Position>
  readonly cashCents: number
}

/**
 * The holdings of every session, rebuilt from the fills, dividends and splits alone, so that backtest and live book are
 * analysed by the same lines.
 */
export function* walk(ledger: Ledger): Generator<Walked> {
  const { panel, first, last } = ledger
  const fillsOn = Map.groupBy(ledger.fills, ({ date }) => date)
  const dividendsOn = Map.groupBy(ledger.dividends, ({ date }) => date)
  let cashCents = cents(ledger.initialCash)
  let held: ReadonlyMap<string, Position> = new Map()
  for (let session = first; session <= last; session++) {
    const date = panel.sessions[session]!
    const splits = splitsOf(panel, held, session)
    if (splits.length > 0) held = splitPositions(held, splits)
    for (const credit of dividendsOn.get(date) ?? []) cashCents += credit.cashChangeCents
    const fills = fillsOn.get(date) ?? []
    for (const fill of fills) cashCents += fill.cashChangeCents
    const before = held
    if (fills.length > 0) held = afterFills(held, fills)
    yield { session, date, splits, before, fills, after: held, cashCents }
  }
}

function splitsOf(panel: Panel, held: ReadonlyMap<string, Position>, session: number): Walked['splits'] {
  const splits: { symbol: string; ratio: number }[] = []
  for (const symbol of held.keys()) {
    const ratio = panel.bySymbol.get(symbol)!.split[session]!
    if (ratio !== 1) splits.push({ symbol, ratio })
  }
  return splits
}

function splitPositions(held: ReadonlyMap<string, Position>, splits: Walked['splits']): ReadonlyMap<string, Position> {
  const positions = new Map(held)
  for (const { symbol, ratio } of splits) {
    const position = positions.get(symbol)!
    positions.set(symbol, { ...position, quantity: tidyQuantity(position.quantity * ratio) })
  }
  return positions
}

function afterFills(held: ReadonlyMap<string, Position>, fills: readonly Fill[]): ReadonlyMap<string, Position> {
  const positions = new Map(held)
  for (const fill of fills) {
    const position = positions.get(fill.symbol)
    if (fill.quantity > 0) {
      positions.set(fill.symbol, bought(position, fill))
      continue
    }
    assert(position !== undefined, `a sale of ${fill.symbol} on ${fill.date}, which is not held`)
    const left = sold(position, -fill.quantity)
    if (left === null) positions.delete(fill.symbol)
    else positions.set(fill.symbol, left)
  }
  return positions
}

/** A portfolio at each close, in the base currency, unrounded; index 0 is the first session of the ledger. */
export type Worth = {
  readonly cash: Float64Array
  /** Value of each asset ever held, in the order of the first purchases; 0 while it is not held. */
  readonly values: ReadonlyMap<string, Float64Array>
  readonly equity: Float64Array
}

/** What the portfolio consisted of at every close. */
export function worth(ledger: Ledger): Worth {
  const { panel, first, last } = ledger
  const count = last - first + 1
  const cash = new Float64Array(count)
  const equity = new Float64Array(count)
  const values = new Map<string, Float64Array>()
  for (const { session, after, cashCents } of walk(ledger)) {
    const t = session - first
    cash[t] = fromCents(cashCents)
    equity[t] = cash[t]!
    for (const { symbol, quantity } of after.values()) {
      let series = values.get(symbol)
      if (series === undefined) {
        series = new Float64Array(count)
        values.set(symbol, series)
      }
      const column = panel.bySymbol.get(symbol)!
      series[t] = quantity * column.mark[session]! * column.rate[session]!
      equity[t]! += series[t]!
    }
  }
  return { cash, values, equity }
}
