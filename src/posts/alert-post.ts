import type { Alert, Entry, RenderedPost } from '../journal/entry.ts'
import { colors, type DiscordPost, type Field, fitDiscord, linesWithin } from './discord.ts'
import { field, footer, hashField, notices, paragraphs } from './embed-parts.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { count, percent, price, signedPercent } from './text.ts'

export type AlertInput = { readonly opened: OpenedEntry; readonly alert: Entry<'alert'> }

/** One message for everything a run of the monitor found. On Discord only: an alert is no reason to post in public. */
export function renderAlertPost({ opened, alert }: AlertInput): RenderedPost {
  const { alerts, checkedAt, date } = alert.body
  const labels = labelsOf(opened, 'discord')
  const discord: DiscordPost = fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}: ${count(alerts.length, 'alert')}, ${date} ${checkedAt.slice(11, 16)} UTC`,
        description: paragraphs(
          'Seen while an exchange is open. An alert trades nothing: stops are decided at the close.',
          notices(opened, labels),
        ),
        color: colors.alert,
        fields: [...kinds.flatMap((kind) => kindFields(kind, alerts, opened, labels, quoteMax)), hashField(alert)],
        footer: footer(opened, labels),
        timestamp: checkedAt,
      },
    ],
    components: [],
    allowedMentions: { parse: [] },
    charts: [],
  }))
  return { purpose: 'alert', of: { seq: alert.seq, hash: alert.hash }, x: [], discord }
}

const kinds = ['stop', 'move', 'drawdown'] as const

const headings: Record<Alert['kind'], string> = {
  stop: 'At or past the stop, against average cost',
  move: 'Moves against the official previous close',
  drawdown: 'Portfolio below its highest close',
}

/** The alerts of one kind, in as many fields as their lines need, at most four. */
function kindFields(
  kind: Alert['kind'],
  alerts: readonly Alert[],
  opened: OpenedEntry,
  labels: Labels,
  quoteMax: number,
): Field[] {
  const lines = alerts.filter((alert) => alert.kind === kind).map((alert) => alertLine(alert, opened, labels))
  const perField = 12
  const fields: Field[] = []
  for (let from = 0; from < lines.length && fields.length < 4; from += perField) {
    const isLast = fields.length === 3
    const value = linesWithin(isLast ? lines.slice(from) : lines.slice(from, from + perField), quoteMax)
    fields.push(field(from === 0 ? headings[kind] : `${headings[kind]}, continued`, value))
  }
  return fields
}

/** Example: 'LVMH -4.2 %, EUR 345.20 after EUR 360.40 (escalated, step 1)' */
function alertLine(alert: Alert, opened: OpenedEntry, labels: Labels): string {
  const step = alert.level === 0 ? '' : ` (escalated, step ${alert.level})`
  if (alert.kind === 'drawdown') return `${percent(Math.abs(alert.value))} below the highest close${step}`
  const currency = opened.body.instruments.find(({ symbol }) => symbol === alert.symbol)?.currency ?? ''
  const at = (value: number) => price(currency, value).trim()
  const word = alert.kind === 'stop' ? 'cost' : 'after'
  const figures =
    alert.price === null
      ? ''
      : `, ${at(alert.price)}${alert.reference === null ? '' : `${alert.kind === 'stop' ? ',' : ''} ${word} ${at(alert.reference)}`}`
  return `${labels.name(alert.symbol)} ${signedPercent(alert.value)}${figures}${step}`
}
