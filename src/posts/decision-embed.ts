import type { Omitted } from './checked-words.ts'
import { clampText, type Deed, deedText, type Facts, wishText } from './decision-facts.ts'
import type { DecisionInput } from './decision-post.ts'
import { decisionText } from './decision-text.ts'
import {
  colors,
  type DiscordPost,
  type Field,
  fieldsWithin,
  fitDiscord,
  linesWithin,
  opinionButtons,
} from './discord.ts'
import { costsText, equityChart, field, footer, hashField, notices, paragraphs } from './embed-parts.ts'
import { type Labels, labelsOf, type OpenedEntry } from './labels.ts'
import { standingTable } from './standing.ts'
import { count, percent, price, sentence, signedPercent } from './text.ts'

/** The decision for Discord: one sentence, a field per action with its reason, the guardrails, the standing, the whole hash. */
export function decisionEmbed(input: DecisionInput, facts: Facts, omitted: Omitted = []): DiscordPost {
  const { opened, decision } = input
  const { body } = decision
  const labels = labelsOf(opened, 'discord')
  const what = { decision: 'decision', 'no-decision': 'no decision', 'warm-up': 'warm-up' }[body.outcome]
  const notes = facts.refusals.length <= 4 ? 'each' : 'counted'
  return fitDiscord((quoteMax) => ({
    embeds: [
      {
        title: `${labels.quote(opened.body.title, 120)}, day ${body.standing.day}: ${what} of ${body.date}`,
        description: paragraphs(
          decisionText(opened, body, facts, labels, { detail: 'full', most: 12, notes, quoteMax }),
          notices(opened, labels, body.policy),
        ),
        color: body.outcome === 'no-decision' ? colors.missed : colors.plain,
        fields: fieldsWithin(
          actionFields(input, facts, labels, quoteMax),
          factFields(input, facts, labels, quoteMax, omitted),
        ),
        footer: footer(opened, labels),
        timestamp: decision.at,
        image: { url: 'attachment://equity.png' },
      },
    ],
    components: opinionButtons(decision),
    allowedMentions: { parse: [] },
    charts: [equityChart(opened, body.date, body.standing, labels)],
  }))
}

function actionFields({ opened, decision }: DecisionInput, facts: Facts, labels: Labels, quoteMax: number): Field[] {
  const done: Field[] = []
  const plain: string[] = []
  for (const deed of facts.deeds) {
    const text = deedText(deed, opened, labels, 'full')
    const name = deed.order.side === 'buy' ? `Buy ${text}` : `S${text.slice(1)}`
    const reason = reasonOf(deed, opened, labels, quoteMax)
    if (reason === '') plain.push(name)
    else done.push(field(name, reason))
  }
  // A control gives no reasons: its orders are a list.
  if (plain.length > 0) done.push(field('Orders', linesWithin(plain, quoteMax)))
  const stopped = new Set(decision.body.stops.map((stop) => stop.symbol))
  const undone = facts.undone.map((action) => {
    const why = stopped.has(action.symbol) ? 'Overruled by the stop' : 'Refused'
    return field(
      `${why}: ${wishText(action, opened, decision.body.clamps, labels)}`,
      labels.quote(action.reason, quoteMax) || 'No reason given.',
    )
  })
  return [...done, ...undone]
}

function reasonOf({ action, stop, order }: Deed, opened: OpenedEntry, labels: Labels, quoteMax: number): string {
  if (stop !== null) {
    const currency = opened.body.instruments.find(({ symbol }) => symbol === stop.symbol)?.currency ?? ''
    const close = `the close of ${price(currency, stop.close)} is ${signedPercent(stop.change)}`
    return `Stop-loss: ${close} from the average cost of ${price(currency, stop.averageCost)}.`
  }
  if (order.reason === 'stop') return 'Stop-loss.'
  if (order.reason === 'universe') return 'It left the universe of the book.'
  return action === null ? '' : labels.quote(action.reason, quoteMax)
}

function factFields(
  { opened, decision, close }: DecisionInput,
  facts: Facts,
  labels: Labels,
  quoteMax: number,
  omitted: Omitted,
): Field[] {
  const { body } = decision
  const fields: Field[] = []
  const changed = body.clamps.map((clamp) => clampText(clamp, opened, labels))
  if (body.cancelled.length > 0) changed.push(`Pending orders replaced by a stop: ${body.cancelled.length}.`)
  if (omitted.length > 0) {
    const sentences = count(omitted.length, 'sentence')
    changed.push(`Left out of the model's words: ${sentences} with a figure that is not in its data.`)
  }
  if (changed.length > 0) fields.push(field('What the guardrails changed', linesWithin(changed, quoteMax * 3)))
  const missed = facts.missed.map((lapsed) => {
    const because = sentence(labels.quote(lapsed.because, 160))
    return `${lapsed.side === 'buy' ? 'Buy' : 'Sell'} ${labels.name(lapsed.symbol)}. ${because}`
  })
  if (missed.length > 0) fields.push(field('Missed', linesWithin(missed, quoteMax * 3)))
  const summary = labels.quote(body.summary, quoteMax)
  if (summary !== '')
    fields.push(field(opened.body.decider === 'model' ? 'In the words of the model' : 'Summary', summary))
  fields.push(field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, body.standing, labels)))
  fields.push(field('Regime and cash', `${regimeText(body.regime, labels)}\n${cashText(body.cashDrag)}`))
  if (close !== undefined) fields.push(field('Costs since the start', costsText(opened, close.body.costs)))
  fields.push(hashField(decision))
  return fields
}

type Body = DecisionInput['decision']['body']

function regimeText(regime: Body['regime'], labels: Labels): string {
  const figure = (name: string, value: number | null, decimals: number) =>
    value === null ? '' : ` (${name}${value.toFixed(decimals)})`
  const volatility = `Volatility ${regime.volatility}${figure('percentile ', regime.volatilityPercentile, 0)}`
  const trend = `trend ${regime.trend}${figure('ADX ', regime.adx14, 0)}`
  const correlation = `correlation ${regime.correlation}${figure('', regime.meanCorrelation60, 2)}`
  const because = regime.because === null ? '' : ` ${sentence(labels.quote(regime.because, 200))}`
  return `${volatility}, ${trend}, ${correlation}.${because}`
}

function cashText({ cashWeight, floor, ceiling }: Body['cashDrag']): string {
  return `Cash ${percent(cashWeight)} of equity; floor ${percent(floor)}, target at most ${percent(ceiling)}.`
}
