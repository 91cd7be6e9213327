import { text } from 'node:stream/consumers'
import { Command, CommanderError } from 'commander'
import { type CliKit, kitFor } from './cli-kit.ts'
import { addOperating } from './cli-operating.ts'
import { addResearch } from './cli-research.ts'
import type { CommandIo } from './commands/command.ts'
import { InputError, WorldError } from './errors.ts'

/** Exit codes of the contract: 0 done, 1 a finding, 2 bad input or configuration, 3 the world failed after retries. */
export async function main(argv: readonly string[]): Promise<void> {
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
  if (error instanceof InputError) {
    for (const fault of error.faults) process.stderr.write(`primer: ${fault}\n`)
    return 2
  }
  if (error instanceof WorldError) {
    process.stderr.write(`primer: ${error.message}\n`)
    return 3
  }
  if (isSystemFailure(error)) {
    process.stderr.write(`primer: ${error.message}; make room or set the permissions right, then run it again\n`)
    return 3
  }
  process.stderr.write(
    `primer: this is a fault of the program, please report it.\n${error instanceof Error ? error.stack : String(error)}\n`,
  )
  return 70
}

/** What the operating system refused: a full disk, a folder without permission. Such a run is safe to repeat. */
function isSystemFailure(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

const io = async (options: { json?: boolean } = {}): Promise<CommandIo> => {
  const { readEnvironment } = await import('./config.ts')
  return {
    environment: readEnvironment(process.cwd(), process.env),
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
    .exitOverride()
    .configureOutput({ outputError: (line, write) => write(`primer: ${line.replace(/^error: /, '')}`) })
    .showHelpAfterError('(try --help)')
  const kit: CliKit = kitFor(io, exit)
  addOperating(program, kit)
  addResearch(program, kit)
  return program
}
