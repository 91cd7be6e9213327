import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { type StatsOptions, stats } from '../../src/commands/stats.ts'
import { InputError } from '../../src/errors.ts'
import type { Stats } from '../../src/statistics/stats.ts'

const folder = mkdtempSync(join(tmpdir(), 'primer-stats-'))
after(() => rmSync(folder, { recursive: true }))

function io(stdin: string): CommandIo {
  return { environment: {}, readStdin: async () => stdin, say: () => {}, show: () => {}, interactive: false }
}

async function run(input: string | object, options: StatsOptions = {}): Promise<Stats> {
  const text = typeof input === 'string' ? input : JSON.stringify(input)
  return (await stats('-', options, io(text))).json as Stats
}

async function faultsOf(input: string | object, options: StatsOptions = {}): Promise<readonly string[]> {
  try {
    await run(input, options)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('the input was taken')
}

const returns = Array.from({ length: 80 }, (_, i) => 0.01 * Math.sin(i * i) + 0.001)
const benchmark = returns.map((_, i) => 0.01 * Math.cos(i * i))

test('the document has exactly the fields of the contract, the confidence sequence and the notes', async () => {
  const json = await run({ returns, benchmark, trials: { count: 5, sharpeVariance: 0.001 } })
  assert.deepEqual(Object.keys(json), [
    ...['n', 'totalReturn', 'annualReturn', 'volatility', 'sharpe', 'sortino', 'calmar', 'omega', 'maxDrawdown'],
    ...['skewness', 'excessKurtosis', 'var', 'cvar', 'alpha', 'beta', 'informationRatio', 'probabilisticSharpe'],
    ...['deflatedSharpe', 'minTrackRecordLength', 'bootstrap', 'eValue', 'confidenceSequence', 'verdict', 'notes'],
  ])
  assert.deepEqual(Object.keys(json.bootstrap), ['meanDifference', 'low', 'high'])
  assert.equal(json.n, 80)
  for (const [name, value] of Object.entries(json)) assert.notEqual(value, null, name)
})

test('equal inputs give equal bytes, and only the interval hangs on the seed', async () => {
  const input = { returns, benchmark }
  const once = JSON.stringify(await run(input))
  assert.equal(JSON.stringify(await run(input)), once)
  assert.equal(JSON.stringify(await run({ ...input, seed: 1 })), once)
  const other = await run({ ...input, seed: 2 })
  assert.notDeepEqual(other.bootstrap, (JSON.parse(once) as Stats).bootstrap)
  assert.deepEqual({ ...other, bootstrap: null }, { ...(JSON.parse(once) as Stats), bootstrap: null })
})

test('JSON, one column and dated columns say the same, from a file and from stdin', async () => {
  const json = await run({ returns, benchmark })
  const day = (i: number) => new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)
  const dated = returns.map((value, i) => `${day(i)},${value},${benchmark[i]}`)
  assert.deepEqual(await run(`date,return,benchmark\n${dated.join('\n')}\n`), json)
  assert.deepEqual(await run(`\uFEFFDate,Return,Benchmark\r\n${dated.join('\r\n')}`), json)
  assert.deepEqual(await run(dated.join('\n')), json)
  const file = join(folder, 'returns.csv')
  writeFileSync(file, `date,return,benchmark\n${dated.join('\n')}\n`)
  assert.deepEqual((await stats(file, {}, io(''))).json, json)
  const alone = await run({ returns })
  assert.deepEqual(await run(`returns\n${returns.join('\n')}\n`), alone)
  assert.deepEqual(await run(`${returns.join('\n')}\n`), alone)
})

test('options say what CSV cannot, and stand above what JSON says', async () => {
  const said = await run({
    returns,
    periodsPerYear: 52,
    riskFreePerPeriod: 0.0002,
    confidence: 0.9,
    benchmarkSharpePerPeriod: 0.01,
    trials: { count: 4, sharpeVariance: 0.001 },
    seed: 7,
  })
  const options = { periodsPerYear: '52', riskFree: '0.0002', confidence: '0.9', benchmarkSharpe: '0.01' }
  const more = { ...options, trials: '4:0.001', seed: '7' }
  assert.deepEqual(await run(returns.join('\n'), more), said)
  assert.deepEqual(await run({ returns, periodsPerYear: 12, confidence: 0.5 }, more), said)
})

test('every fault is listed with its place, and nothing is computed', async () => {
  const faults = await faultsOf(
    '{"returns":[0.01,NaN,-Infinity,"0.02",null,-1.5,1e999,250000000],"benchmark":[1,"x"],"periodsPerYear":0,"confidence":95,' +
      '"riskFreePerPeriod":-1,"trials":{"count":0,"sharpeVariance":-1},"sed":3,"seed":1.5}',
  )
  for (const start of [
    'returns[1] must be a finite number, got "NaN"',
    'returns[2] must be a finite number, got "-Infinity"',
    'returns[3] must be a finite number, got "0.02"',
    'returns[4] must be a finite number, got null',
    'returns[5] is -1.5, below -100 %',
    'returns[6] must be a finite number, got Infinity',
    'returns[7] is 250000000; returns are fractions',
    'benchmark[1] must be a finite number',
    'periodsPerYear must be above 0',
    'confidence must lie between 0 and 1, for example 0.95, got 95',
    'riskFreePerPeriod must be above -1',
    'trials.count must be 1 or more',
    'trials.sharpeVariance must be 0 or more',
    'seed must be a whole number',
    '"sed" is not a known key',
    'benchmark has length 2 but returns has 8',
  ]) {
    assert.ok(
      faults.some((fault) => fault.startsWith(start)),
      `${start} in ${faults.join('\n')}`,
    )
  }
})

test('samples that no statistics fit are refused: none, one, constant, of other length than the benchmark', async () => {
  assert.match((await faultsOf({ returns: [] }))[0]!, /returns is empty/)
  assert.match((await faultsOf({ returns: [0.01] }))[0]!, /single value/)
  assert.match((await faultsOf({ returns: [0.01, 0.01, 0.01] }))[0]!, /all 0\.01/)
  assert.match(
    (await faultsOf({ returns: [0.01, 0.02], benchmark: [0.01] }))[0]!,
    /benchmark has length 1 but returns has 2/,
  )
  assert.match((await faultsOf({ benchmark: [0.01] }))[0]!, /returns must be a list of numbers/)
  assert.match((await faultsOf('')).join(), /stdin is empty/)
  assert.match((await faultsOf('[0.01, 0.02]')).join(), /must be an object such as/)
  assert.match((await faultsOf('{"returns": [0.01')).join(), /stdin is not JSON/)
  assert.match((await faultsOf('{"returns": [0.01, 0.02], "returns": [0.3, 0.4]}')).join(), /"returns" is there twice/)
})

test('a sample that is only small gives null and the reason, not a fault', async () => {
  const few = await run({ returns: [0.01, -0.02], benchmark: [0.01, 0] })
  for (const name of ['skewness', 'excessKurtosis', 'alpha', 'beta', 'probabilisticSharpe'] as const) {
    assert.equal(few[name], null)
    assert.match(few.notes[name]!, /^Null: /)
  }
  assert.equal(few.bootstrap.low, null)
  assert.match(few.notes.bootstrap!, /needs 20 returns; there are 2/)
  assert.match(few.notes.cvar!, /less than one: this is the worst of all/)
})

test('an interval surer than the paths can show is null, and differences that were clipped are counted', async () => {
  const sure = await run({ returns, benchmark, confidence: 0.99999 })
  assert.deepEqual([sure.bootstrap.low, sure.bootstrap.high], [null, null])
  assert.match(sure.notes.bootstrap!, /99\.999 % needs more than 10,000 paths/)
  assert.notEqual((await run({ returns, benchmark, confidence: 0.999 })).bootstrap.low, null)
  const wild = await run({ returns: [...returns, 0.2, -0.3], benchmark: [...benchmark, 0.1, 0.1] })
  assert.equal(wild.notes.eValue, '2 of 82 differences lie beyond 5 % and count as that.')
})

test('a table is refused with the line that is wrong', async () => {
  const faults = await faultsOf('date,return\n2020-01-03,0.01\n2020-01-02,0.02\nsoon,1%\n2020-01-06,\n2020-01-07\n')
  assert.deepEqual(faults, [
    'stdin line 3: 2020-01-02 does not follow 2020-01-03; oldest first',
    'stdin line 4: "soon" is no date such as 2026-11-20',
    'stdin line 4: "1%" is no number; returns are fractions, 0.01 for 1 %',
    'stdin line 5: "" is no number; returns are fractions, 0.01 for 1 %',
    'stdin line 6: 1 cells where 2 are expected',
  ])
  assert.match((await faultsOf('price,volume\n1,2\n'))[0]!, /give one column of returns, or date,return/)
  assert.match((await faultsOf('0.01\n0.02\n', { trials: '10', seed: 'x' })).join(), /trials must be .*seed must be/s)
})

test('two hundred thousand wrong values are fifty faults and a count', async () => {
  const faults = await faultsOf({ returns: new Array(200_000).fill('x') })
  assert.equal(faults.length, 51)
  assert.equal(faults.at(-1), 'and 199950 more')
  assert.equal((await faultsOf('x,y\n'.repeat(100_000))).length, 1)
  assert.equal((await faultsOf(`constructor,returns\n${'1,x\n'.repeat(1000)}`)).length, 1)
  assert.equal((await faultsOf(`returns\n${'x\n'.repeat(100_000)}`)).length, 51)
})

test('a file that is not there or a folder is named, with what to give instead', async () => {
  await assert.rejects(
    stats(join(folder, 'none.json'), {}, io('')),
    /does not exist; name a JSON or CSV file of returns/,
  )
  await assert.rejects(stats(folder, {}, io('')), /is a directory/)
})

test('for people: a table with a dash and the reason where there is no number, and the verdict last', async () => {
  const { text } = await stats('-', {}, io(JSON.stringify({ returns })))
  assert.match(text, /^returns +80$/m)
  assert.match(text, /^Sharpe +-?\d+\.\d{3}$/m)
  assert.match(text, /^beta +- {2}Null: no benchmark was given\.$/m)
  assert.match(text.split('\n').at(-1)!, /^No evidence of skill yet/)
  assert.doesNotMatch(text, /good|poor|excellent/i)
})
