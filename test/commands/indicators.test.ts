import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import { indicators } from '../../src/commands/indicators.ts'
import { InputError } from '../../src/errors.ts'
import { Features } from '../../src/indicators/features.ts'
import { sharedAbsent, sharedPath } from '../support/shared.ts'

const header = 'date,open,high,low,close,volume'

/** Dates of consecutive days from 2020-01-01; the command does not ask whether an exchange was open. */
const day = (index: number) => new Date(Date.UTC(2020, 0, 1 + index)).toISOString().slice(0, 10)
const bar = (index: number, close: number, rest = '') => `${day(index)},${close},${close},${close},${close},1000${rest}`

function ioWith(stdin: string, said: string[] = []): CommandIo {
  return {
    environment: {},
    readStdin: async () => stdin,
    say: (line) => said.push(line),
    show: () => {},
    interactive: false,
  }
}

const rowsOf = async (csv: string, said: string[] = []) =>
  (await indicators('-', ioWith(csv, said))).json as Readonly<Record<string, Features>>

async function faultsOf(csv: string): Promise<readonly string[]> {
  try {
    await indicators('-', ioWith(csv))
  } catch (error) {
    assert.ok(error instanceof InputError, String(error))
    return error.faults
  }
  return assert.fail('it was accepted')
}

test('every date has its row, oldest first, null until a window is full', async () => {
  // Closes 1 to 21: mean of the last 20 is 11.5, their population variance (20^2 - 1) / 12 = 33.25; no loss, so RSI 100.
  const closes = Array.from({ length: 21 }, (_, i) => i + 1)
  const rows = await rowsOf([header, ...closes.map((close, i) => bar(i, close))].join('\n'))
  assert.deepEqual(
    Object.keys(rows),
    closes.map((_, i) => day(i)),
  )
  assert.deepEqual(rows[day(0)], {
    dailyReturn: null,
    sma20: null,
    sma50: null,
    sma200: null,
    rsi14: null,
    bollinger20: { lower: null, middle: null, upper: null, percentB: null },
    volatility20: null,
    drawdown: 0,
  })
  const last = Features.parse(rows[day(20)])
  const half = 2 * Math.sqrt(33.25)
  const close = (actual: number | null, expected: number) => assert.ok(Math.abs(actual! - expected) < 1e-12)
  close(last.sma20, 11.5)
  close(last.dailyReturn, 0.05)
  close(last.bollinger20.lower, 11.5 - half)
  close(last.bollinger20.upper, 11.5 + half)
  close(last.bollinger20.percentB, (21 - 11.5 + half) / (2 * half))
  assert.equal(last.rsi14, 100)
  assert.equal(last.sma50, null)
  assert.ok(last.volatility20! > 0)
})

test('percent B of a price that does not move is null, and never 0.5', async () => {
  const rows = await rowsOf([header, ...Array.from({ length: 25 }, (_, i) => bar(i, 7))].join('\n'))
  assert.deepEqual(rows[day(24)]!.bollinger20, { lower: 7, middle: 7, upper: 7, percentB: null })
  assert.equal(rows[day(24)]!.volatility20, 0)
})

test('Windows line ends and a byte order mark change nothing', async () => {
  const lines = [header, bar(0, 10), bar(1, 11)]
  assert.deepEqual(await rowsOf(`\ufeff${lines.join('\r\n')}\r\n`), await rowsOf(lines.join('\n')))
})

test('a split of two for one is no loss of half, and the levels are said to be in the shares of their date', async () => {
  const said: string[] = []
  const csv = [
    `${header},dividend,split`,
    bar(0, 100, ',0,1'),
    bar(1, 102, ',0.5,'),
    bar(2, 51, ',,2'),
    bar(3, 51, ',,'),
  ]
  const rows = await rowsOf(csv.join('\n'), said)
  assert.equal(rows[day(2)]!.dailyReturn, 0)
  assert.equal(rows[day(2)]!.drawdown, 0)
  assert.match(said.join('\n'), /averages and bands are in the shares of their own date/)
})

test('a split still to come changes no earlier average: the file cut off before it gives the same rows', async () => {
  const rows = Array.from({ length: 25 }, (_, i) => bar(i, 100 + i, ',,'))
  const before = await rowsOf([`${header},dividend,split`, ...rows].join('\n'), [])
  const after = await rowsOf([`${header},dividend,split`, ...rows, bar(25, 60, ',,2')].join('\n'), [])
  // Closes 105 to 124: their mean is 114.5, whatever is split on the day after.
  assert.equal(before[day(24)]!.sma20, 114.5)
  assert.deepEqual(after[day(24)], before[day(24)])
  // The day after: 19 closes 106..124 halved and 60 -> (2185 / 2 + 60) / 20 = 57.625.
  assert.equal(after[day(25)]!.sma20, 57.625)
})

test('a split on a day without a bar is in force at the next one', async () => {
  const csv = [`${header},dividend,split`, bar(0, 100, ',,'), `${day(1)},,,,,0,,2`, bar(2, 50, ',,')]
  const rows = await rowsOf(csv.join('\n'), [])
  assert.deepEqual(Object.keys(rows), [day(0), day(2)])
  assert.equal(rows[day(2)]!.dailyReturn, 0)
})

test('every fault of a file is told at once, with its line', async () => {
  const faults = await faultsOf(
    [
      header,
      bar(0, 10),
      `${day(1)},10,10,10,-4,1000`,
      `${day(2)},10,10,10,ten,1000`,
      `${day(3)},10,10`,
      bar(0, 10),
      `${day(4)},NaN,10,10,10,1000`,
    ].join('\n'),
  )
  for (const line of [3, 4, 5, 6, 7]) {
    assert.ok(
      faults.some((fault) => fault.startsWith(`stdin line ${line}`)),
      `line ${line} is not named in ${faults.join(' | ')}`,
    )
  }
})

test('a missing column, no rows and no content are refused', async () => {
  assert.match((await faultsOf('date,open,high,low,volume\n2020-01-01,1,1,1,1')).join(), /close/)
  assert.equal((await faultsOf(header)).length, 1)
  assert.equal((await faultsOf('')).length, 1)
  assert.match((await faultsOf(`${header}\n2020-01-01,,,,,0`)).join(), /no row has prices/)
})

test('a file that is not there, or is a directory, is refused by its name', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'primer-indicators-'))
  try {
    await assert.rejects(
      indicators(join(folder, 'SPY.csv'), ioWith('')),
      (error) => error instanceof InputError && /SPY\.csv does not exist/.test(error.message),
    )
    await assert.rejects(
      indicators(folder, ioWith('')),
      (error) => error instanceof InputError && /is a directory/.test(error.message),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the text is a table of the last ten dates with aligned columns and dashes for what is not known', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'primer-indicators-'))
  try {
    const file = join(folder, 'X.csv')
    writeFileSync(file, [header, ...Array.from({ length: 30 }, (_, i) => bar(i, 100 + i))].join('\n'))
    const { text } = await indicators(file, ioWith(''))
    const lines = text.split('\n')
    assert.equal(lines.length, 11)
    assert.ok(lines[1]!.trimStart().startsWith(day(20)) && lines[10]!.trimStart().startsWith(day(29)))
    assert.equal(new Set(lines.map((line) => line.length)).size, 1)
    assert.match(lines[10]!, /119\.50 +- +- +100\.00/)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('changing the last real close changes no earlier row', { skip: sharedAbsent }, async () => {
  const { readFileSync } = await import('node:fs')
  const lines = readFileSync(sharedPath('bars/allocator_2018_2020/SPY.csv'), 'utf8').trim().split('\n')
  const before = await rowsOf(lines.join('\n'))
  const cells = lines.at(-1)!.split(',')
  const changed = [cells[0], '1', '9999', '1', '9999', ...cells.slice(5)].join(',')
  const after = await rowsOf([...lines.slice(0, -1), changed].join('\n'))
  const dates = Object.keys(before)
  assert.ok(dates.length > 700)
  for (const date of dates.slice(0, -1)) assert.deepEqual(after[date], before[date])
  assert.notDeepEqual(after[dates.at(-1)!], before[dates.at(-1)!])
})
