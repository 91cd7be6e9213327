import { existsSync, mkdirSync, mkdtempSync, statSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { InputError, WorldError } from './errors.ts'

/**
 * Writes a file whole or not at all: it gets its name once it is on the disk. The package write-file-atomic takes a write
 * that a full disk cut short for a whole one, and then names the torn file.
 *
 * @throws WorldError when the disk is full or fails, InputError when the place cannot be written to
 */
export async function writeWhole(file: string, content: string | Uint8Array): Promise<void> {
  // Its own name for each process: two may write the same file at once.
  const part = `${file}.${process.pid}.part`
  try {
    const handle = await open(part, 'w')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(part, file)
  } catch (error) {
    await rm(part, { force: true }).catch(() => {})
    throw placeFailure(`writing ${file}`, error)
  }
}

/** Makes a folder and those above it, one by one: Node's own recursive way never ends where a file system refuses, as /proc does. */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.unshift(path)
  try {
    for (const path of missing) makeOne(path)
    if (!statSync(folder).isDirectory()) throw new InputError(`${folder} is a file; choose a folder`)
  } catch (error) {
    if (error instanceof InputError) throw error
    throw placeFailure(`making the folder ${folder}`, error)
  }
}

function makeOne(path: string): void {
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have made it at the same moment.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** A new folder of a name that nothing had before. */
export function makeFreshFolder(prefix: string): string {
  try {
    return mkdtempSync(prefix)
  } catch (error) {
    throw placeFailure(`making a folder ${prefix}...`, error)
  }
}

const passing = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EMFILE', 'ENFILE']

function placeFailure(attempted: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== undefined && passing.includes(code)) {
    const advice = 'free some space, look after the disk and run this again; nothing was half-written'
    return new WorldError(`${attempted} failed: ${message}; ${advice}`, { retryable: true, cause: error })
  }
  return new InputError(`${attempted} failed: ${message}; choose a folder that may be written to`, { cause: error })
}
