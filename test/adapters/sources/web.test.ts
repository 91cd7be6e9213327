import assert from 'node:assert/strict'
import type { lookup } from 'node:dns'
import { type TestContext, test } from 'node:test'
import { isPrivateAddress, openWeb, SourceError, type Web, type WebOptions } from '../../../src/adapters/sources/web.ts'
import { InputError } from '../../../src/errors.ts'
import { type FeedServer, startFeedServer } from '../../support/feed-server.ts'

async function opened(
  context: TestContext,
  options: WebOptions = {},
): Promise<{ readonly web: Web; readonly server: FeedServer }> {
  const server = await startFeedServer()
  const web = openWeb({ timeoutMs: 2000, ...options })
  context.after(async () => {
    await web.close()
    await server.close()
  })
  return { web, server }
}

const bodyOf = async (web: Web, url: string) => {
  const answer = await web.fetch({ url })
  return answer.kind === 'body' ? Buffer.from(answer.bytes).toString('utf8') : answer.kind
}

test('the next request carries what the answer before was marked with, and an unchanged source says so', async (context) => {
  const { web, server } = await opened(context)
  const marks = { etag: '"v1"', 'last-modified': 'Tue, 10 Mar 2026 10:00:00 GMT' }
  server.set('/feed', ({ headers }) =>
    headers['if-none-match'] === '"v1"' ? { status: 304 } : { headers: marks, body: 'news' },
  )
  const first = await web.fetch({ url: `${server.url}/feed` })
  assert.ok(first.kind === 'body')
  assert.deepEqual(first.validators, { etag: '"v1"', lastModified: marks['last-modified'] })
  const second = await web.fetch({ url: `${server.url}/feed`, validators: first.validators })
  assert.equal(second.kind, 'unchanged')
  assert.equal(server.requests[1]!.headers['if-modified-since'], marks['last-modified'])
  assert.match(String(server.requests[0]!.headers['user-agent']), /^Primer\//)
})

test('a redirect within the host is followed; one to another host, port or protocol is refused with what to do', async (context) => {
  const { web, server } = await opened(context)
  const elsewhere = await startFeedServer()
  context.after(elsewhere.close)
  elsewhere.set('*', { body: 'secret' })
  server.set('/moved', { status: 301, headers: { location: '/new' } })
  server.set('/new', { body: 'here' })
  assert.equal(await bodyOf(web, `${server.url}/moved`), 'here')
  for (const location of [
    `${elsewhere.url}/inside`,
    'http://169.254.169.254/latest/meta-data/',
    'http://[::1]:6379/',
    'https://evil.example/',
    'file:///etc/passwd',
    server.url.replace('127.0.0.1', 'localhost'),
  ]) {
    server.set('/away', { status: 302, headers: { location } })
    await assert.rejects(web.fetch({ url: `${server.url}/away` }), (error: Error) => {
      assert.ok(error instanceof InputError, location)
      assert.match(error.message, /put that address into the book if you trust it/)
      return true
    })
  }
  assert.equal(elsewhere.requests.length, 0)
})

test('redirects in a circle, and one to nowhere, end', async (context) => {
  const { web, server } = await opened(context)
  server.set('/a', { status: 302, headers: { location: '/b' } })
  server.set('/b', { status: 302, headers: { location: '/a' } })
  await assert.rejects(web.fetch({ url: `${server.url}/a` }), /redirects without end/)
  assert.equal(server.requests.length, 6)
  server.set('/c', { status: 302 })
  await assert.rejects(web.fetch({ url: `${server.url}/c` }), /redirects to nowhere/)
})

/** A DNS that says what a test wants. */
const dns = (...addresses: readonly string[]) =>
  ((_name: string, _options: unknown, callback: (...all: unknown[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof lookup

test('a name that leads to a private address is refused, by whatever kind of address', async (context) => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '192.168.0.1',
    '169.254.169.254',
    '::1',
    'fd00::1',
    '::ffff:127.0.0.1',
  ]) {
    const { web, server } = await opened(context, { resolve: dns(address) })
    server.set('*', { body: 'secret' })
    const url = server.url.replace('127.0.0.1', 'feeds.example')
    await assert.rejects(web.fetch({ url: `${url}/feed` }), /feeds.example has a private address only/, address)
    assert.equal(server.requests.length, 0)
  }
})

test('of several addresses of a name only the public ones are tried', async (context) => {
  const { web, server } = await opened(context, { resolve: dns('127.0.0.1', '192.0.2.1'), timeoutMs: 300 })
  await assert.rejects(web.fetch({ url: `${server.url.replace('127.0.0.1', 'feeds.example')}/feed` }), SourceError)
  assert.equal(server.requests.length, 0)
})

test('addresses of this machine and its networks count as private in every notation', () => {
  for (const address of [
    '127.0.0.1',
    '127.9.9.9',
    '0.0.0.0',
    '100.64.0.1',
    '172.31.255.255',
    '::',
    '::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '::ffff:0a00:0001',
    '::7f00:1',
    '64:ff9b::a00:1',
    '2002:7f00:1::',
    'ff02::1',
    'not an address',
  ]) {
    assert.ok(isPrivateAddress(address), address)
  }
  for (const address of ['1.1.1.1', '172.32.0.1', '2606:4700::1111', '::ffff:1.1.1.1'])
    assert.ok(!isPrivateAddress(address), address)
})

test('100 MB, and a gigabyte in a megabyte of gzip, are left after 10 MB, and memory does not grow with them', {
  timeout: 60_000,
}, async (context) => {
  const { web, server } = await opened(context, { timeoutMs: 20_000 })
  server.set('/large', { kind: 'flood', megabytes: 100 })
  server.set('/bomb', { kind: 'flood', megabytes: 1000, gzip: true })
  const before = process.memoryUsage.rss()
  for (const path of ['/large', '/bomb']) {
    await assert.rejects(web.fetch({ url: server.url + path }), (error: Error) => {
      assert.ok(error instanceof SourceError && !error.retryable)
      assert.match(error.message, /more than 10 MB/)
      return true
    })
  }
  assert.ok(server.flooded() < 200_000_000, `${server.flooded()} bytes left the server`)
  assert.ok(process.memoryUsage.rss() - before < 200e6, 'memory grew with the answer')
})

test('a server that hangs, drips or breaks off is left in time, and worth another try', async (context) => {
  const { web, server } = await opened(context, { timeoutMs: 300 })
  for (const kind of ['hang', 'drip', 'cut'] as const) {
    server.set('/slow', { kind })
    const began = performance.now()
    await assert.rejects(web.fetch({ url: `${server.url}/slow?key=secret` }), (error: Error) => {
      assert.ok(error instanceof SourceError && error.retryable, kind)
      assert.ok(!error.message.includes('secret'), 'the parameters may hold a key')
      return true
    })
    assert.ok(performance.now() - began < 1500, kind)
  }
})

test('busy and failing servers are worth another try, with the pause they ask for; refusals are not', async (context) => {
  const { web, server } = await opened(context)
  const failed = async (status: number, headers: Record<string, string> = {}) => {
    server.set('/x', { status, headers })
    const error = await web.fetch({ url: `${server.url}/x` }).catch((caught: unknown) => caught)
    assert.ok(error instanceof SourceError)
    return [error.retryable, error.retryAfterMs === null ? null : Math.round(error.retryAfterMs / 1000)]
  }
  assert.deepEqual(await failed(429, { 'retry-after': '90' }), [true, 90])
  const inAnHour = new Date(Date.now() + 3_600_000).toUTCString()
  const [retryable, seconds] = await failed(503, { 'retry-after': inAnHour })
  assert.ok(retryable === true && Number(seconds) > 3590 && Number(seconds) <= 3600)
  assert.deepEqual(await failed(500, { 'retry-after': 'soon' }), [true, null])
  assert.deepEqual(await failed(404), [false, null])
  assert.deepEqual(await failed(401), [false, null])
})
