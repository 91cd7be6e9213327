import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import { fill, namesIn } from '../template.ts'
import { extractionJsonSchema } from './extraction.ts'
import { catalystKinds } from './kinds.ts'

export type CatalystQuestion = {
  readonly source: string
  /** What the source claims; null where it claims nothing. */
  readonly published: string | null
  /** Symbols that may be named. */
  readonly assets: readonly string[]
  /** A piece of the text, title included. */
  readonly text: string
}

/**
 * The messages for one piece of a text. It is enclosed by a mark that is a hash of itself, which no author can have foreseen, and
 * the file is cut into its two messages before anything is put in: nothing in a text can end it or start a message.
 *
 * @param template text of prompts/catalyst.md
 * @throws InputError where the file lacks its two parts or a name
 */
export function renderCatalystPrompt(
  template: string,
  { source, published, assets, text }: CatalystQuestion,
): readonly { readonly role: 'system' | 'user'; readonly content: string }[] {
  const parts = /^<!--[^\n]*\n+# System\n(.*?)\n# User\n(.*)$/s.exec(template)
  if (parts === null) {
    throw new InputError(
      'prompts/catalyst.md must have a first line that names its reader, then "# System" and "# User"',
    )
  }
  const mark = createHash('sha256').update(`primer catalyst\n${text}`).digest('hex').slice(0, 24)
  const values: Readonly<Record<string, string>> = {
    kinds: catalystKinds.join(', '),
    answer: `Answer with one JSON object and nothing else (no prose, no code fence), valid against this JSON schema:\n${JSON.stringify(extractionJsonSchema)}`,
    assets: assets.join(', '),
    source,
    published: published ?? 'unknown',
    mark,
    text,
  }
  const render = (part: string) =>
    fill(part.trim(), Object.fromEntries(namesIn(part).map((name) => [name, values[name] ?? missing(name)])))
  return [
    { role: 'system', content: render(parts[1]!) },
    { role: 'user', content: render(parts[2]!) },
  ]
}

function missing(name: string): never {
  throw new InputError(`prompts/catalyst.md asks for {{${name}}}, which nothing fills`)
}

/** SHA-256 of the prompt file. */
export function catalystPromptSha256(template: string): string {
  return createHash('sha256').update(template).digest('hex')
}
