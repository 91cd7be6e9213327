import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout } from 'node:timers/promises'
import type { ClaimedEvent } from '../catalysts/extraction.ts'
import { makeFolder } from '../files.ts'
import { isGone, workerName } from './worker.ts'

/** What a model claimed of a piece of text, kept by the hash of all that it was asked: an answer that was paid for is never paid for again. */
export type ClaimsCache = {
  /**
   * The answer that is kept, else what `ask` brings, which is kept before it is returned. Of several who want the same answer at
   * once, in whatever process, one asks and the others wait; a process that died no longer counts.
   *
   * @param ask null: there was no answer, and none is kept
   */
  readonly once: (
    key: string,
    ask: () => Promise<readonly ClaimedEvent[] | null>,
  ) => Promise<readonly ClaimedEvent[] | null>
  readonly close: () => void
}

const busyTimeoutMs = 10_000
const lookAgainMs = 100
/** Where it cannot be told whether a process still lives, it is given up after this long. */
const askingMostMs = 30 * 60_000

/** A database of its own in a folder for caches, which may be thrown away: then answers are paid for once more. */
export function openClaimsCache(folder: string): ClaimsCache {
  makeFolder(resolve(folder))
  const database = new DatabaseSync(join(folder, 'claims.db'), { timeout: busyTimeoutMs })
  // An answer outlives its process at once, and a power cut as soon as the journal has what was found in it.
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, claims TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS asking (key TEXT PRIMARY KEY, worker TEXT NOT NULL, at REAL NOT NULL) WITHOUT ROWID`)
  const answer = database.prepare('SELECT claims FROM answers WHERE key = ?')
  const asker = database.prepare('SELECT worker, at FROM asking WHERE key = ?')
  const claim = database.prepare('INSERT OR IGNORE INTO asking (key, worker, at) VALUES (?, ?, ?)')
  const unclaim = database.prepare('DELETE FROM asking WHERE key = ? AND worker = ?')
  const keep = database.prepare('INSERT OR REPLACE INTO answers (key, claims) VALUES (?, ?)')

  function kept(key: string): readonly ClaimedEvent[] | null {
    const row = answer.get(key)
    return row === undefined ? null : (JSON.parse(String(row.claims)) as ClaimedEvent[])
  }

  /** Whether this one is now who asks. */
  function take(key: string, worker: string): boolean {
    if (Number(claim.run(key, worker, Date.now()).changes) > 0) return true
    const other = asker.get(key)
    if (other === undefined) return false
    const isOver = isGone(String(other.worker)) || Date.now() - Number(other.at) > askingMostMs
    if (isOver) unclaim.run(key, String(other.worker))
    return false
  }

  return {
    async once(key, ask) {
      const worker = workerName()
      for (;;) {
        const before = kept(key)
        if (before !== null) return before
        if (take(key, worker)) break
        await setTimeout(lookAgainMs)
      }
      try {
        // Whoever asked until now may have been answered since we looked.
        const meanwhile = kept(key)
        if (meanwhile !== null) return meanwhile
        const found = await ask()
        if (found !== null) keep.run(key, JSON.stringify(found))
        return found
      } finally {
        unclaim.run(key, worker)
      }
    },
    close: () => database.close(),
  }
}
