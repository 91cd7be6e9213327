import { isDeepStrictEqual } from 'node:util'
import { ApplicationCommandOptionType, PermissionFlagsBits, type REST, Routes } from 'discord.js'
import { z } from 'zod'
import type { Command, CommandOption } from '../../journal/incoming.ts'

type Plain = Readonly<Record<string, unknown>>

/** Commands in the API's terms, with everything Discord would fill in, so that two lists can be compared. */
export function commandBody(command: Command): Plain {
  const options: readonly Plain[] =
    command.subcommands === undefined
      ? (command.options ?? []).map(optionBody)
      : command.subcommands.map(({ name, description, options = [] }) => ({
          type: ApplicationCommandOptionType.Subcommand,
          name,
          description,
          options: options.map(optionBody),
        }))
  return {
    type: 1,
    name: command.name,
    description: command.description,
    options,
    default_member_permissions: command.ownerOnly === true ? String(PermissionFlagsBits.ManageGuild) : null,
  }
}

const types = {
  text: ApplicationCommandOptionType.String,
  integer: ApplicationCommandOptionType.Integer,
  number: ApplicationCommandOptionType.Number,
  flag: ApplicationCommandOptionType.Boolean,
} as const

function optionBody(option: CommandOption): Plain {
  return {
    type: types[option.type],
    name: option.name,
    description: option.description,
    required: option.required,
    autocomplete: option.suggests === true,
    ...(option.choices === undefined ? {} : { choices: option.choices.map(({ name, value }) => ({ name, value })) }),
    ...(option.min === undefined ? {} : { min_value: option.min }),
    ...(option.max === undefined ? {} : { max_value: option.max }),
    ...(option.lengthMax === undefined ? {} : { max_length: option.lengthMax }),
  }
}

const known = [
  'type',
  'name',
  'description',
  'options',
  'default_member_permissions',
  'required',
  'autocomplete',
  'choices',
  'min_value',
  'max_value',
  'max_length',
  'value',
]

/** A command as Discord tells it, without what it adds, with what it leaves out where it is the default. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const kept = Object.entries(value).filter(
    ([name, held]) =>
      known.includes(name) && held !== false && held !== null && !(Array.isArray(held) && held.length === 0),
  )
  return Object.fromEntries(kept.map(([name, held]) => [name, comparable(held)]))
}

const byName = (a: unknown, b: unknown) => (nameIn(a) < nameIn(b) ? -1 : 1)
const nameIn = (command: unknown) => String((command as Plain).name)

/** Whether Discord offers these commands and no others. */
export async function areRegistered(
  rest: REST,
  where: { readonly applicationId: string; readonly guildId: string },
  commands: readonly Command[],
): Promise<boolean> {
  const held = z
    .array(z.looseObject({ name: z.string() }))
    .parse(await rest.get(Routes.applicationGuildCommands(where.applicationId, where.guildId)))
  const wanted = commands.map(commandBody)
  return isDeepStrictEqual(held.toSorted(byName).map(comparable), wanted.toSorted(byName).map(comparable))
}

/** Offers the commands in the server of our channel, unless it does already. Returns whether anything was changed. */
export async function register(
  rest: REST,
  where: { readonly applicationId: string; readonly guildId: string },
  commands: readonly Command[],
): Promise<boolean> {
  // Where the list cannot be read, offering it again does no harm.
  if (await areRegistered(rest, where, commands).catch(() => false)) return false
  await rest.put(Routes.applicationGuildCommands(where.applicationId, where.guildId), {
    body: commands.map(commandBody),
  })
  return true
}
