import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Book, parseCatalystBook } from './catalysts/catalyst-book.ts'
import { InputError } from './errors.ts'
import { type AllocatorBook, parseBook } from './portfolio/book.ts'

const folder = fileURLToPath(new URL('../books/', import.meta.url))

/**
 * Names of the books in books/.
 *
 * @param kind only those of this kind; a file that cannot be read counts as any, so that its faults come out where it is read
 */
export function bookNames(kind?: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json') && (kind === undefined || (kindOf(name) ?? kind) === kind))
    .map((name) => name.slice(0, -'.json'.length))
    .sort()
}

function kindOf(file: string): unknown {
  try {
    return (JSON.parse(readFileSync(`${folder}${file}`, 'utf8')) as { readonly kind?: unknown }).kind
  } catch {
    return undefined
  }
}

/**
 * A book by its name in books/, or by the path of a JSON file.
 *
 * @throws InputError when there is none of that name, or listing every fault in it with its JSON path
 */
export function readBook(nameOrPath: 'allocator'): AllocatorBook
export function readBook(nameOrPath: string): Book
export function readBook(nameOrPath: string): Book {
  const isPath = nameOrPath.endsWith('.json')
  if (!isPath && !bookNames().includes(nameOrPath)) {
    throw new InputError(
      `no book is called ${JSON.stringify(nameOrPath)}; there are ${bookNames().join(', ')}, or give the path of a .json file`,
    )
  }
  const file = isPath ? nameOrPath : `${folder}${nameOrPath}.json`
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new InputError(`the book ${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, { cause })
  }
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    throw new InputError(`${nameOrPath} is not JSON: ${(cause as Error).message}`, { cause })
  }
  const origin = isPath ? nameOrPath : `books/${nameOrPath}.json`
  const isCatalyst = typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'catalyst'
  if (isCatalyst && nameOrPath === 'allocator')
    throw new InputError(`${origin}: $.kind: must be allocator in this file`)
  return isCatalyst ? parseCatalystBook(value, origin) : parseBook(value, origin)
}
