import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { allocateJob } from '../../jobs/allocate-job.ts'
import { fillJob } from '../../jobs/fill-job.ts'
import { jobs } from '../../jobs/index.ts'
import { monitorJob } from '../../jobs/monitor-job.ts'
import { reportJob } from '../../jobs/report-job.ts'
import { openCsvMarket } from '../../src/adapters/market/csv.ts'
import { readConfig } from '../../src/config.ts'
import type { Context } from '../../src/context.ts'
import { InputError, MarketDataError } from '../../src/errors.ts'
import { owedRuns } from '../../src/job.ts'
import type { DecisionEntry } from '../../src/journal/entry.ts'
import { openContext, readBookMarket } from '../../src/open-context.ts'
import { dueRuns } from '../../src/service/playback.ts'
import { withFolder } from '../support/database.ts'
import { climbingMarket, runJob } from '../support/jobs.ts'
import { line, writeMarket } from '../support/market-files.ts'

/** A context whose clock stands still at a moment, over the market and the journal of `climbingMarket`. */
async function at<T>(
  home: string,
  now: string,
  use: (ctx: Context) => Promise<T>,
  environment = climbingMarket(home),
): Promise<T> {
  const config = readConfig(environment)
  const prices = openCsvMarket(join(home, 'bars'))
  const ctx = await openContext({
    config,
    databaseUrl: config.databaseUrl,
    prices,
    clock: { kind: 'system', now: () => now },
    market: (book, range) => readBookMarket(prices, book, range, now),
    say: () => {},
  })
  try {
    return await use(ctx)
  } finally {
    await ctx.journal.close()
  }
}

/** Ids of the runs of the allocator that are owed. */
async function owedAt(home: string, now: string): Promise<readonly string[]> {
  return at(home, now, async (ctx) => {
    const owed = []
    for (const job of jobs) owed.push(...(await owedRuns(ctx, job, now)))
    return owed.map(({ id }) => id).filter((id) => id.includes('allocator'))
  })
}

test('what was due while the service was down and can still be done is owed, and nothing else', () =>
  withFolder(async (home) => {
    // Nothing was ever run. March 8 is a Friday; Paris opens on Monday at 08:00 UTC: until then Friday's decision is honest.
    assert.deepEqual(await owedAt(home, '2024-03-09T12:00:00.000Z'), ['allocate-allocator-2024-03-08'])
    assert.deepEqual(await owedAt(home, '2024-03-11T08:00:00.000Z'), [])

    await runJob('allocate', '2024-03-05', climbingMarket(home))
    // 16:10 in New York is 21:10 UTC in winter.
    assert.deepEqual(await owedAt(home, '2024-03-06T21:00:00.000Z'), [])
    assert.deepEqual(await owedAt(home, '2024-03-06T21:15:00.000Z'), ['fill-allocator-2024-03-06'])
    assert.deepEqual(await owedAt(home, '2024-03-06T22:00:00.000Z'), [
      'fill-allocator-2024-03-06',
      'allocate-allocator-2024-03-06',
    ])
    // Over the weekend: Friday's fill, decision and report.
    assert.deepEqual(await owedAt(home, '2024-03-10T12:00:00.000Z'), [
      'fill-allocator-2024-03-08',
      'allocate-allocator-2024-03-08',
      'report-allocator-2024-03-08',
    ])
    for (const job of ['allocate', 'report']) await runJob(job, '2024-03-08', climbingMarket(home))
    assert.deepEqual(await owedAt(home, '2024-03-10T12:00:00.000Z'), [])
  }))

test('a decision that is made up for after every open is recorded as missed, and nobody is asked', () =>
  withFolder(async (home) => {
    await runJob('allocate', '2024-03-05', climbingMarket(home))
    const payload = { book: 'allocator', date: '2024-03-06' }
    // Before Paris opens at 08:00 UTC it is an honest decision; after New York's 14:30 UTC nothing of it could be filled.
    for (const [now, wanted] of [
      ['2024-03-07T15:00:00.000Z', 'no-decision'],
      ['2024-03-08T07:00:00.000Z', 'warm-up'],
    ] as const) {
      const date = now < '2024-03-08' ? payload.date : '2024-03-07'
      const decision = await at(home, now, async (ctx) => {
        await allocateJob.run(ctx, { ...payload, date }, now)
        return (await ctx.journal.last('allocator', 'decision'))!
      })
      const { outcome, because } = decision.body as DecisionEntry
      assert.deepEqual([decision.body.date, outcome, decision.at], [date, wanted, now])
      if (outcome === 'no-decision') assert.equal(because, 'the program did not run that day, or had no prices')
    }
    // What was booked meanwhile is not booked again.
    const late = await at(home, '2024-03-08T08:00:00.000Z', (ctx) => allocateJob.run(ctx, payload, ctx.clock.now('')))
    assert.equal(late.kind, 'nothing')
  }))

test('a day on which nobody has prices is tried again, and the next one books it and says that it was missed', () =>
  withFolder(async (home) => {
    await runJob('allocate', '2024-03-05', climbingMarket(home))
    const day = (date: string) => ({ book: 'allocator', date })
    await at(home, '2024-03-06T21:20:00.000Z', async (ctx) => {
      const down = new MarketDataError('Asked Yahoo for SPY: HTTP 503', { retryable: true })
      const dark: Context = { ...ctx, market: () => Promise.reject(down) }
      // The queue tries a run again that fails like this; nothing was written.
      for (const job of [fillJob, allocateJob]) await assert.rejects(job.run(dark, day('2024-03-06'), ''), down)
      assert.deepEqual(await Array.fromAsync(ctx.journal.read({ fromAt: '2024-03-06T00:00:00.000Z' })), [])
    })
    await at(home, '2024-03-07T21:20:00.000Z', async (ctx) => {
      await allocateJob.run(ctx, day('2024-03-07'), '')
      const entries = await Array.fromAsync(ctx.journal.read({ fromAt: '2024-03-06T00:00:00.000Z' }))
      const decisions = entries.flatMap((entry) => (entry.kind === 'decision' ? [entry.body] : []))
      assert.deepEqual(
        decisions.map(({ date, outcome }) => [date, outcome]),
        [
          ['2024-03-06', 'no-decision'],
          ['2024-03-07', 'warm-up'],
        ],
      )
      assert.match(decisions[0]!.because ?? '', /had no prices/)
      const posts = entries.flatMap((entry) => (entry.kind === 'post' ? [entry.body.x[0]!] : []))
      assert(
        posts.some((text) => /No decision/.test(text)),
        posts.join('\n'),
      )
    })
  }))

test('on a holiday each job looks at the calendar and ends', () =>
  withFolder(async (home) => {
    await runJob('allocate', '2024-03-05', climbingMarket(home))
    const christmas = { book: 'allocator', date: '2024-12-25' }
    await at(home, '2024-12-25T21:30:00.000Z', async (ctx) => {
      for (const job of [fillJob, allocateJob, reportJob]) {
        const outcome = await job.run(ctx, christmas, '2024-12-25T21:20:00.000Z')
        assert.equal(outcome.kind, 'nothing')
        assert.equal(await job.owed(ctx, christmas, '2024-12-25T21:20:00.000Z'), 'not-due')
      }
      // 21:15 in Paris, when New York has been closed for a quarter of an hour in the weeks between the two clock changes.
      const moment = { book: 'allocator', date: '2024-03-12', at: '2024-03-12T20:15:00.000Z' }
      const outcome = await monitorJob.run(ctx, moment, moment.at)
      assert.deepEqual(outcome, { kind: 'nothing', because: 'no exchange of the book allocator is open' })
      await assert.rejects(fillJob.run(ctx, { book: 'allocator' }, moment.at), InputError)
    })
  }))

test('a look whose session is booked by now is not made with what is held now', () =>
  withFolder(async (home) => {
    for (const date of ['2024-03-05', '2024-03-06']) await runJob('allocate', date, climbingMarket(home))
    const moment = { book: 'allocator', date: '2024-03-06', at: '2024-03-06T15:15:00.000Z' }
    const outcome = await at(home, '2024-03-06T22:00:00.000Z', (ctx) => monitorJob.run(ctx, moment, moment.at))
    assert.deepEqual(outcome, { kind: 'nothing', because: 'the session of 2024-03-06 is booked already' })
  }))

test('an alert whose post was never written is told by the next look', () =>
  withFolder(async (home) => {
    const market = climbingMarket(home)
    const dates = ['2024-03-04', '2024-03-05', '2024-03-06', '2024-03-07']
    // SPY, which the book is compared with, gains four percent on March 6.
    const prices = [500, 501, 521, 522]
    writeMarket(join(home, 'bars'), { SPY: dates.map((date, index) => line(date, prices[index]!, prices[index]!)) })
    await runJob('allocate', '2024-03-05', market)
    const look = (hour: string) => ({ book: 'allocator', date: '2024-03-06', at: `2024-03-06T${hour}:15:00.000Z` })
    const killed = new Error('killed')
    await at(
      home,
      '2024-03-06T16:15:10.000Z',
      async (ctx) => {
        const { journal } = ctx
        const append: typeof journal.append = (entries, how) =>
          entries.some(({ kind }) => kind === 'post') ? Promise.reject(killed) : journal.append(entries, how)
        const dying: Context = { ...ctx, journal: { ...journal, append } }
        await assert.rejects(monitorJob.run(dying, look('16'), look('16').at), killed)
      },
      market,
    )
    await at(
      home,
      '2024-03-06T18:15:10.000Z',
      async (ctx) => {
        await monitorJob.run(ctx, look('18'), look('18').at)
        const entries = await Array.fromAsync(ctx.journal.read({ fromAt: '2024-03-06T00:00:00.000Z' }))
        assert.deepEqual(
          entries.map(({ kind, at: when }) => [kind, when.slice(11, 16)]),
          [
            ['alert', '16:15'],
            ['post', '16:15'],
          ],
        )
      },
      market,
    )
  }))

test('a day is played back in the order of its moments', () => {
  const config = readConfig({})
  const day = dueRuns(config, { from: '2026-03-27', to: '2026-03-27' })
    .flatMap(({ at: moment, runs }) => runs.map((run) => [moment, run.id] as const))
    .filter(([, id]) => id.includes('allocator'))
  // A Friday between the clock changes: New York is five hours behind Paris, which is one ahead of UTC.
  assert.deepEqual(day, [
    ['2026-03-27T08:15:00.000Z', 'monitor-allocator-2026-03-27T0815'],
    ['2026-03-27T10:15:00.000Z', 'monitor-allocator-2026-03-27T1015'],
    ['2026-03-27T12:15:00.000Z', 'monitor-allocator-2026-03-27T1215'],
    ['2026-03-27T14:15:00.000Z', 'monitor-allocator-2026-03-27T1415'],
    ['2026-03-27T16:15:00.000Z', 'monitor-allocator-2026-03-27T1615'],
    ['2026-03-27T18:15:00.000Z', 'monitor-allocator-2026-03-27T1815'],
    ['2026-03-27T20:10:00.000Z', 'fill-allocator-2026-03-27'],
    ['2026-03-27T20:15:00.000Z', 'monitor-allocator-2026-03-27T2015'],
    ['2026-03-27T20:20:00.000Z', 'allocate-allocator-2026-03-27'],
    ['2026-03-27T20:40:00.000Z', 'report-allocator-2026-03-27'],
  ])
})

test('every run has an id that the queue takes, and ids of different runs differ', () => {
  const config = readConfig({ X_APP_KEY: 'x' })
  const runs = dueRuns(config, { from: '2026-10-23', to: '2026-11-06' }).flatMap((due) => due.runs)
  assert(runs.length > 100)
  assert.equal(new Set(runs.map(({ id }) => id)).size, runs.length)
  for (const { id } of runs) assert.match(id, /^[a-z]+-[\w.-]+$/)
})
