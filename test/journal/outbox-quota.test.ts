import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allowance, type Importance, importanceOf } from '../../src/journal/outbox-quota.ts'

const usage = (texts: number) => ({ texts, costUsd: 0 })
const ask = (
  importance: Importance,
  texts: number,
  quota: { daily: number; monthly: number },
  used: { day: number; month: number },
  date: string,
) =>
  allowance(
    { dailyTexts: quota.daily, monthlyTexts: quota.monthly },
    { day: usage(used.day), month: usage(used.month) },
    { importance, texts },
    `${date}T21:22:00.000Z`,
  ).kind

test('with the default quota an ordinary month leaves nothing out', () => {
  // November 2026: 21 weekdays, 4 Fridays. A decision and fills a day and four reports of three texts: 21 * 2 + 12 = 54.
  let used = 0
  for (let day = 2; day <= 30; day++) {
    const date = `2026-11-${String(day).padStart(2, '0')}`
    const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
    if (weekday === 0 || weekday === 6) continue
    const posts: readonly [Importance, number][] = [
      ['routine', 1],
      ['decision', 1],
      ...(weekday === 5 ? [['digest', 3] as [Importance, number]] : []),
    ]
    let today = 0
    for (const [importance, texts] of posts) {
      assert.equal(ask(importance, texts, { daily: 10, monthly: 150 }, { day: today, month: used }, date), 'go')
      today += texts
      used += texts
    }
  }
  assert.equal(used, 54)
})

test('of 30 posts a month, reports and decisions get theirs and routine gets none', () => {
  // 2026-11-02: 4 Fridays left keep 12; 21 weekdays more than are left over.
  const quota = { daily: 10, monthly: 30 }
  assert.equal(ask('routine', 1, quota, { day: 0, month: 0 }, '2026-11-02'), 'no')
  assert.equal(ask('decision', 1, quota, { day: 0, month: 17 }, '2026-11-02'), 'go')
  assert.equal(ask('decision', 1, quota, { day: 0, month: 18 }, '2026-11-02'), 'no')
  assert.equal(ask('digest', 3, quota, { day: 0, month: 27 }, '2026-11-02'), 'go')
  assert.equal(ask('digest', 3, quota, { day: 0, month: 28 }, '2026-11-02'), 'no')
  // On the last day no Friday is left and one weekday: what was kept is free.
  assert.equal(ask('decision', 1, quota, { day: 0, month: 29 }, '2026-11-30'), 'go')
  assert.equal(ask('routine', 1, quota, { day: 0, month: 28 }, '2026-11-30'), 'go')
  assert.equal(ask('routine', 1, quota, { day: 0, month: 29 }, '2026-11-30'), 'no')
})

test('when the day is used up what matters waits, unless no day would have room for it', () => {
  const used = { day: 9, month: 9 }
  assert.equal(ask('digest', 3, { daily: 10, monthly: 150 }, used, '2026-11-02'), 'tomorrow')
  assert.equal(ask('decision', 1, { daily: 10, monthly: 150 }, used, '2026-11-02'), 'go')
  assert.equal(ask('routine', 1, { daily: 10, monthly: 150 }, used, '2026-11-02'), 'no')
  assert.equal(ask('digest', 3, { daily: 2, monthly: 150 }, { day: 0, month: 0 }, '2026-11-02'), 'no')
  assert.equal(ask('digest', 1, { daily: 0, monthly: 0 }, { day: 0, month: 0 }, '2026-11-02'), 'no')
})

test('whatever matters more is never left out where what matters less goes', () => {
  const order = ['digest', 'decision', 'routine'] as const
  const rank = { go: 2, tomorrow: 1, no: 0 }
  fc.assert(
    fc.property(
      fc.nat(40),
      fc.nat(200),
      fc.nat(40),
      fc.nat(200),
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 30 }),
      (daily, monthly, day, month, texts, date) => {
        const ranks = order.map(
          (importance) =>
            rank[
              ask(importance, texts, { daily, monthly }, { day, month }, `2026-11-${String(date).padStart(2, '0')}`)
            ],
        )
        assert(ranks[0]! >= ranks[1]! && ranks[1]! >= ranks[2]!)
        if (ranks.includes(2)) assert(day + texts <= daily && month + texts <= monthly)
      },
    ),
  )
})

test('a decision that trades or failed matters more than one that holds', () => {
  assert.deepEqual(
    [
      importanceOf('weekly', false),
      importanceOf('monthly', false),
      importanceOf('decision', true),
      importanceOf('decision', false),
      importanceOf('fills', true),
    ],
    ['digest', 'digest', 'decision', 'routine', 'routine'],
  )
})
