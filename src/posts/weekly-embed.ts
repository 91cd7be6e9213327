import type { ReportEntry } from '../journal/entry.ts'
import { ruleWords } from './decision-facts.ts'
import { colors, type DiscordPost, type Field, fitDiscord, linesWithin } from './discord.ts'
import { costsText, equityChart, field, footer, hashField, notices, paragraphs } from './embed-parts.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { standingTable } from './standing.ts'
import { count, fixed, money, percent, sentence, signedMoney, signedPercent } from './text.ts'
import type { WeeklyInput } from './weekly-report.ts'

/** The weekly report for Discord: the week, the standing since the start, costs, conduct, and the equity chart. */
export function weeklyEmbed({ opened, report }: WeeklyInput): DiscordPost {
  const { body } = report
  const labels = labelsOf(opened, 'discord')
  const { currency } = opened.body
  return fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}: week ${body.week}, day ${body.standing.day}`,
        description: paragraphs(
          `${signedMoney(currency, body.equityEndCents - body.equityStartCents)} on the week, ${signedPercent(body.weekReturn)} net of costs, ${count(body.sessions, 'session')} from ${body.from} to ${body.to}.`,
          notices(opened, labels),
        ),
        color: colors.plain,
        fields: fieldsOf(opened, body, labels, quoteMax).concat(hashField(report)),
        footer: footer(opened, labels),
        timestamp: report.at,
        image: { url: 'attachment://equity.png' },
      },
    ],
    components: [],
    allowedMentions: { parse: [] },
    charts: [equityChart(opened, body.to, body.standing, labels)],
  }))
}

function fieldsOf(opened: OpenedEntry, body: ReportEntry, labels: Labels, quoteMax: number): Field[] {
  const { currency } = opened.body
  const fields: Field[] = []
  const add = (name: string, lines: readonly string[]) => {
    const kept = lines.filter((line) => line !== '')
    if (kept.length > 0) fields.push(field(name, linesWithin(kept, quoteMax)))
  }
  add('The week against the benchmarks', [`**Book ${signedPercent(body.weekReturn)}**`, ...weekLines(body, labels)])
  const extreme = (word: string, item: ReportEntry['best']) =>
    item === null ? '' : `${word} ${labels.name(item.symbol)}: ${signedMoney(currency, item.profit * 100)}`
  add('Best and worst of the week, before costs', [extreme('Best', body.best), extreme('Worst', body.worst)])
  fields.push(field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, body.standing, labels)))
  add('Costs', [
    `This week ${costsText(opened, body.costsWeek)}`,
    `Since the start ${costsText(opened, body.costsSinceStart)}`,
    `Equity at twice the costs: ${money(currency, body.equityAtTwiceTheCosts * 100)}`,
  ])
  add('Profit since the start, before costs', [
    profitLine('Realized', currency, body.realized),
    profitLine('Unrealized', currency, body.unrealized),
    `Dividends, before withholding tax: ${signedMoney(currency, body.dividendsCents)}`,
  ])
  add('Trades', [
    `${count(body.trades, 'trade')} this week, ${body.stops} by the stop-loss.`,
    tripsLine(body.roundTrips),
  ])
  const none = (lines: readonly string[]) => (lines.length === 0 ? ['None.'] : lines)
  const clamps = Object.entries(body.clampsByRule).map(([rule, number]) => `${ruleWords(rule, labels)}: ${number}`)
  add('Cuts and refusals by the limits this week', none(clamps))
  add(
    'Missed days this week',
    none(body.missedDays.map(({ date, because }) => `${date}: ${sentence(labels.quote(because, 160))}`)),
  )
  const { meanCashWeight, sessionsAboveCeiling } = body.cashDrag
  add('Cash', [
    `Cash ${percent(meanCashWeight)} of equity on average since the start, above its target on ${count(sessionsAboveCeiling, 'session')}.`,
  ])
  return fields
}

function weekLines(body: ReportEntry, labels: Labels): string[] {
  return body.standing.benchmarks
    .filter(({ policy }) => body.benchmarkWeekReturns[policy] !== undefined)
    .map(({ policy, shortName, priceOnly }) => {
      const mark = priceOnly ? ' (price only)' : ''
      return `${labels.quote(shortName, 48)}${mark} ${signedPercent(body.benchmarkWeekReturns[policy]!)}`
    })
}

function profitLine(word: string, currency: string, { asset, currency: rate }: ReportEntry['realized']): string {
  const part = (value: number) => signedMoney('', value * 100).trim()
  return `${word}: ${signedMoney(currency, (asset + rate) * 100)} (price ${part(asset)}, currency ${part(rate)})`
}

function tripsLine({ count: number, profitable, meanSessions }: ReportEntry['roundTrips']): string {
  if (number === 0) return 'Nothing bought and sold again since the start.'
  const held = meanSessions === null ? '' : `, held ${fixed(meanSessions, 1)} sessions on average`
  return `${count(number, 'completed trade')} (bought and sold again) since the start, ${profitable} with a profit after costs${held}.`
}
