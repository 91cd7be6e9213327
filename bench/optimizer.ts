/**
 * Time to solve portfolio problems, warm: our dual form through the whole of `solve` (build, HiGHS, check), the usual
 * primal form through the same arrays, and scipy's native HiGHS on the primal form where python3 with scipy is at hand.
 *
 * Run: node bench/optimizer.ts [repeats]
 */
import { spawnSync } from 'node:child_process'
import { highsEngine, openHighs } from '../src/adapters/highs.ts'
import { coreOf } from '../src/optimizer/core.ts'
import { primalForm } from '../src/optimizer/primal.ts'
import { type Problem, parseProblem } from '../src/optimizer/problem.ts'
import { solveWith } from '../src/optimizer/solve.ts'
import { randomFrom, randomNormal } from '../src/random.ts'

const repeats = Number(process.argv[2] ?? 9)
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

function problemOf(assets: number, count: number, objective: 'min-cvar' | 'min-variance'): Problem {
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

function median(run: () => void): number {
  for (let warm = 0; warm < 3; warm += 1) run()
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now()
    run()
    return performance.now() - start
  })
  return times.sort((a, b) => a - b)[Math.floor(repeats / 2)]!
}

function primalMs(problem: Problem): number {
  const core = coreOf(problem)
  const cost = new Float64Array(core.columns)
  const cvar = { scenarios: problem.scenarios!, confidence: problem.confidence }
  return median(() => {
    const { model, read } = primalForm(core, { cost, cvar })
    read(engine.run(model, { presolve: false }))
  })
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
  s = time.perf_counter(); r = linprog(c, A, b, E, e, B, method='highs-ds'); ts.append((time.perf_counter()-s)*1000)
print(json.dumps([sorted(ts)[len(ts)//2], r.fun]))
`

function scipy(problem: Problem): readonly [number, number] | undefined {
  const { count, values } = problem.scenarios!
  const input = JSON.stringify({ scenarios: Array.from(values), count, constraints: {}, repeats: Math.min(repeats, 5) })
  const run = spawnSync('python3', ['-c', python], { input, encoding: 'utf8', maxBuffer: 1e9 })
  return run.status === 0 ? (JSON.parse(run.stdout) as [number, number]) : undefined
}

console.log('minimum CVaR, w <= 25 %, cash 5-15 %, target return, turnover <= 50 %; medians in ms')
console.log(
  '| n x S | ours: dual, built and checked | primal, same arrays | ratio | scipy (native HiGHS) | ratio | objective - scipy |',
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
  const ours = median(() => void solveWith(engine, problem))
  const solution = solveWith(engine, problem)
  const primal = primalMs(problem)
  const peer = scipy(problem)
  const difference = solution.status === 'optimal' && peer !== undefined ? solution.objective - peer[1] : Number.NaN
  const cells = [
    `${assets}x${count}`,
    ours.toFixed(1),
    primal.toFixed(1),
    `${(primal / ours).toFixed(1)}x`,
    peer === undefined ? 'absent' : peer[0].toFixed(1),
    peer === undefined ? '' : `${(peer[0] / ours).toFixed(1)}x`,
    Number.isNaN(difference) ? '' : difference.toExponential(1),
  ]
  console.log(`| ${cells.join(' | ')} |`)
}
console.log('\nminimum variance, same limits, 1,000 scenarios; medians in ms')
console.log('| n | ours: built and checked |')
console.log('|---|---|')
for (const assets of [21, 32, 100]) {
  const problem = problemOf(assets, 1000, 'min-variance')
  console.log(`| ${assets} | ${median(() => void solveWith(engine, problem)).toFixed(1)} |`)
}
