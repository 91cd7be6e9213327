import type { DecisionEntry } from '../journal/entry.ts'
import { type Detail, deedList, type Facts, ruleName } from './decision-facts.ts'
import type { Labels, OpenedEntry } from './labels.ts'
import { clause, count } from './text.ts'

/** How much is told: details of each order, how many orders by name (stops always are), and whether refusals are named. */
export type Telling = {
  readonly detail: Detail
  readonly most: number
  readonly notes: 'each' | 'counted'
  /** Longest quotation of why there is no decision. */
  readonly quoteMax: number
}

/**
 * What a decision will do, in sentences.
 *
 * Example: 'Day 43. At the next open: sell all LVMH (stop: close -5.3 % from cost), TLT for 10 % of cash. Hold 8.
 * Wanted more SPY: refused, weekly trade cap.'
 */
export function decisionText(
  opened: OpenedEntry,
  body: DecisionEntry,
  facts: Facts,
  labels: Labels,
  telling: Telling,
): string {
  const { deeds } = facts
  const stops = deeds.filter((deed) => deed.order.reason === 'stop').length
  const orders = deedList(deeds, opened, labels, { detail: telling.detail, most: Math.max(telling.most, stops) })
  const hold = body.holds > 0 ? [`Hold ${body.holds}.`] : []
  const notes = [...missedTexts(facts, labels, telling.notes), ...refusalTexts(facts, labels, telling.notes)]
  const told = (): string[] => {
    if (body.outcome === 'decision') {
      if (deeds.length > 0) return [`At the next open: ${orders}.`, ...hold]
      return [body.holds > 0 ? `No orders, hold all ${body.holds}.` : 'No orders, nothing held.']
    }
    const lead = body.outcome === 'warm-up' ? 'Warm-up' : 'No decision today'
    const because = labels.quote(clause(body.because ?? 'no reason recorded'), telling.quoteMax)
    const why = `${lead}: ${because.replace(/[.\s]+$/, '')}.`
    if (deeds.length === 0) return [why, body.outcome === 'warm-up' ? 'No orders yet.' : 'Nothing traded.', ...hold]
    // All that trades without a decision is a stop; saying so once is enough.
    const stopped = orders.replaceAll(' (stop)', '').replaceAll('(stop: ', '(')
    return [why, `Only ${stops === 1 ? 'the stop trades' : 'stops trade'} at the next open: ${stopped}.`, ...hold]
  }
  return [`Day ${body.standing.day}.`, ...told(), ...notes].join(' ')
}

function missedTexts(facts: Facts, labels: Labels, notes: Telling['notes']): string[] {
  if (facts.missed.length === 0) return []
  if (notes === 'counted') return [`Missed, the exchange had opened: ${facts.missed.length}.`]
  const names = facts.missed.map(({ side, symbol }) => `${side} ${labels.name(symbol)}`)
  return [`Missed, the exchange had opened: ${names.join(', ')}.`]
}

/** 'Wanted more SPY, Gold: refused, weekly trade cap.' One sentence for each rule. */
function refusalTexts(facts: Facts, labels: Labels, notes: Telling['notes']): string[] {
  if (facts.refusals.length === 0) return []
  if (notes === 'counted') return [`Guardrails refused ${count(facts.refusals.length, 'wish', 'wishes')}.`]
  const byRule = new Map<string, string[]>()
  for (const refusal of facts.refusals) {
    const name = labels.name(refusal.symbol)
    const wish = refusal.side === 'sell' ? `to sell ${name}` : refusal.more ? `more ${name}` : name
    const rule = ruleName(refusal.clamp)
    byRule.set(rule, [...(byRule.get(rule) ?? []), wish])
  }
  return [...byRule].map(([rule, wishes]) => `Wanted ${wishes.join(', ')}: refused, ${rule}.`)
}
