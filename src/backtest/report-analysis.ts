import type { DecisionAnalysis } from './decision-analysis.ts'
import type { ForwardReturn } from './decision-returns.ts'
import type { Disposition, LossAversion } from './disposition.ts'
import { html, type Markup, type Part } from './html.ts'
import type { KeywordRates } from './reasoning.ts'
import { facts, section, table } from './report-parts.ts'
import { count, dash, fixed, money, percent, plain, signedPercent, signedPoints } from './report-words.ts'

/** What the decisions were worth, apart from what the run earned. */
export function analysisSection(analysis: DecisionAnalysis, currency: string): Markup {
  return section(
    'decisions',
    'Decisions',
    html`<p>${count(analysis.orders, 'order')} decided, ${fixed(analysis.filled, 0)} of them filled. What a limit refused was never done and is not judged here.</p>`,
    forwardPart(analysis),
    holdingPart(analysis, currency),
    cashPart(analysis),
    html`<h3>Gains and losses sold</h3>${dispositionFacts(analysis.disposition)}`,
    analysis.keywords === null ? null : keywordPart(analysis.keywords),
  )
}

const sideNames = { buy: 'Bought', sell: 'Sold', stop: 'Stopped' } as const

function forwardPart({ forward, benchmark }: DecisionAnalysis): Markup {
  const rows = forward.filter(({ count, tooRecent }) => count + tooRecent > 0)
  if (rows.length === 0) return html`<h3>What came after</h3><p>Nothing was bought or sold.</p>`
  const intervals = rows.filter(({ low }) => low !== null).length
  const recent = rows.filter(({ tooRecent }) => tooRecent > 0)
  return html`<h3>What came after</h3>
<p class="small">Total return in per cent of the asset, in the base currency, from the open of the fill to the close of the 1st, 5th and 20th session, that of the fill included; its lead over ${benchmark ?? 'a benchmark, of which there is none'}; and how often it was ahead. After a sale a negative lead speaks for it. Stops were forced and not decided.</p>
${table(
  'Forward returns of the decisions',
  [
    { name: 'After', text: true },
    { name: 'Fills' },
    { name: 'Asset' },
    { name: 'Lead' },
    { name: '95 % interval' },
    { name: 'Ahead' },
  ],
  rows.map((row) => [
    `${sideNames[row.side]}, ${row.sessions}`,
    fixed(row.count, 0),
    signedPoints(row.asset, 2),
    signedPoints(row.excess, 2),
    intervalText(row),
    row.ahead === null ? dash : percent(row.ahead, 0),
  ]),
)}
<p class="small">${recent.length === 0 ? '' : `Too recent for a figure: ${recent.map((row) => `${row.tooRecent} ${sideNames[row.side].toLowerCase()}, ${row.sessions}`).join('; ')}. `}${intervals === rows.length ? '' : `No interval (${dash}): fewer than 20 dates, or windows that overlap too much. `}${intervals < 3 ? '' : 'Of several intervals some leave out zero by chance alone.'}</p>`
}

function intervalText({ low, high }: Pick<ForwardReturn, 'low' | 'high'>): string {
  return low === null || high === null ? dash : `${signedPoints(low, 2)} to ${signedPoints(high, 2)}`
}

function holdingPart({ holding, turnoverPerYear, costsPerYear }: DecisionAnalysis, currency: string): Markup {
  const share = (of: number, all: number) =>
    all === 0 ? dash : `${fixed(of, 0)} of ${fixed(all, 0)} (${percent(of / all, 0)})`
  const names = ['5 sessions or fewer', '6 to 20 sessions', 'more than 20 sessions']
  const rows: Part[][] = holding.buckets.map((bucket, i) => [
    names[i]!,
    fixed(bucket.trips, 0),
    share(bucket.profitable, bucket.trips),
    money(currency, bucket.profit),
  ])
  const yearly: [string, Part][] = [
    [
      'Turnover a year',
      turnoverPerYear === null ? 'not stated on fewer than 60 returns' : `${plain(turnoverPerYear)} times the equity`,
    ],
    ['Costs a year', costsPerYear === null ? 'not stated on fewer than 60 returns' : percent(costsPerYear, 2)],
  ]
  return html`<h3>Round trips</h3>
<p class="small">Purchases matched with sales first in, first out, by quantity; profitable after the costs of both.</p>
${table(
  'Round trips by holding time',
  [{ name: 'Held', text: true }, { name: 'Round trips' }, { name: 'Profitable' }, { name: 'Profit' }],
  [
    ...rows,
    ['All', fixed(holding.trips, 0), share(holding.profitable, holding.trips), money(currency, holding.profit)],
  ],
  { total: true },
)}
${facts([...(holding.meanSessions === null ? [] : ([['Held on average', `${fixed(holding.meanSessions, 1)} sessions`]] as const)), ...yearly])}`
}

function cashPart({ cash, benchmark }: DecisionAnalysis): Markup {
  const of = (sessions: number) =>
    `${fixed(sessions, 0)} of ${count(cash.sessions, 'close')} (${percent(sessions / cash.sessions, 0)})`
  const worth = (value: number) =>
    cash.forgone === null ? '' : `; in ${benchmark} it would have earned ${signedPercent(value, 2)} of equity`
  return html`<h3>Cash</h3>
${facts([
  ['Mean share of equity', percent(cash.meanCashWeight)],
  ['Above the ceiling of the regime', of(cash.aboveCeiling)],
  ['… with trades left in the week', `${of(cash.drag)}${worth(cash.forgone?.drag ?? 0)}`],
  ['… with the weekly trades used up', `${of(cash.capBound)}${worth(cash.forgone?.capBound ?? 0)}`],
])}`
}

function dispositionFacts(found: Disposition): Markup {
  const gains = found.realizedGains + found.paperGains
  const losses = found.realizedLosses + found.paperLosses
  const share = (value: number | null, realized: number, all: number) =>
    `${value === null ? '' : `${percent(value)}, `}${fixed(realized, 0)} of ${fixed(all, 0)}`
  const difference =
    found.difference === null
      ? `not stated: ${found.because}`
      : `${signedPoints(found.difference)} points${found.low === null ? ` (no interval: ${found.because})` : ` (${signedPoints(found.low)} to ${signedPoints(found.high)})`}`
  return html`<p class="small">Of all gains and losses held on ${count(found.saleDates, 'session')} with a decided sale: how many were realized. Sooner sold gains are the disposition effect.</p>
${facts([
  ['Gains realized', share(found.gainsRealized, found.realizedGains, gains)],
  ['Losses realized', share(found.lossesRealized, found.realizedLosses, losses)],
  ['Difference', difference],
  ['Loss aversion implied', aversionText(found.lossAversion)],
])}`
}

function aversionText({ value, low, high, kept, because }: LossAversion): string {
  const yardstick = kept === null ? '' : `; positions kept on the same sessions show ${plain(kept)}`
  if (value === null) return `not stated: ${because}${yardstick}`
  const interval = low === null || high === null ? `no interval: ${because}` : `${plain(low)} to ${plain(high)}`
  return `${plain(value)} (${interval}), the size of gains sold over the size of losses sold${yardstick}`
}

function keywordPart({ texts, periods, rates }: KeywordRates): Markup {
  const named = rates.filter(({ mentions }) => mentions.some((mention) => mention > 0))
  return html`<h3>What the reasons speak of</h3>
<p class="small">Share of ${count(texts, 'decision')} whose reasons name the concept, period by period; all texts count.</p>
${table(
  'Share of the reasons that name a concept',
  [{ name: 'Concept', text: true }, ...periods.map(({ name, texts }) => ({ name: `${name} (${texts})` }))],
  named.map(({ concept, mentions }) => [
    concept,
    ...mentions.map((mention, i) => percent(mention / periods[i]!.texts, 0)),
  ]),
)}`
}
