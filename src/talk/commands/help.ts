import { noticeText } from '../notice.ts'
import { type TalkCommand, whisper } from './kit.ts'

/** @param list every command, this one included */
export function helpOn(list: () => readonly TalkCommand[]): TalkCommand {
  return {
    definition: { name: 'help', description: 'What this bot answers' },
    isPrivate: true,
    async run(ctx, interaction) {
      const isOwner = interaction.userId === ctx.config.discord.ownerId
      const lines = list()
        .filter(({ isOwners }) => isOwners !== true || isOwner)
        .map(({ definition }) => {
          const options =
            definition.subcommands?.map(({ name }) => name).join('|') ?? optionsText(definition.options ?? [])
          return `**/${definition.name}**${options === '' ? '' : ` ${options}`}: ${definition.description}`
        })
      return whisper(
        [
          'A language model manages a paper portfolio in public. No real money, no advice; every answer comes from the journal, with the number and hash of its entry.',
          ...lines,
          'Under each decision: agree, disagree, why.',
          `-# ${noticeText.replace('Noted, once: what', 'What')}`,
        ].join('\n'),
      )
    },
  }
}

function optionsText(options: readonly { readonly name: string; readonly required: boolean }[]): string {
  return options.map(({ name, required }) => (required ? name : `[${name}]`)).join(' ')
}
