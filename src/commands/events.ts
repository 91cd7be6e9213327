import { join } from 'node:path'
import type { EventsResult } from '../backtest/event-report.ts'
import { makeFolder, writeWhole } from '../files.ts'
import { addDays } from '../market/calendar.ts'
import { firstSessionFrom } from '../market/panel.ts'
import {
  type AbnormalPath,
  type AlignedReturns,
  abnormalPath,
  alignReturns,
  type NormalModel,
} from '../statistics/event-study.ts'
import { type EventSummary, summarizeEvents } from '../statistics/event-summary.ts'
import { eventTests } from '../statistics/event-tests.ts'
import { pricePaths } from '../statistics/price-paths.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'
import { type EventsOptions, type EventsRead as Read, readEventsOptions } from './events-options.ts'
import { eventsText, pathsText } from './events-text.ts'
import { Faults, readSignalFile, type SignalRow } from './signal-file.ts'
import { daysFor, onSessions, openSignalMarket, type SignalMarket, shifted } from './signal-market.ts'
import { stored, storedRows } from './stored-rows.ts'

export type { EventsOptions }

/**
 * `primer events`: what assets earned around events beyond what the market explains.
 *
 * @throws InputError with every fault of the options, the file and the market
 */
export async function events(options: EventsOptions, io: CommandIo): Promise<CommandResult> {
  const faults = new Faults()
  const read = readEventsOptions(options, faults)
  const isStored = options.events === stored
  const file = isStored
    ? await storedRows('group', { market: options.market, io })
    : await readSignalFile(options.events, 'group', { io, faults })
  if (isStored && file.rows.length === 0) faults.add(`there is nothing to study: ${file.notes[0]}`)
  if (file.rows.length === 0) faults.throwIfAny()
  const dates = file.rows.map(({ date }) => date).sort()
  const symbols = new Set(file.rows.map(({ asset }) => asset))
  if (options.benchmark !== undefined) symbols.add(options.benchmark)
  const before = read.model === 'price' ? 0 : read.length + read.gap
  const market = await openSignalMarket(
    {
      market: options.market,
      symbols: [...symbols].sort(),
      base: read.model === 'price' ? (options.base ?? 'own') : options.base,
      from: shifted(dates[0]!, -daysFor(before + Math.max(0, -read.first) + 5)),
      to: shifted(dates.at(-1)!, daysFor(Math.max(0, read.last) + 5)),
    },
    { io, faults },
  )
  const placed =
    market === null
      ? null
      : onSessions(file.rows, market, { name: file.name, snap: isStored || options.snap === true, faults })
  faults.throwIfAny()
  const moved = placed!.moved > 0 ? [`${placed!.moved} events were moved to the next session.`] : []
  const rows = [...placed!.rows].sort((a, b) => order(a.date, b.date) || order(a.asset, b.asset))
  const notes = [...file.notes, ...moved, ...market!.notes]
  if (read.model === 'price') return finishPaths(options, io, { market: market!, rows, read, notes })
  return finishStudy(options, io, { market: market!, rows, read: { ...read, model: read.model }, notes })
}

type Given<R extends Read = Read> = {
  readonly market: SignalMarket
  readonly rows: readonly SignalRow[]
  readonly read: R
  readonly notes: readonly string[]
}

type Measured = {
  readonly row: SignalRow
  readonly dayZero: IsoDate
  /** Place of day 0 among the asset's aligned dates. */
  readonly zero: number
  readonly measured: AbnormalPath
}

/** The next common close may lie a long weekend away; past that the asset did not trade on its event. */
const waitDaysMost = 7

async function finishStudy(
  options: EventsOptions,
  io: CommandIo,
  { market, rows, read, notes }: Given<Read & { readonly model: NormalModel }>,
): Promise<CommandResult> {
  const aligned = alignedWith(options.benchmark!, market)
  const dropped: { date: IsoDate; asset: string; because: string }[] = []
  const found: Measured[] = []
  for (const row of rows) {
    const returns = aligned(row.asset)
    const zero = firstSessionFrom(returns.dates, row.date)
    const outcome =
      zero === null || returns.dates[zero]! > addDays(row.date, waitDaysMost)
        ? {
            kind: 'dropped' as const,
            because: `no close of both ${row.asset} and ${options.benchmark} within a week of it`,
          }
        : abnormalPath(returns, zero, read)
    if (outcome.kind === 'dropped') dropped.push({ date: row.date, asset: row.asset, because: outcome.because })
    else found.push({ row, dayZero: returns.dates[zero!]!, zero: zero!, measured: outcome })
  }
  const summary = (events: readonly Measured[], label: string): EventSummary =>
    summarizeEvents(
      events.map(({ dayZero, measured }) => ({ date: dayZero, path: measured.abnormal })),
      { first: read.first, seed: read.seed, label, byDate: read.byDate },
    )
  const empty: EventSummary = { n: 0, dates: 0, abnormalReturns: [], cumulativeAbnormalReturns: [] }
  const overlaps = overlapsOf(found, read)
  const alone = found.filter((event) => !overlaps.inWindow.has(event))
  const named = Map.groupBy(found, ({ row }) => row.group)
  const isGrouped = [...named.keys()].some((name) => name !== '')
  const all = found.length === 0 ? empty : summary(found, 'all')
  const json: EventsResult & { readonly byEvent: readonly unknown[] } = {
    market: market.spec,
    benchmark: options.benchmark!,
    model: read.model,
    window: [read.first, read.last],
    estimation: { length: read.length, gap: read.gap },
    currency: market.currency,
    ...all,
    tests: eventTests(found.map(({ dayZero, measured }) => ({ date: dayZero, measured }))),
    groups: Object.fromEntries(
      isGrouped
        ? [...named]
            .sort(([a], [b]) => order(a, b))
            .map(([name, those]) => [name || 'without a group', summary(those, `group ${name}`)])
        : [],
    ),
    overlapping: {
      events: overlaps.inWindow.size,
      inEstimation: overlaps.inEstimation.size,
      withoutThem: overlaps.inWindow.size > 0 && alone.length > 0 ? summary(alone, 'alone') : null,
    },
    dropped,
    byEvent: found.map((event) => eventJson(event, overlaps.inWindow.has(event))),
    notes: [...notes, ...studyNotes(all, found, dropped.length)],
  }
  if (options.report !== undefined) {
    const { eventsPage } = await import('../backtest/event-report.ts')
    await writeReport(options.report, eventsPage(json), json, io)
  }
  return { json, text: eventsText(json) }
}

/** Returns of each asset beside the benchmark's, over the dates that both have; computed once per asset. */
function alignedWith(benchmark: string, market: SignalMarket): (symbol: string) => AlignedReturns {
  const closes = (symbol: string): ReadonlyMap<IsoDate, number> => {
    const asset = market.assets.get(symbol)!
    const { at } = market.worthOf(asset, 'close')
    return new Map(
      market.axisOf(asset).sessions.flatMap((date, i) => (Number.isNaN(at[i]!) ? [] : [[date, at[i]!] as const])),
    )
  }
  const theirs = closes(benchmark)
  const known = new Map<string, AlignedReturns>()
  return (symbol) => {
    const returns = known.get(symbol) ?? alignReturns(closes(symbol), theirs)
    known.set(symbol, returns)
    return returns
  }
}

/** Events of one asset so near each other that one's window, or estimation, holds days of another's window. */
function overlapsOf(found: readonly Measured[], { first, last, gap, length }: Read) {
  const inWindow = new Set<Measured>()
  const inEstimation = new Set<Measured>()
  for (const same of Map.groupBy(found, ({ row }) => row.asset).values()) {
    for (const event of same) {
      for (const other of same) {
        if (other === event) continue
        const apart = event.zero - other.zero
        if (Math.abs(apart) <= last - first) inWindow.add(event)
        // The estimation window ends gap sessions before the event window and is `length` long.
        if (apart + first - gap - 1 >= first && apart + first - gap - length <= last) inEstimation.add(event)
      }
    }
  }
  return { inWindow, inEstimation }
}

function eventJson({ row, dayZero, measured }: Measured, overlaps: boolean) {
  const { alpha, beta, residualDeviation, estimation, car, standardizedCar, abnormal } = measured
  return {
    date: row.date,
    asset: row.asset,
    ...(row.group !== '' && { group: row.group }),
    dayZero,
    alpha,
    beta,
    residualDeviation,
    estimation,
    car,
    standardizedCar: Number.isNaN(standardizedCar) ? null : standardizedCar,
    overlaps,
    abnormal: [...abnormal],
  }
}

function studyNotes(all: EventSummary, found: readonly Measured[], droppedCount: number): readonly string[] {
  const moved = found.filter(({ row, dayZero }) => row.date !== dayZero).length
  const short = found.filter(({ measured }) => measured.estimation.returns < longest(found)).length
  return [
    ...(droppedCount > 0 ? [`${droppedCount} events were left out; dropped says why.`] : []),
    ...(moved > 0
      ? [`${moved} events have day 0 after their date: the first close that the asset and the benchmark share.`]
      : []),
    ...(short > 0 ? [`${short} events were estimated from fewer returns than the others, for want of history.`] : []),
    ...(found.length > 0 && all.dates < 2
      ? ['All events share one date, so there is no interval: what happened that day may be the cause.']
      : []),
    ...(all.dates >= 2 && all.dates < 10
      ? [`Intervals from ${all.dates} dates are narrower than they should be.`]
      : []),
    ...(all.n > all.dates
      ? ['Some events share a date: the interval and tests.clustered allow for it, t does not.']
      : []),
  ]
}

function longest(found: readonly Measured[]): number {
  return Math.max(...found.map(({ measured }) => measured.estimation.returns))
}

async function finishPaths(options: EventsOptions, io: CommandIo, given: Given): Promise<CommandResult> {
  const { market, rows, read, notes } = given
  const dropped: { date: IsoDate; asset: string; because: string }[] = []
  const priced = rows.flatMap(({ date, asset: symbol }) => {
    const asset = market.assets.get(symbol)!
    const { sessions, indexOf } = market.axisOf(asset)
    const zero = indexOf.get(date)
    if (zero === undefined) {
      dropped.push({ date, asset: symbol, because: 'nothing traded on that date' })
      return []
    }
    const closes = new Map(asset.history.bars.map((bar) => [bar.date, bar.close]))
    return [{ date, zero, values: Float64Array.from(sessions, (session) => closes.get(session) ?? Number.NaN) }]
  })
  const json = {
    market: market.spec,
    model: 'price',
    window: [read.first, read.last],
    meanByDate: read.byDate,
    demeaned: options.demean === true,
    events: priced.length,
    path: pricePaths(priced, {
      first: read.first,
      last: read.last,
      byDate: read.byDate,
      demeaned: options.demean === true,
    }),
    dropped,
    notes: [
      ...notes,
      'Closes as traded: neither adjusted nor converted nor compared with a benchmark. A picture, not a test.',
    ],
  }
  if (options.report !== undefined) {
    const { pathsPage } = await import('../backtest/event-report.ts')
    await writeReport(options.report, pathsPage(json), json, io)
  }
  return { json, text: pathsText(json) }
}

async function writeReport(folder: string, page: string, json: unknown, io: CommandIo): Promise<void> {
  makeFolder(folder)
  await writeWhole(join(folder, 'events.html'), page)
  await writeWhole(join(folder, 'events.json'), `${JSON.stringify(json)}\n`)
  io.say(`Report: ${join(folder, 'events.html')}`)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
