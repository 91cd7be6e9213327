import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { optimize } from '../../src/commands/optimize.ts'
import { InputError, WorldError } from '../../src/errors.ts'
import { randomFrom, randomNormal } from '../../src/random.ts'

const io = (stdin: string): CommandIo => ({
  environment: {},
  readStdin: async () => stdin,
  say: () => {},
  show: () => {},
  interactive: false,
})

const problem = {
  assets: ['A', 'B'],
  scenarios: [
    [-0.1, 0.02],
    [0.2, -0.01],
    [0.05, 0.01],
    [-0.02, 0],
  ],
  confidence: 0.5,
  objective: 'min-cvar',
}
const run = (input: unknown, options: { readonly timing?: boolean; readonly timeoutSeconds?: number } = {}) =>
  optimize({ file: '-', ...options }, io(typeof input === 'string' ? input : JSON.stringify(input)))

describe('primer optimize', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'optimize-'))
  })
  after(async () => {
    await rm(folder, { recursive: true, force: true })
  })

  test('reads a file or stdin and writes the fields of the contract in their order', async () => {
    const file = join(folder, 'problem.json')
    await writeFile(file, `\uFEFF${JSON.stringify({ ...problem, constraints: { previousWeights: { B: 1 } } })}`)
    const { json, exitCode } = await optimize({ file }, io(''))
    const keys = 'status weights cash objective expectedReturn cvar var variance turnover'.split(' ')
    assert.deepEqual(Object.keys(json as object), keys)
    assert.equal(exitCode, undefined)
    const { json: same } = await run({ ...problem, constraints: { previousWeights: { B: 1 } } })
    assert.deepEqual(same, json)
    assert.deepEqual(Object.keys((json as { weights: object }).weights), ['A', 'B'])
  })

  test('equal inputs give equal bytes, and only --timing adds the time', async () => {
    const [once, twice] = [await run(problem), await run(problem)]
    assert.equal(JSON.stringify(once.json), JSON.stringify(twice.json))
    assert.equal(once.text, twice.text)
    assert.ok(!('milliseconds' in (once.json as object)))
    const { json } = await run(problem, { timing: true })
    assert.ok((json as { milliseconds: number }).milliseconds > 0)
  })

  test('the table shows the weights, the risk and the return', async () => {
    const constraints = { previousWeights: { B: 1 }, minCash: 0.12 }
    const { text } = await run({ ...problem, constraints })
    assert.equal(
      text,
      [
        'min-cvar, weights of equity; risk and return per period, after costs',
        'B                80.000 %',
        'A                 8.000 %',
        'cash             12.000 %',
        'CVaR 50          -0.320 %',
        'VaR 50           -0.800 %',
        'volatility        0.578 %',
        'expected return   0.660 %',
        'turnover         14.000 %',
      ].join('\n'),
    )
  })

  test('infeasible and unbounded are answers with a reason', async () => {
    const tight = await run({ ...problem, constraints: { maxWeight: 0.2 } })
    const because =
      'with maxWeight 0.2 over 2 assets at most 0.4 can be invested, but cash is 0 unless minCash or maxCash is given, so 0.6 has no place'
    const nothing = { weights: null, cash: null, objective: null, expectedReturn: null }
    assert.deepEqual(tight.json, { status: 'infeasible', because, ...nothing })
    assert.equal(tight.text, `infeasible: ${because}`)
    assert.equal(tight.exitCode, undefined)
    const loose = await run({ ...problem, objective: 'max-return', constraints: { minWeight: null, maxWeight: null } })
    assert.equal((loose.json as { status: string }).status, 'unbounded')
  })

  test('a file that is missing, a folder, no JSON or no problem is bad input', async () => {
    const refused = (file: string, pattern: RegExp) =>
      assert.rejects(optimize({ file }, io('')), (error) => error instanceof InputError && pattern.test(error.message))
    await refused(join(folder, 'absent.json'), /absent.json does not exist; name a JSON file with a portfolio problem/)
    await refused(folder, /is a directory/)
    const file = join(folder, 'broken.json')
    await writeFile(file, '{"assets": ["A"], "scenarios": [[NaN], [-Infinity]], "objective": "min-cvar"}')
    await refused(
      file,
      /scenarios\[0\]\[0\] \(A\) must be a finite number, got "NaN"\n.*scenarios\[1\]\[0\] .*"-Infinity"/,
    )
    await writeFile(file, '{"assets": ["A"], "assets": ["B"], "scenarios": [[0.1]], "objective": "min-cvar"}')
    await refused(file, /"assets" is there twice; keep one/)
    await writeFile(file, '')
    await refused(file, /not JSON/)
    await writeFile(file, '{"assets": ["A"]}')
    await refused(file, /objective/)
  })

  test('every fault of a problem is listed at once', async () => {
    const faulty = { ...problem, scenarios: [[1], ['x', 2]], objective: 'best', more: 1 }
    await assert.rejects(run(faulty), (error) => error instanceof InputError && error.faults.length === 4)
  })

  test('a timeout must be a number of seconds above zero', async () => {
    for (const timeoutSeconds of [0, -1, Number.NaN, Infinity]) {
      await assert.rejects(run(problem, { timeoutSeconds }), InputError)
    }
  })

  test('a problem too large for its time ends in one clear line', async () => {
    const random = randomFrom('too large')
    const assets = Array.from({ length: 1000 }, (_, i) => `A${i}`)
    const scenarios = Array.from({ length: 400 }, () => assets.map(() => 0.01 * randomNormal(random)))
    await assert.rejects(
      run({ assets, scenarios, objective: 'min-cvar' }, { timeoutSeconds: 0.1 }),
      (error) => error instanceof WorldError && /did not finish within 0.1 s/.test(error.message),
    )
  })

  test('names that objects treat specially are kept', async () => {
    const { json } = await run({ ...problem, assets: ['__proto__', 'constructor'] })
    assert.match(JSON.stringify(json), /"__proto__":0\.09.*"constructor":0\.9/)
  })
})
