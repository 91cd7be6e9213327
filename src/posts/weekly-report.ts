import type { Entry, RenderedPost, ReportEntry } from '../journal/entry.ts'
import type { Detail } from './decision-facts.ts'
import { sumOf } from './embed-parts.ts'
import { controlNotice, type Labels, labelsOf, type OpenedEntry, seal } from './labels.ts'
import { fitX } from './length.ts'
import { standingLine } from './standing.ts'
import { count, exactMoney, money, percent, signedMoney, signedPercent } from './text.ts'
import { weeklyEmbed } from './weekly-embed.ts'

export type WeeklyInput = { readonly opened: OpenedEntry; readonly report: Entry<'report'> }

/** The week and everything since the start. No ratio is ever shown here: a week of returns carries none. */
export function renderWeeklyPost(input: WeeklyInput): RenderedPost {
  const { opened, report } = input
  const { body } = report
  const labels = labelsOf(opened, 'x')
  const draft = (detail: Detail) => ({
    paragraphs: [
      `${weekText(opened, body, labels)} ${extremesText(opened, body, labels)}`,
      weekDeedsText(opened, body),
      `Since the start ${standingLine(opened, body.standing, labels, detail)}`,
      sinceStartText(opened, body),
    ],
    // Rather a third text than a week without one of its facts.
    texts: 3,
  })
  const drafts = [draft('full'), draft('brief')]
  return {
    purpose: 'weekly',
    of: { seq: report.seq, hash: report.hash },
    x: fitX(drafts, { every: labels.prices, once: controlNotice(opened, labels), last: seal(report) }),
    discord: weeklyEmbed(input),
  }
}

/** Example: 'Week 2020-W11, day 43: -3.1 %, SPY -8.8 %, CAC -11.2 %.' */
function weekText(opened: OpenedEntry, body: ReportEntry, labels: Labels): string {
  const opponents = body.standing.benchmarks
    .filter(({ policy }) => policy.startsWith('buy-and-hold:') && body.benchmarkWeekReturns[policy] !== undefined)
    .slice(0, 3)
    .map(({ policy, shortName, priceOnly }) => {
      const mark = priceOnly ? ' (price only)' : ''
      return `, ${labels.quote(shortName, 24)}${mark} ${signedPercent(body.benchmarkWeekReturns[policy]!)}`
    })
  const change = signedMoney(opened.body.currency, body.equityEndCents - body.equityStartCents)
  return `Week ${body.week}, day ${body.standing.day}: ${change}, ${signedPercent(body.weekReturn)}${opponents.join('')}.`
}

function extremesText(opened: OpenedEntry, { best, worst }: ReportEntry, labels: Labels): string {
  const item = (extreme: { symbol: string; profit: number }) =>
    `${labels.name(extreme.symbol)} ${signedMoney(opened.body.currency, extreme.profit * 100)}`
  if (best === null || worst === null) return 'Nothing was held.'
  return best.symbol === worst.symbol
    ? `Before costs, only ${item(best)}.`
    : `Before costs, best ${item(best)}, worst ${item(worst)}.`
}

/** Example: 'Costs EUR 5.40, 3 trades, 1 stop, 3 cuts or refusals by the limits, 1 missed day.' What did not happen is said too. */
function weekDeedsText(opened: OpenedEntry, body: ReportEntry): string {
  const costs = exactMoney(opened.body.currency, sumOf(body.costsWeek) * 100)
  const clamps = Object.values(body.clampsByRule).reduce((sum, number) => sum + number, 0)
  const trades = `${count(body.trades, 'trade')}${body.stops > 0 ? `, ${count(body.stops, 'stop')}` : ''}`
  // Two limits may cut one order, so this counts cuts, not orders.
  const limited = `${count(clamps, 'cut or refusal', 'cuts or refusals')} by the limits`
  return `Costs ${costs}, ${trades}, ${limited}, ${count(body.missedDays.length, 'missed day')}.`
}

/** Example: 'Costs EUR 39.50 since the start (at twice the costs EUR 10,174), 4 completed trades, 1 at a profit, cash 34.1 % on average.' */
function sinceStartText(opened: OpenedEntry, body: ReportEntry): string {
  const { currency } = opened.body
  const { roundTrips, cashDrag } = body
  const costs = `Costs ${exactMoney(currency, sumOf(body.costsSinceStart) * 100)} since the start`
  const twice = `at twice the costs ${money(currency, body.equityAtTwiceTheCosts * 100)}`
  const profitable = roundTrips.count > 0 ? `, ${roundTrips.profitable} at a profit` : ''
  const completed = `${count(roundTrips.count, 'completed trade')}${profitable}`
  return `${costs} (${twice}), ${completed}, cash ${percent(cashDrag.meanCashWeight)} on average.`
}
