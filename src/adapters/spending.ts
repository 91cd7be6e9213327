import { appendFileSync, closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../files.ts'

/** What the model has cost, by UTC day: one ledger for live days, demos and backtests, so that the daily budget is one. */
export type Spending = {
  /** USD spent on a UTC day, `YYYY-MM-DD`. */
  readonly on: (day: string) => number
  readonly add: (day: string, usd: number) => void
}

/**
 * The ledger `spent.tsv` in a home folder; a line each time, so that several processes may add at once. What was read stays
 * read: a look costs only the lines since the last.
 */
export function openSpending(home: string): Spending {
  const file = join(home, 'spent.tsv')
  const days = new Map<string, number>()
  const buffer = Buffer.alloc(64 * 1024)
  let offset = 0
  let rest = ''

  function readOn(): void {
    const handle = openIfThere(file)
    // A ledger that is gone, or shorter than it was, is another one.
    if (handle === null) {
      forget()
      return
    }
    try {
      if (offset > 0 && readSync(handle, buffer, 0, 1, offset - 1) === 0) forget()
      for (;;) {
        const bytes = readSync(handle, buffer, 0, buffer.length, offset)
        if (bytes === 0) return
        offset += bytes
        const lines = (rest + buffer.toString('latin1', 0, bytes)).split('\n')
        rest = lines.pop()!
        for (const line of lines) addLine(line)
      }
    } finally {
      closeSync(handle)
    }
  }

  function forget(): void {
    days.clear()
    offset = 0
    rest = ''
  }

  function addLine(line: string): void {
    const [day = '', usd] = line.split('\t')
    if (day !== '' && Number.isFinite(Number(usd))) days.set(day, (days.get(day) ?? 0) + Number(usd))
  }

  return {
    on(day) {
      readOn()
      return days.get(day) ?? 0
    },
    add(day, usd) {
      makeFolder(home)
      appendFileSync(file, `${day}\t${usd}\n`)
    },
  }
}

function openIfThere(file: string): number | null {
  try {
    return openSync(file, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}
