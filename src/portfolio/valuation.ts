import { strict as assert } from 'node:assert'
import type { Column, Panel } from '../market/panel.ts'
import type { IsoDate } from '../units.ts'
import { fromCents } from '../units.ts'
import type { Holdings } from './holdings.ts'

export type ValuedPosition = {
  readonly symbol: string
  readonly quantity: number
  /** Last official close, in `currency`, adjusted for splits since. */
  readonly price: number
  readonly priceDate: IsoDate
  readonly currency: string
  readonly rate: number
  /** Base currency. */
  readonly value: number
  readonly weight: number
  readonly averageCost: number
  readonly unrealized: { readonly asset: number; readonly currency: number }
}

/**
 * Worth of the holdings at a session's official closes, an exchange that is closed at its last one, at the last published rates.
 *
 * @returns base currency, unrounded
 */
export function equityAt(holdings: Holdings, panel: Panel, session: number): number {
  let equity = fromCents(holdings.cashCents)
  for (const position of holdings.positions) {
    const column = columnOf(panel, position.symbol, 'is held')
    equity += position.quantity * column.mark[session]! * column.rate[session]!
  }
  assert(Number.isFinite(equity), `a holding has no price on ${panel.sessions[session]}`)
  return equity
}

/**
 * Prices of a symbol that cannot be without.
 *
 * @param because why not: `is held`
 */
export function columnOf(panel: Panel, symbol: string, because: string): Column {
  const column = panel.bySymbol.get(symbol)
  // Not as an assertion with a text, which would be put together for every position of every day.
  if (column === undefined) assert.fail(`no prices for ${symbol}, which ${because}`)
  return column
}

/** The same position by position, in the order of the holdings, with weights and unrealized profit in two parts. */
export function valuePositions(holdings: Holdings, panel: Panel, session: number): readonly ValuedPosition[] {
  const equity = equityAt(holdings, panel, session)
  return holdings.positions.map((position) => {
    const column = panel.bySymbol.get(position.symbol)!
    const price = column.mark[session]!
    const rate = column.rate[session]!
    const averageCost = position.costLocal / position.quantity
    const averageRate = position.costBase / position.costLocal
    const value = position.quantity * price * rate
    return {
      symbol: position.symbol,
      quantity: position.quantity,
      price,
      priceDate: panel.sessions[column.markedOn[session]!]!,
      currency: position.currency,
      rate,
      value,
      weight: value / equity,
      averageCost,
      unrealized: {
        asset: position.quantity * (price - averageCost) * averageRate,
        currency: position.quantity * price * (rate - averageRate),
      },
    }
  })
}

/** Value of one share in the base currency at a session's close; NaN without a price or a rate. */
export function unitValue(panel: Panel, symbol: string, session: number): number {
  const column = panel.bySymbol.get(symbol)
  return column === undefined ? Number.NaN : column.mark[session]! * column.rate[session]!
}
