import { type Core, unitScale } from './core.ts'
import { backward, choleskyInPlace } from './dense.ts'
import { dot, largest } from './measures.ts'
import type { Goal } from './primal.ts'

/** One limit values . x[indices] >= limit, or = limit. */
type Side = {
  readonly indices: Int32Array
  readonly values: Float64Array
  readonly limit: number
}

const mostSteps = 100

/**
 * A convex quadratic program over a core by a primal-dual interior point method, dense.
 *
 * The last resort where the active-set solver goes round in circles on degenerate problems, which cannot happen here.
 * It ends near the optimum and not on it; whether that is near enough is the check's to say.
 * Source: Mehrotra, SIAM Journal on Optimization 2(4), 1992; Nocedal and Wright, Numerical Optimization, algorithm 16.4.
 */
export function interiorPoint(core: Core, goal: Goal, checkTime: () => void): Float64Array {
  const n = core.columns
  const scale = unitScale(goal.hessian!.values)
  const hessian = denseHessian(goal, n, scale)
  const cost = goal.cost.map((value) => value * scale)
  const { equal, above } = sidesOf(core)
  const x = core.lower.map((low, j) => Math.min(Math.max(0, low), core.upper[j]!))
  const y = new Float64Array(equal.length)
  const slack = Float64Array.from(above, (side) => Math.max(1, activity(side, x) - side.limit))
  const price = new Float64Array(above.length).fill(1)
  let closest = Infinity
  let best = x
  for (let step = 0; step < mostSteps; step += 1) {
    checkTime()
    const dualGap = residual(hessian, cost, x, equal, y, above, price)
    const equalGap = Float64Array.from(equal, (side) => activity(side, x) - side.limit)
    const aboveGap = Float64Array.from(above, (side, k) => activity(side, x) - slack[k]! - side.limit)
    const mean = above.length === 0 ? 0 : dot(slack, price) / above.length
    const distance = mean + largest(dualGap) + largest(equalGap) + largest(aboveGap)
    if (distance < closest) {
      closest = distance
      best = Float64Array.from(x)
    }
    // Near the end rounding takes over and the iterates drift away again.
    if (distance < 1e-15 || distance > 1e4 * closest) break
    const system = newtonSystem(hessian, n, equal, above, slack, price)
    const direction = (complement: Float64Array) =>
      newtonStep(system, { equal, above, slack, price, dualGap, equalGap, aboveGap, complement })
    const predictor = direction(slack.map((s, k) => -s * price[k]!))
    const reach = longest(slack, predictor.slack, price, predictor.price, 1)
    let after = 0
    for (let k = 0; k < above.length; k += 1) {
      after += (slack[k]! + reach * predictor.slack[k]!) * (price[k]! + reach * predictor.price[k]!)
    }
    const centring = mean === 0 ? 0 : (after / above.length / mean) ** 3 * mean
    const corrector = direction(
      slack.map((s, k) => centring - s * price[k]! - predictor.slack[k]! * predictor.price[k]!),
    )
    const length = longest(slack, corrector.slack, price, corrector.price, 0.995)
    if (!(length > 1e-10)) break
    advance(x, corrector.x, length)
    advance(y, corrector.y, length)
    advance(slack, corrector.slack, length)
    advance(price, corrector.price, length)
  }
  return best.slice(0, core.assets)
}

function sidesOf(core: Core): { readonly equal: readonly Side[]; readonly above: readonly Side[] } {
  const equal: Side[] = []
  const above: Side[] = []
  const add = (lower: number, upper: number, indices: Int32Array, values: Float64Array): void => {
    if (lower === upper) {
      equal.push({ indices, values, limit: lower })
      return
    }
    if (Number.isFinite(lower)) above.push({ indices, values, limit: lower })
    if (Number.isFinite(upper)) above.push({ indices, values: values.map((v) => -v), limit: -upper })
  }
  core.rows.forEach((row) => {
    add(row.lower, row.upper, row.indices, row.values)
  })
  for (let j = 0; j < core.columns; j += 1) {
    add(core.lower[j]!, core.upper[j]!, Int32Array.of(j), Float64Array.of(1))
  }
  return { equal, above }
}

function activity(side: Side, x: Float64Array): number {
  let sum = 0
  for (let k = 0; k < side.indices.length; k += 1) sum += side.values[k]! * x[side.indices[k]!]!
  return sum
}

function addTimes(side: Side, factor: number, target: Float64Array): void {
  for (let k = 0; k < side.indices.length; k += 1) target[side.indices[k]!]! += factor * side.values[k]!
}

function denseHessian(goal: Goal, n: number, scale: number): Float64Array {
  const { starts, indices, values } = goal.hessian!
  const full = new Float64Array(n * n)
  for (let j = 0; j + 1 < starts.length; j += 1) {
    for (let k = starts[j]!; k < starts[j + 1]!; k += 1) {
      full[indices[k]! * n + j] = values[k]! * scale
      full[j * n + indices[k]!] = values[k]! * scale
    }
  }
  return full
}

function residual(
  hessian: Float64Array,
  cost: Float64Array,
  x: Float64Array,
  equal: readonly Side[],
  y: Float64Array,
  above: readonly Side[],
  price: Float64Array,
): Float64Array {
  const n = x.length
  const rest = cost.map((value, i) => value + dot(hessian.subarray(i * n, i * n + n), x))
  equal.forEach((side, k) => {
    addTimes(side, -y[k]!, rest)
  })
  above.forEach((side, k) => {
    addTimes(side, -price[k]!, rest)
  })
  return rest
}

/** A pivot lost to rounding is made so large that its direction stands still: the usual remedy near the end. */
const skippedPivot = 1e128

type System = {
  readonly n: number
  /** Cholesky factor of H + G' diag(price / slack) G. */
  readonly factor: Float64Array
  /** The factored matrix's inverse times each equality, by rows. */
  readonly solved: readonly Float64Array[]
  /** Cholesky factor of the equalities' Schur complement. */
  readonly schur: Float64Array
}

function newtonSystem(
  hessian: Float64Array,
  n: number,
  equal: readonly Side[],
  above: readonly Side[],
  slack: Float64Array,
  price: Float64Array,
): System {
  const factor = Float64Array.from(hessian)
  above.forEach((side, k) => {
    const weight = price[k]! / slack[k]!
    for (let a = 0; a < side.indices.length; a += 1) {
      const scaled = weight * side.values[a]!
      const row = side.indices[a]! * n
      for (let b = 0; b < side.indices.length; b += 1) factor[row + side.indices[b]!]! += scaled * side.values[b]!
    }
  })
  for (let i = 0; i < n; i += 1) factor[i * n + i]! += 1e-11
  choleskyInPlace(factor, n, skippedPivot)
  const solved = equal.map((side) => {
    const column = new Float64Array(n)
    addTimes(side, 1, column)
    return backward(factor, n, column)
  })
  const p = equal.length
  const schur = new Float64Array(p * p)
  equal.forEach((side, i) => {
    for (let j = 0; j < p; j += 1) schur[i * p + j] = activity(side, solved[j]!)
  })
  choleskyInPlace(schur, p, skippedPivot)
  return { n, factor, solved, schur }
}

type State = {
  readonly equal: readonly Side[]
  readonly above: readonly Side[]
  readonly slack: Float64Array
  readonly price: Float64Array
  readonly dualGap: Float64Array
  readonly equalGap: Float64Array
  readonly aboveGap: Float64Array
  readonly complement: Float64Array
}
type Direction = {
  readonly x: Float64Array
  readonly y: Float64Array
  readonly slack: Float64Array
  readonly price: Float64Array
}

function newtonStep(system: System, state: State): Direction {
  const { equal, above, slack, price, aboveGap, complement } = state
  const right = state.dualGap.map((value) => -value)
  above.forEach((side, k) => {
    addTimes(side, (complement[k]! - price[k]! * aboveGap[k]!) / slack[k]!, right)
  })
  const free = backward(system.factor, system.n, right)
  const needed = Float64Array.from(equal, (side, i) => -state.equalGap[i]! - activity(side, free))
  const y = backward(system.schur, equal.length, needed)
  const x = free
  system.solved.forEach((column, i) => {
    advance(x, column, y[i]!)
  })
  const slackStep = Float64Array.from(above, (side, k) => activity(side, x) + aboveGap[k]!)
  const priceStep = slackStep.map((step, k) => (complement[k]! - price[k]! * step) / slack[k]!)
  return { x, y, slack: slackStep, price: priceStep }
}

/** The longest step, at most 1, that keeps slacks and prices above zero, a little shortened. */
function longest(s: Float64Array, ds: Float64Array, z: Float64Array, dz: Float64Array, share: number): number {
  let length = 1
  for (let k = 0; k < s.length; k += 1) {
    if (ds[k]! < 0) length = Math.min(length, (-share * s[k]!) / ds[k]!)
    if (dz[k]! < 0) length = Math.min(length, (-share * z[k]!) / dz[k]!)
  }
  return length
}

function advance(target: Float64Array, step: Float64Array, length: number): void {
  for (let k = 0; k < target.length; k += 1) target[k]! += length * step[k]!
}
