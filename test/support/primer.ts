import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { journalVerify } from '../../src/commands/journal.ts'
import { replayBook } from '../../src/commands/replay.ts'
import { Environment } from '../../src/config.ts'
import type { ChainRow } from '../../src/journal/chain.ts'

const program = fileURLToPath(new URL('../../bin/primer.js', import.meta.url))

export type Ran = {
  /** Null when a signal ended it. */
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export type PrimerOptions = {
  /** Working directory, and PRIMER_HOME unless `env` names another. */
  readonly home: string
  readonly env?: Readonly<Record<string, string>>
  /** Another program to run bin/primer.js with. */
  readonly node?: string
  /** Words before the program, such as `prlimit --fsize=1000000`. */
  readonly under?: readonly string[]
}

/** bin/primer.js in a process of its own, as a user runs it, with none of the settings of whoever runs the tests. */
export function startPrimer(
  args: readonly string[],
  { home, env = {}, node = process.execPath, under = [] }: PrimerOptions,
): { readonly child: ChildProcess; readonly ended: Promise<Ran> } {
  const ours = new Set(Object.keys(Environment.shape))
  const inherited = Object.entries(process.env).filter(
    ([name]) => !ours.has(name) && !/^(OPENAI|LLM|PRIMER|DISCORD|X|NODE)_/.test(name) && name !== 'CI',
  )
  const [command, ...rest] = [...under, node, program, ...args]
  const child = spawn(command!, rest, {
    cwd: home,
    env: { ...Object.fromEntries(inherited), PRIMER_HOME: home, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { stdout: '', stderr: '' }
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    said.stdout += text
  })
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said.stderr += text
  })
  const ended = new Promise<Ran>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, ...said }))
  })
  return { child, ended }
}

export async function primer(args: readonly string[], options: PrimerOptions): Promise<Ran> {
  return startPrimer(args, options).ended
}

/** Runs it and expects one JSON document on stdout, nothing else. */
export async function primerJson<T = Record<string, unknown>>(
  args: readonly string[],
  options: PrimerOptions,
): Promise<T> {
  const { code, stdout, stderr } = await primer([...args, '--json'], options)
  if (code !== 0) throw new Error(`primer ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`)
  return JSON.parse(stdout) as T
}

/** Every entry of a journal, as it lies there. */
export function rowsOf(file: string): readonly ChainRow[] {
  const database = new DatabaseSync(file)
  try {
    const rows = database
      .prepare('SELECT seq, at, kind, book, body, previousHash, hash FROM entries ORDER BY seq')
      .all()
    return rows as unknown as ChainRow[]
  } finally {
    database.close()
  }
}

export type Soundness = {
  /** Null before the journal was made. */
  readonly entries: number | null
  readonly verifies: boolean
  readonly differences: readonly string[]
  /** The last entry, as `kind` and its trade date. */
  readonly last: string | null
}

/** What `journal verify` and `replay` say of a home, asked in this process. A home without a book replays without differences. */
export async function soundness(home: string): Promise<Soundness> {
  const file = join(home, 'journal.db')
  if (!existsSync(file)) return { entries: null, verifies: true, differences: [], last: null }
  const silent = {
    environment: {},
    readStdin: async () => '',
    say: () => {},
    show: () => {},
    interactive: false,
  }
  const databaseUrl = `sqlite:${file}`
  let verified: { ok: boolean; entries: number }
  try {
    verified = (await journalVerify({ databaseUrl, home }, silent)).json as typeof verified
  } catch (error) {
    // Killed between making the file and making its tables.
    if (/There is no journal at/.test((error as Error).message)) {
      return { entries: null, verifies: true, differences: [], last: null }
    }
    throw error
  }
  if (verified.entries === 0) return { entries: 0, verifies: verified.ok, differences: [], last: null }
  const replayed = (await replayBook({ book: 'allocator', databaseUrl }, silent)).json as {
    differences: readonly string[]
  }
  return { entries: verified.entries, verifies: verified.ok, differences: replayed.differences, last: lastOf(file) }
}

function lastOf(file: string): string | null {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const row = database.prepare('SELECT kind, at FROM entries ORDER BY seq DESC LIMIT 1').get()
    return row === undefined ? null : String(row.kind)
  } finally {
    database.close()
  }
}
