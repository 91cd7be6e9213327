import { Info } from 'luxon'
import type { Entry, RenderedPost } from '../journal/entry.ts'
import { type Evidence, opponentName } from '../journal/evidence-entry.ts'
import { type PeriodReport, periodReportOf } from '../journal/report-entry.ts'
import { evidenceAt } from '../statistics/evidence.ts'
import type { Detail } from './decision-facts.ts'
import { sumOf } from './embed-parts.ts'
import { controlNotice, type Labels, labelsOf, type OpenedEntry, seal, shortSeal } from './labels.ts'
import { fitX } from './length.ts'
import { catalystsText } from './report-catalysts.ts'
import { reportEmbed } from './report-embed.ts'
import { eNumber, neededText, pointsAYear } from './report-verdict.ts'
import { standingLine } from './standing.ts'
import { count, exactMoney, fixed, money, percent, signedMoney, signedPercent } from './text.ts'

export type ReportInput = { readonly opened: OpenedEntry; readonly report: Entry<'report'> }

/** A week or a month, everything since the start, and the verdict on it. What fewer than 60 returns cannot carry is not there to be shown. */
export function renderReportPost(input: ReportInput): RenderedPost {
  const { opened, report } = input
  const body = periodReportOf(report.body)
  const labels = labelsOf(opened, 'x')
  const draft = (detail: Detail) => ({
    paragraphs: [
      `${periodText(opened, body, labels)} ${extremesText(opened, body, labels)}`,
      deedsText(opened, body),
      `Since the start ${standingLine(opened, body.standing, labels, detail)}`,
      sinceStartText(opened, body),
      body.evidence === null ? '' : evidenceText(body.evidence, labels, detail),
      body.catalysts === undefined ? '' : catalystsText(body.catalysts),
    ],
    // Rather a third text than a report without one of its facts.
    texts: 3,
  })
  const drafts = [draft('full'), draft('brief')]
  return {
    purpose: body.period.kind === 'week' ? 'weekly' : 'monthly',
    of: { seq: report.seq, hash: report.hash },
    x: fitX(drafts, {
      every: labels.prices,
      once: controlNotice(opened, labels),
      last: seal(report),
      mark: shortSeal(report),
    }),
    discord: reportEmbed({ opened, report, body }),
  }
}

const monthNames = Info.months('long', { locale: 'en' })

/** Example: 'Week 2020-W11', 'March 2020' */
export function periodTitle({ kind, name }: PeriodReport['period']): string {
  return kind === 'week' ? `Week ${name}` : `${monthNames[Number(name.slice(5)) - 1]} ${name.slice(0, 4)}`
}

/** Example: 'Week 2020-W11, day 43: -3.1 %, SPY -8.8 %, CAC -11.2 %.' */
function periodText(opened: OpenedEntry, body: PeriodReport, labels: Labels): string {
  const opponents = body.standing.benchmarks
    .filter(({ policy }) => policy.startsWith('buy-and-hold:') && body.benchmarkReturns[policy] !== undefined)
    .slice(0, 3)
    .map(({ policy, shortName, priceOnly }) => {
      const mark = priceOnly ? ' (price only)' : ''
      return `, ${labels.quote(shortName, 24)}${mark} ${signedPercent(body.benchmarkReturns[policy]!)}`
    })
  const change = signedMoney(opened.body.currency, body.equityEndCents - body.equityStartCents)
  return `${periodTitle(body.period)}, day ${body.standing.day}: ${change}, ${signedPercent(body.periodReturn)}${opponents.join('')}.`
}

function extremesText(opened: OpenedEntry, { best, worst }: PeriodReport, labels: Labels): string {
  const item = (extreme: { symbol: string; profit: number }) =>
    `${labels.name(extreme.symbol)} ${signedMoney(opened.body.currency, extreme.profit * 100)}`
  if (best === null || worst === null) return 'Nothing was held.'
  return best.symbol === worst.symbol
    ? `Before costs, only ${item(best)}.`
    : `Before costs, best ${item(best)}, worst ${item(worst)}.`
}

/** Example: 'Costs EUR 5.40, 3 trades, 1 stop, turnover 4.2 %, 3 cuts or refusals by the limits, 1 missed day.' What did not happen is said too. */
function deedsText(opened: OpenedEntry, body: PeriodReport): string {
  const costs = exactMoney(opened.body.currency, sumOf(body.costsPeriod) * 100)
  const clamps = Object.values(body.clampsByRule).reduce((sum, number) => sum + number, 0)
  const trades = `${count(body.trades, 'trade')}${body.stops > 0 ? `, ${count(body.stops, 'stop')}` : ''}`
  const turnover = body.turnover === null ? '' : `, turnover ${percent(body.turnover.period)}`
  // Two limits may cut one order, so this counts cuts, not orders.
  const limited = `${count(clamps, 'cut or refusal', 'cuts or refusals')} by the limits`
  return `Costs ${costs}, ${trades}${turnover}, ${limited}, ${count(body.missedDays.length, 'missed day')}.`
}

/** Example: 'Costs EUR 39.50 since the start (at twice the costs EUR 10,174), 4 completed trades, 1 at a profit, cash 34.1 % on average, above its ceiling on 6 of 43 closes.' */
function sinceStartText(opened: OpenedEntry, body: PeriodReport): string {
  const { currency } = opened.body
  const { roundTrips, cashDrag, decisions, catalysts } = body
  const costs = `Costs ${exactMoney(currency, sumOf(body.costsSinceStart) * 100)} since the start`
  const twice = `at twice the costs ${money(currency, body.equityAtTwiceTheCosts * 100)}`
  const profitable = roundTrips.count > 0 ? `, ${roundTrips.profitable} at a profit` : ''
  const completed = `${count(roundTrips.count, 'completed trade')}${profitable}`
  const above =
    // A book that stays in cash unless texts have shown something has no ceiling.
    decisions === null || catalysts !== undefined
      ? ''
      : `, above its ceiling on ${decisions.cash.aboveCeiling} of ${count(decisions.cash.sessions, 'close')}`
  return `${costs} (${twice}), ${completed}, cash ${percent(cashDrag.meanCashWeight)} on average${above}.`
}

/**
 * Of a model: the headline, the lead over that opponent, luck, and how long it would take. Of a control nothing, since the verdict
 * says already that none is claimed.
 *
 * Example: 'Smallest e-value 0.91, against SPY (20 is evidence): +3.1 points a year (-12.0 to +18.8). 389 of 1,000 random choices
 * of assets did as well. Such an edge would need about 2,310 sessions.'
 */
function evidenceText(evidence: Evidence, labels: Labels, detail: Detail): string {
  const { skill, comparisons } = evidence
  if (skill === null || skill.eValue === null || skill.hardest === null) return ''
  const opponent = comparisons[skill.hardest]!
  const name = labels.quote(opponent.kind === 'mix' ? `${opponent.shortName} with cash` : opponentName(opponent), 32)
  const lead = opponent.difference === null ? '' : `: ${pointsAYear(opponent)}`
  const sentences = [`Smallest e-value ${eNumber(skill.eValue)}, against ${name} (${evidenceAt} is evidence)${lead}.`]
  if (skill.allocators !== null) {
    const { count: agents, atLeastAsGood } = skill.allocators
    sentences.push(`${fixed(atLeastAsGood, 0)} of ${fixed(agents, 0)} random choices of assets did as well.`)
  }
  if (detail === 'full' && opponent.difference !== null) sentences.push(neededText(skill, evidence))
  return sentences.filter((text) => text !== '').join(' ')
}
