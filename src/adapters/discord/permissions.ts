import { OAuth2Scopes, PermissionFlagsBits, type REST, Routes } from 'discord.js'
import { z } from 'zod'

/** What the bot does in its channel, and the name of the permission in Discord's own settings. */
export const needed = [
  { bit: PermissionFlagsBits.ViewChannel, name: 'View Channel' },
  { bit: PermissionFlagsBits.SendMessages, name: 'Send Messages' },
  { bit: PermissionFlagsBits.EmbedLinks, name: 'Embed Links' },
  { bit: PermissionFlagsBits.AttachFiles, name: 'Attach Files' },
  { bit: PermissionFlagsBits.ReadMessageHistory, name: 'Read Message History' },
  { bit: PermissionFlagsBits.CreatePublicThreads, name: 'Create Public Threads' },
  { bit: PermissionFlagsBits.SendMessagesInThreads, name: 'Send Messages in Threads' },
  { bit: PermissionFlagsBits.AddReactions, name: 'Add Reactions' },
  // Split from Manage Messages, which has not covered it since February 2026.
  { bit: PermissionFlagsBits.PinMessages, name: 'Pin Messages' },
] as const

/** Address that adds the bot to a server, with exactly these permissions. */
export function inviteUrl(applicationId: string): string {
  const bits = needed.reduce((sum, { bit }) => sum | bit, 0n)
  const query = new URLSearchParams({
    client_id: applicationId,
    permissions: String(bits),
    scope: `${OAuth2Scopes.Bot} ${OAuth2Scopes.ApplicationsCommands}`,
  })
  return `https://discord.com/oauth2/authorize?${query}`
}

const bits = z.string().regex(/^\d+$/).transform(BigInt)
const Overwrite = z.object({ id: z.string(), type: z.int(), allow: bits, deny: bits })
export const ChannelFacts = z.object({
  id: z.string(),
  type: z.int(),
  name: z.string().optional(),
  guild_id: z.string().optional(),
  permission_overwrites: z.array(Overwrite).default([]),
})
export type ChannelFacts = z.infer<typeof ChannelFacts>
const Roles = z.array(z.object({ id: z.string(), permissions: bits }))
const Member = z.object({ roles: z.array(z.string()) })

export async function readChannel(rest: REST, channelId: string): Promise<ChannelFacts> {
  return ChannelFacts.parse(await rest.get(Routes.channel(channelId)))
}

/** Names of the needed permissions that the bot does not have in the channel; asks for the roles of its server. */
export async function missingPermissions(rest: REST, channel: ChannelFacts, botId: string): Promise<string[]> {
  const guildId = channel.guild_id
  if (guildId === undefined) return []
  const [roles, member] = await Promise.all([
    rest.get(Routes.guildRoles(guildId)).then((answer) => Roles.parse(answer)),
    rest.get(Routes.guildMember(guildId, botId)).then((answer) => Member.parse(answer)),
  ])
  const held = permissionsIn(channel.permission_overwrites, {
    guildId,
    roles,
    memberRoles: member.roles,
    userId: botId,
  })
  return needed.filter(({ bit }) => (held & bit) === 0n).map(({ name }) => name)
}

/**
 * Permissions of a member in a channel: those of the roles, then what the channel denies and allows everybody, the roles
 * together, and the member, in this order. An administrator has all; who may not see the channel has none.
 *
 * Source: Discord's documentation, Permissions, "Permission Overwrites".
 */
export function permissionsIn(
  overwrites: ChannelFacts['permission_overwrites'],
  who: {
    readonly guildId: string
    readonly roles: readonly { readonly id: string; readonly permissions: bigint }[]
    readonly memberRoles: readonly string[]
    readonly userId: string
  },
): bigint {
  const { guildId, roles, memberRoles, userId } = who
  let held = 0n
  for (const role of roles) if (role.id === guildId || memberRoles.includes(role.id)) held |= role.permissions
  if ((held & PermissionFlagsBits.Administrator) !== 0n) return ~0n
  const apply = (chosen: ChannelFacts['permission_overwrites']) => {
    const deny = chosen.reduce((sum, one) => sum | one.deny, 0n)
    const allow = chosen.reduce((sum, one) => sum | one.allow, 0n)
    held = (held & ~deny) | allow
  }
  apply(overwrites.filter(({ id }) => id === guildId))
  apply(overwrites.filter(({ id, type }) => type === 0 && id !== guildId && memberRoles.includes(id)))
  apply(overwrites.filter(({ id, type }) => type === 1 && id === userId))
  return (held & PermissionFlagsBits.ViewChannel) === 0n ? 0n : held
}
