// Statistics against tight loops, side by side in one process: `node bench/statistics.ts`. Every contender runs in each round,
// so that a slow moment of the machine falls on all of them; the figures are the best and the median of the rounds.
// With python3 and numpy there, numpy's figure for the same bootstrap stands beside ours.
import { spawnSync } from 'node:child_process'
import { randomFrom, randomNormal } from '../src/random.ts'
import { automaticBlockLength } from '../src/statistics/block-length.ts'
import { bootstrapDeviations, bootstrapMean } from '../src/statistics/bootstrap.ts'
import { confidenceBounds } from '../src/statistics/confidence-sequence.ts'
import { crossValidatedForecasts } from '../src/statistics/cross-validated.ts'
import { combinatorialSplits } from '../src/statistics/folds.ts'
import { backtestOverfitting } from '../src/statistics/overfitting.ts'
import { stats } from '../src/statistics/stats.ts'

const days = 2519
const rounds = 40
const warmUps = 10

const normals = (label: string, scale: number) => {
  const random = randomFrom('bench statistics', label)
  return Array.from({ length: days }, () => scale * randomNormal(random))
}
const returns = normals('returns', 0.01)
const benchmark = normals('benchmark', 0.01)
const features = ['a', 'b', 'c', 'd', 'e'].map((name) => normals(name, 1))
const target = features[0]!.map((value, t) => 0.1 * value + features[1]![t]! * 0.05 + 0.5)
const strategies = Array.from({ length: 20 }, (_, i) => normals(`strategy ${i}`, 0.01))

/** Blocks of a fixed 20 days by prefix sums, chance from the simplest generator: the least that any block bootstrap costs. */
function fixedBlocks(): Float64Array {
  const sums = new Float64Array(2 * days + 1)
  for (let i = 0; i < 2 * days; i++) sums[i + 1] = sums[i]! + returns[i % days]!
  const means = new Float64Array(10_000)
  let state = 1
  for (let path = 0; path < means.length; path++) {
    let sum = 0
    for (let block = 0; block < 126; block++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0
      const start = ((state >>> 0) * (days / 2 ** 32)) | 0
      sum += sums[start + 20]! - sums[start]!
    }
    means[path] = sum / days
  }
  return means.sort()
}

/** Sums of products over the training rows of every split, row by row, and nothing else: what 45 fits cost without a trick. */
function rowByRow(): number {
  const splits = combinatorialSplits({ observations: days, folds: 10, testFolds: 2, purge: 5, embargo: 5 })
  let checksum = 0
  for (const { train } of splits) {
    const products = new Float64Array(21)
    for (const { start, end } of train) {
      for (let t = start; t < end; t++) {
        let at = 0
        for (let i = 0; i < 6; i++) {
          const x = i === 0 ? 1 : features[i - 1]![t]!
          for (let j = i; j < 6; j++) products[at++]! += x * (j === 0 ? 1 : features[j - 1]![t]!)
        }
      }
    }
    checksum += products[20]!
  }
  return checksum
}

function crossValidated() {
  const splits = combinatorialSplits({ observations: days, folds: 10, testFolds: 2, purge: 5, embargo: 5 })
  return crossValidatedForecasts(features, target, { splits, folds: 10 })
}

const differences = Float64Array.from(returns, (value, t) => value - benchmark[t]!)
type Task = { readonly name: string; readonly run: () => unknown; readonly targetMs?: number }
const tasks: readonly Task[] = [
  {
    name: 'bootstrap interval, 10,000 stationary paths, block 13.6',
    run: () => bootstrapMean(differences, { confidence: 0.95, seed: 1 }),
    targetMs: 15,
  },
  {
    name: '  the same with blocks of 20 days on average, paths only',
    run: () => bootstrapDeviations(differences, { blockLength: 20, paths: 10_000, seed: 1 }),
  },
  { name: '  limit: fixed blocks of 20 days, prefix sums, sorted', run: fixedBlocks },
  { name: '45 CPCV folds of a linear model, 5 features', run: crossValidated, targetMs: 6 },
  { name: '  sums of products alone, row by row', run: rowByRow },
  { name: 'all of `primer stats`, with a benchmark', run: () => stats({ returns, benchmark }) },
  { name: 'automatic block length', run: () => automaticBlockLength(differences) },
  { name: 'confidence sequence, both bounds', run: () => confidenceBounds(returns, benchmark) },
  { name: 'probability of overfitting, 20 strategies, 12,870 halves', run: () => backtestOverfitting(strategies) },
]

const times = tasks.map((): number[] => [])
for (let round = -warmUps; round < rounds; round++) {
  for (const [index, { run }] of tasks.entries()) {
    const start = performance.now()
    run()
    if (round >= 0) times[index]!.push(performance.now() - start)
  }
}

process.stdout.write(`Node ${process.versions.node}, ${days} daily returns, ${rounds} warm rounds, milliseconds\n\n`)
process.stdout.write(`${'best'.padStart(66)}${'median'.padStart(10)}\n`)
for (const [index, { name, targetMs }] of tasks.entries()) {
  const sorted = times[index]!.sort((a, b) => a - b)
  const median = sorted[rounds >> 1]!
  const verdict = targetMs === undefined ? '' : `  target ${targetMs}: ${median <= targetMs ? 'met' : 'MISSED'}`
  process.stdout.write(
    `${name.padEnd(58)}${sorted[0]!.toFixed(2).padStart(8)}${median.toFixed(2).padStart(10)}${verdict}\n`,
  )
}

const numpy = `
import numpy, time
returns = numpy.random.default_rng(1).normal(0, 0.01, ${days})
sums = numpy.concatenate([[0], numpy.cumsum(numpy.concatenate([returns, returns]))])
def run():
    start = numpy.random.default_rng(2).integers(0, ${days}, (10000, 126))
    return numpy.sort((sums[start + 20] - sums[start]).sum(axis=1) / ${days})
times = []
for _ in range(12):
    begun = time.perf_counter(); run(); times.append(time.perf_counter() - begun)
times.sort()
print(f"numpy {numpy.__version__}, the limit's fixed blocks and prefix sums".ljust(58) + f"{1000 * times[0]:8.2f}{1000 * times[6]:10.2f}")
`
const peer = spawnSync('python3', ['-c', numpy], { encoding: 'utf8' })
process.stdout.write(peer.status === 0 ? peer.stdout : 'python3 with numpy is not there: no peer for the bootstrap\n')
