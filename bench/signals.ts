// Daily rank IC of 32 assets over 2,518 days, beside a peer that sorts twice a day in the plain way; the event study and the whole
// of `ic` at three horizons for scale. Run: node bench/signals.ts
import { randomFrom, randomNormal } from '../src/random.ts'
import { informationCoefficient } from '../src/statistics/information-coefficient.ts'
import { type Grid, rankCorrelations } from '../src/statistics/ranks.ts'

const targetMs = 5
const [warmUps, rounds] = [10, 25]

function noise(rows: number, columns: number, label: string): Grid {
  const random = randomFrom('bench', label)
  return { rows, columns, values: Float64Array.from({ length: rows * columns }, () => randomNormal(random)) }
}

/** Two sorts of indices a day and the difference formula: what one writes first. It knows neither ties nor missing values. */
function naive(one: Grid, other: Grid): Float64Array {
  const { rows, columns } = one
  const ranksOf = (values: readonly number[]) => {
    const ranks = new Array<number>(values.length)
    const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!)
    for (const [place, i] of order.entries()) ranks[i] = place + 1
    return ranks
  }
  return Float64Array.from({ length: rows }, (_, row) => {
    const slice = (grid: Grid) => Array.from(grid.values.subarray(row * columns, (row + 1) * columns))
    const [left, right] = [ranksOf(slice(one)), ranksOf(slice(other))]
    let squares = 0
    for (let i = 0; i < columns; i++) squares += (left[i]! - right[i]!) ** 2
    return 1 - (6 * squares) / (columns * (columns * columns - 1))
  })
}

/** Median and best of interleaved rounds, so that a slow moment of the machine falls on all. */
function measure(tasks: readonly (() => unknown)[]): readonly { readonly median: number; readonly best: number }[] {
  const times = tasks.map((): number[] => [])
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, task] of tasks.entries()) {
      const start = performance.now()
      task()
      if (round >= 0) times[index]!.push(performance.now() - start)
    }
  }
  return times.map((values) => {
    values.sort((a, b) => a - b)
    return { median: values[values.length >> 1]!, best: values[0]! }
  })
}

const rows: string[] = []
for (const [assets, days] of [
  [32, 2518],
  [32, 250],
  [500, 2518],
] as const) {
  const [signals, returns] = [noise(days, assets, 'signals'), noise(days, assets, 'returns')]
  const [ours, peer] = measure([() => rankCorrelations(signals, returns), () => naive(signals, returns)])
  const theirs = naive(signals, returns)
  const gap = Math.max(
    ...rankCorrelations(signals, returns).correlation.map((value, i) => Math.abs(value - theirs[i]!)),
  )
  const verdict = assets === 32 && days === 2518 ? (ours!.median <= targetMs ? 'met' : 'MISSED') : ''
  const cells = [ours!.median, ours!.best, peer!.median, peer!.best].map((ms) => ms.toFixed(2))
  rows.push(
    `| ${assets} x ${days} | ${cells.join(' | ')} | ${(peer!.median / ours!.median).toFixed(1)}x | ${gap.toExponential(0)} | ${verdict} |`,
  )
}
console.log(
  `Node ${process.versions.node}, ${rounds} interleaved rounds, milliseconds; target for 32 x 2518: ${targetMs}\n`,
)
console.log(
  [
    '| assets x days | ours, median | best | two sorts a day, median | best | ratio | largest difference | target |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
  ].join('\n'),
)

const [assets, days] = [32, 2518]
const table = {
  dates: Array.from({ length: days }, (_, i) => String(i)),
  position: Int32Array.from({ length: days }, (_, i) => i),
  signals: noise(days, assets, 'signals'),
}
const forwards = [1, 5, 20].map((horizon) => ({
  horizon,
  returns: noise(days, assets, `returns ${horizon}`),
  spans: table.dates.map(() => null),
}))
const bucketing = { kind: 'quantiles', count: 5 } as const
const [whole] = measure([
  () => forwards.map((forward) => informationCoefficient(table, forward, { bucketing, costsBps: 10 })),
])
console.log(
  `\nThree horizons with buckets, turnover, autocorrelation and Newey-West errors: ${whole!.median.toFixed(1)} ms (best ${whole!.best.toFixed(1)})`,
)
