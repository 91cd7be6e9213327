import type { EventsResult } from '../backtest/event-report.ts'
import type { EventDay } from '../statistics/event-summary.ts'
import type { PathDay } from '../statistics/price-paths.ts'
import { columns, figure, percent } from './signal-text.ts'

/** The event study for a terminal: a line per day, then what to make of it. */
export function eventsText(result: EventsResult): string {
  const { tests, overlapping } = result
  const cells = (day: EventDay) => [
    percent(day.mean, 3),
    day.low === null ? '-' : `${percent(day.low, 2)} to ${percent(day.high, 2)}`,
    figure(day.t, 2),
  ]
  const last = (days: readonly EventDay[]) => days.at(-1)?.mean ?? null
  const without = overlapping.withoutThem
  return [
    `${result.n} events on ${result.dates} dates against ${result.benchmark}, model ${result.model}, ${result.dropped.length} left out`,
    columns([
      ['day', 'abnormal', '95 % interval', 't', 'cumulative', '95 % interval', 't'],
      ...result.abnormalReturns.map((day, i) => [
        `${day.day}`,
        ...cells(day),
        ...cells(result.cumulativeAbnormalReturns[i]!),
      ]),
    ]),
    `t of the cumulative return: ${figure(tests.crossSection, 2)} between events, ${figure(tests.standardized, 2)} standardized, ${figure(tests.clustered, 2)} allowing for shared dates`,
    ...Object.entries(result.groups).map(
      ([name, group]) =>
        `group ${name}: ${group.n} events, cumulative ${percent(last(group.cumulativeAbnormalReturns), 2)}`,
    ),
    ...(overlapping.events === 0
      ? []
      : [
          `${overlapping.events} events overlap another of the same asset; without them ${without === null ? 'nothing is left' : `cumulative ${percent(last(without.cumulativeAbnormalReturns), 2)} from ${without.n} events`}`,
        ]),
    ...result.notes.map((note) => `note: ${note}`),
  ].join('\n')
}

/** Prices around events for a terminal. */
export function pathsText(result: {
  readonly events: number
  readonly path: readonly PathDay[]
  readonly notes: readonly string[]
}): string {
  return [
    `${result.events} events, closes as traded`,
    columns([
      ['day', 'mean', 'std', 'n'],
      ...result.path.map(({ day, mean, std, n }) => [`${day}`, figure(mean, 4), figure(std, 4), `${n}`]),
    ]),
    ...result.notes.map((note) => `note: ${note}`),
  ].join('\n')
}
