// What the tests of test/statistics/calibration.test.ts check in seconds, with many more rounds: `node bench/calibration.ts [rounds]`.
// Rates are in percent, with one standard error. On noise no rate may lie above 5 by more than its error; the rows about
// memory and skewness show where that stops being true.

import { type Random, randomFrom, randomNormal } from '../src/random.ts'
import { bootstrapMean } from '../src/statistics/bootstrap.ts'
import { deflatedSharpe } from '../src/statistics/deflated-sharpe.ts'
import { eValuePath, evidenceAt } from '../src/statistics/evidence.ts'
import { probabilisticSharpe, type SharpeSample, sharpeSample } from '../src/statistics/inference.ts'
import { moments } from '../src/statistics/moments.ts'
import { chanceError, type Noise, noiseOf, rateOf } from '../test/support/trials-of-chance.ts'

const rounds = Number(process.argv[2] ?? 4000)

function report(name: string, rate: number): void {
  const error = chanceError(rate, rounds) / 3
  process.stdout.write(`${name.padEnd(64)}${(100 * rate).toFixed(2).padStart(7)} +- ${(100 * error).toFixed(2)}\n`)
}

const sampleOf = (values: Float64Array) => sharpeSample(moments(values)) as SharpeSample
const shown = (values: Float64Array) => (probabilisticSharpe(sampleOf(values), 0) as number) > 0.95
const kinds: readonly Noise[] = ['normal', 'fatTailed', 'clustered']

process.stdout.write(`${rounds} rounds; percent of them\n\nNoise: at most 5\n`)
for (const kind of kinds) {
  for (const count of [60, 252]) {
    report(
      `  probabilistic Sharpe > 0.95, ${kind}, ${count}`,
      rateOf(rounds, (i) => shown(noiseOf(kind, 'psr', i, count))),
    )
  }
}
for (const trials of [2, 10, 50]) {
  const rate = rateOf(rounds, (round) => {
    const all = Array.from({ length: trials }, (_, i) => sampleOf(noiseOf('normal', `trial ${i}`, round, 120)))
    const best = all.reduce((found, sample) => (sample.sharpe > found.sharpe ? sample : found))
    const sharpeVariance = moments(all.map((sample) => sample.sharpe)).deviation ** 2
    return (deflatedSharpe(best, { count: trials, sharpeVariance }) as number) > 0.95
  })
  report(`  deflated Sharpe > 0.95, best of ${trials}, normal, 120`, rate)
}
const leavesOut = (values: Float64Array, seed: number) => {
  const { low, high } = bootstrapMean(values, { confidence: 0.95, seed, paths: 1000 })
  return low > 0 || high < 0
}
for (const kind of kinds) {
  for (const count of [20, 60, 250]) {
    report(
      `  bootstrap interval leaves out zero, ${kind}, ${count}`,
      rateOf(rounds, (i) => leavesOut(noiseOf(kind, 'bootstrap', i, count), i)),
    )
  }
}
for (const kind of kinds) {
  const sessions = 2520
  const zero = new Float64Array(sessions)
  const reached = rateOf(rounds, (round) => {
    const path = eValuePath(noiseOf(kind, 'peeking', round, sessions), zero)
    for (let week = 4; week < sessions; week += 5) if (path[week]! >= evidenceAt) return true
    return false
  })
  report(`  e-value reaches 20 within ten years of weekly looks, ${kind}`, reached)
}

process.stdout.write('\nNoise with memory or skewness: a little above 5, as for any block bootstrap\n')
const series = (next: (random: Random, before: number) => number, label: string, round: number, count: number) => {
  const random = randomFrom(label, round)
  let value = 0
  return Float64Array.from({ length: count }, () => {
    value = next(random, value)
    return value
  })
}
for (const count of [60, 250]) {
  const remembering = (random: Random, before: number) => 0.15 * before + randomNormal(random)
  const skewed = (random: Random) => -Math.log(1 - random()) - 1
  report(
    `  bootstrap, autocorrelation 0.15, ${count}`,
    rateOf(rounds, (i) => leavesOut(series(remembering, 'memory', i, count), i)),
  )
  report(
    `  bootstrap, exponential (skewness 2), ${count}`,
    rateOf(rounds, (i) => leavesOut(series(skewed, 'skewed', i, count), i)),
  )
}

process.stdout.write('\nA planted edge, daily returns of 1 %: how often it is found\n')
for (const annual of [1, 2]) {
  for (const years of [1, 4]) {
    const count = 252 * years
    const mean = (0.01 * annual) / Math.sqrt(252)
    const edge = (round: number) => noiseOf('normal', `edge ${annual}`, round, count, mean)
    const zero = new Float64Array(count)
    const what = `annual Sharpe ${annual}, ${years} years`
    report(
      `  probabilistic Sharpe > 0.95, ${what}`,
      rateOf(rounds, (i) => shown(edge(i))),
    )
    report(
      `  bootstrap interval above zero, ${what}`,
      rateOf(rounds, (i) => bootstrapMean(edge(i), { confidence: 0.95, seed: i, paths: 1000 }).low > 0),
    )
    report(
      `  e-value of 20 at any week, ${what}`,
      rateOf(rounds, (i) => eValuePath(edge(i), zero).some((value, t) => t % 5 === 4 && value >= evidenceAt)),
    )
  }
}
