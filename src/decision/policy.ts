import type { Problem } from '../optimizer/problem.ts'
import type { Solution } from '../optimizer/solution.ts'
import type { Holdings } from '../portfolio/holdings.ts'
import type { BookMarket } from './book-market.ts'
import type { SnapshotContext } from './build-snapshot.ts'
import type { Action, Regime } from './decision.ts'

/** What every policy decides on: the same prices up to the close of `session`, and its own portfolio. */
export type View = {
  readonly market: BookMarket
  /** Index of the session at whose close the decision falls; nothing later may be read. */
  readonly session: number
  /** Index of the book's first session. */
  readonly firstSession: number
  readonly holdings: Holdings
  /** Base currency, unrounded. */
  readonly equity: number
  /** Cash not promised to pending buys, in cents. */
  readonly freeCashCents: number
  /** Trades decided so far in this ISO week. */
  readonly tradesThisWeek: number
  /** True for a benchmark that buys the index standing in for an ETF; no other policy may. */
  readonly standInAllowed?: boolean
  /** What the book remembers beside its holdings; only a model is shown it, so controls do without. */
  readonly memory?: Memory
  /** Computed on first use: only guarded policies and snapshots need it. */
  readonly regime: () => Regime
}

/** The part of a snapshot that no price tells. */
export type Memory = Pick<SnapshotContext, 'day' | 'netReturn' | 'drawdown' | 'benchmarks' | 'recentDecisions'>

/** What whoever was asked came back with: a model's answer, or why there is none. */
export type Reply =
  | { readonly kind: 'answer'; readonly actions: readonly Action[]; readonly summary: string }
  | { readonly kind: 'none'; readonly because: string }

/** What a policy would do: an amount of cash to spend, costs included, or a number of shares to sell. */
export type Wish =
  | {
      readonly side: 'buy'
      readonly symbol: string
      readonly amountCents: number
      readonly reason: string
      readonly pct?: number
    }
  | {
      readonly side: 'sell'
      readonly symbol: string
      readonly quantity: number
      readonly reason: string
      readonly pct?: number
    }

/** Pure first half of a decision: either the wishes, or what must be asked of the solver or the model. */
export type Request =
  | { readonly kind: 'wishes'; readonly wishes: readonly Wish[]; readonly summary: string }
  | { readonly kind: 'warm-up'; readonly because: string }
  | { readonly kind: 'solve'; readonly problem: Problem; readonly settle: (solution: Solution) => Settled }
  | { readonly kind: 'ask'; readonly settle: (reply: Reply) => Settled }

export type Settled =
  | { readonly kind: 'wishes'; readonly wishes: readonly Wish[]; readonly summary: string }
  | { readonly kind: 'warm-up' | 'no-decision'; readonly because: string }

/** Anything that makes decisions. `guarded` is whether the book's guardrails apply unless the user says otherwise. */
export type Policy = {
  readonly name: string
  readonly guarded: boolean
  /** Whether it is shown a snapshot, with what the book remembers. */
  readonly remembers?: boolean
  readonly prepare: (view: View) => Request
}

export const nothing: Request = { kind: 'wishes', wishes: [], summary: '' }
