import type { Alert, Entry, RenderedPost } from '../journal/entry.ts'
import { colors, type DiscordPost, type Field, fitDiscord, linesWithin } from './discord.ts'
import { field, footer, hashField, notices, paragraphs } from './embed-parts.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { count, percent, price, signedPercent } from './text.ts'

export type AlertInput = {
  readonly opened: OpenedEntry
  readonly alert: Entry<'alert'>
  /** Symbols held when it was checked; without them a benchmark that could be held is called a benchmark and no more. */
  readonly held?: readonly string[] | undefined
}

/** One message for everything a run of the monitor found. On Discord only: an alert is no reason to post in public. */
export function renderAlertPost({ opened, alert, held }: AlertInput): RenderedPost {
  const { alerts, checkedAt, date } = alert.body
  const labels = labelsOf(opened, 'discord')
  const roles = rolesOf(opened, alerts, held)
  const grown = alerts.some(({ level }) => level > 0)
    ? ' An alert is repeated in a session only when it has grown.'
    : ''
  const discord: DiscordPost = fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}: ${count(alerts.length, 'alert')}, ${date} ${checkedAt.slice(11, 16)} UTC`,
        description: paragraphs(
          `Seen while an exchange is open. An alert trades nothing: stops are decided at the close.${grown}`,
          notices(opened, labels),
        ),
        color: colors.alert,
        fields: [
          ...kinds.flatMap((kind) => kindFields(kind, alerts, opened, labels, roles, quoteMax)),
          hashField(alert),
        ],
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
  stop: 'Held, at or past the stop: against the average price paid',
  move: 'Moves against the official previous close',
  drawdown: 'Portfolio below its highest close',
}

/** The alerts of one kind, in as many fields as their lines need, at most four. */
function kindFields(
  kind: Alert['kind'],
  alerts: readonly Alert[],
  opened: OpenedEntry,
  labels: Labels,
  roles: Roles,
  quoteMax: number,
): Field[] {
  const lines = alerts.filter((alert) => alert.kind === kind).map((alert) => alertLine(alert, opened, labels, roles))
  const perField = 12
  const fields: Field[] = []
  for (let from = 0; from < lines.length && fields.length < 4; from += perField) {
    const isLast = fields.length === 3
    const value = linesWithin(isLast ? lines.slice(from) : lines.slice(from, from + perField), quoteMax)
    fields.push(field(from === 0 ? headings[kind] : `${headings[kind]}, continued`, value))
  }
  return fields
}

/** What each symbol is to the book, in brackets behind its name; '' where nothing is known. */
type Roles = (symbol: string) => string

/**
 * What is watched is held or a main benchmark. A stop is always on a position, an index can never be held; of a benchmark
 * that is also an instrument only the holdings tell.
 */
function rolesOf(opened: OpenedEntry, alerts: readonly Alert[], held: readonly string[] | undefined): Roles {
  const positions = new Set(held)
  for (const { kind, symbol } of alerts) if (kind === 'stop') positions.add(symbol)
  const instruments = new Set(opened.body.instruments.map(({ symbol }) => symbol))
  const benchmarks = new Map(opened.body.benchmarks.map(({ policy, priceOnly }) => [policy, priceOnly]))
  return (symbol) => {
    const priceOnly = benchmarks.get(`buy-and-hold:${symbol}`)
    if (positions.has(symbol) || (priceOnly === undefined && instruments.has(symbol))) return ' (held)'
    if (priceOnly === undefined) return ''
    const unheld = held !== undefined || !instruments.has(symbol) ? ', not held' : ''
    return ` (benchmark${priceOnly ? ', price only' : ''}${unheld})`
  }
}

/** Example: 'SPY (benchmark, not held) -4.2 %, USD 248.11 after USD 259.00, further past the limit' */
function alertLine(alert: Alert, opened: OpenedEntry, labels: Labels, roles: Roles): string {
  // A first look may find a large move, so a level above zero does not mean that it was told before.
  const further = alert.level === 0 ? '' : `, ${alert.level === 1 ? 'further' : 'far'} past the limit`
  if (alert.kind === 'drawdown') return `${percent(Math.abs(alert.value))} below the highest close${further}`
  const currency = opened.body.instruments.find(({ symbol }) => symbol === alert.symbol)?.currency ?? ''
  const at = (value: number) => price(currency, value).trim()
  const word = alert.kind === 'stop' ? ', paid' : ' after'
  const reference = alert.reference === null ? '' : `${word} ${at(alert.reference)}`
  const figures = alert.price === null ? '' : `, ${at(alert.price)}${reference}`
  // The heading of the stops says already that they are held.
  const role = alert.kind === 'stop' ? '' : roles(alert.symbol)
  return `${labels.name(alert.symbol)}${role} ${signedPercent(alert.value)}${figures}${further}`
}
