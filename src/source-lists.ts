import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bookNames, readBook } from './books.ts'
import { type Source, Sources } from './catalysts/source.ts'
import { InputError } from './errors.ts'

const marketTextFile = 'books/sources/market-text.json'

/**
 * Every source of text: those of the catalyst books, and those about the allocator's markets.
 *
 * @throws InputError listing every fault of a list, or a name that two lists share
 */
export function readSources(): readonly Source[] {
  const sources = [...marketTextSources()]
  for (const name of bookNames('catalyst')) {
    const book = readBook(name)
    if (book.kind === 'catalyst') sources.push(...book.sources)
  }
  const twice = sources.filter(({ name }, index) => sources.findIndex((other) => other.name === name) < index)
  if (twice.length > 0) {
    throw new InputError(
      twice.map(({ name }) => `the source ${name} stands in two lists of books/; rename one of them`),
    )
  }
  return sources
}

/** The list of sources about the allocator's markets: central banks, regulators, news. */
export function marketTextSources(): readonly Source[] {
  const file = fileURLToPath(new URL(`../${marketTextFile}`, import.meta.url))
  let value: unknown
  try {
    value = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new InputError(`${marketTextFile} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const parsed = Sources.safeParse(value)
  if (parsed.success) return parsed.data
  throw new InputError(
    parsed.error.issues.map(({ path, message }) => `${marketTextFile}: $.${path.join('.')}: ${message}`),
  )
}
