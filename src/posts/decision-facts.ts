import type { Action, Clamp, ClampRule } from '../decision/decision.ts'
import type { DecisionEntry, Entry } from '../journal/entry.ts'
import type { Order } from '../portfolio/holdings.ts'
import type { Labels, OpenedEntry } from './labels.ts'
import { clause, exactMoney, money, shares, signedPercent } from './text.ts'

export type Stop = DecisionEntry['stops'][number]

/** An order of the decision with what led to it. `cut` holds the clamps that made it smaller, in their order. */
export type Deed = {
  readonly order: Order
  readonly action: Action | null
  readonly stop: Stop | null
  readonly cut: readonly Clamp[]
  /** Of a sale, where the close is known: the whole position or a part, and what it was worth at that close. */
  readonly sale: { readonly whole: boolean; readonly cents: number } | null
}

/** A wish that became no order. `clamp` is the first that bit; `more` whether some of it is held already, if that is known. */
export type Refusal = {
  readonly symbol: string
  readonly side: 'buy' | 'sell'
  readonly clamp: Clamp
  readonly more: boolean
}

export type Facts = {
  readonly deeds: readonly Deed[]
  readonly refusals: readonly Refusal[]
  /** Actions of the decider that became no order, refused or replaced by a stop. */
  readonly undone: readonly Action[]
  readonly missed: DecisionEntry['missed']
}

/** Reads a decision as a story: orders matched with the wishes, stops and clamps behind them. */
export function factsOf(decision: DecisionEntry, close: Entry<'close'> | undefined): Facts {
  const missedIds = new Set(decision.missed.map((missed) => missed.orderId))
  const held = new Set(close?.body.positions.map((position) => position.symbol))
  const actions = [...decision.actions]
  const chains = chainsOf(decision.clamps)
  const deeds: Deed[] = []
  for (const order of decision.orders) {
    const stop =
      order.reason === 'stop' ? (decision.stops.find((candidate) => candidate.symbol === order.symbol) ?? null) : null
    const at =
      order.reason !== 'policy'
        ? -1
        : actions.findIndex((candidate) => candidate.symbol === order.symbol && candidate.side === order.side)
    const action = at < 0 ? null : actions.splice(at, 1)[0]!
    const cut = chains.find((chain) => sameWish(chain[0]!, order) && chain.at(-1)!.after > 0) ?? []
    if (!missedIds.has(order.id)) deeds.push({ order, action, stop, cut, sale: saleOf(order, close) })
  }
  // As they fill: a stop leads, and a sale pays for what is bought at the same open.
  deeds.sort((a, b) => place(a) - place(b))
  const refusals: Refusal[] = []
  for (const chain of chains) {
    const clamp = chain[0]!
    // A stop that sells what the decider wanted to sell as well is told by the stop.
    const told = clamp.rule === 'stop-loss' && clamp.side === 'sell'
    if (chain.at(-1)!.after === 0 && !told) {
      refusals.push({ symbol: clamp.symbol, side: clamp.side, clamp, more: held.has(clamp.symbol) })
    }
  }
  return { deeds, refusals, undone: actions, missed: decision.missed }
}

function place({ order }: Deed): number {
  if (order.reason === 'stop') return 0
  return order.side === 'sell' ? 1 : 2
}

function saleOf(order: Order, close: Entry<'close'> | undefined): Deed['sale'] {
  const position = close?.body.positions.find(({ symbol }) => symbol === order.symbol)
  if (position === undefined || order.side === 'buy' || order.quantity === undefined) return null
  const part = order.quantity / position.quantity
  return { whole: part > 1 - 1e-9, cents: position.value * part * 100 }
}

function sameWish(a: { symbol: string; side: string }, b: { symbol: string; side: string }): boolean {
  return a.symbol === b.symbol && a.side === b.side
}

/** Clamps of one wish follow each other: each begins with what the one before left. */
function chainsOf(clamps: readonly Clamp[]): readonly (readonly Clamp[])[] {
  const chains: Clamp[][] = []
  for (const clamp of clamps) {
    const last = chains.at(-1)
    const previous = last?.at(-1)
    if (previous !== undefined && sameWish(previous, clamp) && previous.after === clamp.before && previous.after > 0) {
      last!.push(clamp)
    } else chains.push([clamp])
  }
  return chains
}

const ruleNames: Record<ClampRule, string> = {
  'unknown-symbol': 'not in the book',
  duplicate: 'named twice',
  'stop-loss': 'the stop sells it',
  'no-position': 'none held',
  'pending-order': 'an order waits',
  'no-price': 'no price',
  'minimum-holding': 'minimum holding',
  'reentry-cooldown': 're-entry cooldown',
  'weekly-trades': 'weekly trade cap',
  'max-weight': 'cap',
  'cash-floor': 'cash floor',
  'minimum-ticket': 'minimum ticket',
  'volume-share': 'share of volume',
}

/** A rule by its identifier, for a count of many clamps. */
export function ruleWords(rule: string, labels: Labels): string {
  if (rule === 'max-weight') return 'weight cap'
  return (ruleNames as Readonly<Record<string, string>>)[rule] ?? labels.quote(rule, 40)
}

/** A rule in a few words, with its limit where the clamp states a single percentage: '25 % cap', 'weekly trade cap'. */
export function ruleName(clamp: Clamp): string {
  const name = ruleNames[clamp.rule]
  if (clamp.rule !== 'max-weight' && clamp.rule !== 'cash-floor') return name
  const limits = clamp.because.match(/\d+(\.\d+)?(?= %)/g)
  if (limits?.length === 1 && limits[0]!.length <= 6) return `${limits[0]} % ${name}`
  return clamp.rule === 'max-weight' ? 'weight cap' : name
}

/** `full` says why, `brief` only that there is a why. */
export type Detail = 'full' | 'brief'

/**
 * What an order will do, to stand in a list after 'At the next open:'.
 *
 * Example: 'sell all LVMH (stop: close -5.3 % from cost)', 'TLT for 10 % of cash', 'SPY for EUR 850 (cut from EUR 1,200: 25 % cap)'
 */
export function deedText(deed: Deed, opened: OpenedEntry, labels: Labels, detail: Detail): string {
  const name = labels.name(deed.order.symbol)
  if (deed.order.side === 'buy') return `${name} for ${buySize(deed, opened, detail)}`
  if (deed.order.reason === 'universe') return `sell all ${name} (left the universe)`
  if (deed.order.reason === 'stop') {
    const figures = deed.stop === null ? '' : `: close ${signedPercent(deed.stop.change)} from cost`
    return `sell all ${name} (stop${detail === 'full' ? figures : ''})`
  }
  const { action, cut, sale } = deed
  const cutWhy = cut.length === 0 ? '' : ` (cut${detail === 'full' ? `: ${ruleName(cut[0]!)}` : ''})`
  if (sale?.whole || (cut.length === 0 && action?.pct === 100)) return `sell all ${name}${cutWhy}`
  const pct = cut.length === 0 && action !== null ? roundPct(action.pct) : null
  if (pct !== null) return `sell ${pct} % of ${name}`
  if (sale !== null) return `sell about ${money(opened.body.currency, sale.cents)} of ${name}${cutWhy}`
  return `sell ${shares(deed.order.quantity ?? 0)} ${name}${cutWhy}`
}

function buySize({ order, action, cut }: Deed, opened: OpenedEntry, detail: Detail): string {
  const currency = opened.body.currency
  const amount = money(currency, order.amountCents ?? 0)
  if (cut.length > 0) {
    if (detail === 'brief') return `${amount} (cut)`
    return `${amount} (cut from ${money(currency, cut[0]!.before)}: ${ruleName(cut[0]!)})`
  }
  // A model is quoted in the unit it was asked for; a control's percentages have no end of decimals, so all its buys are amounts.
  const pct = action === null || opened.body.decider === 'control' ? 0 : Number(action.pct.toFixed(2))
  return pct > 0 ? `${pct} % of cash` : amount
}

/** A percentage as a person would write it, with at most one decimal; null for any other. */
function roundPct(pct: number): string | null {
  const rounded = Math.round(pct * 10) / 10
  return rounded > 0 && Math.abs(pct - rounded) < 1e-9 ? String(rounded) : null
}

/**
 * The deeds as one list. The first buy is announced by its verb, or it would read as sold too; after the brackets of a stop
 * 'TLT for 10 % of cash' cannot.
 */
export function deedList(
  deeds: readonly Deed[],
  opened: OpenedEntry,
  labels: Labels,
  options: { readonly detail: Detail; readonly most?: number },
): string {
  const shown = deeds.length <= (options.most ?? Number.POSITIVE_INFINITY) ? deeds : deeds.slice(0, options.most)
  const items: string[] = []
  for (const [index, deed] of shown.entries()) {
    const text = deedText(deed, opened, labels, options.detail)
    const before = shown[index - 1]
    const clear = before?.order.reason === 'stop' && text.endsWith('% of cash')
    const needsVerb = deed.order.side === 'buy' && before?.order.side !== 'buy' && !clear
    items.push(needsVerb ? `buy ${text}` : text)
  }
  const left = deeds.length - shown.length
  return left === 0 ? items.join(', ') : `${items.join(', ')} and ${left} more`
}

/** An action as it was wished; a control's buy as the amount its first clamp began with. Example: 'buy TLT for 10 % of cash' */
export function wishText(action: Action, opened: OpenedEntry, clamps: readonly Clamp[], labels: Labels): string {
  const name = labels.name(action.symbol)
  const wished = clamps.find((clamp) => sameWish(clamp, action))
  if (opened.body.decider === 'control' && action.side === 'buy' && wished !== undefined) {
    return `buy ${name} for ${money(opened.body.currency, wished.before)}`
  }
  const pct = roundPct(action.pct) ?? action.pct.toFixed(2)
  if (action.side === 'buy') return `buy ${name} for ${pct} % of cash`
  return action.pct === 100 ? `sell all ${name}` : `sell ${pct} % of ${name}`
}

/** What a clamp did in figures: cents for buys, shares for sells. */
export function clampText(clamp: Clamp, opened: OpenedEntry, labels: Labels): string {
  const name = labels.name(clamp.symbol)
  const buys = clamp.side === 'buy'
  const size = (value: number) => (buys ? exactMoney(opened.body.currency, value) : `${shares(value)} shares`)
  const wish = buys ? `Buy ${name} for ${size(clamp.before)}` : `Sell ${size(clamp.before)} of ${name}`
  const verdict = clamp.after === 0 ? 'refused' : `cut to ${size(clamp.after)}`
  return `${wish}: ${verdict}, ${clause(labels.quote(clamp.because, 160))}.`
}
