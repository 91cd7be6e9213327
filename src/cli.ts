import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseEnv } from 'node:util'
import { Command, CommanderError } from 'commander'
import { type CliKit, kitFor } from './cli-kit.ts'
import { addOperating } from './cli-operating.ts'
import { addResearch } from './cli-research.ts'
import type { CommandIo } from './commands/command.ts'
import { InputError, WorldError } from './errors.ts'
import { redactor } from './redaction.ts'

/** Held to package.json by a test. */
const version = '0.1.0'

/** Exit codes of the contract: 0 done, 1 a finding, 2 bad input or configuration, 3 the world failed after retries. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader such as head closes the pipe when it has enough; that is no fault.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  // A limit on file sizes would end the process in the middle of a write; ignored, the write itself fails and is told.
  process.on('SIGXFSZ', () => {})
  process.exitCode = await runCli(argv)
}

async function runCli(argv: readonly string[]): Promise<number> {
  let exitCode = 0
  const program = buildProgram((code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv])
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    return reportFailure(error)
  }
}

function reportFailure(error: unknown): number {
  const redact = redactor(environmentForRedaction())
  const tell = (text: string) => process.stderr.write(`primer: ${redact(text)}\n`)
  if (error instanceof InputError) {
    for (const fault of error.faults) tell(fault)
    return 2
  }
  if (error instanceof WorldError) {
    tell(error.message)
    return 3
  }
  if (isSystemFailure(error)) {
    tell(`${error.message}; make room or set the permissions right, then run it again`)
    return 3
  }
  tell(`this is a fault of the program, please report it.\n${error instanceof Error ? error.stack : String(error)}`)
  return 70
}

/** The settings of the shell over those of the file, either of which may hold a secret that a message quotes. */
function environmentForRedaction(): Readonly<Record<string, string | undefined>> {
  try {
    return { ...parseEnv(readFileSync('.env', 'utf8')), ...process.env }
  } catch {
    return process.env
  }
}

/** What the operating system refused: a full disk, a folder without permission. Such a run is safe to repeat. */
function isSystemFailure(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

const io = async (options: { json?: boolean; home?: string } = {}): Promise<CommandIo> => {
  const { readEnvironment } = await import('./config.ts')
  const environment = readEnvironment(process.cwd(), process.env)
  return {
    // A home that is named brings its own journal, whatever database the settings name.
    environment:
      options.home === undefined ? environment : { ...environment, PRIMER_HOME: options.home, DATABASE_URL: undefined },
    readStdin: () => text(process.stdin),
    say: (line) => process.stderr.write(`${line}\n`),
    show: (line) => {
      if (options.json !== true) process.stdout.write(`${line}\n`)
    },
    interactive: process.stderr.isTTY === true,
  }
}

function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('primer')
    .description('A language model manages a paper portfolio in public, and every number can be checked by a stranger.')
    .version(version, '--version', 'print the version')
    .exitOverride()
    .configureOutput({ outputError: (line, write) => write(`primer: ${line.replace(/^error: /, '')}`) })
    .showHelpAfterError('(try --help)')
  const kit: CliKit = kitFor(io, exit)
  addOperating(program, kit)
  addResearch(program, kit)
  return program
}
