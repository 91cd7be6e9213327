import type { Context, OpenBook } from '../../context.ts'
import type { Entry } from '../../journal/entry.ts'
import { checkedWords } from '../../posts/checked-words.ts'
import { clampText, factsOf, wishText } from '../../posts/decision-facts.ts'
import { renderDecisionPost } from '../../posts/decision-post.ts'
import { colors, type DiscordPost, type Field, linesWithin } from '../../posts/discord.ts'
import { field, footer, hashField, notices } from '../../posts/embed-parts.ts'
import type { Labels } from '../../posts/labels.ts'
import { price, sentence, signedPercent } from '../../posts/text.ts'
import { IsoDate } from '../../units.ts'
import {
  bookAsked,
  bookOption,
  type Choices,
  labelsFor,
  openBooks,
  postAnswer,
  quoted,
  Refusal,
  suggestBooks,
  type TalkCommand,
} from './kit.ts'
import { instrumentIn, suggestSymbols } from './symbols.ts'

/** A decision as it was posted, with its buttons. */
export const decision: TalkCommand = {
  definition: {
    name: 'decision',
    description: 'What was decided on a date, with reasons, limits and hash',
    options: [
      {
        name: 'date',
        description: 'Such as 2026-11-20; the last decision unless given',
        type: 'text',
        required: false,
        suggests: true,
        lengthMax: 10,
      },
      bookOption,
    ],
  },
  isPrivate: false,
  async suggest(ctx, interaction): Promise<Choices> {
    if (interaction.focused === 'book') return suggestBooks(ctx, interaction)
    const { state } = await bookAsked(ctx, interaction)
    const typed = String(interaction.options.date ?? '')
    const dates = state.decisions
      .map(({ body }) => body.date)
      .filter((date) => date.startsWith(typed))
      .slice(-25)
      .reverse()
    return { kind: 'choices', choices: dates.map((date) => ({ name: date, value: date })) }
  },
  async run(ctx, interaction) {
    const open = await bookAsked(ctx, interaction)
    const { decisions } = open.state
    if (decisions.length === 0) throw new Refusal('Nothing has been decided yet.')
    const { date } = interaction.options
    const seq = date === undefined ? decisions.at(-1)!.seq : seqOn(decisions, String(date).trim())
    const entry = await entryAt(ctx, seq)
    const post = renderDecisionPost({ opened: open.opened, decision: entry, close: await closeBefore(ctx, entry) })
    return postAnswer(post.discord as DiscordPost)
  },
}

type Decisions = OpenBook['state']['decisions']

function seqOn(decisions: Decisions, asked: string): number {
  if (!IsoDate.safeParse(asked).success) {
    throw new Refusal(`${quoted(asked, 20)} is no date: write it as 2026-11-20.`)
  }
  const found = decisions.find(({ body }) => body.date === asked)
  if (found !== undefined) return found.seq
  const before = decisions.findLast(({ body }) => body.date < asked)?.body.date
  const after = decisions.find(({ body }) => body.date > asked)?.body.date
  const near = [before, after].filter((date) => date !== undefined).join(' and ')
  throw new Refusal(
    `No decision of ${asked} is recorded; the nearest ${before !== undefined && after !== undefined ? 'are' : 'is'} ${near}.`,
  )
}

export async function entryAt(ctx: Context, seq: number): Promise<Entry<'decision'>> {
  const [entry] = await Array.fromAsync(ctx.journal.read({ seqs: [seq], kinds: ['decision'] }))
  if (entry === undefined) throw new Refusal(`Entry ${seq} is no decision.`)
  return entry as Entry<'decision'>
}

async function closeBefore(ctx: Context, { book, seq }: Entry): Promise<Entry<'close'> | undefined> {
  const [close] = await Array.fromAsync(ctx.journal.read({ book, kinds: ['close'], toSeq: seq, latest: 1 }))
  return close as Entry<'close'> | undefined
}

/** The reasons behind one symbol, in the words of whoever decided. */
export const why: TalkCommand = {
  definition: {
    name: 'why',
    description: 'Why something was bought, sold or refused, in the words recorded then',
    options: [
      {
        name: 'symbol',
        description: 'Such as SPY or MC.PA',
        type: 'text',
        required: true,
        suggests: true,
        lengthMax: 60,
      },
    ],
  },
  isPrivate: false,
  suggest: suggestSymbols,
  async run(ctx, interaction) {
    const { open, instrument } = instrumentIn(await openBooks(ctx), interaction.options.symbol)
    const labels = labelsFor(open)
    const { symbol } = instrument
    const named = open.state.decisions
      .filter(({ body }) => isNamed(body, symbol))
      .slice(-3)
      .reverse()
    if (named.length === 0) {
      throw new Refusal(
        `No recorded decision names ${labels.name(symbol)}: it was neither bought nor sold nor refused.`,
      )
    }
    const entries = await Promise.all(named.map(({ seq }) => entryAt(ctx, seq)))
    const last = entries[0]!
    return {
      kind: 'reply',
      ephemeral: false,
      embeds: [
        {
          title: `Why ${labels.name(symbol)}`.slice(0, 250),
          description: notices(open.opened, labels, last.body.policy),
          color: colors.plain,
          fields: [
            ...entries.map(({ seq, body }) =>
              field(`${body.date}, entry ${seq}`, linesWithin(linesOn(body, symbol, open, labels))),
            ),
            hashField(last),
          ],
          footer: footer(open.opened, labels),
          timestamp: last.at,
        },
      ],
    }
  },
}

/** Stands for words of a model of which nothing is left; the journal has them. */
const leftOut = 'Its words are left out: their figures are not in its data.'

type Body = Entry<'decision'>['body']

function isNamed(body: Body, symbol: string): boolean {
  return [body.actions, body.orders, body.clamps, body.stops, body.missed].some((list) =>
    list.some((item) => item.symbol === symbol),
  )
}

/** What a decision says of one symbol: the wish with its reason, what the limits did to it, and what became of it. */
function linesOn(body: Body, symbol: string, { opened }: OpenBook, labels: Labels): readonly string[] {
  const lines: string[] = []
  const { reasons } = checkedWords(opened, body)
  const currency = opened.body.instruments.find((one) => one.symbol === symbol)?.currency ?? ''
  for (const stop of body.stops.filter((one) => one.symbol === symbol)) {
    lines.push(
      `Stop-loss: the close of ${price(currency, stop.close)} is ${signedPercent(stop.change)} from the average cost of ${price(currency, stop.averageCost)}.`,
    )
  }
  for (const [index, action] of body.actions.entries()) {
    if (action.symbol !== symbol) continue
    const reason = labels.quote(reasons[index]!, 420)
    const without = action.reason === '' ? 'No reason was given.' : leftOut
    lines.push(`${sentence(wishText(action, opened, body.clamps, labels))} ${reason === '' ? without : reason}`)
  }
  for (const clamp of body.clamps.filter((one) => one.symbol === symbol)) lines.push(clampText(clamp, opened, labels))
  for (const lapsed of body.missed.filter((one) => one.symbol === symbol)) {
    lines.push(`Missed. ${sentence(labels.quote(lapsed.because, 160))}`)
  }
  const orders = body.orders.filter((one) => one.symbol === symbol)
  if (lines.length === 0 && orders.length > 0) lines.push(`Ordered: ${orders.map(({ side }) => side).join(', ')}.`)
  return lines
}

/** All reasons of a decision, for the button under its post. */
export function reasonsOf(entry: Entry<'decision'>, open: OpenBook): readonly Field[] {
  const labels = labelsFor(open)
  const { body } = entry
  const facts = factsOf(body, undefined)
  const symbols = [
    ...new Set([
      ...facts.deeds.map(({ order }) => order.symbol),
      ...body.actions.map(({ symbol }) => symbol),
      ...body.clamps.map(({ symbol }) => symbol),
    ]),
  ]
  const summary = labels.quote(checkedWords(open.opened, body).summary, 900)
  const because = body.because === null ? '' : sentence(labels.quote(body.because, 300))
  const first = summary || because || (body.summary === '' ? 'No summary was given.' : leftOut)
  return [
    field(`Decision of ${body.date}`, first),
    ...symbols
      .slice(0, 8)
      .map((symbol) =>
        field(
          labels.name(symbol),
          linesWithin(linesOn(body, symbol, open, labels), 500) || 'Nothing more is recorded.',
        ),
      ),
    ...(symbols.length > 8 ? [field(`And ${symbols.length - 8} more`, 'See /why and /decision.')] : []),
    hashField(entry),
  ]
}
