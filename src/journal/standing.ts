import { eValue, evidenceAt, exposureMatched, simpleReturns } from '../statistics/evidence.ts'
import { cents, fromCents } from '../units.ts'
import type { Opened, Standing } from './entry.ts'
import type { ClosedDay } from './replay.ts'

/**
 * How a book stands at its last close, from the closes alone: net returns since the start, drawdown from the peak, and the
 * verdict. The e-value is the smallest over all opponents and a mix of the first benchmark and cash at the book's own mean
 * exposure, so that neither the choice of opponent nor low exposure passes for skill.
 *
 * @param closes all closes of the book, oldest first, at least one
 */
export function standingAt(opened: Opened, closes: readonly ClosedDay[]): Standing {
  const last = closes[closes.length - 1]!
  const start = fromCents(opened.initialCashCents)
  let peak = start
  for (const close of closes) if (close.equity > peak) peak = close.equity
  return {
    day: closes.length,
    equityCents: cents(last.equity),
    netReturn: last.equity / start - 1,
    drawdown: 1 - last.equity / peak,
    benchmarks: opened.benchmarks.map(({ policy, shortName, priceOnly }) => {
      const equity = last.benchmarks[policy] ?? start
      return { policy, shortName, priceOnly, equityCents: cents(equity), netReturn: equity / start - 1 }
    }),
    verdict: verdictOf(opened, closes),
  }
}

function verdictOf(opened: Opened, closes: readonly ClosedDay[]): Standing['verdict'] {
  if (opened.decider === 'control') return { kind: 'control', eValue: null, text: 'A control run: no claim of skill.' }
  if (closes.length < 2) return { kind: 'no-evidence', eValue: null, text: 'No evidence of skill yet.' }
  const own = simpleReturns(closes.map((close) => close.equity))
  const opponents = opened.benchmarks.map(({ policy }) =>
    simpleReturns(closes.map((close) => close.benchmarks[policy]!)),
  )
  const main = opponents[0]
  if (main !== undefined) {
    const exposure = closes.map((close) => 1 - fromCents(close.cashCents) / close.equity)
    opponents.push(exposureMatched(main, exposure))
  }
  const smallest = Math.min(...opponents.map((opponent) => eValue(own, opponent)))
  return smallest >= evidenceAt
    ? {
        kind: 'evidence',
        eValue: smallest,
        text: `Evidence of skill: e-value ${smallest.toFixed(0)}, at least ${evidenceAt} asked.`,
      }
    : { kind: 'no-evidence', eValue: smallest, text: 'No evidence of skill yet.' }
}
