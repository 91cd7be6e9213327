import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dueAfter, lastDue, type Schedule } from '../src/schedule.ts'

/** Every due moment from one to another, both included. */
function dueBetween(schedule: Schedule, from: string, to: string): string[] {
  const found: string[] = []
  for (let at = dueAfter(schedule, before(from)); at <= to; at = dueAfter(schedule, at)) found.push(at)
  return found
}
const before = (moment: string) => new Date(Date.parse(moment) - 1).toISOString()

const newYork = { pattern: '20 16 * * 1-5', zone: 'America/New_York' }
const paris = { pattern: '15 9-21/6 * * 1-5', zone: 'Europe/Paris' }

test('16:20 in New York follows its clocks: 21:20 UTC in winter, 20:20 in summer, on weekdays alone', () => {
  // The clocks go forward on Sunday 2026-03-08 and back on Sunday 2026-11-01.
  assert.deepEqual(dueBetween(newYork, '2026-03-05T00:00:00.000Z', '2026-03-10T23:59:59.999Z'), [
    '2026-03-05T21:20:00.000Z',
    '2026-03-06T21:20:00.000Z',
    '2026-03-09T20:20:00.000Z',
    '2026-03-10T20:20:00.000Z',
  ])
  assert.deepEqual(dueBetween(newYork, '2026-10-29T00:00:00.000Z', '2026-11-03T23:59:59.999Z'), [
    '2026-10-29T20:20:00.000Z',
    '2026-10-30T20:20:00.000Z',
    '2026-11-02T21:20:00.000Z',
    '2026-11-03T21:20:00.000Z',
  ])
  // Europe changes on other Sundays, 2026-03-29 and 2026-10-25, which New York does not notice.
  assert.deepEqual(dueBetween(newYork, '2026-03-27T00:00:00.000Z', '2026-03-30T23:59:59.999Z'), [
    '2026-03-27T20:20:00.000Z',
    '2026-03-30T20:20:00.000Z',
  ])
})

test('9:15, 15:15 and 21:15 in Paris follow the clocks of Paris', () => {
  assert.deepEqual(dueBetween(paris, '2026-03-27T00:00:00.000Z', '2026-03-30T23:59:59.999Z'), [
    '2026-03-27T08:15:00.000Z',
    '2026-03-27T14:15:00.000Z',
    '2026-03-27T20:15:00.000Z',
    '2026-03-30T07:15:00.000Z',
    '2026-03-30T13:15:00.000Z',
    '2026-03-30T19:15:00.000Z',
  ])
  assert.deepEqual(dueBetween(paris, '2026-10-23T00:00:00.000Z', '2026-10-26T23:59:59.999Z'), [
    '2026-10-23T07:15:00.000Z',
    '2026-10-23T13:15:00.000Z',
    '2026-10-23T19:15:00.000Z',
    '2026-10-26T08:15:00.000Z',
    '2026-10-26T14:15:00.000Z',
    '2026-10-26T20:15:00.000Z',
  ])
  // New York's Sunday, three weeks before, leaves them where they are.
  assert.deepEqual(dueBetween(paris, '2026-03-09T00:00:00.000Z', '2026-03-09T12:00:00.000Z'), [
    '2026-03-09T08:15:00.000Z',
  ])
})

test('a moment that the clocks skip or repeat fires once', () => {
  // 02:30 does not exist in New York on 2026-03-08, and is there twice on 2026-11-01.
  const night = { pattern: '30 2 * * *', zone: 'America/New_York' }
  const early = { pattern: '30 1 * * *', zone: 'America/New_York' }
  assert.equal(dueBetween(night, '2026-03-08T05:00:00.000Z', '2026-03-09T04:59:59.999Z').length, 1)
  assert.equal(dueBetween(early, '2026-11-01T04:00:00.000Z', '2026-11-02T04:59:59.999Z').length, 1)
})

test('every half an hour means the full and the half hours, wherever the counting starts', () => {
  assert.deepEqual(dueBetween({ everyMinutes: 30 }, '2026-03-08T06:10:00.000Z', '2026-03-08T07:40:00.000Z'), [
    '2026-03-08T06:30:00.000Z',
    '2026-03-08T07:00:00.000Z',
    '2026-03-08T07:30:00.000Z',
  ])
})

test('the last due moment includes the moment itself, and none lies between it and the next', () => {
  const moments = [
    '2026-03-08T12:00:00.000Z',
    '2026-03-09T20:20:00.000Z',
    '2026-11-01T06:30:00.000Z',
    '2026-12-31T23:59:59.999Z',
  ]
  for (const schedule of [newYork, paris, { everyMinutes: 15 }]) {
    for (const moment of moments) {
      const last = lastDue(schedule, moment)
      assert(last <= moment)
      assert(dueAfter(schedule, last) > moment, `${JSON.stringify(schedule)} at ${moment}`)
    }
  }
  assert.equal(lastDue(newYork, '2026-03-09T20:20:00.000Z'), '2026-03-09T20:20:00.000Z')
})
