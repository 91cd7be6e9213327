import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Context } from '../../context.ts'
import { plainText } from '../../decision/plain-text.ts'
import type { Entry } from '../../journal/entry.ts'
import type { Answer, Interaction } from '../../journal/incoming.ts'
import { cutForDiscord } from '../../posts/length.ts'
import { fill } from '../../template.ts'
import { bounded, communityBook, sealSaid } from '../said.ts'
import { noTarget } from '../targets.ts'
import { askJsonSchema, askParser, askSchemaText, withoutInventedFigures } from './ask-answer.ts'
import { type Material, materialFor } from './ask-material.ts'
import { type Recorded, Refusal, recordSaid, type TalkCommand, whisper, withNotice } from './kit.ts'
import { refuseTooMany } from './predict.ts'

const questionMost = 500
const anHourMost = 6
/** Part of the model's daily budget that questions may use, so that the day's decision is never too dear. */
const budgetShare = 0.2
const aDayMost = 300
const shownMost = 30
const atOnceMost = 3

/** A question, answered by the model from the journal alone; without a model, by the entries themselves. */
export const ask: TalkCommand = {
  definition: {
    name: 'ask',
    description: 'Ask about the portfolio; answered from the journal alone, with its entries as sources',
    options: [
      {
        name: 'question',
        description: 'At most 500 characters',
        type: 'text',
        required: true,
        lengthMax: questionMost,
      },
    ],
  },
  isPrivate: true,
  async run(ctx, interaction) {
    const { text } = bounded(String(interaction.options.question))
    const question = plainText(text ?? '', questionMost)
    if (question === '') throw new Refusal('There is no question in that.')
    await refuseTooMany(ctx, interaction, 'question', anHourMost, 1)
    const recorded = await recordSaid(ctx, interaction, { kind: 'question', body: {}, target: noTarget, text })
    const material = await materialFor(ctx, question, shownMost)
    if (material.length === 0) throw new Refusal('The journal holds nothing yet that could answer.')
    const because = await unaskable(ctx, interaction)
    if (because !== null) return answered(ctx, interaction, recorded, { because, material, costUsd: 0 })
    asking++
    try {
      return await askModel(ctx, interaction, recorded, question, material)
    } finally {
      asking--
    }
  },
}

let asking = 0

/** Why the model is not asked now; null when it is. */
async function unaskable(ctx: Context, { at }: Interaction): Promise<string | null> {
  if (ctx.model === null || ctx.config.model === null) return 'No model is configured here'
  if (asking >= atOnceMost) return 'The model is busy with other questions'
  const today = at.slice(0, 10)
  let costUsd = 0
  let count = 0
  for await (const entry of ctx.journal.read({ book: communityBook, kinds: ['answer'], latest: aDayMost })) {
    if (entry.kind !== 'answer' || entry.at.slice(0, 10) !== today) continue
    costUsd += entry.body.costUsd
    if (entry.body.model !== null) count++
  }
  const most = ctx.config.model.dailyBudgetUsd * budgetShare
  return costUsd > most || count >= aDayMost ? "Today's questions have used up what the model may cost" : null
}

async function askModel(
  ctx: Context,
  interaction: Interaction,
  recorded: Recorded,
  question: string,
  material: readonly Material[],
): Promise<Answer> {
  const { system, user } = promptParts()
  const shown = material.toSorted((a, b) => a.seq - b.seq)
  const lines = shown.map(({ line }) => line)
  const today = new Date().toISOString().slice(0, 10)
  let costUsd = 0
  const reply = await ctx.model!.ask({
    messages: [
      { role: 'system', content: fill(system, { answer: askSchemaText }) },
      { role: 'user', content: fill(user, { entries: lines.join('\n'), question: JSON.stringify(question) }) },
    ],
    schemaName: 'answer',
    jsonSchema: askJsonSchema,
    parse: askParser(new Set(shown.map(({ seq }) => seq))),
    date: today,
    spentTodayUsd: ctx.spending.on(today),
    // A raw answer may repeat the question, which must be erasable: of each attempt only the cost is kept.
    record: async (attempt) => {
      costUsd += attempt.costUsd
      ctx.spending.add(attempt.sentAt.slice(0, 10), attempt.costUsd)
    },
  })
  if (reply.kind === 'none') {
    return answered(ctx, interaction, recorded, {
      because: `The model gave no answer: ${reply.because}`,
      material,
      costUsd,
    })
  }
  const { text, dropped } = withoutInventedFigures(reply.answer.answer, lines)
  const sources = [...reply.answer.sources]
  if (text === '') {
    return answered(ctx, interaction, recorded, {
      because: 'The model named figures that stand in no entry',
      material,
      costUsd,
    })
  }
  return answered(ctx, interaction, recorded, { because: null, material, costUsd, text, sources, dropped })
}

/** Writes the answer down and shows it: the model's, or the nearest entries with the reason why it is none of the model's. */
async function answered(
  ctx: Context,
  interaction: Interaction,
  { seq, person, notice }: Recorded,
  found: {
    readonly because: string | null
    readonly material: readonly Material[]
    readonly costUsd: number
    readonly text?: string
    readonly sources?: readonly number[]
    readonly dropped?: number
  },
): Promise<Answer> {
  const { because, material, costUsd, text, dropped = 0 } = found
  const nearest = material.slice(0, 5)
  const sources = text === undefined ? nearest.map((one) => one.seq) : [...(found.sources ?? [])]
  const { ref, row } = sealSaid(person.pseudonym, { text: text ?? null, because })
  const model = ctx.model === null || (text === undefined && costUsd === 0) ? null : ctx.model.name
  const body: Entry<'answer'>['body'] = { of: seq, text: ref, sources, model, costUsd, because }
  const at = ctx.clock.now(interaction.at)
  await ctx.journal.append([{ at, kind: 'answer', book: communityBook, key: `said/a/${seq}`, body, erasable: [row] }], {
    people: new Map([[person.lookup, person.salt]]),
  })
  if (text === undefined) {
    const lines = nearest.map((one) => `- ${cutForDiscord(`Entry ${one.line}`, 320)}`)
    return whisper(withNotice(notice, `${because}. These entries come nearest:\n${lines.join('\n')}`))
  }
  const from =
    sources.length === 0
      ? 'No entry says so.'
      : `From ${sources.length === 1 ? 'entry' : 'entries'} ${sources.join(', ')}.`
  const left =
    dropped === 0
      ? ''
      : dropped === 1
        ? '1 sentence was left out: its figures stand in no entry.'
        : `${dropped} sentences were left out: their figures stand in no entry.`
  return whisper(
    withNotice(
      notice,
      `${cutForDiscord(text, 1400)}\n${from} ${left} Written by a model; no advice.`.replace(/ {2,}/g, ' '),
    ),
  )
}

let parts: { readonly system: string; readonly user: string } | undefined

/** The two halves of prompts/ask.md, cut before anything is put in, so that no question can begin a message of its own. */
function promptParts(): { readonly system: string; readonly user: string } {
  if (parts === undefined) {
    const text = readFileSync(fileURLToPath(new URL('../../../prompts/ask.md', import.meta.url)), 'utf8')
    const [, system, user] = /^<!--.*-->\n+# System\n(.*)\n# User\n(.*)$/s.exec(text.replaceAll('\r\n', '\n')) ?? []
    if (system === undefined || user === undefined)
      throw new Error('prompts/ask.md needs a line "# System" and later a line "# User"')
    parts = { system: system.trim(), user: user.trim() }
  }
  return parts
}
