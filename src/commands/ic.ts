import { join } from 'node:path'
import type { HorizonResult, IcResult } from '../backtest/signal-report.ts'
import { makeFolder, writeWhole } from '../files.ts'
import type { Bucketing } from '../statistics/buckets.ts'
import { forwardReturn } from '../statistics/forward-returns.ts'
import {
  type IcOptions as Convention,
  informationCoefficient,
  type SignalTable,
} from '../statistics/information-coefficient.ts'
import { fewestPairs } from '../statistics/ranks.ts'
import type { PriceKind } from '../statistics/worth.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { Faults, readSignalFile, type SignalRow } from './signal-file.ts'
import { daysFor, onSessions, openSignalMarket, type SignalMarket, shifted, wholeNumbers } from './signal-market.ts'
import { columns, figure, percent } from './signal-text.ts'
import { stored, storedRows } from './stored-rows.ts'

export type IcOptions = {
  /** CSV file `date,asset,value`, - for stdin, or `stored` for the journal's. */
  readonly signals: string
  readonly market: string
  /** Sessions, with commas between. */
  readonly horizons: string
  /** 5 unless given; not with `bins`. */
  readonly quantiles?: string
  /** Equal steps of the signal instead of equally many assets. */
  readonly bins?: string
  /** 10 unless given. */
  readonly costsBps?: string
  /** `open` unless given. */
  readonly prices?: string
  readonly lags?: string
  readonly base?: string
  readonly snap?: boolean
  /** Folder for ic.html and ic.json. */
  readonly report?: string
}

/** One way: 5 bps commission, 3 half-spread and 2 for what a trade of an ordinary size adds. */
const costsBpsDefault = 10
/** 10,000 assets over eight years of sessions; past that the numbers alone fill the memory. */
const cellsMost = 20_000_000

/**
 * `primer ic`: how well a signal orders the returns that follow it, at each horizon.
 *
 * @throws InputError with every fault of the options, the file and the market
 */
export async function ic(options: IcOptions, io: CommandIo): Promise<CommandResult> {
  const faults = new Faults()
  const read = readOptions(options, faults)
  const isStored = options.signals === stored
  const file = isStored
    ? await storedRows('value', { market: options.market, io })
    : await readSignalFile(options.signals, 'value', { io, faults })
  if (isStored && file.rows.length === 0) faults.add(`there is nothing to study: ${file.notes[0]}`)
  if (file.rows.length === 0) faults.throwIfAny()
  const dates = file.rows.map(({ date }) => date).sort()
  const market = await openSignalMarket(
    {
      market: options.market,
      symbols: [...new Set(file.rows.map(({ asset }) => asset))].sort(),
      base: options.base,
      from: shifted(dates[0]!, -daysFor(5)),
      to: shifted(dates.at(-1)!, daysFor(Math.max(...read.horizons) + 5)),
    },
    { io, faults },
  )
  const placed =
    market === null
      ? null
      : onSessions(file.rows, market, { name: file.name, snap: isStored || options.snap === true, faults })
  if (!faults.any) refuseUnranked(placed!.rows, faults)
  faults.throwIfAny()
  const json: IcResult = study(market!, placed!.rows, read)
  const notes = [
    ...file.notes,
    ...(placed!.moved > 0 ? [`${placed!.moved} signals were moved to the next session.`] : []),
    ...json.notes,
  ]
  const result = { ...json, notes }
  if (options.report !== undefined) {
    const { icPage } = await import('../backtest/signal-report.ts')
    makeFolder(options.report)
    await writeWhole(join(options.report, 'ic.html'), icPage(result))
    await writeWhole(join(options.report, 'ic.json'), `${JSON.stringify(result)}\n`)
    io.say(`Report: ${join(options.report, 'ic.html')}`)
  }
  return { json: result, text: icText(result) }
}

type Read = Convention & { readonly horizons: readonly number[]; readonly prices: PriceKind }

function readOptions(options: IcOptions, faults: Faults): Read {
  const numbers = (name: string, text: string, limits: { min: number; max: number }): readonly number[] => {
    try {
      return wholeNumbers(name, text, limits)
    } catch (error) {
      faults.take(error)
      return [limits.min]
    }
  }
  if (options.quantiles !== undefined && options.bins !== undefined) {
    faults.add('--quantiles and --bins are two ways to cut the same assets; give one of them')
  }
  const bucketing: Bucketing =
    options.bins !== undefined
      ? { kind: 'bins', count: numbers('--bins', options.bins, { min: 2, max: 100 })[0]! }
      : { kind: 'quantiles', count: numbers('--quantiles', options.quantiles ?? '5', { min: 2, max: 100 })[0]! }
  const costsBps = Number(options.costsBps ?? costsBpsDefault)
  if (!(costsBps >= 0 && costsBps <= 10_000) || options.costsBps?.trim() === '') {
    faults.add(`--costs-bps ${JSON.stringify(options.costsBps)}: write basis points from 0 to 10000, one way`)
  }
  const prices = options.prices ?? 'open'
  if (prices !== 'open' && prices !== 'close') faults.add(`--prices ${JSON.stringify(prices)}: write open or close`)
  const lags = options.lags === undefined ? undefined : numbers('--lags', options.lags, { min: 0, max: 10_000 })[0]!
  const horizons = [...new Set(numbers('--horizons', options.horizons, { min: 1, max: 2520 }))].sort((a, b) => a - b)
  return {
    bucketing,
    costsBps,
    horizons,
    prices: prices === 'close' ? 'close' : 'open',
    ...(lags !== undefined && { lags }),
  }
}

/** A file of which no date can be ranked answers nothing, whatever the market did. */
function refuseUnranked(rows: readonly SignalRow[], faults: Faults): void {
  const byDate = [...Map.groupBy(rows, ({ date }) => date).values()]
  const wide = byDate.filter((sameDate) => sameDate.length >= fewestPairs)
  if (wide.length === 0) {
    const most = Math.max(...byDate.map((sameDate) => sameDate.length))
    faults.add(
      `no date has signals of ${fewestPairs} assets, which a rank correlation needs; the fullest of ${byDate.length} has ${most}`,
    )
  } else if (wide.every((sameDate) => sameDate.every(({ value }) => value === sameDate[0]!.value))) {
    faults.add('the signals of each date are all equal, so there is nothing to rank')
  }
}

function study(market: SignalMarket, rows: readonly SignalRow[], read: Read): IcResult {
  const dates = [...new Set(rows.map(({ date }) => date))].sort()
  const symbols = [...new Set(rows.map(({ asset }) => asset))].sort()
  const cells = dates.length * symbols.length
  if (cells > cellsMost) {
    const limit = new Faults()
    limit.add(
      `${symbols.length} assets on ${dates.length} dates are ${cells} cells, at most ${cellsMost} fit; split the file by date`,
    )
    limit.throwIfAny()
  }
  const rowOf = new Map(dates.map((date, index) => [date, index]))
  const columnOf = new Map(symbols.map((symbol, index) => [symbol, index]))
  const values = new Float64Array(cells).fill(Number.NaN)
  for (const { date, asset, value } of rows) values[rowOf.get(date)! * symbols.length + columnOf.get(asset)!] = value
  const table: SignalTable = {
    dates,
    position: countsUpTo(market.allSessions, dates),
    signals: { rows: dates.length, columns: symbols.length, values },
  }
  const price = pricer(market, symbols, table, read.prices)
  const horizons: Record<string, HorizonResult> = {}
  for (const horizon of read.horizons) {
    const { forward, returns } = price(horizon)
    horizons[horizon] = { ...informationCoefficient(table, forward, read), returns }
  }
  return {
    market: market.spec,
    prices: read.prices,
    currency: market.currency,
    bucketing: read.bucketing,
    costsBps: read.costsBps,
    signals: rows.length,
    assets: symbols.length,
    dates: dates.length,
    horizons,
    notes: [...market.notes, ...(read.prices === 'close' ? [closeNote] : [])],
  }
}

const closeNote =
  'Returns run from the close of the signal’s own date, the price it was made of: nobody who waited for that close could have bought at it.'

/** How many of the ascending sessions lie on or before each of the ascending dates. */
function countsUpTo(sessions: readonly IsoDate[], dates: readonly IsoDate[]): Int32Array {
  let count = 0
  return Int32Array.from(dates, (date) => {
    while (count < sessions.length && sessions[count]! <= date) count++
    return count
  })
}

/** Prices every asset once; each horizon then only divides. */
function pricer(market: SignalMarket, symbols: readonly string[], { dates, signals }: SignalTable, prices: PriceKind) {
  const axisCounts = new Map<readonly IsoDate[], Int32Array>()
  const priced = symbols.map((symbol) => {
    const asset = market.assets.get(symbol)!
    const { sessions, indexOf } = market.axisOf(asset)
    if (!axisCounts.has(sessions)) axisCounts.set(sessions, countsUpTo(sessions, dates))
    return { sessions, indexOf, after: axisCounts.get(sessions)!, worth: market.worthOf(asset, prices) }
  })
  return (horizon: number) => {
    const returns = { known: 0, noEntry: 0, notYetKnown: 0, endedEarly: 0 }
    const values = new Float64Array(signals.values.length).fill(Number.NaN)
    const spans = dates.map((date, row): readonly [IsoDate, IsoDate] | null => {
      const reached: IsoDate[] = []
      for (const [column, { sessions, indexOf, after, worth }] of priced.entries()) {
        const cell = row * symbols.length + column
        if (Number.isNaN(signals.values[cell]!)) continue
        const found = forwardReturn(worth, { after: after[row]!, isSession: indexOf.has(date), horizon, prices })
        if (found.kind !== 'known') {
          returns[found.kind]++
          continue
        }
        returns.known++
        if (found.marked) returns.endedEarly++
        values[cell] = found.value
        reached.push(sessions[found.entry]!, sessions[found.exit]!)
      }
      reached.sort()
      return reached.length === 0 ? null : [reached[0]!, reached.at(-1)!]
    })
    return { forward: { horizon, returns: { ...signals, values }, spans }, returns }
  }
}

function icText(result: IcResult): string {
  const horizons = Object.values(result.horizons)
  const entry = result.prices === 'open' ? 'next open to the open' : 'close to the close'
  return [
    `${result.signals} signals, ${result.assets} assets, ${result.dates} dates; ${entry} a horizon later, ${result.currency === 'own' ? 'own currencies' : result.currency}`,
    columns([
      [
        'horizon',
        'mean IC',
        '95 % interval',
        'std',
        'IC/std',
        't',
        'critical',
        'dates',
        'spread net',
        'gross',
        'turnover',
        'autocorr',
      ],
      ...horizons.map((one) => [
        `${one.horizon}`,
        figure(one.meanIc, 4),
        one.low === null ? '-' : `${figure(one.low, 4)} to ${figure(one.high, 4)}`,
        figure(one.std, 4),
        figure(one.icir, 3),
        figure(one.tStat, 2),
        figure(one.tCritical, 2),
        `${one.n}`,
        percent(one.quantileSpread, 3),
        percent(one.quantileSpreadGross, 3),
        percent(one.turnover, 0),
        figure(one.rankAutocorrelation, 2),
      ]),
    ]),
    ...horizons.flatMap(({ horizon, notes }) =>
      Object.entries(notes).map(([field, note]) => `note: horizon ${horizon}, ${field}: ${note}.`),
    ),
    ...result.notes.map((note) => `note: ${note}`),
  ].join('\n')
}
