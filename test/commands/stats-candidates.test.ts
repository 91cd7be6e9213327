import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { stats } from '../../src/commands/stats.ts'
import { InputError } from '../../src/errors.ts'
import type { Stats } from '../../src/statistics/stats.ts'
import { assertClose, readConformance } from '../support/conformance.ts'
import { chance } from '../support/market-files.ts'
import { sharedAbsent } from '../support/shared.ts'

type Published = {
  readonly id: string
  readonly params: Readonly<Record<string, number>>
  readonly expected?: number
  readonly expected_years?: number
  readonly tolerance: { readonly decimals?: number; readonly rtol?: number }
}

const io = (stdin: string): CommandIo => ({
  environment: {},
  readStdin: async () => stdin,
  say: () => {},
  show: () => {},
  interactive: false,
})
const run = async (input: string | object): Promise<Stats> =>
  (await stats('-', {}, io(typeof input === 'string' ? input : JSON.stringify(input)))).json as Stats

async function faultsOf(input: string | object): Promise<readonly string[]> {
  try {
    await run(input)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('the input was taken')
}

const returns = Array.from({ length: 80 }, (_, i) => 0.01 * Math.sin(i * i) + 0.001)
const benchmark = returns.map((_, i) => 0.01 * Math.cos(i * i))

test('moments stand in for returns: the papers\u2019 examples pass through the command', {
  skip: sharedAbsent,
}, async () => {
  const { cases } = readConformance<{ readonly cases: readonly Published[] }>('deflated_sharpe.json')
  const caseOf = (id: string) => cases.find((item) => item.id === id)!
  const dsr = caseOf('dsr_paper_example')
  const year = dsr.params.periods_per_year!
  const paper = await run({
    moments: {
      n: dsr.params.T,
      sharpePerPeriod: dsr.params.sharpe_annual! / Math.sqrt(year),
      skewness: dsr.params.skew,
      excessKurtosis: dsr.params.kurtosis! - 3,
    },
    trials: { count: dsr.params.N, sharpeVariance: dsr.params.var_trials_annual! / year },
    periodsPerYear: year,
  })
  assertClose(paper.deflatedSharpe, dsr.expected!, dsr.tolerance, dsr.id)
  assertClose(paper.sharpe, 2.5, { rtol: 1e-12 }, 'annual ratio')
  for (const id of ['psr_normal_24', 'psr_nonnormal_24']) {
    const { params, expected, tolerance } = caseOf(id)
    const found = await run({
      moments: {
        n: params.T,
        sharpePerPeriod: params.sharpe,
        skewness: params.skew,
        excessKurtosis: params.kurtosis! - 3,
      },
    })
    assertClose(found.probabilisticSharpe, expected!, tolerance, id)
  }
  const { params, expected_years, tolerance } = caseOf('minTRL_daily')
  const days = params.periods_per_year!
  const found = await run({
    moments: {
      n: 1000,
      sharpePerPeriod: params.sharpe_annual! / Math.sqrt(days),
      skewness: params.skew,
      excessKurtosis: params.kurtosis! - 3,
    },
    benchmarkSharpePerPeriod: params.benchmark_annual! / Math.sqrt(days),
    confidence: params.prob,
  })
  assertClose(found.minTrackRecordLength! / days, expected_years!, tolerance, 'minTRL')
})

test('moments say nothing of what needs the returns, and exclude them', async () => {
  const moments = { n: 250, sharpePerPeriod: 0.1, skewness: 0, excessKurtosis: 0 }
  const found = await run({ moments })
  for (const [name, value] of Object.entries(found)) {
    const known = [
      'n',
      'sharpe',
      'skewness',
      'excessKurtosis',
      'probabilisticSharpe',
      'minTrackRecordLength',
      'verdict',
    ]
    if (known.includes(name)) assert.notEqual(value, null, name)
    else if (value === null) assert.match(found.notes[name]!, /^Null: .+\.$/, name)
  }
  assert.match(found.verdict, /No evidence/)
  const wrong = { moments: { n: 3, sharpePerPeriod: 0.1, skewness: 2, excessKurtosis: 0 }, returns, benchmark }
  assert.deepEqual(await faultsOf(wrong), [
    'returns and moments exclude each other: moments stand in for the returns',
    'benchmark and moments exclude each other: moments stand in for the returns',
    'moments.n must be 4 or more, got 3',
    'moments have a kurtosis that no sample of that skewness has: excessKurtosis is at least skewness^2 - 2 (0 for a normal)',
  ])
})

test('candidates give the probability of overfitting, and are the trials unless others are given', async () => {
  // Two blocks of four, one way up to exchange: whoever is best in one half is worst in the other, always.
  const a = [0.012, 0.02, 0.01, 0.02, -0.01, -0.02, -0.01, -0.02]
  const b = a.map((value) => -value)
  const c = a.map((_, t) => (t % 2 === 0 ? 0.003 : -0.003))
  const found = await run({ returns: a, candidates: { a, b, c }, candidateBlocks: 2 })
  const { trials, ...figures } = found.overfitting!
  assert.deepEqual(figures, {
    candidates: 3,
    blocks: 2,
    combinations: 2,
    best: 'a',
    probability: 1,
    probabilityOfLoss: 1,
  })
  // Ratios r, -r and 0: their variance is (r^2 + r^2) / 2.
  assert.equal(trials!.count, 3)
  assertClose(trials!.sharpeVariance, found.sharpe! ** 2 / 252, { rtol: 1e-9 }, 'variance')
  assert.notEqual(found.deflatedSharpe, null)
  assert.match(found.notes.deflatedSharpe!, /The trials are the 3 candidates/)
  const given = await run({
    returns: a,
    candidates: { a, b },
    candidateBlocks: 2,
    trials: { count: 9, sharpeVariance: 0.1 },
  })
  assert.equal(given.notes.deflatedSharpe, undefined)
  // Sixteen blocks are too many for eight returns.
  const short = await run({ returns: a, candidates: { a, b } })
  assert.equal(short.overfitting!.probability, null)
  assert.match(short.notes.overfitting!, /16 blocks need 32 periods/)
})

test('a record far ahead of noise is not overfitted, noise is about half of the time', async () => {
  const random = chance(5)
  const noise = (mean: number) => Array.from({ length: 480 }, () => mean + 0.02 * (random() - 0.5))
  const crowd = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`n${i}`, noise(0)]))
  const ahead = await run({ returns: crowd.n0!, candidates: { ...crowd, skilled: noise(0.004) } })
  assert.ok(ahead.overfitting!.probability! < 0.01)
  assert.equal(ahead.overfitting!.best, 'skilled')
  const alone = await run({ returns: crowd.n0!, candidates: crowd })
  assert.ok(alone.overfitting!.probability! > 0.2 && alone.overfitting!.probability! < 0.9)
})

test('every fault of candidates is told', async () => {
  assert.deepEqual(await faultsOf({ returns, candidates: { a: returns, b: [0.1] }, candidateBlocks: 7 }), [
    'candidates.b has length 1 but returns has 80; give one for each period',
    'candidateBlocks must be an even number from 2 to 20, got 7',
  ])
  assert.deepEqual(await faultsOf({ returns, candidates: { a: returns } }), [
    'candidates has 1 record; a choice needs at least 2',
  ])
  assert.deepEqual(await faultsOf({ returns, candidateBlocks: 4 }), [
    'candidateBlocks cuts the records of candidates, and there are none',
  ])
  assert.deepEqual(await faultsOf('{"returns": [0.1, 0.2], "candidates": {"a": [0.1, NaN], "b": [-2, 0]}}'), [
    'candidates.a[1] must be a finite number, got "NaN"',
    'candidates.b[0] is -2, below -100 %: more than everything cannot be lost',
  ])
})
