import type { Fill, SessionEvents } from '../portfolio/holdings.ts'
import { sumOf } from './embed-parts.ts'
import type { Labels, OpenedEntry } from './labels.ts'
import { count, exactMoney, money, price, shares, signedMoney } from './text.ts'

/** `most` items of each kind are told one by one; `brief` leaves out results, `prices` tells tickets instead of quantities. */
export type FillsTelling = { readonly detail: 'full' | 'brief' | 'prices'; readonly most: number }

/** 'Sold 2.4119 LVMH at EUR 344.10 (stop, result EUR -49.25 before costs). Costs EUR 2.03.' and whatever else happened. */
export function fillsSentences(
  opened: OpenedEntry,
  events: SessionEvents,
  labels: Labels,
  telling: FillsTelling,
): string[] {
  const { currency } = opened.body
  const { detail, most } = telling
  const full = detail === 'full'
  const sentences: string[] = []
  const list = (items: readonly string[]) =>
    items.length <= most ? items.join(', ') : `${items.slice(0, most).join(', ')} and ${items.length - most} more`
  if (events.fills.length > 0) {
    const costs = events.fills.reduce((sum, fill) => sum + sumOf(fill.costs), 0)
    sentences.push(...fillsTexts(opened, events.fills, labels, telling), `Costs ${exactMoney(currency, costs * 100)}.`)
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
  return sentences
}

/** 'Sold ...' and 'Bought ...', at most `most` fills by name, and how many more. */
function fillsTexts(
  opened: OpenedEntry,
  fills: readonly Fill[],
  labels: Labels,
  { detail, most }: FillsTelling,
): string[] {
  const ordered = [...fills.filter((fill) => fill.quantity < 0), ...fills.filter((fill) => fill.quantity > 0)]
  const shown = ordered.slice(0, most)
  const left = ordered.length - shown.length
  const texts: string[] = []
  for (const [verb, sign] of [
    ['Sold', -1],
    ['Bought', 1],
  ] as const) {
    const items = shown.filter((fill) => Math.sign(fill.quantity) === sign)
    if (items.length > 0) {
      texts.push(`${verb} ${items.map((fill) => fillText(fill, opened, labels, detail)).join(', ')}`)
    }
  }
  return texts.map((text, index) => (index === texts.length - 1 && left > 0 ? `${text} and ${left} more.` : `${text}.`))
}

/** Example: '2.4119 LVMH at EUR 344.10 (stop, result EUR -49.25 before costs)', '3.9871 TLT at USD 168.21 for EUR 606 of EUR 850 wanted' */
function fillText(fill: Fill, opened: OpenedEntry, labels: Labels, detail: FillsTelling['detail']): string {
  const { currency } = opened.body
  const quantity = detail === 'prices' ? '' : `${shares(fill.quantity)} `
  const ticket = ` for ${money(currency, Math.abs(fill.cashChangeCents))}`
  const what = `${quantity}${labels.name(fill.symbol)} at ${price(fill.currency, fill.price)}`
  if (fill.quantity > 0) {
    const partial = fill.wantedCents === undefined ? '' : ` of ${money(currency, fill.wantedCents)} wanted`
    return `${what}${ticket}${partial}`
  }
  const notes: string[] = fill.reason === 'policy' ? [] : [sales[fill.reason]]
  if (detail === 'full' && fill.realized !== undefined) {
    notes.push(`result ${signedMoney(currency, (fill.realized.asset + fill.realized.currency) * 100)} before costs`)
  }
  // Without its quantity a sale is told by what it brought.
  const sold = detail === 'prices' ? `${what}${ticket}` : what
  return notes.length === 0 ? sold : `${sold} (${notes.join(', ')})`
}

const sales = { stop: 'stop', universe: 'left the universe', delisted: 'delisted, last close less a haircut' } as const

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
