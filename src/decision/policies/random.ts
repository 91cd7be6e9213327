import { unitValue } from '../../portfolio/valuation.ts'
import { randomFrom, randomInt } from '../../random.ts'
import { cents, fromCents } from '../../units.ts'
import { membersAt } from '../book-market.ts'
import type { Policy, Wish } from '../policy.ts'

/**
 * A decider without a thought: on each session none, one or two actions (1/2, 1/3, 1/6), each a sale of a whole position
 * or a purchase for 5 to 25 % of cash, equally likely. Chance depends on the seed and the date alone, so a resumed run
 * decides as an uninterrupted one.
 */
export function randomPolicy(seed: string): Policy {
  return {
    name: `random:${seed}`,
    guarded: true,
    prepare: ({ market, session, holdings, freeCashCents }) => {
      const random = randomFrom('policy', seed, market.panel.sessions[session]!)
      const draw = random()
      const count = draw < 1 / 2 ? 0 : draw < 5 / 6 ? 1 : 2
      const priced = membersAt(market, session).filter(({ symbol }) => unitValue(market.panel, symbol, session) > 0)
      const wishes: Wish[] = []
      for (let i = 0; i < count; i++) {
        const sells = random() < 0.5
        const pick = random()
        const pct = 5 * (1 + randomInt(random, 5))
        if (sells) {
          const positions = [...holdings.positions].sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
          const position = positions[Math.floor(pick * positions.length)]
          if (position === undefined) continue
          wishes.push({
            side: 'sell',
            symbol: position.symbol,
            quantity: position.quantity,
            pct: 100,
            reason: 'Drawn at random.',
          })
        } else {
          const instrument = priced[Math.floor(pick * priced.length)]
          if (instrument === undefined) continue
          const amountCents = cents(fromCents(freeCashCents) * (pct / 100))
          if (amountCents > 0)
            wishes.push({ side: 'buy', symbol: instrument.symbol, amountCents, pct, reason: 'Drawn at random.' })
        }
      }
      return { kind: 'wishes', wishes, summary: count === 0 ? 'Drew no action today.' : '' }
    },
  }
}
