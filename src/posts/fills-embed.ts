import type { Fill, SessionEvents } from '../portfolio/holdings.ts'
import { colors, type DiscordPost, type Field, fieldsWithin, fitDiscord, linesWithin } from './discord.ts'
import { costsText, field, footer, hashField, notices, paragraphs, sumOf } from './embed-parts.ts'
import type { FillsInput } from './fills-post.ts'
import { splitText } from './fills-text.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { standingTable } from './standing.ts'
import { count, exactMoney, price, sentence, shares, signedMoney } from './text.ts'

/** A session's fills for Discord: a field per fill with its ticket and costs, then everything else that happened. */
export function fillsEmbed({ opened, session, close }: FillsInput): DiscordPost {
  const { events, date } = session.body
  const labels = labelsOf(opened, 'discord')
  const then: Field[] = otherFields(opened, events, labels)
  if (close !== undefined) {
    const { standing } = close.body
    then.push(field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, standing, labels)))
  }
  then.push(hashField(session))
  return fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}: fills of ${date}`,
        description: paragraphs(summary(opened, events), notices(opened, labels)),
        color: colors.plain,
        fields: fieldsWithin(
          events.fills.map((fill) => fillField(fill, opened, labels)),
          then,
          Math.ceil(quoteMax / 50),
        ),
        footer: footer(opened, labels),
        timestamp: session.at,
      },
    ],
    components: [],
    allowedMentions: { parse: [] },
    charts: [],
  }))
}

function summary(opened: OpenedEntry, events: SessionEvents): string {
  const parts: string[] = []
  if (events.fills.length > 0) {
    const costs = events.fills.reduce((sum, fill) => sum + sumOf(fill.costs), 0)
    parts.push(
      `${count(events.fills.length, 'order')} filled at the official open, costs ${exactMoney(opened.body.currency, costs * 100)}`,
    )
  }
  const credited = events.dividends.reduce((sum, dividend) => sum + dividend.cashChangeCents, 0)
  if (events.dividends.length > 0) parts.push(`dividends ${exactMoney(opened.body.currency, credited)}`)
  if (events.splits.length > 0) parts.push(count(events.splits.length, 'split'))
  if (events.lapsed.length > 0) parts.push(`${count(events.lapsed.length, 'order')} ended without a fill`)
  if (events.waiting.length > 0) parts.push(`${count(events.waiting.length, 'order')} waiting`)
  return sentence(parts.join('; '))
}

/** Ticket is quantity * price * rate; the change of cash is what was booked, costs included. */
function fillField(fill: Fill, opened: OpenedEntry, labels: Labels): Field {
  const { currency } = opened.body
  const buys = fill.quantity > 0
  const name = `${buys ? 'Bought' : 'Sold'} ${shares(fill.quantity)} ${labels.name(fill.symbol)} at ${price(fill.currency, fill.price)}`
  const ticket = Math.abs(fill.quantity * fill.price * fill.rate) * 100
  const lines = [
    `Ticket ${exactMoney(currency, ticket)}, costs ${costsText(opened, fill.costs)}.`,
    `Cash ${signedMoney(currency, fill.cashChangeCents)}${fill.currency === currency ? '' : ` at ${fill.rate.toFixed(5)} ${currency} for 1 ${fill.currency}`}.`,
  ]
  if (fill.wantedCents !== undefined) {
    lines.push(`Partial: ${exactMoney(currency, fill.wantedCents)} were wanted, cash did not reach.`)
  }
  if (fill.realized !== undefined) {
    const { asset, currency: rate } = fill.realized
    const parts =
      fill.currency === currency
        ? ''
        : ` (price ${signedMoney('', asset * 100).trim()}, currency ${signedMoney('', rate * 100).trim()})`
    lines.push(`Result against average cost, before costs: ${signedMoney(currency, (asset + rate) * 100)}${parts}.`)
  }
  if (fill.reason === 'stop') lines.push('Sold by the stop-loss.')
  if (fill.reason === 'universe') lines.push('Sold because it left the universe.')
  if (fill.note !== undefined) lines.push(sentence(fill.note))
  return field(name, lines.join('\n'))
}

function otherFields(opened: OpenedEntry, events: SessionEvents, labels: Labels): Field[] {
  const { currency } = opened.body
  const fields: Field[] = []
  const add = (name: string, lines: readonly string[]) => {
    if (lines.length > 0) fields.push(field(name, linesWithin(lines, 600)))
  }
  add(
    'Dividends, before withholding tax',
    events.dividends.map(
      ({ symbol, quantity, perShare, currency: paid, cashChangeCents }) =>
        `${labels.name(symbol)}: ${shares(quantity)} shares at ${price(paid, perShare)}, ${exactMoney(currency, cashChangeCents)}`,
    ),
  )
  add(
    'Splits',
    events.splits.map((split) => `${splitText(split, labels)}.`),
  )
  add(
    'Ended without a fill',
    events.lapsed.map(
      ({ side, symbol, kind, because }) =>
        `${side === 'buy' ? 'Buy' : 'Sell'} ${labels.name(symbol)}, ${kind.replace('-', ' ')}: ${sentence(labels.quote(because, 160))}`,
    ),
  )
  add(
    'Waiting for an opening price',
    events.waiting.map(({ symbol, waited }) => `${labels.name(symbol)}, ${count(waited, 'session')} so far.`),
  )
  return fields
}
