import { type Command, Option } from 'commander'
import { instant, isoDate, positiveWhole, sessionCount, wholeNumber } from './cli-arguments.ts'
import type { CliKit } from './cli-kit.ts'

/** The commands that run and check a book. */
export function addOperating(program: Command, { io, finish, json, home, market, example, place }: CliKit): void {
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
      .command('start')
      .description(
        'run the service: schedules, posts, replies, until Ctrl-C; recorded or simulated prices are played back from one date to another',
      )
      .option('--from <date>', 'first date to play back, YYYY-MM-DD, with MARKET=csv:DIR or simulated:SEED', isoDate)
      .option('--to <date>', 'last date to play back', isoDate)
      .option('--stay', 'go on listening and answering after the last date')
      .addOption(home())
      .addOption(json())
      .action(async (options) => {
        try {
          finish(options, await (await import('./commands/start.ts')).start(options, await io(options)))
        } finally {
          // A connection that hangs on a dead Redis would keep the process for ever.
          setTimeout(() => process.exit(), 300).unref()
        }
      }),
    'start',
    'start --from 2025-11-03 --to 2025-11-14 --home ./played',
  )
  example(
    program
      .command('run')
      .description(
        'run one job once, in the foreground: fill, allocate, monitor, report, ingest, extract, rebalance and others',
      )
      .argument(
        '<job>',
        'fill: book the opens of a session; allocate: snapshot, decision, orders, post; monitor: alerts; report: the week; ingest: new texts; extract: read them; rebalance: the catalyst book; publish: send what was rendered; collect: listen on X',
      )
      .option('--date <date>', 'trade date, YYYY-MM-DD (default: the latest session)', isoDate)
      .option('--at <moment>', 'moment of a run that has several a date, such as monitor, in UTC', instant)
      .option('--book <name>', 'which book', 'allocator')
      .option('--items <file>', 'ingest: a file of history, one JSON object a line, in place of the configured sources')
      .addOption(
        new Option('--extractor <who>', 'extract: who reads the texts (default: the model where there is one)').choices(
          ['model', 'baseline'],
        ),
      )
      .option('--limit <n>', 'extract: at most so many texts', wholeNumber)
      .option(
        '--repeat <k>',
        'extract: ask a model k times about each text, and record how far it agrees',
        positiveWhole,
      )
      .addOption(home())
      .addOption(json())
      .action(async (job, options) =>
        finish(options, await (await import('./commands/run.ts')).run(job, options, await io(options))),
      ),
    'run fill --date 2026-11-20',
    'run allocate --date 2026-11-20 --book allocator',
    'run ingest --items ./items.jsonl',
  )
  example(
    program
      .command('doctor')
      .description('check each integration: configured, reachable, permitted; what is missing and how to get it')
      .addOption(home())
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/doctor.ts')).doctor(await io(options))),
      ),
    'doctor',
  )
  example(
    program
      .command('status')
      .description('books, last and next runs, budget left, journal head')
      .addOption(home())
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/status.ts')).status(await io(options))),
      ),
    'status',
  )
  const journal = program.command('journal').description('check the chain of the journal, or look at its entries')
  const journalPlace = (command: Command) => command.addOption(home())
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
      .addOption(home())
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
      .command('forget')
      .description(
        'erase everything that is kept about a person who asked for it; on Discord people do it by /privacy forget',
      )
      .addOption(new Option('--channel <channel>', 'where the person spoke').choices(['x', 'discord']).default('x'))
      .option('--user <number>', 'number of the account')
      .option('--message <address>', 'address or number of anything that the person said to the bot')
      .addOption(home())
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/forget.ts')).forget(options, await io(options))),
      ),
    'forget --message https://x.com/somebody/status/1234567890',
  )
  const catalysts = program.command('catalysts').description('texts from the sources, and what was found in them')
  example(
    catalysts
      .command('list')
      .description('the latest texts, with what each extractor found')
      .option('--source <name>', 'only texts of this source')
      .option('--asset <symbol>', 'only texts about this asset, such as AAVE')
      .option('--kind <kind>', 'only texts in which an event of this kind was found')
      .option('--from <date>', 'only texts known from this date on', isoDate)
      .option('--limit <n>', 'at most so many (default: 20)', wholeNumber)
      .addOption(home())
      .addOption(json())
      .action(async (options) =>
        finish(
          options,
          await (await import('./commands/catalysts.ts')).listCatalysts(
            { ...options, ...(await place(options)) },
            await io(),
          ),
        ),
      ),
    'catalysts list --asset AAVE --kind tokenomics',
  )
  example(
    catalysts
      .command('show')
      .description('one text whole, with all that was said of it')
      .argument('<which>', 'number of its entry, or its id at the source')
      .addOption(home())
      .addOption(json())
      .action(async (which, options) =>
        finish(
          options,
          await (await import('./commands/catalysts.ts')).showCatalyst(
            { which, ...(await place(options)) },
            await io(),
          ),
        ),
      ),
    'catalysts show 17',
  )
}
