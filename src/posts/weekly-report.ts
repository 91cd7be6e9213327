import type { Entry, RenderedPost, ReportEntry } from '../journal/entry.ts'
import type { Detail } from './decision-facts.ts'
import { sumOf } from './embed-parts.ts'
import { controlNotice, type Labels, labelsOf, type OpenedEntry, seal } from './labels.ts'
import { fitX } from './length.ts'
import { standingLine } from './standing.ts'
import { count, exactMoney, money, percent, sentence, signedMoney, signedPercent } from './text.ts'
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
      `Since the start ${standingLine(opened, body.standing, labels, detail)}`,
      costsText(opened, body),
      deedsText(body, detail),
    ],
    texts: 2,
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
  return best.symbol === worst.symbol ? `Only ${item(best)}.` : `Best ${item(best)}, worst ${item(worst)}.`
}

function costsText(opened: OpenedEntry, body: ReportEntry): string {
  const { currency } = opened.body
  const week = exactMoney(currency, sumOf(body.costsWeek) * 100)
  const all = exactMoney(currency, sumOf(body.costsSinceStart) * 100)
  return `Costs ${week}, ${all} since the start; at twice the costs ${money(currency, body.equityAtTwiceTheCosts * 100)}.`
}

/** Briefly, what did not happen is left out. */
function deedsText(body: ReportEntry, detail: Detail): string {
  const clamps = Object.values(body.clampsByRule).reduce((sum, number) => sum + number, 0)
  const parts: string[] = []
  const add = (number: number, text: string) => {
    if (detail === 'full' || number > 0) parts.push(text)
  }
  add(body.trades, `${count(body.trades, 'trade')}${body.stops > 0 ? `, ${count(body.stops, 'stop')}` : ''}`)
  add(clamps, count(clamps, 'clamp'))
  add(body.missedDays.length, count(body.missedDays.length, 'missed day'))
  const { count: trips, profitable } = body.roundTrips
  add(trips, `${count(trips, 'round trip')}${trips > 0 ? `, ${profitable} with a profit` : ''}`)
  parts.push(`cash ${percent(body.cashDrag.meanCashWeight)} on average`)
  return sentence(parts.join(', '))
}
