import { bookNames } from '../../books.ts'
import type { Context } from '../../context.ts'
import type { Interaction } from '../../journal/incoming.ts'
import { exactMoney, fixed } from '../../posts/text.ts'
import { peopleOf } from '../people.ts'
import { bounded, communityBook } from '../said.ts'
import { lastSwitch, pausedBecause } from '../switch.ts'
import { noTarget } from '../targets.ts'
import {
  accountOf,
  bookAsked,
  bookOption,
  labelsFor,
  openBooks,
  quoted,
  Refusal,
  recordSaid,
  suggestBooks,
  type TalkCommand,
  whisper,
  withNotice,
} from './kit.ts'
import { instrumentIn, suggestSymbols } from './symbols.ts'

/** What the owner did with money of their own, and why: something to learn from. It moves nothing in the book. */
export const trade: TalkCommand = {
  definition: {
    name: 'trade',
    description: 'Write down a trade of your own with its reason; it moves no money of the book',
    ownerOnly: true,
    options: [
      {
        name: 'symbol',
        description: 'Such as SPY or MC.PA',
        type: 'text',
        required: true,
        suggests: true,
        lengthMax: 60,
      },
      {
        name: 'side',
        description: 'What you did',
        type: 'text',
        required: true,
        choices: [
          { name: 'buy', value: 'buy' },
          { name: 'sell', value: 'sell' },
        ],
      },
      {
        name: 'amount',
        description: 'In the currency of the book',
        type: 'number',
        required: true,
        min: 0.01,
        max: 1_000_000_000,
      },
      { name: 'reason', description: 'Why, in your words', type: 'text', required: true, lengthMax: 2000 },
    ],
  },
  isPrivate: true,
  isOwners: true,
  suggest: suggestSymbols,
  async run(ctx, interaction) {
    const { options } = interaction
    const { open, instrument } = instrumentIn(await openBooks(ctx), options.symbol)
    const { text } = bounded(String(options.reason))
    if (text === null || text.trim() === '') throw new Refusal('A trade without a reason teaches nothing: say why.')
    const amount = Number(options.amount)
    const side = options.side as 'buy' | 'sell'
    const { symbol } = instrument
    const recorded = await recordSaid(ctx, interaction, {
      kind: 'trade',
      body: { symbol, side, amount },
      target: noTarget,
      text,
      about: symbol,
    })
    const said = `${side === 'buy' ? 'Bought' : 'Sold'} ${labelsFor(open).name(symbol)} for ${exactMoney(open.opened.body.currency, amount * 100)}: entry ${recorded.seq}.`
    return whisper(withNotice(recorded.notice, said, 'The book is not touched by it.'))
  },
}

/** Stops decisions of a book until it is resumed; its stop-losses go on selling. */
export const pause = switching('pause', 'paused', 'Take no decisions until /resume; stop-losses go on')
export const resume = switching('resume', 'running', 'Decide again from the next close on')

function switching(name: 'pause' | 'resume', state: 'paused' | 'running', description: string): TalkCommand {
  return {
    definition: { name, description, ownerOnly: true, options: [bookOption] },
    isPrivate: true,
    isOwners: true,
    suggest: suggestBooks,
    async run(ctx, interaction) {
      const book = await bookToSwitch(ctx, interaction)
      const before = (await lastSwitch(ctx, book))?.body.state ?? 'running'
      if (before === state) return whisper(`The book ${quoted(book)} is ${state} already.`)
      const people = await peopleOf(ctx)
      const account = accountOf(interaction)
      const person = (await people.enrol([account])).get(people.lookup(account))
      const body = { target: book, state, by: person?.pseudonym ?? null }
      const written = await ctx.journal.append([
        { at: ctx.clock.now(interaction.at), kind: 'switch', book: communityBook, body },
      ])
      const seq = written.kind === 'appended' ? written.entries[0]!.seq : written.seq
      const said =
        state === 'paused'
          ? 'It takes no decisions and says so each day; stop-losses go on selling.'
          : 'It decides again from the next close on.'
      return whisper(`The book ${quoted(book)} is ${state}, entry ${seq}. ${said}`)
    },
  }
}

/** A book may be paused before its first session, so its name is enough. */
async function bookToSwitch(ctx: Context, interaction: Interaction): Promise<string> {
  const asked = interaction.options.book
  if (asked === undefined) return (await bookAsked(ctx, interaction)).opened.book
  const name = String(asked).trim().toLowerCase()
  if (bookNames().includes(name)) return name
  throw new Refusal(
    `There is no book called ${quoted(asked)}; there is ${bookNames()
      .map((one) => quoted(one))
      .join(', ')}.`,
  )
}

/** Where everything stands, for the owner. */
export const status: TalkCommand = {
  definition: { name: 'status', description: 'Books, last runs, budget and journal', ownerOnly: true },
  isPrivate: true,
  isOwners: true,
  async run(ctx) {
    const lines: string[] = []
    for (const book of bookNames()) {
      const open = await ctx.state(book)
      const paused = (await pausedBecause(ctx, book)) === null ? '' : ', **paused**'
      if (open === null) {
        lines.push(`**${quoted(book)}**: not opened yet${paused}`)
        continue
      }
      const { opened, state } = open
      const decision = state.decisions.at(-1)
      const equity =
        state.lastClose === null
          ? ''
          : `, equity ${exactMoney(opened.body.currency, state.lastClose.body.equity * 100)}`
      lines.push(
        `**${quoted(book)}**: day ${state.closes.length}, booked to ${state.lastSession ?? 'nothing'}, last decision ${decision === undefined ? 'none' : `${decision.body.date} (${decision.body.outcome}, entry ${decision.seq})`}${equity}, ${opened.body.decider === 'control' ? `the control ${quoted(opened.body.policy)} decides` : 'the model decides'}${paused}`,
      )
    }
    const { model } = ctx.config
    const today = new Date().toISOString().slice(0, 10)
    lines.push(
      model === null
        ? 'Model: none is configured.'
        : `Model: ${quoted(model.name)}, USD ${fixed(ctx.spending.on(today), 2)} of ${fixed(model.dailyBudgetUsd, 2)} spent today (UTC).`,
    )
    const head = await ctx.journal.head()
    lines.push(head === null ? 'The journal is empty.' : `Journal: entry ${head.seq} of ${head.at}, \`${head.hash}\``)
    return whisper(lines.join('\n'))
  },
}
