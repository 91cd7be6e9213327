import { mkdirSync, mkdtempSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { InputError, WorldError } from '../errors.ts'

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

export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw placeFailure(`making the folder ${folder}`, error)
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
