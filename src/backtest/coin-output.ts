import type { CatalystBook } from '../catalysts/catalyst-book.ts'
import type { BookMarket } from '../decision/book-market.ts'
import { type Capacity, capacity } from '../portfolio/capacity.ts'
import { sumCosts } from '../portfolio/costs.ts'
import type { Fill } from '../portfolio/holdings.ts'
import type { Simulation } from './simulate.ts'

/**
 * What a backtest on coins says beside its fills: the terms by which their costs can be worked out again, who was in the
 * universe when, and how much capital the record could have carried. Undefined on a market of shares.
 */
export function coinsDocument({ coins, universe, panel, book }: BookMarket, main: Simulation) {
  if (coins === undefined) return undefined
  const { costs, universe: rule, delisting } = coins.book
  const from = panel.sessions[main.firstSession]!
  return {
    terms: {
      takerFeeBps: costs.takerFeeBps,
      halfSpread: costs.halfSpread,
      impactY: costs.impact.y,
      volatilityDays: costs.impact.volatilityDays,
      volumeDays: rule.volume.days,
      volumeShareMax: costs.volumeShareMax,
      lotValue: costs.lotValue,
      delisting,
    },
    universe: [...universe.values()].flat().filter(({ until }) => until === undefined || until > from),
    excluded: Object.fromEntries(coins.excluded),
    capacity: capacityOf(coins.book, main.ledger, {
      capital: book.initialCash,
      grossProfit: main.equity.at(-1)! + sumCosts(main.costs) - book.initialCash,
    }),
  }
}

/** How much capital a record of fills could have carried, live or not. */
export function capacityOf(
  { costs }: CatalystBook,
  fills: { readonly map: <T>(of: (fill: Fill) => T) => T[] },
  record: { readonly capital: number; readonly grossProfit: number },
): Capacity {
  return capacity({
    ...record,
    volumeShareMax: costs.volumeShareMax,
    fills: fills
      .map(({ quantity, price, rate, costs: paid, liquidity }) => ({
        value: Math.abs(quantity * price * rate),
        proportional: (paid.fee ?? 0) + (paid.spread ?? 0),
        impact: paid.impact ?? 0,
        volume: liquidity?.volume ?? Number.NaN,
      }))
      // What was closed as delisted was no order.
      .filter(({ volume }) => volume > 0),
  })
}
