import type { EventDay, EventSummary } from '../statistics/event-summary.ts'
import type { EventTests } from '../statistics/event-tests.ts'
import type { PathDay } from '../statistics/price-paths.ts'
import type { Currency } from '../units.ts'
import { html, type Markup, type Part } from './html.ts'
import { table } from './report-parts.ts'
import { fixed, percent, plain, short, signedPercent, signedPoints } from './report-words.ts'
import { intervalChart, marketWarning, notesPart, page, withInterval } from './signal-page.ts'

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
${last === undefined ? '' : `Mean cumulative abnormal return from day ${from} to day ${to}: ${signedPercent(last.mean, 2)}, 95 % interval ${signedPercent(last.low, 2)} to ${signedPercent(last.high, 2)}.`}</p>
<h2>Cumulative abnormal return</h2>
${daysChart('car', 'Mean cumulative abnormal return by day from the event, with 95 % bootstrap intervals', result.cumulativeAbnormalReturns)}
<h2>Abnormal return by day</h2>
${daysChart('ar', 'Mean abnormal return by day from the event, with 95 % bootstrap intervals', result.abnormalReturns)}
<h2>Is it zero?</h2>
${table(
  'Tests of the cumulative abnormal return',
  [{ name: 'Cumulative return over its error, events taken as', text: true }, { name: 't' }],
  [
    ['independent and equally noisy', plain(tests.crossSection, 2)],
    ['independent, each scaled by its own error', plain(tests.standardized, 2)],
    ['scaled, and alike where they share a date', plain(tests.clustered, 2)],
  ],
)}
<p class="small">${tests.eventsSharingADate} events share their date with another; the largest date has ${tests.largestDate}.</p>
${groupTable(result)}
<h2>Overlapping events</h2>
<p>${overlapping.events === 0 ? 'No event window overlaps another of the same asset.' : `${overlapping.events} events overlap another of the same asset. ${withoutWords(overlapping, last)}`}
${overlapping.inEstimation === 0 ? '' : `${overlapping.inEstimation} events have another event in their estimation window.`}</p>
<h2>Every day</h2>
${table(
  'Abnormal returns by day from the event',
  [{ name: 'Day', text: true }, { name: 'Abnormal, %' }, { name: 't' }, { name: 'Cumulative, %' }, { name: 't' }],
  result.abnormalReturns.map((day, i) => [
    fixed(day.day, 0),
    ...cells(day),
    ...cells(result.cumulativeAbnormalReturns[i]!),
  ]),
)}
<p class="small">95 % bootstrap intervals under the means.</p>
${
  result.dropped.length === 0
    ? html``
    : html`<h2>Left out</h2>${table(
        'Events that were left out',
        [
          { name: 'Asset', text: true },
          { name: 'Date', text: true },
          { name: 'Because', text: true },
        ],
        result.dropped.map(({ asset, date, because }) => [asset, html`<span class="nowrap">${date}</span>`, because]),
      )}`
}
${notesPart(result.notes)}`,
  )
}

function cells(day: EventDay): readonly Part[] {
  return [withInterval(day, (value) => signedPoints(value, 2)), plain(day.t)]
}

function withoutWords({ withoutThem }: Overlapping, last: EventDay | undefined): string {
  const other = withoutThem?.cumulativeAbnormalReturns.at(-1)
  if (withoutThem === null || other === undefined || last === undefined) return 'Without them nothing is left.'
  return `Without them ${withoutThem.n} are left, and the mean cumulative abnormal return is ${signedPercent(other.mean, 2)} instead of ${signedPercent(last.mean, 2)}.`
}

function groupTable({ groups }: EventsResult): Markup {
  const names = Object.keys(groups)
  if (names.length === 0) return html``
  return html`<h2>Groups</h2>${table(
    'Cumulative abnormal return of each group',
    [{ name: 'Group', text: true }, { name: 'Events' }, { name: 'Dates' }, { name: 'Cumulative, %' }, { name: 't' }],
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
  format: (value) => short(Number(value.toPrecision(3))),
})}
${table(
  'Closes by day from the event',
  [{ name: 'Day', text: true }, { name: 'Mean' }, { name: 'Standard deviation' }, { name: 'Events' }],
  result.path.map(({ day, mean, std, n }) => [fixed(day, 0), plain(mean, 4), plain(std, 4), `${n}`]),
)}
${notesPart(result.notes)}`,
  )
}
