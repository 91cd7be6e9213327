import { randomBytes } from 'node:crypto'
import type { Context } from '../../context.ts'
import type { Entry } from '../../journal/entry.ts'
import type { Interaction } from '../../journal/incoming.ts'
import { price } from '../../posts/text.ts'
import { peopleOf } from '../people.ts'
import { readPriceBoard } from '../prices.ts'
import { bounded, communityBook } from '../said.ts'
import { noTarget } from '../targets.ts'
import { labelsFor, openBooks, Refusal, recordSaid, type TalkCommand, whisper, withNotice } from './kit.ts'
import { instrumentIn, suggestSymbols } from './symbols.ts'

/** Claims of one person in a UTC day: enough for everybody who thinks, too few for a machine that guesses. */
const claimsMost = 40
const feedbackMost = 20

/** A claim that time will settle. */
export const predict: TalkCommand = {
  definition: {
    name: 'predict',
    description: 'Say where a price goes and how sure you are; it is scored when the time is up',
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
        name: 'direction',
        description: 'Above or below the last close, in its own currency',
        type: 'text',
        required: true,
        choices: [
          { name: 'up', value: 'up' },
          { name: 'down', value: 'down' },
        ],
      },
      {
        name: 'probability',
        description: 'How sure you are, in percent: 50 is a coin',
        type: 'integer',
        required: true,
        min: 1,
        max: 99,
      },
      {
        name: 'horizon',
        description: 'In how many sessions, 5 is a week',
        type: 'integer',
        required: true,
        min: 1,
        max: 260,
      },
    ],
  },
  isPrivate: false,
  suggest: suggestSymbols,
  async run(ctx, interaction) {
    const { options, at } = interaction
    const { open, instrument } = instrumentIn(await openBooks(ctx), options.symbol)
    const direction = options.direction as 'up' | 'down'
    const { symbol } = instrument
    const then = (await readPriceBoard(ctx, at)).of(at, symbol)
    const name = labelsFor(open).name(symbol)
    if (then === null) throw new Refusal(`No close of ${name} is on record, so nothing could be settled against it.`)
    await refuseTooMany(ctx, interaction, 'prediction', claimsMost)
    const horizonSessions = Number(options.horizon)
    const recorded = await recordSaid(ctx, interaction, {
      kind: 'prediction',
      body: { symbol, direction, probability: Number(options.probability) / 100, horizonSessions },
      target: noTarget,
      text: null,
      about: symbol,
    })
    const said = `**${name} ${direction}** in ${horizonSessions} session${horizonSessions === 1 ? '' : 's'}, ${options.probability} % sure, against the close of ${price(then.currency, then.price)} (${then.date}).`
    return {
      kind: 'reply',
      ephemeral: false,
      content: withNotice(recorded.notice, said, `Entry ${recorded.seq}, \`${recorded.hash.slice(0, 32)}\`.`),
    }
  },
}

/** Words for the owner and for research, out of a form. */
export const feedback: TalkCommand = {
  definition: { name: 'feedback', description: 'Tell what you think, in a form; nobody else sees it' },
  isPrivate: true,
  run: async () => ({
    kind: 'form',
    // A number of its own, or the client would offer what was typed into the last one.
    id: `feedback:${randomBytes(4).toString('hex')}`,
    title: 'Feedback',
    fields: [
      {
        id: 'text',
        label: 'What do you think?',
        long: true,
        required: true,
        lengthMax: 4000,
        placeholder: 'What was good, wrong or missing. It is kept under a random name.',
      },
    ],
  }),
  async sent(ctx, interaction) {
    const { text, cut } = bounded(String(interaction.options.text ?? ''))
    if (text === null || text.trim() === '') throw new Refusal('The form was empty, so nothing was kept.')
    await refuseTooMany(ctx, interaction, 'feedback', feedbackMost)
    const recorded = await recordSaid(ctx, interaction, { kind: 'feedback', body: {}, target: noTarget, text })
    const shortened = cut === true ? 'What was beyond 4,000 characters was left out.' : ''
    return whisper(withNotice(recorded.notice, `Thank you. It is entry ${recorded.seq}.`, shortened))
  },
}

type Counted = 'prediction' | 'feedback' | 'question'

/** @throws Refusal when a person said so many of a kind within the last so many hours */
export async function refuseTooMany(
  ctx: Context,
  interaction: Interaction,
  kind: Counted,
  most: number,
  hours = 24,
): Promise<void> {
  const people = await peopleOf(ctx)
  const account = { channel: 'discord', userId: interaction.userId } as const
  const salt = (await people.find([account])).get(people.lookup(account))?.salt ?? null
  if (salt === null) return
  const own = people.pseudonym(account, salt)
  const since = new Date(Date.parse(interaction.at) - hours * 3_600_000).toISOString()
  let said = 0
  for await (const entry of ctx.journal.read({ book: communityBook, kinds: [kind], latest: 2000 })) {
    const { person, saidAt } = (entry as Entry<Counted>).body
    if (person === own && saidAt > since && saidAt <= interaction.at) said++
  }
  if (said < most) return
  const span = hours === 1 ? 'an hour' : `${hours} hours`
  throw new Refusal(`That was ${most} within ${span}, as many as one person may. Please come back later.`)
}
