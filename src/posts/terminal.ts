import type { RenderedPost } from '../journal/entry.ts'
import { DiscordPost } from './discord.ts'

/**
 * A post as a terminal shows it: what X would carry, text by text, or for a purpose without X the Discord message.
 * Plain lines without colour, so that it reads the same in a file.
 *
 * @param options.width of the frame, in columns
 * @returns the first line names purpose and entry; the rest is framed
 */
export function postOnTerminal(post: RenderedPost, options: { readonly width?: number } = {}): string {
  const width = Math.max(40, options.width ?? 84)
  const where =
    post.x.length > 0 ? `X, ${post.x.length === 1 ? 'one post' : `a thread of ${post.x.length}`}` : 'Discord'
  const texts = post.x.length > 0 ? post.x : discordTexts(post)
  const lines = [`${post.purpose} post of entry ${post.of.seq} (${where})`]
  for (const text of texts) {
    lines.push(`  ┌${'─'.repeat(width - 4)}`)
    for (const paragraph of text.split('\n')) {
      for (const line of wrapped(paragraph, width - 6)) lines.push(`  │ ${line}`.trimEnd())
    }
  }
  if (texts.length > 0) lines.push(`  └${'─'.repeat(width - 4)}`)
  return lines.join('\n')
}

function discordTexts(post: RenderedPost): string[] {
  const parsed = DiscordPost.safeParse(post.discord)
  if (!parsed.success) return []
  return parsed.data.embeds.map((embed) => {
    const fields = embed.fields.map(({ name, value }) => `${name}\n${indented(value)}`)
    return unmarked([embed.title, embed.description, ...fields, embed.footer.text].join('\n'))
  })
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ')
}

/** Without Discord's markup: bold, code and the escapes that keep other text from becoming either. */
function unmarked(text: string): string {
  return text.replace(/\\([^\p{L}\p{N}\s])|\*\*|`/gu, (_, escaped: string | undefined) => escaped ?? '')
}

/** Lines of at most `width` characters, broken between words but not inside 'EUR 10' or '2.1 %'; an indent is kept. */
function wrapped(text: string, width: number): string[] {
  const indent = /^ */.exec(text)![0]
  const lines: string[] = []
  let line = ''
  for (const word of text.trim().split(/(?<!\b[A-Z]{3}) +(?!%)|(?<=\b[A-Z]{3}) +(?![\d+-])(?!%)/)) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(indent + line)
  return lines
}
