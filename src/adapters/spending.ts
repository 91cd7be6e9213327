import { appendFileSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from '../files.ts'

/** What the model has cost, by UTC day: one ledger for live days, demos and backtests, so that the daily budget is one. */
export type Spending = {
  /** USD spent on a UTC day, `YYYY-MM-DD`. */
  readonly on: (day: string) => number
  readonly add: (day: string, usd: number) => void
}

/** The ledger `spent.tsv` in a home folder; a line each time, so that several processes may add at once. */
export function openSpending(home: string): Spending {
  const file = join(home, 'spent.tsv')
  return {
    on(day) {
      let sum = 0
      for (const line of read(file).split('\n')) {
        const [date, usd] = line.split('\t')
        if (date === day && Number.isFinite(Number(usd))) sum += Number(usd)
      }
      return sum
    },
    add(day, usd) {
      makeFolder(home)
      appendFileSync(file, `${day}\t${usd}\n`)
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
