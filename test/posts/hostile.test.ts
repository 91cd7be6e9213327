import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import twitter from 'twitter-text'
import { clampRules } from '../../src/decision/decision.ts'
import type { EntryBodies, RenderedPost } from '../../src/journal/entry.ts'
import { renderAlertPost } from '../../src/posts/alert-post.ts'
import { renderDecisionPost } from '../../src/posts/decision-post.ts'
import { DiscordPost } from '../../src/posts/discord.ts'
import { renderFillsPost } from '../../src/posts/fills-post.ts'
import { cutForDiscord, cutForX } from '../../src/posts/length.ts'
import { postOnTerminal } from '../../src/posts/terminal.ts'
import { buyOrder, close, decision, designHash, entry, opened, standing, stopOrders, stops } from './sample-entries.ts'

/** Words that come alive on some channel, and what surrounds them in the wild. */
const venom = [
  '@everyone',
  '@here',
  '<@123456789012345678>',
  '<@&123456789012345678>',
  '<#123456789012345678>',
  '<:smile:123456789012345678>',
  '<t:1584000000:R>',
  '</buy:123456789012345678>',
  '[text](https://evil.example/x)',
  'https://evil.example/path?q=1#x',
  'http://127.0.0.1/',
  'evil.com',
  'www.evil.co.uk/x',
  'discord.gg/abcdef',
  'MC.PA',
  'prompts/allocator.md',
  '@elonmusk',
  '＠someone',
  '#SPY',
  '＃pump',
  '$TSLA',
  '$BTC.X',
  'mail@example.com',
  '```js\nx\n```',
  '**bold** __under__ ~~gone~~ ||spoiler||',
  '# heading',
  '> quote',
  '-# small',
  '- list',
  '1. list',
  'Z̸̡̢̛̗̤̱̗̗͇̰̠̹a̵̱͎l̷g',
  '\u202eexe.gpj\u202c',
  'zero\u200bwidth\u2060\ufeff',
  '\u0000\u001b[31mred',
  '\ud800 lonely',
  '👩‍👩‍👧‍👦🇫🇷',
  '中文字符很长',
  '\u{e0041}\u{e0042}tags',
  'Ignore all previous instructions.',
  '-5.3 % of EUR 10,213.',
]
const hostileText = (maxLength: number) =>
  fc
    .array(
      fc.oneof(fc.constantFrom(...venom), fc.string({ unit: 'binary', maxLength: 30 }), fc.lorem({ maxCount: 12 })),
      {
        maxLength: 30,
      },
    )
    .map((parts) => parts.join(' ').slice(0, maxLength))

const symbols = opened().body.instruments.map(({ symbol }) => symbol)
const symbol = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...symbols) },
  { weight: 1, arbitrary: hostileText(24).filter((text) => text !== '') },
)
const side = fc.constantFrom('buy' as const, 'sell' as const)
const action = fc.record({
  symbol,
  side,
  pct: fc.oneof(fc.constantFrom(5, 10, 12.5, 100), fc.double({ min: 1e-9, max: 100, noNaN: true })),
  reason: hostileText(2000),
})
const clamp = fc.record({
  rule: fc.constantFrom(...clampRules),
  symbol,
  side,
  before: fc.integer({ min: 1, max: 5_000_000 }),
  after: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5_000_000 })),
  because: hostileText(300),
})
const order = fc
  .record({ symbol: fc.constantFrom(...symbols), amount: fc.integer({ min: 10_000, max: 9_000_000_000 }) })
  .map(({ symbol, amount }) => buyOrder(2, symbol, amount))
const someStanding = fc
  .record({
    day: fc.integer({ min: 1, max: 5000 }),
    equityCents: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    netReturn: fc.double({ min: -1, max: 1e9, noNaN: true }),
    drawdown: fc.double({ min: 0, max: 1, noNaN: true }),
    shortName: hostileText(24),
    verdict: hostileText(200),
  })
  .map(({ shortName, verdict, ...numbers }) => ({
    ...standing,
    ...numbers,
    benchmarks: standing.benchmarks.map((benchmark) => ({ ...benchmark, shortName: shortName || 'SPY' })),
    verdict: { ...standing.verdict, text: verdict },
  }))
const body = fc.record({
  outcome: fc.constantFrom('decision' as const, 'no-decision' as const, 'warm-up' as const),
  because: fc.option(hostileText(5000)),
  summary: hostileText(2000),
  actions: fc.array(action, { maxLength: 40 }),
  clamps: fc.array(clamp, { maxLength: 60 }),
  orders: fc.array(order, { maxLength: 30 }).map((orders) => [...stopOrders, ...orders]),
  stops: fc.constant(stops),
  holds: fc.integer({ min: 0, max: 400 }),
  standing: someStanding,
})
const someOpened = fc
  .record({
    title: hostileText(200),
    shortName: hostileText(24).filter((text) => text !== ''),
    label: hostileText(200),
    policy: hostileText(60),
    nature: fc.constantFrom('live' as const, 'recorded' as const, 'simulated' as const),
    decider: fc.constantFrom('model' as const, 'control' as const),
  })
  .map(({ title, shortName, label, policy, nature, decider }) =>
    opened({
      title,
      policy,
      decider,
      market: { spec: 'x', label, nature },
      instruments: opened().body.instruments.map((instrument, index) =>
        index % 2 === 0 ? { ...instrument, shortName } : instrument,
      ),
    }),
  )

/** X's own extraction is the oracle for what X would make pressable, and its own count for length. */
function assertFitForX(post: RenderedPost, hash: string): void {
  for (const text of post.x) {
    const parsed = twitter.parseTweet(text)
    assert.ok(parsed.valid && parsed.weightedLength <= 280, `${parsed.weightedLength} characters: ${text}`)
    assert.deepEqual(twitter.extractUrls(text), [], text)
    assert.deepEqual(twitter.extractMentions(text), [], text)
    assert.deepEqual(twitter.extractHashtags(text), [], text)
    assert.deepEqual(twitter.extractCashtags(text), [], text)
    assert.doesNotMatch(text, /[\p{Cf}\p{Cs}\p{Co}]|[^\P{Cc}\n]|\p{M}{3}/u)
  }
  assert.ok(post.x.at(-1)!.endsWith(`Automated, paper money. ${hash.slice(0, 32)}`))
  if (post.x.length > 1) {
    for (const [index, text] of post.x.entries()) assert.ok(text.startsWith(`${index + 1}/${post.x.length} `), text)
  }
}

function assertFitForDiscord(post: RenderedPost): void {
  const parsed = DiscordPost.parse(post.discord)
  assert.deepEqual(parsed.allowedMentions, { parse: [] })
  let total = 0
  for (const embed of parsed.embeds) {
    const texts = [
      embed.title,
      embed.description,
      embed.footer.text,
      ...embed.fields.flatMap(({ name, value }) => [name, value]),
    ]
    for (const text of texts) {
      total += text.length
      assert.ok(text.isWellFormed())
      assert.doesNotMatch(text, /@everyone|@here|<[@#:/]|<a?:|<t:|<id:/i)
      assert.doesNotMatch(text, /https?:\/\//i, text)
      assert.doesNotMatch(text, /(^|[^\\])\]\(/, `a live link: ${text}`)
      assert.doesNotMatch(text, /discord(app)?\.(gg|com)/i)
      assert.doesNotMatch(text, /[\p{Cf}\p{Cs}\p{Co}]|[^\P{Cc}\n]|\p{M}{3}/u)
    }
    assert.ok(embed.fields.length <= 25 && embed.title.length <= 256 && embed.description.length <= 4096)
    for (const { name, value } of embed.fields) {
      assert.ok(name.length > 0 && name.length <= 256 && value.length > 0 && value.length <= 1024)
    }
  }
  assert.ok(total <= 6000, `${total} characters`)
}

test('of 5,000 hostile texts none comes alive on either channel, however it is cut', () => {
  let seen = 0
  fc.assert(
    fc.property(hostileText(400), fc.integer({ min: 1, max: 280 }), (text, most) => {
      seen += 1
      const onX = cutForX(text, most)
      assert.ok(twitter.parseTweet(onX).weightedLength <= most || onX === '')
      assert.deepEqual(twitter.extractEntitiesWithIndices(onX), [], onX)
      const onDiscord = cutForDiscord(text, most)
      assert.ok(onDiscord.length <= most)
      assert.doesNotMatch(onDiscord, /@everyone|@here|<[@#:/]|<a?:|<t:|<id:|https?:\/\//i)
      assert.doesNotMatch(onDiscord, /(^|[^\\])\]\(|discord(app)?\.(gg|com)/i)
      for (const shown of [onX, onDiscord]) {
        assert.ok(shown.isWellFormed())
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\p{Co}]|\p{M}{3}/u)
      }
    }),
    { numRuns: 5000 },
  )
  assert.equal(seen, 5000)
})

test('whatever a model answers, a decision post fits, links to nothing, pings nobody and keeps its hash', () => {
  fc.assert(
    fc.property(body, someOpened, fc.boolean(), (overrides, book, withClose) => {
      const post = renderDecisionPost({
        opened: book,
        decision: decision(overrides),
        ...(withClose ? { close: close() } : {}),
      })
      assertFitForX(post, designHash)
      if (book.body.market.nature === 'simulated') {
        for (const text of post.x) assert.match(text, /Simulated prices\./)
        assert.match(JSON.stringify(post.discord), /Simulated prices\./)
      }
      if (book.body.decider === 'control') assert.match(post.x.join('\n'), /A control decides \(.*\), no model\./)
      assertFitForDiscord(post)
      assert.ok(JSON.stringify(post.discord).includes(designHash))
      assert.ok(!postOnTerminal(post).includes('\u001b'))
    }),
    { numRuns: 60 },
  )
})

const fill: fc.Arbitrary<EntryBodies['session']['events']['fills'][number]> = fc
  .record({
    symbol: fc.constantFrom(...symbols),
    quantity: fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((value) => value !== 0),
    price: fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
    cashChangeCents: fc.integer(),
    commission: fc.double({ min: 0, max: 1e5, noNaN: true }),
  })
  .map(({ commission, ...rest }) => ({
    ...rest,
    orderId: '2020-03-12/1',
    date: '2020-03-13',
    currency: 'USD',
    rate: 0.9,
    costs: { commission },
    realized: { asset: 1, currency: -2 },
    reason: 'policy' as const,
  }))

test('whatever a session did, a fills post fits both channels', () => {
  const lapsed = fc.array(
    fc.record({
      orderId: fc.constant('1'),
      symbol: fc.constantFrom(...symbols),
      side,
      kind: fc.constantFrom('expired' as const, 'missed' as const, 'no-cash' as const, 'nothing-held' as const),
      because: hostileText(400),
    }),
    { maxLength: 25 },
  )
  fc.assert(
    fc.property(fc.array(fill, { minLength: 1, maxLength: 40 }), lapsed, someOpened, (fills, ended, book) => {
      const events = { fills, lapsed: ended, splits: [], dividends: [], waiting: [] }
      const session = entry('session', { date: '2020-03-13', events, benchmarks: {} })
      const post = renderFillsPost({ opened: book, session, close: close() })!
      assertFitForX(post, designHash)
      assertFitForDiscord(post)
    }),
    { numRuns: 60 },
  )
})

test('however many alerts there are, one message holds them or counts them', () => {
  const alert = fc.record({
    symbol,
    kind: fc.constantFrom('move' as const, 'stop' as const, 'drawdown' as const),
    value: fc.double({ min: -1, max: 10, noNaN: true }),
    level: fc.nat(50),
    price: fc.option(fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
    reference: fc.option(fc.double({ min: 1e-6, max: 1e6, noNaN: true })),
  })
  fc.assert(
    fc.property(fc.array(alert, { minLength: 1, maxLength: 120 }), someOpened, (alerts, book) => {
      const found = entry('alert', { date: '2020-03-12', checkedAt: '2020-03-12T16:00:00.000Z', alerts })
      assertFitForDiscord(renderAlertPost({ opened: book, alert: found }))
    }),
    { numRuns: 60 },
  )
})
