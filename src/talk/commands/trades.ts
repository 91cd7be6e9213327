import type { Entry } from '../../journal/entry.ts'
import { periodReportOf } from '../../journal/report-entry.ts'
import { colors, type DiscordPost, linesWithin } from '../../posts/discord.ts'
import { costsText, field, footer, hashField, notices } from '../../posts/embed-parts.ts'
import { renderReportPost } from '../../posts/report-post.ts'
import { price, shares, signedMoney } from '../../posts/text.ts'
import { bookAsked, bookOption, labelsFor, postAnswer, Refusal, suggestBooks, type TalkCommand } from './kit.ts'

/** The last fills, each with its price, costs and entry. */
export const trades: TalkCommand = {
  definition: {
    name: 'trades',
    description: 'The last fills, at which price and cost',
    options: [
      { name: 'count', description: 'How many, 10 unless given', type: 'integer', required: false, min: 1, max: 25 },
      bookOption,
    ],
  },
  isPrivate: false,
  suggest: suggestBooks,
  async run(ctx, interaction) {
    const open = await bookAsked(ctx, interaction)
    const { opened, state } = open
    const labels = labelsFor(open)
    const wanted = Number(interaction.options.count ?? 10)
    const filled = state.fills.slice(-wanted)
    if (filled.length === 0) throw new Refusal('Nothing has been filled yet.')
    const sessions = (await Array.fromAsync(
      ctx.journal.read({ book: opened.book, kinds: ['session'], fromAt: `${filled[0]!.date}T00:00:00.000Z` }),
    )) as Entry<'session'>[]
    const told = sessions
      .flatMap((session) => session.body.events.fills.map((fill) => ({ fill, session })))
      .slice(-wanted)
      .reverse()
    const last = told[0]?.session
    if (last === undefined) throw new Refusal('Nothing has been filled yet.')
    const lines = told.map(({ fill, session }) => {
      const verb = fill.quantity > 0 ? 'Bought' : 'Sold'
      const stop = fill.reason === 'stop' ? ', by the stop-loss' : ''
      return `${fill.date}, entry ${session.seq}: **${verb} ${shares(fill.quantity)} ${labels.name(fill.symbol)}** at ${price(fill.currency, fill.price)}${stop}. Cash ${signedMoney(opened.body.currency, fill.cashChangeCents)}, costs ${costsText(opened, fill.costs)}.`
    })
    const half = Math.ceil(lines.length / 3)
    const parts = [lines.slice(0, half), lines.slice(half, 2 * half), lines.slice(2 * half)].filter(
      (part) => part.length > 0,
    )
    return {
      kind: 'reply',
      ephemeral: false,
      embeds: [
        {
          title: `${labels.quote(opened.body.title, 120)}: the last ${told.length === 1 ? 'fill' : `${told.length} fills`}`,
          description: notices(opened, labels),
          color: colors.plain,
          fields: [
            ...parts.map((part, index) =>
              field(index === 0 ? 'Filled at the official open, newest first' : 'Before', linesWithin(part)),
            ),
            hashField(last),
          ],
          footer: footer(opened, labels),
          timestamp: last.at,
        },
      ],
    }
  },
}

/** The last weekly report. */
export const weekly: TalkCommand = {
  definition: { name: 'weekly', description: 'The last weekly report', options: [bookOption] },
  isPrivate: false,
  suggest: suggestBooks,
  async run(ctx, interaction) {
    const { opened } = await bookAsked(ctx, interaction)
    const reports = (await Array.fromAsync(
      ctx.journal.read({ book: opened.book, kinds: ['report'], latest: 8 }),
    )) as Entry<'report'>[]
    const report = reports.findLast(({ body }) => periodReportOf(body).period.kind === 'week')
    if (report === undefined)
      throw new Refusal('No weekly report is recorded yet; one follows the last session of each week.')
    return postAnswer(renderReportPost({ opened, report }).discord as DiscordPost)
  },
}
