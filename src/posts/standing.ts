import type { Standing } from '../journal/entry.ts'
import { linesWithin } from './discord.ts'
import type { Labels, OpenedEntry } from './labels.ts'
import { money, percent, sentence, signedPercent } from './text.ts'

export type StandingDetail = 'full' | 'brief' | 'figures'

const heldBenchmark = /^buy-and-hold:/

/**
 * The line of X that says where the book stands: equity, return, the benchmarks that one can buy, and the verdict.
 *
 * @param detail how much of the verdict: `brief` keeps its first sentence, `figures` none
 * Example: 'EUR 10,213: +2.1 %, SPY +3.4 %, CAC +0.9 %. No evidence of skill yet.'
 */
export function standingLine(
  opened: OpenedEntry,
  standing: Standing,
  labels: Labels,
  detail: StandingDetail = 'full',
): string {
  const opponents = standing.benchmarks.filter(({ policy }) => heldBenchmark.test(policy))
  const shown = opponents.slice(0, 3).map((benchmark) => {
    const mark = benchmark.priceOnly ? ' (price only)' : ''
    return `, ${labels.quote(benchmark.shortName, 24)}${mark} ${signedPercent(benchmark.netReturn)}`
  })
  const figures = `${money(opened.body.currency, standing.equityCents)}: ${signedPercent(standing.netReturn)}${shown.join('')}.`
  const verdict = detail === 'figures' ? '' : verdictText(standing, labels, detail)
  return verdict === '' ? figures : `${figures} ${verdict}`
}

/**
 * What a day's post says beside the figures: of a model always the verdict. Of a control never: the notice that no model
 * decides stands in the same post, and a sentence that came and went with the room left would say less than either.
 */
export function dailyDetail(opened: OpenedEntry, standing: Standing, detail: 'full' | 'brief'): StandingDetail {
  return opened.body.decider === 'control' && standing.verdict.kind === 'control' ? 'figures' : detail
}

function verdictText(standing: Standing, labels: Labels, detail: 'full' | 'brief'): string {
  const whole = sentence(labels.quote(standing.verdict.text, 400))
  return detail === 'full' ? whole : (/^.*?[.!?…](?=\s|$)/.exec(whole)?.[0] ?? whole)
}

/** Standing against every benchmark, one line each, for Discord. */
export function standingTable(opened: OpenedEntry, standing: Standing, labels: Labels): string {
  const currency = opened.body.currency
  const opponents = standing.benchmarks.map((benchmark) => {
    const mark = benchmark.priceOnly ? ' (price only)' : ''
    const name = labels.quote(benchmark.shortName, 48)
    return `${name}${mark} ${money(currency, benchmark.equityCents)}, ${signedPercent(benchmark.netReturn)}`
  })
  const lines = [`**Book ${money(currency, standing.equityCents)}, ${signedPercent(standing.netReturn)}**`]
  if (opponents.length > 0) lines.push(linesWithin(opponents, 560))
  lines.push(
    standing.drawdown > 0 ? `${percent(standing.drawdown)} below the highest close.` : 'At the highest close so far.',
  )
  lines.push(sentence(labels.quote(standing.verdict.text, 300)))
  return lines.join('\n')
}
