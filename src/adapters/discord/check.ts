import { ApplicationFlags, Routes } from 'discord.js'
import { z } from 'zod'
import type { Command } from '../../journal/incoming.ts'
import { areRegistered } from './commands.ts'
import { inviteUrl, missingPermissions, readChannel } from './permissions.ts'
import { postable } from './publisher.ts'
import { failureOf, openRest, remedy } from './rest.ts'

export type Checked = { readonly isGood: boolean; readonly said: string }

const Application = z.object({
  id: z.string(),
  name: z.string(),
  flags: z.int().default(0),
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
    application = Application.parse(await rest.get(Routes.currentApplication()))
  } catch (error) {
    if (error instanceof z.ZodError) return [bad('what answers is not Discord: check DISCORD_API_URL')]
    return [bad(remedy(failureOf(error)))]
  }
  const { id, flags } = application
  const invite = `open ${inviteUrl(id)}, choose the server, Authorize`
  const found: Checked[] = [
    id === settings.applicationId
      ? good(`token accepted, application ${application.name.slice(0, 40)}`)
      : bad(`the token is of another application: set DISCORD_APPLICATION_ID=${id}`),
    (flags & (ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited)) !== 0
      ? good('message-content intent on: texts of replies come along')
      : good(
          'message-content intent off: it works, but texts of replies come along only where they mention the bot; to have them: Developer Portal, Bot, Message Content Intent, Save Changes, restart',
        ),
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
    const missing = await missingPermissions(rest, channel, application.bot?.id ?? id)
    found.push(
      missing.length === 0
        ? good(`${name} is reachable, with all permissions`)
        : bad(
            `${name}: the bot lacks ${missing.join(', ')}: right click on the channel, Edit Channel, Permissions, add the bot, allow them; or ${invite} once more`,
          ),
    )
    const offered = await areRegistered(rest, { applicationId: id, guildId: channel.guild_id }, commands)
    const count = `${commands.length} commands`
    found.push(good(offered ? `${count} registered` : `${count} not registered yet: primer start does it`))
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
