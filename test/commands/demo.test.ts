import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { withFolder } from '../support/database.ts'
import { assertSameRows } from '../support/kill-run.ts'
import { line, readLines, weekdays, writeMarket } from '../support/market-files.ts'
import { primer, primerJson, rowsOf, soundness } from '../support/primer.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

type Document = {
  readonly home: string
  readonly journal: string
  readonly books: readonly {
    readonly book: string
    readonly policy: string
    readonly decider: string
    readonly sessions: number
    readonly from: string
    readonly to: string
    readonly currency: string
    readonly equity: number
    readonly netReturn: number
    readonly costs: Readonly<Record<string, number>>
    readonly benchmarks: Readonly<Record<string, number>>
  }[]
  readonly posts: readonly { readonly purpose: string; readonly x: readonly string[]; readonly discord: unknown }[]
  readonly charts: readonly string[]
  readonly notes: readonly string[]
}

/** Names, sizes and times of all files: what a command that changes nothing leaves as it was. */
function filesOf(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name)
      const { size, mtimeMs } = statSync(file)
      return `${file} ${size} ${mtimeMs}`
    })
    .sort()
}

/** Prices of two funds that hardly move, on the sessions of March 2024. */
function quietMarket(folder: string): string {
  const dates = weekdays('2024-03-04', '2024-03-22')
  return writeMarket(folder, {
    SPY: dates.map((date, index) => line(date, 500 + index, 501 + index)),
    QQQ: dates.map((date, index) => line(date, 440 + index, 439 + index)),
    'EURUSD=X': dates.map((date) => line(date, 1.09, 1.09, { volume: 0 })),
  })
}

test('a demo prints one document, and printed again it is the same and adds nothing', () =>
  withFolder(async (home) => {
    const args = ['demo', '--sessions', '8', '--out', 'demo']
    const first = await primer([...args, '--json'], { home })
    assert.equal(first.code, 0, first.stderr)
    const document = JSON.parse(first.stdout) as Document
    const [book] = document.books
    assert.deepEqual(
      [document.home, document.journal, book!.book, book!.policy, book!.decider, book!.sessions, book!.currency],
      [join(home, 'demo'), join(home, 'demo', 'journal.db'), 'allocator', 'cvar', 'control', 8, 'EUR'],
    )
    // Net return is what the equity says of EUR 10,000.
    assert.equal(book!.netReturn, book!.equity / 10_000 - 1)
    assert(document.posts.length >= 8 && document.charts.every((chart) => existsSync(chart)))
    const { verifies, differences } = await soundness(document.home)
    assert.deepEqual([verifies, differences], [true, []])

    const rows = rowsOf(document.journal)
    const second = await primer([...args, '--json'], { home })
    assert.equal(second.code, 0, second.stderr)
    assert.equal(second.stdout, first.stdout)
    assertSameRows(rowsOf(document.journal), rows)

    await refusals(home)
  }))

test('a demo whose journal was cut is not continued, with the steps of the lost entries or without', () =>
  withFolder(async (home) => {
    const args = ['demo', '--sessions', '4', '--out', 'demo']
    const first = await primer(args, { home })
    assert.equal(first.code, 0, first.stderr)
    const folder = join(home, 'demo')
    const file = join(folder, 'journal.db')
    const whole = readFileSync(file)
    const end = rowsOf(file).length
    const cuts: readonly (readonly [string, RegExp])[] = [
      ['DELETE FROM entries WHERE seq > 20', new RegExp(`entry 21 is missing: the journal ends at 20, .* ${end}\\.`)],
      ['DELETE FROM entries', /entry 1 is missing: the journal is empty, and a finished step wrote entry/],
      [
        'DELETE FROM entries WHERE seq > 20; DELETE FROM steps WHERE seq > 20',
        new RegExp(`demo/journal\\.db lacks entry ${end} of hash .*demo/heads, and ends at entry 20: it was lost, cut`),
      ],
      ['DELETE FROM entries; DELETE FROM steps', /lacks entry .*, and is empty: it was lost, cut or replaced/],
    ]
    for (const [statement, told] of cuts) {
      writeFileSync(file, whole)
      const database = new DatabaseSync(file)
      database.exec(statement)
      database.close()
      const before = [rowsOf(file), readFileSync(join(folder, 'heads'), 'utf8')]
      const again = await primer(args, { home })
      assert.equal(again.code, 2, `${statement}: ${again.stderr}`)
      assert.match(again.stderr, told)
      assert.deepEqual([rowsOf(file), readFileSync(join(folder, 'heads'), 'utf8')], before)
    }
    writeFileSync(file, whole)
    assert.equal((await primer(args, { home })).code, 0)
  }))

/** Another demo, or a demo where something else lies, is refused with every reason, and nothing is touched. */
async function refusals(home: string): Promise<void> {
  const before = filesOf(join(home, 'demo'))
  const other = await primer(['demo', '--sessions', '7', '--market', 'simulated:2', '--out', 'demo'], { home })
  assert.equal(other.code, 2)
  assert.match(other.stderr, /demo with market simulated:1, and this one has simulated:2; choose another --out/)
  assert.match(other.stderr, /demo with from 20\d\d-\d\d-\d\d, and this one has 20\d\d-\d\d-\d\d; choose another --out/)
  const model = await primer(['demo', '--sessions', '8', '--out', 'demo'], {
    home,
    env: { OPENAI_BASE_URL: 'http://127.0.0.1:9/v1', LLM_MODEL: 'local' },
  })
  assert.equal(model.code, 2)
  assert.match(model.stderr, /demo with decider control, and this one has model local/)
  assert.deepEqual(filesOf(join(home, 'demo')), before)
}

test('every post of a demo on simulated prices says that they are simulated, and that no model decides', () =>
  withFolder(async (home) => {
    const { posts, notes } = await primerJson<Document>(['demo', '--sessions', '12', '--out', 'demo'], { home })
    assert(new Set(posts.map((post) => post.purpose)).size >= 3)
    for (const { purpose, x, discord } of posts) {
      if (purpose !== 'alert') assert.match(x.join(' '), /Simulated prices/)
      assert.match(JSON.stringify(discord), /[Ss]imulated prices/)
      assert.match(JSON.stringify(discord), /A control decides \(cvar\), no model/)
    }
    assert(notes.some((note) => /simulated/.test(note)) && notes.some((note) => /No model is configured/.test(note)))
  }))

test('a demo never writes into the home of a live record', () =>
  withFolder(async (home) => {
    const live = await primer(['run', 'allocate', '--date', '2024-03-08'], {
      home,
      env: { MARKET: `csv:${quietMarket(join(home, 'bars'))}` },
    })
    assert.equal(live.code, 0, live.stderr)
    const before = filesOf(home)
    const over = await primer(['demo', '--sessions', '3', '--out', home], { home })
    assert.equal(over.code, 2)
    assert.match(over.stderr, /holds a live record \(journal\.db\) that no demo wrote.*choose another --out/)
    assert.deepEqual(filesOf(home), before)

    // A live journal in PostgreSQL leaves its published heads here and no journal.db.
    const elsewhere = join(home, 'elsewhere')
    mkdirSync(elsewhere)
    writeFileSync(join(elsewhere, 'heads'), '')
    const beside = await primer(['demo', '--sessions', '3', '--out', elsewhere], { home })
    assert.equal(beside.code, 2)
    assert.deepEqual(readdirSync(elsewhere), ['heads'])

    for (const mark of ['null', '{"market":']) {
      writeFileSync(join(elsewhere, 'demo.json'), mark)
      const marked = await primer(['demo', '--sessions', '3', '--out', elsewhere], { home })
      assert.equal(marked.code, 2)
      assert.match(marked.stderr, /^primer: .*demo\.json .*; this folder is not a demo's, choose another --out\n$/)
    }
    // As when a variable of the shell is not set.
    const nowhere = await primer(['demo', '--sessions', '3', '--out', ''], { home })
    assert.deepEqual([nowhere.code, nowhere.stdout], [2, ''])
    assert.match(nowhere.stderr, /--out is empty; name a folder/)
  }))

test('a market of two funds leaves the others out and says so', { skip: sharedAbsent }, () =>
  withFolder(async (home) => {
    const all = readLines(sharedPath('bars/us_etf_2005_2020'))
    const some = ['SPY', 'QQQ', 'EURUSD=X'].map((symbol) => [symbol, all[symbol]!.slice(-300)] as const)
    const folder = writeMarket(join(home, 'bars'), Object.fromEntries(some))
    const args = ['demo', '--sessions', '6', '--market', `csv:${folder}`, '--out', 'demo']
    const { books, notes, posts } = await primerJson<Document>(args, { home })
    assert.equal(books[0]!.to, '2020-12-11')
    assert.deepEqual(Object.keys(books[0]!.benchmarks), ['buy-and-hold:SPY', 'equal-weight', 'do-nothing'])
    const leftOut = notes.find((note) => note.startsWith('Left out'))
    // The 21 instruments of the book less SPY and QQQ.
    assert.equal(leftOut?.match(/\b[A-Z]+(\.PA)?(?= |\.$)/g)?.length, 19)
    assert(notes.some((note) => /Benchmark buy-and-hold:CAC\.PA left out/.test(note)))
    assert(posts.every((post) => !/simulated/i.test(JSON.stringify(post))))
  }),
)

test('"all" is every session of the market, and more than all is said to be too many', () =>
  withFolder(async (home) => {
    const market = `csv:${quietMarket(join(home, 'bars'))}`
    const all = await primerJson<Document>(['demo', '--sessions', 'all', '--market', market, '--out', 'all'], { home })
    assert.deepEqual([all.books[0]!.sessions, all.books[0]!.from, all.books[0]!.to], [15, '2024-03-04', '2024-03-22'])
    const more = await primerJson<Document>(['demo', '--sessions', '99', '--market', market, '--out', 'all'], { home })
    assert(more.notes.includes('99 sessions were asked for; the market has 15.'))
    assert.deepEqual(more.posts, all.posts)
  }))

test('malformed price files are refused with the faults of all of them, and no folder is made', () =>
  withFolder(async (home) => {
    const folder = quietMarket(join(home, 'bars'))
    writeFileSync(
      join(folder, 'SPY.csv'),
      'date,open,high,low,close,volume\n2024-03-05,1,1,1,-1,5\n2024-03-04,1,1,1,1,5\n',
    )
    writeFileSync(join(folder, 'QQQ.csv'), 'date,open,high,low,volume\n2024-03-05,1,1,1,5\n')
    const { code, stdout, stderr } = await primer(['demo', '--market', `csv:${folder}`, '--out', 'demo', '--json'], {
      home,
    })
    assert.equal(code, 2)
    assert.equal(stdout, '')
    for (const fault of [/SPY\.csv.*2.*close/, /SPY\.csv.*3.*2024-03-04/, /QQQ\.csv.*close/])
      assert.match(stderr, fault)
    assert.doesNotMatch(stderr, /\n +at /)
    assert.deepEqual(readdirSync(home), ['bars'])
  }))

test('two demos in one folder at once make one record, the one that a single demo makes', () =>
  withFolder(async (home) => {
    const args = (out: string) => ['demo', '--sessions', '12', '--out', out]
    const [a, b] = await Promise.all([primer(args('same'), { home }), primer(args('same'), { home })])
    for (const { code, stderr } of [a, b]) assert(code === 0 || (code === 3 && /run this again/.test(stderr)), stderr)
    assert(a.code === 0 || b.code === 0)
    assert.equal((await primer(args('alone'), { home })).code, 0)
    assertSameRows(rowsOf(join(home, 'same', 'journal.db')), rowsOf(join(home, 'alone', 'journal.db')))
    assert.equal((await soundness(join(home, 'same'))).verifies, true)
    const charts = (out: string) => readFileSync(join(home, out, 'charts', 'allocator-equity.png'))
    assert(charts('same').equals(charts('alone')))
  }))
