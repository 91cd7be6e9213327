import type { Constraints, Group } from './constraints.ts'
import type { Engine } from './engine.ts'
import { leastOf, lowestCvar } from './extremes.ts'
import { measuresOf } from './measures.ts'
import type { Problem } from './problem.ts'

/** A conflict around one lifted limit. */
export type Conflict = {
  /** The problem with this limit lifted and, of the rest, only the others of the conflict. */
  readonly rest: Problem
  /** The problem with only this limit lifted, where that is feasible; else as `rest`. */
  readonly allRest: Problem
  /** Names of the others. */
  readonly others: string
}

/** One limit of a problem that can be lifted. */
export type Limit = {
  /** What it asks, in words. */
  readonly name: string
  /** Whether the caller set it: a default is told last. */
  readonly given: boolean
  readonly lift: (limits: Constraints) => Constraints
  readonly tell?: (conflict: Conflict) => string
}

/** All limits of a problem, in the order in which a conflict is told: the caller's before the defaults. */
export function limitsOf(problem: Problem, engine: Engine): readonly Limit[] {
  const { constraints: limits, assets } = problem
  const all = [
    ...cvarLimit(limits, engine),
    ...targetLimit(limits, engine),
    ...turnoverLimit(limits, engine),
    ...limits.groups.flatMap((group, index) => groupLimits(group, index, assets, engine)),
    ...cashLimits(limits, assets, engine),
    weightLimit('minWeight', -Infinity, 0, limits),
    weightLimit('maxWeight', Infinity, 1, limits),
  ]
  return [...all.filter((limit) => limit.given), ...all.filter((limit) => !limit.given)]
}

function cvarLimit({ maxCvar }: Constraints, engine: Engine): readonly Limit[] {
  if (maxCvar === undefined) return []
  const tell = ({ allRest, others }: Conflict): string => {
    const lowest = short(lowestCvar(allRest, engine))
    return `maxCvar ${maxCvar} cannot be met: the lowest CVaR that the other limits allow is ${lowest}${against(others)}`
  }
  return [{ name: `maxCvar ${maxCvar}`, given: true, lift: ({ maxCvar: _, ...rest }) => rest, tell }]
}

function targetLimit({ targetReturn }: Constraints, engine: Engine): readonly Limit[] {
  if (targetReturn === undefined) return []
  const tell = ({ allRest, others }: Conflict): string => {
    const weights = leastOf(allRest, engine, (core) => core.returns!.map((value) => -value))
    const highest = weights === undefined ? '?' : short(measuresOf(allRest, weights).expectedReturn!)
    return `targetReturn ${targetReturn} cannot be reached: the highest expected return that the other limits allow is ${highest}${against(others)}`
  }
  return [{ name: `targetReturn ${targetReturn}`, given: true, lift: ({ targetReturn: _, ...rest }) => rest, tell }]
}

function turnoverLimit({ maxTurnover }: Constraints, engine: Engine): readonly Limit[] {
  if (maxTurnover === undefined) return []
  const tell = ({ rest, others }: Conflict): string => {
    const weights = leastOf(rest, engine, (core) => new Float64Array(core.columns).fill(1, core.assets))
    const least = weights === undefined ? '?' : short(measuresOf(rest, weights).traded / 2)
    return `maxTurnover ${maxTurnover} is too little: to get from previousWeights to ${others} takes at least ${least}`
  }
  // Infinity and not absence: the columns for what is bought and sold are still wanted.
  const lift = (rest: Constraints) => ({ ...rest, maxTurnover: Infinity })
  return [{ name: `maxTurnover ${maxTurnover} from previousWeights`, given: true, lift, tell }]
}

function groupLimits(group: Group, index: number, assets: readonly string[], engine: Engine): readonly Limit[] {
  const names = Array.from(group.assets, (i) => assets[i]!)
  const members = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
  const name = `groups[${index}] (${members})`
  const change = (bounds: Partial<Group>) => (rest: Constraints) => ({
    ...rest,
    groups: rest.groups.map((other, k) => (k === index ? { ...other, ...bounds } : other)),
  })
  const limits: Limit[] = []
  if (Number.isFinite(group.min)) {
    const tell = ({ rest, others }: Conflict): string => {
      const most = short(extremeSum(rest, group.assets, 1, engine))
      return `${name} must hold at least ${group.min}, but with ${others} it can hold at most ${most}`
    }
    limits.push({ name: `${name} at least ${group.min}`, given: true, lift: change({ min: -Infinity }), tell })
  }
  if (Number.isFinite(group.max)) {
    const tell = ({ rest, others }: Conflict): string => {
      const least = short(extremeSum(rest, group.assets, -1, engine))
      return `${name} may hold at most ${group.max}, but with ${others} it must hold at least ${least}`
    }
    limits.push({ name: `${name} at most ${group.max}`, given: true, lift: change({ max: Infinity }), tell })
  }
  return limits
}

function cashLimits(limits: Constraints, assets: readonly string[], engine: Engine): readonly Limit[] {
  const { minCash, maxCash, cashLimitsGiven: given } = limits
  const everyone = Int32Array.from(assets.keys())
  const zero = 'cash is 0 unless minCash or maxCash is given'
  const byDefault = 'a cash of 0 (no minCash or maxCash is given)'
  return [
    {
      name: given ? `maxCash ${maxCash}` : byDefault,
      given,
      lift: (rest) => ({ ...rest, maxCash: Infinity }),
      tell: ({ rest, others }) => {
        const most = extremeSum(rest, everyone, 1, engine)
        const left = short(1 - maxCash - most)
        const cash = given ? `cash may be at most ${maxCash} (maxCash)` : zero
        return `with ${others} at most ${short(most)} can be invested, but ${cash}, so ${left} has no place`
      },
    },
    {
      name: given ? `minCash ${minCash}` : byDefault,
      given,
      lift: (rest) => ({ ...rest, minCash: -Infinity }),
      tell: ({ rest, others }) => {
        const least = extremeSum(rest, everyone, -1, engine)
        const over = short(least - (1 - minCash))
        const cash = given ? `cash must be at least ${minCash} (minCash)` : zero
        return `with ${others} at least ${short(least)} must be invested, but ${cash}, so ${over} is too much`
      },
    },
  ]
}

function weightLimit(key: 'minWeight' | 'maxWeight', none: number, usual: number, limits: Constraints): Limit {
  const values = limits[key]
  const uniform = values.every((value) => value === values[0])
  const given = !uniform || values[0] !== usual
  const over = `over ${values.length} ${values.length === 1 ? 'asset' : 'assets'}`
  return {
    name: uniform
      ? `${key} ${values[0]}${given ? '' : ' (the default)'} ${over}`
      : `the ${key} of each asset${limits.tradesLimited ? ' (maxTrade included)' : ''}`,
    given,
    lift: (rest) => ({ ...rest, [key]: rest[key].map(() => none) }),
  }
}

/** The largest (sign 1) or smallest (sign -1) sum of some weights. */
function extremeSum(problem: Problem, members: Int32Array, sign: 1 | -1, engine: Engine): number {
  const weights = leastOf(problem, engine, (core) => {
    const cost = new Float64Array(core.columns)
    for (const i of members) cost[i] = -sign
    return cost
  })
  return weights === undefined ? Number.NaN : members.reduce((sum, i) => sum + weights[i]!, 0)
}

function against(others: string): string {
  return others === '' ? '' : `; it conflicts with ${others}`
}

/** Six digits say enough, and rounding dust says nothing. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)))
}
