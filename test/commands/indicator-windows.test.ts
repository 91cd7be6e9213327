import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CommandIo } from '../../src/commands/command.ts'
import type { WindowOptions } from '../../src/commands/indicator-windows.ts'
import { indicators } from '../../src/commands/indicators.ts'
import { InputError } from '../../src/errors.ts'
import { type TulipCase, tulipCases, tulipTolerance } from '../indicators/conformance.ts'
import { sharedAbsent } from '../support/shared.ts'

const io = (stdin: string): CommandIo => ({
  environment: {},
  readStdin: async () => stdin,
  say: () => {},
  show: () => {},
  interactive: false,
})
type Row = Readonly<Record<string, number | null | Readonly<Record<string, number | null>>>>
const rowsOf = async (csv: string, options: WindowOptions) =>
  Object.values((await indicators('-', io(csv), options)).json as Readonly<Record<string, Row>>)

/** A peer's inputs as a file: what it does not state is between what it does. */
function csvOf({ inputs }: TulipCase): string {
  const { real, high = real!, low = real!, close = real ?? high.map((value, i) => (value + low[i]!) / 2) } = inputs
  const rows = high.map((top, i) => {
    const date = new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)
    return [date, close[i], top, low[i], close[i], 1].join(',')
  })
  return ['date,open,high,low,close,volume', ...rows].join('\n')
}

for (const [name, peer, field] of [
  ['sma', 'sma', 'value'],
  ['rsi', 'rsi', 'value'],
  ['adx', 'adx', 'value'],
  ['atr', 'atr', 'value'],
  ['bollinger', 'bbands', 'lower'],
  ['bollinger', 'bbands', 'middle'],
  ['bollinger', 'bbands', 'upper'],
] as const) {
  test(`the command agrees with Tulip Indicators on ${peer} (${field})`, { skip: sharedAbsent }, async () => {
    for (const one of tulipCases(peer)) {
      const window = one.params.slice(0, 2).join(':')
      const rows = await rowsOf(csvOf(one), { [name]: window })
      const key = `${name}${window.replace(':', 'x')}`
      const wanted = one.expected[field]!
      for (const [i, value] of wanted.entries()) {
        const found = rows[rows.length - wanted.length + i]![key]!
        const ours = typeof found === 'number' ? found : found[field]!
        assert.ok(Math.abs(ours - value) <= tulipTolerance, `${key} at ${i}: ${ours} instead of ${value}`)
      }
    }
  })
}

test('levels of a chosen window are in the shares of their own date', async () => {
  // 2 for 1 on the third day: the mean of 10, 12 before it is 11; the mean of 6 (12 halved) and 6 after it is 6.
  const csv = `date,open,high,low,close,volume,dividend,split
2020-01-01,10,10,10,10,1,0,1
2020-01-02,12,12,12,12,1,0,1
2020-01-03,6,6,6,6,1,0,2`
  const rows = await rowsOf(csv, { sma: '2', atr: '1', bollinger: '2:1.5' })
  assert.deepEqual(
    rows.map(({ sma2, atr1 }) => [sma2, atr1]),
    [
      [null, 0],
      [11, 2],
      [6, 0],
    ],
  )
  assert.equal((rows[1]!['bollinger2x1.5'] as { upper: number }).upper, 12.5)
})

test('a window that is none is refused, all at once', async () => {
  const options = { sma: '0', rsi: '5,x', bollinger: '20:-1', adx: '1', atr: '5:2' }
  await assert.rejects(rowsOf('date,open,high,low,close,volume\n2020-01-01,1,1,1,1,1', options), (error) => {
    assert.ok(error instanceof InputError)
    assert.equal(error.faults.length, 5)
    for (const name of Object.keys(options))
      assert.ok(error.faults.some((fault) => fault.startsWith(`--${name} takes`)))
    return true
  })
})
