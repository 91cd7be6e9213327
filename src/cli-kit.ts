import { type Command, Option } from 'commander'
import type { CommandIo, CommandResult } from './commands/command.ts'

type Json = { readonly json?: boolean }

/** What every command of the command line is built with. */
export type CliKit = {
  readonly io: (options?: Json) => Promise<CommandIo>
  /** Prints a result as text or as one JSON document, and sets the exit code. */
  readonly finish: (options: Json, result: CommandResult) => void
  readonly json: () => Option
  readonly market: () => Option
  readonly example: (command: Command, ...lines: readonly string[]) => Command
  /** Where the journal of a command lies: `--home`, else PRIMER_HOME and DATABASE_URL. */
  readonly place: (options: {
    readonly home?: string
  }) => Promise<{ readonly home: string; readonly databaseUrl: string }>
}

export function kitFor(io: CliKit['io'], exit: (code: number) => void): CliKit {
  return {
    io,
    finish: (options, result) => {
      const text = options.json === true ? JSON.stringify(result.json) : result.text
      if (text !== '') process.stdout.write(`${text}\n`)
      exit(result.exitCode ?? 0)
    },
    json: () => new Option('--json', 'print one JSON document on stdout and nothing else'),
    market: () => new Option('--market <spec>', 'yahoo, csv:DIR (one SYMBOL.csv each) or simulated:SEED'),
    example: (command, ...lines) =>
      command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ npx primer ${line}`).join('\n')}`),
    place: async (options) => {
      const { readConfig } = await import('./config.ts')
      const { environment } = await io()
      const config = readConfig(
        options.home === undefined
          ? environment
          : { ...environment, PRIMER_HOME: options.home, DATABASE_URL: undefined },
      )
      return { home: config.home, databaseUrl: config.databaseUrl }
    },
  }
}
