import assert from 'node:assert/strict'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openJournal } from '../../src/adapters/database/journal.ts'
import { demo } from '../../src/commands/demo.ts'
import { run } from '../../src/commands/run.ts'
import { InputError } from '../../src/errors.ts'
import type { CloseEntry, DecisionEntry, ReportEntry } from '../../src/journal/entry.ts'
import { withFolder } from '../support/database.ts'
import { bodiesOf, climbingMarket, ioWith, runJob } from '../support/jobs.ts'
import { assertSameRows } from '../support/kill-run.ts'
import { readLines, writeMarket } from '../support/market-files.ts'
import { primer, rowsOf, soundness } from '../support/primer.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const allocatorBook = fileURLToPath(new URL('../../books/allocator.json', import.meta.url))

/** Real prices up to the end of May 2020, so that a demo that ends with them goes through that March. */
const spring = mkdtempSync(join(tmpdir(), 'primer-spring-'))
after(() => rmSync(spring, { recursive: true }))
if (sharedAbsent === false) {
  const all = Object.entries(readLines(sharedPath('bars/allocator_2018_2020')))
  writeMarket(
    spring,
    Object.fromEntries(all.map(([symbol, lines]) => [symbol, lines.filter(({ date }) => date <= '2020-05-29')])),
  )
}

test('jobs run day by day record the very entries of the demo over the same days', { skip: sharedAbsent }, () =>
  withFolder(async (home) => {
    const market = `csv:${spring}`
    const demoHome = join(home, 'demo')
    await demo({ sessions: '6', market, out: demoHome }, ioWith({ PRIMER_HOME: home }))
    const wanted = rowsOf(join(demoHome, 'journal.db'))
    const environment = { PRIMER_HOME: home, MARKET: market }
    // Six sessions from a Friday to the next.
    const days = bodiesOf<CloseEntry>(wanted, 'close').map(({ date }) => date)
    assert.deepEqual([days[0], days.at(-1), days.length], ['2020-05-22', '2020-05-29', 6])
    for (const date of days) {
      const isFriday = date === '2020-05-22' || date === '2020-05-29'
      const jobs = ['fill', 'monitor', 'allocate', ...(isFriday ? ['report'] : [])]
      for (const job of jobs) await runJob(job, date, environment)
      if (!isFriday) continue
      for (const job of jobs) assert.deepEqual((await runJob(job, date, environment)).entries, [], `${job} ran twice`)
    }
    const found = rowsOf(join(home, 'journal.db'))
    assertSameRows(found, wanted)
    assert(found.length > 30)
    assert.deepEqual((await soundness(home)).differences, [])
    // Its heads were published as it went on: the tail is proven.
    const head = found.at(-1)!
    assert(readFileSync(join(home, 'heads'), 'utf8').includes(`${head.seq}:${head.hash}`))
  }),
)

test('days on which the program did not run are recorded and posted as missed, and benchmarks go on', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    await runJob('allocate', '2024-03-05', environment)
    const later = await runJob('allocate', '2024-03-08', environment)
    assert.equal(later.entries.filter(({ kind }) => kind === 'session').length, 3)
    const rows = rowsOf(join(home, 'journal.db'))
    const decisions = bodiesOf<DecisionEntry>(rows, 'decision')
    assert.deepEqual(
      decisions.map(({ date, outcome, because }) => [date, outcome, outcome === 'no-decision' ? because : '']),
      [
        ['2024-03-05', 'warm-up', ''],
        ['2024-03-06', 'no-decision', 'the program did not run that day, or had no prices'],
        ['2024-03-07', 'no-decision', 'the program did not run that day, or had no prices'],
        ['2024-03-08', 'warm-up', ''],
      ],
    )
    assert.equal(decisions[1]!.snapshotSha256, null)
    const posts = rows.filter(({ kind }) => kind === 'post').map(({ body }) => body)
    assert.equal(
      posts.filter((post) => /No decision today: the program did not run that day, or had no prices/.test(post)).length,
      2,
    )
    // SPY was bought at the open of March 6 with EUR 10,000 less costs: it rises from 502 to 504.5, +0.5 %, at one rate.
    const last = bodiesOf<CloseEntry>(rows, 'close').at(-1)!
    const spy = last.benchmarks['buy-and-hold:SPY']!
    assert(spy > 10_030 && spy < 10_050, `${spy}`)
    assert.equal(last.equity, 10_000)
  }))

test('a decision whose post was lost to a kill is posted the next day', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    // As a kill would leave it: the decision of the first day is there, its post is not.
    await runJob('allocate', '2024-03-05', environment)
    const whole = rowsOf(join(home, 'journal.db'))
    rmSync(join(home, 'journal.db'))
    rmSync(join(home, 'heads'))
    const journal = await openJournal(`sqlite:${join(home, 'journal.db')}`)
    await journal.appendSealed(whole.slice(0, -1))
    await journal.close()
    assert.equal(whole.at(-1)!.kind, 'post')

    await runJob('allocate', '2024-03-06', environment)
    assertSameRows(rowsOf(join(home, 'journal.db')).slice(0, whole.length), whole)
  }))

test('a journal whose last entries were cut off stops every command that trusts it', () =>
  withFolder(async (home) => {
    const env = climbingMarket(home)
    await runJob('allocate', '2024-03-05', env)
    await runJob('fill', '2024-03-06', env)
    const file = join(home, 'journal.db')
    const database = new DatabaseSync(file)
    database.exec('DELETE FROM entries WHERE seq > 3')
    database.close()
    const before = rowsOf(file)
    for (const args of [['run', 'fill', '--date', '2024-03-06'], ['replay', '--book', 'allocator'], ['status']]) {
      const { code, stderr } = await primer(args, { home, env })
      assert.equal(code, 2, `${args[0]}: ${stderr}`)
      assert.match(stderr, /broken: entry 4 is missing: the journal ends at 3, and a finished step wrote entry \d+/)
    }
    const doctor = await primer(['doctor'], { home, env })
    assert.equal(doctor.code, 1)
    assert.match(doctor.stdout, /^failing +journal .*entry 4 is missing/m)
    assert.deepEqual(rowsOf(file), before)
  }))

test('every published head counts, not only the last, and the first that the journal lacks is named', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    await runJob('allocate', '2024-03-05', environment)
    const heads = join(home, 'heads')
    const [line] = readFileSync(heads, 'utf8').split('\n')
    const forged = `2:${'a'.repeat(64)} 2024-03-05T21:00:00.000Z`
    writeFileSync(heads, `${forged}\n${line}\n`)
    const refusal = await faultsOf(runJob('fill', '2024-03-06', environment))
    assert.match(
      refusal,
      /journal\.db lacks entry 2 of hash a{16}, which was published on 2024-03-05 in .*heads, and has/,
    )
    // A published head of another record, beyond the end and above a later line.
    writeFileSync(heads, `900:${'b'.repeat(64)} 2024-03-05T21:00:00.000Z\n${line}\n`)
    assert.match(await faultsOf(runJob('fill', '2024-03-06', environment)), /lacks entry 900 .*, and ends at entry \d/)
    writeFileSync(heads, `${line}\n`)
    await runJob('fill', '2024-03-06', environment)
    assert.equal(readFileSync(heads, 'utf8').trimEnd().split('\n').length, 2)
  }))

async function faultsOf(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    assert(error instanceof InputError, String(error))
    return error.faults.join('\n')
  }
  return 'no fault'
}

test('dates that cannot be booked and a book edited since are refused, and nothing is written', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    assert.match(await faultsOf(runJob('report', '2024-03-08', environment)), /has no record yet.*primer run allocate/)
    for (const day of ['05', '06', '07']) await runJob('allocate', `2024-03-${day}`, environment)
    const before = rowsOf(join(home, 'journal.db'))
    const refused = (job: string, date: string) => faultsOf(runJob(job, date, environment))
    assert.match(await refused('allocate', '2024-03-06'), /booked up to 2024-03-07: 2024-03-06 lies before it/)
    assert.match(await refused('fill', '2024-03-10'), /2024-03-10 is no session.*the last one before it is 2024-03-08/)
    assert.match(await refused('fill', '2024-03-25'), /2024-03-25 is no session.*the last one before it is 2024-03-22/)
    assert.match(await refused('report', '2024-03-07'), /the week of 2024-03-07 has sessions after it/)
    assert.match(
      await refused('report', '2024-03-09'),
      /no close of 2024-03-08.*primer run fill --date 2024-03-08 first/,
    )

    const edited = join(home, 'allocator.json')
    writeFileSync(edited, readFileSync(allocatorBook, 'utf8').replace('"maxWeight": 0.25', '"maxWeight": 0.5'))
    const other = run('allocate', { date: '2024-03-08', book: edited }, ioWith(environment))
    assert.match(
      await faultsOf(other),
      /opened with rules of hash [0-9a-f]{16}, and this is [0-9a-f]{16}; books\/ was edited/,
    )
    const model = { ...environment, OPENAI_BASE_URL: 'http://127.0.0.1:9/v1' }
    assert.match(await faultsOf(runJob('allocate', '2024-03-08', model)), /the policy cvar, and this is model/)
    const market = { ...environment, MARKET: `csv:${join(home, 'other')}` }
    mkdirSync(join(home, 'other'))
    for (const symbol of ['SPY', 'QQQ', 'GLD', 'EURUSD%3DX']) {
      copyFileSync(join(home, 'bars', `${symbol}.csv`), join(home, 'other', `${symbol}.csv`))
    }
    assert.match(
      await faultsOf(runJob('allocate', '2024-03-08', market)),
      /opened with the market csv:.*bars, and this is csv:.*other/,
    )
    assertSameRows(rowsOf(join(home, 'journal.db')), before)
  }))

test('a report that comes late tells the book as it stood at the end of its week', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    const days = ['05', '06', '07', '08']
    for (const day of days) await runJob('allocate', `2024-03-${day}`, environment)
    const onTime = join(home, 'on-time')
    mkdirSync(onTime)
    copyFileSync(join(home, 'journal.db'), join(onTime, 'journal.db'))
    await runJob('report', '2024-03-08', { ...environment, PRIMER_HOME: onTime })
    for (const day of ['11', '12']) await runJob('allocate', `2024-03-${day}`, environment)
    // Asked for on a weekend, it is the report of the week before.
    await runJob('report', '2024-03-10', environment)
    const reportOf = (folder: string) => bodiesOf<ReportEntry>(rowsOf(join(folder, 'journal.db')), 'report')
    assert.deepEqual(reportOf(home), reportOf(onTime))
    assert.deepEqual([reportOf(home)[0]!.to, reportOf(home)[0]!.standing.day], ['2024-03-08', 4])
  }))

test('when the prices of something held are gone, the job says of what, and books nothing', () =>
  withFolder(async (home) => {
    const environment = climbingMarket(home)
    for (const day of ['05', '06']) await runJob('allocate', `2024-03-${day}`, environment)
    const before = rowsOf(join(home, 'journal.db'))
    // The buy-and-hold benchmark holds it.
    const [file, away] = [join(home, 'bars', 'SPY.csv'), join(home, 'SPY.csv')]
    renameSync(file, away)
    assert.match(
      await faultsOf(runJob('fill', '2024-03-07', environment)),
      /CSV files: no price up to 2024-03-0\d for SPY, which the book allocator or a benchmark of it holds.*Nothing was booked/,
    )
    assertSameRows(rowsOf(join(home, 'journal.db')), before)
    renameSync(away, file)
    await runJob('fill', '2024-03-07', environment)
  }))
