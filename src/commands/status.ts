import { existsSync } from 'node:fs'
import { due } from '../../jobs/steps.ts'
import { openJournal } from '../adapters/database/journal.ts'
import type { Depth } from '../adapters/queue.ts'
import { openSpending } from '../adapters/spending.ts'
import { bookNames, readBook } from '../books.ts'
import { type Config, readConfig } from '../config.ts'
import { stateReader } from '../context.ts'
import { addDays, decisionAt, isSession } from '../market/calendar.ts'
import type { CommandIo, CommandResult } from './command.ts'

/** `primer status`: what the journal says of each book, the next run, the model's budget, the head. Changes nothing. */
export async function status(io: CommandIo): Promise<CommandResult> {
  const config = readConfig(io.environment)
  const now = new Date().toISOString()
  if (isAbsent(config)) {
    const json = {
      home: config.home,
      journal: null,
      books: [],
      queue: null,
      quota: null,
      jobs: [],
      budget: null,
      head: null,
      notes: ['No journal yet.'],
    }
    return {
      json,
      text: `No journal yet (${config.home}). Begin with: npx primer run allocate, or look at npx primer demo`,
    }
  }
  const journal = await openJournal(config.databaseUrl, { readOnly: true })
  try {
    const stateOf = stateReader(journal)
    const books = []
    for (const name of bookNames()) {
      const open = await stateOf(name)
      if (open === null) {
        books.push({
          book: name,
          policy: null,
          lastSession: null,
          lastDecision: null,
          day: 0,
          equity: null,
          currency: readBook(name).currency,
          next: nextRun(name, now),
        })
        continue
      }
      const { state, opened } = open
      books.push({
        book: name,
        policy: opened.body.policy,
        lastSession: state.lastSession,
        lastDecision: state.decisions.at(-1)?.body.date ?? null,
        day: state.closes.length,
        equity: state.lastClose?.body.equity ?? null,
        currency: opened.body.currency,
        next: nextRun(name, now),
      })
    }
    const budget = await budgetOf(config, journal, now)
    const head = await journal.head()
    const { nextRuns, queueDepth } = await import('../service/look.ts')
    const { quotaReader } = await import('../service/quota.ts')
    const queue = await queueDepth(config)
    const quota = config.x.appKey === null ? null : await quotaReader({ journal, config })(now)
    const runs = nextRuns(config, now)
    const json = { home: config.home, journal: journal.url, books, queue, quota, jobs: runs, budget, head, notes: [] }
    const lines = books.map((book) =>
      book.policy === null
        ? `${book.book}: not opened yet; next run ${book.next}`
        : `${book.book}: day ${book.day}, booked to ${book.lastSession}, last decision ${book.lastDecision ?? 'none'}, equity ${book.currency} ${book.equity?.toFixed(2) ?? 'not known'}; next run ${book.next}`,
    )
    lines.push(
      `jobs: ${runs.map(({ job, next }) => `${job} ${next.slice(0, 16)}Z`).join(', ')}`,
      queue === null ? 'queue: no service is running' : `queue: ${depthInWords(queue)}`,
      quota === null
        ? 'X: not configured'
        : `X: ${quota.dayLeft} posts left today, ${quota.monthLeft} this month (UTC), USD ${quota.monthUsd.toFixed(2)} spent on posts`,
      budget === null
        ? 'model: none configured, a control decides'
        : `model: ${budget.model}, USD ${budget.leftUsd.toFixed(2)} of ${budget.dailyUsd.toFixed(2)} left today (UTC)`,
      head === null ? 'journal: empty' : `journal: ${journal.url}, head ${head.seq}:${head.hash} of ${head.at}`,
    )
    return { json, text: lines.join('\n') }
  } finally {
    await journal.close()
  }
}

function depthInWords(depth: Depth): string {
  const parts = Object.entries(depth).flatMap(([queue, states]) =>
    Object.entries(states).flatMap(([state, count]) => (count > 0 ? [`${queue} ${count} ${state}`] : [])),
  )
  return parts.length === 0 ? 'empty' : parts.join(', ')
}

function isAbsent(config: Config): boolean {
  return config.databaseUrl.startsWith('sqlite:') && !existsSync(config.databaseUrl.slice('sqlite:'.length))
}

/** The next decision of a book: 16:20 in New York on a day on which one of its exchanges is open; 00:30 UTC for coins. */
function nextRun(name: string, now: string): string {
  const book = readBook(name)
  if (book.kind === 'catalyst') {
    const today = now.slice(0, 10)
    return [addDays(today, -1), today].map((date) => decisionAt('CRYPTO', date)!).find((at) => at > now)!
  }
  const exchanges = [...new Set(book.instruments.map(({ exchange }) => exchange))]
  for (let date = now.slice(0, 10); ; date = addDays(date, 1)) {
    if (exchanges.some((exchange) => isSession(exchange, date)) && due.snapshot(date) > now) return due.snapshot(date)
  }
}

async function budgetOf(config: Config, journal: Awaited<ReturnType<typeof openJournal>>, now: string) {
  if (config.model === null) return null
  let spent = 0
  for await (const entry of journal.read({ kinds: ['attempt'] })) {
    if (entry.kind === 'attempt' && entry.body.sentAt.slice(0, 10) === now.slice(0, 10)) spent += entry.body.costUsd
  }
  spent = Math.max(spent, openSpending(config.home).on(now.slice(0, 10)))
  const dailyUsd = config.model.dailyBudgetUsd
  return { model: config.model.name, dailyUsd, spentUsd: spent, leftUsd: Math.max(0, dailyUsd - spent) }
}
