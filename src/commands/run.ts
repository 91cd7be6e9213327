import { jobNamed, jobs } from '../../jobs/index.ts'
import { dueOf } from '../../jobs/steps.ts'
import { publishHeadOf } from '../adapters/database/heads.ts'
import { readBook } from '../books.ts'
import type { Book } from '../catalysts/catalyst-book.ts'
import { readConfig } from '../config.ts'
import { type Context, simulatedClock, systemClock } from '../context.ts'
import { ConflictError, InputError } from '../errors.ts'
import type { ByHand, HandOptions } from '../job.ts'
import { openContext, readBookMarket } from '../open-context.ts'
import { openMarkets } from '../open-market.ts'
import { postOnTerminal } from '../posts/terminal.ts'
import type { IsoDate } from '../units.ts'
import type { CommandIo, CommandResult } from './command.ts'

/** `primer run JOB`: one job once, in the foreground. Recorded prices are played back at the scheduled time of the date. */
export async function run(name: string, options: HandOptions, io: CommandIo): Promise<CommandResult> {
  const job = jobNamed(name)
  if (job === undefined) {
    throw new InputError(
      `no job is called ${JSON.stringify(name)}; there are ${jobs.map((one) => one.name).join(', ')}`,
    )
  }
  const config = readConfig(io.environment)
  const book = readBook(options.book)
  const markets = await openMarkets(config)
  const { prices } = markets
  const clock = prices.nature === 'live' ? systemClock : simulatedClock
  // Only what sends or listens loads the clients of the channels.
  const channels =
    job.queue === 'posts' || job.queue === 'listening'
      ? await (await import('../service/parts.ts')).openChannels(config, { warn: (line) => io.say(line) })
      : null
  const ctx = await openContext({
    config,
    ...(channels !== null && { channels }),
    databaseUrl: config.databaseUrl,
    ...markets,
    clock,
    market: (which, range) =>
      readBookMarket(
        which.kind === 'catalyst' ? markets.coinPrices : prices,
        which,
        range,
        marketNow(clock.kind, which, range.to),
      ),
    say: io.say,
  })
  try {
    const before = (await ctx.journal.head())?.seq ?? 0
    const done = await withRetries(() => job.byHand(ctx, options))
    await publishHeadOf(ctx.home, ctx.journal)
    const trades = job.queue === 'books' || job.queue === 'catalysts'
    return await answer(ctx, { job: name, book: done.book ?? book.name, trades }, done, before)
  } finally {
    await channels?.close()
    await ctx.journal.close()
  }
}

/** Recorded prices of a date are all there at its end; live ones as of now. */
function marketNow(kind: 'system' | 'simulated', book: Book, date: IsoDate): string {
  return kind === 'system' ? new Date().toISOString() : dueOf(book).report(date)
}

/** Another writer in between is no failure: the state is read again and the step tried again. */
async function withRetries<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof ConflictError) || tries >= 5) throw error
      await new Promise((resolve) => setTimeout(resolve, 50 * 2 ** tries))
    }
  }
}

async function answer(
  ctx: Context,
  { job, book, trades }: { readonly job: string; readonly book: string; readonly trades: boolean },
  { date, outcome }: ByHand,
  before: number,
): Promise<CommandResult> {
  const entries = await Array.fromAsync(ctx.journal.read({ book, fromSeq: before + 1 }))
  const posts = entries.flatMap((entry) => (entry.kind === 'post' ? [entry.body] : []))
  const wrote = `${job} ${book} ${date}: entries ${entries[0]?.seq} to ${entries.at(-1)?.seq}${more(outcome)}`
  const lines = [
    entries.length > 0 ? wrote : `${job} ${date}: ${unwritten(outcome, trades)}`,
    ...posts.map((post) => postOnTerminal(post)),
  ]
  return {
    text: lines.join('\n\n'),
    json: {
      job,
      book,
      date,
      ...(outcome.kind === 'done' && { did: outcome.did }),
      entries: entries.map(({ seq, kind, hash }) => ({ seq, kind, hash })),
      posts: posts.map(({ purpose, x, discord }) => ({ purpose, x, discord })),
    },
  }
}

/** A job that keeps no book's entries, such as one that sends posts, says what it did all the same. */
function unwritten(outcome: ByHand['outcome'], trades: boolean): string {
  // Done before, or there was nothing: a look without an alert, a file without a text.
  if (trades) return `nothing new to record${outcome.kind === 'nothing' ? `; ${outcome.because}` : ''}`
  return outcome.kind === 'nothing' ? outcome.because : outcome.did
}

/** What the job says of itself, where that is more than its name. */
function more(outcome: ByHand['outcome']): string {
  if (outcome.kind === 'nothing') return `; ${outcome.because}`
  return outcome.did.includes(' ') ? `; ${outcome.did}` : ''
}
