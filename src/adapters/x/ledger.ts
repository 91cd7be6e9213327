import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../../files.ts'

/** What X is paid for reading, in US dollars each, by its price list of 2026-04-16. What is read twice in a UTC day costs once. */
export const readPrices = { owned: 0.001, post: 0.005, user: 0.01 } as const
export type ReadKind = keyof typeof readPrices

/** What was read from X, by UTC day, of the days that are played back where some are. What was posted is in the journal. */
export type XLedger = {
  readonly readUsd: (day: string) => number
  readonly add: (day: string, kind: ReadKind, count: number) => void
}

/** The ledger `x-reads.tsv` in a home folder; a line each time, so that several processes may add at once. */
export function openXLedger(home: string): XLedger {
  const file = join(home, 'x-reads.tsv')
  return {
    readUsd(day) {
      let sum = 0
      for (const line of read(file).split('\n')) {
        const [date, kind, count] = line.split('\t')
        if (date !== day || kind === undefined || !Object.hasOwn(readPrices, kind)) continue
        sum += readPrices[kind as ReadKind] * (Number(count) || 0)
      }
      return sum
    },
    add(day, kind, count) {
      if (count === 0) return
      makeFolder(home)
      appendFileSync(file, `${day}\t${kind}\t${count}\n`)
    },
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
