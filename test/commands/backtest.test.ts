import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { InputError } from '../../src/errors.ts'
import { allocatorBook, bookOf, instrument, runBacktest, writeBook } from '../support/backtests.ts'
import { line, type MarketLines, weekdays, writeMarket } from '../support/market-files.ts'
import type { Report } from '../support/stranger-report.ts'

const scratch = mkdtempSync(join(tmpdir(), 'primer-backtest-command-'))
after(() => rmSync(scratch, { recursive: true, force: true }))
let folders = 0

const days = weekdays('2025-02-03', '2025-03-14')
const flat = (price: number) => days.map((date) => line(date, price, price))
const prices: MarketLines = { SPY: flat(500), 'MC.PA': flat(700), 'AIR.PA': flat(150), 'EURUSD=X': flat(1.25) }
const terms = bookOf(['SPY', 'MC.PA', 'AIR.PA'].map((symbol) => instrument(symbol, { taxed: symbol !== 'AIR.PA' })))
const book = writeBook(join(scratch, 'book.json'), terms)
const market = marketOf(prices)
const good = { book, policy: 'equal-weight', from: '2025-02-10', to: '2025-03-14', market } as const

function marketOf(lines: MarketLines): string {
  return `csv:${writeMarket(join(scratch, `market-${++folders}`), lines)}`
}

/** The market with one file replaced by this text. */
function marketWith(symbol: string, text: string): string {
  const spec = marketOf(prices)
  writeFileSync(join(spec.slice('csv:'.length), `${encodeURIComponent(symbol)}.csv`), text)
  return spec
}

type Ended = {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
  readonly files: string[]
}

/** `primer backtest` as a user runs it, in an empty folder; `files` is what lies there afterwards. */
async function shell(flags: Readonly<Record<string, string>>, ...more: readonly string[]): Promise<Ended> {
  const cwd = join(scratch, `cwd-${++folders}`)
  mkdirSync(cwd)
  const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value])
  const program = fileURLToPath(new URL('../../bin/primer.js', import.meta.url))
  const child = spawn(process.execPath, [program, 'backtest', ...words, ...more], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
  })
  const heard = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    heard.stderr += text
  })
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, ...heard, files: readdirSync(cwd) }
}

/** The faults with which the command refuses, one sentence each. */
async function faultsOf(changes: Partial<Record<keyof typeof good, string>>): Promise<readonly string[]> {
  try {
    await runBacktest({ ...good, ...changes })
  } catch (error) {
    assert.ok(error instanceof InputError, `a fault of the program: ${error}`)
    return error.faults
  }
  assert.fail(`accepted: ${JSON.stringify(changes)}`)
}

test('with --json one document and nothing else is printed, twice the same bytes, and nothing is written', async () => {
  const flags = { ...good, policy: 'random:7', guardrails: 'book' }
  const [first, second] = await Promise.all([shell(flags, '--json'), shell(flags, '--json')])
  assert.deepEqual([first.code, first.stderr, first.files], [0, '', []])
  assert.match(first.stdout, /^\{.*\}\n$/)
  assert.equal(second.stdout, first.stdout)
  const report = JSON.parse(first.stdout) as Report & Record<string, unknown>
  const promised = [
    ...['book', 'policy', 'market', 'from', 'to', 'sessions', 'currency', 'initialCapital', 'finalEquity', 'netReturn'],
    ...['grossReturn', 'costs', 'turnover', 'equity', 'fills', 'dividends', 'benchmarks', 'stats', 'notes'],
  ]
  assert.deepEqual(
    promised.filter((name) => !(name in report)),
    [],
    'every field of the contract is there',
  )
  assert.deepEqual(Object.keys(report.costs), ['commission', 'spread', 'fx', 'tax', 'impact', 'fee'])
  assert.deepEqual(Object.keys(report.benchmarks), ['equal-weight', 'do-nothing'])
})

test('without --json people get the result, its costs and its opponents in a few lines', async () => {
  const { code, stdout, stderr } = await shell(good)
  assert.deepEqual([code, stderr], [0, ''])
  for (const word of ['equal-weight', 'EUR', 'commission', 'do-nothing', '2025-02-10', '2025-03-14']) {
    assert.ok(stdout.includes(word), `${word} in:\n${stdout}`)
  }
})

test('what is wrong is told on stderr with exit code 2, stdout stays empty, and nothing is written', async (t) => {
  const { market: _, ...withoutMarket } = good
  const wrong: Readonly<Record<string, readonly [flags: Readonly<Record<string, string>>, told: RegExp]>> = {
    'an unknown policy': [{ ...good, policy: 'momentum' }, /momentum.*equal-weight/],
    'a missing folder': [{ ...good, market: 'csv:nowhere' }, /nowhere does not exist/],
    'a day that does not exist': [{ ...good, from: '2025-02-30' }, /--from.*YYYY-MM-DD/s],
    'no market': [withoutMarket, /--market/],
    'guardrails of another kind': [{ ...good, guardrails: 'some' }, /book.*none/],
    'an unknown flag': [{ ...good, polcy: 'cvar' }, /--polcy/],
  }
  await Promise.all(
    Object.entries(wrong).map(([what, [flags, told]]) =>
      t.test(what, async () => {
        const { code, stdout, stderr, files } = await shell(flags, '--json')
        assert.deepEqual([code, stdout, files], [2, '', []], stderr)
        assert.match(stderr, told)
        assert.match(stderr, /^primer: /)
        assert.doesNotMatch(stderr, /fault of the program|^ +at /m)
      }),
    ),
  )
})

test('a policy that does not exist or cannot be held is refused with the choice there is', async () => {
  for (const policy of ['momentum', '', 'equal-weight:3', 'buy-and-hold', 'buy-and-hold:', 'random', 'constructor']) {
    const [fault, ...others] = await faultsOf({ policy })
    assert.deepEqual(others, [])
    assert.match(fault!, /no policy is called .*cvar, equal-weight, buy-and-hold:SYMBOL, random:SEED/)
  }
  assert.match((await faultsOf({ policy: 'buy-and-hold:NVDA' }))[0]!, /NVDA.*SPY MC\.PA AIR\.PA/)
  assert.match((await faultsOf({ policy: 'buy-and-hold:spy' }))[0]!, /spy.*SPY/)
  // In the allocator's book ^FCHI is the benchmark that stands in for CAC.PA; buying it is another matter.
  const withIndex = marketOf({ ...prices, '^FCHI': flat(8000) })
  const [index] = await faultsOf({ book: 'allocator', policy: 'buy-and-hold:^FCHI', market: withIndex })
  assert.match(index!, /\^FCHI is an index and cannot be bought/)
  const withoutLvmh = marketOf({ SPY: flat(500), 'EURUSD=X': flat(1.25) })
  assert.match((await faultsOf({ policy: 'buy-and-hold:MC.PA', market: withoutLvmh }))[0]!, /MC\.PA.*no prices/)
})

test('dates without a session are refused with the dates there are', async () => {
  assert.match((await faultsOf({ from: '2025-03-01', to: '2025-02-01' }))[0]!, /--from 2025-03-01 lies after --to/)
  assert.match(
    (await faultsOf({ from: '2025-02-08', to: '2025-02-09' }))[0]!,
    /no session from 2025-02-08 to 2025-02-09/,
  )
  assert.match((await faultsOf({ from: '2030-01-01', to: '2030-12-31' }))[0]!, /no prices.*2030-12-31/)
  assert.match((await faultsOf({ from: '2020-01-01', to: '2020-12-31' }))[0]!, /no prices.*2020-12-31/)
})

test('a market that cannot be read is refused with the way to write one', async () => {
  writeFileSync(join(scratch, 'file'), '')
  mkdirSync(join(scratch, 'empty'))
  for (const [spec, told] of [
    [`csv:${join(scratch, 'nowhere')}`, /nowhere does not exist; name a directory of SYMBOL\.csv files/],
    [`csv:${join(scratch, 'file')}`, /file is not a directory/],
    [`csv:${join(scratch, 'empty')}`, /no SYMBOL\.csv/],
    ['csv:', /directory is missing/],
    ['bloomberg', /no such market; write yahoo, csv:DIRECTORY/],
    ['simulated:soon', /seed is not a whole number/],
  ] as const) {
    assert.match((await faultsOf({ market: spec }))[0]!, told)
  }
})

test('dollars without a rate are refused with the name of the missing file', async () => {
  const { 'EURUSD=X': _, ...unrated } = prices
  const [fault] = await faultsOf({ market: marketOf(unrated) })
  assert.match(fault!, /SPY.*USD.*EUR.*EURUSD%3DX\.csv/)
  const paris = { 'MC.PA': prices['MC.PA']!, 'AIR.PA': prices['AIR.PA']! }
  const report = await runBacktest({ ...good, market: marketOf(paris) })
  assert.equal(report.fills.length, 2, 'a market of euros alone needs none')
  assert.ok(report.notes.some((note) => note.includes('SPY')))
})

test('before the first published rate nothing in dollars is bought', async () => {
  const late = marketOf({ ...prices, 'EURUSD=X': prices['EURUSD=X']!.slice(10) })
  const report = await runBacktest({ ...good, rebalance: 'daily', market: late })
  const first = report.fills.find(({ symbol }) => symbol === 'SPY')
  assert.ok(first !== undefined && first.order.slice(0, 10) >= days[10]!, JSON.stringify(first))
  assert.ok(report.equity.every(([, value]) => Number.isFinite(value) && value > 9900 && value <= 10_000))
})

test('every fault of a price file is listed with its line and column', async () => {
  const header = 'date,open,high,low,close,volume,dividend,split'
  const rows = [
    '2025-02-10,-1,1,1,1,1,0,1',
    '2025-02-11,NaN,1,1,1,1,0,1',
    '2025-02-12,ten,10,10,10,1,0,1',
    '2025-02-13,1,1,2,1,1,0,1',
    '2025-02-14,,1,1,1,1,0,1',
    '2025-02-17,1,1,1,1',
    '2025-02-30,1,1,1,1,1,0,1',
    '2025-02-18,1,1,1,1,1,-1,1',
    '2025-02-19,1,1,1,1,1,0,0',
    '2025-02-20,1,1,1,1,1,0,1',
    '2025-02-20,1,1,1,1,1,0,1',
    '2025-02-14,1,1,1,1,1,0,1',
  ]
  const faults = await faultsOf({ market: marketWith('SPY', [header, ...rows].join('\n')) })
  for (const [index, row] of rows.entries()) {
    const told = faults.some((fault) => fault.startsWith(`SPY.csv line ${index + 2}`))
    assert.equal(told, row !== '2025-02-20,1,1,1,1,1,0,1' || index === 10, `line ${index + 2}: ${row}`)
  }
  assert.match(
    (await faultsOf({ market: marketWith('SPY', 'date,open,high,low,volume\n') }))[0]!,
    /column close is missing/,
  )
  assert.match((await faultsOf({ market: marketWith('SPY', '') }))[0]!, /SPY\.csv: the file is empty/)
  // Two broken files: neither hides the other.
  const both = marketWith('SPY', `${header}\n2025-02-10,x,1,1,1,1,0,1`)
  writeFileSync(join(both.slice('csv:'.length), 'MC.PA.csv'), `${header}\n2025-02-10,y,1,1,1,1,0,1`)
  const names = (await faultsOf({ market: both })).map((fault) => fault.split(' ')[0])
  assert.deepEqual(names.sort(), ['MC.PA.csv', 'SPY.csv'])
})

test('Windows line ends, a byte order mark and other columns change nothing', async () => {
  const expected = await runBacktest(good)
  const rows = days.map((date) => `1000,500,500,500,${date},500,SPY`)
  const windows = marketWith('SPY', `\ufeffvolume,close,low,high,date,open,ticker\r\n${rows.join('\r\n')}\r\n`)
  const report = await runBacktest({ ...good, market: windows })
  assert.deepEqual(report.equity, expected.equity)
  assert.deepEqual(report.fills, expected.fills)
})

test('every fault of a book is listed with its place, unknown keys included', async () => {
  assert.match((await faultsOf({ book: 'momentum' }))[0]!, /no book is called "momentum"; there are allocator/)
  assert.match((await faultsOf({ book: join(scratch, 'none.json') }))[0]!, /none\.json cannot be read \(ENOENT\)/)
  writeFileSync(join(scratch, 'cut.json'), '{"name": "cut')
  assert.match((await faultsOf({ book: join(scratch, 'cut.json') }))[0]!, /cut\.json is not JSON/)
  const { instruments, costs, benchmarks } = terms as typeof terms & { benchmarks: readonly object[] }
  const faulty = {
    ...terms,
    name: 'Of Many Faults',
    initialCash: -5,
    surprise: 1,
    instruments: [
      { ...instruments[0]!, leverage: 2, halfSpreadBps: 'one' },
      instruments[1],
      instruments[1],
      { ...instruments[2]!, purchaseTax: 'DE' },
      { ...instrument('^FCHI'), exchange: 'XLON' },
    ],
    benchmarks: [...benchmarks, { policy: 'buy-and-hold:QQQ', shortName: 'QQQ' }],
    costs: { ...costs, minimumTicket: '100' },
    limits: { ...(terms.limits as object), maxWeight: 2 },
  }
  const faults = await faultsOf({ book: writeBook(join(scratch, 'faulty.json'), faulty) })
  const places = [
    ...['name', 'initialCash', 'surprise', 'leverage', 'halfSpreadBps', 'MC.PA is listed twice', 'DE', 'exchange'],
    ...['^FCHI is an index', 'QQQ', 'minimumTicket', 'maxWeight'],
  ]
  assert.deepEqual(
    places.filter((place) => !faults.some((fault) => fault.includes(place))),
    [],
    `not told in:\n${faults.join('\n')}`,
  )
})

test('a benchmark that is no policy is a fault of the book, told with its place', async () => {
  const benchmarks = [{ policy: 'momentum', shortName: 'M' }]
  const faults = await faultsOf({ book: writeBook(join(scratch, 'benchmark.json'), { ...terms, benchmarks }) })
  assert.match(faults.join('\n'), /benchmark\.json.*benchmarks.*momentum/)
})

test('the allocator of the house runs on a market that has only some of its symbols, and says which are missing', async () => {
  const report = await runBacktest({ ...good, book: 'allocator' })
  const missing = allocatorBook().instruments.filter(({ symbol }) => prices[symbol] === undefined)
  for (const { symbol } of missing) {
    assert.ok(
      report.notes.some((note) => note.includes(symbol)),
      symbol,
    )
  }
  assert.deepEqual(new Set(report.fills.map(({ symbol }) => symbol)), new Set(['SPY', 'MC.PA', 'AIR.PA']))
})
