/**
 * Time to solve portfolio problems in a warm process: our dual form through the whole of `solve` (build, HiGHS, check),
 * the usual primal form through the same arrays, and scipy's native HiGHS on it where python3 with scipy is at hand.
 * Then the daily re-solve of a rolling window, and how long the caller's event loop stands still, here and in a thread.
 *
 * Run: node bench/optimizer.ts [repeats]
 */
import { spawnSync } from 'node:child_process'
import { highsEngine, openHighs, solve } from '../src/adapters/highs.ts'
import { openSolverWorker } from '../src/adapters/highs-worker.ts'
import { coreOf } from '../src/optimizer/core.ts'
import { primalForm } from '../src/optimizer/primal.ts'
import { type Problem, parseProblem } from '../src/optimizer/problem.ts'
import type { Solution } from '../src/optimizer/solution.ts'
import { solveWith } from '../src/optimizer/solve.ts'
import { randomFrom, randomNormal } from '../src/random.ts'

const repeats = Number(process.argv[2] ?? 25)
const highs = await openHighs()
const engine = highsEngine(highs, 3600)

/** One market factor and noise, about the size of daily returns. */
function scenariosOf(assets: number, count: number): number[][] {
  const random = randomFrom('bench', assets, count)
  const beta = Array.from({ length: assets }, () => 0.5 + random())
  const noise = Array.from({ length: assets }, () => 0.005 + 0.02 * random())
  return Array.from({ length: count }, () => {
    const market = 0.0004 + 0.01 * randomNormal(random)
    return beta.map((b, i) => b * market + noise[i]! * randomNormal(random))
  })
}

function problemOf(assets: number, count: number, objective: Problem['objective']): Problem {
  const names = Array.from({ length: assets }, (_, i) => `A${i}`)
  const scenarios = scenariosOf(assets, count)
  const constraints = {
    maxWeight: 0.25,
    minCash: 0.05,
    maxCash: 0.15,
    targetReturn: 0.0002,
    previousWeights: names.map(() => 0.9 / assets),
    maxTurnover: 0.5,
  }
  return parseProblem({ assets: names, scenarios, objective, constraints })
}

type Times = { readonly median: number; readonly least: number }

/** Each run once a round, so that what else the machine does falls on all alike; `least` is what it disturbed least. */
function times(...runs: readonly (() => void)[]): Times[] {
  for (let warm = 0; warm < 5; warm += 1) for (const run of runs) run()
  const taken = runs.map((): number[] => [])
  for (let round = 0; round < repeats; round += 1) {
    runs.forEach((run, index) => {
      const start = performance.now()
      run()
      taken[index]!.push(performance.now() - start)
    })
  }
  return taken.map(summary)
}

function summary(taken: readonly number[]): Times {
  const sorted = taken.toSorted((x, y) => x - y)
  return { median: sorted[Math.floor(sorted.length / 2)]!, least: sorted[0]! }
}

const shown = ({ median, least }: Times) => `${median.toFixed(1)} (${least.toFixed(1)})`

function primalRun(problem: Problem): () => void {
  const core = coreOf(problem)
  const cost = new Float64Array(core.columns)
  const cvar = { scenarios: problem.scenarios!, confidence: problem.confidence }
  return () => {
    const { model, read } = primalForm(core, { cost, cvar })
    read(engine.run(model, { presolve: false }))
  }
}

const python = `
import json, sys, time
import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_matrix, hstack, vstack, identity
p = json.load(sys.stdin); R = np.array(p['scenarios']).reshape(p['count'], -1); S, n = R.shape
t = float('inf'); a = 0.05 * S; o = p['constraints']; N = 3*n + 1 + S
c = np.zeros(N); c[3*n] = 1; c[3*n+1:] = 1/a
Z = lambda r, k: csr_matrix((r, k))
one = np.ones((1, n)); mu = R.mean(0)[None]
A = vstack([hstack([csr_matrix(-R), Z(S, 2*n), csr_matrix(-np.ones((S, 1))), -identity(S)]),
  hstack([csr_matrix(np.vstack([one, -one, -mu])), Z(3, 2*n+1+S)]),
  hstack([Z(1, n), csr_matrix(np.ones((1, 2*n))), Z(1, 1+S)])]).tocsr()
b = np.concatenate([np.zeros(S), [0.95, -0.85, -0.0002, 1.0]])
E = hstack([identity(n), -identity(n), identity(n), Z(n, 1+S)]).tocsr(); e = np.full(n, 0.9/n)
B = [(0, 0.25)]*n + [(0, None)]*(2*n) + [(None, None)] + [(0, None)]*S
ts = []
for _ in range(p['repeats']):
  s = time.perf_counter(); r = linprog(c, A, b, E, e, B, method='highs-ds'); ts.append((time.perf_counter() - s) * 1000)
print(json.dumps({'median': sorted(ts)[len(ts)//2], 'least': min(ts), 'objective': r.fun}))
`

function scipy(problem: Problem): (Times & { readonly objective: number }) | undefined {
  const { count, values } = problem.scenarios!
  const input = JSON.stringify({ scenarios: Array.from(values), count, constraints: {}, repeats: Math.min(repeats, 5) })
  const run = spawnSync('python3', ['-c', python], { input, encoding: 'utf8', maxBuffer: 1e9 })
  return run.status === 0 ? (JSON.parse(run.stdout) as Times & { readonly objective: number }) : undefined
}

console.log('minimum CVaR, w <= 25 %, cash 5-15 %, target return, turnover <= 50 %; ms, median (least)')
console.log(
  '| n x S | dual, built, solved, checked | primal, same arrays | ratio | scipy, native HiGHS | ratio | objective - scipy |',
)
console.log('|---|---|---|---|---|---|---|')
for (const [assets, count] of [
  [21, 252],
  [32, 250],
  [32, 1000],
  [32, 2500],
  [100, 2500],
] as const) {
  const problem = problemOf(assets, count, 'min-cvar')
  const [ours, primal] = times(() => void solveWith(engine, problem), primalRun(problem)) as [Times, Times]
  const solution = solveWith(engine, problem)
  const peer = scipy(problem)
  const ratio = (other: Times) => `${(other.median / ours.median).toFixed(1)}x`
  const cells = [`${assets}x${count}`, shown(ours), shown(primal), ratio(primal)]
  if (peer === undefined || solution.status !== 'optimal') cells.push('absent', '', '')
  else cells.push(shown(peer), ratio(peer), (solution.objective - peer.objective).toExponential(1))
  console.log(`| ${cells.join(' | ')} |`)
}

console.log('\nother problems, same limits; ms, median (least)')
console.log('| problem | n x S | built, solved, checked |')
console.log('|---|---|---|')
for (const [objective, assets, count] of [
  ['max-return', 32, 1000],
  ['max-return', 32, 2500],
  ['min-variance', 21, 1000],
  ['min-variance', 32, 1000],
  ['min-variance', 100, 1000],
] as const) {
  const plain = problemOf(assets, count, objective)
  const limits = objective === 'max-return' ? { ...plain.constraints, maxCvar: 0.014 } : plain.constraints
  const problem = { ...plain, constraints: limits }
  const [ours] = times(() => void solveWith(engine, problem)) as [Times]
  const name = objective === 'max-return' ? 'max-return, CVaR <= 1.4 %' : objective
  console.log(`| ${name} | ${assets}x${count} | ${shown(ours)} |`)
}

/** Medians over the last days of a window that rolls one day at a time, the window read beforehand. */
function rolling(
  assets: number,
  count: number,
): { readonly cold: Times; readonly warm: Times; readonly steps: number } {
  const warmUp = 20
  const days = warmUp + 2 * repeats
  const all = scenariosOf(assets, count + days)
  const names = Array.from({ length: assets }, (_, i) => `A${i}`)
  const limits = { maxWeight: 0.25, minCash: 0.05, maxCash: 0.15, targetReturn: 0.0002, maxTurnover: 0.5 }
  const taken: { readonly cold: number[]; readonly warm: number[] } = { cold: [], warm: [] }
  let start: Solution | undefined
  let weights = names.map(() => 0.9 / assets)
  let steps = 0
  for (let day = 0; day < days; day += 1) {
    const scenarios = all.slice(day, day + count)
    const constraints = { ...limits, previousWeights: weights }
    const problem = parseProblem({ assets: names, scenarios, objective: 'min-cvar', constraints })
    const began = performance.now()
    solveWith(engine, problem)
    const between = performance.now()
    const solution = solveWith(engine, problem, start)
    const ended = performance.now()
    if (solution.status !== 'optimal') throw new Error(solution.because)
    if (day >= warmUp) {
      taken.cold.push(between - began)
      taken.warm.push(ended - between)
      if (solution.form === 'dual, warm') steps += 1
    }
    start = solution
    weights = Object.values(solution.weights)
  }
  return { cold: summary(taken.cold), warm: summary(taken.warm), steps: steps / (days - warmUp) }
}

console.log(
  '\nrolling window, one day replaced, from the last solution; same limits, turnover against it; ms, median (least)',
)
console.log('| n x S | from nothing | from yesterday | ratio | found from yesterday |')
console.log('|---|---|---|---|---|')
for (const [assets, count] of [
  [32, 252],
  [32, 1000],
  [32, 2500],
  [100, 2500],
] as const) {
  const { cold, warm, steps } = rolling(assets, count)
  const ratio = (cold.median / warm.median).toFixed(1)
  console.log(
    `| ${assets}x${count} | ${shown(cold)} | ${shown(warm)} | ${ratio}x | ${(100 * steps).toFixed(0)} % of days |`,
  )
}

/** The longest time between two ticks of a 1 ms interval during some work, and how long the work took. */
async function loopDelay(work: () => Promise<unknown>): Promise<{ readonly taken: number; readonly pause: number }> {
  let pause = 0
  let last = performance.now()
  const interval = setInterval(() => {
    const now = performance.now()
    pause = Math.max(pause, now - last)
    last = now
  }, 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  pause = 0
  const began = performance.now()
  await work()
  const taken = performance.now() - began
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(interval)
  return { taken, pause }
}

console.log('\nevent loop of the caller during one solve; ms, median (least)')
console.log('| n x S | here: solve | longest pause | in a thread: solve | longest pause |')
console.log('|---|---|---|---|---|')
const worker = openSolverWorker()
for (const [assets, count] of [
  [32, 2500],
  [100, 2500],
  [200, 5000],
] as const) {
  const problem = problemOf(assets, count, 'min-cvar')
  const here: Awaited<ReturnType<typeof loopDelay>>[] = []
  const there: typeof here = []
  for (let round = -3; round < Math.min(repeats, 15); round += 1) {
    const [inMain, inThread] = [await loopDelay(() => solve(problem)), await loopDelay(() => worker.solve(problem))]
    if (round < 0) continue
    here.push(inMain)
    there.push(inThread)
  }
  const cells = [here, there].flatMap((all) => [all.map(({ taken }) => taken), all.map(({ pause }) => pause)])
  console.log(`| ${assets}x${count} | ${cells.map((cell) => shown(summary(cell))).join(' | ')} |`)
}
await worker.close()
