import type { Column } from '../market/panel.ts'

/** How an asset moves with the market and apart from it, estimated on the sessions up to one. */
export type Residual = {
  /** Blume's: 2/3 of the least-squares slope plus 1/3. */
  readonly beta: number
  /** Standard deviation (n - 1) of the daily return less beta times the market's. */
  readonly volatility: number
  readonly count: number
}

export const residualWindow = 60
const fewest = 30

/**
 * Beta and residual volatility over the last 60 sessions with a return of both, up to and including `session`; null with
 * fewer than 30, or where the market did not move.
 *
 * Source: Blume, Journal of Finance 26(1), 1971, for the beta.
 */
export function residualAt(asset: Column, market: Column, session: number): Residual | null {
  const own: number[] = []
  const others: number[] = []
  for (let t = session; t >= 0 && t > session - residualWindow; t--) {
    const a = asset.tradedReturn[t]!
    const m = market.tradedReturn[t]!
    if (Number.isNaN(a) || Number.isNaN(m)) continue
    own.push(a)
    others.push(m)
  }
  const count = own.length
  if (count < fewest) return null
  const meanOwn = own.reduce((sum, value) => sum + value, 0) / count
  const meanMarket = others.reduce((sum, value) => sum + value, 0) / count
  let products = 0
  let squares = 0
  for (let i = 0; i < count; i++) {
    products += (own[i]! - meanOwn) * (others[i]! - meanMarket)
    squares += (others[i]! - meanMarket) ** 2
  }
  if (squares < 1e-12) return null
  const beta = (2 / 3) * (products / squares) + 1 / 3
  let left = 0
  for (let i = 0; i < count; i++) left += (own[i]! - meanOwn - beta * (others[i]! - meanMarket)) ** 2
  const volatility = Math.sqrt(left / (count - 1))
  return volatility < 1e-9 ? null : { beta, volatility, count }
}

/**
 * Simple return of one share from the open of `entry` to the open of `exit`, splits and cash included; where the asset no
 * longer trades at the exit it is worth its last close. NaN where it could not be bought.
 */
export function openToOpen(column: Column, entry: number, exit: number): number {
  const paid = column.open[entry]
  if (paid === undefined || Number.isNaN(paid)) return Number.NaN
  let shares = 1
  let cash = 0
  for (let t = entry + 1; t <= exit; t++) {
    shares *= column.split[t]!
    cash += shares * column.dividend[t]!
  }
  const open = column.open[exit]!
  const last = Number.isNaN(open) ? column.mark[exit]! : open
  return (shares * last + cash) / paid - 1
}
