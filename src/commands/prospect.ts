import { z } from 'zod'
import { InputError } from '../errors.ts'
import { medianParameters, type Outcome, prospectUtility } from '../statistics/prospect.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { firstFaults, jsonObject, sentencesOf } from './json-input.ts'
import { readInput } from './read-input.ts'
import { shown } from './returns-csv.ts'

const number = z.number({ error: (issue) => `must be a finite number, got ${shown(issue.input)}` })
const positive = number.refine((value) => value > 0, {
  error: (issue) => `must be above 0, got ${shown(issue.input)}`,
})
const probability = number.refine((value) => value >= 0 && value <= 1, {
  error: (issue) => `must lie between 0 and 1, got ${shown(issue.input)}`,
})
const pair = z.tuple([number, probability], {
  error: (issue) => `must be [amount, probability], got ${shown(issue.input)}`,
})
const gamble = z
  .array(pair, { error: (issue) => `must be a list of [amount, probability], got ${shown(issue.input)}` })
  .min(1, { error: 'is empty; it needs an outcome' })
  .refine((outcomes) => Math.abs(outcomes.reduce((sum, [, p]) => sum + p, 0) - 1) <= 1e-9, {
    error: (issue) => {
      const outcomes = issue.input as readonly (readonly [number, number])[]
      return `has probabilities that add up to ${outcomes.reduce((sum, [, p]) => sum + p, 0)}, not to 1`
    },
  })

const Input = z.strictObject({
  gambles: z
    .array(gamble, { error: (issue) => `must be a list of gambles, got ${shown(issue.input)}` })
    .min(1, { error: 'is empty; it needs a gamble' }),
  alpha: positive.default(medianParameters.alpha),
  beta: positive.default(medianParameters.beta),
  lambda: positive.default(medianParameters.lambda),
  gamma: positive.default(medianParameters.gamma),
  delta: positive.default(medianParameters.delta),
})

/**
 * `primer prospect FILE`: what gambles are worth under cumulative prospect theory, in the units that the prompt's figures have.
 *
 * @returns json: the parameters and, for each gamble, `{utility, certaintyEquivalent, expectedValue}`; text: a table
 */
export async function prospect(file: string, io: CommandIo): Promise<CommandResult> {
  const { name, text } = await readInput(file, 'a JSON file of gambles', io)
  const faults: string[] = []
  const given = jsonObject(name, text, '{"gambles": [[[100, 0.5], [-50, 0.5]]]}', faults)
  const parsed = Input.safeParse(given ?? {})
  if (given !== null && !parsed.success) faults.push(...sentencesOf(parsed.error, { '': Object.keys(Input.shape) }))
  if (faults.length > 0 || !parsed.success) throw new InputError(firstFaults(faults))
  const { gambles, ...parameters } = parsed.data
  const rows = gambles.map((outcomes) => {
    const named = outcomes.map(([amount, chance]): Outcome => ({ amount, probability: chance }))
    const utility = prospectUtility(named, parameters)
    const { alpha, beta, lambda } = parameters
    return {
      utility,
      // The inverse of the value function: what is as good for sure.
      certaintyEquivalent: utility >= 0 ? utility ** (1 / alpha) : -((-utility / lambda) ** (1 / beta)),
      expectedValue: named.reduce((sum, { amount, probability: chance }) => sum + amount * chance, 0),
    }
  })
  if (
    rows.some(({ utility, certaintyEquivalent }) => !Number.isFinite(utility) || !Number.isFinite(certaintyEquivalent))
  )
    throw new InputError(`${name}: the amounts or the curvatures are too large to compute with`)
  const figure = (value: number) => value.toFixed(2).padStart(12)
  const lines = rows.map(
    (row, i) =>
      `${String(i + 1).padStart(3)}${figure(row.utility)}${figure(row.certaintyEquivalent)}${figure(row.expectedValue)}`,
  )
  return {
    json: { parameters, gambles: rows },
    text: [`  #${'value'.padStart(12)}${'as good as'.padStart(12)}${'mean'.padStart(12)}`, ...lines].join('\n'),
  }
}
