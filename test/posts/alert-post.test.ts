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
  const post = renderAlertPost({ opened: opened(), alert: alert(alerts) })
  assert.deepEqual(post.x, [])
  const values = DiscordPost.parse(post.discord).embeds[0]!.fields.map(({ value }) => value)
  assert.equal(values[0], 'LVMH -5.3 %, EUR 345.20, cost EUR 364.52')
  assert.equal(values[1], 'SPY -6.2 %, USD 248.11 after USD 264.56 (escalated, step 2)')
  assert.equal(values[2], '7.3 % below the highest close (escalated, step 1)')
  assertGolden('alert.txt', postAsText(post))
  assertGolden('alert-terminal.txt', `${postOnTerminal(post)}\n`)
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
