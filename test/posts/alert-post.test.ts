import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EntryBodies } from '../../src/journal/entry.ts'
import { renderAlertPost } from '../../src/posts/alert-post.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import { postOnTerminal } from '../../src/posts/terminal.ts'
import { assertGolden, postAsText } from './golden.ts'
import { entry, opened } from './sample-entries.ts'

const alerts: EntryBodies['alert']['alerts'] = [
  { symbol: 'MC.PA', kind: 'stop', value: -0.053, level: 0, price: 345.2, reference: 364.52 },
  { symbol: 'SPY', kind: 'move', value: -0.0622, level: 2, price: 248.11, reference: 264.56 },
  { symbol: 'allocator', kind: 'drawdown', value: 0.0731, level: 1, price: null, reference: null },
]

function alert(list: EntryBodies['alert']['alerts']) {
  return entry('alert', { date: '2020-03-12', checkedAt: '2020-03-12T16:00:00.000Z', alerts: list })
}

test('three alerts are one message on Discord and nothing on X', () => {
  const post = renderAlertPost({ opened: opened(), alert: alert(alerts), held: ['MC.PA'] })
  assert.deepEqual(post.x, [])
  const values = DiscordPost.parse(post.discord).embeds[0]!.fields.map(({ value }) => value)
  assert.equal(values[0], 'LVMH -5.3 %, EUR 345.20, paid EUR 364.52')
  assert.equal(values[1], 'SPY (benchmark, not held) -6.2 %, USD 248.11 after USD 264.56, far past the limit')
  assert.equal(values[2], '7.3 % below the highest close, further past the limit')
  assertGolden('alert.txt', postAsText(post))
  assertGolden('alert-terminal.txt', `${postOnTerminal(post)}\n`)
})

test('an alert says what is held, what is a benchmark only, and which index counts prices alone', () => {
  const move = (symbol: string) => ({
    symbol,
    kind: 'move' as const,
    value: -0.03,
    level: 0,
    price: 97,
    reference: 100,
  })
  const book = opened({
    benchmarks: [
      { policy: 'buy-and-hold:SPY', shortName: 'SPY', priceOnly: false },
      { policy: 'buy-and-hold:^FCHI', shortName: 'CAC', priceOnly: true },
    ],
  })
  const lines = (held?: readonly string[]) => {
    const post = renderAlertPost({ opened: book, alert: alert(['SPY', 'GLD', '^FCHI'].map(move)), held })
    return DiscordPost.parse(post.discord).embeds[0]!.fields[0]!.value.split('\n')
  }
  const rest = [
    'Gold (held) -3.0 %, USD 97.00 after USD 100.00',
    'CAC (benchmark, price only, not held) -3.0 %, 97.00 after 100.00',
  ]
  assert.deepEqual(lines(['GLD']), ['SPY (benchmark, not held) -3.0 %, USD 97.00 after USD 100.00', ...rest])
  assert.deepEqual(lines(['GLD', 'SPY']), ['SPY (held) -3.0 %, USD 97.00 after USD 100.00', ...rest])
  // Without the holdings nothing is claimed of a benchmark that the book may hold.
  assert.deepEqual(lines(), ['SPY (benchmark) -3.0 %, USD 97.00 after USD 100.00', ...rest])
})

test('a crash that moves everything still fits into one message and loses no alert', () => {
  const { instruments } = opened().body
  const many = Array.from({ length: 42 }, (_, index) => ({
    symbol: instruments[index % instruments.length]!.symbol,
    kind: index % 2 === 0 ? ('move' as const) : ('stop' as const),
    value: -0.02 - index / 1000,
    level: 0,
    price: 100 + index,
    reference: 110 + index,
  }))
  const { embeds } = DiscordPost.parse(renderAlertPost({ opened: opened(), alert: alert(many) }).discord)
  const lines = embeds[0]!.fields.flatMap(({ value }) => value.split('\n')).filter((line) => line.includes(' %'))
  assert.equal(lines.length, 42)
})
