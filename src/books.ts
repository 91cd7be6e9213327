import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { InputError } from './errors.ts'
import { type AllocatorBook, parseBook } from './portfolio/book.ts'

const folder = fileURLToPath(new URL('../books/', import.meta.url))

/** Names of the books in books/. */
export function bookNames(): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort()
}

/**
 * A book by its name in books/, or by the path of a JSON file.
 *
 * @throws InputError when there is none of that name, or listing every fault in it with its JSON path
 */
export function readBook(nameOrPath: string): AllocatorBook {
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
  return parseBook(value, isPath ? nameOrPath : `books/${nameOrPath}.json`)
}
