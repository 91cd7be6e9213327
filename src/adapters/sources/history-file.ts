import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { z } from 'zod'
import type { FoundItem } from '../../catalysts/item.ts'
import { InputError } from '../../errors.ts'
import { publishedAt } from './plain.ts'

const Line = z.object({
  id: z.union([z.string().min(1), z.number()]).transform(String),
  published_at: z.string().nullable(),
  assets: z.array(z.string().min(1).max(40)).max(100),
  kind: z.string().min(1).max(60).nullish(),
  title: z.string(),
  text: z.string().nullish(),
  url: z.string().nullish(),
})

const faultsMost = 50

/**
 * A file of history, one JSON object a line: `id, published_at, assets, kind, title, text, url`. A date that cannot be read, such as
 * the 95th of September, makes an item undated: it was known when the file was read, and no earlier.
 *
 * @throws InputError listing every faulty line; then nothing of the file is used
 */
export async function historyItems(source: {
  readonly name: string
  readonly path: string
  readonly assets: readonly string[]
  readonly kind?: string | undefined
}): Promise<readonly FoundItem[]> {
  const items: FoundItem[] = []
  const faults: string[] = []
  const lineOf = new Map<string, number>()
  let number = 0
  try {
    // Read as single bytes: lines end where a file's lines end, not at separators within a text, and each is decoded by itself.
    const input = createReadStream(source.path, 'latin1')
    for await (const bytes of createInterface({ input, crlfDelay: Infinity })) {
      number++
      const bare = lineOfText(Buffer.from(bytes, 'latin1'))
      if (bare.trim() === '') continue
      const item = itemOf(bare, source, (text) => faults.push(`${source.path}, line ${number}: ${text}`))
      if (item === null) continue
      const before = lineOf.get(item.id!)
      if (before !== undefined)
        faults.push(`${source.path}, line ${number}: the id ${item.id} stands on line ${before} too`)
      lineOf.set(item.id!, number)
      items.push(item)
    }
  } catch (cause) {
    throw new InputError(`${source.path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'fault'})`, {
      cause,
    })
  }
  if (faults.length > 0) {
    const rest = faults.length > faultsMost ? [`and ${faults.length - faultsMost} more faults`] : []
    throw new InputError([...faults.slice(0, faultsMost), ...rest])
  }
  return items
}

const utf8 = new TextDecoder('utf-8', { fatal: true })
const windows1252 = new TextDecoder('windows-1252')

/** A line in UTF-8, a mark at its beginning aside; where it is none, in Windows-1252, which is what such files mostly are. */
function lineOfText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    return windows1252.decode(bytes)
  }
}

function itemOf(
  line: string,
  source: { readonly name: string; readonly assets: readonly string[]; readonly kind?: string | undefined },
  complain: (text: string) => void,
): FoundItem | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    complain('it is not JSON')
    return null
  }
  const parsed = Line.safeParse(value)
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) complain(`${path.join('.') || 'the line'}: ${message}`)
    return null
  }
  const { id, published_at, assets, kind, title, text, url } = parsed.data
  const when = publishedAt(published_at)
  return {
    source: source.name,
    id,
    title,
    text: text ?? '',
    url: url != null && /^https?:/.test(url) ? url.slice(0, 2000) : null,
    publishedAt: when?.at ?? null,
    dateOnly: when?.dateOnly ?? false,
    assets: assets.length === 0 ? source.assets : assets,
    kind: kind ?? source.kind ?? null,
  }
}
