import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import type { EventsResult } from '../../src/backtest/event-report.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { type EventsOptions, events } from '../../src/commands/events.ts'
import { InputError } from '../../src/errors.ts'
import type { PathDay } from '../../src/statistics/price-paths.ts'
import { chance, type Line, line, type MarketLines, weekdays, writeMarket } from '../support/market-files.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const folder = mkdtempSync(join(tmpdir(), 'primer-events-'))
after(() => rmSync(folder, { recursive: true }))
let made = 0
const fresh = () => join(folder, `${made++}`)
const market = (lines: MarketLines) => `csv:${writeMarket(fresh(), lines)}`

function ioWith(stdin: string): CommandIo {
  return { environment: {}, readStdin: async () => stdin, say: () => {}, show: () => {}, interactive: false }
}

type ByEvent = {
  readonly date: string
  readonly asset: string
  readonly dayZero: string
  readonly beta: number
  readonly car: number
  readonly abnormal: readonly number[]
  readonly overlaps: boolean
  readonly estimation: { readonly from: string; readonly to: string; readonly returns: number }
}
type Result = EventsResult & { readonly byEvent: readonly ByEvent[] }
type Given = Partial<EventsOptions> & { readonly market: string }

async function run(file: string, options: Given): Promise<Result> {
  return (await events({ events: '-', window: '-5,5', benchmark: 'SPY', ...options }, ioWith(file))).json as Result
}

async function faultsOf(file: string, options: Given): Promise<readonly string[]> {
  try {
    await run(file, options)
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('it was accepted')
}

const near = (actual: number | null | undefined, expected: number, within = 1e-9) =>
  assert.ok(typeof actual === 'number' && Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)

const csv = (rows: readonly (readonly string[])[], header = 'date,asset') =>
  `${header}\n${rows.map((row) => row.join(',')).join('\n')}\n`

const holidays = [
  '2023-05-29',
  '2023-06-19',
  '2023-07-04',
  '2023-09-04',
  '2023-11-23',
  '2023-12-25',
  '2024-01-01',
  '2024-01-15',
  '2024-02-19',
]
const days = weekdays('2023-05-01', '2024-03-15', holidays)

/** Closes made of returns: the benchmark's noise, and assets that follow it 1.5 times with noise of their own and what is planted. */
function world(symbols: readonly string[], plant: (symbol: string, index: number) => number, seed = 1): MarketLines {
  const random = chance(seed)
  const noise = () => 0.01 * (random() + random() + random() - 1.5)
  const benchmark = days.map(noise)
  const walk = (moves: readonly number[]): Line[] => {
    let price = 100
    return moves.map((move, i) => {
      const open = price
      price *= 1 + move
      return line(days[i]!, open, price)
    })
  }
  return {
    SPY: walk(benchmark),
    ...Object.fromEntries(
      symbols.map((symbol) => [symbol, walk(benchmark.map((move, i) => 1.5 * move + noise() + plant(symbol, i)))]),
    ),
  }
}

const twelve = Array.from({ length: 12 }, (_, i) => `S${i}`)
/** One event for each asset, five sessions apart. */
const spread = twelve.map((symbol, i) => [days[150 + 5 * i]!, symbol] as const)

test('a jump planted two sessions after each event shows on day 2, and nowhere before', async () => {
  const place = market(world(twelve, (symbol, index) => (index === 152 + 5 * Number(symbol.slice(1)) ? 0.04 : 0)))
  const result = await run(csv(spread), { market: place })
  assert.equal(result.n, 12)
  assert.deepEqual(result.dropped, [])
  const on = (day: number) => result.abnormalReturns.find((row) => row.day === day)!
  near(on(2).mean, 0.04, 0.006)
  assert.ok(on(2).low! < 0.04 && on(2).high! > 0.04 && on(2).low! > 0.03)
  for (const row of result.abnormalReturns)
    if (row.day !== 2) assert.ok(Math.abs(row.mean) < 0.006, JSON.stringify(row))
  near(result.cumulativeAbnormalReturns.find((row) => row.day === 1)!.mean, 0, 0.01)
  near(result.cumulativeAbnormalReturns.at(-1)!.mean, 0.04, 0.012)
  for (const event of result.byEvent) near(event.beta, 1.5, 0.5)
  assert.ok(result.tests.crossSection! > 3 && result.tests.standardized! > 3)
  // The estimation ends gap sessions before the window: 150 - 5 - 20 - 1.
  assert.equal(result.byEvent[0]!.estimation.to, days[124])
  assert.equal(result.byEvent[0]!.estimation.returns, 120)
})

test('the benchmark against itself is never abnormal', async () => {
  const result = await run(csv([[days[200]!, 'SPY']]), { market: market(world([], () => 0)) })
  for (const value of result.byEvent[0]!.abnormal) near(value, 0, 1e-15)
  near(result.byEvent[0]!.beta, 1)
  assert.equal(result.tests.standardized, null)
  assert.equal(result.abnormalReturns[0]!.low, null)
  assert.match(result.notes.join(), /share one date/)
})

test('groups are told apart, and each has its own interval', async () => {
  const place = market(
    world(twelve, (symbol, index) => {
      const number = Number(symbol.slice(1))
      return index === 150 + 5 * number ? (number % 2 === 0 ? 0.03 : -0.03) : 0
    }),
  )
  const rows = spread.map(([date, asset], i) => [date, asset, i % 2 === 0 ? 'good' : 'bad'])
  const { groups, cumulativeAbnormalReturns } = await run(csv(rows, 'date,asset,group'), { market: place })
  assert.deepEqual(Object.keys(groups), ['bad', 'good'])
  assert.ok(groups.good!.cumulativeAbnormalReturns.at(-1)!.low! > 0)
  assert.ok(groups.bad!.cumulativeAbnormalReturns.at(-1)!.high! < 0)
  near(cumulativeAbnormalReturns.at(-1)!.mean, 0, 0.012)
  assert.equal(groups.good!.n, 6)
})

test('overlapping events of one asset are counted, and the others are shown alone', async () => {
  // S0 has a second event three sessions later, when it jumps: both windows hold the jump.
  const place = market(world(twelve, (symbol, index) => (symbol === 'S0' && index === 153 ? 0.5 : 0)))
  const rows = [...spread, [days[153]!, 'S0'] as const].sort((a, b) => (a[0] < b[0] ? -1 : 1))
  const result = await run(csv(rows), { market: place })
  assert.equal(result.n, 13)
  assert.equal(result.overlapping.events, 2)
  assert.deepEqual(
    result.byEvent.filter(({ overlaps }) => overlaps).map(({ asset }) => asset),
    ['S0', 'S0'],
  )
  assert.equal(result.overlapping.withoutThem!.n, 11)
  const last = (rows_: readonly { readonly mean: number }[]) => rows_.at(-1)!.mean
  assert.ok(last(result.cumulativeAbnormalReturns) > 0.06)
  near(last(result.overlapping.withoutThem!.cumulativeAbnormalReturns), 0, 0.012)
  // An event whose past holds another one is counted too: windows of 11 sessions, 60 sessions apart.
  const apart = await run(
    csv([
      [days[140]!, 'S1'],
      [days[200]!, 'S1'],
    ]),
    { market: place },
  )
  assert.deepEqual([apart.overlapping.events, apart.overlapping.inEstimation], [0, 1])
  assert.equal(apart.overlapping.withoutThem, null)
})

test('events without enough history or without prices are dropped, each with its reason', async () => {
  const full = world(['S0', 'S1'], () => 0)
  const place = market({ ...full, S1: full.S1!.slice(0, 100) })
  const late = days.at(-3)!
  const rows = [
    [days[30]!, 'S0'],
    [days[40]!, 'S0'],
    [days[50]!, 'S1'],
    [days[180]!, 'S1'],
    [late, 'S0'],
  ]
  const result = await run(csv(rows), { market: place, estimation: '60,0' })
  // 30 sessions in, less the first (it has no return) and the 5 of the window: 24 returns.
  assert.deepEqual(result.dropped, [
    {
      date: days[30],
      asset: 'S0',
      because: 'too little history: 24 returns before the event window, at least 30 are needed',
    },
    { date: days[180], asset: 'S1', because: 'no close of both S1 and SPY within a week of it' },
    { date: late, asset: 'S0', because: 'the event window reaches 5 sessions after it, the prices 2' },
  ])
  assert.equal(result.byEvent[0]!.estimation.returns, 34)
  assert.match(result.notes.join(), /estimated from fewer returns/)
})

test('day 0 is the first close that asset and benchmark share, on or after the event', async () => {
  const full = world(['S0'], (_, index) => (index === 200 ? 0.2 : 0))
  // The benchmark has no close on the event's day: its move falls into the next return of both.
  const place = market({ ...full, SPY: full.SPY!.filter(({ date }) => date !== days[200]) })
  const { byEvent, notes } = await run(csv([[days[200]!, 'S0']]), { market: place })
  assert.equal(byEvent[0]!.dayZero, days[201])
  near(byEvent[0]!.abnormal[5], 0.2, 0.03)
  assert.match(notes.join(), /day 0 after their date/)
})

test('a dividend and a split are no abnormal return', async () => {
  const full = world(['S0'], () => 0)
  const plain = await run(csv([[days[200]!, 'S0']]), { market: market(full) })
  const changed = full.S0!.map((day, i) => {
    if (i < 200) return day
    const scaled = (price: number) => price / 4
    return {
      ...day,
      open: scaled(day.open),
      high: scaled(day.high),
      low: scaled(day.low),
      close: scaled(day.close),
      split: i === 200 ? 4 : 1,
    }
  })
  const split = await run(csv([[days[200]!, 'S0']]), { market: market({ ...full, S0: changed }) })
  split.byEvent[0]!.abnormal.forEach((value, i) => {
    near(value, plain.byEvent[0]!.abnormal[i]!, 1e-12)
  })
})

test('every fault of file, assets, dates and options is told at once', async () => {
  const file = [
    'date,asset',
    '2023-05-29,S0',
    '2023-07-08,S0',
    `${days[50]},NOPE`,
    `${days[49]},S0`,
    `${days[49]},S0`,
    '2023-13-01,S0',
    'soon,S0',
  ].join('\n')
  const faults = await faultsOf(file, {
    market: market(world(['S0'], () => 0)),
    benchmark: 'DAX',
    window: '5,-5',
    estimation: '5,0',
    model: 'guess',
    seed: 'x',
  })
  for (const expected of [
    /line 2: 2023-05-29, a Monday, is no session of S0/,
    /line 3: 2023-07-08, a Saturday/,
    /NOPE is unknown/,
    /DAX is unknown/,
    /line 5: .* earlier than the row before/,
    /line 6: S0 on .* was there already, on line 5/,
    /line 7, column date: "2023-13-01"/,
    /line 8, column date: "soon"/,
    /--window 5,-5 ends before it begins/,
    /--estimation 5,0: a model needs at least 10/,
    /--model "guess"/,
    /--seed "x"/,
  ]) {
    assert.ok(
      faults.some((fault) => expected.test(fault)),
      `${expected} is not among ${faults.join(' | ')}`,
    )
  }
  assert.equal(faults.length, 12)
})

test('an empty file, a file without assets and a study without a benchmark are refused', async () => {
  const place = market(world(['S0'], () => 0))
  assert.match((await faultsOf('', { market: place })).join(), /the file is empty/)
  assert.match((await faultsOf('date\n2023-06-01\n', { market: place })).join(), /column asset is missing/)
  const { benchmark: _, ...without } = { benchmark: '', market: place, window: '-5,5', events: '-' }
  await assert.rejects(
    events(without, ioWith(csv([[days[200]!, 'S0']]))),
    (error) => error instanceof InputError && /--benchmark is missing/.test(error.message),
  )
})

test('with --snap an event of a holiday moves to the next session', async () => {
  const place = market(world(['S0'], (_, index) => (days[index] === '2024-01-16' ? 0.1 : 0)))
  const { byEvent, notes } = await run(csv([['2024-01-13', 'S0']]), { market: place, snap: true })
  // Saturday, then Martin Luther King's day on the 15th.
  assert.deepEqual([byEvent[0]!.date, byEvent[0]!.dayZero], ['2024-01-16', '2024-01-16'])
  near(byEvent[0]!.abnormal[5], 0.1, 0.02)
  assert.match(notes.join(), /1 events were moved/)
})

test('prices changed after an event window change nothing of that event', async () => {
  const [one, other] = [world(twelve, () => 0, 1), world(twelve, () => 0, 2)]
  const before = await run(csv(spread), { market: market(one) })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 140, max: days.length - 1 }), async (cut) => {
      const mixed = Object.fromEntries(
        Object.keys(one).map((symbol) => [symbol, [...one[symbol]!.slice(0, cut), ...other[symbol]!.slice(cut)]]),
      )
      const after = await run(csv(spread), { market: market(mixed) })
      before.byEvent.forEach((event, i) => {
        if (days.indexOf(event.dayZero) + 5 < cut) assert.deepEqual(after.byEvent[i], event)
        // The model is older still.
        if (days.indexOf(event.dayZero) - 26 < cut) assert.equal(after.byEvent[i]!.beta, event.beta)
      })
    }),
    { numRuns: 10 },
  )
})

test('the report is one page that fetches nothing, escapes group names, and is the same twice', async () => {
  const place = market(world(twelve, () => 0))
  const rows = spread.map(([date, asset], i) => [date, asset, i % 2 === 0 ? '<script>alert(1)</script>' : '__proto__'])
  const pages = [fresh(), fresh()]
  for (const report of pages) await run(csv(rows, 'date,asset,group'), { market: place, report })
  const [page, again] = pages.map((report) => readFileSync(join(report, 'events.html'), 'utf8'))
  assert.equal(page, again)
  // Each chart for a wide page and for a phone.
  assert.equal(page!.match(/<svg/g)!.length, 4)
  assert.ok(!/<script|<img|<link|https?:\/\/(?!www\.w3\.org)/.test(page!))
  assert.match(page!, /&lt;script&gt;alert/)
  assert.match(page!, /<th scope="row">__proto__/)
})

test('when no event can be measured the answer is empty, with every reason, and the report still stands', async () => {
  const report = fresh()
  const result = await run(csv([[days[3]!, 'S0']]), { market: market(world(['S0'], () => 0)), report })
  assert.deepEqual([result.n, result.abnormalReturns, result.tests.crossSection], [0, [], null])
  assert.match(result.dropped[0]!.because, /too little history: 0 returns/)
  assert.match(readFileSync(join(report, 'events.html'), 'utf8'), /0 events on 0 dates, 1 left out/)
})

test('simulated prices are called so in the answer and at the head of the page', async () => {
  const report = fresh()
  const result = await run(
    csv([
      ['2016-06-01', 'QQQ'],
      ['2016-06-08', 'TLT'],
    ]),
    { market: 'simulated:3', report },
  )
  assert.equal(result.n, 2)
  assert.match(result.notes.join(), /simulated prices \(seed 3\): they say nothing/)
  assert.match(readFileSync(join(report, 'events.html'), 'utf8'), /class="banner">Simulated prices/)
})

type PathCase = {
  readonly before: number
  readonly after: number
  readonly mean_by_date: boolean
  readonly expected_vals: readonly (readonly [number, number])[]
}

/** The panel of alphalens' test: four assets that grow by a constant factor on 17 days, an event of each on nine of them. */
const growth = { A: 1.2, B: 1.4, C: 0.9, D: 0.8 }
const panelDays = Array.from({ length: 17 }, (_, i) => new Date(Date.UTC(2015, 0, 17 + i)).toISOString().slice(0, 10))
const panel = () =>
  market(
    Object.fromEntries(
      Object.entries(growth).map(([symbol, factor]) => [
        symbol,
        panelDays.map((date, i) => line(date, factor ** (i + 1), factor ** (i + 1))),
      ]),
    ),
  )
const panelEvents = csv(panelDays.slice(4, 13).flatMap((date) => Object.keys(growth).map((symbol) => [date, symbol])))

async function paths(options: Partial<EventsOptions>): Promise<readonly PathDay[]> {
  const { benchmark: _, ...given } = {
    benchmark: '',
    events: '-',
    market: panel(),
    window: '-1,1',
    model: 'price',
    ...options,
  }
  return ((await events(given, ioWith(panelEvents))).json as { path: readonly PathDay[] }).path
}

test('alphalens: event paths', { skip: sharedAbsent }, async () => {
  const { cases } = JSON.parse(readFileSync(sharedPath('conformance/alphalens_event_paths.json'), 'utf8')) as {
    cases: readonly PathCase[]
  }
  for (const { before, after: days_, mean_by_date, expected_vals } of cases) {
    const path = await paths({ window: `-${before},${days_}`, meanByDate: mean_by_date })
    // Days outside the panel are left out of an event, and a day that no event has is left out altogether.
    assert.equal(path.length, expected_vals.length)
    path.forEach(({ mean, std }, i) => {
      near(mean, expected_vals[i]![0], 1e-3 * expected_vals[i]![0])
      near(std, expected_vals[i]![1], 1e-3 * expected_vals[i]![1])
    })
  }
})

test('demeaned paths of the events of one date have no mean left', async () => {
  for (const { mean, std } of await paths({ demean: true, meanByDate: true })) {
    near(mean, 0, 1e-9)
    near(std, 0, 1e-9)
  }
  const spreadLeft = await paths({ demean: true })
  for (const { mean, std } of spreadLeft) {
    near(mean, 0, 1e-9)
    assert.ok(std! > 1)
  }
})

test('events on real prices give the same bytes twice', { skip: sharedAbsent }, async () => {
  const options = {
    events: '-',
    market: `csv:${sharedPath('bars/allocator_2018_2020')}`,
    benchmark: 'SPY',
    window: '-5,20',
  }
  const file = csv([
    ['2019-01-28', 'MC.PA'],
    ['2019-04-10', 'MC.PA'],
    ['2019-10-09', 'MC.PA'],
    ['2020-01-28', 'MC.PA'],
    ['2020-01-28', 'OR.PA'],
    ['2020-03-16', 'TTE.PA'],
  ])
  const [first, second] = [await events(options, ioWith(file)), await events(options, ioWith(file))]
  assert.equal(JSON.stringify(first.json), JSON.stringify(second.json))
  const { currency, n, notes } = first.json as Result
  // Paris in euros against a benchmark in dollars: all in euros.
  assert.equal(currency, 'EUR')
  assert.equal(n, 6)
  assert.match(notes.join(), /EUR and USD/)
})
