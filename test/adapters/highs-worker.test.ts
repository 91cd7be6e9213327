import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { solve } from '../../src/adapters/highs.ts'
import { openSolverWorker, type SolverWorker } from '../../src/adapters/highs-worker.ts'
import { InputError, WorldError } from '../../src/errors.ts'
import { type Problem, type ProblemInput, parseProblem } from '../../src/optimizer/problem.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

const names = (count: number) => Array.from({ length: count }, (_, i) => `A${i}`)

function scenariosOf(assets: number, count: number): Float64Array[] {
  const random = randomFrom('worker test', assets, count)
  return Array.from({ length: count }, () => {
    const market = 0.01 * randomNormal(random)
    return Float64Array.from({ length: assets }, (_, i) =>
      Math.max(-1, market + (0.005 + 0.0002 * i) * randomNormal(random)),
    )
  })
}

function problemOf(assets: number, count: number, change: Partial<ProblemInput> = {}): Problem {
  return parseProblem({
    assets: names(assets),
    scenarios: scenariosOf(assets, count),
    objective: 'min-cvar',
    constraints: { maxWeight: 0.25, minCash: 0.05, maxCash: 0.15 },
    ...change,
  })
}

/** Half the scenarios are in the tail, so none can be left aside: some seconds for any solver. */
const slow = problemOf(150, 4000, { confidence: 0.5 })
const quick = problemOf(8, 60)

const highsUrl = new URL('../../src/adapters/highs.ts', import.meta.url).href
const program = (text: string) =>
  new URL(
    `data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'
    import { solve } from ${JSON.stringify(highsUrl)}
    let asked = 0
    const honest = async (problem) => parentPort.postMessage({ kind: 'solution', solution: await solve(problem) })
    parentPort.on('message', ({ problem }) => { asked += 1; ${text} })`)}`,
  )

const retryable = (pattern: RegExp) => (error: unknown) =>
  error instanceof WorldError && error.retryable && pattern.test(error.message)

/** The longest time between two ticks of a 1 ms interval while `work` goes on, in ms. */
async function longestPause(work: () => Promise<unknown>): Promise<number> {
  let longest = 0
  let last = performance.now()
  const tick = () => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }
  const interval = setInterval(tick, 1)
  await new Promise((resolve) => setTimeout(resolve, 20))
  longest = 0
  await work()
  await new Promise((resolve) => setTimeout(resolve, 5))
  clearInterval(interval)
  return longest
}

describe('solving in a thread', () => {
  let worker: SolverWorker
  before(() => {
    worker = openSolverWorker()
  })
  after(() => worker.close())

  test('gives the same bytes as solving in this one', async () => {
    const limits = { minWeight: null, maxWeight: { A0: 0.5 }, minCash: 0, maxCash: 0.2 }
    const previous = { previousWeights: names(12).map(() => 0.08), maxTurnover: 0.3, costBps: 5, targetReturn: -0.01 }
    const problems = [
      quick,
      problemOf(32, 1000),
      problemOf(12, 100, { constraints: { ...limits, minWeight: -0.2, groups: [{ assets: ['A0', 'A1'], max: 0.3 }] } }),
      problemOf(12, 300, { objective: 'max-utility', riskAversion: 4, constraints: previous }),
      problemOf(12, 300, { objective: 'max-return', constraints: { maxCvar: 0.04, maxWeight: 0.4 } }),
      problemOf(5, 50, { constraints: { maxWeight: 0.1 } }),
      problemOf(3, 50, { objective: 'max-return', constraints: { minWeight: null, maxWeight: null } }),
    ]
    const answers = await Promise.all(problems.map((problem) => worker.solve(problem)))
    const statuses = answers.map(({ status }) => status)
    assert.deepEqual(statuses.slice(0, 5), Array(5).fill('optimal'))
    assert.deepEqual(statuses.slice(5), ['infeasible', 'unbounded'])
    for (const [index, problem] of problems.entries()) {
      const here = await solve(problem)
      assert.deepEqual(answers[index], here)
      assert.equal(JSON.stringify(answers[index]), JSON.stringify(here))
    }
    const start = answers[1]!
    const warm = await worker.solve(problems[1]!, { start })
    assert.equal(JSON.stringify(warm), JSON.stringify(await solve(problems[1]!, { start })))
    assert.equal(warm.status === 'optimal' ? warm.form : '', 'dual, warm')
  })

  test('lets the event loop go on, which solving here does not', async () => {
    await solve(quick)
    await worker.solve(quick)
    const inThread = await longestPause(() => worker.solve(slow))
    const inMain = await longestPause(() => solve(slow))
    assert.ok(inMain > 150, `the problem is too easy for this test: ${inMain} ms`)
    assert.ok(inThread < inMain / 4, `longest pause ${inThread} ms with a thread, ${inMain} ms without`)
  })

  test('errors come back as what they were', async () => {
    await assert.rejects(
      worker.solve(slow, { timeoutSeconds: 0.05 }),
      (error) =>
        error instanceof WorldError &&
        !error.retryable &&
        /did not finish within 0.05 s; allow more with --timeout/.test(error.message),
    )
    assert.equal((await worker.solve(quick)).status, 'optimal')
    const broken = { ...quick, assets: undefined } as unknown as Problem
    await assert.rejects(worker.solve(broken), (error) => error instanceof Error && !(error instanceof WorldError))
    const uncloneable = { ...quick, assets: () => [] } as unknown as Problem
    await assert.rejects(worker.solve(uncloneable), /could not be cloned/)
    assert.equal((await worker.solve(quick)).status, 'optimal')
  })

  test('an InputError keeps its list of faults', async () => {
    const refusing = openSolverWorker({
      entry: program(`parentPort.postMessage({ kind: 'input-error', faults: ['one', 'two'] })`),
    })
    await assert.rejects(
      refusing.solve(quick),
      (error) => error instanceof InputError && assert.deepEqual(error.faults, ['one', 'two']) === undefined,
    )
    await refusing.close()
  })
})

describe('a thread that fails', () => {
  test('takes only the call it is at with it, and the next has a new one', async () => {
    const ways = [
      ['process.exit(7)', /ended by itself with code 7, without a solution; try again/],
      [`throw new Error('planted')`, /broke down/],
    ] as const
    for (const [way, message] of ways) {
      // The second call a thread gets is its last.
      const worker = openSolverWorker({ entry: program(`if (asked === 2) { ${way} } else honest(problem)`) })
      const calls = await Promise.allSettled([1, 2, 3].map(() => worker.solve(quick)))
      assert.deepEqual(
        calls.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      )
      assert.ok(calls[1]!.status === 'rejected' && retryable(message)(calls[1]!.reason), String(calls[1]))
      await worker.close()
    }
  })

  test('and hangs in the middle of a solve is ended two seconds after its time', async () => {
    // This thread forgets the time it was given, and HiGHS is killed at its work.
    const worker = openSolverWorker({ entry: program('honest(problem)') })
    const forever = problemOf(400, 6000, { confidence: 0.5 })
    const began = performance.now()
    const [first, second] = await Promise.allSettled([
      worker.solve(forever, { timeoutSeconds: 0.1 }),
      worker.solve(quick),
    ])
    assert.ok(performance.now() - began < 6000, 'it took too long')
    assert.ok(first.status === 'rejected')
    assert.ok(retryable(/no answer within 0.1 s and 2 s of grace and was ended/)(first.reason), String(first.reason))
    assert.deepEqual(second.status === 'fulfilled' ? second.value : second.reason, await solve(quick))
    await worker.close()
  })

  test('that cannot even start fails each call, and not for ever', async () => {
    const worker = openSolverWorker({ entry: new URL('data:text/javascript,throw new Error("planted")') })
    for (let call = 0; call < 3; call += 1) await assert.rejects(worker.solve(quick), retryable(/broke down/))
    await worker.close()
  })
})

describe('closing', () => {
  test('in the middle of a solve ends within a second, and the open calls fail', async () => {
    const worker = openSolverWorker()
    await worker.solve(quick)
    const calls = [slow, quick].map((problem) => assert.rejects(worker.solve(problem), retryable(/was closed/)))
    await new Promise((resolve) => setTimeout(resolve, 50))
    const began = performance.now()
    await worker.close()
    assert.ok(performance.now() - began < 1000)
    await Promise.all(calls)
    await assert.rejects(worker.solve(quick), retryable(/was closed/))
    await worker.close()
  })

  test('is not needed for the process to end, and an open call keeps it alive', () => {
    const text = `
      import { openSolverWorker } from ${JSON.stringify(highsUrl.replace('highs.ts', 'highs-worker.ts'))}
      import { parseProblem } from ${JSON.stringify(new URL('../../src/optimizer/problem.ts', import.meta.url).href)}
      const worker = openSolverWorker()
      const problem = parseProblem({ assets: ['A'], scenarios: [[-0.1], [0.2]], objective: 'min-cvar' })
      worker.solve(problem).then(({ status }) => console.log(status))`
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', text], {
      encoding: 'utf8',
      timeout: 20_000,
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
    })
    assert.deepEqual([run.status, run.stdout, run.stderr], [0, 'optimal\n', ''])
  })
})
