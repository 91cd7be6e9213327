import type { EventDay, EventSummary } from '../statistics/event-summary.ts'
import type { EventTests } from '../statistics/event-tests.ts'
import type { PathDay } from '../statistics/price-paths.ts'
import type { Currency } from '../units.ts'
import { html, type Markup } from './html.ts'
import { intervalChart, marketWarning, noteList, page, percent, plain, table } from './signal-page.ts'

/** What `primer events` answers for abnormal returns. */
export type EventsResult = EventSummary & {
  readonly market: string
  readonly benchmark: string
  readonly model: string
  readonly window: readonly [number, number]
  readonly estimation: { readonly length: number; readonly gap: number }
  readonly currency: Currency | 'own'
  readonly tests: EventTests
  readonly groups: Readonly<Record<string, EventSummary>>
  readonly overlapping: Overlapping
  readonly dropped: readonly { readonly date: string; readonly asset: string; readonly because: string }[]
  readonly notes: readonly string[]
}

export type Overlapping = {
  /** Events whose window shares a session with another event's window of the same asset. */
  readonly events: number
  /** Events whose estimation window holds a session of another event's window of the same asset. */
  readonly inEstimation: number
  /** The result of the others alone, null where there are none or nothing overlaps. */
  readonly withoutThem: EventSummary | null
}

/** One self-contained page about events. */
export function eventsPage(result: EventsResult): string {
  const { overlapping, tests } = result
  const last = result.cumulativeAbnormalReturns.at(-1)
  const [from, to] = result.window
  return page(
    'Event study',
    html`${marketWarning(result.market)}<p>${result.n} events on ${result.dates} dates, ${result.dropped.length} left out; market ${result.market}, benchmark ${result.benchmark}, model ${result.model}.
${last === undefined ? '' : `Mean cumulative abnormal return from day ${from} to day ${to}: ${percent(last.mean)}, 95 % interval ${percent(last.low)} to ${percent(last.high)}.`}</p>
<h2>Cumulative abnormal return</h2>
${daysChart('car', 'Mean cumulative abnormal return by day from the event, with 95 % bootstrap intervals', result.cumulativeAbnormalReturns)}
<h2>Abnormal return by day</h2>
${daysChart('ar', 'Mean abnormal return by day from the event, with 95 % bootstrap intervals', result.abnormalReturns)}
<h2>Is it zero?</h2>
${table(
  ['t of the cumulative return', ''],
  [
    ['events independent, equally noisy', plain(tests.crossSection, 2)],
    ['each scaled by its own error', plain(tests.standardized, 2)],
    ['reduced for what events of one date share', plain(tests.clustered, 2)],
  ],
)}
<p class="small">${tests.eventsSharingADate} events share their date with another; the largest date has ${tests.largestDate}.</p>
${groupTable(result)}
<h2>Overlapping events</h2>
<p>${overlapping.events === 0 ? 'No event window overlaps another of the same asset.' : `${overlapping.events} events overlap another of the same asset. ${withoutWords(overlapping, last)}`}
${overlapping.inEstimation === 0 ? '' : `${overlapping.inEstimation} events have another event in their estimation window.`}</p>
<h2>Every day</h2>
${table(
  ['day', 'abnormal', 'interval', 't', 'cumulative', 'interval', 't'],
  result.abnormalReturns.map((day, i) => [`${day.day}`, ...cells(day), ...cells(result.cumulativeAbnormalReturns[i]!)]),
)}
${
  result.dropped.length === 0
    ? html``
    : html`<h2>Left out</h2>${table(
        ['asset', 'date', 'because'],
        result.dropped.map(({ asset, date, because }) => [asset, date, because]),
      )}`
}
${noteList(result.notes)}`,
  )
}

function cells(day: EventDay): readonly string[] {
  return [percent(day.mean), day.low === null ? '-' : `${percent(day.low)} to ${percent(day.high)}`, plain(day.t, 2)]
}

function withoutWords({ withoutThem }: Overlapping, last: EventDay | undefined): string {
  const other = withoutThem?.cumulativeAbnormalReturns.at(-1)
  if (withoutThem === null || other === undefined || last === undefined) return 'Without them nothing is left.'
  return `Without them ${withoutThem.n} are left, and the mean cumulative abnormal return is ${percent(other.mean)} instead of ${percent(last.mean)}.`
}

function groupTable({ groups }: EventsResult): Markup {
  const names = Object.keys(groups)
  if (names.length === 0) return html``
  return html`<h2>Groups</h2>${table(
    ['group', 'events', 'dates', 'cumulative', 'interval', 't'],
    names.map((name) => [
      name,
      `${groups[name]!.n}`,
      `${groups[name]!.dates}`,
      ...cells(groups[name]!.cumulativeAbnormalReturns.at(-1)!),
    ]),
  )}`
}

function daysChart(id: string, words: string, days: readonly EventDay[]): Markup {
  return intervalChart(id, words, {
    labels: days.map(({ day }) => `${day}`),
    rows: days,
    xName: 'sessions from the event',
    format: (value) => percent(value, 1),
  })
}

/** One self-contained page about prices around events, as they are. */
export function pathsPage(result: {
  readonly market: string
  readonly events: number
  readonly path: readonly PathDay[]
  readonly notes: readonly string[]
}): string {
  return page(
    'Prices around events',
    html`${marketWarning(result.market)}<p>${result.events} events, market ${result.market}. Closes as traded, neither rebased nor compared with a benchmark.</p>
${intervalChart('path', 'Mean close by day from the event, with one standard deviation to each side', {
  labels: result.path.map(({ day }) => `${day}`),
  rows: result.path.map(({ mean, std }) => ({
    mean,
    low: std === null ? null : mean - std,
    high: std === null ? null : mean + std,
  })),
  xName: 'sessions from the event',
  format: (value) => value.toPrecision(3),
})}
${table(
  ['day', 'mean', 'std', 'n'],
  result.path.map(({ day, mean, std, n }) => [`${day}`, plain(mean, 4), plain(std, 4), `${n}`]),
)}
${noteList(result.notes)}`,
  )
}
