import { ComponentType, InteractionResponseType, MessageFlags, type RawFile, TextInputStyle } from 'discord.js'
import type { Answer, AnswerEmbed } from '../../journal/incoming.ts'

/** Answers in the API's terms, cut to what Discord takes, so that no answer is refused for its length. */

/** Discord's limits of a message; those of embeds are counted by code points there, UTF-16 units are never fewer. */
const limits = {
  content: 2000,
  embeds: 10,
  total: 6000,
  title: 256,
  description: 4096,
  fields: 25,
  fieldName: 256,
  fieldValue: 1024,
  footer: 2048,
  files: 10,
  alt: 1024,
  fileBytes: 8 << 20,
  choices: 25,
  choice: 100,
  formTitle: 45,
  formLabel: 45,
  formFields: 5,
  input: 4000,
  placeholder: 100,
} as const

type Reply = Extract<Answer, { readonly kind: 'reply' }>

/** Nothing in an answer notifies anybody. */
const nobody = { parse: [] as const }

/** A message and its files. */
export function messageBody(answer: Reply): { readonly body: Record<string, unknown>; readonly files: RawFile[] } {
  const files = (answer.files ?? []).slice(0, limits.files).filter((file) => file.bytes.length <= limits.fileBytes)
  const names = new Set(files.map((file) => file.name))
  const embeds = embedsWithin(answer.embeds ?? [], names)
  const content = cut(answer.content ?? '', limits.content)
  const isEmpty = content.trim() === '' && embeds.length === 0 && files.length === 0
  return {
    body: {
      content: isEmpty ? 'There is nothing to show.' : content,
      embeds,
      components: answer.components ?? [],
      attachments: files.map((file, id) => ({
        id,
        filename: file.name,
        ...(file.alt === undefined ? {} : { description: cut(file.alt, limits.alt) }),
      })),
      allowed_mentions: nobody,
      flags: answer.ephemeral ? MessageFlags.Ephemeral : 0,
    },
    files: files.map((file) => ({ name: file.name, data: Buffer.from(file.bytes) })),
  }
}

/** Shortens to a length between two characters, and says so by an ellipsis. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text.toWellFormed()
  return `${text.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`.toWellFormed()
}

function embedsWithin(embeds: readonly AnswerEmbed[], files: ReadonlySet<string>): Record<string, unknown>[] {
  let room: number = limits.total
  const take = (text: string, most: number) => {
    const taken = room <= 0 ? '' : cut(text, Math.min(most, room))
    room -= taken.length
    return taken
  }
  return embeds.slice(0, limits.embeds).flatMap((embed) => {
    const title = take(embed.title ?? '', limits.title)
    const footer = take(embed.footer?.text ?? '', limits.footer)
    const description = take(embed.description ?? '', limits.description)
    const fields: unknown[] = []
    for (const field of (embed.fields ?? []).slice(0, limits.fields)) {
      // A field needs a name and a value; one that has no room left is left out with those after it.
      if (room < 40) break
      const name = take(field.name, limits.fieldName)
      const value = take(field.value, limits.fieldValue)
      fields.push({ name: blank(name), value: blank(value), inline: field.inline })
      if (name === '' || value === '') room -= 1
    }
    const image =
      embed.image !== undefined && files.has(embed.image.url.replace('attachment://', '')) ? embed.image : undefined
    if (title === '' && description === '' && fields.length === 0 && image === undefined) return []
    return [
      {
        ...(title === '' ? {} : { title }),
        ...(description === '' ? {} : { description }),
        ...(footer === '' ? {} : { footer: { text: footer } }),
        ...(fields.length === 0 ? {} : { fields }),
        ...(image === undefined ? {} : { image }),
        ...(embed.color === undefined ? {} : { color: embed.color }),
        ...(embed.timestamp === undefined ? {} : { timestamp: embed.timestamp }),
      },
    ]
  })
}

const blank = (text: string) => (text.trim() === '' ? '-' : text)

/** A form that opens. */
export function formBody(answer: Extract<Answer, { readonly kind: 'form' }>): Record<string, unknown> {
  return {
    type: InteractionResponseType.Modal,
    data: {
      custom_id: answer.id.slice(0, 100),
      title: cut(answer.title, limits.formTitle),
      components: answer.fields.slice(0, limits.formFields).map((field) => ({
        type: ComponentType.Label,
        label: cut(field.label, limits.formLabel),
        component: {
          type: ComponentType.TextInput,
          custom_id: field.id.slice(0, 100),
          style: field.long ? TextInputStyle.Paragraph : TextInputStyle.Short,
          required: field.required,
          max_length: Math.min(field.lengthMax, limits.input),
          ...(field.placeholder === undefined ? {} : { placeholder: cut(field.placeholder, limits.placeholder) }),
        },
      })),
    },
  }
}

export function choicesBody(answer: Extract<Answer, { readonly kind: 'choices' }>): Record<string, unknown> {
  const choices = answer.choices
    .filter(({ name, value }) => name.trim() !== '' && (typeof value === 'number' || value.length <= limits.choice))
    .slice(0, limits.choices)
    .map(({ name, value }) => ({ name: cut(name, limits.choice), value }))
  return { type: InteractionResponseType.ApplicationCommandAutocompleteResult, data: { choices } }
}
