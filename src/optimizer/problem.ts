import { z } from 'zod'
import { InputError } from '../errors.ts'
import { type Constraints, checkTogether, readConstraints } from './constraints.ts'
import {
  mostCovarianceAssets,
  readCovariance,
  readScenarios,
  type Scenarios,
  sampleCovariance,
  scenarioMeans,
} from './matrices.ts'
import { amount, type Faults, fault, readField, readVector, refuseUnknownKeys } from './reading.ts'
import { type ShrunkReturns, shrunkReturns } from './shrinkage.ts'

export const Objective = z.enum(['min-cvar', 'max-return', 'min-variance', 'max-utility'])
export type Objective = z.infer<typeof Objective>

/**
 * One portfolio to find, checked: w are the weights of `assets`, cash is 1 - sum(w) and earns nothing.
 * `expectedReturns` are the caller's, or the means of the scenarios, shrunk or not; `covariance` is n x n by rows.
 */
export type Problem = {
  readonly assets: readonly string[]
  readonly objective: Objective
  readonly confidence: number
  readonly riskAversion: number
  readonly expectedReturns?: Float64Array
  /** How far the means were shrunk, where they were asked to be. */
  readonly shrinkage?: Omit<ShrunkReturns, 'expectedReturns'>
  readonly scenarios?: Scenarios
  readonly covariance?: Float64Array
  readonly constraints: Constraints
}

/** What `parseProblem` takes: the JSON of `primer optimize`. Rows may be typed arrays. */
export type ProblemInput = {
  readonly assets: readonly string[]
  readonly objective: Objective
  /** One per asset, or how to take them from the scenarios: their means, as without it, or these shrunk. */
  readonly expectedReturns?: ArrayLike<number> | Readonly<Record<string, number>> | 'mean' | 'shrunk'
  readonly scenarios?: readonly ArrayLike<number>[]
  readonly covariance?: readonly ArrayLike<number>[]
  readonly confidence?: number
  readonly riskAversion?: number
  readonly constraints?: {
    readonly minWeight?: PerAsset
    readonly maxWeight?: PerAsset
    readonly minCash?: number
    readonly maxCash?: number
    readonly targetReturn?: number
    readonly maxCvar?: number
    readonly previousWeights?: ArrayLike<number> | Readonly<Record<string, number>>
    readonly maxTurnover?: number
    readonly maxTrade?: PerAsset
    readonly costBps?: number
    readonly groups?: readonly { readonly assets: readonly string[]; readonly min?: number; readonly max?: number }[]
  }
}
type PerAsset = number | null | readonly (number | null)[] | Readonly<Record<string, number | null>>

const keys = [
  'assets',
  'objective',
  'expectedReturns',
  'scenarios',
  'covariance',
  'confidence',
  'riskAversion',
  'constraints',
]

/**
 * Reads a problem from outside, or throws one InputError that lists every fault.
 *
 * Defaults: confidence 0.95, riskAversion 1, minWeight 0, maxWeight 1; without cash limits cash is 0, with one of
 * them the other is 0 (least) or 1 (most). `null` as a weight limit means none. Weight limits are one number, a list
 * in the order of `assets`, or a map; assets a map leaves out have the default, previous weights it leaves out are 0.
 * `maxTrade` is the largest change of an asset from its previous weight, up or down: what its trading can bear.
 * Fewer scenarios than 1 / (1 - confidence) are allowed: CVaR is then the worst scenario.
 * Example: parseProblem({assets: ['A'], scenarios: [[0.01]], objective: 'min-cvar'}).constraints.maxCash -> 0
 */
export function parseProblem(input: unknown): Problem {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new InputError(
      'the problem must be an object such as {"assets": [...], "scenarios": [...], "objective": "min-cvar"}',
    )
  }
  const faults: Faults = []
  const raw = input as Readonly<Record<string, unknown>>
  refuseUnknownKeys(faults, raw, keys, '')
  const assets = readAssets(faults, raw.assets)
  const objective = readField(faults, 'objective', Objective, raw.objective)
  const confidence = readField(
    faults,
    'confidence',
    confidenceSchema,
    raw.confidence === undefined ? 0.95 : raw.confidence,
  )
  const riskAversion = readField(
    faults,
    'riskAversion',
    aversionSchema,
    raw.riskAversion === undefined ? 1 : raw.riskAversion,
  )
  if (assets.length === 0) {
    // Without assets nothing can be said about lengths and names that would help.
    readConstraints(faults, withoutNames(raw.constraints), assets)
    throw new InputError(faults)
  }
  const scenarios = raw.scenarios === undefined ? undefined : readScenarios(faults, raw.scenarios, assets)
  const covariance = raw.covariance === undefined ? undefined : readCovariance(faults, raw.covariance, assets)
  const expected =
    raw.expectedReturns === undefined || ways.includes(raw.expectedReturns)
      ? undefined
      : readVector(faults, 'expectedReturns', raw.expectedReturns, assets, {})
  refuseImpossibleReturns(faults, expected, assets)
  const constraints = readConstraints(faults, raw.constraints === undefined ? {} : raw.constraints, assets)
  const shrink = raw.expectedReturns === 'shrunk'
  if (ways.includes(raw.expectedReturns)) refuseShort(faults, raw, assets.length)
  if (objective !== undefined) refuseMissing(faults, raw, objective, assets)
  if (constraints !== undefined) checkTogether(faults, constraints, assets)
  if (faults.length > 0 || objective === undefined || confidence === undefined || riskAversion === undefined) {
    throw new InputError(faults)
  }
  const shrunk = shrink && scenarios !== undefined ? shrunkReturns(scenarios, assets.length) : undefined
  const means =
    expected ??
    shrunk?.expectedReturns ??
    (scenarios === undefined ? undefined : scenarioMeans(scenarios, assets.length))
  const variances = covariance ?? neededSampleCovariance(scenarios, assets.length, objective)
  return {
    assets,
    objective,
    confidence,
    riskAversion,
    constraints: constraints as Constraints,
    ...(means === undefined ? {} : { expectedReturns: means }),
    ...(shrunk === undefined ? {} : { shrinkage: { intensity: shrunk.intensity, toward: shrunk.toward } }),
    ...(scenarios === undefined ? {} : { scenarios }),
    ...(variances === undefined ? {} : { covariance: variances }),
  }
}

/** Words in place of expected returns. */
const ways: readonly unknown[] = ['mean', 'shrunk']

function refuseShort(faults: Faults, raw: Readonly<Record<string, unknown>>, assets: number): void {
  if (!Array.isArray(raw.scenarios)) {
    fault(faults, `expectedReturns "${String(raw.expectedReturns)}" needs scenarios to take them from`)
    return
  }
  if (raw.expectedReturns !== 'shrunk') return
  const least = assets + 3
  if (raw.scenarios.length < least)
    fault(
      faults,
      `expectedReturns "shrunk" needs at least ${least} scenarios for ${assets} assets, got ${raw.scenarios.length}`,
    )
  if (assets > mostCovarianceAssets)
    fault(faults, `expectedReturns "shrunk" takes at most ${mostCovarianceAssets} assets, got ${assets}`)
}

function withoutNames(constraints: unknown): unknown {
  if (typeof constraints !== 'object' || constraints === null || Array.isArray(constraints)) return constraints ?? {}
  const named = ['minWeight', 'maxWeight', 'maxTrade', 'previousWeights', 'groups']
  return Object.fromEntries(Object.entries(constraints).filter(([key]) => !named.includes(key)))
}

const confidenceSchema = amount
  .gt(0, 'must lie between 0 and 1, both excluded, such as 0.95')
  .lt(1, 'must lie between 0 and 1, both excluded, such as 0.95 (not 95)')
const aversionSchema = amount.min(0, 'must be 0 or more: a negative one would reward risk')

const assetName = z
  .string('must be a name in quotes')
  .min(1, 'is an empty name')
  .max(64, 'is longer than 64 characters')
  .regex(/^\P{Cc}*$/u, 'holds a control character')

function readAssets(faults: Faults, raw: unknown): readonly string[] {
  if (!Array.isArray(raw) || raw.length === 0) {
    fault(faults, 'assets must be a list of at least one name, such as ["SPY", "GLD"]')
    return []
  }
  const seen = new Set<string>()
  raw.forEach((name: unknown, index) => {
    const value = readField(faults, `assets[${index}]`, assetName, name)
    if (value === undefined) return
    if (seen.has(value)) fault(faults, `assets[${index}]: ${value} is listed twice; each asset has one column`)
    seen.add(value)
  })
  return raw.map(String)
}

function refuseImpossibleReturns(faults: Faults, values: Float64Array | undefined, assets: readonly string[]): void {
  values?.forEach((value, index) => {
    if (value < -1)
      fault(faults, `expectedReturns: ${assets[index]} would lose ${-value}, more than the whole stake (-1)`)
  })
}

function refuseMissing(
  faults: Faults,
  raw: Readonly<Record<string, unknown>>,
  objective: Objective,
  assets: readonly string[],
): void {
  const limits = (raw.constraints ?? {}) as Readonly<Record<string, unknown>>
  const scenarios = raw.scenarios !== undefined
  const returns = scenarios || raw.expectedReturns !== undefined
  const variance = scenarios || raw.covariance !== undefined
  if (objective === 'min-cvar' && !scenarios) {
    fault(faults, 'objective min-cvar needs scenarios: one row of returns per period, one column per asset')
  }
  if (objective === 'max-return' && !returns) fault(faults, 'objective max-return needs expectedReturns or scenarios')
  if (objective === 'min-variance' && !variance) fault(faults, 'objective min-variance needs a covariance or scenarios')
  if (objective === 'max-utility' && !(variance && returns)) {
    fault(faults, 'objective max-utility needs expectedReturns and a covariance, or scenarios for both')
  }
  const quadratic = objective === 'min-variance' || objective === 'max-utility'
  const single = Array.isArray(raw.scenarios) && raw.scenarios.length === 1 && raw.covariance === undefined
  if (single && quadratic) {
    fault(faults, `objective ${objective} needs at least 2 scenarios: one row has no variance`)
  }
  if (quadratic && assets.length > mostCovarianceAssets) {
    fault(faults, `objective ${objective} takes at most ${mostCovarianceAssets} assets, got ${assets.length}`)
  }
  if (limits.maxCvar !== undefined && !scenarios) fault(faults, 'constraints.maxCvar needs scenarios')
  if (limits.targetReturn !== undefined && !returns) {
    fault(faults, 'constraints.targetReturn needs expectedReturns or scenarios')
  }
}

function neededSampleCovariance(
  scenarios: Scenarios | undefined,
  assets: number,
  objective: Objective,
): Float64Array | undefined {
  const needed = objective === 'min-variance' || objective === 'max-utility'
  return needed && scenarios !== undefined ? sampleCovariance(scenarios, assets) : undefined
}
