import { text } from 'node:stream/consumers'
import { Command, CommanderError, Option } from 'commander'
import { isoDate, positiveNumber, positiveWhole, sessionCount, wholeNumber } from './cli-arguments.ts'
import type { CommandIo, CommandResult } from './commands/command.ts'
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
  process.stderr.write(
    `primer: this is a fault of the program, please report it.\n${error instanceof Error ? error.stack : String(error)}\n`,
  )
  return 70
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
  const json = () => new Option('--json', 'print one JSON document on stdout and nothing else')
  const finish = (options: { json?: boolean }, result: CommandResult) => {
    process.stdout.write(
      options.json ? `${JSON.stringify(result.json)}\n` : result.text === '' ? '' : `${result.text}\n`,
    )
    exit(result.exitCode ?? 0)
  }
  const market = () => new Option('--market <spec>', 'yahoo, csv:DIR (one SYMBOL.csv each) or simulated:SEED')
  const example = (command: Command, ...lines: string[]) =>
    command.addHelpText('after', `\nExample:\n${lines.map((line) => `  $ npx primer ${line}`).join('\n')}`)

  example(
    program
      .command('demo')
      .description(
        'run the whole cycle on a simulated clock: decisions, fills, journal, posts, charts; no key, no server',
      )
      .addOption(
        new Option('--sessions <n>', 'how many sessions, or "all" the market has')
          .default('120')
          .argParser(sessionCount),
      )
      .addOption(market().default('simulated:1'))
      .option(
        '--out <dir>',
        'folder for the journal and charts (default: a fresh one); a run that was cut off is continued',
      )
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/demo.ts')).demo(options, await io(options))),
      ),
    'demo',
    'demo --market csv:./bars --sessions all --out ./demo',
  )
  example(
    program
      .command('run')
      .description('run one job once, in the foreground: fill, allocate, monitor or report')
      .argument(
        '<job>',
        'fill: book the opens of a session; allocate: snapshot, decision, orders, post; monitor: alerts; report: the week',
      )
      .option('--date <date>', 'trade date, YYYY-MM-DD (default: the latest session)', isoDate)
      .option('--book <name>', 'which book', 'allocator')
      .addOption(json())
      .action(async (job, options) =>
        finish(options, await (await import('./commands/run.ts')).run(job, options, await io())),
      ),
    'run fill --date 2026-11-20',
    'run allocate --date 2026-11-20 --book allocator',
  )
  example(
    program
      .command('doctor')
      .description('check each integration: configured, reachable, permitted; what is missing and how to get it')
      .addOption(json())
      .action(async (options) => finish(options, await (await import('./commands/doctor.ts')).doctor(await io()))),
    'doctor',
  )
  example(
    program
      .command('status')
      .description('books, last and next runs, budget left, journal head')
      .addOption(json())
      .action(async (options) => finish(options, await (await import('./commands/status.ts')).status(await io()))),
    'status',
  )
  const journal = program.command('journal').description('check the chain of the journal, or look at its entries')
  const journalPlace = (command: Command) =>
    command.option('--home <dir>', 'where the state lives, for example the folder of a demo (default: PRIMER_HOME)')
  example(
    journalPlace(journal.command('verify'))
      .description('find any entry that was changed, removed, inserted or swapped, and name the first')
      .option('--head <seq:hash>', 'a head known from elsewhere, to prove that the tail is complete')
      .addOption(json())
      .action(async (options) =>
        finish(
          options,
          await (await import('./commands/journal.ts')).journalVerify(
            { ...options, ...(await place(options)) },
            await io(),
          ),
        ),
      ),
    'journal verify',
    'journal verify --home ./demo --head 431:9f2c...',
  )
  example(
    journalPlace(journal.command('show'))
      .description('list entries, or show one whole')
      .argument('[seq]', 'number of the entry to show whole', wholeNumber)
      .option('--kind <kind>', 'only entries of this kind, for example decision')
      .option('--book <name>', 'only entries of this book')
      .option('--from <seq>', 'first entry: its number, or the date it was written')
      .option('--to <seq>', 'last entry: its number, or the date it was written')
      .option('--limit <n>', 'at most so many', wholeNumber)
      .addOption(json())
      .action(async (seq, options) =>
        finish(
          options,
          await (await import('./commands/journal.ts')).journalShow(
            { ...options, ...(await place(options)), ...(seq !== undefined && { seq }) },
            await io(),
          ),
        ),
      ),
    'journal show --kind decision --limit 5',
    'journal show 17',
  )
  example(
    journalPlace(journal.command('head'))
      .description('print number, hash and time of the last entry')
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/journal.ts')).journalHead(await place(options), await io())),
      ),
    'journal head --json',
  )
  example(
    program
      .command('replay')
      .description('rebuild holdings from the journal and compare them with what was recorded at each close')
      .option('--book <name>', 'which book', 'allocator')
      .option('--date <date>', 'up to this trade date (default: all)', isoDate)
      .option('--home <dir>', 'where the state lives (default: PRIMER_HOME)')
      .addOption(json())
      .action(async (options) =>
        finish(
          options,
          await (await import('./commands/replay.ts')).replayBook(
            { ...options, ...(await place(options)) },
            await io(),
          ),
        ),
      ),
    'replay --book allocator',
  )
  example(
    program
      .command('backtest')
      .description('the day, folded over the past, net of all costs')
      .requiredOption('--book <name>', 'a book in books/, or a path to a JSON file')
      .requiredOption('--policy <policy>', 'equal-weight, buy-and-hold:SYMBOL, random:SEED, cvar, do-nothing or model')
      .requiredOption('--from <date>', 'first session, YYYY-MM-DD', isoDate)
      .requiredOption('--to <date>', 'last session, YYYY-MM-DD', isoDate)
      .addOption(market().makeOptionMandatory())
      .addOption(
        new Option('--guardrails <which>', 'the limits of the book, or none (default: as the policy has them)').choices(
          ['book', 'none'],
        ),
      )
      .addOption(
        new Option('--rebalance <period>', 'how often equal-weight and cvar decide').choices([
          'daily',
          'weekly',
          'monthly',
        ]),
      )
      .option('--masked', 'policy model: run again with names, dates and price levels hidden, and show the gap')
      .option('--knowledge-cutoff <date>', 'policy model: last date it may have been trained on', isoDate)
      .option(
        '--random-allocators <n>',
        'compare with n random choices of assets (default: 1000 for a model)',
        wholeNumber,
      )
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/backtest.ts')).backtest(options, await io(options))),
      ),
    'backtest --book allocator --policy equal-weight --from 2019-01-01 --to 2019-12-31 --market csv:./bars',
  )
  const audits = program.command('audit').description('look for ways in which a result fooled itself')
  example(
    audits
      .command('lookahead')
      .description('remove and change the future; a decision that changes with it is a finding (exit code 1)')
      .requiredOption('--book <name>', 'a book in books/, or a path to a JSON file')
      .requiredOption('--policy <policy>', 'equal-weight, buy-and-hold:SYMBOL, random:SEED, cvar or do-nothing')
      .addOption(market().makeOptionMandatory())
      .option('--from <date>', 'first session (default: two years before the last)', isoDate)
      .option('--to <date>', 'last session (default: the last the market has)', isoDate)
      .option('--samples <n>', 'how many closes to look past', positiveWhole, 12)
      .option('--seed <seed>', 'chance of the changed futures', '1')
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/audit.ts')).audit(options, await io(options))),
      ),
    'audit lookahead --book allocator --policy cvar --market csv:./bars',
  )
  example(
    program
      .command('optimize')
      .description('solve one portfolio problem: JSON in, JSON out')
      .argument('<file>', 'JSON file, or - for stdin')
      .option('--timing', 'add milliseconds to the answer')
      .option('--timeout <seconds>', 'give up after so many seconds', positiveNumber, 60)
      .addOption(json())
      .action(async (file, options) =>
        finish(
          options,
          await (await import('./commands/optimize.ts')).optimize(
            { file, timing: options.timing === true, timeoutSeconds: options.timeout },
            await io(),
          ),
        ),
      ),
    'optimize problem.json --json',
  )
  example(
    program
      .command('indicators')
      .description('SMA, RSI, Bollinger bands, volatility, drawdown and daily return of CSV bars, per date')
      .argument('<file>', 'CSV file with date,open,high,low,close,volume, or - for stdin')
      .addOption(json())
      .action(async (file, options) =>
        finish(options, await (await import('./commands/indicators.ts')).indicators(file, await io())),
      ),
    'indicators SPY.csv --json',
  )
  return program
}

async function place(options: { home?: string }): Promise<{ home: string; databaseUrl: string }> {
  const { readConfig } = await import('./config.ts')
  const { environment } = await io()
  const config = readConfig(
    options.home === undefined ? environment : { ...environment, PRIMER_HOME: options.home, DATABASE_URL: undefined },
  )
  return { home: config.home, databaseUrl: config.databaseUrl }
}
