import { html, type Markup, type Part } from './html.ts'
import type { BacktestReport, Figures, KnowledgePart } from './report.ts'
import { facts, noteList, section, table } from './report-parts.ts'
import type { YearOfReturns } from './report-series.ts'
import {
  costName,
  count,
  dash,
  fixed,
  listed,
  longDate,
  money,
  monthNames,
  percent,
  plain,
  policyWords,
  signedPercent,
  signedPoints,
  threeDigits,
} from './report-words.ts'

/** Title, what was run and what came of it in plain words, four figures, and the verdict. */
export function header(report: BacktestReport): Markup {
  const { title, policy, dates, currency, initialCapital, equity, costs, own, opponents, verdict } = report
  const prices = report.simulated === null ? '' : ' on simulated prices,'
  const rivals = opponents.map((one) => `${one.name} ${signedPercent(one.figures.totalReturn)}`)
  const main = opponents[0]
  return html`${
    report.simulated === null
      ? null
      : html`<p class="banner" role="note">${capital(report.simulated)}: nothing here says anything about a real market.</p>`
  }
<header><p class="kicker">Backtest with paper money</p>
<h1>${policy} on ${title}</h1>
<p class="lead">${policyWords(policy)} ran the book ${title} from ${longDate(dates[0]!)} to ${longDate(dates.at(-1)!)},${prices} ${count(dates.length, 'session')}.
${money(currency, initialCapital)} became ${money(currency, equity.at(-1)!)}: <strong>${signedPercent(own.totalReturn)}</strong> after ${money(currency, costs.total)} of costs.
${rivals.length === 0 ? '' : `Over the same sessions, from the same capital and at the same costs: ${listed(rivals)}.`}</p>
<p class="verdict">${verdict.sentence}</p></header>
<ul class="tiles"><li><span>Net return</span><b>${signedPercent(own.totalReturn)}</b></li>
<li><span>${main === undefined ? 'At twice the costs' : `Points ahead of ${main.name}`}</span><b>${main === undefined ? signedPercent(costs.twiceNetReturn) : signedPoints(own.totalReturn - main.figures.totalReturn)}</b></li>
<li><span>Costs, of the capital</span><b>${percent(costs.total / initialCapital)}</b></li>
<li><span>Deepest fall</span><b>${percent(own.maxDrawdown)}</b></li></ul>
`
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Example: 0.042 -> '+4.2 points' */
function points(difference: number): string {
  return `${signedPoints(difference)}\u00a0points`
}

const figureRows: readonly (readonly [string, (figures: Figures) => string])[] = [
  ['Net return, %', ({ totalReturn }) => signedPoints(totalReturn)],
  ['Deepest fall, %', ({ maxDrawdown }) => inPercent(maxDrawdown)],
  ['Return a year, %', ({ annualReturn }) => signedPoints(annualReturn)],
  ['Volatility a year, %', ({ volatility }) => inPercent(volatility)],
  ['Sharpe ratio', ({ sharpe }) => plain(sharpe)],
  ['Sortino ratio', ({ sortino }) => plain(sortino)],
  ['Calmar ratio', ({ calmar }) => plain(calmar)],
  ['CVaR 95 % a day, %', ({ cvar }) => inPercent(cvar, 2)],
]

function inPercent(fraction: number | null, digits = 1): string {
  return fraction === null ? dash : fixed(100 * fraction, digits)
}

/** The same figures of the run and of each benchmark, side by side. */
export function comparison(report: BacktestReport): Markup {
  const { own, opponents } = report
  const all = [own, ...opponents.map(({ figures }) => figures)]
  const few = own.annualReturn === null && own.sharpe === null
  const rows: readonly Part[][] = (few ? figureRows.slice(0, 2) : figureRows).map(([name, of]) => [
    name,
    ...all.map(of),
  ])
  const beta =
    opponents.length === 0 || few ? [] : [[`Beta to ${opponents[0]!.name}`, ...all.map(({ beta }) => plain(beta))]]
  return section(
    'benchmarks',
    'Against the benchmarks',
    few
      ? html`<p>The run has ${count(own.returns, 'return')}. No ratio is shown on fewer than 60: it would be mostly chance.</p>`
      : null,
    table(
      'Figures of the run and of the benchmarks',
      [
        { name: 'Net of all costs', text: true },
        { name: 'This run', own: true },
        ...opponents.map(({ name }) => ({ name })),
      ],
      [...rows, ...beta],
    ),
    few
      ? null
      : html`<p class="small">Cash counts 0 in the ratios. A year has ${fixed(report.sessionsPerYear, 0)} sessions. The figures of each column come from its own daily closes, from the first session on.</p>`,
  )
}

/** How far the record can be told from luck. */
export function evidence(report: BacktestReport): Markup {
  const { comparisons, probabilisticSharpe, deflatedSharpe, trials, allocators } = report.verdict
  const more: [string, Part][] = []
  if (probabilisticSharpe !== null)
    more.push(['Chance that the true Sharpe ratio is above 0', percent(probabilisticSharpe)])
  if (trials !== null) {
    const deflated = deflatedSharpe === null ? '' : `; deflated Sharpe ratio ${fixed(deflatedSharpe, 3)}`
    more.push(['Tried on this book', `${count(trials, 'trial')}${deflated}`])
  }
  if (allocators !== null) {
    const { count: agents, atLeastAsGood, p } = allocators
    more.push([
      'Random choices of assets',
      `${fixed(atLeastAsGood, 0)} of ${fixed(agents, 0)}, on the same dates and with the same sizes, did at least as well (p = ${fixed(p, 3)})`,
    ])
  }
  return section(
    'evidence',
    'Skill or luck',
    comparisons.length === 0
      ? null
      : table(
          'The run against each opponent',
          [
            { name: 'Against', text: true },
            { name: 'Its return' },
            { name: 'Lead a year in points, 95 % interval' },
            { name: 'E-value' },
          ],
          comparisons.map(({ name, netReturn, difference, low, high, eValue }) => [
            name,
            signedPercent(netReturn),
            difference === null || low === null || high === null
              ? dash
              : `${signedPoints(difference)} (${signedPoints(low)} to ${signedPoints(high)})`,
            threeDigits(eValue),
          ]),
        ),
    html`<p class="small">Lead: mean difference of net daily returns times ${fixed(report.sessionsPerYear, 0)}; its interval comes from 10,000 block-bootstrap paths. An e-value of 20 or more is evidence, whenever one looks; what counts is the smallest.</p>`,
    facts(more),
    knowledgePart(report),
  )
}

function knowledgePart({ knowledge, opponents }: BacktestReport): Markup | null {
  if (knowledge === null) return null
  const { cutoff, before, after, masked } = knowledge
  const row = (name: string, part: KnowledgePart | null): Part[] => [
    name,
    part === null ? dash : fixed(part.sessions, 0),
    signedPercent(part?.netReturn ?? null),
    signedPercent(part?.benchmark ?? null),
  ]
  return html`<h3>What the model may have known</h3>
${
  cutoff === null
    ? html`<p>Its knowledge cutoff is not known: every date may lie in what it was trained on.</p>`
    : table(
        'Before and after the knowledge cutoff',
        [
          { name: 'Sessions', text: true },
          { name: 'Number' },
          { name: 'This run', own: true },
          { name: opponents[0]?.name ?? 'Benchmark' },
        ],
        [row(`up to ${cutoff}: it may have read what came`, before), row('after it', after)],
      )
}
${
  masked === null
    ? null
    : html`<p>With names, dates and price levels hidden the same model made ${signedPercent(masked.netReturn)}: what it could recognize was worth ${points(masked.gap)}.</p>`
}`
}

/** Months of each year as a table; a phone shows each year as a block. */
export function monthTable(years: readonly YearOfReturns[]): Markup {
  const cell = (value: number | null, month: string) =>
    html`<td role="cell" data-month="${month}" class="${value === null ? '' : shade(value)}">${value === null ? '' : signedPoints(value)}</td>`
  return section(
    'months',
    'Month by month',
    html`<p class="small">Net return in per cent; the first month starts with the initial capital, and all months compound to the total.</p>
<table class="months" role="table" aria-label="Net return of each month in per cent"><thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">Year</th>${monthNames.map((name) => html`<th scope="col" role="columnheader">${name}</th>`)}<th scope="col" role="columnheader">Year</th></tr></thead>
<tbody role="rowgroup">${years.map(
      ({ year, months, total }) =>
        html`<tr role="row"><th scope="row" role="rowheader">${year}</th>${months.map((value, i) => cell(value, monthNames[i]!))}<td role="cell" class="total own" data-month="Year">${signedPoints(total)}</td></tr>
`,
    )}</tbody></table>`,
  )
}

function shade(value: number): string {
  if (Math.abs(value) < 0.0005) return ''
  if (value > 0) return value >= 0.03 ? 'gains' : 'gain'
  return value <= -0.03 ? 'losses' : 'loss'
}

/** What trading cost, and what would have been left at twice that. */
export function costTable({ costs, currency, initialCapital }: BacktestReport): Markup {
  const row = (name: string, amount: number): Part[] => [
    name,
    money(currency, amount),
    percent(amount / initialCapital, 2),
  ]
  return html`${table(
    'Costs by kind',
    [{ name: 'Kind', text: true }, { name: 'Amount' }, { name: 'Of the capital' }],
    [...costs.byKind.map(({ kind, amount }) => row(costName(kind), amount)), row('Together', costs.total)],
    { total: true },
  )}
${facts([
  ['Before costs', `${signedPercent(costs.grossReturn, 2)} (all costs added back, not compounded)`],
  ['After costs', html`<strong>${signedPercent(costs.netReturn, 2)}</strong>`],
  ['At twice the costs', signedPercent(costs.twiceNetReturn, 2)],
])}`
}

/** What the limits changed, days without a decision, and orders that ended without a fill. */
export function undone({ clamps, guardrails, missed, lapsed }: BacktestReport, clampChart: Part): Markup {
  const sentences = [
    ...(clamps.length > 0
      ? []
      : [
          guardrails === 'none'
            ? 'The run had no guardrails, and no order was refused or cut.'
            : 'Every wish was within the limits: none was refused or cut.',
        ]),
    ...(missed.length === 0 ? ['No decision was missed.'] : []),
    ...(lapsed.length === 0 ? ['Every order was filled.'] : []),
  ]
  return section(
    'undone',
    'Limits, missed days, orders without a fill',
    sentences.length === 0 ? null : html`<p>${sentences.join(' ')}</p>`,
    clamps.length === 0
      ? null
      : html`<h3>Wishes that a limit refused or cut</h3><p class="small">${count(
          clamps.reduce((sum, clamp) => sum + clamp.count, 0),
          'time',
        )}, by rule.</p>${clampChart}`,
    missed.length === 0
      ? null
      : html`<h3>Missed days</h3><p>${count(missed.length, 'day')} without a decision. Nothing was traded then but stops.</p>${cutList(missed.map(({ date, because }) => `${date}: ${because}`))}`,
    lapsed.length === 0
      ? null
      : html`<h3>Orders without a fill</h3><p>${count(lapsed.length, 'order')} ended without one.</p>${cutList(lapsed)}`,
  )
}

const linesShown = 100

function cutList(lines: readonly string[]): Markup {
  const more = lines.length - linesShown
  return html`${noteList(lines.slice(0, linesShown))}${more > 0 ? html`<p class="small">And ${fixed(more, 0)} more, in backtest.json.</p>` : null}`
}
