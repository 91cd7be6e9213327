import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { idAt } from '../../../src/adapters/discord/snowflake.ts'
import { type Bot, connected, openBot, posted, until } from '../../support/discord-bot.ts'
import { type DiscordServer, startDiscordServer } from '../../support/discord-server.ts'

const hour = 3_600_000

async function scene(
  work: (server: DiscordServer, bot: Bot) => Promise<void>,
  given: Parameters<typeof openBot>[1] & { server?: Parameters<typeof startDiscordServer>[0] } = {},
): Promise<void> {
  const { server: options, ...rest } = given
  const server = await startDiscordServer(options)
  const bot = openBot(server, rest)
  try {
    await work(server, bot)
    assert.deepEqual(server.state.faults, [])
  } finally {
    await bot.close()
    await server.close()
  }
}

/** How the gateway was asked for a connection, in order. */
const asked = (server: DiscordServer) =>
  server.gateway.log.map(({ kind }) => kind).filter((kind) => kind !== 'refused' && kind !== 'closed')

/** Whatever happens in the test, nothing of it is left running. */
function closing(t: TestContext, ...open: readonly { readonly close: () => Promise<void> }[]): void {
  for (const one of open) t.after(() => one.close())
}

describe('the connection', { concurrency: 4 }, () => {
  test('a cut connection is resumed, and what was said meanwhile arrives once and in order', () =>
    scene(async (server, bot) => {
      await connected(bot)
      const post = await posted(server, bot)
      const ids = [server.userSays('one', { replyTo: post.id }).id]
      await until('the first is heard', () => bot.messages().length === 1)
      server.drop()
      ids.push(...server.burst(20, (index) => ({ text: `meanwhile ${index}`, replyTo: post.id })))
      await until('all are heard', () => bot.messages().length === 21)
      assert.deepEqual(asked(server), ['identify', 'resume'])
      assert.deepEqual(
        bot.events.map((event) => event.externalId),
        ids,
      )
    }))

  for (const [name, cut] of [
    ['code 4000', (server: DiscordServer) => server.gateway.closeWith(4000)],
    ['a request to reconnect', (server: DiscordServer) => server.gateway.send({ op: 7, d: null })],
  ] as const) {
    test(`after ${name} the connection is resumed`, () =>
      scene(async (server, bot) => {
        await connected(bot)
        cut(server)
        await until('it is resumed', () => asked(server).includes('resume'))
        const post = await posted(server, bot)
        const said = server.userSays('still there', { replyTo: post.id })
        await until('it is heard', () => bot.messages().includes(said.id))
      }))
  }

  test('after an invalid session it begins anew, and fetches what was missed', () =>
    scene(async (server, bot) => {
      await connected(bot)
      const post = await posted(server, bot)
      server.gateway.send({ op: 9, d: false })
      server.gateway.sessions.clear()
      const said = server.userSays('in between', { replyTo: post.id })
      await until('it is heard', () => bot.messages().includes(said.id))
      assert.deepEqual(asked(server), ['identify', 'identify'])
    }))

  test('an hour without the gateway: replies, thread talk, edits, deletions, reactions of that hour are all found, once', async (t) => {
    // The server's clock stands still but for the hour, so that its ids say how long the gateway was away.
    let shift = -hour
    const server = await startDiscordServer({ now: () => Date.now() + shift })
    const bot = await connected(openBot(server))
    closing(t, bot, server)
    bot.cursor.value = idAt(Date.now() + shift - 1000)
    const post = await posted(server, bot)
    const old = await posted(server, bot)
    const kept = server.userSays('before', { replyTo: post.id })
    const edited = server.userSays('befroe', { replyTo: post.id })
    const deleted = server.userSays('regretted', { place: post.id })
    const direct = server.userSays('privately', { direct: true })
    server.react(post.id, '👎', '31')
    await until('all is heard', () => bot.messages().length === 4 && bot.events.some(({ kind }) => kind === 'reaction'))
    bot.held.push(...bot.events.flatMap((event) => (event.kind === 'message' ? [event] : [])))
    await until('the cursor is there', () => bot.cursor.value === direct.id)

    const before = bot.events.length
    server.refuse(1200)
    await until('the bot notices', () => !bot.state().isConnected)
    const meanwhile: string[] = []
    for (let minute = 0; minute < 60; minute++) {
      shift += 60_000
      meanwhile.push(
        server.userSays(`minute ${minute}`, minute % 2 === 0 ? { replyTo: post.id } : { place: post.id }).id,
      )
      server.userSays('among ourselves')
    }
    meanwhile.push(server.userSays('privately again', { direct: true }).id)
    const late = server.userSays('in an archived thread', { place: old.id })
    meanwhile.push(late.id)
    server.archiveThread(old.id)
    server.edit(edited.id, 'before, mended')
    server.delete(deleted.id)
    server.react(post.id, '👍', '32')
    server.react(post.id, '👍', '33')
    server.unreact(post.id, '👎', '31')

    await connected(bot)
    await until(
      'it has caught up',
      () => bot.state().isConnected && bot.state().isCaughtUp && bot.messages().includes(late.id),
    )
    assert.deepEqual(asked(server), ['identify', 'identify'])
    const after = bot.events.slice(before)
    const told = after.flatMap((event) => (event.kind === 'message' ? [event.externalId] : []))
    const fresh = told.filter((id) => id !== kept.id && id !== edited.id && id !== direct.id)
    assert.deepEqual(fresh.toSorted(), meanwhile.toSorted())
    const edits = after.flatMap((event) => (event.kind === 'edit' ? [[event.externalId, event.text]] : []))
    assert.deepEqual(edits, [[edited.id, 'before, mended']])
    const deletions = after.flatMap((event) => (event.kind === 'deletion' ? [event.externalId] : []))
    assert.deepEqual(deletions, [deleted.id])
    const tally = after.find((event) => event.kind === 'tally' && event.externalId === post.id)
    assert.equal(tally?.kind, 'tally')
    if (tally?.kind === 'tally') {
      assert.deepEqual(
        tally.present.map(({ emoji, users }) => [emoji, users.map(({ userId }) => userId)]),
        [['👍', ['32', '33']]],
      )
    }
    assert.equal(BigInt(bot.cursor.value!) >= BigInt(meanwhile.at(-1)!), true)
    assert.deepEqual(server.state.faults, [])
  })

  test('what is said while the program is down is found when it starts again', async (t) => {
    const server = await startDiscordServer()
    closing(t, server)
    const first = await connected(openBot(server))
    const post = await posted(server, first)
    const before = server.userSays('before', { replyTo: post.id })
    await until('it is heard', () => first.cursor.value === before.id)
    await first.close()
    // Several pages of history.
    const ids = server.burst(350, (index) => ({ text: `down ${index}`, replyTo: post.id }))
    const second = await connected(openBot(server, { from: first }))
    closing(t, second)
    await until('all is heard', () => second.messages().length === 351)
    assert.deepEqual(second.messages(), [before.id, ...ids])
  })

  test('a program that dies between hearing and keeping hears it again', async (t) => {
    const server = await startDiscordServer()
    closing(t, server)
    const first = await connected(openBot(server, { onEvents: () => Promise.reject(new Error('the disk is full')) }))
    const post = await posted(server, first)
    const said = server.userSays('do not lose this', { replyTo: post.id })
    await until('it was tried', () => first.lines.some((line) => line.includes('the disk is full')))
    await first.close()
    const second = await connected(openBot(server, { from: first }))
    closing(t, second)
    await until('it is heard', () => second.messages().includes(said.id))
  })

  test('without the message-content intent it goes on, says so once, and knows which texts were withheld', () =>
    scene(
      async (server, bot) => {
        await connected(bot)
        assert.equal(bot.state().withContent, false)
        assert.equal(bot.lines.filter((line) => line.includes('Message Content Intent')).length, 1)
        const post = await posted(server, bot)
        const quiet = server.userSays('I say this quietly', { place: post.id })
        const loud = server.userSays('I answer', { replyTo: post.id })
        await until('both are heard', () => bot.messages().length === 2)
        const texts = new Map(bot.events.map((event) => [event.externalId, event.kind === 'message' ? event.text : '']))
        assert.equal(texts.get(quiet.id), null)
        assert.equal(texts.get(loud.id), 'I answer')
      },
      { server: { messageContent: false } },
    ))

  test('a wrong token is one line that says what to click, tried again rarely, and heals', () =>
    scene(async (server, bot) => {
      server.state.tokenRevoked = true
      await until('it is said', () => bot.lines.some((line) => line.includes('Reset Token')))
      assert.equal(bot.state().isConnected, false)
      assert.match(bot.state().because ?? '', /Reset Token/)
      const { token } = server.settings()
      assert.equal(
        bot.lines.some((line) => line.includes(token)),
        false,
      )
      server.state.tokenRevoked = false
      await connected(bot)
    }))

  test('a token revoked while it runs ends in the same line', () =>
    scene(async (server, bot) => {
      await connected(bot)
      server.state.tokenRevoked = true
      server.gateway.closeWith(4004)
      await until('it is said', () => bot.lines.some((line) => line.includes('Reset Token')))
      server.state.tokenRevoked = false
      await connected(bot)
    }))

  test('an unknown channel is one line, and posts are answered with what to do', () =>
    scene(async (server, bot) => {
      server.state.channels.delete(server.state.channelId)
      await until('it is said', () => bot.lines.some((line) => line.includes('DISCORD_CHANNEL_ID')))
      assert.equal(bot.lines.filter((line) => line.includes('could not be fetched yet')).length, 1)
    }))

  test('a gateway that answers nothing any longer is left after two heartbeats', () =>
    scene(
      async (server, bot) => {
        await connected(bot)
        server.gateway.isDeaf = true
        await until('it is noticed', () => !bot.state().isConnected)
        server.gateway.isDeaf = false
        await until('it is connected again', () => bot.state().isConnected)
        const post = await posted(server, bot)
        const said = server.userSays('hello?', { replyTo: post.id })
        await until('it is heard', () => bot.messages().includes(said.id))
      },
      { server: { heartbeatMs: 300 } },
    ))

  test('nothing there at all: it keeps trying, closes at once, and nothing is left running', async (t) => {
    const server = await startDiscordServer()
    await server.close()
    const bot = openBot(server)
    closing(t, bot)
    await until('it is said', () => bot.lines.some((line) => line.includes('cannot be reached')))
    const began = Date.now()
    await bot.close()
    assert.ok(Date.now() - began < 5000)
  })

  test('it closes within five seconds while the gateway refuses it', async (t) => {
    const server = await startDiscordServer()
    const bot = await connected(openBot(server))
    closing(t, bot, server)
    server.refuse(60_000)
    await until('it notices', () => !bot.state().isConnected)
    const began = Date.now()
    await bot.close()
    assert.ok(Date.now() - began < 5000)
    const refused = server.gateway.log.length
    await new Promise((resolve) => setTimeout(resolve, 1200))
    assert.ok(server.gateway.log.length <= refused + 1, 'it still knocks at the gateway after it was closed')
  })
})
