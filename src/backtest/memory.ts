import type { BookMarket } from '../decision/book-market.ts'
import type { Action, Clamp } from '../decision/decision.ts'
import type { Memory, Settled, View } from '../decision/policy.ts'

/** A benchmark that ran over the same sessions. */
export type Opponent = {
  readonly policy: string
  readonly shortName: string
  readonly priceOnly: boolean
  /** Equity at each close from the book's first session on. */
  readonly equity: Float64Array
}

const decisionsKept = 5

/** What a live book reads back from its journal, kept while a backtest folds: the same facts, so that a model sees the same snapshot. */
export function openMemory(market: BookMarket, first: number, opponents: readonly Opponent[]) {
  const start = market.book.initialCash
  let peak = start
  let recent: Memory['recentDecisions'] = []
  return {
    at(view: View): Memory {
      peak = Math.max(peak, view.equity)
      return {
        day: view.session - first + 1,
        netReturn: view.equity / start - 1,
        drawdown: 1 - view.equity / peak,
        benchmarks: opponents.map(({ policy, shortName, priceOnly, equity }) => ({
          policy,
          shortName,
          priceOnly,
          netReturn: equity[view.session - first]! / start - 1,
        })),
        recentDecisions: recent,
      }
    },
    keep(view: View, settled: Settled, actions: readonly Action[], clamps: readonly Clamp[]): void {
      const date = market.panel.sessions[view.session]!
      const outcome = settled.kind === 'wishes' ? 'decision' : settled.kind
      recent = [...recent, { date, outcome, actions, clamps } as const].slice(-decisionsKept)
    },
  }
}
