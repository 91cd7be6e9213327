import { openHighs, solve } from '../adapters/highs.ts'
import { InputError } from '../errors.ts'
import { type Problem, parseProblem } from '../optimizer/problem.ts'
import { type OptimalSolution, type Solution, solutionDocument } from '../optimizer/solution.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { jsonObject } from './json-input.ts'
import { readInput } from './read-input.ts'

export type OptimizeOptions = {
  /** `-` is stdin. */
  readonly file: string
  /** Adds the milliseconds of solving and checking, the solver's loading aside. */
  readonly timing?: boolean
  readonly timeoutSeconds?: number
}

/**
 * `primer optimize FILE`: one portfolio problem, JSON in. That no portfolio keeps all limits, or that none is the best,
 * is an answer too.
 *
 * @returns json: status, because?, weights, cash, objective, expectedReturn, cvar?, var?, variance?, turnover?; text: a table
 */
export async function optimize(options: OptimizeOptions, io: CommandIo): Promise<CommandResult> {
  const { timeoutSeconds = 60 } = options
  if (!(Number.isFinite(timeoutSeconds) && timeoutSeconds > 0)) {
    throw new InputError(`--timeout must be a number of seconds above 0, got ${timeoutSeconds}`)
  }
  const { name, text } = await readInput(options.file, 'a JSON file with a portfolio problem', io)
  const faults: string[] = []
  const given = jsonObject(name, text, '{"assets": [...], "scenarios": [...], "objective": "min-cvar"}', faults)
  if (faults.length > 0) throw new InputError(faults)
  const problem = parseProblem(given)
  await openHighs()
  const start = performance.now()
  const solution = await solve(problem, { timeoutSeconds })
  const milliseconds = Math.round((performance.now() - start) * 10) / 10
  const timing = options.timing === true ? { milliseconds } : {}
  const shrinkage = problem.shrinkage === undefined ? {} : { shrinkage: problem.shrinkage }
  return {
    json: { ...solutionDocument(solution), ...shrinkage, ...timing },
    text: renderSolution(problem, solution, timing),
  }
}

/** Weights smaller than this are left out of the table; the JSON has them all. */
const leastShown = 0.0001

function renderSolution(problem: Problem, solution: Solution, timing: { readonly milliseconds?: number }): string {
  const time = timing.milliseconds === undefined ? [] : [`${timing.milliseconds} ms`]
  if (solution.status !== 'optimal') return [`${solution.status}: ${solution.because}`, ...time].join('\n')
  const shown = Object.entries(solution.weights).filter(([, weight]) => Math.abs(weight) >= leastShown)
  const rows: readonly (readonly [string, string])[] = [
    ...shown.sort(([, a], [, b]) => b - a).map(([asset, weight]) => [asset, percent(weight)] as const),
    ['cash', percent(solution.cash)],
    ...figures(problem, solution),
  ]
  const label = Math.max(...rows.map(([name]) => name.length))
  const value = Math.max(...rows.map(([, text]) => text.length))
  const lines = rows.map(([name, text]) => `${name.padEnd(label)}  ${text.padStart(value)}`)
  return [`${problem.objective}, weights of equity; risk and return per period, after costs`, ...lines, ...time].join(
    '\n',
  )
}

function figures(problem: Problem, solution: OptimalSolution): readonly (readonly [string, string])[] {
  const { cvar, variance, turnover, expectedReturn } = solution
  const confidence = Number((problem.confidence * 100).toPrecision(6))
  return [
    ...(cvar === undefined ? [] : [[`CVaR ${confidence}`, percent(cvar)] as const]),
    ...(solution.var === undefined ? [] : [[`VaR ${confidence}`, percent(solution.var)] as const]),
    ...(variance === undefined ? [] : [['volatility', percent(Math.sqrt(variance))] as const]),
    ...(expectedReturn === null ? [] : [['expected return', percent(expectedReturn)] as const]),
    ...(turnover === undefined ? [] : [['turnover', percent(turnover)] as const]),
  ]
}

function percent(fraction: number): string {
  const text = (fraction * 100).toFixed(3)
  return `${/^-0\.0*$/.test(text) ? text.slice(1) : text} %`
}
