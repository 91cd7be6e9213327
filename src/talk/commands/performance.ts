import type { OpenBook } from '../../context.ts'
import { addDays } from '../../market/calendar.ts'
import { altOfEquity } from '../../posts/chart-alt.ts'
import { equityData } from '../../posts/chart-data.ts'
import { type EquityData, equityOption } from '../../posts/chart-options.ts'
import { colors, linesWithin } from '../../posts/discord.ts'
import { field, footer, hashField, notices } from '../../posts/embed-parts.ts'
import { standingTable } from '../../posts/standing.ts'
import { money, percent, signedPercent } from '../../posts/text.ts'
import type { IsoDate } from '../../units.ts'
import { bookAsked, bookOption, labelsFor, Refusal, suggestBooks, type TalkCommand } from './kit.ts'

const days: Readonly<Record<string, number>> = { '1m': 30, '3m': 91, '6m': 182, '1y': 365 }
const ranges = ['1m', '3m', '6m', 'ytd', '1y', 'all'] as const

/** The curve against the benchmarks, net of costs. */
export const performance: TalkCommand = {
  definition: {
    name: 'performance',
    description: 'The curve against its benchmarks, net of costs',
    options: [
      {
        name: 'range',
        description: 'How far back; everything unless given',
        type: 'text',
        required: false,
        choices: [
          { name: 'one month', value: '1m' },
          { name: 'three months', value: '3m' },
          { name: 'six months', value: '6m' },
          { name: 'this year', value: 'ytd' },
          { name: 'one year', value: '1y' },
          { name: 'since the start', value: 'all' },
        ],
      },
      bookOption,
    ],
  },
  isPrivate: false,
  suggest: suggestBooks,
  async run(ctx, interaction) {
    const open = await bookAsked(ctx, interaction)
    const { opened } = open
    const close = await ctx.journal.last(opened.book, 'close')
    if (close === null) throw new Refusal('No close is recorded yet.')
    const range = String(interaction.options.range ?? 'all')
    if (!(ranges as readonly string[]).includes(range))
      throw new Refusal(`There is no such range; there are ${ranges.join(', ')}.`)
    const labels = labelsFor(open)
    const data = dataOf(open, close.body.standing, range)
    const from = data.dates[0]!
    const change = (values: readonly number[]) => values.at(-1)! / values[0]! - 1
    const lines = [
      `**Book ${money(data.currency, data.equity.at(-1)! * 100)}, ${signedPercent(change(data.equity))}**`,
      ...data.benchmarks.map(({ name, values }) => `${labels.quote(name, 60)} ${signedPercent(change(values))}`),
      `Deepest ${percent(Math.max(...data.drawdown))} below the highest close so far.`,
    ]
    const files = await drawn(ctx.say, data)
    return {
      kind: 'reply',
      ephemeral: false,
      embeds: [
        {
          title: `${labels.quote(opened.body.title, 120)}: ${from} to ${close.body.date}`,
          description: notices(opened, labels),
          color: colors.plain,
          fields: [
            ...(range === 'all' ? [] : [field(`From the close of ${from}, net of costs`, linesWithin(lines))]),
            field(`Net of costs since ${opened.body.firstSession}`, standingTable(opened, close.body.standing, labels)),
            hashField(close),
          ],
          footer: footer(opened, labels),
          timestamp: close.at,
          ...(files.length === 0 ? {} : { image: { url: 'attachment://performance.png' } }),
        },
      ],
      files,
    }
  },
}

/** The chart's figures from the last close up to the range's beginning, so that its first return is in it. */
function dataOf(
  open: OpenBook,
  standing: Parameters<typeof equityData>[1][number]['standing'],
  range: string,
): EquityData {
  const { opened, state } = open
  const whole = equityData(
    opened,
    state.closes.map((close) => ({ ...close, benchmarks: { ...close.benchmarks }, standing })),
  )
  const last = whole.dates.at(-1)!
  const since = range === 'all' ? '' : range === 'ytd' ? `${last.slice(0, 4)}-01-01` : addDays(last, -days[range]!)
  const first = Math.max(
    0,
    whole.dates.findLastIndex((date: IsoDate) => date < since || (range !== 'ytd' && date === since)),
  )
  if (first === 0) return whole
  const cut = (values: readonly number[]) => values.slice(first)
  return {
    ...whole,
    dates: whole.dates.slice(first),
    equity: cut(whole.equity),
    drawdown: cut(whole.drawdown),
    benchmarks: whole.benchmarks.map(({ name, values }) => ({ name, values: cut(values) })),
    subtitle: `${whole.subtitle.replace(/net of costs.*$/, '')}net of costs, ${whole.dates[first]} to ${last}; the title counts from the start`,
  }
}

/** A chart that cannot be drawn is left out: figures without a picture are better than none. */
async function drawn(say: (line: string) => void, data: EquityData) {
  try {
    const { renderPng } = await import('../../adapters/charts.ts')
    return [{ name: 'performance.png', bytes: renderPng(equityOption(data)), alt: altOfEquity(data) }]
  } catch (error) {
    say(`the chart of /performance could not be drawn: ${(error as Error).message}`)
    return []
  }
}
