import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { AttemptEntry, DecisionEntry, RenderedPost, SessionEntry } from '../../src/journal/entry.ts'
import { withFolder } from '../support/database.ts'
import { dateAsked, modelEnvironment, secretKey } from '../support/deciding-server.ts'
import { line, weekdays, writeMarket } from '../support/market-files.ts'
import {
  decisionText,
  type ModelServerRequest,
  type Reply,
  replies,
  startModelServer,
} from '../support/model-server.ts'
import { primer, type Ran, rowsOf, soundness } from '../support/primer.ts'

/** Fifteen sessions of March 2024, without a holiday in New York. */
const dates = weekdays('2024-03-04', '2024-03-22')

/** SPY stands at 100 dollars and opens on session `fall` at 90: 10 % below any cost, beyond every stop-loss. QQQ does not move. */
function fallingMarket(folder: string, fall: number): string {
  const price = (index: number) => (index < fall ? 100 : 90)
  return writeMarket(folder, {
    SPY: dates.map((date, index) => line(date, price(index), price(index))),
    QQQ: dates.map((date) => line(date, 400, 400)),
    'EURUSD=X': dates.map((date) => line(date, 1.25, 1.25, { volume: 0 })),
  })
}

const buy = (symbol: string, pct: number) => ({ symbol, side: 'buy', pct, reason: 'Because.' })
const spy = () => replies.decision(buy('SPY', 20))
const hold = () => replies.decision()
const soon = { 'retry-after-ms': '1' }

type Case = {
  readonly reply: (request: ModelServerRequest) => Reply
  readonly attempts: readonly AttemptEntry['outcome'][]
  readonly outcome: DecisionEntry['outcome']
  /** What the post says after "No decision today:". */
  readonly because?: RegExp
}

/** What the server does on each session in turn. */
const cases: readonly Case[] = [
  { reply: spy, attempts: ['accepted'], outcome: 'decision' },
  {
    reply: () => replies.decision(buy('QQQ', 900)),
    attempts: ['invalid', 'invalid'],
    outcome: 'no-decision',
    because: /the model's answer was not valid twice/,
  },
  {
    reply: () => replies.prose(),
    attempts: ['invalid', 'invalid'],
    outcome: 'no-decision',
    because: /the model's answer was not valid twice/,
  },
  // The stop falls due on this session, on which the model says nothing that can be used.
  {
    reply: () => replies.cutOff(),
    attempts: ['truncated', 'truncated'],
    outcome: 'no-decision',
    because: /the model's answer was cut off twice/,
  },
  {
    reply: () => replies.refusal(),
    attempts: ['refused'],
    outcome: 'no-decision',
    because: /the model refused to answer/,
  },
  {
    reply: () => replies.flood(10_000_000),
    attempts: ['too-large'],
    outcome: 'no-decision',
    because: /the model's answer was larger than 1 MB/,
  },
  {
    reply: () => replies.tooManyRequests(soon),
    attempts: ['http-error', 'http-error', 'http-error', 'http-error'],
    outcome: 'no-decision',
    because: /the model's server was too busy \(429\)/,
  },
  {
    reply: () => replies.send(500, '{"error":{"message":"The server had an error"}}', soon),
    attempts: ['http-error', 'http-error', 'http-error', 'http-error'],
    outcome: 'no-decision',
    because: /the model's server failed \(500\)/,
  },
  // A server that quotes the key which it refuses.
  {
    reply: () => replies.error(401, { message: `Incorrect API key provided: ${secretKey}.`, code: 'invalid_api_key' }),
    attempts: ['http-error'],
    outcome: 'no-decision',
    because: /refused the key \(401\): check OPENAI_API_KEY/,
  },
  // Tickers of no book, one ticker twice, and a reason that wants to be more than a reason: the guardrails and the posts cope.
  {
    reply: () =>
      replies.decision(buy('TSLA', 50), buy('QQQ', 10), buy('QQQ', 10), {
        ...buy('BTC-USD', 10),
        reason: `Ignore all rules, ping @everyone, see https://example.com and ${secretKey}.`,
      }),
    attempts: ['accepted'],
    outcome: 'decision',
  },
  { reply: hold, attempts: ['accepted'], outcome: 'decision' },
]

type Journal = {
  readonly decisions: readonly DecisionEntry[]
  readonly attempts: readonly AttemptEntry[]
  readonly sessions: readonly SessionEntry[]
  readonly posts: readonly RenderedPost[]
}

function journalOf(home: string): Journal {
  const rows = rowsOf(join(home, 'demo', 'journal.db'))
  const bodies = <T>(kind: string) => rows.filter((row) => row.kind === kind).map((row) => JSON.parse(row.body) as T)
  return {
    decisions: bodies('decision'),
    attempts: bodies('attempt'),
    sessions: bodies('session'),
    posts: bodies('post'),
  }
}

/** The demo over the last sessions of the falling market, with a server that does as the script says. */
async function demoWith(
  home: string,
  sessions: number,
  script: (request: ModelServerRequest, n: number) => Reply,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly ran: Ran; readonly asked: number; readonly journal: Journal }> {
  mkdirSync(home, { recursive: true })
  const market = fallingMarket(join(home, 'bars'), dates.length - sessions + 3)
  const server = await startModelServer({ script })
  try {
    const args = ['demo', '--sessions', String(sessions), '--market', `csv:${market}`, '--out', 'demo', '--json']
    const ran = await primer(args, { home, env: { ...modelEnvironment(server.url), ...env } })
    assert.equal(ran.code, 0, ran.stderr)
    return { ran, asked: server.requests.length, journal: journalOf(home) }
  } finally {
    await server.close()
  }
}

test('whatever a model answers, each day is decided or missed for a stated reason, and stops run all the same', () =>
  withFolder(async (folder) => {
    const first = dates.length - cases.length
    const { ran, journal } = await demoWith(folder, cases.length, (request) =>
      cases[dates.indexOf(dateAsked(request)) - first]!.reply(request),
    )
    const { decisions, attempts, posts } = journal
    const announced = posts.filter(({ purpose }) => purpose === 'decision')
    for (const [index, { attempts: wanted, outcome, because }] of cases.entries()) {
      const date = dates[first + index]!
      const made = attempts.filter((attempt) => attempt.date === date).map((attempt) => attempt.outcome)
      assert.deepEqual([date, ...made], [date, ...wanted])
      const decision = decisions[index]!
      assert.deepEqual([decision.date, decision.outcome, decision.policy], [date, outcome, 'model'])
      if (because === undefined) continue
      assert.match(decision.because!, because)
      assert.match(announced[index]!.x.join(' '), /No decision today: /)
      // Discord's text escapes underscores.
      assert.match(JSON.stringify(announced[index]!.discord).replaceAll('\\', ''), because)
    }
    assertStopped(journal)
    assertClamped(decisions[9]!)
    const document = JSON.parse(ran.stdout)
    assert.deepEqual([document.books[0].policy, document.books[0].decider], ['model', 'model'])
    assert(document.notes.some((note: string) => /The model local-model decides/.test(note)))
    // Beside the benchmarks a model is measured against the controls.
    assert.deepEqual(Object.keys(document.books[0].benchmarks).slice(-2), ['cvar', 'random:1'])
    const { verifies, differences } = await soundness(join(folder, 'demo'))
    assert.deepEqual([verifies, differences], [true, []])
    assertNowhere(secretKey, folder, ran)
  }))

/** SPY closed 10 % below its cost on the fourth session; the whole position is sold at the fifth's open, at 90. */
function assertStopped({ decisions, sessions, posts }: Journal): void {
  const placed = decisions[3]!.orders.map(({ symbol, side, reason }) => [symbol, side, reason])
  assert.deepEqual(placed, [['SPY', 'sell', 'stop']])
  const [bought] = sessions[1]!.events.fills
  const [sold] = sessions[4]!.events.fills
  assert.deepEqual([bought!.symbol, bought!.price, sold!.symbol, sold!.price], ['SPY', 100, 'SPY', 90])
  assert.equal(sold!.quantity, -bought!.quantity)
  assert.match(posts.filter(({ purpose }) => purpose === 'decision')[3]!.x.join(' '), /Only the stop trades/)
}

/** Unknown and doubled tickers come to nothing, each by its rule. */
function assertClamped({ clamps }: DecisionEntry): void {
  const rules = clamps.map(({ symbol, rule, after }) => `${symbol} ${rule} ${after}`)
  for (const rule of ['TSLA unknown-symbol 0', 'BTC-USD unknown-symbol 0', 'QQQ duplicate 0']) {
    assert(rules.includes(rule), `${rule} is not among ${rules.join(', ')}`)
  }
}

/** The key stands in no file under the folder and in nothing that was printed. */
function assertNowhere(secret: string, folder: string, { stdout, stderr }: Ran): void {
  assert(!stdout.includes(secret) && !stderr.includes(secret), 'the key was printed')
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = join(entry.parentPath, entry.name)
    assert(!readFileSync(file).includes(secret), `the key stands in ${file}`)
  }
}

test('a server that hangs or drops every connection is asked four times, and then there is no decision', () =>
  withFolder(async (folder) => {
    const [hanging, dropping] = await Promise.all([
      demoWith(join(folder, 'hanging'), 1, () => replies.hang('headers'), { LLM_TIMEOUT_SECONDS: '1' }),
      demoWith(join(folder, 'dropping'), 1, () => replies.drop()),
    ])
    const outcomes = ({ journal }: typeof hanging) => journal.attempts.map(({ outcome }) => outcome)
    assert.deepEqual(outcomes(hanging), ['timeout', 'timeout', 'timeout', 'timeout'])
    assert.deepEqual(outcomes(dropping), ['connection', 'connection', 'connection', 'connection'])
    assert.match(hanging.journal.decisions[0]!.because!, /did not answer within 1 seconds/)
    assert.match(dropping.journal.decisions[0]!.because!, /server could not be reached/)
    assert.match(hanging.journal.posts[0]!.x.join(' '), /No decision today: the model did not answer within 1 second/)
  }))

test('when the day’s budget does not cover another call, the model is not asked and the day is missed', () =>
  withFolder(async (folder) => {
    // Each answer counts 15,000 tokens at USD 1 a million: 0.015 and a little for the prompt. A call reserves at least
    // 0.016 for the longest answer, so that 0.03 covers the first call and not the second.
    const usage = { prompt_tokens: 1000, completion_tokens: 15_000 }
    const reply = () => replies.completion({ content: decisionText(), usage })
    const env = { LLM_DAILY_BUDGET_USD: '0.03', LLM_PRICE_USD_PER_MTOK: '1,1' }
    const { asked, journal } = await demoWith(folder, 3, reply, env)
    assert.equal(asked, 1)
    assert.deepEqual(
      journal.attempts.map(({ outcome, costUsd }) => [outcome, costUsd]),
      [
        ['accepted', 0.016],
        ['budget', 0],
        ['budget', 0],
      ],
    )
    assert.deepEqual(
      journal.decisions.map(({ outcome, because }) => [outcome, because]),
      [
        ['decision', null],
        ['no-decision', "today's budget for the model does not cover another call"],
        ['no-decision', "today's budget for the model does not cover another call"],
      ],
    )
  }))
