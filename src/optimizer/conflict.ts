import type { Engine } from './engine.ts'
import { feasible, provedInfeasible } from './extremes.ts'
import { type Limit, limitsOf } from './limits.ts'
import type { Problem } from './problem.ts'

/**
 * Which limits cannot hold together, in words, or undefined when it is not proved that they cannot.
 *
 * Limits are lifted one after the other, those the caller gave before the defaults; one without which the rest still
 * conflicts has no part in it and stays lifted. What is left conflicts, and no part of it does. The first of them is
 * then lifted again, to say how far the others let it go.
 */
export function conflictOf(problem: Problem, engine: Engine): string | undefined {
  if (feasible(problem, engine) || !provedInfeasible(problem, engine)) return undefined
  const all = limitsOf(problem, engine)
  let kept = all
  for (const limit of all) {
    const without = kept.filter((other) => other !== limit)
    if (!feasible(keeping(problem, all, without), engine)) kept = without
  }
  const focus = kept.find((limit) => limit.given && limit.tell !== undefined) ?? kept.find((limit) => limit.tell)
  if (focus?.tell === undefined) return `these limits cannot hold together: ${listed(kept)}`
  const others = kept.filter((limit) => limit !== focus)
  const withAll = keeping(
    problem,
    all,
    all.filter((limit) => limit !== focus),
  )
  const withOthers = keeping(problem, all, others)
  return focus.tell({
    rest: withOthers,
    allRest: feasible(withAll, engine) ? withAll : withOthers,
    others: listed(others),
  })
}

function keeping(problem: Problem, all: readonly Limit[], kept: readonly Limit[]): Problem {
  const lifted = all.filter((limit) => !kept.includes(limit))
  return { ...problem, constraints: lifted.reduce((limits, limit) => limit.lift(limits), problem.constraints) }
}

function listed(limits: readonly Limit[]): string {
  const names = limits.map((limit) => limit.name)
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}
