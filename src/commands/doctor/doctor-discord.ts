import type { Config } from '../../config.ts'
import type { Finding } from './finding.ts'

/** Discord: token, application, intent, channel, permissions and commands. Nothing is posted or changed. */
export async function checkDiscord({ discord }: Config): Promise<readonly Finding[]> {
  const check = 'discord'
  const { token, applicationId, channelId, ownerId, apiUrl } = discord
  if (token === null || applicationId === null || channelId === null) {
    const how = 'set DISCORD_TOKEN, DISCORD_APPLICATION_ID and DISCORD_CHANNEL_ID (README, "Posting to Discord")'
    return [{ check, state: 'preview', detail: `not configured: posts are rendered and journaled, not sent; ${how}` }]
  }
  const { checkDiscordSettings } = await import('../../adapters/discord/check.ts')
  const { commands } = await import('../../talk/commands/index.ts')
  const found = await checkDiscordSettings({ token, applicationId, channelId, apiUrl }, commands)
  const findings: readonly Finding[] = found.map(({ isGood, said }) => ({
    check,
    state: isGood ? 'ok' : 'failing',
    detail: said,
  }))
  if (ownerId !== null) return findings
  const owner =
    'nobody may use /trade, /pause, /resume and /status: right click on yourself, Copy User ID, DISCORD_OWNER_ID'
  return [...findings, { check, state: 'missing', detail: owner }]
}
