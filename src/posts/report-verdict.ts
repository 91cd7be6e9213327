import {
  type Comparison,
  type DecisionFigures,
  type Evidence,
  opponentName,
  type Skill,
} from '../journal/evidence-entry.ts'
import { evidenceAt } from '../statistics/evidence.ts'
import { roundedUp, shortNumber } from '../statistics/verdict.ts'
import type { Labels } from './labels.ts'
import { count, fixed, percent, sentence, signed, signedPercent } from './text.ts'

/** What a report says of evidence and of the decisions, in lines. Every figure comes from its entry, and what is null there is not said. */

/** Example: 1.3081 -> '1.31' */
export function eNumber(value: number): string {
  return shortNumber(value)
}

/** Mean lead and its 95 % interval; nothing below 60 returns. Example: '-3.1 points a year (-12.0 to +5.8)' */
export function pointsAYear({ difference, low, high }: Comparison): string {
  const points = (value: number) => signed(value * 100, 1)
  if (difference === null || low === null || high === null) return ''
  return `${points(difference)} points a year (${points(low)} to ${points(high)})`
}

/** How many sessions it would take in all; nothing once there is evidence. Example: 'Such an edge would need about 1,430 sessions.' */
export function neededText({ eValue, returnsToEvidence }: Skill, { returns, sessionsPerYear }: Evidence): string {
  if (eValue === null || eValue >= evidenceAt) return ''
  if (returnsToEvidence === null) return 'No length of such a record would be evidence.'
  const needed = roundedUp(Math.max(returns + 1, returnsToEvidence))
  return needed > 1000 * sessionsPerYear
    ? 'Such an edge would need more than a thousand years.'
    : `Such an edge would need about ${count(needed, 'session')}.`
}

/** The verdict: the sentence of the entry, each opponent, and what luck and other trials leave of it. */
export function verdictLines(evidence: Evidence, labels: Labels): string[] {
  const { comparisons, skill, returns, notes } = evidence
  const lines = [`**${sentence(labels.quote(evidence.text, 420))}**`]
  for (const comparison of comparisons) {
    const name = labels.quote(opponentName(comparison), 60)
    const parts = [pointsAYear(comparison), skill === null ? '' : `e-value ${eNumber(comparison.eValue)}`]
    const said = parts.filter((part) => part !== '').join('; ')
    if (said !== '') lines.push(`Against ${name}: ${said}`)
  }
  if (comparisons.length > 0) {
    const enough = notes.comparisons === undefined
    lines.push(enough ? 'In brackets: 95 % intervals.' : sentence(labels.quote(notes.comparisons!, 160)))
  }
  if (skill === null) return lines
  const { probabilisticSharpe, deflatedSharpe, trials, minTrackRecord, allocators } = skill
  if (probabilisticSharpe !== null && deflatedSharpe !== null) {
    const deflated =
      trials === 1 ? 'nothing else was tried' : `${percent(deflatedSharpe)} as the best of ${count(trials, 'trial')}`
    lines.push(`Sharpe ratio above zero with probability ${percent(probabilisticSharpe)}; ${deflated}.`)
  }
  if (minTrackRecord !== null) {
    const needed = Math.ceil(minTrackRecord)
    lines.push(
      needed <= returns
        ? `For a Sharpe ratio above zero with 95 % the record is long enough (${count(needed, 'return')}).`
        : `A Sharpe ratio above zero with 95 % would take ${count(needed, 'return')}.`,
    )
  }
  if (allocators !== null) {
    lines.push(
      `Of ${fixed(allocators.count, 0)} random choices of assets ${fixed(allocators.atLeastAsGood, 0)} did at least as well: p = ${allocators.p.toFixed(3)}.`,
    )
  }
  return lines
}

const sides = { buy: 'Bought', sell: 'Sold', stop: 'Stopped' } as const

/** What came after the decisions, those whose window is over. After a sale a negative lead speaks for it. */
export function forwardLines({ orders, filled, forward, benchmark }: DecisionFigures, labels: Labels): string[] {
  const rows = forward.filter(({ count: fills }) => fills > 0)
  const lines = [`${count(orders, 'order')} decided since the start, ${fixed(filled, 0)} filled.`]
  if (rows.length === 0) return lines
  const points = (value: number) => signed(value * 100, 2)
  lines.push(
    `Lead of the asset over ${labels.quote(benchmark ?? 'a benchmark', 40)} in points (95 % interval where the dates suffice):`,
  )
  for (const { side, sessions, count: fills, excess, low, high } of rows) {
    if (excess === null) continue
    const interval = low === null || high === null ? '' : ` (${points(low)} to ${points(high)})`
    lines.push(
      `${sides[side]}, after ${count(sessions, 'session')}: ${points(excess)}${interval}, ${count(fills, 'fill')}`,
    )
  }
  return lines
}

/** Hit rate by holding time. Example: 'At a profit by time held: 3 of 8 up to 5 sessions, 2 of 5 up to 20, 1 of 1 longer.' */
export function holdingLine({ holding }: DecisionFigures): string {
  const parts = holding.buckets.flatMap(({ to, trips, profitable }, i) => {
    if (trips === 0) return []
    const held = to === null ? 'longer' : `up to ${to}${i === 0 ? ' sessions' : ''}`
    return [`${fixed(profitable, 0)} of ${fixed(trips, 0)} ${held}`]
  })
  return parts.length === 0 ? '' : `At a profit by time held: ${parts.join(', ')}.`
}

/** Free cash above the ceiling of the regime, by its reason and what it did not earn. */
export function cashLine({ cash, benchmark }: DecisionFigures, labels: Labels): string {
  if (cash.aboveCeiling === 0)
    return `Free cash never above the ceiling of the regime in ${count(cash.sessions, 'close')}.`
  const worth = (value: number) =>
    cash.forgone === null
      ? ''
      : ` (${labels.quote(benchmark ?? '', 24)} would have added ${signedPercent(value)} of equity)`
  const parts = [
    cash.drag === 0 ? '' : `${cash.drag} with trades left in the week${worth(cash.forgone?.drag ?? 0)}`,
    cash.capBound === 0 ? '' : `${cash.capBound} with the weekly trades used up${worth(cash.forgone?.capBound ?? 0)}`,
  ].filter((part) => part !== '')
  return `Free cash above the ceiling of the regime on ${cash.aboveCeiling} of ${count(cash.sessions, 'close')}: ${parts.join(', ')}.`
}

/** Disposition effect and loss aversion, once there are 20 gains and 20 losses; before that only what was counted. */
export function dispositionLines({ disposition }: DecisionFigures): string[] {
  const { realizedGains, paperGains, realizedLosses, paperLosses, gainsRealized, lossesRealized } = disposition
  if (disposition.saleDates === 0) return []
  const gains = `${realizedGains} of ${count(realizedGains + paperGains, 'gain')}`
  const losses = `${realizedLosses} of ${count(realizedLosses + paperLosses, 'loss', 'losses')}`
  const sales = `on ${count(disposition.saleDates, 'session')} with a decided sale`
  if (gainsRealized === null || lossesRealized === null || disposition.difference === null) {
    return [`Sold ${gains} and ${losses} ${sales}; a figure takes 20 of each.`]
  }
  const points = (value: number) => signed(value * 100, 1)
  const { difference, low, high, lossAversion } = disposition
  const interval = low === null || high === null ? '' : ` (95 % interval ${points(low)} to ${points(high)})`
  const lines = [
    `Sold ${percent(gainsRealized)} of the gains and ${percent(lossesRealized)} of the losses ${sales}: disposition effect ${points(difference)} points${interval}.`,
  ]
  if (lossAversion.value !== null) {
    const of =
      lossAversion.low === null || lossAversion.high === null
        ? ''
        : ` (${fixed(lossAversion.low, 2)} to ${fixed(lossAversion.high, 2)})`
    const kept = lossAversion.kept === null ? '' : `; positions kept show ${fixed(lossAversion.kept, 2)}`
    lines.push(`Loss aversion implied by the sales ${fixed(lossAversion.value, 2)}${of}${kept}.`)
  }
  return lines
}

/** The concepts that the reasons name most, period by period, and how far the model agrees with itself. */
export function reasonLines({ keywords, stability }: DecisionFigures): string[] {
  const lines: string[] = []
  if (keywords !== null) {
    const { periods, rates, texts } = keywords
    const total = (mentions: readonly number[]) => mentions.reduce((sum, number) => sum + number, 0)
    const named = rates
      .filter(({ mentions }) => total(mentions) > 0)
      .sort((a, b) => total(b.mentions) - total(a.mentions))
    const share = (mentions: readonly number[]) =>
      mentions.map((mention, i) => fixed((100 * mention) / periods[i]!.texts, 0)).join(', ')
    if (named.length > 0) {
      lines.push(`Per cent of ${count(texts, 'decision')} that name it, ${periods.map(({ name }) => name).join(', ')}:`)
      for (const { concept, mentions } of named.slice(0, 6)) lines.push(`${concept} ${share(mentions)}`)
    }
  }
  if (stability !== null) {
    lines.push(
      `Asked the same again on ${count(stability.dates, 'date')}, its choices agreed by ${percent(stability.agreement)}.`,
    )
  }
  return lines
}
