import { join } from 'node:path'
import type { CommandIo } from '../../src/commands/command.ts'
import { run } from '../../src/commands/run.ts'
import type { ChainRow } from '../../src/journal/chain.ts'
import { line, weekdays, writeMarket } from './market-files.ts'

/** What a command may touch, in this process: settings, and nobody to talk to. */
export function ioWith(environment: Readonly<Record<string, string>>): CommandIo {
  return { environment, readStdin: async () => '', say: () => {}, show: () => {}, interactive: false }
}

export type Job = {
  readonly job: string
  readonly date: string
  readonly entries: readonly { readonly kind: string }[]
}

/** `primer run JOB --date DATE` in this process. */
export async function runJob(job: string, date: string, environment: Readonly<Record<string, string>>): Promise<Job> {
  return (await run(job, { date, book: 'allocator' }, ioWith(environment))).json as Job
}

/** The bodies of all entries of a kind, in order. */
export function bodiesOf<T>(rows: readonly ChainRow[], kind: string): readonly T[] {
  return rows.filter((row) => row.kind === kind).map((row) => JSON.parse(row.body) as T)
}

/** Three funds that climb a little every day, on the sessions of March 2024. */
export function climbingMarket(folder: string): Readonly<Record<string, string>> {
  const dates = weekdays('2024-03-04', '2024-03-22')
  const climbing = (start: number) => dates.map((date, index) => line(date, start + index, start + index + 0.5))
  writeMarket(join(folder, 'bars'), {
    SPY: climbing(500),
    QQQ: climbing(440),
    GLD: climbing(200),
    'EURUSD=X': dates.map((date) => line(date, 1.09, 1.09, { volume: 0 })),
  })
  return { PRIMER_HOME: folder, MARKET: `csv:${join(folder, 'bars')}` }
}
