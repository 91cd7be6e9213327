import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'

/**
 * Opens a journal to look at it, leaving the file and its folder as they are.
 *
 * SQLite keeps recent writes beside the file, in `FILE-wal`. Where that exists (a process is writing, or was killed), a
 * read-only connection reads both and removes nothing. Where it does not, a read-only connection would leave an empty one
 * behind; one that may write removes it again when it closes. And where nothing may be written at all, as on a
 * read-only disk, nobody else can be writing either, and the file is read as it lies there.
 */
export function openForReading(file: string, timeoutMs: number): DatabaseSync {
  const options = { timeout: timeoutMs, readOnly: existsSync(`${file}-wal`) }
  const attempts = [
    address(file, { mode: options.readOnly ? 'ro' : 'rw' }),
    address(file, { mode: 'ro', immutable: '1' }),
  ]
  let refusal: unknown
  for (const attempt of attempts) {
    let database: DatabaseSync | undefined
    try {
      database = new DatabaseSync(attempt, options)
      database.prepare('SELECT count(*) FROM sqlite_master').get()
      return database
    } catch (error) {
      database?.close()
      refusal ??= error
      if (!cannotOpen(error)) throw error
    }
  }
  throw refusal
}

function address(file: string, parameters: Readonly<Record<string, string>>): URL {
  const url = pathToFileURL(resolve(file))
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url
}

function cannotOpen(error: unknown): boolean {
  // SQLITE_CANTOPEN, and SQLITE_READONLY where the file beside it cannot be made.
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  return code === 14 || code === 8
}
