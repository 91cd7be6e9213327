import { z } from 'zod'
import { amount, type Faults, fault, readField, readVector, refuseUnknownKeys, shown } from './reading.ts'

/** A limit on the summed weight of some assets, named by their positions. */
export type Group = { readonly assets: Int32Array; readonly min: number; readonly max: number }

/** Limits of a problem with every default filled in; plus or minus Infinity where there is none. */
export type Constraints = {
  readonly minWeight: Float64Array
  readonly maxWeight: Float64Array
  readonly minCash: number
  readonly maxCash: number
  /** Whether the caller gave cash limits; else cash is 0 by the contract, and messages say so. */
  readonly cashLimitsGiven: boolean
  readonly groups: readonly Group[]
  readonly costBps: number
  /** Expected return, after costs, is at least this. */
  readonly targetReturn?: number
  readonly maxCvar?: number
  readonly previousWeights?: Float64Array
  /** Limit on half the sum of absolute changes from `previousWeights`. */
  readonly maxTurnover?: number
}

const keys = [
  'minWeight',
  'maxWeight',
  'minCash',
  'maxCash',
  'targetReturn',
  'maxCvar',
  'previousWeights',
  'maxTurnover',
  'costBps',
  'groups',
]

/** Reads the `constraints` of a problem; faults are noted, and what could not be read is left out. */
export function readConstraints(faults: Faults, raw: unknown, assets: readonly string[]): Constraints | undefined {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    fault(faults, `constraints must be an object such as {"maxWeight": 0.25}, got ${shown(raw)}`)
    return undefined
  }
  const given = raw as Readonly<Record<string, unknown>>
  refuseUnknownKeys(faults, given, keys, 'constraints: ')
  const number = (key: string, schema: z.ZodType<number> = amount) =>
    given[key] === undefined ? undefined : readField(faults, `constraints.${key}`, schema, given[key])
  const weights = (key: string, missing: number, none: number) =>
    readVector(faults, `constraints.${key}`, given[key] ?? (given[key] === null ? null : missing), assets, {
      missing,
      none,
      scalar: true,
    }) ?? new Float64Array(assets.length).fill(Number.NaN)
  const previous =
    given.previousWeights === undefined
      ? undefined
      : readVector(faults, 'constraints.previousWeights', given.previousWeights, assets, { missing: 0 })
  const minCash = number('minCash')
  const maxCash = number('maxCash')
  const cashLimitsGiven = given.minCash !== undefined || given.maxCash !== undefined
  return {
    minWeight: weights('minWeight', 0, Number.NEGATIVE_INFINITY).map(farIsNone),
    maxWeight: weights('maxWeight', 1, Number.POSITIVE_INFINITY).map(farIsNone),
    minCash: minCash ?? 0,
    maxCash: maxCash ?? (cashLimitsGiven ? 1 : 0),
    cashLimitsGiven,
    groups: readGroups(faults, given.groups, assets),
    costBps: number('costBps', costSchema) ?? 0,
    ...optional('targetReturn', number('targetReturn')),
    ...optional('maxCvar', number('maxCvar')),
    ...optional('previousWeights', previous),
    ...optional('maxTurnover', number('maxTurnover', turnoverSchema)),
  }
}

const costSchema = amount
  .min(0, 'must be 0 or more')
  .max(10_000, 'must be at most 10000: a trade cannot cost more than it moves')
const turnoverSchema = amount.min(0, 'must be 0 or more')

/** A solver takes 1e20 and more for no limit at all, so we do too. */
function farIsNone(value: number): number {
  return Math.abs(value) < 1e20 ? value : Math.sign(value) * Number.POSITIVE_INFINITY
}

function optional<K extends string, T>(key: K, value: T | undefined): { readonly [P in K]?: T } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [P in K]?: T }
}

const GroupShape = z.strictObject({
  assets: z.array(z.string('must be a name'), 'must be a list of names').min(1, 'names no asset'),
  min: amount.optional(),
  max: amount.optional(),
})

function readGroups(faults: Faults, raw: unknown, assets: readonly string[]): readonly Group[] {
  if (raw === undefined) return []
  if (!Array.isArray(raw)) {
    fault(faults, 'constraints.groups must be a list such as [{"assets": ["SPY"], "max": 0.4}]')
    return []
  }
  const position = new Map(assets.map((asset, index) => [asset, index]))
  return raw.flatMap((item: unknown, index) => {
    const where = `constraints.groups[${index}]`
    const group = readField(faults, where, GroupShape, item)
    if (group === undefined) return []
    const members = [...new Set(group.assets)]
    if (members.length < group.assets.length) fault(faults, `${where} names an asset twice`)
    const unknown = members.filter((name) => !position.has(name))
    if (unknown.length > 0) fault(faults, `${where}: ${unknown.map(shown).join(', ')} not among the assets`)
    if (group.min === undefined && group.max === undefined) fault(faults, `${where} needs a min or a max`)
    return [
      {
        assets: Int32Array.from(members, (name) => position.get(name) ?? 0),
        min: group.min ?? Number.NEGATIVE_INFINITY,
        max: group.max ?? Number.POSITIVE_INFINITY,
      },
    ]
  })
}

/** Notes limits that contradict each other at sight, or that lack what they refer to. */
export function checkTogether(faults: Faults, limits: Constraints, assets: readonly string[]): void {
  assets.forEach((asset, index) => {
    const min = limits.minWeight[index] ?? Number.NaN
    const max = limits.maxWeight[index] ?? Number.NaN
    if (min > max) fault(faults, `constraints: minWeight ${min} of ${asset} is above its maxWeight ${max}`)
  })
  if (limits.minCash > limits.maxCash) {
    fault(
      faults,
      `constraints: minCash ${limits.minCash} is above maxCash ${limits.maxCash} (the defaults are 0 and 1)`,
    )
  }
  limits.groups.forEach((group, index) => {
    if (group.min > group.max) {
      fault(faults, `constraints.groups[${index}]: min ${group.min} is above max ${group.max}`)
    }
  })
  if (limits.previousWeights === undefined) {
    const why = 'needs previousWeights to change from; give {} if everything is in cash'
    if (limits.maxTurnover !== undefined) fault(faults, `constraints.maxTurnover ${why}`)
    if (limits.costBps > 0) fault(faults, `constraints.costBps ${why}`)
  }
}
