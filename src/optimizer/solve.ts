import { WorldError } from '../errors.ts'
import { attemptsFor } from './attempts.ts'
import { conflictOf } from './conflict.ts'
import type { Engine } from './engine.ts'
import { unboundedBecause } from './extremes.ts'
import type { Problem } from './problem.ts'
import { checked, type Solution } from './solution.ts'

/**
 * Solves a problem with any engine and believes it only after the check: every limit recomputed from the weights, and
 * the objective proved optimal by a bound that the weights' own multipliers give (certificate.ts).
 *
 * Equal problems have equal answers to the last bit. Where several portfolios are equally good, which one is returned
 * depends on the order of the assets, and only on that.
 *
 * @param start the solution of a similar problem, such as yesterday's: minimum CVaR is then found several times faster.
 *   The optimum is proved as without it; where several portfolios are equally good it may be another one of them, so
 *   a start is an input like any other to whoever must reproduce the bytes
 * @throws WorldError when no way of solving gives an answer that passes the check
 */
export function solveWith(engine: Engine, problem: Problem, start?: Solution): Solution {
  const tried: string[] = []
  for (const attempt of attemptsFor(problem, weightsOf(problem, start))) {
    const candidate = attempt.run(engine)
    const result =
      candidate === undefined ? { wrong: ['no optimum was reported'] } : checked(problem, candidate, attempt.form)
    if ('status' in result) return result
    if (tried.length === 0) {
      const infeasible = conflictOf(problem, engine)
      if (infeasible !== undefined) return { status: 'infeasible', because: infeasible }
    }
    tried.push(`${attempt.form} form: ${result.wrong.slice(0, 3).join('; ')}`)
  }
  const unbounded = unboundedBecause(problem, engine)
  if (unbounded !== undefined) return { status: 'unbounded', because: unbounded }
  const advice = 'look for numbers of very different sizes in the problem'
  throw new WorldError(`no solution passed the check, so none is given (${tried.join('. ')}); ${advice}`, {
    retryable: false,
  })
}

/** Weights of a solution in the order of a problem's assets, 0 where it has none; cash alone is no place to begin. */
function weightsOf(problem: Problem, solution: Solution | undefined): Float64Array | undefined {
  if (solution?.status !== 'optimal') return undefined
  const { weights } = solution
  const near = Float64Array.from(problem.assets, (asset) => (Object.hasOwn(weights, asset) ? weights[asset]! : 0))
  return near.some((weight) => weight !== 0) ? near : undefined
}
