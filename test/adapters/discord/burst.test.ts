import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openInbox } from '../../../src/adapters/discord/inbox.ts'
import { silent } from '../../../src/adapters/discord/log.ts'
import type { Incoming } from '../../../src/journal/incoming.ts'
import { connected, examplePost, nonceOf, openBot, posted, until } from '../../support/discord-bot.ts'
import { startDiscordProcess } from '../../support/discord-process.ts'
import { startDiscordServer } from '../../support/discord-server.ts'

test('10,000 replies and reactions in one burst are all heard, in order, and a command among them is answered in time', async (t) => {
  const server = await startDiscordProcess()
  let largest = 0
  const bot = openBot(server, {
    onEvents: async (batch) => {
      largest = Math.max(largest, batch.length)
      // A database takes its time.
      await new Promise((resolve) => setTimeout(resolve, 20))
      bot.events.push(...batch)
    },
  })
  t.after(() => server.close())
  t.after(() => bot.close())
  await connected(bot)
  const sent = await bot.publisher.send(examplePost(), nonceOf())
  assert.equal(sent.kind, 'sent')
  // 5,000 replies, each followed by a reaction of the same person.
  const id = await server.call<string>('crowd', sent.kind === 'sent' && sent.externalId, 5000, 1000, 'why')
  await until(
    () => `all is heard: ${bot.events.length}`,
    () => bot.events.length >= 10_000,
    30_000,
  )
  const heard = bot.events.map((event) =>
    event.kind === 'message'
      ? event.text?.split(':')[0]
      : `${event.kind} of ${event.kind === 'reaction' && event.userId}`,
  )
  const expected = Array.from({ length: 5000 }, (_, index) => [
    `reply ${index}`,
    `reaction of ${7_000_000 + (index % 1000)}`,
  ])
  assert.deepEqual(heard, expected.flat())
  assert.ok(largest <= 500, `a batch had ${largest} events`)
  const { interactions, faults } = await server.look()
  const answered = interactions.find((one) => one.id === id)?.answeredAfterMs ?? Number.POSITIVE_INFINITY
  assert.deepEqual(faults, [])
  assert.ok(answered < 3000, `answered after ${answered} ms`)
  t.diagnostic(`the command was answered after ${answered} ms`)
})

test('what exceeds the memory of the inbox is fetched afterwards, and nothing is lost', async (t) => {
  const server = await startDiscordServer()
  let isStuck = true
  let most = 0
  const bot = openBot(server, {
    inboxBytesMost: 100_000,
    onEvents: async (batch) => {
      most = Math.max(most, bot.state().waiting)
      if (isStuck) throw new Error('the database is away')
      bot.events.push(...batch)
    },
  })
  t.after(() => server.close())
  t.after(() => bot.close())
  await connected(bot)
  const post = await posted(server, bot)
  const ids = server.burst(1000, (index) => ({ text: `reply ${index} ${'x'.repeat(300)}`, replyTo: post.id }))
  await until('it says that it cannot hold all', () => bot.lines.some((line) => line.includes('more comes in')))
  isStuck = false
  await until(
    () => `all is heard: ${bot.messages().length}`,
    () => bot.messages().length === 1000,
    30_000,
  )
  assert.deepEqual(bot.messages().toSorted(), ids.toSorted())
  await until('the cursor follows', () => bot.cursor.value === ids.at(-1))
  assert.ok(most < 120, `${most} events were kept at once`)
})

test('the cursor never passes what was not kept', async () => {
  const written: string[] = []
  const kept: string[] = []
  let isStuck = false
  const inbox = openInbox({
    onEvents: async (events) => {
      if (isStuck) throw new Error('no')
      kept.push(...events.map(({ externalId }) => externalId))
    },
    onGap: () => {},
    cursor: { read: async () => null, write: async (id) => void written.push(id) },
    log: silent,
    retryMs: 5,
  })
  const note = (id: string) => {
    const event: Incoming = {
      kind: 'deletion',
      channel: 'discord',
      externalId: id,
      placeId: '1',
      deletedAt: '2026-01-01T00:00:00.000Z',
    }
    inbox.note({ id, bytes: 10, work: () => event })
  }
  note('10')
  note('9')
  await inbox.settled()
  assert.deepEqual(written, ['10'])
  inbox.hold()
  note('11')
  await inbox.settled()
  assert.deepEqual(written, ['10'], 'while something is being fetched, it stays')
  inbox.release()
  await until('it follows', () => written.at(-1) === '11')
  isStuck = true
  note('12')
  await new Promise((resolve) => setTimeout(resolve, 80))
  assert.equal(written.at(-1), '11')
  await inbox.close()
  assert.deepEqual(kept, ['10', '9', '11'])
})
