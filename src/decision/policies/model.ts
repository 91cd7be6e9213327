import { floorToStep } from '../../portfolio/costs.ts'
import type { Action } from '../decision.ts'
import type { Policy, View, Wish } from '../policy.ts'

/**
 * A model's actions as wishes. All buys are percentages of the cash at the decision, whatever their order; all sells are
 * percentages of the position. A sale of what is not held stays a wish, for the guardrails to refuse on record.
 */
export function wishesOf(actions: readonly Action[], view: View): readonly Wish[] {
  return actions.map(({ symbol, side, pct, reason }): Wish => {
    if (side === 'buy') {
      // The nudge keeps 10 % of 123.40 at 12.34 where the product of floats falls a hair short.
      return { side, symbol, amountCents: Math.floor((view.freeCashCents * pct) / 100 + 1e-6), pct, reason }
    }
    const held = view.holdings.positions.find((position) => position.symbol === symbol)?.quantity ?? 0
    const quantity = pct === 100 ? held : floorToStep((held * pct) / 100, view.market.book.costs.quantityStep)
    return { side, symbol, quantity, pct, reason }
  })
}

/** A language model, asked with the snapshot of the close. The question itself is put by whoever runs the day. */
export const modelPolicy: Policy = {
  name: 'model',
  guarded: true,
  remembers: true,
  prepare: (view) => ({
    kind: 'ask',
    settle: (reply) =>
      reply.kind === 'none'
        ? { kind: 'no-decision', because: reply.because }
        : { kind: 'wishes', wishes: wishesOf(reply.actions, view), summary: reply.summary },
  }),
}

/** Controls that a model is measured against beside the book's benchmarks. */
export const modelOpponents = [
  { policy: 'cvar', shortName: 'CVaR control', priceOnly: false },
  { policy: 'random:1', shortName: 'random', priceOnly: false },
] as const
