import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { openDiscordPublisher } from '../../../src/adapters/discord/publisher.ts'
import { WorldError } from '../../../src/errors.ts'
import type { Publisher } from '../../../src/posts/publisher.ts'
import { examplePost, nonceOf } from '../../support/discord-bot.ts'
import { type DiscordServer, startDiscordServer } from '../../support/discord-server.ts'

const png = Uint8Array.from(
  Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  ),
)
const hashes = { a: 'a1'.repeat(32), b: 'b2'.repeat(32) }

describe('posting to Discord', () => {
  let server: DiscordServer
  let publisher: Publisher
  let lines: string[] = []
  before(async () => {
    server = await startDiscordServer()
  })
  beforeEach(() => {
    lines = []
    server.state.faults.length = 0
    server.state.failures.length = 0
    const log = (_: object, line: string) => void lines.push(line)
    const { token, channelId } = server.settings()
    publisher = openDiscordPublisher({
      token,
      channelId,
      apiUrl: server.url,
      log: { info: log, warn: log, debug: log },
    })
  })
  after(() => server.close())
  const since = () => new Date(Date.now() - 1000).toISOString()
  const messagesPath = /\/channels\/\d+\/messages$/

  test('a post has its embed, picture with alt text, buttons and thread, and notifies nobody', async () => {
    const [first] = examplePost().post.embeds
    const post = examplePost(hashes.a, { lateNotice: 'Late: due before the open. @everyone', thread: 'Day 1: talk' })
    const outcome = await publisher.send(
      {
        ...post,
        post: {
          ...post.post,
          embeds: [
            { ...first!, description: '@everyone <@900000000000000001>', image: { url: 'attachment://equity.png' } },
          ],
        },
        files: [{ name: 'equity.png', png, alt: 'Equity rose from 100 to 103.' }],
      },
      nonceOf(),
    )
    assert.equal(outcome.kind, 'sent')
    const message = server.posts().at(-1)!
    assert.equal(outcome.kind === 'sent' && outcome.externalId, message.id)
    assert.equal(message.content, 'Late: due before the open. @everyone')
    assert.deepEqual(
      message.attachments.map(({ filename, description, size }) => [filename, description, size]),
      [['equity.png', 'Equity rose from 100 to 103.', png.length]],
    )
    assert.deepEqual(message.held.files.get('equity.png'), png)
    assert.equal(server.state.channels.get(message.id)?.name, 'Day 1: talk')
    assert.deepEqual(server.state.faults, [])
  })

  test('sending the same nonce twice posts once', async () => {
    const nonce = nonceOf()
    const count = server.posts().length
    const outcomes = [await publisher.send(examplePost(), nonce), await publisher.send(examplePost(), nonce)]
    assert.equal(server.posts().length, count + 1)
    assert.deepEqual(outcomes[0], outcomes[1])
  })

  test('a post whose answer was cut is unknown, is found by its hash however long ago, and gets its thread then', async () => {
    server.fail({ method: 'POST', path: messagesPath, kind: 'cut-after' })
    const tried = since()
    const outcome = await publisher.send(examplePost(hashes.b), nonceOf())
    assert.equal(outcome.kind, 'unknown')
    const message = server.posts().at(-1)!
    assert.equal(server.state.channels.has(message.id), false)
    // Discord forgets the nonce, and people go on talking: several pages.
    delete message.held.nonce
    server.burst(250, (index) => ({ text: `talk ${index}` }))
    assert.equal(await publisher.find(examplePost(hashes.b), nonceOf(), tried), message.id)
    assert.equal(server.state.channels.has(message.id), true)
    assert.equal(await publisher.find(examplePost(hashes.b), nonceOf(), tried), message.id, 'asking twice is harmless')
  })

  test('a post that never arrived is not found, nor is one that a person copied', async () => {
    server.fail({ method: 'POST', path: messagesPath, kind: 'cut' })
    const hash = 'c3'.repeat(32)
    assert.equal((await publisher.send(examplePost(hash), nonceOf())).kind, 'unknown')
    const copy = server.userSays(`Day 1 ${hash}`)
    copy.embeds = [...examplePost(hash).post.embeds]
    assert.equal(await publisher.find(examplePost(hash), nonceOf(), since()), null)
  })

  test('when the channel cannot be asked, find says so instead of guessing', async () => {
    server.fail({ method: 'GET', path: messagesPath, kind: 'status', status: 503 })
    await assert.rejects(publisher.find(examplePost(), nonceOf(), since()), WorldError)
    server.fail({ method: 'GET', path: messagesPath, kind: 'status', status: 200, body: { not: 'a list' } })
    await assert.rejects(publisher.find(examplePost(), nonceOf(), since()), WorldError)
  })

  for (const [name, fault, expected] of [
    ['a 500', { kind: 'status', status: 500 }, { kind: 'unknown' }],
    ['a 502 page', { kind: 'status', status: 502, body: '<html>' }, { kind: 'unknown' }],
    [
      'a short rate limit',
      {
        kind: 'status',
        status: 429,
        body: { message: 'limited', retry_after: 0.2, global: false },
        headers: { 'retry-after': '1', 'x-ratelimit-scope': 'user' },
      },
      { kind: 'sent' },
    ],
    [
      'a long rate limit',
      {
        kind: 'status',
        status: 429,
        body: { message: 'limited', retry_after: 600, global: false },
        headers: { 'retry-after': '600', 'x-ratelimit-scope': 'user' },
      },
      { kind: 'later' },
    ],
    [
      'a refused body',
      { kind: 'status', status: 400, body: { code: 50035, message: 'Invalid Form Body' } },
      { kind: 'refused' },
    ],
    [
      'a text that moderation blocks',
      { kind: 'status', status: 400, body: { code: 200000, message: 'Message was blocked by automatic moderation' } },
      { kind: 'refused' },
    ],
    ['an answer without JSON', { kind: 'status', status: 200, body: 'ok' }, { kind: 'unknown' }],
    [
      'a 401',
      { kind: 'status', status: 401, body: { code: 0, message: '401: Unauthorized' } },
      { kind: 'closed', because: /Reset Token/ },
    ],
    [
      'a missing access',
      { kind: 'status', status: 403, body: { code: 50001, message: 'Missing Access' } },
      { kind: 'closed', because: /View Channel/ },
    ],
    [
      'an unknown channel',
      { kind: 'status', status: 404, body: { code: 10003, message: 'Unknown Channel' } },
      { kind: 'closed', because: /DISCORD_CHANNEL_ID/ },
    ],
  ] as const) {
    test(`${name} comes back as ${expected.kind}`, async () => {
      server.fail({ method: 'POST', path: messagesPath, ...fault })
      const outcome = await publisher.send(examplePost(), nonceOf())
      assert.equal(outcome.kind, expected.kind)
      if ('because' in expected) assert.match('because' in outcome ? outcome.because : '', expected.because)
      if (outcome.kind === 'later') {
        const wait = Date.parse(outcome.retryAt!) - Date.now()
        assert.ok(wait > 590_000 && wait < 610_000, `retried in ${wait} ms`)
      }
      // Whatever it was, the next post goes out.
      assert.equal((await publisher.send(examplePost(), nonceOf())).kind, 'sent')
    })
  }

  test('a missing permission is named', async () => {
    server.state.permissions.delete('EmbedLinks')
    try {
      const outcome = await publisher.send(examplePost(), nonceOf())
      assert.equal(outcome.kind, 'closed')
      assert.match('because' in outcome ? outcome.because : '', /missing: Embed Links \(/)
    } finally {
      server.state.permissions.add('EmbedLinks')
    }
  })

  test('no server at all is certainly not sent', async () => {
    const gone = await startDiscordServer()
    await gone.close()
    const { token, channelId } = server.settings()
    const log = () => {}
    const other = openDiscordPublisher({
      token,
      channelId,
      apiUrl: gone.url,
      log: { info: log, warn: log, debug: log },
    })
    assert.deepEqual(await other.send(examplePost(), nonceOf()).then(({ kind }) => kind), 'later')
    await other.close()
  })

  test('a thread or pin that fails does not undo the post, and says what is missing', async () => {
    server.state.permissions.delete('CreatePublicThreads')
    server.state.permissions.delete('PinMessages')
    try {
      const outcome = await publisher.send(examplePost(hashes.a, { pin: true }), nonceOf())
      assert.equal(outcome.kind, 'sent')
      assert.equal(lines.length, 2)
      assert.match(lines.join(' '), /opening its thread failed.*pinning it failed/)
    } finally {
      server.state.permissions.add('CreatePublicThreads').add('PinMessages')
    }
  })

  test('the newest weekly report is pinned alone, and what others pinned stays', async () => {
    const mine = server.userSays('House rules')
    server.state.pins.set(server.state.channelId, [mine.id])
    const { thread: _, ...report } = examplePost(hashes.a, { pin: true })
    const outcomes = [await publisher.send(report, nonceOf()), await publisher.send(report, nonceOf())]
    const ids = outcomes.map((outcome) => (outcome.kind === 'sent' ? outcome.externalId : ''))
    assert.deepEqual(server.state.pins.get(server.state.channelId), [ids[1], mine.id])
  })

  test('closing ends a send that hangs', async () => {
    server.fail({ method: 'POST', path: messagesPath, kind: 'hang' })
    const sending = publisher.send(examplePost(), nonceOf())
    setTimeout(() => void publisher.close(), 100)
    assert.equal((await sending).kind, 'unknown')
  })
})
