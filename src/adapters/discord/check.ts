import { ApplicationFlags, type REST, Routes } from 'discord.js'
import { z } from 'zod'
import type { Command } from '../../journal/incoming.ts'
import { areRegistered } from './commands.ts'
import { inviteUrl, missingPermissions, readChannel } from './permissions.ts'
import { postable } from './publisher.ts'
import { failureOf, isUnheardOf, openRest, remedy } from './rest.ts'

export type Checked = { readonly isGood: boolean; readonly said: string }

const Application = z.object({
  id: z.string(),
  name: z.string(),
  /** Null where the server tells none. */
  flags: z.int().nullable().default(null),
  bot: z.object({ id: z.string() }).optional(),
})

/**
 * Tries everything the bot needs on Discord, changing nothing: token, application, channel, permissions, the message-content
 * intent and the commands. Each finding that is not good says what to click.
 */
export async function checkDiscordSettings(
  settings: {
    readonly token: string
    readonly applicationId: string
    readonly channelId: string
    readonly apiUrl: string | null
  },
  commands: readonly Command[],
): Promise<readonly Checked[]> {
  const rest = openRest({ ...settings, retries: 0, timeoutMs: 10_000, waitMostMs: 5_000 })
  const good = (said: string): Checked => ({ isGood: true, said })
  const bad = (said: string): Checked => ({ isGood: false, said })
  let application: z.infer<typeof Application>
  try {
    application = await readApplication(rest)
  } catch (error) {
    const failure = failureOf(error)
    const isOther = error instanceof z.ZodError || failure.kind === 'unknown'
    return [bad(isOther ? 'what answers is not Discord: check DISCORD_API_URL' : remedy(failure))]
  }
  const { id, flags } = application
  const invite = `open ${inviteUrl(id)}, choose the server, Authorize`
  const found: Checked[] = [
    id === settings.applicationId
      ? good(`token accepted, application ${application.name.slice(0, 40)}`)
      : bad(`the token is of another application: set DISCORD_APPLICATION_ID=${id}`),
    contentOf(flags),
  ]
  try {
    const channel = await readChannel(rest, settings.channelId)
    const name = `#${(channel.name ?? channel.id).slice(0, 60)}`
    if (channel.guild_id === undefined || !postable.includes(channel.type)) {
      return [
        ...found,
        bad(`${name} is no text channel: right click on a text channel, Copy Channel ID, DISCORD_CHANNEL_ID`),
      ]
    }
    const missing = await missingPermissions(rest, channel, application.bot?.id ?? id).catch(unlessUnheardOf)
    found.push(
      missing === null
        ? good(`${name} is reachable; whether the permissions suffice shows with the first post`)
        : missing.length === 0
          ? good(`${name} is reachable, with all permissions`)
          : bad(
              `${name}: the bot lacks ${missing.join(', ')}: right click on the channel, Edit Channel, Permissions, add the bot, allow them; or ${invite} once more`,
            ),
    )
    const where = { applicationId: id, guildId: channel.guild_id }
    const offered = await areRegistered(rest, where, commands).catch(unlessUnheardOf)
    const count = `${commands.length} commands`
    found.push(good(offered === true ? `${count} registered` : `${count} not registered yet: primer start does it`))
  } catch (error) {
    const failure = failureOf(error)
    const how =
      failure.kind === 'forbidden' || failure.kind === 'unknown'
        ? `; is the bot in the server at all? If not, ${invite}`
        : ''
    found.push(bad(`${remedy(failure)}${how}`))
  }
  return found
}

function contentOf(flags: number | null): Checked {
  const asked = ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited
  if (flags === null) return { isGood: true, said: 'whether the message-content intent is on shows at the start' }
  if ((flags & asked) !== 0) return { isGood: true, said: 'message-content intent on: texts of replies come along' }
  return {
    isGood: true,
    said: 'message-content intent off: it works, but texts of replies come along only where they mention the bot; to have them: Developer Portal, Bot, Message Content Intent, Save Changes, restart',
  }
}

/** Null where the server does not know the question. */
function unlessUnheardOf(error: unknown): null {
  if (!isUnheardOf(error)) throw error
  return null
}

/** Who the token is of. A server that knows no applications is asked for the bot, whose number is mostly the same. */
async function readApplication(rest: REST): Promise<z.infer<typeof Application>> {
  try {
    return Application.parse(await rest.get(Routes.currentApplication()))
  } catch (error) {
    unlessUnheardOf(error)
    const bot = z.object({ id: z.string(), username: z.string() }).parse(await rest.get(Routes.user()))
    return { id: bot.id, name: bot.username, flags: null }
  }
}
