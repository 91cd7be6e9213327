import { readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { makeFolder, writeWhole } from '../../files.ts'
import { IsoDate } from '../../units.ts'

/** Milliseconds, open, high, low, close, volume in coins. */
export const Row = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()])
export type Row = z.infer<typeof Row>

/** All daily rows from a date on, of days that were over when they were fetched. */
export const Kept = z.strictObject({ symbol: z.string(), from: IsoDate, rows: z.array(Row) })
export type Kept = z.infer<typeof Kept>

export type ExchangeArchive = {
  /** Null where there is none, or none that can be read: it is fetched again. */
  readonly read: (symbol: string) => Promise<Kept | null>
  readonly write: (kept: Kept) => Promise<void>
  /** Every pair that was ever fetched. */
  readonly symbols: () => readonly string[]
}

/**
 * Rows on disk, one file for each pair. An exchange forgets a pair that it takes off its list; here it stays, so that what was
 * held can be closed and past dates keep it. Without a directory nothing is kept.
 */
export function openExchangeArchive(directory: string | undefined): ExchangeArchive {
  if (directory === undefined) return { read: async () => null, write: async () => {}, symbols: () => [] }
  const fileOf = (symbol: string) => join(directory, `${encodeURIComponent(symbol)}.json`)
  return {
    async read(symbol) {
      try {
        const kept = Kept.parse(JSON.parse(await readFile(fileOf(symbol), 'utf8')))
        return kept.symbol === symbol ? kept : null
      } catch {
        return null
      }
    },
    async write(kept) {
      makeFolder(directory)
      await writeWhole(fileOf(kept.symbol), JSON.stringify(kept))
    },
    symbols() {
      try {
        return readdirSync(directory)
          .filter((name) => name.endsWith('.json'))
          .map((name) => decodeURIComponent(name.slice(0, -'.json'.length)))
          .sort()
      } catch {
        return []
      }
    },
  }
}
