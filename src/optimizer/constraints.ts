import { z } from 'zod'
import { amount, type Faults, fault, readField, readVector, refuseUnknownKeys, shown } from './reading.ts'

/** A limit on the summed weight of some assets, named by their positions. */
export type Group = { readonly assets: Int32Array; readonly min: number; readonly max: number }

/** Limits of a problem with every default filled in; plus or minus Infinity where there is none. */
export type Constraints = {
  /** The tighter of the weight limit and what `maxTrade` leaves around the previous weight. */
  readonly minWeight: Float64Array
  readonly maxWeight: Float64Array
  readonly tradesLimited: boolean
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
  'maxTrade',
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
  const trades = given.maxTrade === undefined ? undefined : weights('maxTrade', Infinity, Infinity)
  trades?.forEach((most, i) => {
    if (most < 0) fault(faults, `constraints.maxTrade of ${assets[i]} is ${most}; a largest change is 0 or more`)
  })
  if (trades !== undefined && previous === undefined && given.previousWeights === undefined)
    fault(faults, 'constraints.maxTrade needs previousWeights to change from; give {} if everything is in cash')
  const lowest = weights('minWeight', 0, Number.NEGATIVE_INFINITY).map(farIsNone)
  const highest = weights('maxWeight', 1, Number.POSITIVE_INFINITY).map(farIsNone)
  if (trades !== undefined && previous !== undefined) tighten({ lowest, highest, trades, previous }, faults, assets)
  const minCash = number('minCash')
  const maxCash = number('maxCash')
  const cashLimitsGiven = given.minCash !== undefined || given.maxCash !== undefined
  return {
    minWeight: lowest,
    maxWeight: highest,
    tradesLimited: trades !== undefined,
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

/** Weight limits narrowed to what a trade may reach; limits that no trade reaches are a fault. */
function tighten(
  limits: Readonly<Record<'lowest' | 'highest' | 'trades' | 'previous', Float64Array>>,
  faults: Faults,
  assets: readonly string[],
): void {
  const { lowest, highest, trades, previous } = limits
  assets.forEach((asset, i) => {
    const [before, most, low, high] = [previous[i]!, trades[i]!, lowest[i]!, highest[i]!]
    if (!(most >= 0) || !(low <= high)) return
    lowest[i] = Math.max(low, before - most)
    highest[i] = Math.min(high, before + most)
    if (lowest[i]! <= highest[i]!) return
    fault(
      faults,
      `constraints: maxTrade ${most} of ${asset} does not bring its previous weight ${before} within minWeight ${low} and maxWeight ${high}`,
    )
    lowest[i] = low
    highest[i] = high
  })
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
