import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { overdueReports } from '../../jobs/report.ts'
import { readTrials, trialsOf, trialsWith } from '../../jobs/trials.ts'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { solve } from '../../src/adapters/highs.ts'
import { bookAllocators, bookDecisions, bookRecord, repeatedCalls } from '../../src/backtest/book-decisions.ts'
import { decisionAnalysis } from '../../src/backtest/decision-analysis.ts'
import { randomAllocators, ticketsOf } from '../../src/backtest/random-allocators.ts'
import { simulate } from '../../src/backtest/simulate.ts'
import { readBook } from '../../src/books.ts'
import { backtest } from '../../src/commands/backtest.ts'
import { demo } from '../../src/commands/demo.ts'
import { readConfig } from '../../src/config.ts'
import { type Context, stateReader } from '../../src/context.ts'
import { parsePolicy } from '../../src/decision/policies/parse.ts'
import { JournalError } from '../../src/errors.ts'
import type { ChainRow } from '../../src/journal/chain.ts'
import type { AttemptEntry, RenderedPost } from '../../src/journal/entry.ts'
import { type FirstReport, PeriodReport } from '../../src/journal/report-entry.ts'
import { parseMarketSpec } from '../../src/market/market-spec.ts'
import { askedAt, readBookMarket } from '../../src/open-context.ts'
import { openMarket } from '../../src/open-market.ts'
import { withFolder } from '../support/database.ts'
import { decidingServer, modelEnvironment } from '../support/deciding-server.ts'
import { bodiesOf, ioWith, runJob } from '../support/jobs.ts'
import { line, weekdays, writeMarket } from '../support/market-files.ts'
import { primer, rowsOf } from '../support/primer.ts'

/** Three funds that climb a little every day from the end of one month into the next; Paris lacks, so New York's calendar counts. */
function aroundMonthEnd(folder: string): Readonly<Record<string, string>> {
  const dates = weekdays('2024-04-22', '2024-05-03')
  const climbing = (start: number) => dates.map((date, index) => line(date, start + index, start + index + 0.5))
  writeMarket(join(folder, 'bars'), {
    SPY: climbing(500),
    QQQ: climbing(440),
    GLD: climbing(200),
    'EURUSD=X': dates.map((date) => line(date, 1.09, 1.09, { volume: 0 })),
  })
  return { PRIMER_HOME: folder, MARKET: `csv:${join(folder, 'bars')}` }
}

const reportsOf = (rows: readonly ChainRow[]) =>
  bodiesOf<unknown>(rows, 'report').map((body) => PeriodReport.parse(body))

test('a month is reported on its last session, a week on its own, each once with a post of its name', () =>
  withFolder(async (home) => {
    const environment = aroundMonthEnd(home)
    const days = ['04-25', '04-26', '04-29', '04-30', '05-01', '05-02', '05-03'].map((day) => `2024-${day}`)
    const wrote: [string, string[]][] = []
    for (const date of days) {
      await runJob('allocate', date, environment)
      const before = rowsOf(join(home, 'journal.db')).length
      await runJob('report', date, environment).catch((error: Error) =>
        assert.match(error.message, /has sessions after it, and so has the month/),
      )
      await runJob('report', date, environment).catch(() => {})
      const rows = rowsOf(join(home, 'journal.db')).slice(before)
      wrote.push([
        date,
        rows.map(({ kind, body }) =>
          kind === 'report' ? JSON.parse(body).period.name : (JSON.parse(body) as RenderedPost).purpose,
        ),
      ])
    }
    assert.deepEqual(
      wrote.filter(([, names]) => names.length > 0),
      [
        ['2024-04-26', ['2024-W17', 'weekly']],
        ['2024-04-30', ['2024-04', 'monthly']],
        ['2024-05-03', ['2024-W18', 'weekly']],
      ],
    )
    const [week, month] = reportsOf(rowsOf(join(home, 'journal.db')))
    assert.deepEqual([week!.from, week!.to, week!.sessions], ['2024-04-25', '2024-04-26', 2])
    assert.deepEqual([month!.from, month!.to, month!.sessions], ['2024-04-25', '2024-04-30', 4])
    // SPY is held from the open of April 26 on, at 504: by the 30th it closes at 506.5, +0.5 % less costs.
    const spy = month!.benchmarkReturns['buy-and-hold:SPY']!
    assert.ok(spy > 0.004 && spy < 0.005, `${spy}`)
    const [, post] = bodiesOf<RenderedPost>(rowsOf(join(home, 'journal.db')), 'post').filter(({ purpose }) =>
      ['weekly', 'monthly'].includes(purpose),
    )
    assert.match(post!.x[0]!, /^1\/\d April 2024, day 4: EUR /)
  }))

test('reports that nobody wrote are found, and are the same when made up for later', () =>
  withFolder(async (home) => {
    const environment = aroundMonthEnd(home)
    const days = ['04-25', '04-26', '04-29', '04-30', '05-01', '05-02', '05-03'].map((day) => `2024-${day}`)
    const onTime = join(home, 'on-time')
    mkdirSync(onTime)
    const there = { ...environment, PRIMER_HOME: onTime }
    for (const date of days) {
      await runJob('allocate', date, environment)
      if (date !== '2024-04-30') continue
      copyFileSync(join(home, 'journal.db'), join(onTime, 'journal.db'))
      await runJob('report', date, there)
    }
    const overdue = await withMarket(home, environment, async ({ ctx, market, open }) =>
      overdueReports(ctx, market, open),
    )
    assert.deepEqual(overdue, ['2024-04-26', '2024-04-30', '2024-05-03'])
    for (const date of overdue) await runJob('report', date, environment)
    const late = reportsOf(rowsOf(join(home, 'journal.db'))).find(({ period }) => period.name === '2024-04')
    assert.deepEqual(late, reportsOf(rowsOf(join(onTime, 'journal.db')))[0])
    assert.deepEqual(
      await withMarket(home, environment, async ({ ctx, market, open }) => overdueReports(ctx, market, open)),
      [],
    )
  }))

/** The book of a journal and its market, as a job has them. */
async function withMarket<T>(
  home: string,
  environment: Readonly<Record<string, string>>,
  use: (found: {
    ctx: Context
    market: Awaited<ReturnType<typeof readBookMarket>>
    open: NonNullable<Awaited<ReturnType<Context['state']>>>
  }) => Promise<T>,
): Promise<T> {
  const config = readConfig(environment)
  const source = await openMarket(config.market, config)
  const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`, { readOnly: true })
  try {
    const open = (await stateReader(journal)('allocator'))!
    const to = open.state.lastSession!
    const market = await readBookMarket(
      source,
      readBook('allocator'),
      { first: open.state.opened.firstSession, to },
      askedAt(source, to),
    )
    return await use({ ctx: { journal } as Context, market, open })
  } finally {
    await journal.close()
  }
}

/** Figures to nine digits: sums of floats in another order differ in the last ones. */
const rounded = (value: unknown) =>
  JSON.parse(JSON.stringify(value), (_, found) => (typeof found === 'number' ? Number(found.toPrecision(9)) : found))

test('the figures of a live book’s decisions are those of a backtest over the same days', () =>
  withFolder(async (home) => {
    const out = join(home, 'demo')
    await demo({ sessions: '64', market: 'simulated:3', out }, ioWith({ PRIMER_HOME: home }))
    const reports = reportsOf(rowsOf(join(out, 'journal.db')))
    const last = reports.at(-1)!
    assert.deepEqual([last.period, last.standing.day], [{ kind: 'month', name: '2025-12' }, 64])
    await withMarket(out, { MARKET: 'simulated:3' }, async ({ market, open: { state } }) => {
      const { panel } = market
      const first = panel.indexOf.get(state.opened.firstSession)!
      const to = panel.indexOf.get(last.to)!
      const held = new Map<string, number>()
      const simulated = (policy: string, isBenchmark: boolean) =>
        simulate({
          market,
          policy: parsePolicy(policy, market, { asBenchmark: isBenchmark }),
          isBenchmark,
          ...(!isBenchmark && { guarded: true }),
          first,
          last: to,
          solve,
          keepOrders: true,
          onClose: ({ session, holdings }) => {
            if (!isBenchmark)
              for (const { symbol, quantity } of holdings.positions) held.set(`${symbol} ${session}`, quantity)
          },
        })
      const main = await simulated('cvar', false)
      const { equity } = await simulated('buy-and-hold:SPY', true)
      const { stability, ...decisions } = last.decisions!
      const wanted = decisionAnalysis({ market, decided: main, benchmark: equity, guarded: true })
      assert.ok(wanted.filled > 20 && wanted.forward.some(({ sessions, count }) => sessions === 20 && count > 5))
      assert.deepEqual(rounded(decisions), rounded(wanted))
      assert.equal(stability, null)
      assert.ok(Math.abs(last.turnover!.sinceStart - main.turnover) < 1e-9)

      const record = bookRecord(market, state)
      assert.ok(record.kind === 'sound')
      const ranked = bookAllocators(market, state, record)
      const tickets = ticketsOf(market, main.orders, main, (symbol, session) => held.get(`${symbol} ${session}`) ?? 0)
      const { netReturns: _, ...luck } = randomAllocators({
        market,
        tickets,
        first,
        last: to,
        finalEquity: main.equity.at(-1)!,
        count: 1000,
        seed: '1',
      })
      assert.deepEqual(ranked, { kind: 'ranked', allocators: { ...luck, netReturns: _ } })
      assert.equal(luck.p, (1 + luck.atLeastAsGood) / 1001)

      // Prices that are not those that were booked give no figures, and the reason.
      const other = await readBookMarket(
        await openMarket(parseMarketSpec('simulated:4'), readConfig({})),
        readBook('allocator'),
        { first: state.opened.firstSession, to: last.to },
        askedAt(await openMarket(parseMarketSpec('simulated:4'), readConfig({})), last.to),
      )
      const refused = bookRecord(other, state)
      assert.ok(refused.kind === 'differs')
      assert.match(refused.because, /not the one that was booked: it values the book at [\d.]+ on 2025-/)
      const figures = bookDecisions(market, state, record, { attempts: [], sessionsPerYear: 252 })
      assert.deepEqual(rounded({ ...figures, stability: null }), rounded(last.decisions))
    })
    // Of a control a report has the opponents and no claim; both channels carry it.
    const { evidence } = last
    assert.deepEqual([evidence!.returns, evidence!.skill, evidence!.comparisons.length], [63, null, 5])
    const post = bodiesOf<RenderedPost>(rowsOf(join(out, 'journal.db')), 'post').at(-1)!
    assert.match(JSON.stringify(post.discord), /The verdict.*A control run: no claim of skill.*Against SPY: [+-]/)
  }))

test('a report of the version before is verified, shown and replayed, and its post is still rendered', () =>
  withFolder(async (home) => {
    const out = join(home, 'demo')
    await demo({ sessions: '6', market: 'simulated:3', out }, ioWith({ PRIMER_HOME: home }))
    const rows = rowsOf(join(out, 'journal.db'))
    const weekly = rows.findIndex(({ kind }) => kind === 'report')
    const report = PeriodReport.parse(JSON.parse(rows[weekly]!.body))
    const { period, periodReturn, benchmarkReturns, costsPeriod, turnover, evidence, decisions, ...same } = report
    const { decisionsBecause: _, performance, ...rest } = same
    assert.ok(turnover !== null && evidence !== null && decisions !== null && performance !== undefined)
    const before: FirstReport = {
      ...rest,
      week: period.name,
      weekReturn: periodReturn,
      benchmarkWeekReturns: benchmarkReturns,
      costsWeek: costsPeriod,
    }
    // The journal as that version left it when it was killed before the post.
    const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`)
    await journal.appendSealed(rows.slice(0, weekly))
    const { at, book } = rows[weekly]!
    await journal.append([{ at, kind: 'report', book, key: `${book}/${period.name}/report`, body: before }])
    await journal.close()
    const env = { PRIMER_HOME: home, MARKET: 'simulated:3' }
    const verified = await primer(['journal', 'verify', '--json'], { home, env })
    assert.equal(JSON.parse(verified.stdout).ok, true)
    const shown = await primer(['journal', 'show', '--kind', 'report'], { home, env })
    assert.match(shown.stdout, new RegExp(`report +${period.name}: [+-]\\d`))
    const replayed = await primer(['replay', '--book', 'allocator', '--json'], { home, env })
    assert.deepEqual([JSON.parse(replayed.stdout).ok, JSON.parse(replayed.stdout).differences], [true, []])
    const { entries } = await runJob('report', report.to, env)
    assert.deepEqual(
      entries.map(({ kind }) => kind),
      ['post'],
    )
    const post = bodiesOf<RenderedPost>(rowsOf(join(home, 'journal.db')), 'post').at(-1)!
    assert.deepEqual([post.purpose, post.of.seq], ['weekly', weekly + 1])
    assert.doesNotMatch(JSON.stringify(post.discord), /The verdict/)
  }))

test('a model that runs live is one trial, the same as its backtest; another prompt or a masked run is another', () =>
  withFolder(async (home) => {
    const server = await decidingServer()
    try {
      const environment = { PRIMER_HOME: home, MARKET: 'simulated:3', ...modelEnvironment(server.url) }
      for (const date of ['2025-12-18', '2025-12-19']) await runJob('allocate', date, environment)
      await runJob('report', '2025-12-19', environment)
      const trialRows = () => rowsOf(join(home, 'journal.db')).filter(({ kind }) => kind === 'trial')
      assert.equal(trialRows().length, 1)
      const span = { book: 'allocator', policy: 'model', from: '2025-12-15', to: '2025-12-17', market: 'simulated:3' }
      await backtest(span, ioWith(environment))
      assert.equal(trialRows().length, 1)
      await backtest({ ...span, masked: true }, ioWith(environment))
      assert.equal(trialRows().length, 2)
      const [report] = reportsOf(rowsOf(join(home, 'journal.db')))
      assert.equal(report!.evidence!.skill!.trials, 1)
      assert.match(report!.evidence!.text, /^No evidence of skill yet: the smallest e-value is /)
      assert.deepEqual(
        report!.evidence!.comparisons.map(({ kind }) => kind),
        ['benchmark', 'benchmark', 'benchmark', 'benchmark', 'control', 'control', 'mix'],
      )
      const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`, { readOnly: true })
      const trials = await readTrials(journal, 'allocator')
      await journal.close()
      // The live one has no ratio on record: it counts with the one it has by now.
      const running = { trial: trials[0]!.trial, sharpePerPeriod: 0.1 }
      const [, masked] = trials
      assert.equal(trialsWith(trials, running).count, 2)
      const mean = (0.1 + masked!.sharpePerPeriod!) / 2
      const variance = (0.1 - mean) ** 2 + (masked!.sharpePerPeriod! - mean) ** 2
      assert.ok(Math.abs(trialsWith(trials, running).sharpeVariance - variance) < 1e-12)
      assert.deepEqual(trialsOf([]), null)
    } finally {
      await server.close()
    }
  }))

test('a backtest of a model refuses a journal that lost its tail, names the entry, and asks nobody', () =>
  withFolder(async (home) => {
    const server = await decidingServer()
    try {
      const environment = { PRIMER_HOME: home, MARKET: 'simulated:3', ...modelEnvironment(server.url) }
      await runJob('allocate', '2025-12-18', environment)
      const heads = readFileSync(join(home, 'heads'), 'utf8')
      const asked = server.requests.length
      writeFileSync(join(home, 'heads'), `900:${'b'.repeat(64)} 2025-12-18T21:22:00.000Z\n${heads}`)
      const before = rowsOf(join(home, 'journal.db'))
      const span = { book: 'allocator', policy: 'model', from: '2025-12-15', to: '2025-12-17', market: 'simulated:3' }
      await assert.rejects(backtest(span, ioWith(environment)), (error) => {
        assert.ok(error instanceof JournalError)
        assert.match(error.message, /lacks entry 900 of hash b{16}, which was published on 2025-12-18/)
        return true
      })
      assert.equal(server.requests.length, asked)
      assert.deepEqual(rowsOf(join(home, 'journal.db')), before)
      const args = [
        'backtest',
        '--book',
        'allocator',
        '--policy',
        'model',
        '--from',
        '2025-12-15',
        '--to',
        '2025-12-17',
      ]
      const { code, stderr } = await primer([...args, '--market', 'simulated:3'], { home, env: environment })
      assert.equal(code, 2, stderr)
      assert.match(stderr, /lacks entry 900/)
    } finally {
      await server.close()
    }
  }))

test('answers to the same question show how far a model agrees with itself, and one answer shows nothing', () => {
  const attempt = (date: string, more: Partial<AttemptEntry> & { readonly buys?: readonly string[] }): AttemptEntry => {
    const { buys = [], ...rest } = more
    const actions = buys.map((symbol) => ({ symbol, side: 'buy', pct: 10, reason: 'Because.' }))
    return {
      date,
      attempt: 1,
      sentAt: `${date}T20:20:00.000Z`,
      latencyMs: 5,
      model: 'm',
      answeredBy: null,
      fingerprint: null,
      requestId: null,
      finishReason: 'stop',
      promptTokens: 1,
      completionTokens: 1,
      costUsd: 0,
      costEstimated: false,
      outcome: 'accepted',
      detail: '',
      rawAnswer: JSON.stringify({ summary: 'Said.', actions }),
      ...rest,
    }
  }
  assert.equal(
    repeatedCalls([attempt('2020-03-12', { buys: ['SPY'] }), attempt('2020-03-13', { buys: ['SPY'] })]),
    null,
  )
  // A repair round is another question: what was not accepted is no answer.
  assert.equal(
    repeatedCalls([attempt('2020-03-12', { outcome: 'invalid' }), attempt('2020-03-12', { buys: ['SPY'] })]),
    null,
  )
  // {SPY} and {SPY, TLT}: 1 of 2 agreed; {GLD} and {GLD}: all. Mean 0.75.
  assert.deepEqual(
    repeatedCalls([
      attempt('2020-03-12', { buys: ['SPY'] }),
      attempt('2020-03-12', { buys: ['SPY', 'TLT'], attempt: 2 }),
      attempt('2020-03-13', { buys: ['GLD'] }),
      attempt('2020-03-13', { buys: ['GLD'], attempt: 2 }),
    ]),
    { dates: 2, calls: 4, agreement: 0.75 },
  )
})
