import type { Entry } from '../journal/entry.ts'
import type { PeriodReport } from '../journal/report-entry.ts'
import { ruleWords } from './decision-facts.ts'
import { colors, type DiscordPost, type Field, fitDiscord, linesWithin } from './discord.ts'
import { costsText, equityChart, field, footer, hashField, notices, paragraphs } from './embed-parts.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { capacityLines, coefficientLines, eventLines, performanceLines } from './report-catalysts.ts'
import { cashLine, dispositionLines, forwardLines, holdingLine, reasonLines, verdictLines } from './report-verdict.ts'
import { standingTable } from './standing.ts'
import { count, fixed, money, percent, sentence, signedMoney, signedPercent } from './text.ts'

/** A weekly or monthly report for Discord: the period, the standing since the start, the verdict, costs, conduct, and the equity chart. */
export function reportEmbed({
  opened,
  report,
  body,
}: {
  readonly opened: OpenedEntry
  readonly report: Entry<'report'>
  readonly body: PeriodReport
}): DiscordPost {
  const labels = labelsOf(opened, 'discord')
  const { currency } = opened.body
  const { kind, name } = body.period
  return fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}: ${kind} ${name}, day ${body.standing.day}`,
        description: paragraphs(
          `${signedMoney(currency, body.equityEndCents - body.equityStartCents)} on the ${kind}, ${signedPercent(body.periodReturn)} net of costs, ${count(body.sessions, 'session')} from ${body.from} to ${body.to}.`,
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

function fieldsOf(opened: OpenedEntry, body: PeriodReport, labels: Labels, quoteMax: number): Field[] {
  const { currency } = opened.body
  const { evidence, decisions } = body
  const { kind } = body.period
  const fields: Field[] = []
  const add = (name: string, lines: readonly string[], lengthMax = quoteMax) => {
    const kept = lines.filter((line) => line !== '')
    if (kept.length > 0) fields.push(field(name, linesWithin(kept, lengthMax)))
  }
  add(`The ${kind} against the benchmarks`, [
    `**Book ${signedPercent(body.periodReturn)}**`,
    ...periodLines(body, labels),
  ])
  const extreme = (word: string, item: PeriodReport['best']) =>
    item === null ? '' : `${word} ${labels.name(item.symbol)}: ${signedMoney(currency, item.profit * 100)}`
  add(`Best and worst of the ${kind}, before costs`, [extreme('Best', body.best), extreme('Worst', body.worst)])
  fields.push(field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, body.standing, labels)))
  // Never cut short: the verdict is what the report is for.
  if (evidence !== null) add('The verdict', verdictLines(evidence, labels), 1024)
  if (body.performance !== undefined) add('Risk since the start', performanceLines(body.performance))
  const { catalysts } = body
  if (catalysts !== undefined) {
    add('What the catalysts have shown (IC, 95 % interval)', coefficientLines(catalysts, labels))
    add('Beyond the market around their texts (95 % interval)', eventLines(catalysts))
    add('Capacity', capacityLines(catalysts, currency))
  }
  add('Costs', [
    `This ${kind} ${costsText(opened, body.costsPeriod)}`,
    `Since the start ${costsText(opened, body.costsSinceStart)}`,
    `Equity at twice the costs: ${money(currency, body.equityAtTwiceTheCosts * 100)}`,
  ])
  add('Profit since the start, before costs', [
    profitLine('Realized', currency, body.realized),
    profitLine('Unrealized', currency, body.unrealized),
    `Dividends, before withholding tax: ${signedMoney(currency, body.dividendsCents)}`,
  ])
  add('Trades', [
    `${count(body.trades, 'trade')} this ${kind}, ${body.stops} by the stop-loss.`,
    turnoverLine(body),
    tripsLine(body.roundTrips),
    decisions === null ? '' : holdingLine(decisions),
  ])
  if (decisions !== null) {
    add('What came after the decisions', forwardLines(decisions, labels))
    add('Gains and losses sold', dispositionLines(decisions))
    add('What the reasons speak of', reasonLines(decisions))
  } else if (evidence !== null && body.decisionsBecause !== null) {
    add('What came after the decisions', [sentence(`Not stated: ${labels.quote(body.decisionsBecause, 300)}`)])
  }
  const none = (lines: readonly string[]) => (lines.length === 0 ? ['None.'] : lines)
  const clamps = Object.entries(body.clampsByRule).map(([rule, number]) => `${ruleWords(rule, labels)}: ${number}`)
  add(`Cuts and refusals by the limits this ${kind}`, none(clamps))
  add(
    `Missed days this ${kind}`,
    none(body.missedDays.map(({ date, because }) => `${date}: ${sentence(labels.quote(because, 160))}`)),
  )
  if (catalysts !== undefined)
    add(
      'What the data cannot show',
      catalysts.notes.map((note) => labels.quote(note, 300)),
    )
  const { meanCashWeight, sessionsAboveCeiling } = body.cashDrag
  const mean = `Cash ${percent(meanCashWeight)} of equity on average since the start`
  add(
    'Cash',
    decisions === null
      ? [`${mean}, above its target on ${count(sessionsAboveCeiling, 'session')}.`]
      : [`${mean}.`, catalysts === undefined ? cashLine(decisions, labels) : ''],
  )
  return fields
}

function periodLines(body: PeriodReport, labels: Labels): string[] {
  return body.standing.benchmarks
    .filter(({ policy }) => body.benchmarkReturns[policy] !== undefined)
    .map(({ policy, shortName, priceOnly }) => {
      const mark = priceOnly ? ' (price only)' : ''
      return `${labels.quote(shortName, 48)}${mark} ${signedPercent(body.benchmarkReturns[policy]!)}`
    })
}

function profitLine(word: string, currency: string, { asset, currency: rate }: PeriodReport['realized']): string {
  const part = (value: number) => signedMoney('', value * 100).trim()
  return `${word}: ${signedMoney(currency, (asset + rate) * 100)} (price ${part(asset)}, currency ${part(rate)})`
}

/** Half the traded value over the equity before. Example: 'Turnover 4.2 % of equity this week, 85.1 % since the start.' */
function turnoverLine({ turnover, decisions, period }: PeriodReport): string {
  if (turnover === null) return ''
  const yearly = decisions?.turnoverPerYear ?? null
  const costs = decisions?.costsPerYear ?? null
  const year =
    yearly === null || costs === null
      ? ''
      : `; a year at that pace ${fixed(yearly, 1)} times the equity, costs ${percent(costs)}`
  return `Turnover ${percent(turnover.period)} of equity this ${period.kind}, ${percent(turnover.sinceStart)} since the start${year}.`
}

function tripsLine({ count: number, profitable, meanSessions }: PeriodReport['roundTrips']): string {
  if (number === 0) return 'Nothing bought and sold again since the start.'
  const held = meanSessions === null ? '' : `, held ${fixed(meanSessions, 1)} sessions on average`
  return `${count(number, 'completed trade')} (bought and sold again) since the start, ${profitable} with a profit after costs${held}.`
}
