import type { Context } from '../../context.ts'
import type { Answer, Command, CommandOption, Interaction } from '../../journal/incoming.ts'
import { closest } from '../../misspelling.ts'
import { ask } from './ask.ts'
import { decision, why } from './decision.ts'
import { helpOn } from './help.ts'
import { quoted, Refusal, refusing, type TalkCommand } from './kit.ts'
import { giveOpinion, opinions } from './opinion.ts'
import { pause, resume, status, trade } from './owner.ts'
import { performance } from './performance.ts'
import { portfolio } from './portfolio.ts'
import { feedback, predict } from './predict.ts'
import { privacy } from './privacy.ts'
import { trades, weekly } from './trades.ts'
import { verify } from './verify.ts'

const list: readonly TalkCommand[] = [
  portfolio,
  decision,
  why,
  performance,
  trades,
  weekly,
  verify,
  predict,
  feedback,
  ask,
  privacy,
  helpOn(() => list),
  trade,
  pause,
  resume,
  status,
]
const byName: ReadonlyMap<string, TalkCommand> = new Map(list.map((command) => [command.definition.name, command]))

/** The slash commands, as they are registered. */
export const commands: readonly Command[] = list.map(({ definition }) => definition)

/** Whether only the person sees the answer: asked when it takes long, before it is there. */
export function isPrivate({ kind, name }: Interaction): boolean {
  return kind === 'button' || (byName.get(name)?.isPrivate ?? true)
}

/**
 * Answers a command, a button, a form or a question for suggestions, from the journal alone.
 *
 * @throws what the world fails with; whatever a person did wrong is an answer
 */
export function handle(ctx: Context, interaction: Interaction): Promise<Answer> {
  return refusing(async () => {
    const { kind, name } = interaction
    if (kind === 'button') {
      if ((opinions as readonly string[]).includes(name)) return giveOpinion(ctx, interaction)
      throw new Refusal('This button is none of mine.')
    }
    const command = byName.get(name)
    if (kind === 'autocomplete') {
      const isAllowed = command?.isOwners !== true || isOwner(ctx, interaction)
      return isAllowed && command?.suggest !== undefined
        ? command.suggest(ctx, interaction)
        : { kind: 'choices', choices: [] }
    }
    if (command === undefined) throw unknownCommand(name)
    if (command.isOwners === true) refuseStrangers(ctx, interaction)
    if (kind === 'modal') {
      if (command.sent === undefined) throw new Refusal('This form is none of mine.')
      return command.sent(ctx, interaction)
    }
    refuseOptions(command.definition, interaction)
    return command.run(ctx, interaction)
  })
}

function unknownCommand(name: string): Refusal {
  const meant = closest(name, [...byName.keys()], 2)
  return new Refusal(
    `There is no command /${quoted(name, 40)}${meant === null ? '.' : `; did you mean /${meant}?`} /help lists them all.`,
  )
}

function isOwner(ctx: Context, { userId }: Interaction): boolean {
  return ctx.config.discord.ownerId !== null && userId === ctx.config.discord.ownerId
}

function refuseStrangers(ctx: Context, interaction: Interaction): void {
  if (isOwner(ctx, interaction)) return
  throw new Refusal(
    ctx.config.discord.ownerId === null
      ? 'This is for the owner alone, and nobody is named as such: set DISCORD_OWNER_ID.'
      : 'This is for the owner alone.',
  )
}

/** Discord checks options before it sends them; whoever sends them otherwise is told what is wrong. */
function refuseOptions(definition: Command, { options, subcommand }: Interaction): void {
  const known =
    definition.subcommands === undefined
      ? definition.options
      : definition.subcommands.find(({ name }) => name === subcommand)?.options
  for (const name of Object.keys(options)) {
    if (!(known ?? []).some((option) => option.name === name)) {
      throw new Refusal(`/${definition.name} has no option ${quoted(name, 40)}.`)
    }
  }
  for (const option of known ?? []) {
    const value = options[option.name]
    if (value === undefined) {
      if (option.required) throw new Refusal(`/${definition.name} needs ${option.name}: ${option.description}.`)
      continue
    }
    const fault = faultOf(option, value)
    if (fault !== null) throw new Refusal(`${option.name} ${fault}.`)
  }
}

function faultOf(option: CommandOption, value: string | number | boolean): string | null {
  const { type, min, max, choices, lengthMax } = option
  const isRight = { text: 'string', integer: 'number', number: 'number', flag: 'boolean' }[type]
  if (typeof value !== isRight)
    return `must be ${type === 'text' ? 'a text' : type === 'flag' ? 'yes or no' : 'a number'}`
  if (typeof value === 'number') {
    const isWhole = type !== 'integer' || Number.isInteger(value)
    const fits = Number.isFinite(value) && value >= (min ?? -Infinity) && value <= (max ?? Infinity)
    return isWhole && fits
      ? null
      : `is ${value}; it must be ${type === 'integer' ? 'a whole number' : 'a number'} from ${min} to ${max}`
  }
  if (choices !== undefined && !choices.some((choice) => choice.value === value)) {
    return `is ${quoted(value, 40)}; choose one of ${choices.map((choice) => choice.value).join(', ')}`
  }
  if (typeof value === 'string' && value.length > (lengthMax ?? 6000)) {
    return `has ${value.length} characters; at most ${lengthMax ?? 6000} are allowed`
  }
  return null
}
