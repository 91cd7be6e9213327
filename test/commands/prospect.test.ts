import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { prospect } from '../../src/commands/prospect.ts'
import { InputError } from '../../src/errors.ts'
import { readConformance } from '../support/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

const io = (stdin: string): CommandIo => ({
  environment: {},
  readStdin: async () => stdin,
  say: () => {},
  show: () => {},
  interactive: false,
})
type Row = { readonly utility: number; readonly certaintyEquivalent: number; readonly expectedValue: number }
const run = async (input: object | string): Promise<readonly Row[]> => {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return ((await prospect('-', io(text))).json as { readonly gambles: readonly Row[] }).gambles
}

type Gamble = readonly (readonly [number, number])[]
type Case = {
  readonly params?: Readonly<Record<string, number>>
  readonly gamble?: Gamble
  readonly gambles?: readonly Gamble[]
  readonly expected: number | readonly number[]
}
const ours = { alpha: 'alpha', beta: 'beta', lambda_: 'lambda', gamma_gain: 'gamma', gamma_loss: 'delta' } as const

test('values the gambles of the R package cognitivemodels', { skip: sharedAbsent }, async () => {
  const { cases } = readConformance<{ readonly cases: readonly Case[] }>('prospect_theory.json')
  assert.ok(cases.length >= 15)
  for (const { params = {}, gamble, gambles = [gamble!], expected } of cases) {
    const named = Object.fromEntries(
      Object.entries(params).map(([name, value]) => [ours[name as keyof typeof ours], value]),
    )
    const rows = await run({ gambles, ...named })
    for (const [i, value] of [expected].flat().entries()) {
      const { utility } = rows[i]!
      assert.ok(Math.abs(utility - value) <= Math.max(0.01 * Math.abs(value), 0.005), `${utility} is not ${value}`)
    }
  }
})

test('what is certain is worth itself, and half a chance of losing as much as one wins is worth less than nothing', async () => {
  const [gain, loss, coin] = await run({
    gambles: [
      [[100, 1]],
      [[-100, 1]],
      [
        [100, 0.5],
        [-100, 0.5],
      ],
    ],
  })
  // 100^0.88 = 57.54; 2.25 times that; weights of one half: 0.4206 for gains, 0.4540 for losses.
  assert.ok(Math.abs(gain!.utility - 57.54) < 0.005 && Math.abs(gain!.certaintyEquivalent - 100) < 1e-9)
  assert.ok(Math.abs(loss!.utility + 129.47) < 0.005 && Math.abs(loss!.certaintyEquivalent + 100) < 1e-9)
  assert.ok(Math.abs(coin!.utility - (0.4206 * 57.54 - 0.454 * 129.47)) < 0.01)
  assert.equal(coin!.expectedValue, 0)
})

test('every fault of an input is told with its place', async () => {
  const cases: readonly (readonly [object | string, RegExp])[] = [
    ['', /stdin is not JSON/],
    ['3', /must be an object such as .*, got 3/],
    [{}, /gambles must be a list of gambles, got nothing/],
    [{ gambles: [] }, /gambles is empty/],
    [{ gambles: [[]] }, /gambles\[0\] is empty/],
    [{ gambles: [[[1, 0.5]]] }, /gambles\[0\] has probabilities that add up to 0.5, not to 1/],
    [{ gambles: [[[1, 1.5]]] }, /gambles\[0\]\[0\]\[1\] must lie between 0 and 1, got 1.5/],
    ['{"gambles": [[[NaN, 1]]]}', /gambles\[0\]\[0\]\[0\] must be a finite number, got "NaN"/],
    [{ gambles: [[[1, 1]]], lambda: 0 }, /lambda must be above 0, got 0/],
    [{ gambles: [[[1, 1]]], lamda: 1 }, /"lamda" is not a known key/],
    [{ gambles: [[[1e300, 1]]], alpha: 9 }, /too large to compute with/],
  ]
  for (const [input, words] of cases) {
    await assert.rejects(run(input), (error) => {
      assert.ok(error instanceof InputError, String(error))
      assert.match(error.faults.join('\n'), words)
      return true
    })
  }
})
