import { strict as assert } from 'node:assert'
import { z } from 'zod'
import { Instant } from '../units.ts'

/** What Discord accepts in one message with embeds; its own documentation counts characters, UTF-16 units are never fewer. */
export const discordLimits = {
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  total: 6000,
  alt: 1024,
} as const

const Field = z.strictObject({
  name: z.string().min(1).max(discordLimits.fieldName),
  value: z.string().min(1).max(discordLimits.fieldValue),
  inline: z.boolean(),
})
export type Field = z.infer<typeof Field>

export const Embed = z.strictObject({
  title: z.string().min(1).max(discordLimits.title),
  description: z.string().max(discordLimits.description),
  color: z.int().min(0).max(0xffffff),
  fields: z.array(Field).max(discordLimits.fields),
  footer: z.strictObject({ text: z.string().max(discordLimits.footer) }),
  timestamp: Instant,
  image: z.strictObject({ url: z.string().regex(/^attachment:\/\/[a-z-]+\.png$/) }).optional(),
})
export type Embed = z.infer<typeof Embed>

const Button = z.strictObject({
  type: z.literal(2),
  style: z.literal(2),
  label: z.string().min(1).max(80),
  custom_id: z.string().min(1).max(100),
})

/** A message for Discord as plain data, in the API's own field names; `charts` are the pictures its embeds refer to. */
export const DiscordPost = z
  .strictObject({
    embeds: z.array(Embed).min(1).max(10),
    components: z.array(z.strictObject({ type: z.literal(1), components: z.array(Button).min(1).max(5) })).max(5),
    /** Nothing in a post may ping anybody. */
    allowedMentions: z.strictObject({ parse: z.array(z.never()).length(0) }),
    charts: z.array(z.strictObject({ name: z.string(), alt: z.string().min(1).max(discordLimits.alt) })),
  })
  .refine((post) => post.embeds.reduce((sum, embed) => sum + embedLength(embed), 0) <= discordLimits.total, {
    message: `the embeds of a message hold at most ${discordLimits.total} characters together`,
  })
export type DiscordPost = z.infer<typeof DiscordPost>

/** Characters that count towards the limit of a message. */
export function embedLength(embed: Embed): number {
  let length = embed.title.length + embed.description.length + embed.footer.text.length
  for (const field of embed.fields) length += field.name.length + field.value.length
  return length
}

/**
 * A message whose embeds fit: built with the longest quotations that do.
 *
 * @param build lays the message out with at most so many characters for each quotation
 */
export function fitDiscord(build: (quoteMax: number) => DiscordPost): DiscordPost {
  for (const quoteMax of [discordLimits.fieldValue, 700, 450, 300, 200, 120, 60, 24]) {
    const parsed = DiscordPost.safeParse(build(quoteMax))
    if (parsed.success) return parsed.data
    // Only a message that is too long as a whole gets better with shorter quotations.
    const faults = parsed.error.issues.filter((issue) => issue.code !== 'custom')
    assert(faults.length === 0, `a post breaks Discord's limits: ${z.prettifyError(parsed.error)}`)
  }
  return assert.fail('a post does not fit into one Discord message, however short its quotations')
}

/** Joins lines into a field's value; those that do not fit are counted. */
export function linesWithin(lines: readonly string[], lengthMax: number = discordLimits.fieldValue): string {
  const most = Math.min(lengthMax, discordLimits.fieldValue)
  const whole = lines.join('\n')
  if (whole.length <= most) return whole
  const kept: string[] = []
  let length = 0
  for (const line of lines) {
    if (length + line.length + 1 > most - 20) break
    kept.push(line)
    length += line.length + 1
  }
  return [...kept, `and ${lines.length - kept.length} more`].join('\n')
}

/** Fields that must all appear, after as many of `first` as there is room for, at most `most`; the rest of those share one field. */
export function fieldsWithin(
  first: readonly Field[],
  then: readonly Field[],
  most: number = discordLimits.fields,
): Field[] {
  const room = Math.max(1, Math.min(most, discordLimits.fields - then.length))
  if (first.length <= room) return [...first, ...then]
  const left = first.slice(room - 1)
  const names = linesWithin(left.map((field) => field.name))
  return [...first.slice(0, room - 1), { name: `And ${left.length} more`, value: names, inline: false }, ...then]
}

/** What one thinks of a decision: answered by buttons, recorded with the entry's number. */
export function opinionButtons(of: { readonly seq: number; readonly hash: string }): DiscordPost['components'] {
  const button = (label: string, verb: string) => ({
    type: 2 as const,
    style: 2 as const,
    label,
    custom_id: `${verb}:${of.seq}:${of.hash.slice(0, 32)}`,
  })
  return [{ type: 1, components: [button('Agree', 'agree'), button('Disagree', 'disagree'), button('Why?', 'why')] }]
}

export const colors = { plain: 0x2f5d8a, missed: 0xb7791f, alert: 0xb23a3a } as const
