// Indicator columns against the npm peers, side by side in one process: `npm ci --prefix bench && npx node bench/indicators.ts`.
// Every contender runs in each round, so that a slow moment of the machine falls on all of them; the figure is the median.
import { createRequire } from 'node:module'
import { bollinger } from '../src/indicators/bollinger.ts'
import { freshColumns } from '../src/indicators/columns.ts'
import { featureTable } from '../src/indicators/features.ts'
import { rsi } from '../src/indicators/momentum.ts'
import { sma } from '../src/indicators/moving-average.ts'
import { randomFrom, randomNormal } from '../src/random.ts'

const assets = 32
const warmUps = 8
const rounds = 25

/** The last values of SMA 20, 50, 200, RSI 14 and the two outer bands of one asset: to see that all compute the same. */
type LastValues = readonly number[]
type Contender = {
  readonly name: string
  /** Computes the five series of every asset and returns the last values of the first asset. */
  readonly run: (input: Input) => LastValues
}
type Input = { readonly closes: readonly Float64Array[]; readonly lists: readonly number[][] }

function randomWalks(days: number): Input {
  const closes = Array.from({ length: assets }, (_, asset) => {
    const random = randomFrom('bench', asset)
    let price = 100
    return Float64Array.from({ length: days }, () => {
      price *= Math.exp(0.0003 + 0.015 * randomNormal(random))
      return price
    })
  })
  // The peers take plain arrays; turning ours into theirs is not on their clock.
  return { closes, lists: closes.map((column) => Array.from(column)) }
}

function ours({ closes }: Input): LastValues {
  const results = closes.map((column) => {
    const fresh = freshColumns(column.length, 8)
    const bands = { lower: fresh(), middle: fresh(), upper: fresh(), percentB: fresh() }
    return {
      averages: [sma(column, 20, fresh()), sma(column, 50, fresh()), sma(column, 200, fresh())],
      strength: rsi(column, 14, fresh()),
      bands: bollinger(column, 20, 2, bands),
    }
  })
  const { averages, strength, bands } = results[0]!
  return [...averages, strength, bands.lower, bands.upper].map((series) => series.at(-1)!)
}

type Series = readonly number[]
type Ixjb = {
  sma(source: Series, period: number): Series
  rsi(source: Series, period: number): Series
  bbands(source: Series, period: number, deviations: number): readonly Series[]
}
type Indicatorts = {
  sma(values: Series, config: { period: number }): Series
  rsi(values: Series, config: { period: number }): Series
  bb(values: Series, config: { period: number }): { lower: Series; upper: Series }
}
type Static<Options, Row> = { calculate(options: Options): readonly Row[] }
type Windowed = { readonly period: number; readonly values: Series }
type Banded = Windowed & { readonly stdDev: number }
type Band = { readonly lower: number; readonly upper: number }
type Classic = { SMA: Static<Windowed, number>; RSI: Static<Windowed, number>; BollingerBands: Static<Banded, Band> }
type FastClassic = {
  sma(options: Windowed): Series
  rsi(options: Windowed): Series
  bollingerbands(options: Banded): readonly Band[]
}
type Streaming<Row> = { updates(inputs: Series, replace: boolean): readonly (Row | null)[] }
type Signals = {
  SMA: new (interval: number) => Streaming<number>
  RSI: new (interval: number) => Streaming<number>
  BollingerBands: new (interval: number, deviations: number) => Streaming<Band>
}

const load = createRequire(import.meta.url)

/** A package of bench/package.json, or null where it is not installed. Required, since not every one's ES entry loads in Node. */
function peer<T>(name: string): T | null {
  try {
    return load(name) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return null
    throw error
  }
}

const periods = [20, 50, 200] as const

function contenders(): { readonly found: readonly Contender[]; readonly absent: readonly string[] } {
  const found: Contender[] = []
  const absent: string[] = []
  const add = <T>(name: string, series: (library: T) => (values: number[]) => readonly (number | undefined)[]) => {
    const library = peer<T>(name)
    if (library === null) {
      absent.push(name)
      return
    }
    const compute = series(library)
    found.push({ name, run: ({ lists }) => lists.map(compute)[0]!.map((value) => value ?? Number.NaN) })
  }
  add<{ IndicatorsSync: new () => Ixjb }>('@ixjb94/indicators', ({ IndicatorsSync }) => {
    const library = new IndicatorsSync()
    return (values) => {
      const averages = periods.map((period) => library.sma(values, period))
      const strength = library.rsi(values, 14)
      const [lower, , upper] = library.bbands(values, 20, 2)
      return [...averages, strength, lower!, upper!].map((series) => series.at(-1))
    }
  })
  add<Indicatorts>('indicatorts', (library) => (values) => {
    const averages = periods.map((period) => library.sma(values, { period }))
    const strength = library.rsi(values, { period: 14 })
    const { lower, upper } = library.bb(values, { period: 20 })
    return [...averages, strength, lower, upper].map((series) => series.at(-1))
  })
  add<FastClassic>('fast-technical-indicators', (library) => (values) => {
    const averages = periods.map((period) => library.sma({ period, values }).at(-1))
    const strength = library.rsi({ period: 14, values }).at(-1)
    const band = library.bollingerbands({ period: 20, stdDev: 2, values }).at(-1)
    return [...averages, strength, band?.lower, band?.upper]
  })
  add<Signals>('trading-signals', ({ SMA, RSI, BollingerBands }) => (values) => {
    const last = <Row>(indicator: Streaming<Row>) => indicator.updates(values, false).at(-1)
    const averages = periods.map((period) => last(new SMA(period)) ?? undefined)
    const band = last(new BollingerBands(20, 2))
    return [...averages, last(new RSI(14)) ?? undefined, band?.lower, band?.upper]
  })
  add<Classic>('technicalindicators', ({ SMA, RSI, BollingerBands }) => (values) => {
    const averages = periods.map((period) => SMA.calculate({ period, values }).at(-1))
    const strength = RSI.calculate({ period: 14, values }).at(-1)
    const band = BollingerBands.calculate({ period: 20, stdDev: 2, values }).at(-1)
    return [...averages, strength, band?.lower, band?.upper]
  })
  return { found, absent }
}

type Milliseconds = { readonly median: number; readonly best: number }

/** Median and best of the rounds, interleaved. Where they lie far apart, something else kept the machine busy. */
function measure(tasks: readonly (() => unknown)[]): readonly Milliseconds[] {
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

const ms = (value: number): string => value.toFixed(2)

function line(name: string, ...cells: readonly string[]): void {
  const widths = [8, 8, 9, 22]
  process.stdout.write(`${name.padEnd(40)}${cells.map((cell, i) => cell.padStart(widths[i]!)).join(' ')}\n`)
}

const { found, absent } = contenders()
process.stdout.write(
  `Node ${process.versions.node}, ${assets} assets, median of ${rounds} warm rounds, milliseconds\n\n`,
)

for (const [days, targetMs] of [
  [2520, 4],
  [250, 0.5],
] as const) {
  const input = randomWalks(days)
  const all: readonly Contender[] = [{ name: 'primer', run: ours }, ...found]
  const reference = ours(input)
  // The heaviest peer first, so that its garbage is not collected on the clock of the lightest.
  const [table, ...series] = measure(
    [
      () => featureTable(input.closes),
      ...all.map(
        ({ run }) =>
          () =>
            run(input),
      ),
    ].reverse(),
  ).toReversed()
  const verdict = table!.median <= targetMs ? 'met' : 'MISSED'
  line(`${days} days`, 'median', 'best', 'x primer', 'largest difference')
  line(
    'primer, all 12 columns, fresh buffers',
    ms(table!.median),
    ms(table!.best),
    '',
    `target ${targetMs} ms: ${verdict}`,
  )
  process.stdout.write('SMA 20/50/200, RSI 14, Bollinger 20/2:\n')
  for (const [index, { name, run }] of all.entries()) {
    const gap = Math.max(...run(input).map((value, i) => Math.abs(value / reference[i]! - 1)))
    const { median, best } = series[index]!
    const ratio = (median / series[0]!.median).toFixed(1)
    line(`  ${name}`, ms(median), ms(best), ratio, index === 0 ? '' : gap.toExponential(0))
  }
  process.stdout.write('\n')
}
if (absent.length > 0) {
  process.stdout.write(
    `Not installed: ${absent.join(', ')}. Install the peers with: npm ci --prefix bench --ignore-scripts\n`,
  )
}
