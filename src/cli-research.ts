import { type Command, Option } from 'commander'
import { isoDate, positiveNumber, positiveWhole, wholeNumber } from './cli-arguments.ts'
import type { CliKit } from './cli-kit.ts'

/** The research tools: files and prices in, JSON out. */
export function addResearch(program: Command, { io, finish, finishTool, json, market, example }: CliKit): void {
  example(
    program
      .command('backtest')
      .description('the day, folded over the past, net of all costs')
      .requiredOption('--book <name>', 'a book in books/, or a path to a JSON file')
      .requiredOption(
        '--policy <policy>',
        'equal-weight, buy-and-hold:SYMBOL, random:SEED, cvar, do-nothing, model, or signals[:FILE] of a book of coins',
      )
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
        '--repeat <k>',
        'policy model: ask k times on up to 20 dates, and show how far the answers agree',
        wholeNumber,
      )
      .option('--report <dir>', 'write one self-contained HTML page, its pictures and its JSON there')
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
      .requiredOption(
        '--policy <policy>',
        'equal-weight, buy-and-hold:SYMBOL, random:SEED, cvar, do-nothing or signals[:FILE]',
      )
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
        finishTool(
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
      .option('--sma <windows>', 'further windows, each a field of its own: 5 or 5,10')
      .option('--rsi <windows>', 'likewise, by Wilder')
      .option('--bollinger <windows>', 'likewise; 20:2.5 for bands of 2.5 deviations')
      .option('--adx <windows>', 'average directional index, by Wilder')
      .option('--atr <windows>', 'average true range, by Wilder')
      .addOption(json())
      .action(async (file, options) =>
        finishTool(options, await (await import('./commands/indicators.ts')).indicators(file, await io(), options)),
      ),
    'indicators SPY.csv --json',
  )
  example(
    program
      .command('stats')
      .description(
        'statistics of one series of returns, each with its convention; null with a reason where it is too short',
      )
      .argument(
        '<file>',
        'JSON ({returns, benchmark?, candidates?, trials? ...}, or {moments}), or CSV with returns or date,return[,benchmark]; - for stdin',
      )
      .option('--periods-per-year <n>', 'default 252')
      .option('--risk-free <rate>', 'per period, default 0')
      .option('--confidence <level>', 'default 0.95')
      .option('--benchmark-sharpe <ratio>', 'per period, to be beaten by the probabilistic Sharpe ratio; default 0')
      .option(
        '--trials <count:variance>',
        'how many things were tried, and the variance of their Sharpe ratios per period',
      )
      .option('--seed <n>', 'of the bootstrap')
      .addOption(json())
      .action(async (file, options) =>
        finishTool(options, await (await import('./commands/stats.ts')).stats(file, options, await io(options))),
      ),
    'stats returns.json --json',
  )
  example(
    program
      .command('cross-validate')
      .alias('cpcv')
      .description('combinatorial purged cross-validation of a linear forecast, or its splits alone')
      .argument(
        '<file>',
        'JSON with target and features, or observations; folds, testFolds, purge, embargo; - for stdin',
      )
      .addOption(json())
      .action(async (file, options) =>
        finishTool(
          options,
          await (await import('./commands/cross-validate.ts')).crossValidate(file, await io(options)),
        ),
      ),
    'cross-validate forecast.json --json',
  )
  example(
    program
      .command('prospect')
      .description('what gambles are worth under cumulative prospect theory')
      .argument('<file>', 'JSON with gambles: lists of [amount, probability]; - for stdin')
      .addOption(json())
      .action(async (file, options) =>
        finishTool(options, await (await import('./commands/prospect.ts')).prospect(file, await io(options))),
      ),
    'prospect gambles.json --json',
  )
  example(
    program
      .command('ic')
      .description('information coefficient of a signal: rank correlation with forward returns, per date and horizon')
      .requiredOption('--signals <file>', "CSV with date,asset,value, - for stdin, or stored for the journal's signals")
      .addOption(market().makeOptionMandatory())
      .option('--horizons <list>', 'sessions, with commas between', '1,5,20')
      .option('--quantiles <n>', 'default 5')
      .option('--bins <n>', 'equal steps of the signal instead of equally many assets')
      .option('--costs-bps <n>', 'of one trade, for the spread net of costs; default 10')
      .option('--prices <kind>', 'enter and leave at the open or the close; default open')
      .option('--lags <n>', 'of Newey and West; default by rule')
      .option('--base <currency>', 'currency of returns, or own; default the one they share, else EUR')
      .option('--snap', 'move a signal dated on no session to the next one')
      .option('--report <dir>', 'write an HTML page and its JSON there')
      .addOption(json())
      .action(async (options) =>
        finishTool(options, await (await import('./commands/ic.ts')).ic(options, await io(options))),
      ),
    'ic --signals signals.csv --market csv:./bars --horizons 1,5,20',
  )
  example(
    program
      .command('events')
      .description('event study: abnormal returns around events, with intervals and what overlaps did to them')
      .requiredOption(
        '--events <file>',
        "CSV with date,asset[,group], - for stdin, or stored for the journal's signals",
      )
      .addOption(market().makeOptionMandatory())
      .option('--benchmark <symbol>', 'of the market model')
      .option('--window <from,to>', 'sessions around the event', '-5,20')
      .option('--estimation <length,gap>', 'returns to estimate from, and sessions before the window; default 120,20')
      .option('--model <model>', 'market, market-adjusted, mean or price; default market')
      .option('--mean-by-date', 'average the events of one date first')
      .option('--demean', 'with model price: subtract the mean path of the same date')
      .option('--seed <n>', 'of the bootstrap')
      .option('--base <currency>', 'currency of returns, or own; default the one they share, else EUR')
      .option('--snap', 'move an event dated on no session to the next one')
      .option('--report <dir>', 'write an HTML page and its JSON there')
      .addOption(json())
      .action(async (options) =>
        finishTool(options, await (await import('./commands/events.ts')).events(options, await io(options))),
      ),
    'events --events events.csv --market csv:./bars --benchmark SPY --window=-5,20',
  )
  example(
    program
      .command('eval')
      .description(
        'how well an extractor, or another model, reads texts that were labelled by hand; nothing is recorded',
      )
      .addOption(new Option('--task <task>', 'what is evaluated').choices(['extraction']).makeOptionMandatory())
      .option('--model <name>', 'in place of LLM_MODEL')
      .addOption(
        new Option('--extractor <who>', 'default: the model where there is one').choices(['model', 'baseline']),
      )
      .option('--items <file>', 'the labelled texts (default: ../shared/data/catalysts/items.jsonl)')
      .option('--repeat <k>', 'ask a model k times about each text, and show how far it agrees', positiveWhole)
      .addOption(json())
      .action(async (options) =>
        finish(options, await (await import('./commands/eval.ts')).evaluate(options, await io(options))),
      ),
    'eval --task extraction --extractor baseline',
    'eval --task extraction --model gpt-5.4-mini --json',
  )
}
