import { readdirSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError, MarketDataError } from '../../errors.ts'
import { type CsvFile, parseCsvFile } from './csv-file.ts'

const bytesMax = 64 * 1024 * 1024

export type CsvDirectory = {
  /** The parsed file of a symbol, or null where there is none. A file is read once and kept. */
  readonly load: (symbol: string) => Promise<CsvFile | null>
  /** Symbols that have a file, whether it is sound or not. */
  readonly symbols: readonly string[]
  /** Which file a symbol lacks, in words. */
  readonly whyWithout: (symbol: string) => string
}

/** A directory of `SYMBOL.csv` files. It is listed once, so that no path is ever made out of a symbol. */
export function openCsvDirectory(directory: string): CsvDirectory {
  const names = filesBySymbol(directory)
  const files = new Map<string, Promise<CsvFile | null>>()
  return {
    symbols: [...names.keys()],
    load(symbol) {
      const known = files.get(symbol)
      if (known) return known
      const file = readSymbol(directory, symbol, names.get(symbol) ?? [])
      files.set(symbol, file)
      // What failed may succeed later; whoever awaits it hears of the failure.
      file.catch(() => files.delete(symbol))
      return file
    },
    whyWithout(symbol) {
      const similar = [...names.keys()].find((name) => name.toLowerCase() === symbol.toLowerCase())
      const hint = similar === undefined ? '' : `; ${names.get(similar)?.[0]} is another symbol`
      return `no ${fileName(symbol)} in ${directory}${hint}`
    },
  }
}

/** The name under which a symbol's file is looked for first. Example: '^FCHI' -> '%5EFCHI.csv' */
export function fileName(symbol: string): string {
  return `${encodeURIComponent(symbol)}.csv`
}

/** Names of the files by the symbol each stands for. */
function filesBySymbol(directory: string): ReadonlyMap<string, readonly string[]> {
  let entries: readonly string[]
  try {
    entries = readdirSync(directory)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    const wrong =
      code === 'ENOENT' ? 'does not exist' : code === 'ENOTDIR' ? 'is not a directory' : `cannot be read (${code})`
    throw new InputError(`market csv:${directory}: ${directory} ${wrong}; name a directory of SYMBOL.csv files`, {
      cause: error,
    })
  }
  const names = new Map<string, string[]>()
  for (const name of entries) {
    if (!/\.csv$/i.test(name)) continue
    const symbol = decoded(name.slice(0, -4))
    names.set(symbol, [...(names.get(symbol) ?? []), name])
  }
  if (names.size > 0) return names
  throw new InputError(`market csv:${directory}: no SYMBOL.csv in ${directory}; name a directory of such files`)
}

function decoded(stem: string): string {
  try {
    return decodeURIComponent(stem)
  } catch {
    return stem
  }
}

async function readSymbol(directory: string, symbol: string, names: readonly string[]): Promise<CsvFile | null> {
  const [name] = names
  if (name === undefined) return null
  const refused = (because: string): CsvFile => {
    const faults = { first: [`${name}${because}`], count: 1 }
    return { file: name, bars: [], dividends: [], splits: [], notes: [], faults }
  }
  if (names.length > 1) return refused(`: ${names.slice(1).join(', ')} is ${symbol} as well; keep one of them`)
  const path = join(directory, name)
  try {
    const found = await stat(path)
    if (!found.isFile()) return refused(': it is not a file')
    if (found.size > bytesMax) {
      const megabytes = Math.ceil(found.size / 1024 / 1024)
      return refused(`: ${megabytes} MB is above the limit of 64 MB; daily bars take far less`)
    }
    return parseCsvFile(await readFile(path), name)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === undefined) throw error
    const ours = code === 'EACCES' || code === 'EPERM' || code === 'ENOENT'
    if (ours) return refused(`: cannot be read (${code}); check that it is there and may be read`)
    throw new MarketDataError(`Reading ${path} failed: ${code}; try again`, { retryable: true, cause: error })
  }
}
