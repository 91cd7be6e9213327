import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { readSource } from '../../../src/adapters/sources/read.ts'
import { openWeb, SourceError } from '../../../src/adapters/sources/web.ts'
import { readAccounts } from '../../../src/adapters/x/accounts.ts'
import { openXLedger } from '../../../src/adapters/x/ledger.ts'
import type { FoundItem } from '../../../src/catalysts/item.ts'
import { Source } from '../../../src/catalysts/source.ts'
import { InputError, WorldError } from '../../../src/errors.ts'
import { type FeedServer, startFeedServer } from '../../support/feed-server.ts'

const seenAt = '2026-03-10T12:00:00.000Z'
const nowSeconds = Date.parse(seenAt) / 1000

type World = {
  readonly server: FeedServer
  /** Reads a source of the server once, on the first look unless a cursor is given. */
  readonly look: (source: object, cursor?: string) => Promise<{ items: readonly FoundItem[]; cursor: string | null }>
}

async function world(context: TestContext): Promise<World> {
  const server = await startFeedServer()
  const web = openWeb({ timeoutMs: 3000 })
  context.after(async () => {
    await web.close()
    await server.close()
  })
  return {
    server,
    look: async (source, cursor) => {
      const options = { web, seenAt, yahooUrl: server.url, accountPosts: null }
      const read = await readSource(
        Source.parse({
          name: 'place',
          ...(/yahoo|jsonl/.test(JSON.stringify(source)) ? {} : { url: server.url }),
          ...source,
        }),
        cursor ?? null,
        options,
      )
      assert.ok(read.kind === 'items')
      return read
    },
  }
}

const json = (body: unknown) => ({ headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const topic = (id: number, created_at = '2026-03-09T10:00:00.000Z') => ({
  id,
  title: `T${id}`,
  slug: `t-${id}`,
  created_at,
})
const topicPage = (title: string, cooked: string) => json({ title, post_stream: { posts: [{ id: 1, cooked }] } })

/** One proposal in eight languages: a buyback of AAVE worth a million a week. */
const proposals: Readonly<Record<string, string>> = {
  en: 'The DAO buys back AAVE worth one million a week.',
  de: 'Die DAO kauft jede Woche AAVE für eine Million zurück.',
  fr: 'La DAO rachète chaque semaine des AAVE pour un million.',
  es: 'La DAO recompra AAVE por un millón cada semana.',
  ru: 'DAO выкупает AAVE на миллион каждую неделю.',
  zh: 'DAO 每周回购价值一百万的 AAVE。',
  ar: 'تعيد المنظمة شراء AAVE بمليون كل أسبوع.',
  hi: 'डीएओ हर सप्ताह दस लाख के AAVE वापस ख़रीदता है।',
}

test('a forum gives the first posts of its newest topics, in whatever language', async (context) => {
  const { server, look } = await world(context)
  const languages = Object.keys(proposals)
  server.set('/latest.json', json({ topic_list: { topics: languages.map((_, id) => topic(id + 1)) } }))
  for (const [index, language] of languages.entries()) {
    server.set(`/t/${index + 1}.json`, topicPage(`T${index + 1}`, `<p>${proposals[language]}</p><script>x</script>`))
  }
  const { items } = await look({ type: 'discourse', assets: ['AAVE/USDT'] })
  assert.deepEqual(
    items.map(({ text }) => text),
    Object.values(proposals),
  )
  assert.deepEqual(
    [items[0]!.id, items[0]!.publishedAt, items[0]!.url, items[0]!.kind, items[0]!.assets],
    ['1', '2026-03-09T10:00:00.000Z', `${server.url}/t/t-1/1`, 'governance', ['AAVE/USDT']],
  )
})

test('a forum that pages for ever, or sends the same page again, is left after a few', async (context) => {
  const { server, look } = await world(context)
  server.set('/c/7/l/latest.json', (_, n) =>
    json({ topic_list: { topics: [topic(2 * n), topic(2 * n + 1)], more_topics_url: '/c/7/l/latest?page=2' } }),
  )
  server.set('*', topicPage('T', 'text'))
  assert.equal((await look({ type: 'discourse', category: 7 })).items.length, 6)
  assert.equal(server.requests.filter(({ path }) => path.startsWith('/c/7')).length, 3)
  server.set('/latest.json', json({ topic_list: { topics: [topic(1)], more_topics_url: '/latest?page=1' } }))
  assert.equal((await look({ type: 'discourse' })).items.length, 1)
  assert.equal(server.requests.filter(({ path }) => path.startsWith('/latest.json')).length, 2)
})

test('a topic that was withdrawn or closed to the public stops no forum; a forum that is down says so', async (context) => {
  const { server, look } = await world(context)
  server.set('/latest.json', json({ topic_list: { topics: [topic(1), topic(2), { id: 'broken' }, topic(3)] } }))
  server.set('/t/1.json', { status: 404, body: '{"errors":["gone"]}' })
  server.set('/t/2.json', { status: 403, body: '{"errors":["private"]}' })
  server.set('/t/3.json', topicPage('T3', 'kept'))
  assert.deepEqual(
    (await look({ type: 'discourse' })).items.map(({ id }) => id),
    ['3'],
  )
  server.set('/latest.json', { body: '<html>maintenance</html>' })
  await assert.rejects(look({ type: 'discourse' }), /sent no JSON: is it a Discourse forum/)
  server.set('/latest.json', { status: 429, headers: { 'retry-after': '60' } })
  await assert.rejects(
    look({ type: 'discourse' }),
    (error: Error) => error instanceof SourceError && error.retryAfterMs === 60_000,
  )
})

test('a page that the forum cannot show hides no other, and a forum that asks for rest gets it', async (context) => {
  const { server, look } = await world(context)
  server.set('/latest.json', json({ topic_list: { topics: [topic(1), topic(2), topic(3)] } }))
  const ids = async () => (await look({ type: 'discourse' })).items.map(({ id }) => id)
  server.set('*', topicPage('T', 'text'))
  server.set('/t/1.json', { status: 500 })
  assert.deepEqual(await ids(), ['2', '3'])
  server.set('/t/2.json', { status: 429, headers: { 'retry-after': '60' } })
  await assert.rejects(look({ type: 'discourse' }), /status 500/)
  assert.equal(server.requests.filter(({ path }) => path === '/t/3.json').length, 1)
  server.set('*', { status: 500 })
  await assert.rejects(look({ type: 'discourse' }), WorldError)
})

test('topics older than two weeks are not opened again', async (context) => {
  const { server, look } = await world(context)
  server.set('/latest.json', json({ topic_list: { topics: [topic(1), topic(2, '2026-01-01T00:00:00.000Z')] } }))
  server.set('*', topicPage('T', 'text'))
  assert.equal((await look({ type: 'discourse' })).items.length, 1)
})

const vote = (change: object = {}) => ({
  id: '0xabc',
  title: 'Buy back',
  body: proposals.ru,
  choices: ['For', 'Against'],
  start: nowSeconds - 86_400,
  end: nowSeconds - 3600,
  created: nowSeconds - 90_000,
  state: 'closed',
  scores: [750, 250],
  scores_total: 1000,
  quorum: 500,
  link: 'https://snapshot.org/#/aave.eth/proposal/0xabc',
  ...change,
})
const votes = (...list: readonly unknown[]) => json({ data: { proposals: list } })

test('a vote is a text when it is proposed, and another with its outcome once it is closed', async (context) => {
  const { server, look } = await world(context)
  server.set('/', votes(vote()))
  const { items } = await look({ type: 'snapshot', space: 'aave.eth' })
  assert.deepEqual(
    items.map(({ id, title, publishedAt }) => [id, title, publishedAt]),
    [
      ['0xabc/created', 'Buy back', new Date((nowSeconds - 90_000) * 1000).toISOString()],
      ['0xabc/closed', 'Vote closed: Buy back', new Date((nowSeconds - 3600) * 1000).toISOString()],
    ],
  )
  assert.match(items[0]!.text, /DAO выкупает AAVE[\s\S]*Choices: For, Against/)
  // 750 of 1,000.
  assert.equal(items[1]!.text, 'The vote closed: "For" has 75.0 % of the votes. The quorum was met.')
  assert.match(server.requests[0]!.body, /"space":"aave.eth"/)
  const { query } = JSON.parse(server.requests[0]!.body) as { query: string }
  assert.match(query, /created_gte: \$since/)
})

test('a vote that runs has no outcome, whatever its scores say, and neither has one that claims to be over already', async (context) => {
  const { server, look } = await world(context)
  server.set(
    '/',
    votes(vote({ state: 'active', end: nowSeconds + 3600 }), vote({ id: '0xdef', end: nowSeconds + 3600 })),
  )
  const { items } = await look({ type: 'snapshot', space: 'aave.eth' })
  assert.deepEqual(
    items.map(({ id }) => id),
    ['0xabc/created', '0xdef/created'],
  )
})

test('votes without scores, and numbers that are nonsense, are read as far as they mean something', async (context) => {
  const { server, look } = await world(context)
  server.set(
    '/',
    votes(
      vote({ scores: null, scores_total: null }),
      vote({ id: '0x2', scores: [0, 0], scores_total: 0 }),
      { id: 5 },
      null,
      vote({ id: '0x1', body: null, created: -5, link: 'javascript:alert(1)', scores: 'x' }),
    ),
  )
  const { items } = await look({ type: 'snapshot', space: 'aave.eth' })
  assert.deepEqual(
    items.map(({ id, publishedAt }) => [id, publishedAt !== null]),
    [
      ['0xabc/created', true],
      ['0xabc/closed', true],
      ['0x2/created', true],
      ['0x2/closed', true],
      ['0x1/created', false],
      ['0x1/closed', true],
    ],
  )
  assert.deepEqual(
    [1, 3].map((index) => items[index]!.text),
    ['The vote closed; its outcome is not told.', 'The vote closed without votes.'],
  )
  assert.equal(items[4]!.url, null)
})

test('a tie is told as one, and votes that are still being counted have no outcome yet', async (context) => {
  const { server, look } = await world(context)
  const outcomes = async (change: object) => {
    server.set('/', votes(vote(change)))
    return (await look({ type: 'snapshot', space: 'aave.eth' })).items.slice(1).map(({ text }) => text)
  }
  // Hidden votes show zeros until they are opened after the end.
  assert.deepEqual(await outcomes({ scores_state: 'pending', scores: [0, 0], scores_total: 0 }), [])
  assert.deepEqual(await outcomes({ scores_state: 'final', scores: [300, 300], scores_total: 600 }), [
    'The vote closed in a tie: "For" and "Against" have 50.0 % of the votes each. The quorum was met.',
  ])
})

test('errors of GraphQL, other forms and pages are told, and worth another try', async (context) => {
  const { server, look } = await world(context)
  for (const [answer, expected] of [
    [json({ errors: [{ message: 'PersistedQueryNotFound' }], data: null }), /PersistedQueryNotFound/],
    [json({ data: { proposals: [vote()] }, errors: [{ message: 'shard 3 timed out' }] }), /shard 3 timed out/],
    [json([]), /another form of answer/],
    [{ body: '<html>' }, /sent no JSON/],
  ] as const) {
    server.set('/', answer)
    await assert.rejects(look({ type: 'snapshot', space: 'aave.eth' }), (error: Error) => {
      assert.ok(error instanceof WorldError && error.retryable)
      assert.match(error.message, expected)
      return true
    })
  }
})

test('pages of votes are turned as long as they bring new ones, four at most', async (context) => {
  const { server, look } = await world(context)
  server.set('/', ({ body }) => {
    const { skip } = (JSON.parse(body) as { variables: { skip: number } }).variables
    return votes(...Array.from({ length: 50 }, (_, index) => vote({ id: `0x${skip + index}`, state: 'active' })))
  })
  assert.equal((await look({ type: 'snapshot', space: 's' })).items.length, 200)
  server.set('/', votes(...Array.from({ length: 50 }, (_, index) => vote({ id: `0x${index}`, state: 'active' }))))
  assert.equal((await look({ type: 'snapshot', space: 's' })).items.length, 50)
})

test('filings are read with the text of their document, in the forms that were asked for', async (context) => {
  const { server, look } = await world(context)
  const recent = {
    accessionNumber: ['0001-26-1', '0001-26-2', '0001-26-3'],
    form: ['8-K', '4', '10-Q'],
    filingDate: ['2026-03-09', '2026-03-09', '2026-03-08'],
    acceptanceDateTime: ['2026-03-09T21:05:00.000Z', '2026-03-09T20:00:00.000Z', ''],
    primaryDocument: ['a.htm', 'b.htm', 'c.htm'],
    items: ['2.02', '', ''],
  }
  server.set('/submissions/CIK0000012345.json', json({ name: 'Example Corp', filings: { recent } }))
  server.set('/Archives/edgar/data/12345/0001261/a.htm', {
    body: '<html><body><h1>Results</h1><table><tr><td>Revenue</td><td>12</td></tr></table></body></html>',
  })
  server.set('/Archives/edgar/data/12345/0001263/c.htm', { status: 404 })
  const { items } = await look({ type: 'edgar', companies: [{ cik: '12345', assets: ['EXC'] }] })
  assert.deepEqual(
    items.map(({ id, title, publishedAt, dateOnly, assets }) => [id, title, publishedAt, dateOnly, assets]),
    [
      ['0001-26-1', 'Example Corp filed form 8-K (items 2.02)', '2026-03-09T21:05:00.000Z', false, ['EXC']],
      ['0001-26-3', 'Example Corp filed form 10-Q', '2026-03-08T00:00:00.000Z', true, ['EXC']],
    ],
  )
  assert.match(items[0]!.text, /RESULTS|Results/)
  assert.match(items[0]!.text, /Revenue 12/)
  assert.equal(items[1]!.text, '')
})

test('Yahoo’s headlines come with the time that Yahoo claims', async (context) => {
  const { server, look } = await world(context)
  server.set(
    '/v1/finance/search',
    json({
      quotes: [],
      news: [
        {
          uuid: 'u1',
          title: 'Funds fell',
          publisher: 'Wire',
          link: 'https://news.example/1',
          providerPublishTime: nowSeconds - 60,
          type: 'STORY',
        },
        { uuid: 'u2' },
      ],
    }),
  )
  const { items } = await look({ type: 'yahoo-news', symbols: ['SPY'] })
  assert.deepEqual(
    items.map(({ id, title, text, publishedAt, assets }) => [id, title, text, publishedAt, assets]),
    [['u1', 'Funds fell', 'Published by Wire.', new Date((nowSeconds - 60) * 1000).toISOString(), ['SPY']]],
  )
  server.set('/v1/finance/search', { status: 429, body: 'Too Many Requests' })
  await assert.rejects(look({ type: 'yahoo-news', symbols: ['SPY'] }), WorldError)
})

test('a file of history is taken whole or not at all, each fault with its line', async (context) => {
  const { look } = await world(context)
  const folder = mkdtempSync(join(tmpdir(), 'primer-items-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'items.jsonl')
  const line = (change: object) =>
    JSON.stringify({
      id: 'a',
      published_at: '2022-01-05',
      assets: ['MKR/USD'],
      kind: 'governance',
      title: 'T',
      text: 'x',
      url: null,
      ...change,
    })
  writeFileSync(
    path,
    `\ufeff${line({})}\r\n\r\n${line({ id: 2, published_at: '2022-09-95' })}\n${line({ id: 'c', text: proposals.zh })}`,
  )
  const { items } = await look({ type: 'jsonl', path })
  assert.deepEqual(
    items.map(({ id, publishedAt, dateOnly, text }) => [id, publishedAt, dateOnly, text]),
    [
      ['a', '2022-01-05T00:00:00.000Z', true, 'x'],
      ['2', null, false, 'x'],
      ['c', '2022-01-05T00:00:00.000Z', true, proposals.zh],
    ],
  )
  // A separator of lines within a text ends no line, and a line in Windows-1252 keeps its letters.
  writeFileSync(
    path,
    Buffer.concat([
      Buffer.from(`${line({ text: 'a\u2028b' })}\n`),
      Buffer.from(line({ id: 'd', text: 'Zürich' }), 'latin1'),
    ]),
  )
  assert.deepEqual(
    (await look({ type: 'jsonl', path })).items.map(({ text }) => text),
    ['a\u2028b', 'Zürich'],
  )
  writeFileSync(path, `${line({})}\nnot json\n${line({ assets: 'MKR' })}\n${line({})}`)
  await assert.rejects(look({ type: 'jsonl', path }), (error: Error) => {
    assert.ok(error instanceof InputError)
    assert.deepEqual(
      error.faults.map((fault) => fault.replace(/^.*, line/, 'line')),
      [
        'line 2: it is not JSON',
        'line 3: assets: Invalid input: expected array, received string',
        'line 4: the id a stands on line 1 too',
      ],
    )
    return true
  })
  await assert.rejects(look({ type: 'jsonl', path: join(folder, 'none') }), /cannot be read \(ENOENT\)/)
})

test('accounts on X are read since the last look, within the budget, who waited longest first', async (context) => {
  const server = await startFeedServer()
  const folder = mkdtempSync(join(tmpdir(), 'primer-x-'))
  context.after(async () => {
    await server.close()
    rmSync(folder, { recursive: true })
  })
  for (const [number, account] of ['one', 'two', 'three'].entries()) {
    server.set(
      `/2/users/by/username/${account}`,
      json({ data: { id: `${number + 1}`, name: account, username: account } }),
    )
    server.set(`/2/users/${number + 1}/tweets`, ({ path }) =>
      path.includes('since_id')
        ? json({ meta: { result_count: 0 } })
        : json({
            data: [{ id: `${number + 1}00`, text: `Post of ${account}`, created_at: '2026-03-10T10:00:00.000Z' }],
            meta: { result_count: 1, newest_id: `${number + 1}00`, oldest_id: `${number + 1}00` },
          }),
    )
  }
  const keys = { appKey: 'a', appSecret: 'b', accessToken: 'c', accessSecret: 'd' }
  const ledger = openXLedger(folder)
  // A user costs 0.01 and a post 0.005: of 0.06 the first two take 0.015 each, and what is left pays for the third's user and 4 posts,
  // one fewer than X gives.
  const read = readAccounts({ keys, apiUrl: server.url, timeoutMs: 2000 }, ledger, 0.06)
  const first = await read(['one', 'two', 'three'], null)
  assert.deepEqual(
    first.items.map(({ id, text }) => [id, text]),
    [
      ['100', 'Post of one'],
      ['200', 'Post of two'],
    ],
  )
  const more = readAccounts({ keys, apiUrl: server.url, timeoutMs: 2000 }, ledger, 10)
  const second = await more(['one', 'two', 'three'], first.since)
  assert.deepEqual(
    second.items.map(({ id }) => id),
    ['300'],
  )
  assert.match(server.requests.at(-1)!.path, /since_id=200/)
  // What was paid for before a failure is kept.
  server.set('/2/users/1/tweets', { status: 503, body: '{}' })
  await assert.rejects(more(['one'], second.since), /status 503/)
})
