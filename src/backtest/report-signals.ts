import { html, type Markup, type Part } from './html.ts'
import type { BacktestReport } from './report.ts'
import { section, table } from './report-parts.ts'
import { count, dash, fixed, signedPoints } from './report-words.ts'
import type { KindStudy } from './signal-events.ts'

/** Days of the event window that the table shows. */
const daysShown = [-5, -1, 0, 1, 2, 5, 10, 20] as const

/** What the texts themselves have shown: information coefficient and event study of each kind, and what capital could follow them. */
export function signalsSection({ signals, capacity, currency }: BacktestReport): Markup | null {
  if (signals === null) return null
  const interval = (low: number | null, high: number | null, show: (value: number) => string) =>
    low === null || high === null ? dash : `${show(low)} to ${show(high)}`
  const three = (value: number) => fixed(value, 3)
  const studies = signals.events.filter(({ n }) => n > 0)
  return section(
    'signals',
    'What the catalysts have shown',
    html`<p>${signals.verdict} ${count(signals.signals, 'signal')} by ${signals.extractor}, ${fixed(signals.usable, 0)} of them about coins of this market while it lasted.</p>`,
    table(
      'Information coefficient of each kind of catalyst',
      [
        { name: 'Kind', text: true },
        { name: 'Days' },
        { name: 'Events' },
        { name: 'On dates' },
        { name: 'IC' },
        { name: '95 % interval' },
        { name: 'Used' },
      ],
      signals.kinds.map(({ kind, horizonDays, n, dates, ic, low, high, shrunk }): Part[] => [
        kind,
        fixed(horizonDays, 0),
        fixed(n, 0),
        fixed(dates, 0),
        ic === null ? dash : three(ic),
        interval(low, high, three),
        three(shrunk),
      ]),
      { stack: true },
    ),
    html`<p class="small">IC: correlation about zero of score and residual return over the kind's days, from the first open at which an order could fill. Used by the book: what is left after shrinking by its own error; 0 means that the kind moves no money.</p>`,
    studies.length === 0 ? null : html`<h3>Around the events</h3>`,
    studies.length === 0
      ? null
      : table(
          'Cumulative abnormal return around the events of each kind, in per cent',
          [
            { name: 'Kind', text: true },
            { name: 'Events' },
            ...daysShown.map((day) => ({ name: `Day ${day < 0 ? '−' : ''}${Math.abs(day)}` })),
          ],
          studies.map((study): Part[] => [study.kind, fixed(study.n, 0), ...daysShown.map((day) => cell(study, day))]),
          { stack: true },
        ),
    studies.length === 0
      ? null
      : html`<p class="small">In per cent, beyond what the main benchmark explains, from five days before, signed by the direction of the text; 95 % intervals by drawing whole dates. Day 0 is the day the text became known: it and day 1 were over before an order could fill.</p>`,
    capacity === null
      ? null
      : html`<p>Capital at which costs would have eaten the gross profit: ${capitalWords(capacity.capital, currency)}${capacity.because === null ? '' : ` (${capacity.because})`}.</p>`,
  )
}

/** Two digits: what is an upper bound by construction is not known to the cent. */
function capitalWords(capital: number | null, currency: string): string {
  if (capital === null) return 'none found'
  return capital === 0
    ? 'none, however small'
    : `at most about ${currency} ${fixed(Number(capital.toPrecision(2)), 0)}, since orders cut by the volume and prices moved by earlier orders are left out`
}

function cell({ cumulative }: KindStudy, wanted: number): Part {
  const found = cumulative.find(({ day }) => day === wanted)
  if (found === undefined) return dash
  const { mean, low, high } = found
  const range =
    low === null || high === null
      ? null
      : html`<br><span class="small">${signedPoints(low)} to ${signedPoints(high)}</span>`
  return html`${signedPoints(mean)}${range}`
}
