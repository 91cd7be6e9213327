import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { failureOf } from '../../../src/adapters/x/failure.ts'
import { openXLedger } from '../../../src/adapters/x/ledger.ts'
import { openXPublisher, type XPublisherSettings } from '../../../src/adapters/x/publisher.ts'
import { WorldError } from '../../../src/errors.ts'
import type { Publisher, XMessage } from '../../../src/posts/publisher.ts'
import { withFolder } from '../../support/database.ts'
import { startXServer, type XServer } from '../../support/x-server.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const message = (text: string, rest: Partial<XMessage> = {}): XMessage => ({
  channel: 'x',
  text,
  replyTo: null,
  ...rest,
})

type World = {
  readonly x: XServer
  readonly publisher: Publisher
  readonly said: string[]
  readonly readUsd: () => number
}

async function withX(body: (world: World) => Promise<void>, settings: Partial<XPublisherSettings> = {}): Promise<void> {
  await withFolder(async (folder) => {
    const x = await startXServer()
    const said: string[] = []
    const ledger = openXLedger(folder)
    const publisher = await openXPublisher({
      keys: x.keys,
      apiUrl: x.url,
      timeoutMs: 250,
      ledger,
      say: (line) => said.push(line),
      ...settings,
    })
    try {
      await body({ x, publisher, said, readUsd: () => ledger.readUsd(new Date().toISOString().slice(0, 10)) })
    } finally {
      await publisher.close()
      await x.close()
    }
  })
}

const minuteAgo = () => new Date(Date.now() - 60_000).toISOString()

test('a post and its answer go out signed as for X itself, and are found again by their text', () =>
  withX(async ({ x, publisher, readUsd }) => {
    // Signs that OAuth 1.0a encodes in its own way, and those that X escapes on the way back.
    const text = "Day 1. It's (100 %) <safe> & sound! *\nEUR 10,000: 0.0 %."
    const first = await publisher.send(message(text), 'n1')
    assert(first.kind === 'sent')
    const second = await publisher.send(message('2/2 the end', { replyTo: first.externalId }), 'n2')
    assert(second.kind === 'sent')
    assert.deepEqual(
      x.own().map(({ text: posted, repliedTo }) => [posted, repliedTo]),
      [
        [text, null],
        ['2/2 the end', first.externalId],
      ],
    )
    assert.equal(await publisher.find(message(text), 'n1', minuteAgo()), first.externalId)
    assert.equal(await publisher.find(message('never sent'), 'n3', minuteAgo()), null)
    assert.equal(readUsd().toFixed(4), '0.0040')
    // The end of another thread that reads the same is not this one.
    assert.equal(await publisher.find(message('2/2 the end', { replyTo: '17' }), 'n2', minuteAgo()), null)
    // Three looks at two posts of our own, 0.001 dollars each.
    assert.equal(readUsd().toFixed(4), '0.0060')
    assert.deepEqual(x.faults, [])
    assert.deepEqual(
      x.requests.filter(({ path }) => path === '/2/users/me'),
      [],
      'the number of the account is in the token',
    )
  }))

test('a post is found on the third page of many, and not when it is older than it can be', () =>
  withX(async ({ x, publisher }) => {
    const old = x.say(x.selfId, 'an old one', { at: new Date(Date.now() - 3_600_000) })
    const wanted = x.say(x.selfId, 'the one')
    for (let index = 0; index < 230; index++) x.say(x.selfId, `noise ${index}`)
    assert.equal(await publisher.find(message('the one'), 'n', minuteAgo()), wanted.id)
    assert.equal(await publisher.find(message('an old one'), 'n', minuteAgo()), null)
    assert.equal(
      await publisher.find(message('an old one'), 'n', new Date(Date.now() - 3_600_000).toISOString()),
      old.id,
    )
  }))

test('a picture is uploaded with its words and shown with the post, which is still found by its text', () =>
  withX(async ({ x, publisher, said }) => {
    const picture = {
      name: 'equity.png',
      png: Buffer.concat([png, Buffer.alloc(1_500_000)]),
      alt: 'Line chart: EUR 10,213.',
    }
    const sent = await publisher.send(message('Week 3.', { media: picture }), 'n')
    assert(sent.kind === 'sent')
    const [medium] = x.media.values()
    assert.equal(medium!.bytes.length, picture.png.length)
    assert.equal(medium!.alt, 'Line chart: EUR 10,213.')
    assert.equal(await publisher.find(message('Week 3.'), 'n', minuteAgo()), sent.externalId)
    assert.deepEqual(said, [])
  }))

test('a picture that X does not take keeps no post back', () =>
  withX(async ({ x, publisher, said }) => {
    x.fail({ path: /finalize$/ }, { kind: 'status', status: 500 })
    const picture = { name: 'equity.png', png, alt: 'A chart.' }
    assert.equal((await publisher.send(message('Week 4.', { media: picture }), 'n')).kind, 'sent')
    assert.match(said.join(), /the post goes without: HTTP 500/)
    assert.deepEqual(x.own()[0]!.mediaIds, [])
  }))

test('each failure is told as what it is', () =>
  withX(async ({ x, publisher }) => {
    const send = () => publisher.send(message(`post ${x.requests.length}`), 'n')
    const resetSeconds = Math.trunc(Date.now() / 1000) + 300
    const limited = {
      'x-rate-limit-limit': '100',
      'x-rate-limit-remaining': '0',
      'x-rate-limit-reset': String(resetSeconds),
    }
    const path = /^\/2\/tweets$/
    x.fail({ path }, { kind: 'status', status: 429, headers: limited })
    assert.deepEqual(await send(), {
      kind: 'later',
      because: 'X: HTTP 429: Something is broken.',
      retryAt: new Date(resetSeconds * 1000).toISOString(),
    })
    // The day's limit lasts longer than the quarter of an hour.
    const day = {
      'x-app-limit-24hour-limit': '1',
      'x-app-limit-24hour-remaining': '0',
      'x-app-limit-24hour-reset': String(resetSeconds + 9000),
    }
    x.fail({ path }, { kind: 'status', status: 429, headers: { ...limited, ...day } })
    const later = await send()
    assert.equal(later.kind === 'later' && later.retryAt, new Date((resetSeconds + 9000) * 1000).toISOString())
    for (const [fault, kind] of [
      [{ kind: 'status', status: 500 }, 'unknown'],
      [{ kind: 'status', status: 503, body: '<html>Over capacity</html>' }, 'unknown'],
      [{ kind: 'status', status: 200, body: '<html>a proxy</html>' }, 'unknown'],
      [{ kind: 'cut', performed: true }, 'unknown'],
      [{ kind: 'drop', performed: true }, 'unknown'],
      [{ kind: 'hang', performed: true }, 'unknown'],
      [{ kind: 'status', status: 404 }, 'closed'],
      [{ kind: 'status', status: 403, body: { title: 'Forbidden', detail: 'Your account is suspended.' } }, 'closed'],
      [{ kind: 'status', status: 422 }, 'refused'],
    ] as const) {
      x.fail({ path }, fault)
      assert.equal((await send()).kind, kind, JSON.stringify(fault))
    }
    x.credit = 0
    const poor = await send()
    assert(poor.kind === 'no-credit')
    assert.match(poor.because, /HTTP 402: Your account has no credits left\.; buy credits/)
    x.credit = 10
    x.writable = false
    const readOnly = await send()
    assert(readOnly.kind === 'closed')
    assert.match(readOnly.because, /oauth1 app permissions.*"Read and write"/)
    x.writable = true
    assert.equal((await publisher.send(message('a'.repeat(281)), 'n')).kind, 'refused')
    assert.equal((await publisher.send(message('an answer', { replyTo: '1' }), 'n')).kind, 'refused')
    assert.equal((await publisher.send(message('twice'), 'n')).kind, 'sent')
    assert.equal((await publisher.send(message('twice'), 'n')).kind, 'duplicate')
    await x.stop()
    const gone = await send()
    assert.deepEqual(gone, { kind: 'later', because: 'X: no connection (ECONNREFUSED)', retryAt: null })
    await assert.rejects(
      publisher.find(message('twice'), 'n', minuteAgo()),
      (error) => error instanceof WorldError && error.retryable,
    )
  }))

test('a wrong key is told without showing any, even when the server repeats it', () =>
  withX(async ({ x, said }) => {
    const keys = { ...x.keys, appSecret: 'another-secret-0123456789' }
    await withFolder(async (folder) => {
      const publisher = await openXPublisher({
        keys,
        apiUrl: x.url,
        ledger: openXLedger(folder),
        say: (line) => said.push(line),
      })
      const outcome = await publisher.send(message('hello'), 'n')
      assert(outcome.kind === 'closed')
      assert.match(outcome.because, /HTTP 401.*a wrong signature.*check X_APP_KEY/)
      x.fail(
        { path: /./ },
        { kind: 'status', status: 401, body: { detail: `bad ${keys.appSecret} and ${keys.accessToken}` } },
      )
      const echoed = JSON.stringify(await publisher.send(message('hello'), 'n'))
      for (const secret of Object.values(keys)) assert(!echoed.includes(secret))
      await publisher.close()
    })
  }))

test('a server that drips for ever is cut off in time', async () => {
  const server = createServer((socket) => {
    const timer = setInterval(() => socket.write('H'), 20)
    socket.on('close', () => clearInterval(timer)).on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await withX(
    async ({ publisher }) => {
      const before = performance.now()
      assert.equal((await publisher.send(message('hello'), 'n')).kind, 'unknown')
      assert(performance.now() - before < 3_000)
    },
    { apiUrl: `http://127.0.0.1:${port}`, sendMs: 300 },
  )
  server.close()
})

const withPicture = { media: { name: 'chart.png', png, alt: 'a chart' } }

test('a picture that takes for ever leaves the post enough time, which goes without it', () =>
  withX(
    async ({ x, publisher, said }) => {
      x.fail({ path: /\/2\/media/ }, { kind: 'hang', performed: false })
      const before = performance.now()
      assert.equal((await publisher.send(message('hello', withPicture), 'n')).kind, 'sent')
      assert(performance.now() - before < 5_000)
      assert.deepEqual(
        x.own().map(({ text }) => text),
        ['hello'],
      )
      assert.match(said.join('\n'), /the picture was not taken/)
    },
    { timeoutMs: 20_000, sendMs: 2_000 },
  ))

test('closed while a picture is on its way, nothing is posted, and that is certain', () =>
  withX(
    async ({ x, publisher }) => {
      x.fail({ path: /\/2\/media/ }, { kind: 'hang', performed: false })
      const sent = publisher.send(message('hello', withPicture), 'n')
      setTimeout(() => void publisher.close(), 200)
      assert.equal((await sent).kind, 'later')
      assert.deepEqual(x.own(), [])
    },
    { timeoutMs: 20_000 },
  ))

test('an error of our own is not taken for one of X', () => {
  const own = new TypeError('our mistake')
  assert.throws(() => failureOf(own, { appKey: '', appSecret: '', accessToken: '', accessSecret: '' }), own)
})
