import type { Entry } from '../../journal/entry.ts'
import { colors, linesWithin } from '../../posts/discord.ts'
import { costsText, field, footer, hashField, notices } from '../../posts/embed-parts.ts'
import { standingTable } from '../../posts/standing.ts'
import { exactMoney, money, percent, price, shares, signedMoney } from '../../posts/text.ts'
import { bookAsked, bookOption, labelsFor, Refusal, suggestBooks, type TalkCommand } from './kit.ts'

/** What is held, as the last close recorded it. */
export const portfolio: TalkCommand = {
  definition: { name: 'portfolio', description: 'What is held, at the last recorded close', options: [bookOption] },
  isPrivate: false,
  suggest: suggestBooks,
  async run(ctx, interaction) {
    const open = await bookAsked(ctx, interaction)
    const { opened, state } = open
    const close = await ctx.journal.last(opened.book, 'close')
    if (close === null) throw new Refusal('No close is recorded yet.')
    const labels = labelsFor(open)
    const { body } = close
    const { currency } = opened.body
    const held = body.positions
      .toSorted((a, b) => b.value - a.value)
      .map((position) => {
        const old = position.priceDate === body.date ? '' : ` (close of ${position.priceDate})`
        const profit = signedMoney(currency, (position.unrealized.asset + position.unrealized.currency) * 100)
        return `**${labels.name(position.symbol)}** ${percent(position.weight)}: ${shares(position.quantity)} at ${price(position.currency, position.price)}${old}, ${money(currency, position.value * 100)}, ${profit} before costs`
      })
    const cash = body.cashCents / 100 / body.equity
    const pending = body.holdings.pending.map(({ side, symbol, amountCents, quantity }) =>
      side === 'buy'
        ? `Buy ${labels.name(symbol)} for ${money(currency, amountCents ?? 0)}`
        : `Sell ${shares(quantity ?? 0)} ${labels.name(symbol)}`,
    )
    const ordered = pendingSince(state.decisions.at(-1), close)
    return {
      kind: 'reply',
      ephemeral: false,
      embeds: [
        {
          title: `${labels.quote(opened.body.title, 120)}: held at the close of ${body.date}`,
          description: notices(opened, labels),
          color: colors.plain,
          fields: [
            field(
              `Equity ${exactMoney(currency, body.equity * 100)}`,
              linesWithin([...held, `**Cash** ${percent(cash)}: ${exactMoney(currency, body.cashCents)}`]),
            ),
            ...(pending.length === 0 ? [] : [field('Orders still waiting for an open', linesWithin(pending))]),
            ...(ordered === '' ? [] : [field('Decided since', ordered)]),
            field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, body.standing, labels)),
            field('Costs since the start', costsText(opened, body.costs)),
            hashField(close),
          ],
          footer: footer(opened, labels),
          timestamp: close.at,
        },
      ],
    }
  },
}

/** Orders of a decision that was taken after the close shown. */
function pendingSince(
  decision: { readonly seq: number; readonly body: Entry<'decision'>['body'] } | undefined,
  close: Entry<'close'>,
): string {
  if (decision === undefined || decision.seq < close.seq || decision.body.orders.length === 0) return ''
  const orders = decision.body.orders.length
  return `${orders} order${orders === 1 ? '' : 's'} for the next open, entry ${decision.seq}: see /decision.`
}
