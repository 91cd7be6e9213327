import { html, type Markup, type Part, trusted } from './html.ts'
import type { BacktestReport } from './report.ts'
import { analysisSection } from './report-analysis.ts'
import { palette } from './report-axes.ts'
import { chartWords } from './report-chart-words.ts'
import { bandColors, type ChartName, cutoffIndex, cutoffStyle, opponentStyles } from './report-charts.ts'
import { fillList } from './report-fills.ts'
import { facts, noteList, section } from './report-parts.ts'
import { comparison, costTable, evidence, header, monthTable, undone } from './report-sections.ts'
import { signalsSection } from './report-signals.ts'
import { styleSheet } from './report-style.ts'
import { fixed, longDate, money, percent, plain, signedPercent } from './report-words.ts'

/** Inter as base64 of its WOFF2 files. */
export type Fonts = { readonly regular: string; readonly semibold: string }

/** What stands in the page beside its data: each chart as SVG, for a wide page and for a phone, and the font. */
export type Drawings = {
  readonly charts: Readonly<Partial<Record<ChartName, { readonly wide: string; readonly narrow: string }>>>
  /** Without it the page takes a font of its reader's. */
  readonly fonts: Fonts | null
}

/**
 * A backtest as one self-contained HTML file: no script, nothing from anywhere, the same on a phone, a screen and A4 paper.
 * Every text is escaped.
 */
export function renderBacktestPage(report: BacktestReport, drawings: Drawings): string {
  const figure = (name: ChartName, above: Part, below: Part = null) => chartFigure(name, report, drawings, above, below)
  const body = html`<main>${header(report)}
${navigation(report)}
${section('equity', 'Value', figure('equity', equityLegend(report)), figure('drawdown', html`<h3>Below the highest close</h3>`))}
${comparison(report)}
${evidence(report)}
${section(
  'rolling',
  'Sharpe ratio of the last 60 returns',
  report.rolling === null
    ? html`<p>${report.own.returns < 60 ? 'The run is too short: no ratio is shown on fewer than 60 returns.' : 'The value never moved: there is no ratio.'}</p>`
    : figure(
        'rolling',
        null,
        html`<p class="small">Annualized, with its 95 % interval as a band. Windows overlap, so neighbouring points say nearly the same.</p>`,
      ),
)}
${monthTable(report.months)}
${section('weights', 'What was held', figure('weights', weightLegend(report)))}
${section('costs', 'Costs', figure('costs', null), costTable(report))}
${section('turnover', 'Turnover', figure('turnover', html`<p class="small">Each month: half of what was traded, as a share of equity. ${plain(report.turnover)} times the equity in all.</p>`) ?? html`<p>Nothing was traded.</p>`)}
${undone(report, figure('clamps', null))}
${signalsSection(report)}
${analysisSection(report.analysis, report.currency)}
${fillList(report)}
${section('notes', 'Facts and notes', runFacts(report), noteList(report.notes))}
</main><footer>Paper money: nothing here was traded, and nothing here is advice. Made by Primer from the files beside it.</footer>`
  return document(`${report.policy} on ${report.title}`, body, drawings)
}

function document(title: string, body: Markup, { fonts }: Drawings): string {
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; font-src data:">
<title>${title}: backtest</title><style>${trusted(styleSheet(fonts))}</style></head>
<body>${body}</body></html>
`.markup
  }`
}

/** The same chart twice, of which a screen shows the one that fits; paper always takes the wide one. */
function chartFigure(
  name: ChartName,
  report: BacktestReport,
  { charts }: Drawings,
  above: Part,
  below: Part,
): Markup | null {
  const drawn = charts[name]
  if (drawn === undefined) return null
  const words = chartWords(name, report)
  const image = (svg: string) => html`<div role="img" aria-label="${words}">${trusted(svg)}</div>`
  return html`<figure>${above}<div class="wide">${image(drawn.wide)}</div><div class="narrow">${image(drawn.narrow)}</div>${below}</figure>`
}

function navigation({ signals }: BacktestReport): Markup {
  const places = [
    ['benchmarks', 'Benchmarks'],
    ['evidence', 'Skill or luck'],
    ['months', 'Months'],
    ['weights', 'Holdings'],
    ['costs', 'Costs'],
    ...(signals === null ? [] : ([['signals', 'Catalysts']] as const)),
    ['decisions', 'Decisions'],
    ['fills', 'Fills'],
    ['notes', 'Notes'],
  ] as const
  return html`<nav aria-label="Parts of this page">${places.map(([id, name]) => html`<a href="#${id}">${name}</a>`)}</nav>`
}

function equityLegend(report: BacktestReport): Markup {
  const { opponents, own, dates } = report
  const cutoff = cutoffIndex(report)
  const swatch = (color: string, width: number, dash: string) =>
    html`<svg viewBox="0 0 26 10" aria-hidden="true"><line x1="0" y1="5" x2="26" y2="5" stroke="${color}" stroke-width="${width}" stroke-dasharray="${dash}"></line></svg>`
  return html`<ul class="legend"><li>${swatch(palette.own, 3, 'none')}<b>This run ${signedPercent(own.totalReturn)}</b></li>${opponents.map(
    ({ name, figures }, i) => {
      const style = opponentStyles[i % opponentStyles.length]!
      return html`<li>${swatch(style.color, 2, style.dash.join(' '))}${name} ${signedPercent(figures.totalReturn)}</li>`
    },
  )}${cutoff === null ? null : html`<li>${swatch(cutoffStyle.color, 2, cutoffStyle.dash.join(' '))}Knowledge cutoff, ${dates[cutoff]!}</li>`}</ul>`
}

/** From the top of the picture down, with the shares of the last close. */
function weightLegend({ weights }: BacktestReport): Markup {
  const square = (color: string) =>
    html`<svg viewBox="0 0 26 10" aria-hidden="true"><rect width="26" height="10" fill="${color}"></rect></svg>`
  const bands = weights.series.map(({ name, shares }, i) => ({
    name,
    shares,
    color: bandColors[i % bandColors.length]!,
  }))
  return html`<p class="small">Shares of equity at the closes; the legend runs from the top down and tells the last close.</p>
<ul class="legend">${[...bands, { name: 'Cash', shares: weights.cash, color: palette.cash }]
    .reverse()
    .map(({ name, shares, color }) => html`<li>${square(color)}${name} ${percent(shares.at(-1)!, 0)}</li>`)}</ul>`
}

function runFacts(report: BacktestReport): Markup {
  const { days, currency } = report
  const day = (one: { readonly date: string; readonly change: number }) =>
    `${signedPercent(one.change, 2)} on ${longDate(one.date)}`
  return facts([
    ['Market', report.market],
    ['Book', `${report.book}, ${currency}`],
    ['Policy', report.policy],
    ['Guardrails', report.guardrails === 'book' ? 'those of the book' : 'none'],
    ['Sessions', fixed(report.dates.length, 0)],
    ...(days === null
      ? []
      : ([
          ['Best day', day(days.best)],
          ['Worst day', day(days.worst)],
        ] as const)),
    ['Dividends', money(currency, report.dividends)],
    ['Fills', fixed(report.fills.length, 0)],
  ])
}
