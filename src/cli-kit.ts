import { type Command, Option } from 'commander'
import type { CommandIo, CommandResult } from './commands/command.ts'

/** Options that change what a command is given rather than what it does. */
type Shared = { readonly json?: boolean; readonly home?: string }

/** What every command of the command line is built with. */
export type CliKit = {
  readonly io: (options?: Shared) => Promise<CommandIo>
  /** Prints a result as text or as one JSON document, and sets the exit code. */
  readonly finish: (options: Shared, result: CommandResult) => void
  /** The same for the research tools: a table on a terminal, JSON for whoever reads the pipe. */
  readonly finishTool: (options: Shared, result: CommandResult) => void
  readonly json: () => Option
  readonly home: () => Option
  readonly market: () => Option
  readonly example: (command: Command, ...lines: readonly string[]) => Command
  /** Where the journal of a command lies: `--home`, else PRIMER_HOME and DATABASE_URL. */
  readonly place: (options: {
    readonly home?: string
  }) => Promise<{ readonly home: string; readonly databaseUrl: string }>
}

export function kitFor(io: CliKit['io'], exit: (code: number) => void): CliKit {
  const finish: CliKit['finish'] = (options, result) => {
    const text = options.json === true ? JSON.stringify(result.json) : result.text
    if (text !== '') process.stdout.write(`${text}\n`)
    exit(result.exitCode ?? 0)
  }
  return {
    io,
    finish,
    finishTool: (options, result) => finish({ json: options.json === true || process.stdout.isTTY !== true }, result),
    home: () =>
      new Option('--home <dir>', 'where the state lives, such as the folder of a demo (default: PRIMER_HOME)'),
    json: () => new Option('--json', 'print one JSON document on stdout and nothing else'),
    market: () =>
      new Option('--market <spec>', 'yahoo, ccxt:EXCHANGE, csv:DIR (one SYMBOL.csv each) or simulated:SEED'),
    example: (command, ...lines) =>
      command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ npx primer ${line}`).join('\n')}`),
    place: async (options) => {
      const { readConfig } = await import('./config.ts')
      const { environment } = await io(options)
      const config = readConfig(environment)
      return { home: config.home, databaseUrl: config.databaseUrl }
    },
  }
}
