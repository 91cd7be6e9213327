import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { backfill } from '../../../src/adapters/discord/backfill.ts'
import { openPlaces } from '../../../src/adapters/discord/places.ts'
import { openRest } from '../../../src/adapters/discord/rest.ts'
import { idAt } from '../../../src/adapters/discord/snowflake.ts'
import type { Incoming } from '../../../src/journal/incoming.ts'
import { connected, openBot, posted } from '../../support/discord-bot.ts'
import { startDiscordServer } from '../../support/discord-server.ts'

test('whoever reacts while the messages are being listed is not taken to have withdrawn', async () => {
  const server = await startDiscordServer()
  const bot = await connected(openBot(server))
  try {
    const post = await posted(server, bot)
    const { token, channelId } = server.settings()
    const rest = openRest({ token, apiUrl: server.url, retries: 0, timeoutMs: 5000, waitMostMs: 1000 })
    const places = openPlaces(rest, channelId)
    places.setSelf(post.author.id)
    // Somebody reacts as soon as the list without that reaction is on its way, and the gateway tells of it.
    let reactedAt = ''
    const get = rest.get.bind(rest)
    rest.get = async (...asked) => {
      const answer = await get(...asked)
      if (reactedAt === '' && asked[0].endsWith('/messages')) {
        await setTimeout(5)
        server.react(post.id, '👍')
        reactedAt = new Date().toISOString()
        await setTimeout(5)
      }
      return answer
    }
    const noted: Incoming[] = []
    await backfill({
      rest,
      places,
      self: { userId: post.author.id, channelId, withContent: true },
      guildId: null,
      since: idAt(Date.now() - 3_600_000),
      lookbackMs: 0,
      held: async () => [],
      note: async (events) => void noted.push(...events),
      now: () => new Date().toISOString(),
    })
    const [tally] = noted.filter((event) => event.kind === 'tally')
    assert.deepEqual(tally!.present, [])
    assert(tally!.seenAt < reactedAt, 'what was seen is of before the reaction')
  } finally {
    await bot.close()
    await server.close()
  }
})
