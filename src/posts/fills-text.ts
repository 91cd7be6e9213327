import type { SessionEvents } from '../portfolio/holdings.ts'
import { sumOf } from './embed-parts.ts'
import type { Labels, OpenedEntry } from './labels.ts'
import { count, exactMoney, money, price, shares, signedMoney } from './text.ts'

/** `most` items of each kind are told one by one. */
export type FillsTelling = { readonly detail: 'full' | 'brief'; readonly most: number }

/** 'Sold 2.4119 LVMH at EUR 344.10 (stop, EUR -49.25). Costs EUR 2.03.' and whatever else happened. */
export function fillsSentences(
  opened: OpenedEntry,
  events: SessionEvents,
  labels: Labels,
  { detail, most }: FillsTelling,
): string[] {
  const { currency } = opened.body
  const full = detail === 'full'
  const sentences: string[] = []
  const list = (items: readonly string[]) =>
    items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`
  const fills = events.fills.map((fill) => {
    const what = `${shares(fill.quantity)} ${labels.name(fill.symbol)} at ${price(fill.currency, fill.price)}`
    if (fill.quantity > 0) {
      const partial = fill.wantedCents === undefined ? '' : ` of ${money(currency, fill.wantedCents)} wanted`
      return `bought ${what} for ${money(currency, -fill.cashChangeCents)}${partial}`
    }
    const result =
      fill.realized === undefined
        ? []
        : [`result ${signedMoney(currency, (fill.realized.asset + fill.realized.currency) * 100)}`]
    const notes = [...(fill.reason === 'stop' ? ['stop'] : []), ...(full ? result : [])]
    return `sold ${what}${notes.length === 0 ? '' : ` (${notes.join(', ')})`}`
  })
  if (fills.length > 0) {
    const costs = events.fills.reduce((sum, fill) => sum + sumOf(fill.costs), 0)
    sentences.push(`${list(fills)}.`, `Costs ${exactMoney(currency, costs * 100)}.`)
  }
  if (events.dividends.length > 0) {
    const parts = events.dividends.map(
      (dividend) => `${labels.name(dividend.symbol)} ${exactMoney(currency, dividend.cashChangeCents)}`,
    )
    sentences.push(`Dividends before tax: ${list(parts)}.`)
  }
  if (events.splits.length > 0) {
    const parts = events.splits.map((split) => splitText(split, labels))
    sentences.push(`Split: ${list(parts)}.`)
  }
  for (const [kind, phrase] of endings) {
    const ended = events.lapsed.filter((lapsed) => lapsed.kind === kind)
    if (ended.length === 0) continue
    sentences.push(`${phrase}: ${list(ended.map(({ side, symbol }) => `${side} ${labels.name(symbol)}`))}.`)
  }
  if (events.waiting.length > 0) {
    sentences.push(
      full
        ? `Waiting for an opening price: ${list(events.waiting.map(({ symbol }) => labels.name(symbol)))}.`
        : `${count(events.waiting.length, 'order')} waiting.`,
    )
  }
  const [first = '', ...rest] = sentences
  return [`${first.charAt(0).toUpperCase()}${first.slice(1)}`, ...rest]
}

const endings = [
  ['expired', 'Expired without an open'],
  ['missed', 'Missed, the exchange had opened'],
  ['no-cash', 'Not filled for lack of cash'],
  ['nothing-held', 'Not sold, nothing held'],
] as const

/** Example: 'LVMH 4 for 1, 2.5 shares became 10' */
export function splitText(split: SessionEvents['splits'][number], labels: Labels): string {
  const ratio = split.ratio >= 1 ? `${shares(split.ratio)} for 1` : `1 for ${shares(1 / split.ratio)}`
  return `${labels.name(split.symbol)} ${ratio}, ${shares(split.quantityBefore)} shares became ${shares(split.quantityAfter)}`
}
