import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ingest } from '../../jobs/ingest.ts'
import { openWeb } from '../../src/adapters/sources/web.ts'
import { Source } from '../../src/catalysts/source.ts'
import type { Context } from '../../src/context.ts'
import { withFolder } from '../support/database.ts'
import { type FeedServer, rss, startFeedServer } from '../support/feed-server.ts'
import { entriesOf, textContext } from '../support/texts.ts'

type World = {
  readonly home: string
  readonly server: FeedServer
  readonly ctx: Context
  /** Looks at sources at a moment; sources that are not due are left alone unless forced. */
  readonly look: (sources: readonly object[], at: string, force?: boolean) => ReturnType<typeof ingest>
  readonly feed: (name: string, change?: object) => object
}

function inWorld(body: (world: World, context: TestContext) => Promise<void>) {
  return (context: TestContext) =>
    withFolder(async (home) => {
      const server = await startFeedServer()
      const ctx = await textContext(home)
      const web = openWeb({ timeoutMs: 5000 })
      try {
        const look: World['look'] = (sources, at, force = false) =>
          ingest(
            ctx,
            sources.map((source) => Source.parse(source)),
            () => at,
            { web, accountPosts: null, force },
          )
        const feed = (name: string, change = {}) => ({ type: 'feed', name, url: `${server.url}/${name}`, ...change })
        await body({ home, server, ctx, look, feed }, context)
      } finally {
        await web.close()
        await ctx.journal.close()
        await server.close()
      }
    })
}

const item = (guid: string, text: string, more = '') =>
  `<guid>${guid}</guid><title>News ${guid}</title><description>${text}</description>${more}`
const morning = '2026-03-10T08:00:00.000Z'
const noon = '2026-03-10T12:00:00.000Z'
const evening = '2026-03-10T20:00:00.000Z'

test(
  'an edit is the next version, known when it was seen; what was deleted stays as it was',
  inWorld(async ({ server, ctx, look, feed }) => {
    server.set('/bank', { body: rss(item('1', 'Rates rise'), item('2', 'To be deleted')) })
    await look([feed('bank')], morning)
    server.set('/bank', { body: rss(item('1', 'Rates do not rise after all')) })
    const [second] = await look([feed('bank')], evening)
    assert.deepEqual([second?.found, second?.new], [1, 1])
    const items = await entriesOf(ctx, 'item')
    assert.deepEqual(
      items.map(({ body }) => [body.id, body.version, body.knownAt, body.flags]),
      [
        ['1', 1, morning, ['undated']],
        ['2', 1, morning, ['undated']],
        ['1', 2, evening, ['undated', 'edited']],
      ],
    )
    const texts = await ctx.journal.texts(items.map(({ body }) => body.text.id))
    assert.deepEqual(
      items.map(({ body }) => (texts.get(body.text.id) as { text: string }).text),
      ['Rates rise', 'To be deleted', 'Rates do not rise after all'],
    )
  }),
)

test(
  'the same text from two sources, asked at the same time, is one item',
  inWorld(async ({ server, ctx, look, feed }) => {
    server.set('/bank', { body: rss(item('1', 'Rates rise')) })
    server.set('/wire', { body: rss(item('1', 'Rates   rise')) })
    const looks = await look([feed('bank'), feed('wire')], noon)
    assert.equal(
      looks.reduce((sum, one) => sum + one.new, 0),
      1,
    )
    assert.equal((await entriesOf(ctx, 'item')).length, 1)
  }),
)

test(
  'a date in the future changes nothing about when a text was known, and is flagged',
  inWorld(async ({ server, ctx, look, feed }) => {
    const pubDate = '<pubDate>Fri, 10 Mar 2056 08:00:00 GMT</pubDate>'
    server.set('/bank', { body: rss(item('1', 'From the future', pubDate)) })
    await look([feed('bank')], noon)
    assert.deepEqual(
      (await entriesOf(ctx, 'item')).map(({ body }) => [body.id, body.version, body.knownAt, body.flags[0]]),
      [['1', 1, noon, 'future']],
    )
  }),
)

test(
  'a feed that gives every text the same id is no source of endless versions',
  inWorld(async ({ server, ctx, look, feed }) => {
    const ids = async () => (await entriesOf(ctx, 'item')).map(({ body }) => [body.id.slice(0, 2), body.version])
    server.set('/bank', { body: rss(item('2', 'one'), item('2', 'two')) })
    await look([feed('bank')], morning)
    const [second] = await look([feed('bank')], noon)
    assert.equal(second?.new, 0)
    assert.deepEqual(await ids(), [
      ['2', 1],
      ['2~', 1],
    ])
    server.set('/bank', { body: rss(item('2', 'three'), item('2', 'one'), item('2', 'two')) })
    assert.equal((await look([feed('bank')], evening))[0]?.new, 1)
    assert.equal((await look([feed('bank')], '2026-03-11T20:00:00.000Z'))[0]?.new, 0)
  }),
)

test(
  'an unchanged feed costs one small request and no entry',
  inWorld(async ({ server, ctx, look, feed }) => {
    server.set('/bank', ({ headers }) =>
      headers['if-none-match'] === '"1"'
        ? { status: 304 }
        : { headers: { etag: '"1"' }, body: rss(item('1', 'Rates rise')) },
    )
    await look([feed('bank')], morning)
    const [again] = await look([feed('bank')], noon)
    assert.deepEqual([again?.found, again?.new, again?.because], [0, 0, null])
    assert.equal(server.requests.length, 2)
    assert.equal((await entriesOf(ctx, 'item')).length, 1)
  }),
)

test(
  'a source is left alone until it is due; one that fails, ever longer; one that asks for it, as long as it asks',
  inWorld(async ({ server, look, feed }) => {
    const at = (minutes: number) => new Date(Date.parse(morning) + minutes * 60_000).toISOString()
    const asked = (path: string) => server.requests.filter((request) => request.path === path).length
    server.set('/good', { body: rss() })
    server.set('/bad', { status: 500 })
    server.set('/busy', { status: 429, headers: { 'retry-after': '36000' } })
    const sources = [
      feed('good', { pollMinutes: 60 }),
      feed('bad', { pollMinutes: 60 }),
      feed('busy', { pollMinutes: 60 }),
    ]
    const counts: number[][] = []
    // Quarter by quarter through 26 hours, as the schedule fires.
    for (let minutes = 0; minutes <= 26 * 60; minutes += 15) {
      await look(sources, at(minutes))
      if (minutes % (13 * 60) === 0) counts.push([asked('/good'), asked('/bad'), asked('/busy')])
    }
    // Every hour; after 2, 4, 8, 16 hours (at 0, 2, 6, 14); after 10 hours each as long as that is more than the doubling: at 0, 10, 20.
    assert.deepEqual(counts, [
      [1, 1, 1],
      [14, 3, 2],
      [27, 4, 3],
    ])
  }),
)

test(
  'one source that hangs or lies stops no other',
  inWorld(async ({ server, ctx, look, feed }) => {
    server.set('/page', { body: '<!doctype html><html></html>' })
    server.set('/bad', { kind: 'cut' })
    server.set('/bank', { body: rss(item('1', 'Rates rise')) })
    const forum = { type: 'discourse', name: 'forum', url: `${server.url}/none` }
    const looks = await look(
      [feed('page'), feed('bad'), forum, { type: 'x', name: 'x', accounts: ['a'] }, feed('bank')],
      noon,
    )
    assert.deepEqual(
      looks.map(({ source, because }) => [source, because === null]),
      [
        ['page', false],
        ['bad', false],
        ['forum', false],
        ['x', false],
        ['bank', true],
      ],
    )
    assert.equal((await entriesOf(ctx, 'item')).length, 1)
  }),
)

const once_ = fileURLToPath(new URL('../support/ingest-once.ts', import.meta.url))
const run = (home: string, url: string) =>
  spawn(process.execPath, [once_, home, url], { stdio: ['ignore', 'pipe', 'inherit'] })
const many = rss(...Array.from({ length: 450 }, (_, index) => item(String(index), `Text number ${index}`)))

test(
  'two processes that read the same feed at once record each text once',
  { timeout: 60_000 },
  inWorld(async ({ home, server, ctx }) => {
    server.set('/bank', { body: many })
    const both = [run(home, `${server.url}/bank`), run(home, `${server.url}/bank`)]
    const codes = await Promise.all(both.map(async (child) => (await once(child, 'exit'))[0]))
    assert.deepEqual(codes, [0, 0])
    const ids = (await entriesOf(ctx, 'item')).map(({ body }) => body.id)
    assert.equal(ids.length, 450)
    assert.equal(new Set(ids).size, 450)
  }),
)

test(
  'a process killed between reading and recording, or in the middle of it, loses and doubles nothing',
  { timeout: 90_000 },
  inWorld(async ({ home, server, ctx, look, feed }) => {
    server.set('/bank', { headers: { etag: '"1"' }, body: many })
    // Killed as soon as the feed was sent, and a little later each time: before, between and after the batches of 200.
    for (const delayMs of [0, 40, 80, 160]) {
      const before = server.requests.length
      const child = run(home, `${server.url}/bank`)
      const exited = once(child, 'exit')
      while (server.requests.length === before) await setTimeout(5)
      await setTimeout(delayMs)
      child.kill('SIGKILL')
      await exited
    }
    await look([feed('bank')], noon, true)
    const ids = (await entriesOf(ctx, 'item')).map(({ body }) => body.id)
    assert.equal(ids.length, 450)
    assert.equal(new Set(ids).size, 450)
    assert.equal((await ctx.journal.verify()).ok, true)
  }),
)
