import type { Bucketing } from '../statistics/buckets.ts'
import type { IcSummary } from '../statistics/information-coefficient.ts'
import type { PriceKind } from '../statistics/worth.ts'
import type { Currency } from '../units.ts'
import { html, type Markup, type Part } from './html.ts'
import { table } from './report-parts.ts'
import { count, dash, fixed, percent, plain, signedPercent } from './report-words.ts'
import {
  categoryAxis,
  chart,
  chartColors,
  intervalChart,
  marketWarning,
  notesPart,
  page,
  valueAxis,
  withInterval,
} from './signal-page.ts'

/** What `primer ic` answers. */
export type IcResult = {
  readonly market: string
  readonly prices: PriceKind
  /** In which all returns are; `own` where each asset's are in its own. */
  readonly currency: Currency | 'own'
  readonly bucketing: Bucketing
  /** One way, of the traded value. */
  readonly costsBps: number
  readonly signals: number
  readonly assets: number
  readonly dates: number
  readonly horizons: Readonly<Record<string, HorizonResult>>
  readonly notes: readonly string[]
}

export type HorizonResult = IcSummary & {
  /** Where the signals' returns went: known; no price at the entry; horizon ends after the last session. */
  readonly returns: {
    readonly known: number
    readonly noEntry: number
    readonly notYetKnown: number
    /** Of the known: the asset had no price at the exit, and its last close counts. */
    readonly endedEarly: number
  }
}

/** Ratios are shown from so many dates on: below, they are mostly chance. */
const ratioFewest = 60

/** One self-contained page about a signal. */
export function icPage(result: IcResult): string {
  const horizons = Object.values(result.horizons)
  const first = horizons[0]!
  return page(
    'Information coefficient',
    html`${marketWarning(result.market)}<p>${result.signals} signals for ${result.assets} assets on ${result.dates} dates, market ${result.market}. ${entryWords(result.prices)}
Returns are total returns in ${result.currency === 'own' ? "each asset's own currency" : result.currency}.</p>
${horizonTable(horizons)}
<p class="small">Spread: highest less lowest of ${result.bucketing.count} ${result.bucketing.kind}, per holding of one horizon, net of ${result.costsBps} bps a trade.
The interval takes the critical value of t in place of 1.96. Ratios are left out below ${ratioFewest} dates.</p>
<h2>Decay</h2>
${intervalChart('decay', 'Mean information coefficient by horizon in sessions, with 95 % intervals', {
  labels: horizons.map((one) => `${one.horizon}`),
  rows: horizons.map(({ meanIc, low, high }) => ({ mean: meanIc, low, high })),
  xName: 'horizon, sessions',
  format: (value) => value.toFixed(2),
})}
<h2>Through time</h2>
${rollingChart(first)}
<h2>By ${result.bucketing.kind === 'bins' ? 'bin' : 'quantile'}</h2>
${barChart(first)}
${notesPart([...result.notes, ...horizons.flatMap(fieldNotes)])}`,
  )
}

/** Horizons beside one another: there are few of them and many figures. */
function horizonTable(horizons: readonly HorizonResult[]): Markup {
  const row = (name: string, figure: (one: HorizonResult) => Part) => [name, ...horizons.map(figure)]
  const enough = (one: HorizonResult) => one.n >= ratioFewest
  return table(
    'Figures of the signal by horizon',
    [{ name: 'Horizon', text: true }, ...horizons.map(({ horizon }) => ({ name: count(horizon, 'session') }))],
    [
      row('Mean IC', ({ meanIc, low, high }) => withInterval({ mean: meanIc, low, high }, (value) => fixed(value, 3))),
      row('Standard deviation', ({ std }) => plain(std, 3)),
      row('IC / deviation', (one) => (enough(one) ? plain(one.icir, 3) : dash)),
      row('t', (one) => (enough(one) ? plain(one.tStat) : dash)),
      row('Critical t', (one) => (enough(one) ? plain(one.tCritical) : dash)),
      row('Dates', ({ n }) => fixed(n, 0)),
      row('Spread, net', ({ quantileSpread }) => signedPercent(quantileSpread, 2)),
      row('Spread before costs', ({ quantileSpreadGross }) => signedPercent(quantileSpreadGross, 2)),
      row('Turnover', ({ turnover }) => percent(turnover, 0)),
      row('Autocorrelation', ({ rankAutocorrelation }) => plain(rankAutocorrelation)),
    ],
  )
}

function entryWords(prices: PriceKind): string {
  return prices === 'open'
    ? 'A signal is bought at the open after its date and sold at an open one horizon later.'
    : 'A signal is bought at the close of its own date, at the price it was made of, and sold at a close one horizon later.'
}

function rollingChart({ byDate, horizon }: IcSummary): Markup {
  const known = byDate.filter(({ ic }) => ic !== null)
  const window = Math.min(ratioFewest, Math.max(1, known.length))
  let sum = 0
  const means = known.flatMap(({ date, ic }, i) => {
    sum += ic! - (i >= window ? known[i - window]!.ic! : 0)
    return i < window - 1 ? [] : [{ date, mean: sum / window }]
  })
  return chart('time', `Mean information coefficient of the last ${window} dates, horizon ${horizon}`, {
    xAxis: categoryAxis(
      '',
      means.map(({ date }) => date),
    ),
    yAxis: valueAxis((value) => value.toFixed(2)),
    series: [
      {
        type: 'line',
        data: means.map(({ mean }) => mean),
        showSymbol: means.length < 2,
        lineStyle: { width: 2, color: chartColors.main },
        itemStyle: { color: chartColors.main },
      },
    ],
  })
}

function barChart({ quantiles, horizon }: IcSummary): Markup {
  return chart(
    'buckets',
    `Mean return over ${count(horizon, 'session')} by bucket of the signal, lowest first, before costs`,
    {
      xAxis: categoryAxis(
        '',
        quantiles.map(({ quantile }) => `${quantile}`),
      ),
      yAxis: valueAxis((value) => percent(value)),
      series: [
        { type: 'bar', data: quantiles.map(({ meanReturn }) => meanReturn), itemStyle: { color: chartColors.main } },
      ],
    },
  )
}

function fieldNotes({ horizon, notes }: IcSummary): readonly string[] {
  return Object.entries(notes).map(([field, note]) => `Horizon ${horizon}, ${field}: ${note}.`)
}
