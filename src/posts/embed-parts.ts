import type { Standing } from '../journal/entry.ts'
import { costKinds, type FillCosts } from '../portfolio/holdings.ts'
import { altOfStanding } from './chart-alt.ts'
import type { DiscordPost, Embed, Field } from './discord.ts'
import { controlNotice, type Labels, type OpenedEntry } from './labels.ts'
import { exactMoney } from './text.ts'

/** What the embeds of every post share. */

export function field(name: string, value: string): Field {
  return { name, value, inline: false }
}

/** All 64 digits, so that anybody can compare them with the journal. */
export function hashField(entry: { readonly seq: number; readonly hash: string }): Field {
  return field(`Journal entry ${entry.seq}`, `\`${entry.hash}\``)
}

export function footer(opened: OpenedEntry, labels: Labels): Embed['footer'] {
  const label = labels.quote(opened.body.market.label, 120)
  // A source's own label may say already that its prices are simulated; nobody needs to read it twice.
  const said = label.toLowerCase().includes(opened.body.market.nature)
  const kind = labels.prices === '' || said ? 'Prices' : labels.prices.replace(/\.$/, '')
  return { text: `Automated account, paper portfolio, no advice. ${kind}: ${label}` }
}

/** Which prices, and that no model decides: in bold under the first sentence. */
export function notices(opened: OpenedEntry, labels: Labels, policy?: string): string {
  const texts = [labels.prices, controlNotice(opened, labels, policy)].filter((text) => text !== '')
  return texts.length === 0 ? '' : `**${texts.join(' ')}**`
}

export function paragraphs(...texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join('\n')
}

/** Costs with their kinds. Example: 'EUR 34.10 (commission 21.25, spread 4.10, fx 8.75)' */
export function costsText(opened: OpenedEntry, costs: FillCosts): string {
  const parts: string[] = []
  let total = 0
  for (const kind of costKinds) {
    const value = costs[kind] ?? 0
    total += value
    if (value > 0) parts.push(`${kind} ${exactMoney('', value * 100).trim()}`)
  }
  const sum = exactMoney(opened.body.currency, total * 100)
  return parts.length === 0 ? sum : `${sum} (${parts.join(', ')})`
}

export function sumOf(costs: FillCosts): number {
  return costKinds.reduce((sum, kind) => sum + (costs[kind] ?? 0), 0)
}

/** The equity chart a post refers to, described by the standing that its entry records. */
export function equityChart(
  opened: OpenedEntry,
  date: string,
  standing: Standing,
  labels: Labels,
): DiscordPost['charts'][number] {
  const alt = altOfStanding({
    from: opened.body.firstSession,
    to: date,
    currency: opened.body.currency,
    standing,
    label: labels.prices,
  })
  return { name: 'equity.png', alt }
}
