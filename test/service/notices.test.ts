import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noticeSender } from '../../src/service/notices.ts'
import type { Notice } from '../../src/talk/capture.ts'

const notices = (count: number): Notice[] =>
  Array.from({ length: count }, (_, index) => ({
    channel: 'discord',
    userId: String(index),
    placeId: '1',
    replyTo: '2',
  }))

test('people are told one after the other, a failure stops nobody else, and a crowd is not waited for', async () => {
  const told: string[] = []
  let atOnce = 0
  let most = 0
  let finish = () => {}
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  const notify = noticeSender(async ({ userId }) => {
    most = Math.max(most, ++atOnce)
    await new Promise((resolve) => setImmediate(resolve))
    atOnce -= 1
    told.push(userId)
    if (told.length === 201) finish()
    if (userId === '3') throw new Error('no such channel')
  })
  // One is being told and 200 wait; the other 799 are told when they speak again.
  notify(notices(1))
  notify(notices(999))
  assert.deepEqual(told, [])
  await done
  await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(most, 1)
  assert.deepEqual(told, ['0', ...notices(200).map(({ userId }) => userId)])
})
