import type { Context } from '../../context.ts'
import type { Entry } from '../../journal/entry.ts'
import type { Answer, Interaction } from '../../journal/incoming.ts'
import { colors } from '../../posts/discord.ts'
import { footer, notices } from '../../posts/embed-parts.ts'
import { inTurn } from '../capture.ts'
import { peopleOf } from '../people.ts'
import { keysOf } from '../said.ts'
import { readTargets } from '../targets.ts'
import { entryAt, reasonsOf } from './decision.ts'
import { labelsFor, Refusal, recordSaid, whisper, withNotice } from './kit.ts'

export const opinions = ['agree', 'disagree', 'why'] as const
type Opinion = (typeof opinions)[number]

/** Changes of mind of one person about one decision that are kept. */
const changesMost = 20

/** A button under a decision: recorded with the decision's number, and answered to the person alone. */
export async function giveOpinion(ctx: Context, interaction: Interaction): Promise<Answer> {
  const opinion = interaction.name as Opinion
  const decision = await decisionOf(ctx, interaction)
  const open = await ctx.state(decision.book)
  if (open === null) throw new Refusal('The portfolio of this decision is not open.')
  const notice = await inTurn(ctx, () => record(ctx, interaction, decision, opinion))
  if (opinion !== 'why') {
    const said = { agree: 'You agree', disagree: 'You disagree' }[opinion]
    const about = `with the decision of ${decision.body.date}, entry ${decision.seq}.`
    return whisper(withNotice(notice, `${said} ${about} You may change your mind by pressing the other button.`))
  }
  const labels = labelsFor(open)
  return {
    kind: 'reply',
    ephemeral: true,
    ...(notice === '' ? {} : { content: `-# ${notice}` }),
    embeds: [
      {
        title: `Why, in the words recorded on ${decision.body.date}`,
        description: notices(open.opened, labels, decision.body.policy),
        color: colors.plain,
        fields: reasonsOf(decision, open),
        footer: footer(open.opened, labels),
        timestamp: decision.at,
      },
    ],
  }
}

/** The decision that a button names by number and hash: a button of another journal, or a forged one, names none. */
async function decisionOf(ctx: Context, { parameters }: Interaction): Promise<Entry<'decision'>> {
  const [number = '', hash = ''] = parameters
  const unknown = new Refusal('This button belongs to a decision that this journal does not have.')
  if (!/^[1-9]\d{0,8}$/.test(number) || !/^[0-9a-f]{32}$/.test(hash)) throw unknown
  const entry = await entryAt(ctx, Number(number)).catch(() => null)
  if (entry === null || !entry.hash.startsWith(hash)) throw unknown
  return entry
}

/** Writes an opinion once; pressing the same button again changes nothing. @returns what the person is told once */
async function record(
  ctx: Context,
  interaction: Interaction,
  decision: Entry<'decision'>,
  opinion: Opinion,
): Promise<string> {
  const people = await peopleOf(ctx)
  const prefix = keysOf(people).opinion('discord', decision.seq, interaction.userId)
  const done = await ctx.journal.doneUnder(prefix)
  const entries = (await Array.fromAsync(
    ctx.journal.read({ seqs: [...done.values()], kinds: ['opinion'] }),
  )) as Entry<'opinion'>[]
  // To ask why is no change of mind.
  const last =
    opinion === 'why'
      ? entries.find(({ body }) => body.opinion === 'why')
      : entries.findLast(({ body }) => body.opinion !== 'why')
  if (last?.body.opinion === opinion || done.size >= changesMost) return ''
  const targets = await readTargets(ctx)
  const post = interaction.messageId === null ? null : targets.postOf('discord', interaction.messageId)
  const { notice } = await recordSaid(ctx, interaction, {
    kind: 'opinion',
    body: { opinion },
    target: { post, decision: decision.seq },
    text: null,
    key: `${prefix}${done.size + 1}`,
  })
  return notice
}
